//! What a message holds: which field is which tag, where its time stands, in what format.

use crate::convert::Conversion;
use crate::mqtt::options::Qos;
use crate::stamp::StampReader;
use std::sync::Arc;
use std::time::Duration;
use takt_plant::{GroupSlot, TagSlot};

/// The tags of one line that one message delivers, and how they are read from it.
#[derive(Debug, Clone, PartialEq)]
pub struct GroupMapping {
    /// The group that the frames carry.
    pub group: GroupSlot,
    /// The topics, as an MQTT topic filter; `$share/NAME/FILTER` too.
    pub filter: String,
    /// The best quality of service to ask the broker for.
    pub qos: Qos,
    /// The tags, in the order of the fields below.
    pub tags: Arc<[TagSlot]>,
    /// How the payload is read.
    pub format: Format,
}

/// How a payload is read.
#[derive(Debug, Clone, PartialEq)]
pub enum Format {
    /// A JSON document.
    Json(JsonMapping),
    /// A text that is the value of the group's only tag. Its time is the arrival time.
    Text(Conversion),
    /// Binary numbers, one after the other.
    Raw(RawMapping),
}

/// How fields of a JSON document become tags.
#[derive(Debug, Clone, PartialEq)]
pub struct JsonMapping {
    /// How samples are laid out.
    pub layout: Layout,
    /// One field per tag, in the order of the group's tags.
    pub fields: Vec<Field>,
    /// Where the source time stands.
    pub time: TimeMapping,
}

/// How samples are laid out in a JSON document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Layout {
    /// The document is one sample: `{"ts":…,"a":1,"b":2}`.
    One,
    /// An array holds one element per sample: `{"samples":[{"ts":…,"a":1},…]}`. Pointers of fields
    /// with [`Scope::Sample`] begin at the element; elements may be objects, arrays or plain numbers.
    Each {
        /// Pointer to the array; empty where the document itself is the array.
        samples: String,
    },
    /// Each field is an array of its own, all of one length: `{"ts":[…],"a":[…],"b":[…]}`. A field
    /// that is no array holds for every sample; a time that is no array is that of the first sample.
    Columns,
}

/// One field of a JSON document.
#[derive(Debug, Clone, PartialEq)]
pub struct Field {
    /// Where it stands, as a JSON Pointer (RFC 6901) such as `/vib/rms`.
    pub pointer: String,
    /// Where the pointer begins; matters for [`Layout::Each`] only.
    pub scope: Scope,
    /// How its value becomes a reading.
    pub conversion: Conversion,
}

/// Where a pointer of [`Layout::Each`] begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Scope {
    /// At the sample's element of the array.
    #[default]
    Sample,
    /// At the document; the value holds for every sample.
    Message,
}

/// Where the source time stands.
#[derive(Debug, Clone, PartialEq)]
pub struct TimeMapping {
    /// What gives the time.
    pub source: TimeSource,
    /// Time between two samples of one message where they carry no times of their own. With the
    /// arrival time, the last sample has it; with a single stamp, the first.
    pub step: Duration,
}

impl TimeMapping {
    /// The arrival time, for every sample of a message alike.
    pub fn arrival() -> Self {
        Self { source: TimeSource::Arrival, step: Duration::ZERO }
    }
}

/// What gives the source time.
#[derive(Debug, Clone, PartialEq)]
pub enum TimeSource {
    /// The message carries none; the arrival time stands for it, without a doubt on the readings.
    Arrival,
    /// A field of the message. Where it is missing or unreadable, the arrival time stands in and the
    /// readings become uncertain.
    Field {
        /// JSON Pointer to the stamp.
        pointer: String,
        /// Where the pointer begins; matters for [`Layout::Each`] only.
        scope: Scope,
        /// How it is written.
        stamp: StampReader,
    },
}

/// Binary numbers, one after the other: sample by sample, and in each sample tag by tag.
#[derive(Debug, Clone, PartialEq)]
pub struct RawMapping {
    /// What one number is.
    pub number: RawNumber,
    /// Its byte order.
    pub order: ByteOrder,
    /// Bytes before the first number.
    pub header_bytes: usize,
    /// A stamp inside the header: that of the first sample.
    pub stamp: Option<RawStamp>,
    /// Time between two samples.
    pub step: Duration,
    /// One conversion per tag.
    pub conversions: Vec<Conversion>,
}

/// A 64-bit signed epoch stamp in the header of a raw payload, in the payload's byte order.
#[derive(Debug, Clone, PartialEq)]
pub struct RawStamp {
    /// Its first byte, counted from the payload's beginning.
    pub at_byte: usize,
    /// Its unit.
    pub stamp: StampReader,
}

/// What one raw number is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RawNumber {
    /// 16-bit signed integer.
    I16,
    /// 32-bit signed integer.
    I32,
    /// 16-bit unsigned integer.
    U16,
    /// 32-bit unsigned integer.
    U32,
    /// 32-bit IEEE 754.
    F32,
    /// 64-bit IEEE 754.
    F64,
}

impl RawNumber {
    /// Its width in bytes.
    pub const fn n_bytes(self) -> usize {
        match self {
            Self::I16 | Self::U16 => 2,
            Self::I32 | Self::U32 | Self::F32 => 4,
            Self::F64 => 8,
        }
    }
}

/// Which byte comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ByteOrder {
    /// The least significant one.
    Little,
    /// The most significant one.
    Big,
}
