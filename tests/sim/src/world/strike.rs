//! Lets a fault happen to the world.

use super::{Event, World};
use crate::faults::Fault;
use std::sync::Arc;
use std::time::Duration;
use takt_mesh_proto::membership::{Member, MemberList};
use takt_mesh_proto::node::Input;

impl World {
    /// Lets a fault happen.
    pub fn strike(&mut self, gateway: usize, fault: Fault) {
        match fault {
            Fault::Crash { durable } => self.crash(gateway, durable),
            Fault::CrashAtWrite => self.gateways[gateway].crash_at_write = true,
            Fault::Boot if self.gateways[gateway].node.is_none() => self.boot(gateway),
            Fault::Boot => {}
            Fault::Backup => self.gateways[gateway].backup = Some(self.gateways[gateway].disk.copy()),
            Fault::Restore => self.restore(gateway),
            Fault::Clone => self.clone_box(gateway),
            Fault::RaiseIncarnation => self.raise(gateway),
            Fault::Stall(span) => self.gateways[gateway].stalled_until = self.now.plus(span),
            Fault::Clock(off_s) => self.gateways[gateway].clock_off_s = off_s,
            Fault::Part => {
                let sides = (0..self.gateways.len()).map(|_| u8::from(self.rng.bool())).collect();
                self.links.parted = Some(sides);
            }
            Fault::Heal => self.heal(),
            Fault::Weather(loss, twice) => {
                self.links.loss_permille = loss;
                self.links.twice_permille = twice;
            }
            Fault::SettleAll => (0..self.gateways.len()).for_each(|g| self.feed(g, Input::Settle)),
        }
    }

    fn crash(&mut self, gateway: usize, durable: usize) {
        let this = &mut self.gateways[gateway];
        if this.node.take().is_none() {
            return;
        }
        this.crash_at_write = false;
        this.kept.clear();
        let n = durable.min(this.disk.n_waiting());
        this.disk.crash(n);
        self.checks.stopped(gateway);
        self.disconnect(gateway);
        let span = Duration::from_millis(self.rng.u64(50..500));
        self.after(span, gateway, Event::Fault(Fault::Boot));
    }

    fn restore(&mut self, gateway: usize) {
        let Some(backup) = self.gateways[gateway].backup.take() else { return };
        self.crash(gateway, 0);
        self.gateways[gateway].disk = backup;
        self.gateways[gateway].restored = true;
        self.checks.restored(gateway);
    }

    fn clone_box(&mut self, gateway: usize) {
        let twin = self.gateways.len();
        let this = &mut self.gateways[gateway];
        this.restored = true;
        let mut copy = crate::gateway::Gateway::bare(this.key.clone(), this.company, this.site.clone(), this.zone);
        copy.disk = this.disk.copy();
        copy.restored = true;
        copy.clone_of = Some(gateway);
        copy.forges = self.rng.bool();
        let forges = copy.forges;
        copy.peers.clone_from(&this.peers);
        let id = this.id;
        self.index.entry(id).or_default().push(twin);
        self.gateways.push(copy);
        self.load.twin(gateway);
        self.checks.cloned(&self.gateways, gateway, forges);
        self.boot(twin);
        self.after(Duration::ZERO, twin, Event::Window);
    }

    fn raise(&mut self, gateway: usize) {
        // Two boxes with one key are not helped by a new incarnation.
        let id = self.gateways[gateway].id;
        if self.index.get(&id).is_some_and(|homes| homes.len() > 1) {
            return;
        }
        let raise = |member: &Member| Member {
            incarnation: member.incarnation + u32::from(member.peer == id),
            ..member.clone()
        };
        let old = &self.members;
        let members: Vec<Member> = old.members().iter().map(raise).collect();
        let list = MemberList::new(old.mesh, old.version + 1, old.issued, old.expires, members);
        self.members = Arc::new(list.expect("as valid as the old one"));
        for g in (0..self.gateways.len()).filter(|g| !self.gateways[*g].forges).collect::<Vec<_>>() {
            self.feed(g, Input::Members(self.members.clone()));
        }
    }

    fn heal(&mut self) {
        self.links.parted = None;
        for a in 0..self.gateways.len() {
            for b in self.gateways[a].peers.clone().into_iter().filter(|b| *b > a) {
                self.connect(a, b);
            }
        }
    }
}
