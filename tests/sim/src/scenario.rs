//! Worlds to run: gateways on sites of companies in zones, connected at random.

use crate::gateway::{Gateway, RUN_PRICE};
use crate::load::Load;
use crate::world::{Event, World};
use std::collections::BTreeMap;
use std::time::Duration;
use takt_mesh_proto::chunks::Release;
use takt_mesh_proto::egress::Blob;
use takt_mesh_proto::ids::{Digest, Units};
use takt_mesh_proto::keys::Keypair;
use takt_mesh_proto::membership::{Member, MemberList};
use takt_mesh_proto::metering::{Price, PriceList};
use takt_mesh_proto::node::{NodeOptions, PersistId, Record};
use takt_plant::{SiteId, WallTime};

/// Gateways of one zone.
const ZONE: usize = 200;

/// `n` gateways, each connected to about `n_peers` others, of which each may owe each `limit_runs` runs;
/// two companies with four sites each.
pub fn mesh(seed: u64, n: usize, n_peers: usize, limit_runs: u64, options: NodeOptions, load: Load) -> World {
    let mut rng = fastrand::Rng::with_seed(seed ^ 0x5eed);
    let mut gateways: Vec<Gateway> = (0..n)
        .map(|i| {
            let mut secret = [0u8; 32];
            secret[..8].copy_from_slice(&(i as u64).to_le_bytes());
            let place = rng.u16(0..8);
            let site = SiteId::new(&format!("site-{place}")).expect("a name");
            let zone = u16::try_from(i / ZONE).expect("few zones");
            Gateway::bare(Keypair::from_secret(&secret), place / 4, site, zone)
        })
        .collect();
    for a in 0..n {
        for _ in 0..n_peers.div_ceil(2) {
            let b = rng.usize(0..n);
            if a != b && !gateways[a].peers.contains(&b) {
                gateways[a].peers.push(b);
                gateways[b].peers.push(a);
            }
        }
    }
    let members = gateways.iter().map(|g| Member {
        peer: g.id,
        company: g.company.to_string().into(),
        site: g.site.clone(),
        zone: g.zone,
        incarnation: 0,
    });
    let (issued, expires) = (WallTime::from_ns(0), WallTime::from_ns(i64::MAX / 2));
    let list = MemberList::new(Digest::of("mesh", &[]), 1, issued, expires, members.collect());
    let models = BTreeMap::from([(Load::model(), Price { run: RUN_PRICE })]);
    let limit = Units(RUN_PRICE.0 * limit_runs);
    let prices = PriceList { version: 1, kib: Units(1_000), models, pair_limit: limit, mesh_limit: Units(u64::MAX) };
    World::new(seed, gateways, options, (list.expect("valid"), prices), load)
}

impl World {
    /// Starts everybody; windows begin to close when the load says so.
    pub fn start(&mut self) {
        for g in 0..self.gateways.len() {
            self.boot(g);
            let begin = self.load.begin.since(self.now);
            self.after(begin, g, Event::Window);
        }
    }

    /// A release of `n` small chunks that gateway `seed` has, and that it and the `n_wants` gateways
    /// nearest to it want.
    pub fn release(&mut self, (name, version): (u64, u64), n: u32, seed: usize, n_wants: usize) -> Release {
        let mut near = vec![seed];
        for i in 0..n_wants {
            let Some(g) = near.get(i).copied() else { break };
            let new = self.gateways[g].peers.iter().filter(|peer| !near.contains(peer)).copied().collect::<Vec<_>>();
            near.extend(new);
        }
        near.iter().take(n_wants + 1).for_each(|g| self.gateways[*g].wants_models = true);
        let chunk = |i: u32| -> Vec<u8> { format!("{name} {version} {i}").into_bytes() };
        let chunks: Vec<Digest> = (0..n).map(|i| Release::chunk_digest(&chunk(i))).collect();
        let model = Digest::of("package", &[&name.to_le_bytes(), &version.to_le_bytes()]);
        let release = Release { model, name, version, chunks: chunks.into() };
        for index in 0..n {
            let record = Record::Chunk { model, index, bytes: Blob::new(chunk(index)) };
            self.gateways[seed].disk.begin(PersistId(0), record);
            self.gateways[seed].disk.sync();
        }
        self.releases.insert(model, release.clone());
        release
    }

    /// Runs for a span.
    pub fn run(&mut self, span: Duration) {
        self.run_until(self.now.plus(span));
    }
}
