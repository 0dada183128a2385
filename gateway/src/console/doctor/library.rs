//! ONNX Runtime: whether it is there, which it is, and which devices really run.

use super::finding::Finding;
use crate::loader::{self, sentence};
use crate::run;
use takt_config::Resolved;
use takt_config::resolved::Gateway;
use takt_models::onnx::{Device, Unusable, Usability, probe};
use takt_models::package::Provider;

pub(super) fn examine(gateway: &Gateway, documents: Option<&Resolved>, findings: &mut Vec<Finding>) {
    let runtime = match run::runtime(gateway) {
        Ok(runtime) => runtime,
        Err(why) => return findings.push(Finding::broken("library", why)),
    };
    let version = runtime.version().unwrap_or_else(|| "of unknown version".to_owned());
    let (pack, path) = (runtime.pack(), runtime.library().display());
    findings.push(Finding::good("library", format!("ONNX Runtime {version}, pack {pack}: {path}")));
    let probed = probe(&runtime);
    for Usability { provider, verdict } in &probed {
        let what = format!("device {provider}");
        let asking = documents.map(|documents| asking(documents, *provider)).unwrap_or_default();
        let asked = |text: String| match asking.is_empty() {
            true => text,
            false => format!("{text}; asked for by {}", asking.join(", ")),
        };
        findings.push(match verdict {
            Ok(()) => Finding::good(what, asked("runs".to_owned())),
            // What nobody asks for and the pack cannot have is no news.
            Err(Unusable::NotInPack) if asking.is_empty() => continue,
            Err(why) if asking.is_empty() && *provider != Provider::Cpu => {
                Finding::note(what, format!("cannot be used: {}", sentence(why)))
            }
            Err(why) => Finding::broken(what, asked(format!("cannot be used: {}", sentence(why)))),
        });
    }
}

/// The checks that ask for a device and would not take another.
fn asking(documents: &Resolved, provider: Provider) -> Vec<String> {
    let mut asking = Vec::new();
    for line in &documents.lines {
        for check in line.checks.iter().filter(|check| !check.fallback) {
            if loader::device(*check.device) == Device::On(provider) {
                asking.push(format!("{}/{}", *line.id, *check.id));
            }
        }
    }
    asking
}
