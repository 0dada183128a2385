//! The one task that owns the core: takes events, one after the other, and carries out what follows.
//!
//! **What waits for what.** Windows of this box, finished runs and timers are always taken. Events of
//! peers are not while [`WRITES_MAX`] records wait for the disk: a slow disk slows lending, by the
//! streams' flow control back to the peers, and never a line of this box.

mod outputs;
mod writing;

use crate::dial;
use crate::door::Door;
use crate::event::{Command, LinkId, PeerEvent};
use crate::executor::{Executor, Ran, Which};
use crate::ids::peer_of;
use crate::kept::Kept;
use crate::link::{CLOSE_END, CLOSE_REPLACED, Link, Traffic};
use crate::membership::Knock;
use crate::options::{Clock, MeshOptions};
use crate::roster::Roster;
use crate::status::Status;
use crate::store::Store;
use iroh::Endpoint;
use iroh::endpoint::{Connection, VarInt};
use std::collections::{BTreeMap, VecDeque};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use takt_mesh_proto::ids::PeerId;
use takt_mesh_proto::keys::Keypair;
use takt_mesh_proto::node::{Input, Node, Record, Work};
use takt_plant::MonoTime;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::JoinHandle;
use writing::{Batch, Writing};

/// Records that wait for the disk before peers have to wait.
const WRITES_MAX: usize = 256;

/// Between two snapshots for those who look, and two looks at round trips.
const SHOW_EVERY: Duration = Duration::from_millis(500);

/// The actor's queues.
pub(crate) struct Inbox {
    pub(crate) work: mpsc::Receiver<Work>,
    pub(crate) commands: mpsc::Receiver<Command>,
    pub(crate) peers: mpsc::Receiver<PeerEvent>,
    pub(crate) ran: mpsc::Receiver<Ran>,
}

/// Everything that can wake the actor.
enum Event {
    Work(Work),
    Ran(Ran),
    Written(Batch),
    Peer(PeerEvent),
    Command(Command),
    Wake,
    Show,
    /// Every hand on the mesh is gone.
    Abandoned,
}

/// An orderly end that is under way.
struct Closing {
    until: MonoTime,
    done: oneshot::Sender<()>,
}

pub(crate) struct Actor {
    node: Node,
    id: PeerId,
    clock: Clock,
    roster: Arc<Roster>,
    endpoint: Endpoint,
    door: Door,
    links: BTreeMap<PeerId, Link>,
    /// Counts over all connections that ever stood with a peer.
    traffic: BTreeMap<PeerId, Arc<Traffic>>,
    calls: BTreeMap<PeerId, (Vec<SocketAddr>, JoinHandle<()>)>,
    next_link: u64,
    writing: Writing,
    executor: Arc<dyn Executor>,
    kept: Kept,
    audit: Option<outputs::Audit>,
    to_peers: mpsc::Sender<PeerEvent>,
    to_ran: mpsc::Sender<Ran>,
    to_keeper: mpsc::Sender<Knock>,
    show_at: MonoTime,
    shown: watch::Sender<Arc<Status>>,
    closing: Option<Closing>,
    /// Inputs that outputs brought about; as many as one event's outputs at most.
    todo: VecDeque<Input>,
    feeding: bool,
}

impl Actor {
    pub(crate) fn new(
        options: MeshOptions,
        (endpoint, door): (Endpoint, Door),
        (store, records): (Box<dyn Store>, Vec<Record>),
        executor: Arc<dyn Executor>,
        (to_peers, to_ran, to_keeper): (mpsc::Sender<PeerEvent>, mpsc::Sender<Ran>, mpsc::Sender<Knock>),
    ) -> Self {
        let MeshOptions { secret, node, roster, prices, clock, .. } = options;
        let (now, _) = clock();
        let key = Keypair::from_secret(&secret);
        let id = key.id();
        let lists = (Arc::clone(&roster.list), prices);
        // Chance decides between peers, never what is signed: any seed will do that others do not share.
        let seed = fastrand::u64(..);
        let node = Node::new(key, Arc::new(node), lists, seed, now, records);
        let status = outputs::status(&node, &roster, &BTreeMap::new(), &BTreeMap::new(), (0, None));
        Self {
            node,
            id,
            clock,
            roster,
            endpoint,
            door,
            links: BTreeMap::new(),
            traffic: BTreeMap::new(),
            calls: BTreeMap::new(),
            next_link: 0,
            writing: Writing::new(store),
            executor,
            kept: Kept::default(),
            audit: None,
            to_peers,
            to_ran,
            to_keeper,
            show_at: now,
            shown: watch::Sender::new(Arc::new(status)),
            closing: None,
            todo: VecDeque::new(),
            feeding: false,
        }
    }

