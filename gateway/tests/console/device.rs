//! A device that answers and counts, for tests that need to know how many connections it sees.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// A device that has holding registers 0 to 9, each with ten times its address, and takes every write.
pub struct Device {
    pub address: SocketAddr,
    open: Arc<AtomicUsize>,
    most: Arc<AtomicUsize>,
}

impl Device {
    pub fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("bound");
        let (open, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let (is_open, most_open) = (Arc::clone(&open), Arc::clone(&most));
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = stream.expect("a client");
                let (is_open, most_open) = (Arc::clone(&is_open), Arc::clone(&most_open));
                let now = is_open.fetch_add(1, Ordering::SeqCst) + 1;
                most_open.fetch_max(now, Ordering::SeqCst);
                std::thread::spawn(move || {
                    let mut request = [0; 12];
                    while stream.read_exact(&mut request).is_ok() {
                        if stream.write_all(&answer(&request)).is_err() {
                            break;
                        }
                    }
                    is_open.fetch_sub(1, Ordering::SeqCst);
                });
            }
        });
        Self { address, open, most }
    }

    /// Connections now, and the most that there ever were at once.
    pub fn connections(&self) -> (usize, usize) {
        (self.open.load(Ordering::SeqCst), self.most.load(Ordering::SeqCst))
    }
}

fn answer(request: &[u8; 12]) -> Vec<u8> {
    let [at, n] = [[8, 9], [10, 11]].map(|[a, b]| u16::from_be_bytes([request[a], request[b]]));
    match request[7] {
        3 if at + n <= 10 => {
            let mut answer = request[..4].to_vec();
            answer.extend((3 + 2 * n).to_be_bytes());
            answer.extend([request[6], 3, u8::try_from(2 * n).expect("few")]);
            answer.extend((at..at + n).flat_map(|register| (10 * register).to_be_bytes()));
            answer
        }
        5 | 6 => request.to_vec(),
        code => [&request[..4], &[0, 3, request[6], code | 0x80, 2]].concat(),
    }
}
