//! A hostile device's bytes as the answer to every kind of read: the entry of the fuzz target.

use super::address::{Address, Table};
use super::answer::{Answer, CallFault};
use super::codec::Codec;
use super::guess::guesses;
use super::kind::ValueType;
use super::link::Link;
use super::order::Order;
use super::plan::Span;
use std::time::Duration;
use tokio::io::AsyncWriteExt;

/// Room for every answer that a target sends.
const ANSWER_BYTES_MAX: usize = 1 << 16;

/// Reads `n` elements of a table from a device that answers with these bytes and then closes. What
/// comes is decoded as every type in every order.
///
/// # Errors
/// The fault that the driver would see.
pub async fn answer(table: Table, n: u16, bytes: &[u8]) -> Result<(), CallFault> {
    let (ours, mut theirs) = tokio::io::duplex(ANSWER_BYTES_MAX);
    let written = theirs.write_all(&bytes[..bytes.len().min(ANSWER_BYTES_MAX)]).await;
    written.map_err(|e| CallFault::Closed(e.to_string()))?;
    theirs.shutdown().await.map_err(|e| CallFault::Closed(e.to_string()))?;
    let mut link = Link::over(ours, Duration::from_secs(1));
    let span = Span { start: Address { table, offset: 0 }, n };
    if let Answer::Registers(registers) = link.read(1, span).await? {
        decode(&registers);
    }
    Ok(())
}

/// Registers as every type in every order.
pub fn decode(registers: &[u16]) {
    let _ = guesses(registers);
    let words = ["bool", "bit(0)", "bit(15)", "string(1)", "string(7)", "string(250)"];
    for kind in words.iter().filter_map(|word| word.parse::<ValueType>().ok()) {
        for order in Order::ALL {
            let _ = Codec::plain(kind, order).decode(registers);
        }
    }
}