    pub(crate) fn id(&self) -> PeerId {
        self.id
    }

    pub(crate) fn status(&self) -> watch::Receiver<Arc<Status>> {
        self.shown.subscribe()
    }

    /// Runs until the mesh is closed.
    pub(crate) async fn run(mut self, mut inbox: Inbox) {
        self.call_members();
        loop {
            match self.next(&mut inbox).await {
                Event::Work(work) => {
                    self.kept.begin(work.ticket, work.model, work.payload.clone());
                    self.feed(Input::Work(work));
                }
                Event::Ran(Ran { which: Which::Task(task), output: Some(output) }) => {
                    self.feed(Input::Done { task, output });
                }
                Event::Ran(Ran { which: Which::Task(task), output: None }) => self.feed(Input::Failed { task }),
                Event::Ran(Ran { which: Which::Audit, output }) => self.audited(output),
                Event::Written(batch) => {
                    for id in self.writing.done(batch) {
                        self.feed(Input::Persisted(id));
                    }
                }
                Event::Peer(event) => self.peer(event),
                Event::Command(command) => self.command(command),
                Event::Wake => self.feed(Input::Wake),
                Event::Show => self.show(),
                Event::Abandoned => break,
            }
            self.writing.begin();
            if self.is_over() {
                break;
            }
        }
        self.end().await;
    }

    async fn next(&mut self, inbox: &mut Inbox) -> Event {
        let (now, _) = (self.clock)();
        let wake = self.node.next_wake();
        let sleep = |at: Option<MonoTime>| async move {
            match at {
                Some(at) => tokio::time::sleep(at.since(now)).await,
                None => std::future::pending().await,
            }
        };
        let room = self.writing.n_waiting() < WRITES_MAX;
        tokio::select! {
            // What frees something goes before what fills something.
            biased;
            Some(ran) = inbox.ran.recv() => Event::Ran(ran),
            batch = self.writing.written() => Event::Written(batch),
            () = sleep(wake) => Event::Wake,
            () = sleep(Some(self.show_at)) => Event::Show,
            command = inbox.commands.recv() => command.map_or(Event::Abandoned, Event::Command),
            Some(work) = inbox.work.recv() => Event::Work(work),
            Some(event) = inbox.peers.recv(), if room => Event::Peer(event),
        }
    }

    /// Gives an input to the core and carries out what follows.
    fn feed(&mut self, input: Input) {
        self.todo.push_back(input);
        if std::mem::replace(&mut self.feeding, true) {
            // What an output brings about waits for the outputs before it: records keep their order.
            return;
        }
        let mut out = Vec::new();
        while let Some(input) = self.todo.pop_front() {
            let (now, wall) = (self.clock)();
            self.node.handle(now, wall, input, &mut out);
            for output in out.drain(..) {
                self.carry_out(output);
            }
        }
        self.feeding = false;
    }

    fn peer(&mut self, event: PeerEvent) {
        match event {
            PeerEvent::Connection(connection) => self.connection(connection),
            PeerEvent::Up(id) => {
                let Some(link) = self.links.get_mut(&id.peer).filter(|link| link.id == id) else { return };
                link.up = true;
                let rtt_us = u32::try_from(link.rtt().as_micros()).unwrap_or(u32::MAX);
                if !self.roster.signed.is_empty() {
                    link.send_list(&self.roster.signed);
                }
                tracing::info!(peer = %id.peer, rtt_us, "a peer is connected");
                self.feed(Input::Connected { peer: id.peer, rtt_us });
            }
            PeerEvent::Frame(id, frame) if self.stands(id) => self.feed(Input::Frame { from: id.peer, frame }),
            PeerEvent::Garbage(id) => self.feed(Input::Garbage { from: id.peer }),
            PeerEvent::Gone(id) => {
                if self.stands(id) {
                    self.links.remove(&id.peer);
                    tracing::info!(peer = %id.peer, "a peer is gone");
                    self.feed(Input::Disconnected { peer: id.peer });
                }
            }
            // The keeper verifies it; one that finds no room comes again with the next connection.
            PeerEvent::List(id, bytes) if self.stands(id) => drop(self.to_keeper.try_send(Knock::List(bytes))),
            PeerEvent::List(..) | PeerEvent::Frame(..) => {}
        }
    }

