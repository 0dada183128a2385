//! What a device answers to a read: the first bytes choose table and length, the rest is the answer.
#![no_main]

use libfuzzer_sys::fuzz_target;
use takt_adapters::modbus::Table;
use takt_adapters::modbus::fuzz::{answer, decode};
use takt_fuzz as _;

fuzz_target!(|bytes: &[u8]| {
    let [table, n, answered @ ..] = bytes else { return };
    let table = Table::ALL[usize::from(*table) % Table::ALL.len()];
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
    let _ = runtime.expect("a runtime").block_on(answer(table, u16::from(*n).max(1), answered));
    let registers: Vec<u16> = answered.chunks_exact(2).map(|pair| u16::from_be_bytes([pair[0], pair[1]])).collect();
    decode(&registers);
});
