//! The decoder: whatever comes in, it answers, and with bounded memory.

use proptest::prelude::*;
use takt_mesh_proto::chunks::ChunkMap;
use takt_mesh_proto::egress::{Blob, ClassOnWire, Content, Payload};
use takt_mesh_proto::frame::{Ask, Control, Frame, FrameError, Outgoing};
use takt_mesh_proto::ids::Digest;
use takt_mesh_proto::lending::{Advert, LoadView, Refusal};
use takt_mesh_proto::limits::{CHUNK_BYTES, FRAME_BYTES_MAX, TENSOR_BYTES_MAX, WARM_MAX};
use takt_plant::ExportClass;

fn control(control: Control) -> Frame {
    Frame::Control(Box::new(control))
}

fn loan(n_bytes: usize) -> Frame {
    let ask = Ask { epoch: 3, no: 7, model: Digest([9; 32]), remaining_us: 60_000, class: ClassOnWire::Mesh };
    let payload = Payload::new(ExportClass::Mesh, Content::Features, Blob::new(vec![5; n_bytes]));
    Outgoing::request(ExportClass::Mesh, ask, &payload).expect("mesh data may go anywhere").into_frame()
}

fn samples() -> Vec<Frame> {
    let view = LoadView { wait_us: 1, spare_us: 2, spare_rate: 3, borrowing: false };
    let mut chunks = ChunkMap::none(20);
    chunks.set(3);
    vec![
        loan(100),
        control(Control::Advert(Advert { seq: 1, view, warm: vec![1, 2] })),
        control(Control::Refused { epoch: 1, no: 2, why: Refusal::NoSpare, view }),
        control(Control::Result { epoch: 1, no: 2, output: Blob::new(vec![1; 40]), view }),
        control(Control::AskHead),
        control(Control::Head(None)),
        control(Control::Have { model: Digest::ZERO, chunks }),
        control(Control::Chunk { epoch: 1, no: 2, model: Digest::ZERO, index: 3, bytes: Blob::new(vec![2; 50]) }),
    ]
}

#[test]
fn frames_come_back_as_they_went() {
    for frame in samples() {
        assert_eq!(Frame::decode(&frame.encode()), Ok(frame));
    }
}

#[test]
fn the_layout_on_the_wire_stays() {
    // Golden bytes: a change here is a new version of the protocol.
    let view = LoadView { wait_us: 1, spare_us: 300, spare_rate: 3, borrowing: true };
    let refused = control(Control::Refused { epoch: 1, no: 2, why: Refusal::NoSpare, view });
    assert_eq!(refused.encode(), [1, 4, 1, 2, 0, 1, 172, 2, 3, 1]);
    assert_eq!(control(Control::AskHead).encode(), [1, 10]);
}

#[test]
fn parts_keep_their_limits() {
    assert!(Frame::decode(&loan(TENSOR_BYTES_MAX).encode()).is_ok());
    assert_eq!(Frame::decode(&loan(TENSOR_BYTES_MAX + 1).encode()), Err(FrameError::Part));
    let bytes = Blob::new(vec![0; CHUNK_BYTES + 1]);
    let chunk = control(Control::Chunk { epoch: 1, no: 1, model: Digest::ZERO, index: 0, bytes });
    assert_eq!(Frame::decode(&chunk.encode()), Err(FrameError::Part));
    let warm = vec![0; WARM_MAX + 1];
    let advert = control(Control::Advert(Advert { seq: 1, view: LoadView::default(), warm }));
    assert_eq!(Frame::decode(&advert.encode()), Err(FrameError::Part));
    let long = vec![0; FRAME_BYTES_MAX + 1];
    assert_eq!(Frame::decode(&long), Err(FrameError::TooLong(long.len())));
}

#[test]
fn what_follows_a_frame_is_no_frame() {
    let mut bytes = control(Control::AskHead).encode();
    bytes.push(0);
    assert_eq!(Frame::decode(&bytes), Err(FrameError::Encoding));
}

proptest! {
    #[test]
    fn any_bytes_are_answered(bytes in proptest::collection::vec(any::<u8>(), 0..600)) {
        if let Ok(frame) = Frame::decode(&bytes) {
            // What decodes encodes to something that decodes to the same.
            prop_assert_eq!(Frame::decode(&frame.encode()), Ok(frame));
        }
    }

    #[test]
    fn bent_frames_are_answered(which in 0..8usize, at in any::<prop::sample::Index>(), bit in 0..8u32) {
        let mut bytes = samples()[which].encode();
        let i = at.index(bytes.len());
        bytes[i] ^= 1 << bit;
        let _ = Frame::decode(&bytes);
        bytes.truncate(i);
        prop_assert!(Frame::decode(&bytes).is_err() || i == 0);
    }
}
