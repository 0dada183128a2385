//! The box: its name, where it keeps its data, what it listens on.

use super::connection::WhenUnwritable;
use crate::place::At;
use crate::secret::Pem;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;
use takt_plant::{ExportClass, GatewayId, SiteId};

/// The gateway document.
#[derive(Debug, Clone, PartialEq)]
pub struct Gateway {
    /// The name of this box.
    pub name: At<GatewayId>,
    /// The plant location at which it stands.
    pub site: At<SiteId>,
    /// Where everything is kept. Default `/var/lib/takt`.
    pub data_dir: At<PathBuf>,
    /// The HTTP interface.
    pub http: Http,
    /// Models and threads.
    pub runtime: Runtime,
    /// What is kept, and how long.
    pub history: History,
    /// Where our own telemetry goes; `None`: nowhere.
    pub otlp: Option<Otlp>,
}

/// The HTTP interface.
#[derive(Debug, Clone, PartialEq)]
pub struct Http {
    /// Where it listens; beyond the loopback only with `tls`. Default `127.0.0.1:8520`.
    pub address: At<SocketAddr>,
    /// How it is encrypted; `None`: not at all, so it listens on the loopback only.
    pub tls: Option<ListenTls>,
    /// Names by which it is called beside its address, with a port or without.
    pub hosts: Vec<At<String>>,
    /// A sign-in ends after so long without use. Default 8 hours.
    pub session_idle: Duration,
    /// A sign-in ends after so long in any case. Default 7 days.
    pub session_max: Duration,
}

/// Where the certificate comes from.
#[derive(Debug, Clone, PartialEq)]
pub enum ListenTls {
    /// The gateway makes it and keeps it in its folder.
    Generated,
    /// It is given, with its key.
    Given {
        /// The chain, the gateway's own first.
        certificate: At<Pem>,
        /// Its key.
        key: At<Pem>,
    },
}

/// Models and threads.
#[derive(Debug, Clone, PartialEq)]
pub struct Runtime {
    /// The ONNX Runtime library; `None`: the one beside the program.
    pub library: Option<At<PathBuf>>,
    /// Which runtime this is, and so which devices there are. Default `cpu`.
    pub pack: At<Pack>,
    /// Shards: threads that own connections and lines. Default auto.
    pub shards: Threads,
    /// Threads that run models too slow for a shard. Default auto.
    pub executor_threads: Threads,
}

/// Which ONNX Runtime library the process has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Pack {
    /// The stock library.
    Cpu,
    /// With CUDA and TensorRT.
    Cuda,
    /// With OpenVINO.
    OpenVino,
    /// The stock library with the QNN plug-in.
    Qnn,
}

impl Pack {
    /// The word of documents and of the API.
    pub fn word(self) -> &'static str {
        match self {
            Self::Cpu => "cpu",
            Self::Cuda => "cuda",
            Self::OpenVino => "openvino",
            Self::Qnn => "qnn",
        }
    }
}

/// How many threads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Threads {
    /// As many as the machine makes sensible.
    Auto,
    /// This many.
    Exactly(u32),
}

/// What is kept, and how long.
#[derive(Debug, Clone, PartialEq)]
pub struct History {
    /// Bytes on disk at most. Default 10 GB.
    pub bytes_max: u64,
    /// Age of raw samples at most. Default 30 days.
    pub retention: Duration,
    /// How long the journal waits for company before it commits. Default 2 ms.
    pub journal_linger: Duration,
    /// What connections do that say nothing themselves while the store cannot be written. Default judge.
    pub when_unwritable: WhenUnwritable,
}

/// Where our own telemetry goes.
#[derive(Debug, Clone, PartialEq)]
pub struct Otlp {
    /// The collector's address, OTLP over HTTP.
    pub url: At<String>,
    /// How far away it is: what may go there by the tags' export classes.
    pub reach: ExportClass,
    /// Time between two reports. Default 10 s.
    pub every: Duration,
}
