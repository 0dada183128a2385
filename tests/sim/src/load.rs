//! The lines' load: how often windows close on each gateway, how long a run takes, and what the data is.

use std::time::Duration;
use takt_mesh_proto::egress::{Blob, Content, Payload};
use takt_mesh_proto::ids::Digest;
use takt_mesh_proto::lending::Timing;
use takt_mesh_proto::node::Work;
use takt_plant::{ExportClass, MonoTime};

/// Deadline of every window.
pub const DEADLINE: Duration = Duration::from_millis(60);
/// Mean run.
pub const RUN_MEAN: Duration = Duration::from_millis(8);

/// Load of all gateways.
#[derive(Debug, Clone)]
pub struct Load {
    /// Share of one executor that each gateway's lines ask for.
    pub shares: Vec<f64>,
    /// No window closes before.
    pub begin: MonoTime,
    /// No window closes after.
    pub end: MonoTime,
    /// Spread of the run times: sigma of the logarithm. At 0.6 the lenders' own without lending meet
    /// 99.7, 98.6 and 98.1 % of their deadlines under the three loads of the lending table.
    pub sigma: f64,
    /// All data may go anywhere; else classes and contents are drawn.
    pub all_mesh: bool,
    next_ticket: u64,
}

impl Load {
    /// `hot` of a thousand gateways ask for `hot_share`, the others for `cold_share`.
    pub fn new(
        n: usize,
        hot_permille: usize,
        hot_share: f64,
        cold_share: f64,
        (begin, end): (MonoTime, MonoTime),
    ) -> Self {
        let n_hot = n * hot_permille / 1000;
        let shares = (0..n).map(|g| if g < n_hot { hot_share } else { cold_share }).collect();
        Self { shares, begin, end, sigma: 0.6, all_mesh: false, next_ticket: 0 }
    }

    /// The one model.
    pub fn model() -> Digest {
        Digest::of("model", &[b"sim"])
    }

    /// Models loaded everywhere.
    pub fn models(&self) -> Vec<(Digest, Timing)> {
        vec![(Self::model(), Timing::new(RUN_MEAN, RUN_MEAN * 2))]
    }

    /// Until the next window after this one; `None` when the load is over.
    pub fn next(&mut self, gateway: usize, now: MonoTime, rng: &mut fastrand::Rng) -> Option<Duration> {
        let share = self.shares[gateway];
        if now > self.end || share <= 0.0 {
            return None;
        }
        let mean_s = RUN_MEAN.as_secs_f64() / share;
        Some(Duration::from_secs_f64(-mean_s * (1.0 - rng.f64()).ln()))
    }

    /// A run's time: lognormal with mean [`RUN_MEAN`].
    pub fn run_time(&self, rng: &mut fastrand::Rng) -> Duration {
        let normal = (-2.0 * (1.0 - rng.f64()).ln()).sqrt() * (std::f64::consts::TAU * rng.f64()).cos();
        let median_s = RUN_MEAN.as_secs_f64() * (-self.sigma * self.sigma / 2.0).exp();
        Duration::from_secs_f64(median_s * (self.sigma * normal).exp())
    }

    /// A window. Its bytes begin with its true class and content, for the checks.
    pub fn work(&mut self, gateway: usize, rng: &mut fastrand::Rng) -> Work {
        self.next_ticket += 1;
        let (class, content) = if self.all_mesh {
            (ExportClass::Mesh, Content::Features)
        } else {
            let class = ExportClass::ALL[rng.usize(0..4)];
            (class, if rng.u32(0..4) == 0 { Content::Raw } else { Content::Features })
        };
        let mut bytes = vec![class as u8, u8::from(content == Content::Raw)];
        bytes.extend_from_slice(&self.next_ticket.to_le_bytes());
        bytes.extend_from_slice(&gateway.to_le_bytes());
        let payload = Payload::new(class, content, Blob::new(bytes));
        Work { ticket: self.next_ticket, model: Self::model(), remaining: DEADLINE, payload }
    }

    /// A gateway that asks for more than it has.
    pub fn hot(&self, rng: &mut fastrand::Rng) -> usize {
        let n_hot = self.shares.iter().filter(|share| **share > 1.0).count();
        rng.usize(0..n_hot.max(1))
    }

    /// A clone has its original's load.
    pub fn twin(&mut self, gateway: usize) {
        self.shares.push(self.shares[gateway]);
    }
}
