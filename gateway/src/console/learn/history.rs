//! Rows of good production from the gateway's history: the check's own windower cuts the samples
//! again, so that a model is learned from exactly the windows that it will judge.

use super::Taken;
use super::contract::{Pool, inputs};
use super::features::{self, Chosen};
use super::frames::Frames;
use crate::assemble::{self, LinePlan};
use crate::console::context::Context;
use crate::console::{exit, when};
use crate::pipeline::gate::Gate;
use crate::run;
use crate::store::Span;
use anyhow::{Context as _, Result, bail};
use ndarray::Array2;
use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;
use takt_config::Resolved;
use takt_config::resolved::{Check, Selection};
use takt_models::baseline::{Column, Source};
use takt_models::windower::{Context as Moment, Fate, Window, Windower};
use takt_plant::{CheckId, Closing, Fault, LineId, ModelId, Reading, WallTime, WindowSpec};

/// How long before its beginning a span is read, so that tags that rarely change have a value.
const RUN_UP: Duration = Duration::from_secs(600);
/// Most windows of one baseline. T² and SPE settle with a hundred rows a column.
const WINDOWS_MAX: usize = 1_000_000;

/// Which windows of which check.
#[derive(Debug, clap::Args)]
pub(super) struct FromHistory {
    /// Learn from the history of this line.
    #[arg(long, conflicts_with = "csv", requires = "check")]
    line: Option<LineId>,
    /// For this check.
    #[arg(long, requires = "line")]
    check: Option<CheckId>,
    /// Only windows of this recipe: a value of the recipe's tag.
    #[arg(long, value_name = "VALUE", requires = "line")]
    recipe: Option<String>,
    /// From this time on, such as 2026-01-31T06:00:00Z or '2h ago'.
    #[arg(long, value_name = "TIME", requires = "line")]
    from: Option<String>,
    /// Until this time.
    #[arg(long, value_name = "TIME", requires = "line")]
    to: Option<String>,
    /// Only the last windows: a number of them, or a span such as 1h.
    #[arg(long, value_name = "N|SPAN", requires = "line")]
    last: Option<String>,
    /// What is computed from each window, such as 'force:mean,std;vibration:rms,band(10-100)'; '*' stands
    /// for every input [default: *:mean,std,rms,peak].
    #[arg(long, value_name = "LIST", requires = "line")]
    features: Option<String>,
}

/// What is cut, and how.
struct Cutting {
    plan: LinePlan,
    /// The check's place in the line.
    i: usize,
    /// The recipe's place; `None` where the check has one model.
    recipe: Option<u32>,
    span: Span,
    n_last: usize,
}

/// The rows of a span.
struct Rows {
    rows: VecDeque<Vec<f64>>,
    pool: Pool,
    /// Windows that were not taken, by reason.
    left_out: BTreeMap<&'static str, u64>,
}

impl FromHistory {
    /// Whether this way was asked for.
    pub fn is_asked(&self) -> bool {
        self.line.is_some()
    }

    /// The rows.
    pub async fn take(&self, context: &Context) -> Result<Taken> {
        let (line, check) = self.line.as_ref().zip(self.check.as_ref()).expect("clap asks for both");
        let documents = context.documents().await?;
        let plan = planned(&documents, line, context)?;
        let found = plan.line.checks.iter().position(|c| *c.id == *check);
        let known = || names(plan.line.checks.iter().map(|c| c.id.to_string()));
        let i = found.with_context(|| format!("line {line} has no check '{check}'; it has {}", known()))?;
        let (recipe, model) = recipe(&plan.line.checks[i], self.recipe.as_deref())?;
        let (span, n_last) = self.span(context.clock.wall())?;
        let cutting = Cutting { plan, i, recipe, span, n_last };
        let chosen = Chosen::of(self.features.as_deref(), &cutting.plan.line, cutting.check())?;
        let reader =
            context.reader()?.context("this gateway has no history yet; let it run with good production first")?;
        let mut frames = Frames::open(&reader, &cutting.plan, &cutting.slots(), cutting.read()).await?;
        let rows = cutting.cut(&mut frames, chosen.as_ref()).await?;
        cutting.taken(rows, chosen, model)
    }