    fn stands(&self, id: LinkId) -> bool {
        self.links.get(&id.peer).is_some_and(|link| link.id == id)
    }

    /// A new connection takes the place of an older one with the same peer: the peer has started again.
    fn connection(&mut self, connection: Connection) {
        let peer = peer_of(&connection.remote_id());
        if !self.roster.has(&peer) || self.closing.is_some() {
            connection.close(VarInt::from_u32(CLOSE_END), b"not now");
            return;
        }
        self.drop_link(&peer, CLOSE_REPLACED, "another connection replaces this one");
        self.next_link += 1;
        let id = LinkId { peer, no: self.next_link };
        let traffic = Arc::clone(self.traffic.entry(peer).or_default());
        self.links.insert(peer, Link::start(id, connection, traffic, self.to_peers.clone()));
    }

    fn drop_link(&mut self, peer: &PeerId, code: u32, why: &str) {
        if let Some(link) = self.links.remove(peer) {
            link.close(code, why);
            self.feed(Input::Disconnected { peer: *peer });
        }
    }

    fn command(&mut self, command: Command) {
        match command {
            Command::Roster(roster) => self.listed(roster),
            Command::Prices(prices) => self.feed(Input::Prices(prices)),
            Command::Loaded(model, timing) => self.feed(Input::Loaded { model, timing }),
            Command::Unloaded(model) => self.feed(Input::Unloaded { model }),
            Command::Settle => self.feed(Input::Settle),
            Command::Close(patience, done) => {
                let (now, _) = (self.clock)();
                self.closing = Some(Closing { until: now.plus(patience), done });
                self.feed(Input::Settle);
            }
        }
    }

    /// A newer list: whoever is not in it any more is dropped before anything else happens.
    fn listed(&mut self, roster: Arc<Roster>) {
        if roster.list.version <= self.roster.list.version || roster.list.mesh != self.roster.list.mesh {
            return;
        }
        self.door.set(Arc::clone(&roster));
        let removed: Vec<PeerId> = self.links.keys().filter(|peer| !roster.has(peer)).copied().collect();
        self.roster = Arc::clone(&roster);
        for peer in removed {
            tracing::warn!(%peer, "a peer is no member any more; its connection is ended");
            self.drop_link(&peer, crate::door::CLOSE_STRANGER, "not a member of this mesh any more");
        }
        self.traffic.retain(|peer, _| roster.has(peer));
        self.call_members();
        if !roster.signed.is_empty() {
            self.links.values_mut().filter(|link| link.up).for_each(|link| link.send_list(&roster.signed));
        }
        self.feed(Input::Members(Arc::clone(&roster.list)));
    }

    /// Starts and ends calls so that they fit the list.
    fn call_members(&mut self) {
        let wanted: BTreeMap<PeerId, Vec<SocketAddr>> = self.roster.to_call(&self.id).into_iter().collect();
        self.calls.retain(|peer, (addresses, task)| {
            let stays = wanted.get(peer) == Some(addresses);
            if !stays {
                task.abort();
            }
            stays
        });
        for (peer, addresses) in wanted {
            let (endpoint, events) = (self.endpoint.clone(), self.to_peers.clone());
            self.calls.entry(peer).or_insert_with(|| {
                let task = tokio::spawn(dial::call(endpoint, peer, addresses.clone(), events));
                (addresses, task)
            });
        }
    }

    fn is_over(&self) -> bool {
        let (now, _) = (self.clock)();
        let settled = self.node.is_settled() && self.writing.n_waiting() == 0;
        self.closing.as_ref().is_some_and(|closing| settled || now >= closing.until)
    }

    async fn end(mut self) {
        self.calls.values().for_each(|(_, task)| task.abort());
        for (_, link) in std::mem::take(&mut self.links) {
            link.close(CLOSE_END, "this gateway ends");
        }
        self.writing.finish().await;
        self.endpoint.close().await;
        self.show();
        if let Some(closing) = self.closing {
            let _gone = closing.done.send(());
        }
    }
}
