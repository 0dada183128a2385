//! What a configuration may hold in memory: counted from the limits of the parts, before anything runs.
//!
//! Three sums. *Windows*: what checks keep until a window closes, and windows that are with the executor.
//! *Connections*: packets, marks and outboxes. *Queues*: what waits while the disk does not keep up; as a
//! rule nothing does. Where a source does not fix how often its samples come, [`ASSUMED_HZ`] is taken.
//! What fixed cadences and sizes alone make too large is refused, because nothing could make it fit;
//! what is large by assumption, or only behind a slow disk, is a warning.
//!
//! Models and their sessions are not in it: nobody knows their size before they are loaded.

use crate::assemble::{CellPlan, DriverPlan, LinePlan};
use crate::pipeline::check::FLIGHTS_MAX;
use crate::pipeline::draft::FRAMES_MAX;
use crate::store::StoreOptions;
use std::time::Duration;
use takt_config::resolved::Check;
use takt_config::{At, Problem};
use takt_models::windower::WindowerOptions;
use takt_plant::{Frame, Reading, TagSlot, WindowSpec};

/// Windows above this are refused: the memory of a whole large box. One that has more can still run several
/// gateways.
pub const WINDOWS_BYTES_MAX: u64 = 16 << 30;
/// All sums together above this are a warning: half of the memory of a usual box of 4 GB.
pub const WARNED_BYTES: u64 = 2 << 30;
/// Messages a second of a source that does not say how often it sends: a fast one.
const ASSUMED_HZ: u64 = 1_000;
/// What a frame costs a check beside its numbers, and a number, both twice: lists grow by doubling.
const ROW_BYTES: u64 = 128;
const CELL_BYTES: u64 = 16;
/// Silence that closes a window, at most: so much longer samples are kept.
const SILENCE: Duration = Duration::from_secs(1);
/// Bytes of a message mark, kept in the order of arrival and by digest.
const MARK_BYTES: u64 = 64;
/// What a connection has beside its packets: inbox, outbox, answers.
const CONNECTION_BYTES: u64 = 512 << 10;

/// What a configuration may hold.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Memory {
    /// Bytes of windows.
    pub windows: u64,
    /// Bytes of windows whose cadence or size the documents fix.
    pub windows_fixed: u64,
    /// Bytes of connections.
    pub connections: u64,
    /// Bytes of queues while the disk does not keep up.
    pub queues: u64,
    /// The check that holds most, with its bytes.
    largest: Option<(At<WindowSpec>, u64)>,
}

impl Memory {
    /// Counts what cells may hold.
    pub fn of(cells: &[CellPlan]) -> Self {
        let mut memory = Self::default();
        let options = StoreOptions::default();
        let mut frame_max = 0;
        for cell in cells {
            for line in &cell.lines {
                for (check, plan) in line.line.checks.iter().zip(&line.checks) {
                    memory.add(&check.window, windows(line, check, &plan.windower));
                }
            }
            let widest = cell.lines.iter().flat_map(|line| &line.groups).map(|group| frame(group.tags.len())).max();
            let widest = widest.unwrap_or(0);
            frame_max = frame_max.max(widest);
            memory.queues = memory.queues.saturating_add(widest.saturating_mul(FRAMES_MAX as u64));
            memory.connections += cell.connections.iter().map(|plan| connection(&plan.driver)).sum::<u64>();
        }
        let journal = frame_max.saturating_mul(options.queue_entries_max as u64);
        let store = (options.open_bytes_max + options.backlog_bytes_max) as u64;
        memory.queues = memory.queues.saturating_add(journal).saturating_add(store);
        memory
    }

    fn add(&mut self, window: &At<WindowSpec>, (bytes, is_fixed): (u64, bool)) {
        self.windows = self.windows.saturating_add(bytes);
        if is_fixed {
            self.windows_fixed = self.windows_fixed.saturating_add(bytes);
        }
        if self.largest.as_ref().is_none_or(|(_, most)| *most < bytes) {
            self.largest = Some((window.clone(), bytes));
        }
    }

    /// All of it.
    pub fn total(&self) -> u64 {
        self.windows.saturating_add(self.connections).saturating_add(self.queues)
    }

