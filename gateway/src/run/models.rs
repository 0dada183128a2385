//! Models while the gateway runs: installed, activated beside the running version, taken back.

use super::Shared;
use crate::api::control::{ControlError, Why};
use crate::api::{ModelStands, OutputPlace};
use crate::assemble::LinePlan;
use crate::board::ModelStanding;
use crate::loader::{Loader, sentence};
use crate::pipeline::bench::Seat;
use crate::shard::Order;
use std::path::Path;
use std::sync::Arc;
use takt_config::resolved::Check;
use takt_models::catalogue::{CatalogueError, Release};
use takt_models::package::ModelVersion;
use takt_plant::ModelId;

impl Shared {
    /// Verifies a package and adds it to the catalogue. What judges stays what it is.
    pub(crate) async fn install(&self, by: &str, path: &Path) -> Result<Release, ControlError> {
        let (loader, path) = (Arc::clone(&self.loader), path.to_path_buf());
        let installed = tokio::task::spawn_blocking(move || loader.catalogue().install_file(&path)).await;
        let installed = installed.map_err(|error| ControlError::new(error.to_string(), "see the gateway's log"))?;
        let installed = installed.map_err(not_installed)?;
        let release = installed.release().clone();
        self.note(by, "model.install", None, &format!("{} {}", release.name, release.version)).await;
        Ok(release)
    }

    /// Loads the version beside the running one at every check; only when all take it, it judges.
    pub(crate) async fn activate(
        &self,
        by: &str,
        model: &ModelId,
        version: &ModelVersion,
    ) -> Result<ModelStands, ControlError> {
        // Two that activate at once would each load what the other then replaces.
        let _one_at_a_time = self.changing.lock().await;
        let catalogue = self.loader.catalogue();
        let at = self.clock.wall();
        let before = catalogue.active(model).map_err(refused)?;
        catalogue.activate(model, version, by, at).map_err(refused)?;
        if let Err(why) = self.reseat(model).await {
            if before.is_some() {
                catalogue.rollback(model, "gateway", at).map_err(refused)?;
            }
            return Err(ControlError::new(why, "the version before stays; mend the model or the check"));
        }
        self.note(by, "model.activate", None, &format!("{model} {version}")).await;
        Ok(ModelStands { model: model.to_string(), active: version.to_string() })
    }

    /// Back to the version that judged before.
    pub(crate) async fn roll_model_back(&self, by: &str, model: &ModelId) -> Result<ModelStands, ControlError> {
        let _one_at_a_time = self.changing.lock().await;
        let (at, catalogue) = (self.clock.wall(), self.loader.catalogue());
        let before = catalogue.active(model).map_err(refused)?;
        let release = catalogue.rollback(model, by, at).map_err(refused)?;
        if let Err(why) = self.reseat(model).await {
            if let Some(before) = before {
                catalogue.activate(model, &before.version, "gateway", at).map_err(refused)?;
            }
            return Err(ControlError::new(why, "the version that judges stays; mend the check, or activate another"));
        }
        self.note(by, "model.rollback", None, &format!("{model} {}", release.version)).await;
        Ok(ModelStands { model: model.to_string(), active: release.version.to_string() })
    }

    /// The versions that a check judges with now, in one text: another one says that a model was swapped.
    pub(super) fn models_in_use(&self, place: &OutputPlace) -> String {
        let line = self.board.lines().into_iter().find(|line| line.plan().id == place.line);
        let Some(check) = line.and_then(|line| line.find(&place.check)) else { return String::new() };
        let one = |name: &String| match check.model_standing(name) {
            Some(ModelStanding::Ready { stamp, .. }) => {
                format!("{name} is {} {} {}", stamp.name, stamp.version, stamp.digest)
            }
            _ => format!("{name} does not judge"),
        };
        check.plan().models.iter().map(one).collect::<Vec<_>>().join("\n")
    }

    /// Loads the active version of a model for every check that judges with it, then seats it. A check that
    /// judged with the version before must take it; one that had none, because it does not fit its model,
    /// keeps nobody else from going on.
    async fn reseat(&self, model: &ModelId) -> Result<(), String> {
        let mut places = Vec::new();
        for running in self.cells.lock().await.plans() {
            for line in &running.plan.lines {
                for (check, plan) in line.line.checks.iter().zip(&line.checks) {
                    let models = Loader::models(check);
                    let seats = models.iter().enumerate().filter(|(_, name)| *name == model);
                    places
                        .extend(seats.map(|(place, _)| (running.shard, line.clone(), check.clone(), plan.slot, place)));
                }
            }
        }
        let mut seats = Vec::new();
        let mut refusal = None;
        for (shard, line, check, slot, place) in places {
            match self.load(line, check, model.clone()).await {
                Ok(seat) => seats.push((shard, slot, place, seat)),
                Err((why, true)) => return Err(why),
                Err((why, false)) => refusal = refusal.or(Some(why)),
            }
        }
        if let Some(why) = refusal.filter(|_| seats.is_empty()) {
            return Err(why);
        }
        for (shard, slot, place, seat) in seats {
            self.shards[shard].order(Order::Seat(slot, place, Some(seat))).await;
        }
        Ok(())
    }

    /// The seat, or why there is none and whether the check judged until now.
    async fn load(&self, line: LinePlan, check: Check, model: ModelId) -> Result<Seat, (String, bool)> {
        let gauge = self.board.lines().iter().find(|l| l.plan().id == *line.line.id).and_then(|l| l.find(&check.id));
        let gauge = gauge.ok_or_else(|| ("the check is not on the board".to_owned(), true))?;
        let running = gauge.model_standing(model.as_str()).is_some_and(|standing| standing.is_ready());
        let loader = Arc::clone(&self.loader);
        let place = format!("{}/{}", *line.line.id, *check.id);
        let loaded = tokio::task::spawn_blocking(move || loader.seat(&line.line, &check, &model, &gauge, running));
        let seat = loaded.await.map_err(|error| (error.to_string(), true))?;
        seat.ok_or_else(|| (format!("{place} refused the model; `takt status` says why"), running))
    }
}

fn not_installed(error: CatalogueError) -> ControlError {
    let why = match &error {
        CatalogueError::VersionTaken { .. } => Why::Conflict,
        _ => Why::Refused,
    };
    ControlError::new(sentence(&error), "check the package with `takt model inspect`").because(why)
}

pub(super) fn refused(error: CatalogueError) -> ControlError {
    let why = match &error {
        CatalogueError::NotInstalled { .. } | CatalogueError::NoneActive { .. } => Why::NotFound,
        CatalogueError::NothingBefore { .. } | CatalogueError::Active { .. } => Why::Conflict,
        _ => Why::Refused,
    };
    ControlError::new(sentence(&error), "see `takt model list`").because(why)
}
