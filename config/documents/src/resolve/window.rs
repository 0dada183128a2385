//! Windows resolved, with the rules between their keys.

use super::inputs::apart;
use super::report::Report;
use super::tags::Tags;
use crate::place::At;
use crate::resolved::Input;
use crate::written::window::{FrameWindow, TimeWindow, TriggerWindow, WINDOW_SAMPLES_MAX, Window};
use std::time::Duration;
use takt_plant::{Align, Edge, Join, TriggerSpan, WindowSpec};

const NANOSECOND: Duration = Duration::from_nanos(1);
/// Longest window: what it holds stays in memory.
const SPAN_MAX: Duration = Duration::from_hours(7 * 24);

/// A window's rule, when it can be one.
pub(crate) fn window(written: &At<Window>, inputs: &[Input], tags: &Tags, report: &mut Report) -> Option<WindowSpec> {
    match &written.value {
        Window::Frame(FrameWindow {}) => {
            from_one_group("frame", written, inputs, tags, report);
            Some(WindowSpec::Frame)
        }
        Window::Count(w) => {
            from_one_group("count", written, inputs, tags, report);
            let size = w.size.as_ref()?.value.0;
            Some(WindowSpec::Count { size, hop: w.hop.as_ref().map_or(size, |hop| hop.value.0) })
        }
        Window::Time(w) => time(w, report),
        Window::Trigger(w) => trigger(w, tags, report),
    }
}

fn from_one_group(kind: &str, written: &At<Window>, inputs: &[Input], tags: &Tags, report: &mut Report) {
    if let Some((first, other)) = apart(inputs, tags) {
        report.wrong(
            &written.place,
            format!("`{first}` and `{other}` do not come together: a {kind} window needs all inputs from one message or one poll"),
            "use a time window, which brings them to one clock, or one topic (MQTT), one unit and cycle (Modbus) for all",
        );
    }
}

fn time(w: &TimeWindow, report: &mut Report) -> Option<WindowSpec> {
    let span = report.duration(w.span.as_ref(), NANOSECOND, NANOSECOND, SPAN_MAX);
    let step = report.duration(w.step.as_ref(), NANOSECOND, NANOSECOND, SPAN_MAX);
    let hop = report.duration(w.hop.as_ref(), span, NANOSECOND, SPAN_MAX);
    let max_age = report.duration(w.max_age.as_ref(), span, NANOSECOND, SPAN_MAX);
    let (span_at, step_at) = (w.span.as_ref()?, w.step.as_ref()?);
    if span.is_zero() || step.is_zero() {
        return None;
    }
    if step > span {
        report.wrong(&step_at.place, "the step is longer than the span", "write a step of at most the span");
    } else if !span.as_nanos().is_multiple_of(step.as_nanos()) {
        let what = format!("the span {span:?} is not a whole multiple of the step {step:?}");
        let below = nearest_multiple(span, step);
        report.wrong(&span_at.place, what, format!("write span = \"{}ms\" or another step", below.as_secs_f64() * 1e3));
    } else if span.as_nanos() / step.as_nanos() > u128::from(WINDOW_SAMPLES_MAX) {
        let what = format!("the window has more than {WINDOW_SAMPLES_MAX} instants");
        report.wrong(&step_at.place, what, "write a longer step or a shorter span");
    }
    Some(WindowSpec::Time {
        span,
        hop,
        step,
        align: w.align.as_deref().copied().unwrap_or(Align::Epoch),
        join: w.join.as_deref().copied().unwrap_or(Join::Hold),
        max_age,
    })
}

/// The longest whole multiple of `step` within `span`.
fn nearest_multiple(span: Duration, step: Duration) -> Duration {
    let rest = u64::try_from(span.as_nanos() % step.as_nanos()).unwrap_or(0);
    span.saturating_sub(Duration::from_nanos(rest))
}

fn trigger(w: &TriggerWindow, tags: &Tags, report: &mut Report) -> Option<WindowSpec> {
    let collect = w.collect.as_ref();
    let before = collect.and_then(|c| c.before.as_ref());
    let after = collect.and_then(|c| c.after.as_ref());
    let before = report.duration(before, Duration::ZERO, Duration::ZERO, SPAN_MAX);
    let after = report.duration(after, Duration::ZERO, Duration::ZERO, SPAN_MAX);
    let tag = w.tag.as_ref().and_then(|tag| tags.find(tag, report));
    collect?;
    let collect = TriggerSpan { before, after };
    let max_age = report.duration(w.max_age.as_ref(), collect.length(), NANOSECOND, SPAN_MAX.saturating_mul(2));
    Some(WindowSpec::Trigger { tag: tag?, edge: w.edge.as_deref().copied().unwrap_or(Edge::Change), collect, max_age })
}
