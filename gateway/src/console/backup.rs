//! `takt backup` and `takt restore`: one file, by the running gateway over HTTP, else on its folder itself.

use super::answer::Answer;
use super::context::Context;
use super::exit::Exit;
use super::live;
use super::table::{bytes, table};
use crate::access::{Access, AccessError};
use crate::assemble::Whose;
use crate::backup::{self, BackupError, Held, RestoreReport};
use crate::documents;
use crate::loader::sentence;
use crate::run::{self, Direct};
use anyhow::{Context as _, Result, anyhow, bail};
use reqwest::blocking::{RequestBuilder, Response};
use serde_json::json;
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// What is backed up, and where to.
#[derive(Debug, clap::Args)]
pub(super) struct Backup {
    /// The file to write; it holds the hashes of passwords, so it is readable by its owner alone.
    file: PathBuf,
    /// With samples, verdicts and events.
    #[arg(long)]
    history: bool,
}

/// What is restored.
#[derive(Debug, clap::Args)]
pub(super) struct Restore {
    /// The backup.
    file: PathBuf,
    /// Only say what is in it, and what it would change.
    #[arg(long)]
    dry_run: bool,
}

impl Backup {
    pub(super) async fn carry_out(self, context: &Context) -> Result<Answer> {
        let history = self.history;
        let file = std::path::absolute(&self.file)?;
        let asked = live::asking(context)?;
        let (path, draft) = (format!("/api/v1/backup?history={history}"), Draft::new(&file)?);
        let (draft, answer) = tokio::task::spawn_blocking(move || {
            let answer = answered(asked.get(&path)?)?;
            let Some(mut answer) = answer else { return Ok((draft, false)) };
            answer.copy_to(&mut &draft.file).context("the gateway broke off; see its log")?;
            Ok::<_, anyhow::Error>((draft, true))
        })
        .await??;
        if !answer {
            let gateway = context.gateway()?;
            let (store, at) = (run::store_dir(&gateway), context.clock.wall());
            let made = backup::make(&gateway, &store, &context.source, history, at).await.map_err(told)?;
            let written = made.write(&draft.file);
            written.with_context(|| format!("{} cannot be written", file.display()))?;
        }
        let n_bytes = draft.finish()?;
        let text = format!("{}: {}; secrets and tokens are not in it", file.display(), bytes(n_bytes));
        Ok(Answer::new(
            text,
            json!({ "file": file.display().to_string(), "n_bytes": n_bytes, "with_history": history }),
        ))
    }
}

impl Restore {
    pub(super) async fn carry_out(self, context: &Context) -> Result<Answer> {
        let dry_run = self.dry_run;
        let open = || File::open(&self.file).with_context(|| format!("{} cannot be read", self.file.display()));
        let (asked, from) = (live::asking(context)?, open()?);
        let path = format!("/api/v1/restore?dry_run={dry_run}");
        let answer = tokio::task::spawn_blocking(move || -> Result<Option<RestoreReport>> {
            // A body that nobody takes hides that nobody is there.
            if answered(asked.get("/healthz")?)?.is_none() {
                return Ok(None);
            }
            let Some(answer) = answered(asked.post(&path)?.body(from))? else { return Ok(None) };
            let text = answer.text().context("the gateway went away while it answered")?;
            serde_json::from_str(&text).map(Some).context("the gateway answers in words of another version")
        });
        let report = match answer.await?? {
            Some(report) => report,
            None => without_gateway(open()?, dry_run, context).await?,
        };
        let exit = if report.dry_run || report.restored { Exit::Clean } else { Exit::Failed };
        Ok(Answer::new(text(&report), serde_json::to_value(&report)?).with_exit(exit))
    }
}

/// No gateway runs: the command verifies and puts it in place itself.
async fn without_gateway(from: File, dry_run: bool, context: &Context) -> Result<RestoreReport> {
    let gateway = context.gateway()?;
    let (data_dir, store_dir) = (gateway.data_dir.value.clone(), run::store_dir(&gateway));
    std::fs::create_dir_all(&data_dir).with_context(|| format!("{} cannot be made", data_dir.display()))?;
    let checked = backup::unpack(&data_dir, from).await.map_err(told)?;
    let access = Access::open_idle(&data_dir, context.clock, Arc::new(Direct::default())).await.map_err(unusable)?;
    // Secrets that are not there yet are listed, and the next start asks for them.
    let whose = Whose { secrets: |_, _| Ok(Vec::new()), ..documents::whose(&gateway) };
    let held = Held {
        source: context.source.clone(),
        documents: context.applied().await?,
        models: context.catalogue()?.list()?,
        users: access.users().await.map_err(unusable)?,
        whose,
        running: BTreeMap::new(),
    };
    drop(access);
    let mut report = checked.report(&held);
    report.dry_run = dry_run;
    if dry_run || !report.is_possible() {
        return Ok(report);
    }
    checked.order(&data_dir, &context.who(), report.in_words()).map_err(told)?;
    let order = backup::complete(&data_dir, &store_dir).await.map_err(told)?;
    report.restored = order.is_some();
    let (store, _) = run::open_store(&gateway, context.clock).await?;
    let (at, who, what) = (context.clock.wall(), context.who(), "backup.restored".to_owned());
    let event = crate::store::Event { at, who, what, line: None, text: report.in_words() };
    store.record_event(event).await?;
    tokio::task::spawn_blocking(move || store.close()).await??;
    Ok(report)
}

