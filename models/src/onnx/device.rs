//! Where a model shall run, as a document asks for it.

use crate::package::Provider;
use std::fmt;
use std::str::FromStr;

/// The device that a check asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Device {
    /// The fastest provider of the pack that passes every check on this box, by measured p95.
    Auto,
    /// This one.
    On(Provider),
}

/// What happens when the device cannot run the model.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FallbackRule {
    /// The whole graph runs on the CPU, and that is shown.
    Allowed,
    /// The model is not loaded.
    Refused,
}

impl fmt::Display for Device {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Auto => f.write_str("auto"),
            Self::On(provider) => provider.fmt(f),
        }
    }
}

/// A text that names no device.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "'{found}' is no device; write one of auto, cpu, cuda, tensorrt, openvino:CPU, openvino:GPU, openvino:NPU, qnn"
)]
pub struct InvalidDevice {
    /// What was written.
    pub found: String,
}

impl FromStr for Device {
    type Err = InvalidDevice;

    fn from_str(text: &str) -> Result<Self, InvalidDevice> {
        if text.eq_ignore_ascii_case("auto") {
            return Ok(Self::Auto);
        }
        text.parse().map(Self::On).map_err(|_| InvalidDevice { found: text.into() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_names_its_device_again() {
        for device in Provider::ALL.map(Device::On).into_iter().chain([Device::Auto]) {
            assert_eq!(device.to_string().parse(), Ok(device));
        }
        let why = "gpu".parse::<Device>().expect_err("no device").to_string();
        assert!(why.contains("openvino:NPU"), "{why}");
    }
}
