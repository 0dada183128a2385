//! Options of one Modbus TCP connection: plain values that `assemble` fills in from documents.

use super::address::Address;
use super::codec::Codec;
use std::time::Duration;
use takt_plant::{GroupSlot, TagSlot, WriteSlot};

/// One connection to a device, or to a gateway with several units behind it.
#[derive(Debug, Clone, PartialEq)]
pub struct ModbusOptions {
    /// Host name or IP address and port, such as `10.0.0.10:502`. Resolved at every connect.
    pub address: String,
    /// How the socket behaves.
    pub timing: Timing,
    /// TCP connections that reads, and writes without a connection of their own, may use (B7).
    pub connections_max: u8,
    /// One further TCP connection for writes alone, so that a write never waits for a read.
    pub write_connection: bool,
    /// Closes the connection while nothing is due, for devices with few sockets (B7).
    pub close_between_polls: bool,
    /// How reads are merged (B4).
    pub coalescing: Coalescing,
    /// When a silent unit is set aside (B6).
    pub setting_aside: SettingAside,
    /// How reconnecting slows down (B8).
    pub retry: Retry,
    /// Seed of the random spread of reconnects and probes; differs from gateway to gateway.
    pub seed: u64,
    /// What is read.
    pub groups: Vec<GroupOptions>,
    /// What may be written.
    pub writes: Vec<WriteSpec>,
}

impl ModbusOptions {
    /// The usual options for an address, with nothing to read or write yet.
    pub fn new(address: &str) -> Self {
        Self {
            address: address.to_owned(),
            timing: Timing::default(),
            connections_max: 1,
            write_connection: false,
            close_between_polls: false,
            coalescing: Coalescing::default(),
            setting_aside: SettingAside::default(),
            retry: Retry::default(),
            seed: 0,
            groups: Vec::new(),
            writes: Vec::new(),
        }
    }
}

/// How the socket behaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timing {
    /// Longest wait for one answer.
    pub timeout: Duration,
    /// Longest wait for a TCP connection.
    pub connect_timeout: Duration,
    /// Pause between connecting and the first request (B11).
    pub pause_after_connect: Duration,
    /// Pause between an answer and the next request (B11).
    pub pause_between_requests: Duration,
}

impl Default for Timing {
    fn default() -> Self {
        Self {
            timeout: Duration::from_millis(200),
            connect_timeout: Duration::from_secs(2),
            pause_after_connect: Duration::ZERO,
            pause_between_requests: Duration::ZERO,
        }
    }
}

/// How neighbouring registers are merged into one read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Coalescing {
    /// Most unwanted registers between two tags of one read.
    pub gap_registers_max: u16,
    /// Most unwanted bits between two tags of one read.
    pub gap_bits_max: u16,
    /// Most registers one read asks for, 1 to 125.
    pub registers_max: u16,
    /// Most bits one read asks for, 1 to 2000.
    pub bits_max: u16,
}

impl Default for Coalescing {
    fn default() -> Self {
        Self { gap_registers_max: 8, gap_bits_max: 64, registers_max: 125, bits_max: 2_000 }
    }
}

/// When a unit that does not answer is set aside, so that the others keep their cycle. A
/// connection with a single unit has nobody to protect and never sets it aside.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SettingAside {
    /// Time-outs in a row before it is set aside, at least 1.
    pub after_timeouts: u32,
    /// First pause before it is asked again; doubles with every further time-out.
    pub probe_first: Duration,
    /// Longest pause.
    pub probe_max: Duration,
}

impl Default for SettingAside {
    fn default() -> Self {
        Self { after_timeouts: 3, probe_first: Duration::from_secs(1), probe_max: Duration::from_secs(30) }
    }
}

/// How reconnecting slows down. Delays double and are spread over half to one and a half times.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retry {
    /// The first delay after a refused connection.
    pub first: Duration,
    /// The longest delay: also the longest time until a device that came back is tried.
    pub max: Duration,
}

impl Default for Retry {
    fn default() -> Self {
        Self { first: Duration::from_millis(200), max: Duration::from_secs(10) }
    }
}

/// Tags of one line that are read together, in one cycle, from one unit.
#[derive(Debug, Clone, PartialEq)]
pub struct GroupOptions {
    /// The group.
    pub group: GroupSlot,
    /// The unit id on the wire.
    pub unit: u8,
    /// Time from one cycle to the next.
    pub every: Duration,
    /// The tags, in the order of the frames.
    pub tags: Vec<TagOptions>,
}

/// One tag.
#[derive(Debug, Clone, PartialEq)]
pub struct TagOptions {
    /// The tag.
    pub tag: TagSlot,
    /// Its first register or bit.
    pub address: Address,
    /// How its registers are read.
    pub codec: Codec,
}

/// One place that may be written.
#[derive(Debug, Clone, PartialEq)]
pub struct WriteSpec {
    /// The name by which a permit refers to it.
    pub slot: WriteSlot,
    /// The unit id on the wire.
    pub unit: u8,
    /// Its coil or first holding register.
    pub address: Address,
    /// How a value becomes registers: type, order and scale. Unused for a coil.
    pub codec: Codec,
    /// Which function code writes a single element (B13).
    pub function: WriteFunction,
}

/// Which function code writes a single coil or register; several registers always go by 16.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum WriteFunction {
    /// 05 for a coil, 06 for a register.
    #[default]
    Single,
    /// 15 for a coil, 16 for a register.
    Multiple,
}
