//! Bytes between a stream and the thread that packs or unpacks: bounded, so that the slower side is waited for.

use bytes::Bytes;
use std::io::{self, Read, Write};
use tokio::sync::mpsc;

/// Parts that wait: 64 KiB each, so half a megabyte.
const PARTS_MAX: usize = 8;

/// Reads what comes in parts.
pub struct Incoming {
    parts: mpsc::Receiver<Result<Bytes, String>>,
    part: Bytes,
}

impl Incoming {
    /// The two ends.
    pub fn new() -> (mpsc::Sender<Result<Bytes, String>>, Self) {
        let (to, parts) = mpsc::channel(PARTS_MAX);
        (to, Self { parts, part: Bytes::new() })
    }
}

impl Read for Incoming {
    fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
        while self.part.is_empty() {
            match self.parts.blocking_recv() {
                None => return Ok(0),
                Some(part) => self.part = part.map_err(io::Error::other)?,
            }
        }
        let n = to.len().min(self.part.len());
        to[..n].copy_from_slice(&self.part.split_to(n));
        Ok(n)
    }
}

/// Writes parts that go out.
pub struct Outgoing(mpsc::Sender<io::Result<Bytes>>);

impl Outgoing {
    /// The two ends.
    pub fn new() -> (Self, mpsc::Receiver<io::Result<Bytes>>) {
        let (to, parts) = mpsc::channel(PARTS_MAX);
        (Self(to), parts)
    }

    /// Says that the rest does not come, so that nobody takes the part for the whole.
    pub fn fail(&self, why: io::Error) {
        drop(self.0.blocking_send(Err(why)));
    }

    /// Another handle on the same end.
    pub fn again(&self) -> Self {
        Self(self.0.clone())
    }
}

impl Write for Outgoing {
    fn write(&mut self, part: &[u8]) -> io::Result<usize> {
        let sent = self.0.blocking_send(Ok(Bytes::copy_from_slice(part)));
        sent.map(|()| part.len()).map_err(|_| io::ErrorKind::BrokenPipe.into())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
