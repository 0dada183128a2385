//! Keeps the list in force: takes newer ones from peers and from the file, and lets newcomers in.

use super::files::MeshFiles;
use super::join;
use crate::event::Command;
use crate::options::Clock;
use crate::roster::Roster;
use iroh::endpoint::Connection;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;

/// Lists and newcomers that wait. More are dropped: a list comes again, a newcomer tries again.
pub(crate) const KNOCKS_MAX: usize = 8;

/// Between two looks at the file: commands change it while the gateway runs.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// What comes to the keeper from outside.
#[derive(Debug)]
pub(crate) enum Knock {
    /// A newcomer.
    Join(Connection),
    /// A list that is said to be newer.
    List(Vec<u8>),
}

/// The task.
pub(crate) struct Keeper {
    pub(crate) files: MeshFiles,
    pub(crate) clock: Clock,
    pub(crate) knocks: mpsc::Receiver<Knock>,
    pub(crate) commands: mpsc::Sender<Command>,
    /// Version of the list in force.
    pub(crate) version: u64,
}

impl Keeper {
    /// Runs until the mesh has ended.
    pub(crate) async fn run(mut self) {
        loop {
            let newer = tokio::select! {
                knock = self.knocks.recv() => match knock {
                    Some(knock) => self.knocked(knock).await,
                    None => return,
                },
                () = tokio::time::sleep(LOOK_EVERY) => self.look().await,
            };
            let Some(roster) = newer.filter(|roster| roster.list.version > self.version) else { continue };
            self.version = roster.list.version;
            tracing::info!(
                version = self.version,
                members = roster.list.members().len(),
                "a newer member list is in force"
            );
            if self.commands.send(Command::Roster(Arc::new(roster))).await.is_err() {
                return;
            }
        }
    }

    async fn knocked(&self, knock: Knock) -> Option<Roster> {
        match knock {
            Knock::Join(connection) => {
                let (_, now) = (self.clock)();
                join::answer(connection, &self.files, now).await
            }
            Knock::List(bytes) => {
                // In force only once it is durable: a removal must survive a crash.
                let files = self.files.clone();
                let adopted = tokio::task::spawn_blocking(move || files.adopt(&bytes, None)).await.ok()?;
                adopted.unwrap_or_else(|why| {
                    tracing::warn!(%why, "a peer's member list is not believed");
                    None
                })
            }
        }
    }

    async fn look(&self) -> Option<Roster> {
        let files = self.files.clone();
        let found = tokio::task::spawn_blocking(move || files.roster()).await.ok()?;
        found.unwrap_or_else(|why| {
            tracing::error!(%why, "the member list cannot be read; the one in force stays");
            None
        })
    }
}
