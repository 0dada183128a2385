//! What a broker sends, in both protocol versions: the first byte chooses.
#![no_main]

use libfuzzer_sys::fuzz_target;
use takt_adapters::mqtt::fuzz::packets;
use takt_adapters::mqtt::options::Protocol;
use takt_fuzz as _;

fuzz_target!(|bytes: &[u8]| {
    let Some((version, bytes)) = bytes.split_first() else { return };
    packets(if version & 1 == 0 { Protocol::V3 } else { Protocol::V5 }, bytes);
});