    fn span(&self, now: WallTime) -> Result<(Span, usize)> {
        let mut from = WallTime::MIN;
        let mut n_last = WINDOWS_MAX;
        if let Some(last) = &self.last {
            match last.parse::<usize>() {
                Ok(0) => return Err(exit::usage("--last 0 leaves nothing to learn from")),
                Ok(n) => n_last = n.min(WINDOWS_MAX),
                Err(_) => from = when::before(last, now)?,
            }
        }
        if let Some(text) = &self.from {
            from = when::instant(text, now)?;
        }
        let to = self.to.as_deref().map_or(Ok(now), |text| when::instant(text, now))?;
        if from >= to {
            return Err(exit::usage("--from must lie before --to"));
        }
        Ok((Span { from, to }, n_last))
    }
}

/// The line as it runs, planned without touching store or secrets.
fn planned(documents: &Resolved, line: &LineId, context: &Context) -> Result<LinePlan> {
    let mut whose = run::whose(&context.gateway()?);
    whose.secrets = |_, _| Ok(Vec::new());
    let slots = assemble::provisional(&assemble::layout(documents));
    let cells = assemble::assemble(documents, &slots, &whose)?;
    let mut lines: Vec<LinePlan> = cells.into_iter().flat_map(|cell| cell.lines).collect();
    let found = lines.iter().position(|plan| *plan.line.id == *line);
    let known = || names(lines.iter().map(|plan| plan.line.id.to_string()));
    let i = found.with_context(|| format!("there is no line '{line}'; there is {}", known()))?;
    Ok(lines.swap_remove(i))
}

/// The recipe's place and its model.
fn recipe(check: &Check, wanted: Option<&str>) -> Result<(Option<u32>, ModelId)> {
    match (&check.selection, wanted) {
        (Selection::Model(model), None) => Ok((None, model.value.clone())),
        (Selection::Model(_), Some(_)) => {
            Err(exit::usage(format!("check {} has no recipes; leave --recipe out", *check.id)))
        }
        (Selection::Recipe(recipe), wanted) => {
            let known = || names(recipe.map.iter().map(|(key, model)| format!("{} ({})", key.text, **model)));
            let ask = || exit::usage(format!("say which recipe with --recipe: check {} knows {}", *check.id, known()));
            let wanted = wanted.ok_or_else(ask)?;
            let place = recipe.map.iter().position(|(key, _)| *key.text == *wanted).ok_or_else(ask)?;
            Ok((u32::try_from(place).ok(), recipe.map[place].1.value.clone()))
        }
    }
}

fn names(all: impl Iterator<Item = String>) -> String {
    let all: Vec<String> = all.collect();
    if all.is_empty() { "none".to_owned() } else { all.join(", ") }
}

impl Cutting {
    fn check(&self) -> &Check {
        &self.plan.line.checks[self.i]
    }

    /// The tags that the windows need: inputs, trigger, production and recipe.
    fn slots(&self) -> Vec<takt_plant::TagSlot> {
        let check = self.check();
        let mut slots: Vec<_> = check.inputs.iter().map(|input| input.tag).collect();
        slots.extend(Gate::of(check).tags());
        if let WindowSpec::Trigger { tag, .. } = &*check.window {
            slots.push(*tag);
        }
        slots.sort_unstable();
        slots.dedup();
        slots
    }

    /// The span that is read: a little more than the one that is learned from.
    fn read(&self) -> Span {
        Span { from: self.span.from.minus(RUN_UP), to: self.span.to }
    }

