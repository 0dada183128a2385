//! The socket of one connection with its two buffers: bytes move both ways in one place, packets are
//! cut out of the inbox, and a message that is too large is skipped byte by byte.

use crate::mqtt::options::Protocol;
use crate::mqtt::packet::{Inbound, WireError};
use crate::mqtt::patience::BYTES_MIN;
use crate::mqtt::wire::{self, OVERSIZED_HEAD_BYTES, Oversized};
use bytes::{Buf, BytesMut};
use rumqttc::tokio_rustls::client::TlsStream;
use std::future::poll_fn;
use std::io;
use std::pin::{Pin, pin};
use std::task::{Context, Poll};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadBuf};
use tokio::net::TcpStream;

/// Space for at least this many bytes is offered to each read.
const READ_BYTES: usize = 4 << 10;

/// First size of the inbox, and what it grows by.
const INBOX_BYTES: usize = 32 << 10;

/// Plain or encrypted.
#[derive(Debug)]
pub(super) enum Stream {
    Plain(TcpStream),
    Tls(Box<TlsStream<TcpStream>>),
}

/// What moved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Moved {
    Read,
    Wrote,
}

/// What was cut out of the inbox.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Taken {
    Packet(Inbound),
    Oversized(Oversized),
}

/// The socket of one connection.
#[derive(Debug)]
pub(super) struct Pipe {
    stream: Stream,
    inbox: BytesMut,
    skip_bytes: usize,
    unflushed: bool,
    is_patient: bool,
    protocol: Protocol,
    packet_bytes_max: usize,
}

impl Pipe {
    pub fn new(stream: Stream, protocol: Protocol, packet_bytes_max: usize) -> Self {
        let inbox = BytesMut::with_capacity(INBOX_BYTES);
        Self { stream, inbox, skip_bytes: 0, unflushed: false, is_patient: false, protocol, packet_bytes_max }
    }

    /// Writes what is in the outbox, else reads. Nothing is lost when the future is dropped.
    pub async fn shift(&mut self, outbox: &mut BytesMut) -> io::Result<Moved> {
        poll_fn(|cx| {
            if let Poll::Ready(wrote) = self.poll_write(outbox, cx) {
                return Poll::Ready(wrote.map(|()| Moved::Wrote));
            }
            self.poll_read(cx).map_ok(|()| Moved::Read)
        })
        .await
    }

    /// Writes what is in the outbox as far as the socket takes it, without waiting.
    pub async fn write_some(&mut self, outbox: &mut BytesMut) -> io::Result<()> {
        poll_fn(|cx| match self.poll_write(outbox, cx) {
            Poll::Ready(Err(error)) => Poll::Ready(Err(error)),
            Poll::Ready(Ok(())) | Poll::Pending => Poll::Ready(Ok(())),
        })
        .await
    }

    /// Writes all of the outbox, then closes the sending side.
    pub async fn finish(&mut self, outbox: &mut BytesMut) -> io::Result<()> {
        self.stream.write_all_buf(outbox).await?;
        self.stream.shutdown().await
    }

    /// The next packet of the inbox, where it holds one whole.
    pub fn take(&mut self) -> Result<Option<Taken>, WireError> {
        self.skip();
        let Some(header) = wire::header(&self.inbox)? else { return Ok(None) };
        if header.packet_bytes > self.packet_bytes_max {
            let too_large = || WireError::Malformed(format!("a packet of {} bytes", header.packet_bytes));
            if !header.is_message() {
                return Err(too_large());
            }
            if self.inbox.len() < header.packet_bytes.min(OVERSIZED_HEAD_BYTES) {
                return Ok(None);
            }
            let found = wire::oversized(header, &self.inbox).ok_or_else(too_large)?;
            self.skip_bytes = header.packet_bytes;
            self.skip();
            return Ok(Some(Taken::Oversized(found)));
        }
        if self.inbox.len() < header.packet_bytes {
            self.inbox.reserve(header.packet_bytes - self.inbox.len());
            return Ok(None);
        }
        Ok(wire::read(self.protocol, &mut self.inbox)?.map(Taken::Packet))
    }

    /// Whether no part of a packet has come yet.
    pub fn is_between_packets(&self) -> bool {
        self.inbox.is_empty() && self.skip_bytes == 0
    }

    /// Whether fewer than [`BYTES_MIN`] bytes wake nobody.
    pub fn is_patient(&self) -> bool {
        self.is_patient
    }

    /// Lets the socket wait for [`BYTES_MIN`] bytes, or for any again: what has come by then wakes at
    /// once. Encrypted streams and other systems stay impatient.
    pub fn set_patient(&mut self, is_patient: bool) {
        if is_patient != self.is_patient
            && let Stream::Plain(tcp) = &self.stream
            && set_bytes_min(tcp, if is_patient { BYTES_MIN } else { 1 }).is_ok()
        {
            self.is_patient = is_patient;
        }
    }

