//! Documents, secrets and models: whether what the lines name is there.

use super::finding::Finding;
use crate::console::context::Context;
use crate::loader::{Loader, sentence};
use crate::secrets;
use anyhow::Result;
use std::collections::BTreeSet;
use takt_config::Resolved;
use takt_config::resolved::Gateway;
use takt_models::catalogue::Catalogue;
use takt_plant::ModelId;

/// The documents in force; `None` where they are not valid.
pub(super) async fn documents(context: &Context, findings: &mut Vec<Finding>) -> Option<Resolved> {
    let read = context.documents().await.and_then(|documents| -> Result<Resolved> {
        crate::documents::plan(&documents)?;
        Ok(documents)
    });
    match read {
        Ok(documents) => {
            let (lines, connections) = (documents.lines.len(), documents.connections.len());
            let n_checks: usize = documents.lines.iter().map(|line| line.checks.len()).sum();
            let some = |n: usize, what: &str| format!("{n} {what}{}", if n == 1 { "" } else { "s" });
            let counts = [some(connections, "connection"), some(lines, "line"), some(n_checks, "check")];
            let text = counts.join(", ");
            findings.push(match n_checks {
                0 => Finding::note("documents", format!("{text}; nothing is judged before `takt line apply FILE`")),
                _ => Finding::good("documents", text),
            });
            Some(documents)
        }
        Err(error) => {
            findings.push(Finding::broken("documents", sentence(error.as_ref())));
            None
        }
    }
}

/// Whether every secret is there. Its text is not looked at.
pub(super) fn secrets(documents: &Resolved, gateway: &Gateway, findings: &mut Vec<Finding>) {
    for connection in &documents.connections {
        for name in secrets::used_by(connection) {
            let what = format!("secret {}", name.name());
            findings.push(match secrets::reveal(&gateway.data_dir, &name) {
                Ok(_) => Finding::good(what, format!("there, for {}", *connection.id)),
                Err(why) => Finding::broken(what, format!("for {}: {why}", *connection.id)),
            });
        }
    }
}

/// Whether every model has an active version that can be read.
pub(super) fn models(documents: &Resolved, gateway: &Gateway, findings: &mut Vec<Finding>) {
    let checks = documents.lines.iter().flat_map(|line| &line.checks);
    let wanted: BTreeSet<ModelId> = checks.flat_map(Loader::models).collect();
    let folder = gateway.data_dir.join("models");
    if wanted.is_empty() || !folder.exists() {
        findings.extend(wanted.iter().map(nothing_active));
        return;
    }
    let catalogue = match Catalogue::open(&folder) {
        Ok(catalogue) => catalogue,
        Err(error) => return findings.push(Finding::broken("models", sentence(&error))),
    };
    for model in &wanted {
        let what = format!("model {model}");
        findings.push(match catalogue.active(model) {
            Ok(None) => nothing_active(model),
            Ok(Some(release)) => match catalogue.load_active(model) {
                Ok(_) => Finding::good(what, format!("{} is active", release.version)),
                Err(error) => Finding::broken(what, sentence(&error)),
            },
            Err(error) => Finding::broken(what, sentence(&error)),
        });
    }
}

fn nothing_active(model: &ModelId) -> Finding {
    let text =
        "no version is active, so its verdicts are inconclusive; `takt learn … --activate` or `takt model activate`";
    Finding::note(format!("model {model}"), text)
}
