//! `takt doctor`: whether this box has what the gateway needs, and what to do where it has not.

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

pub(super) async fn run(context: &Context) -> Result<Answer> {
    // A configuration that cannot be read is the whole answer: nothing else is known then.
    let gateway = context.gateway()?;
    let mut findings = vec![Finding::good("configuration", format!("{} at {}", *gateway.name, *gateway.site))];
    let documents = plant::documents(context, &mut findings).await;
    library::examine(&gateway, documents.as_ref(), &mut findings);
    if let Some(documents) = &documents {
        plant::secrets(documents, &gateway, &mut findings);
        plant::models(documents, &gateway, &mut findings);
    }
    disk::examine(&gateway, &mut findings);
    port::examine(&gateway, context, &mut findings).await;
    times::examine(context.clock.wall(), &mut findings);
    let n_broken = findings.iter().filter(|finding| finding.grade == Grade::Broken).count();
    let n_notes = findings.iter().filter(|finding| finding.grade == Grade::Note).count();
    let mut lines: Vec<String> = findings.iter().map(Finding::line).collect();
    lines.push(match (n_broken, n_notes) {
        (0, 0) => "everything is as it should be".to_owned(),
        (0, notes) => format!("nothing is broken; {notes} to look at"),
        (broken, _) => format!("{broken} broken"),
    });
    let listed: Vec<_> = findings.iter().map(Finding::json).collect();
    let exit = if n_broken > 0 { Exit::Failed } else { Exit::Clean };
    Ok(Answer::new(lines.join("\n"), json!({ "findings": listed, "n_broken": n_broken })).with_exit(exit))
}
