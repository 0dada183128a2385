//! Rows of good production from the gateway's history, as the console asks for them.

use crate::console::context::Context;
use crate::console::{exit, when};
use crate::learn::{self, Ask, Pace, Taken, WINDOWS_MAX};
use crate::store::Span;
use anyhow::{Context as _, Result};
use std::sync::atomic::AtomicBool;
use takt_plant::{CheckId, LineId, WallTime};

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

impl FromHistory {
    /// Whether this way was asked for.
    pub fn is_asked(&self) -> bool {
        self.line.is_some()
    }

    /// The rows.
    pub async fn take(&self, context: &Context) -> Result<Taken> {
        let (line, check) = self.line.as_ref().zip(self.check.as_ref()).expect("clap asks for both");
        let documents = context.documents().await?;
        let whose = crate::documents::whose(&context.gateway()?);
        let (span, n_last) = self.span(context.clock.wall())?;
        let ask = Ask {
            line: line.clone(),
            check: check.clone(),
            recipe: self.recipe.clone(),
            span,
            n_last,
            features: self.features.clone(),
        };
        let stop = AtomicBool::new(false);
        let pace = Pace { tell: &|_, _| {}, stop: &stop };
        // Whether the question makes sense is said before that there is no history to ask.
        let reader =
            context.reader()?.context("this gateway has no history yet; let it run with good production first");
        let reader = match reader {
            Ok(reader) => reader,
            Err(none) => return Err(learn::check(&ask, &documents, &whose).err().unwrap_or(none)),
        };
        learn::take(&ask, &documents, &whose, &reader, &pace).await
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
