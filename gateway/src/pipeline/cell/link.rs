//! What a cell does when one of its connections comes or goes.

use super::Cell;
use crate::board::Now;
use crate::store::Event;
use crate::writeback::port::Moment;
use takt_adapters::Link;
use takt_plant::WallTime;

impl Cell {
    /// Takes a change of a connection.
    pub(in crate::pipeline) fn link(&mut self, source: usize, link: &Link) {
        let now = self.now();
        self.parts.sources[source].gauge.link(link, Now { wall: now.wall, mono: now.mono });
        match link {
            Link::Up { .. } => self.link_up(source, now),
            Link::Down { why, retry_ms } => self.link_down(source, why, *retry_ms == u64::MAX, now),
            Link::TakenOver => self.link_down(source, "another client took the client id", false, now),
            Link::UnitAside { .. } => {}
        }
        self.wake.notify_one();
    }

    /// On return the fail-safe value goes first, stale verdicts never.
    fn link_up(&mut self, source: usize, now: Moment) {
        self.parts.sources[source].is_up = true;
        if let Some(outbox) = &mut self.parts.sources[source].outbox {
            outbox.up();
        }
        self.fail_safe(source, now);
        self.event(now.wall, "connection.up", source, "connected");
    }

    fn link_down(&mut self, source: usize, why: &str, is_last: bool, now: Moment) {
        let was_up = std::mem::replace(&mut self.parts.sources[source].is_up, false);
        if let Some(outbox) = &mut self.parts.sources[source].outbox {
            outbox.down();
        }
        if was_up {
            self.fail_safe(source, now);
            self.event(now.wall, "connection.down", source, why);
        }
        // At the end of the run all stays as it is: a restart goes on with it (B27).
        if self.parts.sources[source].withdraws && !is_last {
            self.turn(|lines, _, turn| lines.iter_mut().for_each(|line| line.withdraw(source, now, turn)));
        }
    }

    fn fail_safe(&mut self, source: usize, now: Moment) {
        self.turn(|lines, _, turn| {
            for line in lines.iter_mut().filter(|line| line.sources.contains(&source)) {
                for check in &mut line.checks {
                    check.fail_safe(now, turn);
                }
            }
        });
    }

    fn event(&mut self, at: WallTime, what: &str, source: usize, why: &str) {
        let id = &self.parts.sources[source].gauge.plan().id;
        let text = format!("{id}: {why}");
        tracing::info!(connection = %id, what, why);
        self.draft.entry.events.push(Event { at, who: "gateway".into(), what: what.into(), line: None, text });
        self.submit();
    }
}
