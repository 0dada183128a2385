//! The control socket: who may, who did, and what comes back.

use crate::desk;
use futures::future::BoxFuture;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use takt::api::control::{Actor, CallError, Command, Control, ControlError, ControlServer, SocketError, Teller, call};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::UnixStream;
use tokio_util::sync::CancellationToken;

/// Notes who wanted what.
#[derive(Default)]
struct Desk {
    did: Mutex<Vec<(Actor, Command)>>,
}

impl Control for Desk {
    fn run(
        &self,
        actor: Actor,
        command: Command,
        teller: Teller,
    ) -> BoxFuture<'_, Result<serde_json::Value, ControlError>> {
        Box::pin(async move {
            self.did.lock().expect("no panic here").push((actor, command.clone()));
            match command {
                Command::Learn { .. } => {
                    for n in 1..=4 {
                        teller.tell(f64::from(n) / 4.0, format!("{n} of 4"));
                        tokio::time::sleep(Duration::from_millis(20)).await;
                    }
                    Ok(serde_json::json!({ "package": "press-a-5.takt" }))
                }
                Command::ModelActivate { .. } => Err(ControlError::new("no such version", "look at `takt model list`")),
                _ => Ok(serde_json::json!({})),
            }
        })
    }
}

async fn serve(dir: &Path) -> (Arc<Desk>, CancellationToken) {
    let control = Arc::new(Desk::default());
    let meters = desk().await.telemetry.meters().clone();
    let server = ControlServer::bind(dir, Arc::clone(&control) as Arc<dyn Control>, meters).expect("a writable folder");
    let until = CancellationToken::new();
    tokio::spawn(server.run(until.clone()));
    (control, until)
}

fn commands() -> Vec<Command> {
    let id = || ("press-3".parse().expect("a name"), "stroke".parse().expect("a name"));
    let (line, check) = id();
    let output = || "reject".parse().expect("a name");
    vec![
        Command::Arm { line, check, output: output() },
        Command::Disarm { line: id().0, check: id().1, output: output() },
        Command::Reload,
        Command::Stop,
        Command::ModelInstall { path: "/var/lib/x.takt".into() },
        Command::ModelRollback { model: "press-a".into() },
        Command::Learn { line: id().0, check: id().1, options: serde_json::json!({ "rank": 10 }) },
    ]
}

#[tokio::test]
async fn every_command_arrives_with_its_actor() {
    let dir = tempfile::tempdir().expect("a folder");
    let (control, _until) = serve(dir.path()).await;
    let uid = std::fs::metadata(dir.path()).expect("it is there").uid();
    for command in commands() {
        let mut told = Vec::new();
        let answer = call(dir.path(), command.clone(), |progress| told.push(progress.done)).await.expect("done");
        if matches!(command, Command::Learn { .. }) {
            assert_eq!(answer["package"], "press-a-5.takt");
            assert_eq!(told, [0.25, 0.5, 0.75, 1.0]);
        }
    }
    let did = control.did.lock().expect("no panic here");
    assert_eq!(did.iter().map(|(_, command)| command.clone()).collect::<Vec<_>>(), commands());
    for (actor, _) in &*did {
        assert_eq!(actor.uid, uid, "the kernel says who asks");
        assert!(actor.to_string().contains(&format!("uid {uid}")));
    }
}

#[tokio::test]
async fn a_refusal_says_what_to_do() {
    let dir = tempfile::tempdir().expect("a folder");
    let (_, _until) = serve(dir.path()).await;
    let command = Command::ModelActivate { model: "press-a".into(), version: "9".into() };
    let why = call(dir.path(), command, |_| {}).await.expect_err("there is no version 9");
    assert_eq!(why.to_string(), "no such version; look at `takt model list`");
}

#[tokio::test]
async fn only_this_user_may_and_only_one_gateway() {
    let dir = tempfile::tempdir().expect("a folder");
    let (_, until) = serve(dir.path()).await;
    let path = takt::api::control::socket_path(dir.path());
    let mode = std::fs::metadata(&path).expect("the socket is there").permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let meters = desk().await.telemetry.meters().clone();
    let second = ControlServer::bind(dir.path(), Arc::new(Desk::default()), meters.clone());
    assert!(matches!(second, Err(SocketError::Running { .. })), "two gateways on one data_dir");
    until.cancel();
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert!(!path.exists(), "the socket goes with the gateway");
    // What a killed gateway leaves is replaced.
    drop(std::os::unix::net::UnixListener::bind(&path).expect("a socket without a listener"));
    let third = ControlServer::bind(dir.path(), Arc::new(Desk::default()), meters);
    assert!(third.is_ok(), "a dead socket stays in the way");
}

#[tokio::test]
async fn nobody_there_is_said_so() {
    let dir = tempfile::tempdir().expect("a folder");
    let why = call(dir.path(), Command::Reload, |_| {}).await.expect_err("nobody listens");
    assert!(matches!(why, CallError::NotRunning { .. }) && why.to_string().contains("takt run"), "{why}");
}

#[tokio::test]
async fn garbage_gets_an_error_and_the_socket_lives_on() {
    let dir = tempfile::tempdir().expect("a folder");
    let (control, _until) = serve(dir.path()).await;
    let path = takt::api::control::socket_path(dir.path());
    let long = [b"{\"command\":\"".to_vec(), vec![b'a'; 2 << 20], b"\"}\n".to_vec()].concat();
    let cases: [&[u8]; 7] = [
        b"\n",
        b"nothing\n",
        b"{\"command\":\"self_destruct\"}\n",
        b"{\"command\":\"reload\",\"as\":\"root\"}\n",
        b"{\"command\":\"arm\",\"line\":\"a/b\",\"check\":\"c\",\"output\":\"o\"}\n",
        b"\xff\xfe\x00\n",
        &long,
    ];
    for case in cases {
        let mut socket = UnixStream::connect(&path).await.expect("it listens");
        drop(socket.write_all(case).await);
        let mut answer = String::new();
        let read = tokio::time::timeout(Duration::from_secs(10), socket.read_to_string(&mut answer)).await;
        let read = read.expect("an answer in time");
        if read.is_ok() && !answer.is_empty() {
            assert!(answer.contains("\"error\"") && answer.contains("\"hint\""), "{answer}");
        }
    }
    assert!(control.did.lock().expect("no panic here").is_empty(), "garbage was carried out");
    call(dir.path(), Command::Reload, |_| {}).await.expect("it lives on");
}