/// The gateway's answer; `None` where none listens. A refusal is an error.
fn answered(asked: RequestBuilder) -> Result<Option<Response>> {
    let answer = match asked.send() {
        Err(error) if error.is_connect() => return Ok(None),
        answer => answer.context("the gateway went away while it was asked")?,
    };
    let status = answer.status();
    if status.is_success() {
        return Ok(Some(answer));
    }
    let text = answer.text().unwrap_or_default();
    let json: serde_json::Value = serde_json::from_str(&text).context("what listens there is no gateway")?;
    match (json["error"].as_str(), json["hint"].as_str()) {
        (Some(error), Some(hint)) => bail!("{error}; {hint}"),
        _ => bail!("the backup's documents cannot run here; `takt restore FILE --dry-run` says why"),
    }
}

/// A file that takes its name when it is whole.
struct Draft {
    file: File,
    draft: PathBuf,
    to: PathBuf,
}

impl Draft {
    fn new(to: &Path) -> Result<Self> {
        let mut draft = to.as_os_str().to_owned();
        draft.push(".part");
        let draft = PathBuf::from(draft);
        drop(std::fs::remove_file(&draft));
        let file = File::options().write(true).create_new(true).mode(0o600).open(&draft);
        let file = file.with_context(|| format!("{} cannot be written; check the folder", draft.display()))?;
        Ok(Self { file, draft, to: to.to_path_buf() })
    }

    fn finish(mut self) -> Result<u64> {
        let ended = self.file.flush().and_then(|()| self.file.sync_all());
        let named = ended.and_then(|()| std::fs::rename(&self.draft, &self.to)).and_then(|()| self.file.metadata());
        Ok(named.with_context(|| format!("{} cannot be written", self.to.display()))?.len())
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        // Gone already where it has its name.
        match std::fs::remove_file(&self.draft) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                eprintln!("takt: {}: {error}", self.draft.display())
            }
            _ => {}
        }
    }
}

fn text(report: &RestoreReport) -> String {
    let word = |change: backup::Change| match change {
        backup::Change::Added => "added",
        backup::Change::Changed => "changed",
        backup::Change::Same => "same",
        backup::Change::Removed => "REMOVED",
    };
    let mut rows = Vec::new();
    for of in &report.documents {
        rows.push([
            "document".to_owned(),
            of.name.clone(),
            format!("version {}", of.version),
            word(of.change).to_owned(),
        ]);
    }
    for of in &report.models {
        let active = if of.active { ", active" } else { "" };
        rows.push(["model".to_owned(), of.name.clone(), format!("{}{active}", of.version), word(of.change).to_owned()]);
    }
    for of in &report.users {
        rows.push(["user".to_owned(), of.name.clone(), of.role.to_string(), word(of.change).to_owned()]);
    }
    let history = if report.with_history { "with its history" } else { "without history" };
    let mut parts = vec![format!(
        "backup of {} at {} from {}, {history}, {}",
        report.gateway,
        report.site,
        report.made_at,
        bytes(report.n_bytes)
    )];
    parts.push(table(["WHAT", "NAME", "IN THE BACKUP", "HERE"], &rows));
    let missing = report.secrets.iter().filter(|secret| !secret.resolves);
    for secret in missing {
        parts.push(format!("secret {} must be put again: takt secret put {}", secret.name, secret.name));
    }
    if !report.tokens.is_empty() {
        parts.push(format!("tokens are not in it; make anew those that are needed: {}", report.tokens.join(", ")));
    }
    if report.configuration == backup::Configuration::Differs {
        parts.push(
            "its configuration file differs from the one here, which stays; compare configuration/takt.toml in it"
                .to_owned(),
        );
    }
    parts.extend(report.preview.problems.iter().map(|problem| format!("problem: {}: {}", problem.key, problem.error)));
    parts.push(match (report.restored, report.dry_run, report.is_possible()) {
        (true, ..) => {
            "it is restored; every session is over, nothing is armed, and verdicts begin a new epoch".to_owned()
        }
        (_, _, false) => "nothing was changed: its documents cannot run here".to_owned(),
        _ => "nothing was changed".to_owned(),
    });
    parts.join("\n")
}

fn told(error: BackupError) -> anyhow::Error {
    anyhow!("{}; {}", sentence(&error), error.hint())
}

fn unusable(error: AccessError) -> anyhow::Error {
    anyhow!("{error}; {}", error.hint())
}
