//! What the core wants done, done.

use super::{Actor, SHOW_EVERY};
use crate::executor::{Answer, Run, Which};
use crate::kept::Borrowed;
use crate::link::{Link, Traffic};
use crate::roster::Roster;
use crate::status::{PeerStatus, Status};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use takt_mesh_proto::audit::{Finding, Sample};
use takt_mesh_proto::egress::Blob;
use takt_mesh_proto::frame::Outgoing;
use takt_mesh_proto::ids::PeerId;
use takt_mesh_proto::node::{Input, Node, Outcome, Output};
use takt_plant::ExportClass;

/// A borrowed run that is being done again.
pub(super) struct Audit {
    sample: Sample,
    borrowed: Borrowed,
}

impl Actor {
    pub(super) fn carry_out(&mut self, output: Output) {
        match output {
            Output::Send { to, message } => self.send(to, message),
            Output::Persist { id, record } => self.writing.push(id, record),
            Output::Execute { task, owner, model, payload } => {
                let answer = Answer::new(Which::Task(task), self.to_ran.clone());
                self.executor.run(Run::new(Some(owner), model, payload, answer));
            }
            Output::Verdict { ticket, outcome } => self.ended(ticket, outcome),
            Output::ReadChunk { to, epoch, no, model, index } => {
                // A lender whose disk is busy does not answer, and the borrower asks another one.
                let read = self.writing.store().map(|store| store.chunk(model, index));
                if let Some(Ok(Some(bytes))) = read {
                    self.feed(Input::ChunkRead { to, epoch, no, model, index, bytes });
                }
            }
            Output::Reexecute(sample) => self.reexecute(sample),
            Output::Installed(release) => tracing::info!(model = %release.model, "a model is complete"),
            Output::Checkpointed(_) => tracing::debug!("the log's head is cosigned"),
            Output::Alarm(alarm) => {
                tracing::warn!(?alarm, "the mesh needs an operator");
                self.executor.alarmed(&alarm);
            }
        }
    }

    fn send(&mut self, to: PeerId, message: Outgoing) {
        let allowed = self.roster.list.reach(&self.id, &to) == Some(message.reach());
        // The core names a message's reach from the list that it has; that list may be older by one event.
        if let Some(link) = self.links.get_mut(&to).filter(|_| allowed) {
            link.send(message.into_frame());
        }
    }

    fn ended(&mut self, ticket: u64, outcome: Outcome) {
        match &outcome {
            Outcome::Borrowed { peer, epoch, no, output } => {
                self.kept.borrowed(ticket, (*peer, *epoch, *no), output.clone());
            }
            Outcome::Local(_) | Outcome::Late | Outcome::Overload | Outcome::Failed => self.kept.end(ticket),
        }
        self.executor.ended(ticket, outcome);
    }

    fn reexecute(&mut self, sample: Sample) {
        // One at a time; what is not looked at says nothing.
        let borrowed = self.kept.get(&sample).filter(|_| self.audit.is_none());
        let Some(borrowed) = borrowed else {
            return self.feed(Input::Audited { sample, finding: Finding::Unknown });
        };
        let answer = Answer::new(Which::Audit, self.to_ran.clone());
        self.executor.run(Run::new(None, borrowed.model, borrowed.input.clone(), answer));
        self.audit = Some(Audit { sample, borrowed });
    }

    pub(super) fn audited(&mut self, output: Option<Blob>) {
        let Some(Audit { sample, borrowed }) = self.audit.take() else { return };
        let compare = |own: Blob| self.executor.compare(borrowed.model, &borrowed.output, &own);
        let finding = output.map_or(Finding::Unknown, compare);
        self.feed(Input::Audited { sample, finding });
    }

    /// Renews the snapshot, and what the core knows of round trips.
    pub(super) fn show(&mut self) {
        let (now, _) = (self.clock)();
        self.show_at = now.plus(SHOW_EVERY);
        let rtts: Vec<(PeerId, u32)> = self.links.values().filter(|link| link.up).map(rtt_us).collect();
        for (peer, rtt_us) in rtts {
            self.feed(Input::Rtt { peer, rtt_us });
        }
        let door = (self.door.n_refused(), self.writing.failed());
        self.shown.send_replace(Arc::new(status(&self.node, &self.roster, &self.links, &self.traffic, door)));
    }
}

fn rtt_us(link: &Link) -> (PeerId, u32) {
    (link.id.peer, u32::try_from(link.rtt().as_micros()).unwrap_or(u32::MAX))
}

pub(super) fn status(
    node: &Node,
    roster: &Roster,
    links: &BTreeMap<PeerId, Link>,
    traffic: &BTreeMap<PeerId, Arc<Traffic>>,
    (n_refused, unwritable): (u64, Option<Arc<str>>),
) -> Status {
    let own = node.id();
    let quarantined: BTreeSet<&PeerId> = node.quarantined().collect();
    let others = roster.list.members().iter().filter(|member| member.peer != own);
    let peers = others.map(|member| {
        let peer = member.peer;
        let link = links.get(&peer).filter(|link| link.up);
        let (lent, borrowed) = node.pair(&peer);
        let sent = traffic.get(&peer);
        let read =
            |counts: &[std::sync::atomic::AtomicU64; 5]| std::array::from_fn(|at| counts[at].load(Ordering::Relaxed));
        PeerStatus {
            peer,
            name: roster.places.get(&peer).map(|place| Arc::clone(&place.name)).unwrap_or_default(),
            site: member.site.as_str().into(),
            reach: node.reach(&peer).unwrap_or(ExportClass::Never),
            connected: link.is_some(),
            rtt_us: link.map(|link| rtt_us(link).1),
            quarantined: quarantined.contains(&peer),
            lent,
            borrowed,
            debt: node.debt(&peer),
            n_frames_sent: sent.map(|sent| read(&sent.n_frames)).unwrap_or_default(),
            n_bytes_sent: sent.map(|sent| read(&sent.n_bytes)).unwrap_or_default(),
            n_dropped: sent.map_or(0, |sent| sent.n_dropped.load(Ordering::Relaxed)),
        }
    });
    Status {
        id: own,
        list_version: roster.list.version,
        list_expires: roster.list.expires,
        standing: node.standing(),
        balance: node.balance(),
        settled: node.is_settled(),
        counts: node.counts().clone(),
        n_refused,
        unwritable,
        peers: peers.collect(),
    }
}
