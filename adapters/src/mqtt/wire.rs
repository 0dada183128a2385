//! Bytes to packets and back for both protocol versions. The packets' bytes are rumqttc's codecs'.

use crate::mqtt::options::{Protocol, Qos};
use crate::mqtt::packet::{Inbound, Outbound, WireError};
use crate::mqtt::sink::FIRST_BYTES_MAX;
use crate::mqtt::topic::TOPIC_BYTES_MAX;
use crate::mqtt::{wire_v3, wire_v5};
use bytes::BytesMut;

/// Reads one packet where the buffer holds one whole.
pub(super) fn read(protocol: Protocol, buffer: &mut BytesMut) -> Result<Option<Inbound>, WireError> {
    match protocol {
        Protocol::V3 => wire_v3::read(buffer),
        Protocol::V5 => wire_v5::read(buffer),
    }
}

/// Appends one packet to a buffer.
pub(super) fn write(protocol: Protocol, packet: &Outbound<'_>, buffer: &mut BytesMut) -> Result<(), WireError> {
    match protocol {
        Protocol::V3 => wire_v3::write(packet, buffer),
        Protocol::V5 => wire_v5::write(packet, buffer),
    }
}

/// How long the packet at the head of a buffer is, and of what kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Header {
    pub first_byte: u8,
    pub header_bytes: usize,
    pub packet_bytes: usize,
}

impl Header {
    /// Whether the packet is a PUBLISH.
    pub fn is_message(self) -> bool {
        self.first_byte >> 4 == 3
    }
}

/// Reads the fixed header (MQTT 5, section 2.1), `None` while it is not whole.
pub(super) fn header(buffer: &[u8]) -> Result<Option<Header>, WireError> {
    let Some((first_byte, rest)) = buffer.split_first() else { return Ok(None) };
    let mut length = 0_usize;
    for (i, byte) in rest.iter().take(4).enumerate() {
        length |= usize::from(byte & 0x7F) << (7 * i);
        if byte & 0x80 == 0 {
            let header_bytes = 2 + i;
            return Ok(Some(Header { first_byte: *first_byte, header_bytes, packet_bytes: header_bytes + length }));
        }
    }
    if rest.len() >= 4 { Err(WireError::Malformed("a length of more than four bytes".into())) } else { Ok(None) }
}

/// What the head of an oversized message tells. Only messages can be skipped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Oversized {
    pub topic: String,
    pub qos: Qos,
    pub packet: u16,
    pub n_bytes: usize,
    pub first_bytes: Vec<u8>,
}

/// Most bytes before the payload of a message whose head is read: topic, packet id, and with MQTT 5
/// the length of the properties, which are shown as part of the payload.
pub(super) const OVERSIZED_HEAD_BYTES: usize = 5 + 2 + TOPIC_BYTES_MAX + 2 + FIRST_BYTES_MAX;

