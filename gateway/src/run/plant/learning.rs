//! Learning for HTTP: jobs, each on a thread of its own that gives way to everything else.
//!
//! A job must not cost a verdict its deadline, so it shares no runtime with shards or HTTP, reads the store
//! through connections of its own, and its thread has the lowest priority but one (nice 10): on a busy
//! core the system then gives a shard nine times its time. One job a line, two in all, and at most
//! [`ROWS_MAX`] rows, so that memory is bounded too.

use crate::api::control::{ControlError, Why};
use crate::api::{LearnFigures, LearnPackage, LearnRequest, LearnStanding, LearnStarted, LearnView};
use crate::documents;
use crate::learn::{self, Cancelled, Pace, Taken};
use crate::loader::sentence;
use crate::run::{Shared, store_dir};
use crate::store::{Event, Reader};
use anyhow::{Context as _, Result};
use std::collections::VecDeque;
use std::panic::AssertUnwindSafe;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use takt_config::Resolved;
use takt_models::baseline::{Learned, Packing, Theme};
use takt_models::package::{Element, ModelVersion, Package};
use takt_plant::ModelId;

/// Rows of one job: 160 MB with two hundred columns.
pub(crate) const ROWS_MAX: usize = 100_000;
/// Jobs at once.
const JOBS_MAX: usize = 2;
/// Jobs that are remembered, with report and figures.
const KEPT_MAX: usize = 8;
/// How much a job gives way to others.
const NICENESS: i32 = 10;
/// Where the reading of history ends and training begins, of a whole job.
const READ_SHARE: f64 = 0.8;

/// The jobs of this gateway since its start.
#[derive(Default)]
pub(crate) struct Jobs(Mutex<Inner>);

#[derive(Default)]
struct Inner {
    n_begun: u64,
    jobs: VecDeque<Arc<Job>>,
}

struct Job {
    view: Mutex<LearnView>,
    stop: AtomicBool,
}

impl Job {
    fn view(&self) -> MutexGuard<'_, LearnView> {
        self.view.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Jobs {
    fn begin(&self, request: &LearnRequest, by: &str) -> Result<Arc<Job>, ControlError> {
        let mut inner = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let running: Vec<_> =
            inner.jobs.iter().filter(|job| job.view().standing == LearnStanding::Running).cloned().collect();
        let line = request.ask.line.to_string();
        if let Some(job) = running.iter().find(|job| job.view().line == line) {
            let error = format!("{} is already learning from line {line}", job.view().by);
            return Err(ControlError::conflict(error, "wait for it, or cancel it"));
        }
        if running.len() >= JOBS_MAX {
            return Err(ControlError::conflict("other lines are learning at the moment", "wait for one of them"));
        }
        inner.n_begun += 1;
        let view = LearnView {
            job: format!("learn-{}", inner.n_begun),
            line,
            check: request.ask.check.to_string(),
            by: by.to_owned(),
            standing: LearnStanding::Running,
            progress: 0.0,
            step: "beginning".to_owned(),
            quality: None,
            report: None,
            figures: None,
            package: None,
            error: None,
        };
        let job = Arc::new(Job { view: Mutex::new(view), stop: AtomicBool::new(false) });
        inner.jobs.push_back(Arc::clone(&job));
        while inner.jobs.len() > KEPT_MAX {
            let ended = inner.jobs.iter().position(|job| job.view().standing != LearnStanding::Running);
            match ended {
                Some(place) => drop(inner.jobs.remove(place)),
                None => break,
            }
        }
        Ok(job)
    }

    fn find(&self, name: &str) -> Result<Arc<Job>, ControlError> {
        let inner = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let found = inner.jobs.iter().find(|job| job.view().job == name).cloned();
        let shown: String = name.chars().take(60).collect();
        found.ok_or_else(|| {
            let hint = format!("the last {KEPT_MAX} jobs since the start are remembered");
            ControlError::not_found(format!("there is no job '{shown}'"), hint)
        })
    }
}

impl Shared {
    /// Begins a job. What cannot be asked for is refused at once.
    pub(super) async fn begin_learning(
        self: &Arc<Self>,
        who: &str,
        mut request: LearnRequest,
    ) -> Result<LearnStarted, ControlError> {
        request.ask.n_last = request.ask.n_last.min(ROWS_MAX);
        let applied = self.in_force().await?;
        let read = documents::read_all(&self.source, &applied)
            .map_err(|problems| ControlError::new(problems.to_string(), "mend the documents first"))?;
        let model = learn::check(&request.ask, &read, &self.whose())
            .map_err(|why| ControlError::new(why.to_string(), "lines and checks stand at /api/v1/checks"))?;
        let job = self.learning.begin(&request, who)?;
        let started = LearnStarted { job: job.view().job.clone() };
        let what = if request.dry_run { "looks at the history of" } else { "learns from" };
        let text = format!("{what} {}/{}", request.ask.line, request.ask.check);
        self.note(who, "learn.begin", Some(request.ask.line.clone()), &text).await;
        let (shared, working) = (Arc::clone(self), Arc::clone(&job));
        let work = Work { shared, job: working, request, read, model, who: who.to_owned() };
        let thread = std::thread::Builder::new().name("learner".into()).spawn(move || {
            let job = Arc::clone(&work.job);
            // A job that never ends would keep its line from learning for good.
            if std::panic::catch_unwind(AssertUnwindSafe(|| work.run())).is_err() {
                let mut view = job.view();
                view.standing = LearnStanding::Failed;
                view.error = Some("the learner broke off by a defect; please report it with the log".to_owned());
            }
        });
        if let Err(error) = thread {
            let mut view = job.view();
            view.standing = LearnStanding::Failed;
            let error = format!("the system gives no thread: {error}");
            view.error = Some(error.clone());
            return Err(ControlError::new(error, "see `takt doctor`").because(Why::Unavailable));
        }
        Ok(started)
    }

