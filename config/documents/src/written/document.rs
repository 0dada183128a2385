//! The document: everything that can stand at its top.

use super::connection::Connection;
use super::line::Line;
use super::scalar::{Bytes, Whole};
use super::words::Reach;
use crate::place::At;
use crate::resolved::{Pack, WhenUnwritable};
use crate::secret::Pem;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;
use takt_plant::{GatewayId, SiteId};

written! {
    /// A document of Takt. The box itself stands in one document, connections and lines in any number of them.
    pub(crate) struct Document = "document" {
        /// The name of this box. It is part of the topics of its verdicts.
        optional name: GatewayId,
        /// The plant location at which this box stands. Raw data never leaves it.
        optional site: SiteId,
        /// The folder in which everything is kept. Default /var/lib/takt.
        optional data_dir: PathBuf,
        /// The HTTP interface.
        optional http: Http,
        /// Models and threads.
        optional runtime: Runtime,
        /// What is kept, and how long.
        optional history: History,
        /// The mesh of gateways.
        optional mesh: Mesh,
        /// Where our own telemetry goes.
        optional telemetry: Telemetry,
        /// Ways to devices, brokers and files.
        optional connections: Vec<At<Connection>>,
        /// Production lines.
        optional lines: Vec<At<Line>>,
    }
}

written! {
    /// The HTTP interface.
    pub(crate) struct Http = "http table" {
        /// Where it listens. Beyond the loopback only with `tls`. Default 127.0.0.1:8520.
        optional address: SocketAddr,
        /// Encrypts it. An empty table makes a certificate of its own and keeps it in the data folder.
        optional tls: ListenTls,
        /// Names by which it is called beside its address, such as box-1.plant.example.
        optional hosts: Vec<At<String>>,
        /// A sign-in ends after so long without use. Default 8h.
        optional session_idle: Duration,
        /// A sign-in ends after so long in any case. Default 7d.
        optional session_max: Duration,
    }
}

written! {
    /// How the HTTP interface is encrypted.
    pub(crate) struct ListenTls = "http tls table" {
        /// The certificate chain, PEM. Default: one of its own.
        optional certificate: Pem,
        /// The certificate's private key, PEM.
        optional key: Pem,
    }
}

written! {
    /// Models and threads.
    pub(crate) struct Runtime = "runtime table" {
        /// The ONNX Runtime library. Default: the one beside the program.
        optional library: PathBuf,
        /// Which ONNX Runtime library this is, and so which devices there are. Default cpu.
        optional pack: Pack,
        /// Threads that own connections and lines. Default: as the machine has cores.
        optional shards: Whole<1, 256>,
        /// Threads that run models too slow for a shard. Default: as the machine has cores.
        optional executor_threads: Whole<1, 256>,
    }
}

written! {
    /// What is kept, and how long.
    pub(crate) struct History = "history table" {
        /// Bytes on disk at most. Default 10GB.
        optional bytes_max: Bytes,
        /// Age of raw samples at most. Default 30d.
        optional retention: Duration,
        /// How long the journal waits for company before it commits, at most 1s. Default 2ms.
        optional journal_linger: Duration,
        /// What connections do while the store cannot be written, unless they say it themselves. Default judge.
        optional when_unwritable: WhenUnwritable,
    }
}

written! {
    /// The mesh of gateways. It comes with a later version.
    pub(crate) struct Mesh = "mesh table" {
        /// Only false for now.
        optional enabled: bool,
    }
}

written! {
    /// Where our own telemetry goes.
    pub(crate) struct Telemetry = "telemetry table" {
        /// The collector's address, OTLP over HTTP, such as http://127.0.0.1:4318. Default: nowhere.
        optional otlp: String,
        /// How far away the collector is. Default same.
        optional site: Reach,
        /// Time between two reports. Default 10s.
        optional every: Duration,
    }
}
