//! Processes that end with the test that started them, and free ports.

use std::io::{BufRead, BufReader, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::process::{Child, Command, ExitStatus};
use std::time::{Duration, Instant};

/// A process that is killed when it goes out of scope.
pub struct Process {
    child: Child,
    name: String,
}

impl Process {
    /// Starts a program.
    ///
    /// # Panics
    /// When it cannot be started: a missing peer fails the test, it does not skip it.
    pub fn start(name: &str, command: &mut Command) -> Self {
        let child = command.spawn().unwrap_or_else(|error| {
            panic!(
                "cannot start {name} ({:?}): {error}; `cargo xtask setup` installs the test peers",
                command.get_program()
            )
        });
        Self { child, name: name.to_owned() }
    }

    /// Tells it a line on its standard input, which must be piped.
    pub fn tell(&mut self, line: &str) {
        let input = self.child.stdin.as_mut().expect("its input is piped");
        writeln!(input, "{line}").and_then(|()| input.flush()).expect("it listens");
    }

    /// Its standard output, which must be piped. Taken once.
    pub fn output(&mut self) -> impl BufRead + use<> {
        BufReader::new(self.child.stdout.take().expect("its output is piped and not taken yet"))
    }

    /// Its process id.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Kills it at once, as `kill -9` does.
    pub fn kill(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }

    /// Asks it to end, and waits.
    pub fn terminate(&mut self, within: Duration) -> Option<ExitStatus> {
        let id = self.child.id().to_string();
        drop(Command::new("kill").args(["-TERM", &id]).status());
        let end = Instant::now() + within;
        while Instant::now() < end {
            if let Ok(Some(status)) = self.child.try_wait() {
                return Some(status);
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        None
    }

    /// Fails the test when it has ended.
    pub fn check_alive(&mut self) {
        if let Ok(Some(status)) = self.child.try_wait() {
            panic!("{} ended with {status}", self.name);
        }
    }

    /// Waits until something listens at its address.
    pub fn wait_for(&mut self, address: SocketAddr, within: Duration) {
        let end = Instant::now() + within;
        while TcpStream::connect(address).is_err() {
            self.check_alive();
            assert!(Instant::now() < end, "{} does not listen on {address} within {within:?}", self.name);
            std::thread::sleep(Duration::from_millis(10));
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
    }
}

/// An address on the loopback that was free a moment ago.
pub fn free_address() -> SocketAddr {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("the loopback has free ports");
    listener.local_addr().expect("a bound listener has an address")
}

/// Asks again and again until `ask` gives something.
///
/// # Panics
/// When it gives nothing within the time, with `what` as the reason.
pub fn wait_until<T>(what: &str, within: Duration, mut ask: impl FnMut() -> Option<T>) -> T {
    let end = Instant::now() + within;
    loop {
        if let Some(found) = ask() {
            return found;
        }
        assert!(Instant::now() < end, "not within {within:?}: {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}
