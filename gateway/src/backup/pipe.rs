//! Bytes between a stream and the thread that packs or unpacks: bounded, so that the slower side is waited for;
//! one that takes nothing for a while is given up.

use bytes::Bytes;
use futures::Stream;
use std::io::{self, Read, Write};
use std::time::Duration;
use tokio::runtime::Handle;
use tokio::sync::mpsc;

/// Parts that wait: 64 KiB each, so half a megabyte.
const PARTS_MAX: usize = 8;
/// How long a reader may take nothing: longer than any network stalls that still goes on, and whoever wants the
/// next backup waits no longer.
const STALLED_MAX: Duration = Duration::from_secs(60);

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

/// Writes parts that go out, from a thread of a runtime that may wait. Only after [`Outgoing::end`] the reader
/// has the whole: else its stream ends with an error, so that nobody takes a part for the whole.
pub struct Outgoing {
    to: mpsc::Sender<Part>,
    patience: Duration,
}

enum Part {
    Bytes(Bytes),
    End,
}

impl Outgoing {
    /// The two ends.
    pub fn new() -> (Self, impl Stream<Item = io::Result<Bytes>> + Send + use<>) {
        Self::with_patience(STALLED_MAX)
    }

    fn with_patience(patience: Duration) -> (Self, impl Stream<Item = io::Result<Bytes>> + Send + use<>) {
        let (to, parts) = mpsc::channel(PARTS_MAX);
        let stream = futures::stream::unfold(Some(parts), |parts| async move {
            let mut parts: mpsc::Receiver<Part> = parts?;
            match parts.recv().await {
                Some(Part::Bytes(bytes)) => Some((Ok(bytes), Some(parts))),
                Some(Part::End) => None,
                None => Some((Err(io::Error::other("the rest does not come")), None)),
            }
        });
        (Self { to, patience }, stream)
    }

    /// Says that this was the whole.
    ///
    /// # Errors
    /// That nobody reads on.
    pub fn end(self) -> io::Result<()> {
        self.send(Part::End)
    }

    fn send(&self, part: Part) -> io::Result<()> {
        match Handle::current().block_on(tokio::time::timeout(self.patience, self.to.send(part))) {
            Ok(sent) => sent.map_err(|_| io::ErrorKind::BrokenPipe.into()),
            Err(_) => {
                let why = format!("nobody read on for {} s", self.patience.as_secs());
                Err(io::Error::new(io::ErrorKind::TimedOut, why))
            }
        }
    }
}

impl Write for Outgoing {
    fn write(&mut self, part: &[u8]) -> io::Result<usize> {
        self.send(Part::Bytes(Bytes::copy_from_slice(part)))?;
        Ok(part.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures::StreamExt;

    async fn read(stream: impl Stream<Item = io::Result<Bytes>>) -> Vec<Option<Bytes>> {
        stream.map(Result::ok).collect().await
    }

    #[tokio::test]
    async fn a_reader_that_stands_still_is_given_up_and_sees_no_whole() {
        let (mut out, stream) = Outgoing::with_patience(Duration::from_millis(1));
        let writing = tokio::task::spawn_blocking(move || {
            let wrote = (0..=PARTS_MAX).try_for_each(|_| out.write_all(b"part"));
            wrote.and_then(|()| out.end())
        });
        let error = writing.await.expect("it ends").expect_err("nobody reads");
        assert_eq!(error.kind(), io::ErrorKind::TimedOut, "{error}");
        let read = read(stream).await;
        assert_eq!((read.len(), read.last()), (PARTS_MAX + 1, Some(&None)), "what was sent, then an error");
    }

    #[tokio::test]
    async fn a_reader_has_the_whole_only_after_the_end() {
        for is_whole in [true, false] {
            let (mut out, stream) = Outgoing::new();
            let writing = tokio::task::spawn_blocking(move || {
                out.write_all(b"part")?;
                if is_whole { out.end() } else { Ok(()) }
            });
            let read = read(stream).await;
            writing.await.expect("it ends").expect("somebody reads");
            assert_eq!(read.iter().all(Option::is_some), is_whole);
        }
    }
}
