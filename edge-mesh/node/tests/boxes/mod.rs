//! Gateways' parts in one process: each with a runtime, a store and an executor of its own, over real UDP.

#![allow(dead_code, reason = "each test takes what it needs")]

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use takt_adapters::Clock;
use takt_mesh::membership::MeshFiles;
use takt_mesh::status::Status;
use takt_mesh::{Executor, MemoryStore, Mesh, MeshOptions, Place, Roster, Run};
use takt_mesh_proto::audit::Finding;
use takt_mesh_proto::egress::{Blob, Content, Payload};
use takt_mesh_proto::ids::{Digest, PeerId, Units};
use takt_mesh_proto::keys::Keypair;
use takt_mesh_proto::lending::Timing;
use takt_mesh_proto::membership::{Member, MemberList};
use takt_mesh_proto::metering::{Price, PriceList};
use takt_mesh_proto::node::{Alarm, NodeOptions, Outcome, Work};
use takt_plant::{ExportClass, SiteId, WallTime};

/// What the model of all boxes takes for a run.
pub const RUN: Duration = Duration::from_millis(8);
/// What a run costs.
pub const PRICE: Units = Units(8_000_000);
/// How long anything may take before the test fails.
const PATIENCE: Duration = Duration::from_secs(20);

pub fn model() -> Digest {
    Digest::of("model", &[b"press"])
}

/// Runs the model, and hears how windows ended.
struct Bench {
    runs: Sender<Run>,
    ended: Mutex<Vec<(u64, Outcome)>>,
}

impl Executor for Bench {
    fn run(&self, run: Run) {
        self.runs.send(run).expect("the bench stands");
    }

    fn ended(&self, ticket: u64, outcome: Outcome) {
        self.ended.lock().expect("whole").push((ticket, outcome));
    }

    fn compare(&self, _: Digest, claimed: &Blob, own: &Blob) -> Finding {
        if claimed == own { Finding::Equal } else { Finding::Mismatch }
    }

    fn alarmed(&self, alarm: &Alarm) {
        panic!("nothing is wrong here: {alarm:?}");
    }
}

fn work(runs: &Receiver<Run>) {
    for run in runs {
        std::thread::sleep(RUN);
        let output = blake3::hash(run.payload.blob().bytes()).as_bytes().to_vec();
        run.answer(Blob::new(output));
    }
}

/// One gateway's part.
pub struct Part {
    pub key: [u8; 32],
    pub id: PeerId,
    pub mesh: Mesh,
    pub store: MemoryStore,
    bench: Arc<Bench>,
    runtime: Option<tokio::runtime::Runtime>,
    next: u64,
}

impl Part {
    /// Starts a part under a list.
    pub fn start(key: u8, roster: Roster) -> Self {
        Self::start_with([key; 32], roster, "127.0.0.1:0".parse().expect("an address"), None)
    }

    /// Starts a part at an address, with the files of its membership.
    pub fn start_with(key: [u8; 32], roster: Roster, listen: SocketAddr, files: Option<MeshFiles>) -> Self {
        let (to_runs, runs) = channel();
        let bench = Arc::new(Bench { runs: to_runs, ended: Mutex::default() });
        std::thread::spawn(move || work(&runs));
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
        let runtime = runtime.expect("a runtime");
        let (store, clock) = (MemoryStore::default(), Clock::new());
        let options = MeshOptions {
            secret: key,
            listen: vec![listen],
            node: NodeOptions::default(),
            roster: Arc::new(roster),
            prices: Arc::new(prices()),
            clock: Arc::new(move || (clock.mono(), clock.wall())),
        };
        let executor: Arc<dyn Executor> = Arc::clone(&bench) as _;
        let mesh = runtime.block_on(Mesh::start(options, Box::new(store.clone()), executor, files)).expect("it starts");
        runtime.block_on(mesh.loaded(model(), Timing::new(RUN, RUN)));
        let id = id_of(&key);
        Self { key, id, mesh, store, bench, runtime: Some(runtime), next: 0 }
    }

