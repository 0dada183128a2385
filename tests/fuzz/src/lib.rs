//! What the fuzz targets share: a bound on memory, and the decoders of two crates by their files.
//!
//! A fuzzing build of the whole gateway and of the crate of models would compile hundreds of crates
//! that no decoder needs (SQLite, HTTP, ONNX Runtime's bindings, linear algebra). Their decoders are
//! pure, so their files are taken in here as modules of the same names and places.

#![allow(dead_code, reason = "the files hold more than their decoders")]

// Files of the gateway name the crate of models; here it is this one.
extern crate self as takt_models;

#[path = "../../../models/src/features/mod.rs"]
pub mod features;
#[path = "../../../models/src/judge/mod.rs"]
pub mod judge;
#[path = "../../../models/src/package/mod.rs"]
pub mod package;
#[path = "../../../gateway/src/pipeline/position.rs"]
pub mod position;
#[path = "../../../gateway/src/record.rs"]
pub mod record;
#[path = "../../../models/src/windower/mod.rs"]
pub mod windower;

pub mod limit;
pub mod store;

/// Changes some bytes of something valid: the way to what lies behind checks of length and version.
/// Each group of three bytes is a place (two bytes) and what is added there.
pub fn damage(bytes: &mut [u8], damages: &[u8]) {
    for group in damages.chunks_exact(3) {
        let place = usize::from(u16::from_le_bytes([group[0], group[1]]));
        if let Some(byte) = bytes.get_mut(place) {
            *byte = byte.wrapping_add(group[2]);
        }
    }
}
