//! What the MQTT tests share: a real mosquitto on a free port, and an intake that writes down.

#![allow(dead_code, reason = "each test program uses its own part of this")]

use std::cell::RefCell;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::rc::Rc;
use std::time::Duration;
use takt_adapters::mqtt::{Command as DriverCommand, Options, Outlet, OutletLimits, Plan, Ports};
use takt_adapters::{Clock, Delivery, Intake, Link, MessageMark, Ticket};
use takt_plant::Reading;
use tokio::sync::{mpsc, watch};
use tokio_util::sync::CancellationToken;

/// Longest wait for anything in these tests.
const PATIENCE: Duration = Duration::from_secs(20);

/// A mosquitto of our own. Killed when dropped.
pub struct Broker {
    pub port: u16,
    pub folder: tempfile::TempDir,
    config: PathBuf,
    child: Option<Child>,
}

impl Broker {
    /// Starts one; `more` is appended to its configuration, with `{folder}` replaced.
    pub fn start(more: &str) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let port = free_port();
        let at = folder.path().display();
        let config = folder.path().join("mosquitto.conf");
        let text = format!(
            "per_listener_settings false\npersistence true\npersistence_location {at}/\nallow_anonymous true\n\
             set_tcp_nodelay true\nmax_inflight_messages 1000\nmax_queued_messages 10000\nlog_type none\n\
             user root\nlistener {port} 127.0.0.1\n{}\n",
            more.replace("{folder}", &at.to_string())
        );
        std::fs::write(&config, text).expect("the configuration is written");
        let mut broker = Self { port, folder, config, child: None };
        broker.resume();
        broker
    }

    /// Ends it the hard way.
    pub fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }

    /// Ends it in an orderly way, so that it saves its sessions.
    pub fn stop(&mut self) {
        self.signal("-TERM");
        if let Some(mut child) = self.child.take() {
            let _ = child.wait();
        }
    }

    /// Stops its process without closing its sockets, as a hanging machine would.
    pub fn freeze(&self) {
        self.signal("-STOP");
    }

    /// Ends the freeze.
    pub fn thaw(&self) {
        self.signal("-CONT");
    }

    fn signal(&self, signal: &str) {
        let pid = self.child.as_ref().expect("it runs").id().to_string();
        let status = Command::new("kill").args([signal, &pid]).status().expect("kill is installed");
        assert!(status.success());
    }

    /// Starts it again on the same port.
    pub fn resume(&mut self) {
        let program = ["/usr/sbin/mosquitto", "/usr/bin/mosquitto", "/usr/local/sbin/mosquitto"]
            .into_iter()
            .find(|p| Path::new(p).exists())
            .unwrap_or("mosquitto");
        let child =
            Command::new(program).arg("-c").arg(&self.config).stdout(Stdio::null()).stderr(Stdio::null()).spawn();
        self.child = Some(child.expect("mosquitto is installed (cargo xtask setup says how)"));
        for _ in 0..400 {
            if std::net::TcpStream::connect(("127.0.0.1", self.port)).is_ok() {
                return;
            }
            std::thread::sleep(Duration::from_millis(25));
        }
        panic!("mosquitto does not listen on port {}", self.port);
    }

    pub fn options(&self, client_id: &str) -> Options {
        let mut options = Options::new("127.0.0.1", self.port, client_id);
        options.retry.first = Duration::from_millis(50);
        options.retry.longest = Duration::from_millis(400);
        options.retry.taken_over = Duration::from_secs(30);
        options
    }

    /// Publishes with mosquitto's own client: an independent peer.
    pub fn publish(&self, topic: &str, payload: &str, more: &[&str]) {
        self.publish_file(topic, payload.as_bytes(), more);
    }

    pub fn publish_file(&self, topic: &str, payload: &[u8], more: &[&str]) {
        let file = self.folder.path().join("payload");
        std::fs::write(&file, payload).expect("the payload is written");
        let status = Command::new("mosquitto_pub")
            .args(["-h", "127.0.0.1", "-p", &self.port.to_string(), "-t", topic, "-q", "1"])
            .args(more)
            .arg("-f")
            .arg(&file)
            .status()
            .expect("mosquitto_pub is installed (cargo xtask setup says how)");
        assert!(status.success(), "mosquitto_pub failed: {status}");
    }

    /// Starts mosquitto's own subscriber, which prints `topic payload` for each message.
    pub fn subscriber(&self, filter: &str, n: usize, more: &[&str]) -> Child {
        Command::new("mosquitto_sub")
            .args(["-h", "127.0.0.1", "-p", &self.port.to_string(), "-t", filter, "-v"])
            .args(["-q", "2", "-C", &n.to_string(), "-W", "20"])
            .args(more)
            .stdout(Stdio::piped())
            .spawn()
            .expect("mosquitto_sub is installed (cargo xtask setup says how)")
    }
}

impl Drop for Broker {
    fn drop(&mut self) {
        self.kill();
    }
}

pub fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").and_then(|l| l.local_addr()).expect("a free port").port()
}

/// What happened at the intake, in order.
#[derive(Debug, Clone, PartialEq)]
pub enum Seen {
    /// A frame: the first reading as a number, and whether the message was a redelivery.
    Value(f64, bool),
    Reject(String),
    Up(bool),
    Down(String),
    TakenOver,
    Published(u64),
    Duplicate,
}