    /// Why these documents cannot run anywhere: their windows alone are too much.
    pub fn refusal(&self) -> Option<Problem> {
        let (window, most) = self.largest.as_ref().filter(|_| self.windows_fixed > WINDOWS_BYTES_MAX)?;
        let (all, max) = (in_gb(self.windows_fixed), in_gb(WINDOWS_BYTES_MAX));
        let what = format!(
            "the windows of all checks hold up to {all} GB, and at most {max} GB are allowed; this one holds {} GB",
            in_gb(*most)
        );
        Some(window.problem(what, "write shorter windows, fewer inputs, or a slower cycle of its tags"))
    }

    /// That the box needs much memory for these documents.
    pub fn warning(&self) -> Option<Problem> {
        let (window, most) = self.largest.as_ref().filter(|_| self.total() > WARNED_BYTES)?;
        let [all, windows, connections, queues, most] =
            [self.total(), self.windows, self.connections, self.queues, *most].map(in_gb);
        let what = format!(
            "these documents may hold up to {all} GB: windows {windows} (this one {most}), connections {connections}, \
             queues behind a slow disk {queues}; a source that does not say how often it sends counts as {ASSUMED_HZ} a second"
        );
        Some(window.problem(what, "see that the box has so much, or write shorter windows, or lines with fewer tags"))
    }
}

/// What a check may hold, and whether the documents alone say so.
fn windows(line: &LinePlan, check: &Check, options: &WindowerOptions) -> (u64, bool) {
    let n_inputs = check.inputs.len() as u64;
    let held = |longest: Duration| {
        let longest = longest + check.lateness + SILENCE;
        let (n, is_fixed) = n_frames(line, check, longest);
        (n.min(options.n_samples_max as u64), is_fixed)
    };
    let ((n_rows, is_fixed), n_values) = match &check.window.value {
        WindowSpec::Frame => ((1, true), 1),
        WindowSpec::Count { size, hop } => ((u64::from(*size) + u64::from(*hop), true), u64::from(*size)),
        WindowSpec::Time { span, hop, step, max_age, .. } => {
            let n = u64::try_from(span.as_nanos() / step.as_nanos().max(1)).unwrap_or(u64::MAX);
            (held(span.saturating_add(*max_age).saturating_add(*hop)), n)
        }
        WindowSpec::Trigger { collect, .. } => (held(collect.length()), n_frames(line, check, collect.length()).0),
    };
    let rows = n_rows.saturating_mul(ROW_BYTES + CELL_BYTES * n_inputs);
    let n_values = n_values.min(options.n_samples_max as u64);
    // One is being made, and so many are with the executor.
    let closed = n_values.saturating_mul(8 * n_inputs).saturating_mul(FLIGHTS_MAX as u64 + 1);
    (rows.saturating_add(closed), is_fixed)
}

/// Frames with inputs of a check in a span, and whether every source fixes how many.
fn n_frames(line: &LinePlan, check: &Check, span: Duration) -> (u64, bool) {
    let feeds = |slot: &TagSlot| check.inputs.iter().any(|input| input.tag == *slot);
    let groups = line.groups.iter().filter(|group| group.tags.iter().any(feeds));
    let counts = groups.map(|group| {
        let cadence = group.tags.first().and_then(|slot| line.line.tag(*slot)).and_then(|tag| tag.source.cadence());
        let cadence = cadence.filter(|cadence| !cadence.is_zero());
        let assumed = Duration::from_secs(1) / u32::try_from(ASSUMED_HZ).unwrap_or(u32::MAX);
        let n = span.as_nanos() / cadence.unwrap_or(assumed).as_nanos().max(1);
        (u64::try_from(n).unwrap_or(u64::MAX).saturating_add(1), cadence.is_some())
    });
    counts.fold((0, true), |(n, all), (more, is_fixed)| (n.saturating_add(more), all && is_fixed))
}

fn frame(n_tags: usize) -> u64 {
    (size_of::<Frame>() + n_tags * size_of::<Reading>()) as u64
}

fn connection(driver: &DriverPlan) -> u64 {
    match driver {
        DriverPlan::Mqtt { options, .. } => {
            // One packet as it comes in, and one that is read.
            2 * options.packet_bytes_max as u64 + u64::from(options.receive_max) * MARK_BYTES + CONNECTION_BYTES
        }
        DriverPlan::Modbus(_) | DriverPlan::Replay(_) => CONNECTION_BYTES,
    }
}

/// Gigabytes with one decimal.
#[expect(clippy::cast_precision_loss, reason = "shown with one decimal")]
fn in_gb(bytes: u64) -> String {
    format!("{:.1}", bytes as f64 / 1e9)
}