    async fn cut(&self, frames: &mut Frames, chosen: Option<&Chosen>) -> Result<Rows> {
        let gate = Gate::of(self.check());
        let mut windower = Windower::new(self.plan.checks[self.i].windower.clone())?;
        let mut features = chosen.map(|chosen| chosen.plan(&self.check().window)).transpose()?;
        let mut latest = vec![Reading::Bad(Fault::Disconnected); self.plan.line.tags.len()];
        let mut rows = Rows::new(self.check().inputs.len());
        while let Some(frame) = frames.next().await? {
            for (slot, reading) in frame.tags.iter().zip(&frame.readings) {
                latest[slot.0 as usize].clone_from(reading);
            }
            let gated = gate.read(&latest);
            windower.poll(frame.arrived);
            windower.push(&frame, Moment { in_production: gated.in_production, recipe: gated.recipe });
            while let Some(window) = windower.take() {
                windower.judged(&window.key, Fate::Judged);
                match self.why_not(&window) {
                    Some(why) => *rows.left_out.entry(why).or_default() += 1,
                    None => rows.add(&window, features.as_mut(), self.n_last)?,
                }
                windower.recycle(window);
            }
        }
        Ok(rows)
    }

    /// Why a window is not learned from.
    fn why_not(&self, window: &Window) -> Option<&'static str> {
        let key = &window.key;
        if key.from < self.span.from || key.to > self.span.to {
            Some("outside the span")
        } else if window.hole.is_some() {
            Some("with missing or bad readings")
        } else if window.closing == Closing::Segment {
            Some("cut off by a stop or a change of product")
        } else if self.recipe.is_some() && window.recipe != self.recipe {
            Some("of another recipe")
        } else {
            None
        }
    }

    fn taken(&self, found: Rows, chosen: Option<Chosen>, model: ModelId) -> Result<Taken> {
        let (line, check) = (&self.plan.line.id, &self.check().id);
        let left_out: Vec<String> = found.left_out.iter().map(|(why, n)| format!("{n} {why}")).collect();
        let left_out = (!left_out.is_empty()).then(|| format!("windows left out: {}", left_out.join(", ")));
        let n_rows = found.rows.len();
        if n_rows == 0 {
            let why = left_out.unwrap_or_else(|| "there are no samples in it".to_owned());
            bail!(
                "the history of {}/{} has no whole window in this span ({why}); choose another with --from and --to",
                **line,
                **check
            );
        }
        let inputs = inputs(&self.plan.line, self.check(), chosen.as_ref());
        let columns: Vec<Column> = match &chosen {
            Some(chosen) => chosen.columns(&inputs),
            None => inputs.iter().map(|i| Column::new(i.role.as_str(), i.unit.clone().unwrap_or_default())).collect(),
        };
        let n_columns = columns.len();
        let cells: Vec<f64> = found.rows.into_iter().flatten().collect();
        let rows = Array2::from_shape_vec((n_rows, n_columns), cells).expect("each row has one number a column");
        let source = match chosen {
            None => Source::Frame,
            Some(chosen) => features::source(&chosen, inputs, &self.check().window, &found.pool)?,
        };
        let at =
            |at: WallTime| if at == WallTime::MIN { "the beginning".into() } else { crate::payload::time_text(at) };
        let of = self.recipe.map(|_| format!(", model {model}")).unwrap_or_default();
        let from = format!("{}/{}{of}, {} to {}", **line, **check, at(self.span.from), at(self.span.to));
        Ok(Taken { columns, rows, limit_set: None, source, from, model: Some(model), left_out })
    }
}

impl Rows {
    fn new(n_inputs: usize) -> Self {
        Self { rows: VecDeque::new(), pool: Pool::new(n_inputs), left_out: BTreeMap::new() }
    }

    fn add(
        &mut self,
        window: &Window,
        features: Option<&mut takt_models::features::FeaturePlan>,
        n_max: usize,
    ) -> Result<()> {
        let row = match features {
            None => window.columns.iter().filter_map(|column| column.last().copied()).collect(),
            Some(plan) => {
                let mut row = vec![0.0; plan.n_features()];
                plan.compute_f64(&window.columns, &mut row)?;
                row
            }
        };
        self.pool.add(&window.columns);
        if self.rows.len() == n_max {
            self.rows.pop_front();
            *self.left_out.entry("before the last ones").or_default() += 1;
        }
        self.rows.push_back(row);
        Ok(())
    }
}
