//! What the console user may do to the running gateway, and who did it.

use super::{Shared, cells, documents};
use crate::api::control::{Actor, AppliedDocument, Command, Control, ControlError, ControlServer, Teller};
use crate::assemble::LinePlan;
use crate::loader::{Loader, sentence};
use crate::pipeline::cell::ArmOrder;
use crate::shard::Order;
use crate::store::{ArmingRecord, Event};
use anyhow::Result;
use futures::FutureExt;
use futures::future::BoxFuture;
use serde_json::{Value, json};
use std::path::Path;
use std::sync::Arc;
use takt_config::resolved::Check;
use takt_models::package::ModelVersion;
use takt_plant::{CheckId, LineId, ModelId, OutputId};
use tokio::sync::oneshot;
use tokio_util::sync::CancellationToken;

/// Opens the control socket.
///
/// # Errors
/// When another gateway runs on this folder, or the socket cannot be made.
pub(super) fn serve(shared: Arc<Shared>, data_dir: &Path, until: CancellationToken) -> Result<()> {
    let meters = shared.telemetry.meters().clone();
    let console = Arc::new(Console { shared });
    let server = ControlServer::bind(data_dir, console, meters)?;
    tokio::spawn(server.run(until));
    Ok(())
}

/// The commands' other end.
pub(crate) struct Console {
    pub(crate) shared: Arc<Shared>,
}

type Answer = Result<Value, ControlError>;

impl Control for Console {
    fn run(&self, actor: Actor, command: Command, teller: Teller) -> BoxFuture<'_, Answer> {
        self.carry_out(actor, command, teller).boxed()
    }
}

impl Console {
    async fn carry_out(&self, actor: Actor, command: Command, _teller: Teller) -> Answer {
        match command {
            Command::Arm { line, check, output } => self.arm(&actor, line, check, output, true).await,
            Command::Disarm { line, check, output } => self.arm(&actor, line, check, output, false).await,
            Command::Reload => self.reload(&actor).await,
            Command::Apply { documents, note } => self.apply(&actor, &documents, &note).await,
            Command::Stop => {
                self.shared.stop.cancel();
                Ok(json!({ "stopping": true }))
            }
            Command::User(order) => {
                let done = self.shared.access.carry_out(&order, &actor.to_string()).await;
                done.map(|text| json!({ "done": text })).map_err(|why| ControlError::new(why.to_string(), why.hint()))
            }
            Command::ModelInstall { path } => self.install(&actor, &path).await,
            Command::ModelActivate { model, version } => self.activate(&actor, &model, &version).await,
            Command::ModelRollback { model } => self.rollback(&actor, &model).await,
            Command::Learn { .. } => Err(ControlError::new("learning runs in the console", "use `takt learn`")),
        }
    }

    async fn arm(&self, actor: &Actor, line: LineId, check: CheckId, output: OutputId, arm: bool) -> Answer {
        let at = self.shared.clock.wall();
        let name = format!("{line}/{check}/{output}");
        let by = actor.to_string();
        let order = ArmOrder { line, check, output, arm, by: by.clone(), at };
        let mut found = false;
        for shard in &self.shared.shards {
            let (done, answer) = oneshot::channel();
            shard.order(Order::Arm(order.clone(), done)).await;
            found |= answer.await.unwrap_or(false);
        }
        if !found {
            return Err(ControlError::new(format!("there is no output {name}"), "`takt status` lists the outputs"));
        }
        self.shared.cells.lock().await.arming(&order);
        let kept = if arm {
            let digest = self.digest_of(&order).await;
            self.shared.store.arm(ArmingRecord { output: name.clone(), by: by.clone(), at, digest }).await
        } else {
            self.shared.store.disarm(&name).await.map(drop)
        };
        kept.map_err(|error| {
            ControlError::new(
                sentence(&error),
                "it holds until the next start; say it again when the store can be written",
            )
        })?;
        Ok(json!({ "output": name, "armed": arm, "by": by }))
    }

    /// Names what the arming was meant for: it ends when this changes.
    async fn digest_of(&self, order: &ArmOrder) -> String {
        let cells = self.shared.cells.lock().await;
        let lines = cells.plans().flat_map(|running| &running.plan.lines);
        let line = lines.into_iter().find(|line| *line.line.id == order.line);
        line.map(|line| cells::arming_digest(line, &order.check, &order.output)).unwrap_or_default()
    }

    async fn reload(&self, actor: &Actor) -> Answer {
        let refused =
            |error: anyhow::Error| ControlError::new(error.to_string(), "nothing was changed; mend the documents");
        let documents = documents::with_applied(&self.shared.source, &self.shared.store).await.map_err(refused)?;
        cells::apply(&self.shared, &documents).await.map_err(refused)?;
        self.note(actor, "documents.apply", "documents were applied").await;
        Ok(json!({ "lines": self.shared.board.lines().len() }))
    }

