//! The world around the gateway: put up, played in, and taken down in order.

use crate::broker;
use crate::document::{self, Addresses};
use crate::folder::Folder;
use crate::gateway::{Gateway, Process};
use crate::plant::Plant;
use crate::plc::Plc;
use crate::press::Order;
use crate::screen::Screen;
use crate::story::{Asked, Story};
use crate::summary::Summary;
use crate::verdicts::Verdicts;
use anyhow::{Context, Result};
use rumqttc::{AsyncClient, EventLoop, MqttOptions};
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::signal::unix::{SignalKind, signal};

/// How long the embedded broker may take to listen.
const BROKER_WITHIN: Duration = Duration::from_secs(10);
/// Who may sign in to the demo's page. It listens on this machine alone and knows no real plant.
const USER: &str = "demo";
const PASSWORD: &str = "press-line-7";
/// Messages that a client of the plant may have waiting: half a second of the sensor's.
const CLIENT_QUEUE: usize = 25;

/// Puts the world up, plays the story, takes the world down and prints what came of it.
pub(crate) async fn run(
    data: Option<PathBuf>,
    http: SocketAddr,
    asked: Asked,
    summary_file: Option<PathBuf>,
) -> Result<Summary> {
    let folder = Folder::open(data)?;
    let played = play(&folder, http, &asked).await;
    if let (Ok(summary), Some(file)) = (&played, summary_file) {
        let text = format!("{:#}\n", summary.to_json());
        std::fs::write(&file, text).with_context(|| format!("cannot write {}", file.display()))?;
    }
    match played {
        Ok(summary) if summary.is_clean() => Ok(summary),
        Ok(summary) => {
            println!("\n{}", kept(folder));
            Ok(summary)
        }
        Err(error) => Err(anyhow::anyhow!("{error:#}\n\n{}", kept(folder))),
    }
}

fn kept(folder: Folder) -> String {
    format!("Everything is kept in {}; the gateway's log is takt.log there.", folder.keep().display())
}

async fn play(folder: &Folder, http: SocketAddr, asked: &Asked) -> Result<Summary> {
    let (http, is_other) = free_http(http).await?;
    let (plc, plc_address) = put_up_plc(free()).await?;
    let broker_address = TcpListener::bind(free()).await.context("no free port for the broker")?.local_addr()?;
    put_up_broker(broker_address).await?;
    let addresses = Addresses { plc: plc_address, broker: broker_address, http };
    let config = folder.join("takt.toml");
    std::fs::write(&config, document::text(&folder.join("gateway"), &addresses, &asked.device))
        .context("cannot write takt.toml")?;
    let log = folder.join("takt.log");
    let gateway = Gateway::new(config, http, &folder.join("gateway"))?;
    let mut process = gateway.start(&log)?;
    welcome(folder, &addresses, asked, is_other);

    let (sensor, sensor_connection) = client("demo-sensor", addresses.broker);
    tokio::spawn(keep_up(sensor_connection));
    let (listener, listener_connection) = client("demo-screen", addresses.broker);
    let verdicts = Verdicts::default();
    tokio::spawn(verdicts.clone().listen(listener, listener_connection));
    let (plant, gates) = Plant::start(asked.seed, plc, sensor);

    let (told, screen) = (verdicts.clone(), Screen::new());
    let mut story = Story {
        asked: asked.clone(),
        folder,
        gateway: gateway.clone(),
        plant: plant.clone(),
        gates,
        verdicts: told,
        screen,
        doing: None,
    };
    let whole = async {
        gateway.answers().await?;
        gateway.user(USER, PASSWORD).await.context("nobody can sign in to the page")?;
        story.play().await
    };
    let ended = tokio::select! {
        played = whole => played,
        error = process.died() => Err(error),
        asked = asked_to_end() => asked,
    };
    story.screen.clear();
    let is_judged = story.doing.is_some();
    plant.order(Order::Idle);
    match ended {
        Ok(()) => take_down(&gateway, process, &plant, &verdicts, is_judged).await,
        Err(error) => {
            drop(process.stop().await);
            Err(error)
        }
    }
}

