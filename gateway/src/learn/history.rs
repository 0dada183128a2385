//! Rows of good production from the gateway's history: the check's own windower cuts the samples
//! again, so that a model is learned from exactly the windows that it will judge.

use super::contract::{Pool, inputs};
use super::features::{self, Chosen};
use super::frames::Frames;
use super::look::Looker;
use super::{Ask, Pace, Taken, WrongAsk};
use crate::assemble::{LinePlan, Whose};
use crate::documents::provisional;
use crate::pipeline::gate::Gate;
use crate::store::{Reader, Span};
use anyhow::{Context as _, Result, bail};
use ndarray::Array2;
use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;
use takt_config::Resolved;
use takt_config::resolved::{Check, Selection};
use takt_models::baseline::{Column, RowsQuality, Source};
use takt_models::windower::{Context as Moment, Fate, Window, Windower};
use takt_plant::{Closing, Fault, LineId, ModelId, Reading, WallTime, WindowSpec};

/// How long before its beginning a span is read, so that tags that rarely change have a value.
const RUN_UP: Duration = Duration::from_secs(600);
/// Frames between two words on how far it is.
const FRAMES_A_STEP: u64 = 4_096;

/// The rows of a span of history, with a look at how good they are.
///
/// # Errors
/// What is wrong with what was asked, that there is nothing to learn from, or that it was cancelled.
pub async fn take(ask: &Ask, documents: &Resolved, whose: &Whose, reader: &Reader, pace: &Pace<'_>) -> Result<Taken> {
    let (cutting, chosen, model) = prepare(ask, documents, whose)?;
    let mut frames = Frames::open(reader, &cutting.plan, &cutting.slots(), cutting.read()).await?;
    let rows = cutting.cut(&mut frames, chosen.as_ref(), pace).await?;
    cutting.taken(rows, chosen, model)
}

/// Whether this can be asked for at all, without looking into the history. Gives the model that is learned.
///
/// # Errors
/// What is wrong with what was asked.
pub fn check(ask: &Ask, documents: &Resolved, whose: &Whose) -> Result<ModelId> {
    prepare(ask, documents, whose).map(|(_, _, model)| model)
}

fn prepare(ask: &Ask, documents: &Resolved, whose: &Whose) -> Result<(Cutting, Option<Chosen>, ModelId)> {
    let plan = planned(documents, &ask.line, whose)?;
    let found = plan.line.checks.iter().position(|c| *c.id == ask.check);
    let known = || names(plan.line.checks.iter().map(|c| c.id.to_string()));
    let i = found.with_context(|| format!("line {} has no check '{}'; it has {}", ask.line, ask.check, known()))?;
    let (recipe, model) = recipe(&plan.line.checks[i], ask.recipe.as_deref())?;
    let cutting = Cutting { plan, i, recipe, span: ask.span, n_last: ask.n_last };
    let chosen = Chosen::of(ask.features.as_deref(), &cutting.plan.line, cutting.check())?;
    Ok((cutting, chosen, model))
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
    looker: Looker,
}

/// The line as it runs, planned without touching store or secrets.
fn planned(documents: &Resolved, line: &LineId, whose: &Whose) -> Result<LinePlan> {
    let cells = provisional(documents, whose)?;
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
            Err(WrongAsk(format!("check {} has no recipes; leave the recipe out", *check.id)).into())
        }
        (Selection::Recipe(recipe), wanted) => {
            let known = || names(recipe.map.iter().map(|(key, model)| format!("{} ({})", key.text, **model)));
            let ask = || WrongAsk(format!("say which recipe: check {} knows {}", *check.id, known()));
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

    async fn cut(&self, frames: &mut Frames, chosen: Option<&Chosen>, pace: &Pace<'_>) -> Result<Rows> {
        let gate = Gate::of(self.check());
        let mut windower = Windower::new(self.plan.checks[self.i].windower.clone())?;
        let mut features = chosen.map(|chosen| chosen.plan(&self.check().window)).transpose()?;
        let mut latest = vec![Reading::Bad(Fault::Disconnected); self.plan.line.tags.len()];
        let named = |input: &takt_config::resolved::Input| {
            Some((input.tag, self.plan.line.tag(input.tag)?.id.value.to_string()))
        };
        let looker = Looker::new(self.check().inputs.iter().filter_map(named));
        let mut rows = Rows::new(self.check().inputs.len(), looker);
        let (mut n_frames, mut begin) = (0_u64, None);
        while let Some(frame) = frames.next().await? {
            let begin = *begin.get_or_insert(frame.at);
            if n_frames.is_multiple_of(FRAMES_A_STEP) {
                pace.step(share(begin, frame.at, self.span.to), &format!("{n_frames} frames read"))?;
            }
            n_frames += 1;
            for (slot, reading) in frame.tags.iter().zip(&frame.readings) {
                latest[slot.0 as usize].clone_from(reading);
            }
            let gated = gate.read(&latest);
            if frame.at >= self.span.from {
                rows.looker.frame(&frame, gated.in_production);
            }
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
        let Rows { rows, pool, left_out: reasons, looker } = found;
        let n_rows = rows.len();
        if n_rows == 0 {
            let why = left_out.unwrap_or_else(|| "there are no samples in it".to_owned());
            bail!("the history of {}/{} has no whole window in this span ({why}); choose another", **line, **check);
        }
        let inputs = inputs(&self.plan.line, self.check(), chosen.as_ref());
        let columns: Vec<Column> = match &chosen {
            Some(chosen) => chosen.columns(&inputs),
            None => inputs.iter().map(|i| Column::new(i.role.as_str(), i.unit.clone().unwrap_or_default())).collect(),
        };
        let n_columns = columns.len();
        let cells: Vec<f64> = rows.into_iter().flatten().collect();
        let rows = Array2::from_shape_vec((n_rows, n_columns), cells).expect("each row has one number a column");
        let source = match chosen {
            None => Source::Frame,
            Some(chosen) => features::source(&chosen, inputs, &self.check().window, &pool)?,
        };
        let at =
            |at: WallTime| if at == WallTime::MIN { "the beginning".into() } else { crate::payload::time_text(at) };
        let of = self.recipe.map(|_| format!(", model {model}")).unwrap_or_default();
        let from = format!("{}/{}{of}, {} to {}", **line, **check, at(self.span.from), at(self.span.to));
        let look = Some(looker.end(&reasons, &RowsQuality::of(&columns, rows.view())));
        Ok(Taken { columns, rows, limit_set: None, source, from, model: Some(model), left_out, look })
    }
}

impl Rows {
    fn new(n_inputs: usize, looker: Looker) -> Self {
        Self { rows: VecDeque::new(), pool: Pool::new(n_inputs), left_out: BTreeMap::new(), looker }
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

/// How much of a span has passed.
fn share(begin: WallTime, at: WallTime, end: WallTime) -> f64 {
    let whole = (end.as_ns() as f64 - begin.as_ns() as f64).max(1.0);
    ((at.as_ns() as f64 - begin.as_ns() as f64) / whole).clamp(0.0, 1.0)
}