    pub(super) fn learning_view(&self, job: &str) -> Result<LearnView, ControlError> {
        Ok(self.learning.find(job)?.view().clone())
    }

    pub(super) async fn stop_learning(&self, who: &str, job: &str) -> Result<LearnView, ControlError> {
        let found = self.learning.find(job)?;
        found.stop.store(true, Ordering::Relaxed);
        self.note(who, "learn.cancel", None, job).await;
        let view = found.view().clone();
        Ok(view)
    }
}

/// One job's work.
struct Work {
    shared: Arc<Shared>,
    job: Arc<Job>,
    request: LearnRequest,
    read: Resolved,
    model: ModelId,
    who: String,
}

impl Work {
    fn run(self) {
        // Only this thread: the system counts niceness by thread.
        if let Err(error) = rustix::process::setpriority_process(None, NICENESS) {
            tracing::warn!(%error, "the learner's thread could not be made to give way");
        }
        let ended = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let ended = ended.context("no runtime for the learner").and_then(|runtime| runtime.block_on(self.learn()));
        let mut view = self.job.view();
        view.standing = match &ended {
            Ok(()) => LearnStanding::Done,
            Err(error) if error.is::<Cancelled>() => LearnStanding::Cancelled,
            Err(_) => LearnStanding::Failed,
        };
        view.progress = if ended.is_ok() { 1.0 } else { view.progress };
        view.step = "ended".to_owned();
        view.error = ended.err().map(|error| sentence(error.as_ref()));
    }

    async fn learn(&self) -> Result<()> {
        let reader = Reader::open(&store_dir(&self.shared.gateway));
        let tell = |done: f64, text: &str| {
            let mut view = self.job.view();
            view.progress = done * READ_SHARE;
            text.clone_into(&mut view.step);
        };
        let pace = Pace { tell: &tell, stop: &self.job.stop };
        let taken = learn::take(&self.request.ask, &self.read, &self.shared.whose(), &reader, &pace).await;
        reader.close().await;
        let taken = taken?;
        self.job.view().quality.clone_from(&taken.look);
        pace.step(1.0, "learning")?;
        if self.request.dry_run {
            return Ok(());
        }
        let learned = taken.learn(&self.request.method).context("nothing was learned")?;
        {
            let mut view = self.job.view();
            view.report = Some(learned.report.text());
            view.figures = Some(LearnFigures {
                scores: learned.report.scores_svg(Theme::Auto),
                eigenvalues: learned.report.eigenvalues_svg(Theme::Auto),
                contributions: learned.report.contributions_svg(Theme::Auto),
            });
        }
        pace.step(1.0, "packing")?;
        self.keep(&taken, &learned).await
    }

    /// Packs and installs what was learned. What judges stays what it is.
    async fn keep(&self, taken: &Taken, learned: &Learned) -> Result<()> {
        let shared = &self.shared;
        let catalogue = shared.loader.catalogue();
        let name = self.request.name.clone().unwrap_or_else(|| self.model.clone());
        let version: ModelVersion = match &self.request.version {
            Some(version) => version.clone(),
            None => learn::next_version(&name, catalogue)?,
        };
        let packing = Packing {
            name: name.clone(),
            version: version.clone(),
            source: taken.source.clone(),
            element: Element::F64,
            who: self.who.clone(),
            when: shared.clock.wall(),
            from: taken.from.clone(),
        };
        let bytes = learned.pack(&packing)?;
        let digest = Package::inspect(&bytes)?.digest.to_string();
        catalogue.install(&bytes)?;
        self.job.view().package = Some(LearnPackage {
            name: name.to_string(),
            version: version.to_string(),
            digest,
            n_bytes: bytes.len() as u64,
        });
        let text = format!("{name} {version}, learned from {}", taken.from);
        let event = Event {
            at: shared.clock.wall(),
            who: self.who.clone(),
            what: "model.install".to_owned(),
            line: Some(self.request.ask.line.clone()),
            text,
        };
        Ok(shared.store.record_event(event).await?)
    }
}
