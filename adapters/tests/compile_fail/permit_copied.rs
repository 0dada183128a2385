//! A permit cannot be copied to be spent twice.

use takt_plant::Permit;

fn main() {
    let _: fn(&Permit) -> Permit = |permit| permit.clone();
}