    fn skip(&mut self) {
        let n = self.skip_bytes.min(self.inbox.len());
        self.inbox.advance(n);
        self.skip_bytes -= n;
    }

    fn poll_read(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.inbox.capacity() - self.inbox.len() < READ_BYTES {
            self.inbox.reserve(INBOX_BYTES);
        }
        let read = pin!(self.stream.read_buf(&mut self.inbox)).poll(cx);
        read.map(|n| match n {
            Ok(0) => Err(io::Error::new(io::ErrorKind::UnexpectedEof, "the broker closed the connection")),
            Ok(_) => Ok(()),
            Err(error) => Err(error),
        })
    }

    /// Ready when something moved or failed; pending when the socket is full or nothing is to do.
    fn poll_write(&mut self, outbox: &mut BytesMut, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if outbox.has_remaining() {
            let wrote = pin!(self.stream.write_buf(outbox)).poll(cx);
            return wrote.map_ok(|_| self.unflushed = true);
        }
        if self.unflushed {
            let flushed = Pin::new(&mut self.stream).poll_flush(cx);
            if flushed.is_ready() {
                self.unflushed = false;
            }
            if let Poll::Ready(Err(error)) = flushed {
                return Poll::Ready(Err(error));
            }
        }
        Poll::Pending
    }
}

/// Makes a socket readable from so many bytes on.
#[cfg(target_os = "linux")]
fn set_bytes_min(tcp: &TcpStream, n: libc::c_int) -> io::Result<()> {
    use std::os::fd::AsRawFd;
    #[expect(unsafe_code, reason = "no crate offers this option")]
    // SAFETY: the descriptor stays open as long as `tcp` is borrowed, and the option's value is an int.
    let code = unsafe {
        let n_bytes = size_of::<libc::c_int>() as libc::socklen_t;
        libc::setsockopt(tcp.as_raw_fd(), libc::SOL_SOCKET, libc::SO_RCVLOWAT, (&raw const n).cast(), n_bytes)
    };
    if code == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

#[cfg(not(target_os = "linux"))]
fn set_bytes_min(_: &TcpStream, _: i32) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}

impl AsyncRead for Stream {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(s) => Pin::new(s).poll_read(cx, buf),
            Self::Tls(s) => Pin::new(s).poll_read(cx, buf),
        }
    }
}

impl AsyncWrite for Stream {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Plain(s) => Pin::new(s).poll_write(cx, buf),
            Self::Tls(s) => Pin::new(s).poll_write(cx, buf),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(s) => Pin::new(s).poll_flush(cx),
            Self::Tls(s) => Pin::new(s).poll_flush(cx),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(s) => Pin::new(s).poll_shutdown(cx),
            Self::Tls(s) => Pin::new(s).poll_shutdown(cx),
        }
    }
}

#[cfg(test)]
#[cfg(target_os = "linux")]
mod tests {
    use super::*;
    use std::time::Duration;
    use tokio::net::TcpListener;

    /// A pipe and the broker's end of it.
    async fn connected() -> (Pipe, TcpStream) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let ours = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        let (theirs, _) = listener.accept().await.unwrap();
        theirs.set_nodelay(true).unwrap();
        (Pipe::new(Stream::Plain(ours), Protocol::V3, 1_000), theirs)
    }

    const PUB_ACK: [u8; 4] = [0x40, 2, 0, 1];

    #[tokio::test]
    async fn a_lone_confirmation_wakes_only_who_is_impatient() {
        let (mut pipe, mut broker) = connected().await;
        let mut outbox = BytesMut::new();
        pipe.set_patient(true);
        assert!(pipe.is_patient());
        broker.write_all(&PUB_ACK).await.unwrap();
        let long = Duration::from_millis(200);
        assert!(tokio::time::timeout(long, pipe.shift(&mut outbox)).await.is_err(), "woken by four bytes");
        pipe.set_patient(false);
        assert_eq!(pipe.shift(&mut outbox).await.unwrap(), Moved::Read);
        assert!(pipe.take().unwrap().is_some() && pipe.is_between_packets());

        pipe.set_patient(true);
        broker.write_all(&PUB_ACK).await.unwrap();
        broker.write_all(&PUB_ACK[..1]).await.unwrap();
        assert_eq!(pipe.shift(&mut outbox).await.unwrap(), Moved::Read);
        assert!(pipe.take().unwrap().is_some() && !pipe.is_between_packets());
    }

    #[tokio::test]
    async fn the_end_of_a_connection_wakes_the_patient_too() {
        let (mut pipe, broker) = connected().await;
        pipe.set_patient(true);
        drop(broker);
        assert!(pipe.shift(&mut BytesMut::new()).await.is_err());
    }
}
