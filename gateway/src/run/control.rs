//! The control socket's other end: what the console user may do to the running gateway.

use super::Shared;
use super::apply::NotApplied;
use crate::api::ModelStands;
use crate::api::control::{Actor, Command, Control, ControlError, ControlServer, Teller};
use crate::documents::AppliedDocument;
use anyhow::Result;
use futures::FutureExt;
use futures::future::BoxFuture;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fmt::Display;
use std::path::Path;
use std::str::FromStr;
use std::sync::Arc;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// Opens the control socket; the task ends when it is closed.
///
/// # Errors
/// When another gateway runs on this folder, or the socket cannot be made.
pub(super) fn serve(shared: Arc<Shared>, data_dir: &Path, until: CancellationToken) -> Result<JoinHandle<()>> {
    let meters = shared.telemetry.meters().clone();
    let console = Arc::new(Console { shared });
    let server = ControlServer::bind(data_dir, console, meters)?;
    Ok(tokio::spawn(server.run(until)))
}

/// The commands' other end.
struct Console {
    shared: Arc<Shared>,
}

type Answer = Result<Value, ControlError>;

impl Control for Console {
    fn run(&self, actor: Actor, command: Command, teller: Teller) -> BoxFuture<'_, Answer> {
        self.carry_out(actor, command, teller).boxed()
    }
}

impl Console {
    async fn carry_out(&self, actor: Actor, command: Command, _teller: Teller) -> Answer {
        let (shared, by) = (&self.shared, actor.to_string());
        match command {
            Command::Arm { line, check, output } => {
                // No document comes into force between looking and arming; a disarm waits for nobody.
                let _one_at_a_time = shared.changing.lock().await;
                shared.arm(&by, &(line, check, output).into(), true).await
            }
            Command::Disarm { line, check, output } => shared.arm(&by, &(line, check, output).into(), false).await,
            Command::Reload => shared.reload(&by).await,
            Command::Apply { documents, note } => self.apply(&by, documents, &note).await,
            Command::Stop => {
                shared.stop.cancel();
                Ok(json!({ "stopping": true }))
            }
            Command::User(order) => {
                let done = shared.access.carry_out(&order, &by).await;
                done.map(|text| json!({ "done": text })).map_err(|why| ControlError::new(why.to_string(), why.hint()))
            }
            Command::ModelInstall { path } => {
                let release = shared.install(&by, &path).await?;
                Ok(json!({ "name": release.name.to_string(), "version": release.version.to_string() }))
            }
            Command::ModelActivate { model, version } => {
                stands(shared.activate(&by, &named(&model)?, &named(&version)?).await?)
            }
            Command::ModelRollback { model } => stands(shared.roll_model_back(&by, &named(&model)?).await?),
            Command::Learn { .. } => Err(ControlError::new("learning runs in the console", "use `takt learn`")),
        }
    }

    async fn apply(&self, by: &str, documents: Vec<AppliedDocument>, note: &str) -> Answer {
        let applied = self.shared.apply(by, documents, note, &BTreeMap::new()).await.map_err(|why| match why {
            NotApplied::Wrong { problems, .. } => {
                ControlError::new(problems.to_string(), "check with `takt check FILE…`")
            }
            NotApplied::Refused(why) => why,
        })?;
        let lines = self.shared.board.lines().len();
        let kept: Vec<(String, u32)> = applied.versions.into_iter().collect();
        Ok(json!({ "documents": kept, "by": by, "lines": lines }))
    }
}

fn stands(ModelStands { model, active }: ModelStands) -> Answer {
    Ok(json!({ "model": model, "active": active }))
}

fn named<T: FromStr<Err: Display>>(text: &str) -> Result<T, ControlError> {
    text.parse().map_err(|error| ControlError::new(format!("{error}"), "see `takt model list`"))
}
