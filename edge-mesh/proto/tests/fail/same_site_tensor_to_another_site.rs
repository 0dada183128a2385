//! A raw window of class same-site cannot be put into a message to another site.
use takt_mesh_proto::egress::{Blob, ClassOnWire, Tensor, ToCompany};
use takt_mesh_proto::frame::{Ask, Message};
use takt_mesh_proto::ids::Digest;

fn main() {
    let class = ClassOnWire::SameCompany;
    let ask = Ask { epoch: 1, no: 1, model: Digest::ZERO, remaining_us: 1, class };
    let window = Tensor::raw(Blob::new(vec![1]));
    let _ = Message::<ToCompany>::request(ask, &window);
}
