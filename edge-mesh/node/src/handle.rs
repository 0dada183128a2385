//! The gateway's hand on the mesh.

use crate::actor::{Actor, Inbox};
use crate::dial;
use crate::door::Door;
use crate::endpoint;
use crate::event::{COMMANDS_MAX, Command, PEER_EVENTS_MAX};
use crate::executor::{ANSWERS_MAX, Executor};
use crate::membership::{ALPN_JOIN, KNOCKS_MAX, Keeper, MeshFiles};
use crate::options::{MeshOptions, StartError};
use crate::roster::Roster;
use crate::status::Status;
use crate::store::Store;
use crate::wire::ALPN;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use takt_mesh_proto::ids::{Digest, PeerId};
use takt_mesh_proto::lending::Timing;
use takt_mesh_proto::limits::OWN_WAITING_MAX;
use takt_mesh_proto::metering::PriceList;
use takt_mesh_proto::node::Work;
use tokio::sync::{mpsc, oneshot, watch};

/// A window was not taken: too many wait, or the mesh has ended. Its check is inconclusive (overload).
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the executor's queue is full")]
pub struct Refused;

/// A running mesh. Copies are hands on the same one; it ends with [`Mesh::close`].
#[derive(Debug, Clone)]
pub struct Mesh {
    id: PeerId,
    addresses: Arc<[SocketAddr]>,
    work: mpsc::Sender<Work>,
    commands: mpsc::Sender<Command>,
    status: watch::Receiver<Arc<Status>>,
}

impl Mesh {
    /// Binds the sockets, reads the store and starts the tasks on the present runtime. With files, newer
    /// lists are kept there and newcomers are let in; without, the list changes by [`Self::set_roster`] only.
    ///
    /// # Errors
    /// When an address cannot be used or the store not be read.
    pub async fn start(
        options: MeshOptions,
        mut store: Box<dyn Store>,
        executor: Arc<dyn Executor>,
        files: Option<MeshFiles>,
    ) -> Result<Self, StartError> {
        let records = store.load().map_err(StartError::Store)?;
        let door = Door::new(Some(Arc::clone(&options.roster)));
        let (endpoint, _lookup) =
            endpoint::bind(&options.secret, &options.listen, &[ALPN, ALPN_JOIN], door.clone()).await?;
        let (to_work, work) = mpsc::channel(OWN_WAITING_MAX);
        let (to_commands, commands) = mpsc::channel(COMMANDS_MAX);
        let (to_peers, peers) = mpsc::channel(PEER_EVENTS_MAX);
        let (to_ran, ran) = mpsc::channel(ANSWERS_MAX);
        let addresses = endpoint.bound_sockets().into();
        let (to_keeper, knocks) = mpsc::channel(KNOCKS_MAX);
        tokio::spawn(dial::answer(endpoint.clone(), to_peers.clone(), to_keeper.clone()));
        if let Some(files) = files {
            let (clock, version) = (Arc::clone(&options.clock), options.roster.list.version);
            tokio::spawn(Keeper { files, clock, knocks, commands: to_commands.clone(), version }.run());
        }
        let inbox = Inbox { work, commands, peers, ran };
        let actor = Actor::new(options, (endpoint, door), (store, records), executor, (to_peers, to_ran, to_keeper));
        let (id, status) = (actor.id(), actor.status());
        tokio::spawn(actor.run(inbox));
        Ok(Self { id, addresses, work: to_work, commands: to_commands, status })
    }

    /// This gateway's key.
    pub fn id(&self) -> PeerId {
        self.id
    }

    /// Where it listens, with the ports that the system chose.
    pub fn addresses(&self) -> &[SocketAddr] {
        &self.addresses
    }

    /// Hands a window over, without waiting. Its end comes to [`Executor::ended`].
    ///
    /// # Errors
    /// When too many wait.
    pub fn offer(&self, work: Work) -> Result<(), Refused> {
        self.work.try_send(work).map_err(|_| Refused)
    }

    /// A verified member list is in force.
    pub async fn set_roster(&self, roster: Arc<Roster>) {
        self.tell(Command::Roster(roster)).await;
    }

    /// A verified price list is in force.
    pub async fn set_prices(&self, prices: Arc<PriceList>) {
        self.tell(Command::Prices(prices)).await;
    }

    /// A model is loaded and warm.
    pub async fn loaded(&self, model: Digest, timing: Timing) {
        self.tell(Command::Loaded(model, timing)).await;
    }

    /// A model is gone.
    pub async fn unloaded(&self, model: Digest) {
        self.tell(Command::Unloaded(model)).await;
    }

    /// Signs for everything borrowed so far.
    pub async fn settle(&self) {
        self.tell(Command::Settle).await;
    }

    /// What the mesh shows of itself; renewed twice a second.
    pub fn status(&self) -> watch::Receiver<Arc<Status>> {
        self.status.clone()
    }

    /// Signs for everything, waits at most `patience` for the receipts, and ends.
    pub async fn close(&self, patience: Duration) {
        let (done, closed) = oneshot::channel();
        self.tell(Command::Close(patience, done)).await;
        let _ended = closed.await;
    }

    async fn tell(&self, command: Command) {
        // A mesh that has ended needs to know nothing.
        let _ended = self.commands.send(command).await;
    }
}
