//! A real mosquitto on a free port, with a folder of its own.

use crate::process::{Process, free_address, wait_until};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;
use tempfile::TempDir;

/// A running broker.
pub struct Mosquitto {
    process: Option<Process>,
    address: SocketAddr,
    dir: TempDir,
}

impl Mosquitto {
    /// Starts a broker that keeps sessions and messages on disk.
    pub fn start() -> Self {
        let mut broker = Self { process: None, address: free_address(), dir: tempfile::tempdir().expect("a folder") };
        broker.start_again();
        broker
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// `mqtt://host:port`.
    pub fn url(&self) -> String {
        format!("mqtt://{}", self.address)
    }

    /// Starts it at the same address, after [`Self::stop`] or [`Self::kill`].
    pub fn start_again(&mut self) {
        let config = self.dir.path().join("mosquitto.conf");
        let folder = self.dir.path().display();
        let text = format!(
            "listener {} 127.0.0.1\nallow_anonymous true\nset_tcp_nodelay true\npersistence true\n\
             persistence_location {folder}/\nmax_inflight_messages 1000\nmax_queued_messages 0\n\
             log_dest file {folder}/mosquitto.log\n{}",
            self.address.port(),
            if is_root() { "user root\n" } else { "" },
        );
        std::fs::write(&config, text).expect("the folder can be written");
        let program = if Path::new("/usr/sbin/mosquitto").exists() { "/usr/sbin/mosquitto" } else { "mosquitto" };
        let mut command = Command::new(program);
        command.arg("-c").arg(&config).stdout(Stdio::null()).stderr(Stdio::null());
        let mut process = Process::start("mosquitto", &mut command);
        process.wait_for(self.address, Duration::from_secs(20));
        self.process = Some(process);
    }

    /// Ends it cleanly: it writes its sessions first.
    pub fn stop(&mut self) {
        if let Some(mut process) = self.process.take() {
            assert!(process.terminate(Duration::from_secs(20)).is_some(), "mosquitto did not end");
        }
    }

    /// Has it write its sessions now; what happens after that is lost by a kill.
    pub fn save(&self) {
        let file = self.dir.path().join("mosquitto.db");
        let id = self.process.as_ref().expect("it runs").id().to_string();
        drop(std::fs::remove_file(&file));
        drop(Command::new("kill").args(["-USR1", &id]).status());
        wait_until("the broker has written its sessions", Duration::from_secs(20), || {
            // The file is written beside and renamed, so it is whole as soon as it is there.
            file.exists().then_some(())
        });
    }

    /// Kills it at once.
    pub fn kill(&mut self) {
        self.process = None;
    }
}

fn is_root() -> bool {
    Command::new("id").arg("-u").output().is_ok_and(|output| output.stdout.trim_ascii() == b"0")
}
