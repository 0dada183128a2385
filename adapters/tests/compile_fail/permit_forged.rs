//! A permit cannot be made outside the interlock.

use takt_plant::{Permit, Purpose, WriteSlot, WriteValue};

fn main() {
    let _ = Permit { slot: WriteSlot(0), value: WriteValue::Coil(true), purpose: Purpose::Verdict };
}
