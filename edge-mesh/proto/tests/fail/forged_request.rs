//! A request cannot be put together from parts, past the constructor that looks at the class.
use takt_mesh_proto::egress::{Blob, ClassOnWire, Content};
use takt_mesh_proto::frame::{Ask, LoanRequest};
use takt_mesh_proto::ids::Digest;

fn main() {
    let class = ClassOnWire::Mesh;
    let ask = Ask { epoch: 1, no: 1, model: Digest::ZERO, remaining_us: 1, class };
    let _ = LoanRequest { ask, content: Content::Raw, tensor: Blob::new(vec![1]) };
}