    pub fn block<T>(&self, future: impl Future<Output = T>) -> T {
        self.runtime.as_ref().expect("it lives").block_on(future)
    }

    /// Offers `n` windows, one each `every`, and waits until all have ended.
    pub fn judge(&mut self, n: u64, every: Duration, deadline: Duration) -> Vec<Outcome> {
        let first = self.next;
        for ticket in first..first + n {
            let input = Blob::new(ticket.to_le_bytes().repeat(1024));
            let payload = Payload::new(ExportClass::SameSite, Content::Raw, input);
            let work = Work { ticket, model: model(), remaining: deadline, payload };
            self.mesh.offer(work).expect("few windows wait");
            std::thread::sleep(every);
        }
        self.next += n;
        let ended = || self.bench.ended.lock().expect("whole").len() as u64 == self.next;
        wait("all windows end", || ended().then_some(()));
        let mut ended = self.bench.ended.lock().expect("whole").clone();
        ended.sort_by_key(|(ticket, _)| *ticket);
        ended.into_iter().skip_while(|(ticket, _)| *ticket < first).map(|(_, outcome)| outcome).collect()
    }

    pub fn status(&self) -> Arc<Status> {
        Arc::clone(&self.mesh.status().borrow())
    }

    /// Whether a connection stands.
    pub fn sees(&self, peer: &PeerId) -> bool {
        self.status().peers.iter().any(|p| p.peer == *peer && p.connected)
    }

    /// Stops as a process does that is killed: nothing more is sent.
    pub fn kill(&mut self) {
        self.runtime.take().expect("it lives").shutdown_background();
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

fn prices() -> PriceList {
    let models = BTreeMap::from([(model(), Price { run: PRICE })]);
    let limit = Units(PRICE.0 * 1_000_000);
    PriceList { version: 1, kib: Units(1_000), models, pair_limit: limit, mesh_limit: limit }
}

pub fn id(key: u8) -> PeerId {
    id_of(&[key; 32])
}

pub fn id_of(key: &[u8; 32]) -> PeerId {
    Keypair::from_secret(key).id()
}

/// A list of gateways of one site, with the places of those that run.
pub fn roster(version: u64, keys: &[u8], parts: &[&Part]) -> Roster {
    let site = SiteId::new("ulm").expect("a name");
    let member =
        |key: &u8| Member { peer: id(*key), company: "acme".into(), site: site.clone(), zone: 0, incarnation: 0 };
    let (issued, expires) = (WallTime::from_ns(0), WallTime::from_ns(i64::MAX / 2));
    let list = MemberList::new(Digest::of("mesh", &[]), version, issued, expires, keys.iter().map(member).collect());
    let place = |part: &&Part| {
        (part.id, Place { name: format!("gateway-{}", part.key[0]).into(), addresses: part.mesh.addresses().to_vec() })
    };
    let places = parts.iter().map(place).collect();
    let limit = prices().pair_limit;
    Roster { list: Arc::new(list.expect("a list")), places, limits: (limit, limit), signed: Arc::new([]) }
}

/// Starts parts and connects each with each.
pub fn connected(keys: &[u8]) -> Vec<Part> {
    let parts: Vec<Part> = keys.iter().map(|key| Part::start(*key, roster(1, keys, &[]))).collect();
    tell(&parts, &roster(2, keys, &parts.iter().collect::<Vec<_>>()));
    for part in &parts {
        wait("all are connected", || keys.iter().all(|k| id(*k) == part.id || part.sees(&id(*k))).then_some(()));
    }
    parts
}

/// Puts a list in force everywhere.
pub fn tell(parts: &[Part], roster: &Roster) {
    for part in parts {
        part.block(part.mesh.set_roster(Arc::new(roster.clone())));
    }
}

/// Looks again and again until something is there.
pub fn wait<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    for _ in 0..PATIENCE.as_millis() / 20 {
        if let Some(found) = look() {
            return found;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    panic!("in vain waited for: {what}");
}
