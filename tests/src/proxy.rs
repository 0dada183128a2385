//! A way over TCP that can be held up: bytes stop without a word, as behind a dead switch.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// How often a way that is held up looks whether it goes on.
const LOOK_EVERY: Duration = Duration::from_millis(5);

/// A listener whose connections lead to a target. They end with the process of the test.
pub struct Proxy {
    address: SocketAddr,
    held: Arc<Held>,
}

/// Which directions stand still.
#[derive(Default)]
struct Held {
    to_target: AtomicBool,
    from_target: AtomicBool,
}

impl Proxy {
    /// A way to a target, open in both directions.
    pub fn to(target: SocketAddr) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("the loopback has free ports");
        let address = listener.local_addr().expect("a bound listener has an address");
        let held = Arc::new(Held::default());
        let for_all = Arc::clone(&held);
        std::thread::spawn(move || {
            for near in listener.incoming().flatten() {
                let Ok(far) = TcpStream::connect(target) else { continue };
                pass(&near, &far, &for_all);
            }
        });
        Self { address, held }
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Holds up what goes to the target, what comes from it, or both; nobody's connection ends by it.
    pub fn hold(&self, to_target: bool, from_target: bool) {
        self.held.to_target.store(to_target, Ordering::SeqCst);
        self.held.from_target.store(from_target, Ordering::SeqCst);
    }
}

fn pass(near: &TcpStream, far: &TcpStream, held: &Arc<Held>) {
    let _ = (near.set_nodelay(true), far.set_nodelay(true));
    let pair = |a: &TcpStream, b: &TcpStream| Some((a.try_clone().ok()?, b.try_clone().ok()?));
    let (Some(there), Some(back)) = (pair(near, far), pair(far, near)) else { return };
    let (first, second) = (Arc::clone(held), Arc::clone(held));
    std::thread::spawn(move || copy(there, || first.to_target.load(Ordering::SeqCst)));
    std::thread::spawn(move || copy(back, || second.from_target.load(Ordering::SeqCst)));
}

/// Copies until either side ends. The end goes through too, but only while the way is open.
fn copy((mut from, mut to): (TcpStream, TcpStream), is_held: impl Fn() -> bool) {
    let mut bytes = [0; 16_384];
    loop {
        let n = from.read(&mut bytes).unwrap_or(0);
        while is_held() {
            std::thread::sleep(LOOK_EVERY);
        }
        if n == 0 || to.write_all(&bytes[..n]).is_err() {
            let _ = (to.shutdown(Shutdown::Both), from.shutdown(Shutdown::Both));
            return;
        }
    }
}