    async fn apply(&self, actor: &Actor, new: &[AppliedDocument], note: &str) -> Answer {
        let shared = &self.shared;
        let unread = |error| ControlError::new(sentence(&error), "nothing was changed; see the gateway's log");
        let before = shared.store.reader().documents(documents::KIND).await.map_err(unread)?;
        let after = documents::merged(&shared.source, &before, new)
            .and_then(|documents| super::plan_without_store(&documents, &shared.whose()).map(|()| documents))
            .map_err(|problems| ControlError::new(problems.to_string(), "check with `takt check FILE…`"))?;
        let kept = documents::keep(&shared.store, new, &actor.to_string(), shared.clock.wall(), note).await;
        let kept = kept.map_err(|error| {
            ControlError::new(sentence(&error), "nothing was changed; say it again when the store can be written")
        })?;
        cells::apply(shared, &after).await.map_err(|error| {
            let what = format!("the documents are kept, but not all of them run: {error:#}");
            ControlError::new(what, "go back with `takt line rollback`, or start the gateway again")
        })?;
        Ok(json!({ "documents": kept, "by": actor.to_string(), "lines": shared.board.lines().len() }))
    }

    async fn install(&self, actor: &Actor, path: &Path) -> Answer {
        let (loader, path) = (Arc::clone(&self.shared.loader), path.to_path_buf());
        let installed = tokio::task::spawn_blocking(move || loader.catalogue().install_file(&path)).await;
        let installed = installed.map_err(|error| ControlError::new(error.to_string(), "see the gateway's log"))?;
        let installed = installed
            .map_err(|error| ControlError::new(sentence(&error), "check the package with `takt model inspect`"))?;
        let release = installed.release();
        self.note(actor, "model.install", &format!("{} {}", release.name, release.version)).await;
        Ok(json!({ "name": release.name.to_string(), "version": release.version.to_string() }))
    }

    /// Loads the version beside the running one at every check; only when all take it, it judges.
    async fn activate(&self, actor: &Actor, model: &str, version: &str) -> Answer {
        let model: ModelId =
            model.parse().map_err(|error| ControlError::new(format!("{error}"), "see `takt model list`"))?;
        let version: ModelVersion =
            version.parse().map_err(|error| ControlError::new(format!("{error}"), "see `takt model list`"))?;
        let catalogue = self.shared.loader.catalogue();
        let (by, at) = (actor.to_string(), self.shared.clock.wall());
        let before = catalogue.active(&model).map_err(refused)?;
        catalogue.activate(&model, &version, &by, at).map_err(refused)?;
        if let Err(why) = self.reseat(&model).await {
            if before.is_some() {
                catalogue.rollback(&model, "gateway", at).map_err(refused)?;
            }
            return Err(ControlError::new(why, "the version before stays; mend the model or the check"));
        }
        self.note(actor, "model.activate", &format!("{model} {version}")).await;
        Ok(json!({ "model": model.to_string(), "active": version.to_string() }))
    }

    async fn rollback(&self, actor: &Actor, model: &str) -> Answer {
        let model: ModelId =
            model.parse().map_err(|error| ControlError::new(format!("{error}"), "see `takt model list`"))?;
        let at = self.shared.clock.wall();
        let release = self.shared.loader.catalogue().rollback(&model, &actor.to_string(), at).map_err(refused)?;
        self.reseat(&model).await.map_err(|why| ControlError::new(why, "see `takt status`"))?;
        self.note(actor, "model.rollback", &format!("{model} {}", release.version)).await;
        Ok(json!({ "model": model.to_string(), "active": release.version.to_string() }))
    }

    /// Loads the active version of a model for every check that judges with it, then seats it.
    async fn reseat(&self, model: &ModelId) -> Result<(), String> {
        let mut places = Vec::new();
        for running in self.shared.cells.lock().await.plans() {
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
        for (shard, line, check, slot, place) in places {
            let seat = self.load(line, check, model.clone()).await?;
            seats.push((shard, slot, place, seat));
        }
        for (shard, slot, place, seat) in seats {
            self.shared.shards[shard].order(Order::Seat(slot, place, Some(seat))).await;
        }
        Ok(())
    }

    async fn load(&self, line: LinePlan, check: Check, model: ModelId) -> Result<crate::pipeline::bench::Seat, String> {
        let gauge =
            self.shared.board.lines().iter().find(|l| l.plan().id == *line.line.id).and_then(|l| l.find(&check.id));
        let gauge = gauge.ok_or("the check is not on the board")?;
        let loader = Arc::clone(&self.shared.loader);
        let place = format!("{}/{}", *line.line.id, *check.id);
        let loaded = tokio::task::spawn_blocking(move || {
            let running = gauge.model_standing(model.as_str()).is_some_and(|standing| standing.is_ready());
            loader.seat(&line.line, &check, &model, &gauge, running)
        });
        let seat = loaded.await.map_err(|error| error.to_string())?;
        seat.ok_or_else(|| format!("{place} refused the model; `takt status` says why"))
    }

    async fn note(&self, actor: &Actor, what: &str, text: &str) {
        let (at, who) = (self.shared.clock.wall(), actor.to_string());
        tracing::info!(what, text, %actor);
        let event = Event { at, who, what: what.to_owned(), line: None, text: text.to_owned() };
        if let Err(error) = self.shared.store.record_event(event).await {
            tracing::warn!(error = sentence(&error), "the audit event could not be kept");
        }
    }
}

fn refused(error: takt_models::catalogue::CatalogueError) -> ControlError {
    ControlError::new(sentence(&error), "see `takt model list`")
}