/// Any free port of this machine.
fn free() -> SocketAddr {
    (Ipv4Addr::LOCALHOST, 0).into()
}

/// The PLC, and where it listens.
pub(crate) async fn put_up_plc(at: SocketAddr) -> Result<(Plc, SocketAddr)> {
    let plc = Plc::new();
    let listener = TcpListener::bind(at).await.with_context(|| format!("the PLC cannot listen on {at}"))?;
    let address = listener.local_addr()?;
    tokio::spawn(plc.clone().serve(listener));
    Ok((plc, address))
}

/// The broker, once it listens.
pub(crate) async fn put_up_broker(at: SocketAddr) -> Result<()> {
    broker::start(at)?;
    let listens = async {
        while TcpStream::connect(at).await.is_err() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(BROKER_WITHIN, listens).await.context("the embedded broker does not listen")
}

fn welcome(folder: &Folder, at: &Addresses, asked: &Asked, is_other: bool) {
    let kept = if folder.is_temporary() { "  (removed at the end; --data DIR keeps one)" } else { "" };
    println!("Takt demo: press line 3, seed {}\n", asked.seed);
    if is_other {
        println!("  The usual port of the live page is in use, so it is on another one.");
    }
    println!("  live page      http://{}/   ← open this", at.http);
    println!("  sign in as     {USER}, with the password {PASSWORD}");
    println!("  PLC            modbus-tcp {}", at.plc);
    println!("  broker         mqtt://{}   verdicts: {}", at.broker, document::VERDICT_TOPIC);
    println!("  folder         {}{kept}", folder.path().display());
    println!("  gateway's log  {}", folder.join("takt.log").display());
    println!("  its document   {}", folder.join("takt.toml").display());
}

/// Ends the gateway as systemd does and draws the sum.
async fn take_down(
    gateway: &Gateway,
    process: Process,
    plant: &Plant,
    verdicts: &Verdicts,
    is_judged: bool,
) -> Result<Summary> {
    println!("\n▶ Ending: the press stops, then the gateway.");
    let status = gateway.status().await.unwrap_or_default();
    let exit = process.stop().await?;
    let (n_verdict_messages, n_verdict_messages_missing) = verdicts.n_and_gaps();
    let summary = Summary {
        tally: is_judged.then(|| plant.tally()),
        n_reject_writes: plant.n_reject_writes(),
        n_verdict_messages,
        n_verdict_messages_missing,
        status,
        exit_code: exit.code(),
    };
    println!("\n{summary}");
    Ok(summary)
}

/// A client of the broker that loses what it cannot send, as a cheap sensor does.
pub(crate) fn client(id: &str, broker: SocketAddr) -> (AsyncClient, EventLoop) {
    let mut options = MqttOptions::new(id, broker.ip().to_string(), broker.port());
    options.set_keep_alive(Duration::from_secs(30)).set_max_packet_size(1 << 20, 1 << 20);
    let (client, mut connection) = AsyncClient::new(options, CLIENT_QUEUE);
    let mut network = connection.network_options();
    network.set_tcp_nodelay(true);
    connection.set_network_options(network);
    (client, connection)
}

pub(crate) async fn keep_up(mut connection: EventLoop) {
    loop {
        if connection.poll().await.is_err() {
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    }
}

/// The address that was asked for or, where it is in use, another one of the same machine.
async fn free_http(asked: SocketAddr) -> Result<(SocketAddr, bool)> {
    if TcpListener::bind(asked).await.is_ok() {
        return Ok((asked, false));
    }
    let other = TcpListener::bind((asked.ip(), 0)).await.context("no free port for the live page")?;
    Ok((other.local_addr()?, true))
}

/// Ctrl-C, or what a service manager sends.
pub(crate) async fn asked_to_end() -> Result<()> {
    let mut terminate = signal(SignalKind::terminate())?;
    tokio::select! {
        pressed = tokio::signal::ctrl_c() => pressed.context("cannot hear Ctrl-C"),
        _ = terminate.recv() => Ok(()),
    }
}