/// Reads the head of an oversized message; `None` where it is no message or not well-formed.
pub(super) fn oversized(header: Header, head: &[u8]) -> Option<Oversized> {
    if !header.is_message() {
        return None;
    }
    let qos = match (header.first_byte >> 1) & 3 {
        0 => Qos::AtMostOnce,
        1 => Qos::AtLeastOnce,
        2 => Qos::ExactlyOnce,
        _ => return None,
    };
    let rest = head.get(header.header_bytes..)?;
    let (length, rest) = rest.split_first_chunk::<2>()?;
    let (topic, rest) = rest.split_at_checked(usize::from(u16::from_be_bytes(*length)))?;
    let topic = std::str::from_utf8(topic).ok()?.to_owned();
    let (packet, rest) = match qos {
        Qos::AtMostOnce => (0, rest),
        Qos::AtLeastOnce | Qos::ExactlyOnce => {
            let (packet, rest) = rest.split_first_chunk::<2>()?;
            (u16::from_be_bytes(*packet), rest)
        }
    };
    let first_bytes = rest[..rest.len().min(FIRST_BYTES_MAX)].to_vec();
    Some(Oversized { topic, qos, packet, n_bytes: header.packet_bytes, first_bytes })
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::Bytes;
    use proptest::prelude::*;

    #[test]
    fn headers_of_one_to_four_length_bytes() {
        for (bytes, expected) in [
            (&[][..], None),
            (&[0x30], None),
            (&[0x30, 0x80], None),
            (&[0x30, 0x05], Some((2, 7))),
            (&[0x30, 0x80, 0x01], Some((3, 131))),
            (&[0x30, 0xFF, 0xFF, 0xFF, 0x7F], Some((5, 268_435_460))),
        ] {
            let found = header(bytes).unwrap().map(|h| (h.header_bytes, h.packet_bytes));
            assert_eq!(found, expected, "{bytes:?}");
        }
        assert!(header(&[0x30, 0xFF, 0xFF, 0xFF, 0xFF]).is_err());
    }

    fn message(protocol: Protocol, topic: &str, payload: &[u8], qos: Qos, packet: u16) -> BytesMut {
        let mut buffer = BytesMut::new();
        let payload = Bytes::copy_from_slice(payload);
        write(protocol, &Outbound::Publish { topic, payload: &payload, qos, retain: false, packet }, &mut buffer)
            .unwrap();
        buffer
    }

    #[test]
    fn the_head_of_an_oversized_message_names_it() {
        let payload = [7_u8; 300];
        for (qos, packet) in [(Qos::AtMostOnce, 0), (Qos::AtLeastOnce, 9), (Qos::ExactlyOnce, 10)] {
            let bytes = message(Protocol::V3, "a/b", &payload, qos, packet);
            let found = oversized(header(&bytes).unwrap().unwrap(), &bytes[..120]).unwrap();
            assert_eq!((found.topic.as_str(), found.qos, found.packet), ("a/b", qos, packet));
            assert_eq!((found.n_bytes, &found.first_bytes[..]), (bytes.len(), &payload[..64]));
        }
        let ping = Header { first_byte: 0xD0, header_bytes: 2, packet_bytes: 2 };
        assert_eq!(oversized(ping, &[0xD0, 0]), None);
    }

    proptest! {
        #[test]
        fn arbitrary_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..300), v5 in any::<bool>()) {
            let protocol = if v5 { Protocol::V5 } else { Protocol::V3 };
            let mut buffer = BytesMut::from(&bytes[..]);
            while let Ok(Some(_)) = read(protocol, &mut buffer) {}
            if let Ok(Some(header)) = header(&bytes) {
                let _ = oversized(header, &bytes);
            }
        }

        #[test]
        fn packets_with_a_true_length_are_read_or_refused(kind in 1_u8..15, flags in 0_u8..16, body in prop::collection::vec(any::<u8>(), 0..120), v5 in any::<bool>()) {
            let protocol = if v5 { Protocol::V5 } else { Protocol::V3 };
            let mut buffer = BytesMut::from(&[kind << 4 | flags, u8::try_from(body.len()).unwrap()][..]);
            buffer.extend_from_slice(&body);
            let _ = read(protocol, &mut buffer);
        }

        #[test]
        fn messages_are_read_back(topic in "[a-z/]{1,20}", payload in prop::collection::vec(any::<u8>(), 0..300), qos in 0..3, v5 in any::<bool>()) {
            let protocol = if v5 { Protocol::V5 } else { Protocol::V3 };
            let (qos, packet) = [(Qos::AtMostOnce, 0), (Qos::AtLeastOnce, 1), (Qos::ExactlyOnce, 2)][usize::try_from(qos).unwrap()];
            let mut buffer = message(protocol, &topic, &payload, qos, packet);
            match read(protocol, &mut buffer) {
                Ok(Some(Inbound::Message(m))) => {
                    prop_assert_eq!(m.topic.as_str(), topic.as_str());
                    prop_assert_eq!((&m.payload[..], m.qos, m.packet, m.redelivered), (&payload[..], qos, packet, false));
                }
                other => prop_assert!(false, "{:?}", other),
            }
            prop_assert!(buffer.is_empty());
        }
    }
}
