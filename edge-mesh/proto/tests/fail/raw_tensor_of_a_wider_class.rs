//! There is no raw tensor of a wider class than same-site.
use takt_mesh_proto::egress::{Blob, OnCompany, Tensor};

fn main() {
    let _ = Tensor::<OnCompany>::raw(Blob::new(vec![1]));
}
