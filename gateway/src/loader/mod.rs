//! Loading models: from the catalogue to a seat at a check.
//!
//! Loading takes from a millisecond to minutes (engine builds), so it happens on a thread of its own
//! beside the running model; the shard only takes the finished seat, at a window's edge.

pub mod card;
pub mod contract;

use crate::board::{CheckGauge, DeviceInUse, ModelStanding, Refused};
use crate::payload::time_text;
use crate::pipeline::bench::Seat;
use crate::record::ModelStamp;
use std::path::PathBuf;
use std::sync::Arc;
use takt_adapters::Clock;
use takt_config::resolved::{Check, Device as Written, Line, OpenVinoDevice, Selection};
use takt_models::catalogue::Catalogue;
use takt_models::onnx::{Device, Fallback, FallbackRule, LoadOptions, Runtime, Scorer, Stage};
use takt_models::package::{OpenVinoDevice as ModelOpenVino, Package, Provider};
use takt_plant::{ModelId, WallTime};

/// What loads models: one for the process.
pub struct Loader {
    runtime: Result<Runtime, String>,
    catalogue: Catalogue,
    cache: PathBuf,
    clock: Clock,
}

impl Loader {
    /// A loader. A missing library is no end: verdicts are inconclusive(no model), and say why.
    pub fn new(runtime: Result<Runtime, String>, catalogue: Catalogue, cache: PathBuf, clock: Clock) -> Self {
        Self { runtime, catalogue, cache, clock }
    }

    /// The installed models.
    pub fn catalogue(&self) -> &Catalogue {
        &self.catalogue
    }

    /// The runtime, or why there is none.
    pub fn runtime(&self) -> Result<&Runtime, &str> {
        self.runtime.as_ref().map_err(String::as_str)
    }

    /// The models that a check may judge with, in the order of its seats.
    pub fn models(check: &Check) -> Vec<ModelId> {
        match &check.selection {
            Selection::Model(model) => vec![model.value.clone()],
            Selection::Recipe(recipe) => recipe.map.iter().map(|(_, model)| model.value.clone()).collect(),
        }
    }

    /// Loads the active version of every model of a check; shows on the gauge how each stands.
    pub fn seats(&self, line: &Line, check: &Check, gauge: &CheckGauge) -> Vec<Option<Seat>> {
        Self::models(check).iter().map(|model| self.seat(line, check, model, gauge, false)).collect()
    }

    /// Loads the active version of one model. `running`: an older version judges meanwhile, and stays
    /// when this one is refused (B31).
    pub fn seat(&self, line: &Line, check: &Check, model: &ModelId, gauge: &CheckGauge, running: bool) -> Option<Seat> {
        let name = model.to_string();
        let loaded = self.load(line, check, model, gauge, running);
        gauge.coming(&name, None);
        match loaded {
            Ok((seat, device)) => {
                let (stamp, since) = (Arc::clone(&seat.stamp), self.clock.wall());
                gauge.model(&name, ModelStanding::Ready { stamp, device, since });
                Some(seat)
            }
            Err(why) => {
                tracing::warn!(line = %*line.id, check = %*check.id, model = name, why, "the model was refused");
                if running {
                    gauge.refused(Refused { model: name, why, at: self.clock.wall() });
                } else {
                    gauge.model(&name, ModelStanding::Failed { why });
                }
                None
            }
        }
    }

    fn load(
        &self,
        line: &Line,
        check: &Check,
        model: &ModelId,
        gauge: &CheckGauge,
        running: bool,
    ) -> Result<(Seat, DeviceInUse), String> {
        let runtime = self.runtime.as_ref().map_err(Clone::clone)?;
        let package = self.catalogue.load_active(model).map_err(|error| sentence(&error))?;
        let bound = contract::bind(package.manifest(), line, check).map_err(|wrong| wrong.join("; "))?;
        let clock = self.clock;
        let name = model.to_string();
        let progress = |stage: Stage| {
            let step = step(stage, clock.wall());
            if running {
                gauge.coming(&name, Some(step));
            } else {
                gauge.model(&name, ModelStanding::Loading { step });
            }
        };
        let options = LoadOptions {
            device: device(*check.device),
            fallback: if check.fallback { FallbackRule::Allowed } else { FallbackRule::Refused },
            cache: Some(&self.cache),
            now: &|| clock.mono(),
            progress: &progress,
        };
        let scorer = Scorer::load(runtime, &package, &options).map_err(|error| sentence(&error))?;
        let run = scorer.times().p95;
        if run > check.deadline {
            return Err(format!(
                "a run takes {run:?} (p95 on this box), longer than the check's deadline of {:?}; take a smaller model, a \
                 faster device, or a longer deadline",
                check.deadline
            ));
        }
        let device = in_use(*check.device, &scorer);
        Ok((Seat::new(Arc::new(stamp(&package)), scorer, bound.order, bound.judging), device))
    }
}

fn stamp(package: &Package) -> ModelStamp {
    let manifest = package.manifest();
    ModelStamp {
        name: manifest.name.to_string(),
        version: manifest.version.to_string(),
        digest: package.digest().to_string(),
    }
}

fn in_use(asked: Written, scorer: &Scorer) -> DeviceInUse {
    let fallback = match scorer.fallback() {
        Fallback::None => None,
        Fallback::ToCpu { why, .. } => Some(why.clone()),
    };
    DeviceInUse { asked: asked.word().to_owned(), used: scorer.provider().to_string(), fallback }
}

/// The device of a document as the models know it.
pub fn device(written: Written) -> Device {
    let provider = match written {
        Written::Auto => return Device::Auto,
        Written::Cpu => Provider::Cpu,
        Written::Cuda => Provider::Cuda,
        Written::TensorRt => Provider::TensorRt,
        Written::OpenVino(OpenVinoDevice::Cpu) => Provider::OpenVino(ModelOpenVino::Cpu),
        Written::OpenVino(OpenVinoDevice::Gpu) => Provider::OpenVino(ModelOpenVino::Gpu),
        Written::OpenVino(OpenVinoDevice::Npu) => Provider::OpenVino(ModelOpenVino::Npu),
        Written::Qnn => Provider::Qnn,
    };
    Device::On(provider)
}

/// A stage in words. A build can take minutes, and no provider says how far it is, so it says since when.
fn step(stage: Stage, now: WallTime) -> String {
    match stage {
        Stage::Building(provider) => format!("building the engine for {provider} since {}", time_text(now)),
        Stage::Reading(provider) => format!("reading the cached engine for {provider}"),
        Stage::Checking(provider) => format!("checking test vectors on {provider}"),
        Stage::WarmingUp(provider) => format!("warming up on {provider}"),
        Stage::Ready(provider) => format!("ready on {provider}"),
    }
}

/// An error with its causes in one line.
pub fn sentence(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let more = error.to_string();
        if !text.contains(&more) {
            text = format!("{text}: {more}");
        }
        cause = error.source();
    }
    text
}
