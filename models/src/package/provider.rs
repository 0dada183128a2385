//! Providers by name: the ways ONNX Runtime can run a graph.

use std::fmt;
use std::str::FromStr;

/// A way to run a graph (an ONNX Runtime execution provider and its device).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Provider {
    /// ONNX Runtime's own CPU kernels; in every pack.
    Cpu,
    /// NVIDIA CUDA.
    Cuda,
    /// NVIDIA TensorRT.
    TensorRt,
    /// Intel OpenVINO on one of its devices.
    OpenVino(OpenVinoDevice),
    /// Qualcomm QNN on the Hexagon NPU, or its simulator.
    Qnn,
}

/// A device of OpenVINO.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum OpenVinoDevice {
    /// The processor.
    Cpu,
    /// The graphics processor.
    Gpu,
    /// The neural processor.
    Npu,
}

impl Provider {
    /// All providers, CPU first.
    pub const ALL: [Self; 7] = [
        Self::Cpu,
        Self::Cuda,
        Self::TensorRt,
        Self::OpenVino(OpenVinoDevice::Cpu),
        Self::OpenVino(OpenVinoDevice::Gpu),
        Self::OpenVino(OpenVinoDevice::Npu),
        Self::Qnn,
    ];

    /// The word of documents, manifests and the API.
    pub fn word(self) -> &'static str {
        match self {
            Self::Cpu => "cpu",
            Self::Cuda => "cuda",
            Self::TensorRt => "tensorrt",
            Self::OpenVino(OpenVinoDevice::Cpu) => "openvino:CPU",
            Self::OpenVino(OpenVinoDevice::Gpu) => "openvino:GPU",
            Self::OpenVino(OpenVinoDevice::Npu) => "openvino:NPU",
            Self::Qnn => "qnn",
        }
    }
}

impl fmt::Display for Provider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// A text that names no provider.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("'{found}' is no provider; write one of cpu, cuda, tensorrt, openvino:CPU, openvino:GPU, openvino:NPU, qnn")]
pub struct InvalidProvider {
    /// What was written.
    pub found: String,
}

impl FromStr for Provider {
    type Err = InvalidProvider;

    fn from_str(text: &str) -> Result<Self, InvalidProvider> {
        let same = |p: &Self| p.word().eq_ignore_ascii_case(text);
        Self::ALL.into_iter().find(same).ok_or_else(|| InvalidProvider { found: text.into() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_names_its_provider_again() {
        for provider in Provider::ALL {
            assert_eq!(provider.word().parse(), Ok(provider));
            assert_eq!(provider.word().to_uppercase().parse(), Ok(provider));
        }
        assert!("openvino".parse::<Provider>().is_err());
    }
}
