//! What new versions of documents would do, before anybody does it (B40).

use super::cells::{CellDocuments, cells};
use super::draft::AppliedDocument;
use super::shown::{ChangeView, ProblemView, changes};
use super::source::{DocumentSource, examine, sources};
use crate::assemble::{CellPlan, Whose};
use crate::store::DocumentVersion;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use takt_config::{Problems, Resolved, Source};
use utoipa::ToSchema;

/// What new versions of documents would do. With a problem nothing is done, and only the problems count.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
pub struct Preview {
    /// Everything that is wrong, all at once.
    pub problems: Vec<ProblemView>,
    /// Every key that changes.
    pub difference: Vec<ChangeView>,
    /// Lines that begin or begin anew; what they counted stays, their open windows go on.
    pub lines_restarted: Vec<String>,
    /// Of those, lines that the change does not touch: they share a connection with one that it does. Their counts
    /// go on; their connections come up anew, so outputs get their fail-safe value in between.
    pub lines_drawn_in: Vec<String>,
    /// Lines that run on undisturbed.
    pub lines_untouched: Vec<String>,
    /// Lines that end.
    pub lines_stopped: Vec<String>,
    /// Outputs that are armed now and would go back to dry run, as `line/check/output`.
    pub outputs_disarmed: Vec<String>,
}

/// A preview with what it was made from.
#[derive(Debug)]
pub struct Previewed {
    /// What would be done.
    pub preview: Preview,
    /// The cells as they would run; empty where there is a problem.
    pub cells: BTreeMap<String, (CellPlan, CellDocuments)>,
    /// All documents as they would be in force.
    pub after: Result<Resolved, Problems>,
}

/// Looks at new versions beside what is in force. `running` are the cells that run now.
pub fn preview(
    source: &DocumentSource,
    applied: &[DocumentVersion],
    new: &[AppliedDocument],
    whose: &Whose,
    running: &BTreeMap<String, CellDocuments>,
) -> Previewed {
    let mut seen = Preview::default();
    let planned = sources(source, applied, new).and_then(|sources| {
        let names: Vec<&str> = new.iter().map(|document| document.name.as_str()).collect();
        let (after, plans) = examine(&sources, Problems::default(), &names, |_| whose.clone())?;
        seen.difference = differences(applied, new)?;
        Ok((cells(&after, plans), after))
    });
    match planned {
        Ok((cells, after)) => {
            fates(&cells, running, &mut seen);
            Previewed { preview: seen, cells, after: Ok(after) }
        }
        Err(problems) => {
            let preview = Preview { problems: ProblemView::all(&problems), ..Preview::default() };
            Previewed { preview, cells: BTreeMap::new(), after: Err(problems) }
        }
    }
}

fn differences(applied: &[DocumentVersion], new: &[AppliedDocument]) -> Result<Vec<ChangeView>, Problems> {
    let mut all = Vec::new();
    for AppliedDocument { name, text } in new {
        let source = |text: &String| Source::new(name, text.clone());
        let old = applied.iter().find(|document| document.name == *name).and_then(|old| old.text.as_ref());
        all.extend(changes(name, old.map(source).as_ref(), text.as_ref().map(source).as_ref())?);
    }
    Ok(all)
}

/// Which lines begin anew, run on, or end: lines of one cell share connections and so their fate.
fn fates(
    wanted: &BTreeMap<String, (CellPlan, CellDocuments)>,
    running: &BTreeMap<String, CellDocuments>,
    seen: &mut Preview,
) {
    let ids = |documents: &CellDocuments| documents.lines.iter().map(|line| line.id.to_string()).collect::<Vec<_>>();
    for (name, (plan, documents)) in wanted {
        if running.get(name).is_some_and(|now| now == documents) {
            seen.lines_untouched.extend(ids(documents));
            continue;
        }
        seen.lines_restarted.extend(ids(documents));
        let drawn_in = plan.lines.iter().filter(|line| running.values().any(|now| now.holds(line, documents)));
        seen.lines_drawn_in.extend(drawn_in.map(|line| line.line.id.to_string()));
    }
    let goes_on = |line: &String| seen.lines_untouched.contains(line) || seen.lines_restarted.contains(line);
    let ended: Vec<String> = running.values().flat_map(ids).filter(|line| !goes_on(line)).collect();
    seen.lines_stopped = ended;
}