/// An intake that writes down, and may publish from inside a delivery as the pipeline does.
pub struct Notes {
    pub seen: Vec<Seen>,
    pub ticket: u64,
    /// Whether deliveries are durable at once.
    pub durable: Option<watch::Sender<Ticket>>,
    pub known: Vec<[u8; 16]>,
    pub echo: Option<(Outlet, String)>,
    pub marks: Vec<Option<MessageMark>>,
}

impl Intake for Notes {
    fn is_duplicate(&mut self, mark: &MessageMark) -> bool {
        let is_known = self.known.contains(&mark.digest);
        if is_known {
            self.seen.push(Seen::Duplicate);
        }
        is_known
    }

    fn deliver(&mut self, delivery: Delivery) -> Ticket {
        self.ticket += 1;
        let redelivered = delivery.mark.is_some_and(|m| m.redelivered);
        self.marks.push(delivery.mark);
        if let Some(mark) = delivery.mark {
            self.known.push(mark.digest);
        }
        for frame in &delivery.frames {
            let value = frame.readings.first().and_then(Reading::as_f64).unwrap_or(f64::NAN);
            self.seen.push(Seen::Value(value, redelivered));
            if let Some((outlet, topic)) = &self.echo {
                let offered = outlet.offer(
                    topic.clone(),
                    format!("{value}"),
                    takt_adapters::mqtt::options::Qos::AtLeastOnce,
                    false,
                    self.ticket,
                );
                offered.expect("the outlet is open while messages come");
            }
        }
        for reject in delivery.rejects {
            self.seen.push(Seen::Reject(reject.why));
        }
        if let Some(durable) = &self.durable {
            let _ = durable.send(Ticket(self.ticket));
        }
        Ticket(self.ticket)
    }

    fn link(&mut self, link: Link) {
        self.seen.push(match link {
            Link::Up { session_present } => Seen::Up(session_present),
            Link::Down { why, .. } => Seen::Down(why),
            Link::TakenOver => Seen::TakenOver,
            Link::UnitAside { .. } => return,
        });
    }

    fn published(&mut self, token: u64) {
        self.seen.push(Seen::Published(token));
    }
}

/// A driver at work on this thread, with its intake.
pub struct Running {
    pub notes: Rc<RefCell<Notes>>,
    pub durable: watch::Sender<Ticket>,
    pub outlet: Outlet,
    pub commands: mpsc::Sender<DriverCommand>,
    pub shutdown: CancellationToken,
    task: tokio::task::JoinHandle<()>,
}

impl Running {
    /// Starts a driver. Must be called inside a `LocalSet`. `at_once`: deliveries are durable at once.
    pub fn start(options: Options, plan: Plan, at_once: bool) -> Self {
        let (durable, durable_rx) = watch::channel(Ticket(0));
        let (commands, commands_rx) = mpsc::channel(4);
        let outlet = Outlet::new(OutletLimits::default());
        let shutdown = CancellationToken::new();
        let notes = Notes {
            seen: vec![],
            ticket: 0,
            durable: at_once.then(|| durable.clone()),
            known: vec![],
            echo: None,
            marks: vec![],
        };
        let notes = Rc::new(RefCell::new(notes));
        let ports = Ports {
            clock: Clock::new(),
            intake: Rc::clone(&notes),
            durable: durable_rx,
            outlet: outlet.clone(),
            commands: commands_rx,
            shutdown: shutdown.clone(),
        };
        let task = tokio::task::spawn_local(takt_adapters::mqtt::run(options, plan, ports));
        Self { notes, durable, outlet, commands, shutdown, task }
    }

    /// Waits until `found` holds for what was seen, or panics with it.
    pub async fn until(&self, what: &str, found: impl Fn(&[Seen]) -> bool) {
        let begun = tokio::time::Instant::now();
        while !found(&self.notes.borrow().seen) {
            assert!(begun.elapsed() < PATIENCE, "waited in vain for {what}; seen: {:?}", self.notes.borrow().seen);
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    pub async fn until_up(&self) {
        let is_link = |s: &&Seen| matches!(s, Seen::Up(_) | Seen::Down(_) | Seen::TakenOver);
        let is_up = |seen: &[Seen]| matches!(seen.iter().rev().find(is_link), Some(Seen::Up(_)));
        self.until("the connection", is_up).await;
    }

    pub fn seen(&self) -> Vec<Seen> {
        self.notes.borrow().seen.clone()
    }

    pub fn values(&self) -> Vec<f64> {
        values(&self.notes.borrow().seen)
    }

    pub async fn stop(self) -> Vec<Seen> {
        self.shutdown.cancel();
        let _ = self.task.await;
        self.notes.borrow().seen.clone()
    }

    /// Ends the driver without a word to the broker, as a kill would.
    pub async fn vanish(self) -> Vec<Seen> {
        self.task.abort();
        let _ = self.task.await;
        self.notes.borrow().seen.clone()
    }
}

pub fn values(seen: &[Seen]) -> Vec<f64> {
    seen.iter().filter_map(|s| if let Seen::Value(v, _) = s { Some(*v) } else { None }).collect()
}

/// Runs a test on a current-thread runtime, as a shard does.
pub fn on_shard<F: Future<Output = ()>>(test: F) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    tokio::task::LocalSet::new().block_on(&runtime, test);
}
