//! `takt doctor`: whether this box has what the gateway needs, and what to do where it has not.

mod connections;
mod disk;
mod drivers;
mod finding;
mod library;
mod plant;
mod port;
mod times;

use super::answer::Answer;
use super::context::Context;
use super::exit::Exit;
use anyhow::Result;
use finding::{Finding, Grade};
use serde_json::json;
use std::path::Path;
use takt_config::resolved::Gateway;

pub(super) async fn run(context: &Context) -> Result<Answer> {
    // A configuration that cannot be read is the whole answer: nothing else is known then.
    let gateway = context.gateway()?;
    let mut findings = vec![configuration(context, &gateway)];
    let documents = plant::documents(context, &mut findings).await;
    library::examine(&gateway, documents.as_ref(), &mut findings);
    if let Some(documents) = &documents {
        plant::secrets(documents, &gateway, &mut findings);
        plant::models(documents, &gateway, &mut findings);
    }
    disk::examine(&gateway, &mut findings);
    if let Some(status) = port::examine(&gateway, context, &mut findings).await {
        connections::examine(&status, &mut findings);
    }
    times::examine(context.clock.wall(), &mut findings);
    let n_broken = findings.iter().filter(|finding| finding.grade == Grade::Broken).count();
    let n_notes = findings.iter().filter(|finding| finding.grade == Grade::Look).count();
    let mut lines: Vec<String> = findings.iter().map(Finding::line).collect();
    lines.push(match (n_broken, n_notes) {
        (0, 0) => "everything is as it should be".to_owned(),
        (0, notes) => format!("nothing is broken; {notes} to look at"),
        (broken, _) => format!("{broken} broken: mend what is marked BROKEN, from top to bottom"),
    });
    let listed: Vec<_> = findings.iter().map(Finding::json).collect();
    let exit = if n_broken > 0 { Exit::Failed } else { Exit::Clean };
    Ok(Answer::new(lines.join("\n"), json!({ "findings": listed, "n_broken": n_broken })).with_exit(exit))
}

/// What is read when nobody says otherwise is a box without lines; whoever forgot `--config` should see it.
fn configuration(context: &Context, gateway: &Gateway) -> Finding {
    let who = format!("{} at {}", *gateway.name, *gateway.site);
    match &context.source.config {
        Some(path) => Finding::good("configuration", format!("{who}, from {}", path.display())),
        None if Path::new("takt.toml").exists() => {
            let text = "no file was named, so built-in settings count; to read the one here: --config takt.toml";
            Finding::note("configuration", text)
        }
        None => {
            let text = "no file was named, so built-in settings count; write a takt.toml (with name, site and \
                        data_dir) and name it: --config takt.toml";
            Finding::note("configuration", text)
        }
    }
}
