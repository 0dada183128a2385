//! ONNX Runtime: whether it is there, which it is, and which devices really run.

use super::drivers;
use super::finding::{Finding, Grade};
use crate::loader::{self, sentence};
use crate::run;
use takt_config::Resolved;
use takt_config::resolved::Gateway;
use takt_models::onnx::{Device, Runtime, Unusable, Usability, probe};
use takt_models::package::Provider;

pub(super) fn examine(gateway: &Gateway, documents: Option<&Resolved>, findings: &mut Vec<Finding>) {
    let runtime = match run::runtime(gateway) {
        Ok(runtime) => runtime,
        Err(why) => {
            let how = "runtime.library or TAKT_ORT_LIB may name another place";
            return findings.push(Finding::broken("library", format!("{why}; {how}")));
        }
    };
    let version = runtime.version().unwrap_or_else(|| "of unknown version".to_owned());
    let (pack, path) = (runtime.pack(), runtime.library().display());
    findings.push(Finding::good("library", format!("ONNX Runtime {version}, pack {pack}: {path}")));
    for Usability { provider, verdict } in probe(&runtime) {
        let asking = documents.map(|documents| Asking::of(documents, provider)).unwrap_or_default();
        findings.extend(device(&runtime, provider, verdict, &asking));
    }
}

/// One device: whether it runs, what it lacks, and what that means for the checks that ask for it.
fn device(runtime: &Runtime, provider: Provider, verdict: Result<(), Unusable>, asking: &Asking) -> Option<Finding> {
    let what = format!("device {provider}");
    let why = match verdict {
        Ok(()) if asking.is_empty() => return Some(Finding::good(what, "runs")),
        Ok(()) => return Some(Finding::good(what, format!("runs; asked for by {}", asking.all().join(", ")))),
        // What nobody asks for and the pack cannot have is no news.
        Err(Unusable::NotInPack) if asking.is_empty() => return None,
        Err(why) => why,
    };
    let mut text = format!("cannot be used: {}", sentence(&why));
    if why == Unusable::NotCompiled {
        text.push_str(&format!("; set runtime.library to one of pack {}", runtime.pack()));
    } else if let missing = drivers::missing(provider, runtime.library())
        && !missing.is_empty()
    {
        text.push_str(&format!("\nmissing on this box:\n  {}", missing.join("\n  ")));
    }
    if !asking.insisting.is_empty() {
        let checks = asking.insisting.join(", ");
        text.push_str(&format!("\n{checks} will not judge: choose another device, or write fallback = true"));
        return Some(Finding::broken(what, text));
    }
    if !asking.content.is_empty() {
        text.push_str(&format!("\n{} will fall back to the CPU", asking.content.join(", ")));
        return Some(Finding::note(what, text));
    }
    let grade = if provider == Provider::Cpu { Grade::Broken } else { Grade::Unused };
    Some(Finding::new(what, grade, text))
}

/// The checks that ask for a device.
#[derive(Default)]
struct Asking {
    /// They would not take another.
    insisting: Vec<String>,
    /// The CPU will do for them.
    content: Vec<String>,
}

impl Asking {
    fn of(documents: &Resolved, provider: Provider) -> Self {
        let mut asking = Self::default();
        for line in &documents.lines {
            let checks = line.checks.iter().filter(|check| loader::device(*check.device) == Device::On(provider));
            for check in checks {
                let name = format!("{}/{}", *line.id, *check.id);
                if check.fallback { &mut asking.content } else { &mut asking.insisting }.push(name);
            }
        }
        asking
    }

    fn all(&self) -> Vec<&str> {
        self.insisting.iter().chain(&self.content).map(String::as_str).collect()
    }

    fn is_empty(&self) -> bool {
        self.insisting.is_empty() && self.content.is_empty()
    }
}
