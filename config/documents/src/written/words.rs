//! The closed lists of words, each given to the type that it becomes.

use crate::resolved::{ByteOrder, Device, Endian, MqttVersion, OpenVinoDevice, Pack, RegisterType, WhenUnwritable};
use takt_plant::{Align, Edge, ExportClass, Join};

/// How far away the end of a connection is.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Reach(pub ExportClass);

/// How an output is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mode {
    Level,
    Pulse,
    Handshake,
}

/// How a payload is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Format {
    Json,
    Text,
    Raw,
}

words! { RegisterType = "What registers or a binary array hold." {
    "bool" => Self::Bool,
    "i16" => Self::I16,
    "u16" => Self::U16,
    "i32" => Self::I32,
    "u32" => Self::U32,
    "i64" => Self::I64,
    "u64" => Self::U64,
    "f32" => Self::F32,
    "f64" => Self::F64,
    "string" => Self::String,
}}

words! { ByteOrder = "The order of bytes, A the highest." {
    "abcd" => Self::Abcd,
    "cdab" => Self::Cdab,
    "badc" => Self::Badc,
    "dcba" => Self::Dcba,
    "abcdefgh" => Self::Abcd,
    "ghefcdab" => Self::Cdab,
    "badcfehg" => Self::Badc,
    "hgfedcba" => Self::Dcba,
    "ABCD" => Self::Abcd,
    "CDAB" => Self::Cdab,
    "BADC" => Self::Badc,
    "DCBA" => Self::Dcba,
    "ABCDEFGH" => Self::Abcd,
    "GHEFCDAB" => Self::Cdab,
    "BADCFEHG" => Self::Badc,
    "HGFEDCBA" => Self::Dcba,
}}

words! { Endian = "The order of bytes of a binary array." { "little" => Self::Little, "big" => Self::Big, } }

words! { Format = "How a payload is read." {
    "json" => Self::Json,
    "text" => Self::Text,
    "raw" => Self::Raw,
}}

words! { MqttVersion = "MQTT protocol version." { "3.1.1" => Self::V311, "5" => Self::V5, } }

words! { WhenUnwritable = "What happens to messages while the store cannot be written." {
    "judge" => Self::Judge,
    "hold" => Self::Hold,
}}

words! { Pack = "Which ONNX Runtime library the process has." {
    "cpu" => Self::Cpu,
    "cuda" => Self::Cuda,
    "openvino" => Self::OpenVino,
    "qnn" => Self::Qnn,
}}

words! { Reach = "How far away the end of a connection is: on the same site, in the same company, or anywhere." {
    "same" => Self(ExportClass::SameSite),
    "company" => Self(ExportClass::SameCompany),
    "mesh" => Self(ExportClass::Mesh),
}}

words! { ExportClass = "How far a tag's data may go." {
    "never" => Self::Never,
    "same-site" => Self::SameSite,
    "same-company" => Self::SameCompany,
    "mesh" => Self::Mesh,
}}

words! { Edge = "When a trigger fires." {
    "rising" => Self::Rising,
    "falling" => Self::Falling,
    "change" => Self::Change,
}}

words! { Join = "How values between samples are found." { "hold" => Self::Hold, "linear" => Self::Linear, } }

words! { Align = "Where the grid of time windows lies." { "epoch" => Self::Epoch, "first" => Self::First, } }

words! { Mode = "How a verdict is written." {
    "level" => Self::Level,
    "pulse" => Self::Pulse,
    "handshake" => Self::Handshake,
}}

words! { Device = "Where a model runs." {
    "auto" => Self::Auto,
    "cpu" => Self::Cpu,
    "cuda" => Self::Cuda,
    "tensorrt" => Self::TensorRt,
    "openvino:CPU" => Self::OpenVino(OpenVinoDevice::Cpu),
    "openvino:GPU" => Self::OpenVino(OpenVinoDevice::Gpu),
    "openvino:NPU" => Self::OpenVino(OpenVinoDevice::Npu),
    "qnn" => Self::Qnn,
}}
