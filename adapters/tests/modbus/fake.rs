//! A fake device, raw TCP: it does what a script tells it, which a real server never would.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use takt_adapters::Clock;
use takt_plant::MonoTime;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;

/// A request as it came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    /// Which TCP connection, from 0.
    pub connection: usize,
    pub transaction: u16,
    pub unit: u8,
    pub function: u8,
    pub address: u16,
    /// Quantity of a read or of a multiple write, value of a single write.
    pub quantity: u16,
    /// When it had come in whole, by the fake's own clock.
    pub at: MonoTime,
}

impl Asked {
    pub fn is_write(&self) -> bool {
        matches!(self.function, 5 | 6 | 15 | 16)
    }

    /// The honest answer: each register holds its own address, each coil is off.
    pub fn honest(&self) -> Vec<u8> {
        let pdu = match self.function {
            1 | 2 => {
                let n = u8::try_from(self.quantity.div_ceil(8)).expect("at most 250");
                [vec![self.function, n], vec![0; n.into()]].concat()
            }
            3 | 4 => {
                let n = u8::try_from(2 * self.quantity).expect("at most 250");
                let values = (0..self.quantity).flat_map(|i| (self.address + i).to_be_bytes());
                [self.function, n].into_iter().chain(values).collect()
            }
            _ => [&[self.function][..], &self.address.to_be_bytes(), &self.quantity.to_be_bytes()].concat(),
        };
        self.adu(&pdu)
    }

    pub fn exception(&self, code: u8) -> Vec<u8> {
        self.adu(&[self.function | 0x80, code])
    }

    pub fn adu(&self, pdu: &[u8]) -> Vec<u8> {
        let length = u16::try_from(pdu.len() + 1).expect("short");
        [&self.transaction.to_be_bytes()[..], &[0, 0], &length.to_be_bytes(), &[self.unit], pdu].concat()
    }
}

/// One step of an answer.
pub enum Do {
    Send(Vec<u8>),
    Wait(Duration),
    Close,
}

type Script = dyn Fn(usize, &Asked) -> Vec<Do> + Send + Sync;

#[derive(Default)]
struct Seen {
    asked: std::sync::Mutex<Vec<Asked>>,
    n_open: AtomicUsize,
    n_open_max: AtomicUsize,
    n_accepted: AtomicUsize,
}

/// A running fake; ends when dropped.
pub struct Fake {
    pub port: u16,
    seen: Arc<Seen>,
    stop: CancellationToken,
}

impl Fake {
    /// Listens on a free port, or on this one, and answers each request, numbered from 0, by script.
    pub fn start(port: u16, script: impl Fn(usize, &Asked) -> Vec<Do> + Send + Sync + 'static) -> Self {
        let listener = std::net::TcpListener::bind(("127.0.0.1", port)).expect("the port is free");
        listener.set_nonblocking(true).expect("a socket");
        let port = listener.local_addr().expect("it is bound").port();
        let (seen, stop) = (Arc::new(Seen::default()), CancellationToken::new());
        let (its_seen, its_stop) = (seen.clone(), stop.clone());
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
            runtime.block_on(its_stop.run_until_cancelled(accept(listener, Arc::new(script), its_seen)))
        });
        Self { port, seen, stop }
    }

    /// A fake that answers everything as an honest device would.
    pub fn honest() -> Self {
        Self::start(0, |_, asked| vec![Do::Send(asked.honest())])
    }

    pub fn asked(&self) -> Vec<Asked> {
        self.seen.asked.lock().expect("no panic").clone()
    }

    pub fn n_open(&self) -> usize {
        self.seen.n_open.load(Ordering::SeqCst)
    }

    pub fn n_open_max(&self) -> usize {
        self.seen.n_open_max.load(Ordering::SeqCst)
    }

    pub fn n_accepted(&self) -> usize {
        self.seen.n_accepted.load(Ordering::SeqCst)
    }
}

impl Drop for Fake {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

async fn accept(listener: std::net::TcpListener, script: Arc<Script>, seen: Arc<Seen>) {
    let clock = Clock::new();
    let listener = TcpListener::from_std(listener).expect("a listener");
    while let Ok((stream, _)) = listener.accept().await {
        // What closed before this one opened is counted out first.
        for _ in 0..20 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        let n_open = seen.n_open.fetch_add(1, Ordering::SeqCst) + 1;
        seen.n_open_max.fetch_max(n_open, Ordering::SeqCst);
        let connection = seen.n_accepted.fetch_add(1, Ordering::SeqCst);
        let (script, seen) = (script.clone(), seen.clone());
        tokio::spawn(async move {
            serve(stream, connection, clock, &*script, &seen).await;
            seen.n_open.fetch_sub(1, Ordering::SeqCst);
        });
    }
}

/// Serves until the peer closes or the script does.
async fn serve(mut stream: TcpStream, connection: usize, clock: Clock, script: &Script, seen: &Seen) -> Option<()> {
    stream.set_nodelay(true).ok()?;
    loop {
        let mut header = [0; 7];
        stream.read_exact(&mut header).await.ok()?;
        let mut pdu = vec![0; usize::from(u16::from_be_bytes([header[4], header[5]])) - 1];
        stream.read_exact(&mut pdu).await.ok()?;
        let asked = Asked {
            connection,
            transaction: u16::from_be_bytes([header[0], header[1]]),
            unit: header[6],
            function: pdu[0],
            address: u16::from_be_bytes([pdu[1], pdu[2]]),
            quantity: u16::from_be_bytes([pdu[3], pdu[4]]),
            at: clock.mono(),
        };
        let n = {
            let mut list = seen.asked.lock().expect("no panic");
            list.push(asked.clone());
            list.len() - 1
        };
        for step in script(n, &asked) {
            match step {
                Do::Send(bytes) => stream.write_all(&bytes).await.ok()?,
                Do::Close => return None,
                Do::Wait(span) => {
                    // A peer that leaves is noticed while waiting; one that sends is not.
                    let mut byte = [0; 1];
                    tokio::select! {
                        n = stream.peek(&mut byte) => if matches!(n, Ok(0) | Err(_)) { return None },
                        () = tokio::time::sleep(span) => {}
                    }
                }
            }
        }
    }
}
