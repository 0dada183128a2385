//! The program `takt`: started as a process, and told what to do by its own commands.

use crate::document::{CHECK, LINE};
use crate::http;
use anyhow::{Context, Result, bail};
use serde_json::Value;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::time::Duration;
use tokio::io::AsyncWriteExt;
use tokio::process::{Child, Command};

/// A debug build on a busy machine may take this long.
const READY_WITHIN: Duration = Duration::from_secs(60);
/// The gateway's own phases have deadlines that sum to less.
const ENDS_WITHIN: Duration = Duration::from_secs(30);

/// Where the gateway is.
#[derive(Clone)]
pub(crate) struct Gateway {
    program: PathBuf,
    config: PathBuf,
    http: SocketAddr,
    token: PathBuf,
}

/// Its process, killed when it goes out of scope.
pub(crate) struct Process(Child);

impl Gateway {
    /// The gateway with a document and its folder.
    pub(crate) fn new(config: PathBuf, http: SocketAddr, folder: &Path) -> Result<Self> {
        Ok(Self { program: program()?, config, http, token: folder.join("console.token") })
    }

    /// Starts it. Its messages go to the log.
    pub(crate) fn start(&self, log: &Path) -> Result<Process> {
        let log = std::fs::File::options().create(true).append(true).open(log).context("cannot open the log")?;
        let mut command = Command::new(&self.program);
        command.args(["run", "--config"]).arg(&self.config);
        command.stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log).kill_on_drop(true);
        // Ctrl-C at the terminal goes to the demo alone, which ends things in order.
        command.process_group(0);
        let child = command.spawn().with_context(|| format!("cannot start {}", self.program.display()))?;
        Ok(Process(child))
    }

    /// Waits until it answers.
    pub(crate) async fn answers(&self) -> Result<()> {
        self.wait("answer", || async { matches!(http::get(self.http, &self.token, "/healthz").await, Ok((200, _))) })
            .await
    }

    /// Waits until a model judges its product.
    pub(crate) async fn is_ready(&self, model: &str) -> Result<()> {
        let ready = || async {
            let models = self.check().await.map(|check| check["models"].clone()).unwrap_or_default();
            let mut models = models.as_array().into_iter().flatten();
            models.any(|m| m["name"] == model && m["standing"] == "ready")
        };
        self.wait(&format!("load {model}"), ready).await
    }

    async fn wait<F: Future<Output = bool>>(&self, what: &str, mut is_so: impl FnMut() -> F) -> Result<()> {
        let until_so = async {
            while !is_so().await {
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        };
        let waited = tokio::time::timeout(READY_WITHIN, until_so).await;
        waited.with_context(|| format!("the gateway did not {what} within {} s", READY_WITHIN.as_secs()))
    }

    /// `GET /api/v1/status`.
    pub(crate) async fn status(&self) -> Result<Value> {
        http::json(self.http, &self.token, "/api/v1/status").await
    }

    /// The part of the status that is about the demo's check.
    pub(crate) async fn check(&self) -> Result<Value> {
        check_of(&self.status().await?).cloned().context("the status does not show the check")
    }

    /// Makes somebody who may sign in; who is there already, from a run before, gets this password again.
    pub(crate) async fn user(&self, name: &str, password: &str) -> Result<()> {
        let words = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
        let listed = self.run(&words(&["user", "list", "--json"])).await?;
        let listed: Value = serde_json::from_str(&listed).context("`takt user list` gave no JSON")?;
        let is_there = listed["users"].as_array().into_iter().flatten().any(|user| user["name"] == name);
        let command = match is_there {
            true => words(&["user", "password", name]),
            false => words(&["user", "add", name, "--role", "administrator"]),
        };
        self.tell(&command, &format!("{password}\n")).await.map(drop)
    }

    /// Runs one of its commands with its document; gives what it printed.
    pub(crate) async fn run(&self, arguments: &[String]) -> Result<String> {
        self.tell(arguments, "").await
    }

    /// The same with something on its standard input.
    async fn tell(&self, arguments: &[String], input: &str) -> Result<String> {
        let mut command = Command::new(&self.program);
        command.args(arguments).arg("--config").arg(&self.config).kill_on_drop(true);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let start = || format!("cannot start {}", self.program.display());
        let mut child = command.spawn().with_context(start)?;
        if let Some(mut stdin) = child.stdin.take() {
            // A command that reads nothing may have ended already.
            drop(stdin.write_all(input.as_bytes()).await);
        }
        let output = child.wait_with_output().await.with_context(start)?;
        if !output.status.success() {
            let words = String::from_utf8_lossy(&output.stderr).trim().to_owned();
            let command = arguments.first().map(String::as_str).unwrap_or_default();
            bail!("`takt {command}` ended with {}:\n{words}", output.status);
        }
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    }
}

impl Process {
    /// Waits until it ends by itself, which it must not.
    pub(crate) async fn died(&mut self) -> anyhow::Error {
        match self.0.wait().await {
            Ok(status) => anyhow::anyhow!("the gateway died: {status}"),
            Err(error) => anyhow::anyhow!("cannot watch the gateway: {error}"),
        }
    }

    /// Ends it as systemd does, and waits.
    pub(crate) async fn stop(mut self) -> Result<ExitStatus> {
        let id = self.0.id().context("the gateway died")?.to_string();
        Command::new("kill").args(["-TERM", &id]).status().await.context("cannot send SIGTERM")?;
        let waited = tokio::time::timeout(ENDS_WITHIN, self.0.wait()).await;
        Ok(waited.with_context(|| format!("the gateway did not end within {} s", ENDS_WITHIN.as_secs()))??)
    }
}

/// The demo's check in a status document.
pub(crate) fn check_of(status: &Value) -> Option<&Value> {
    let find = |list: &'_ Value, id: &str| list.as_array()?.iter().position(|one| one["id"] == id);
    let checks = &status["lines"][find(&status["lines"], LINE)?]["checks"];
    checks.get(find(checks, CHECK)?)
}

/// The program that was built with the demo.
fn program() -> Result<PathBuf> {
    let folder = match std::env::var_os("TAKT_BIN") {
        Some(folder) => PathBuf::from(folder),
        None => std::env::current_exe()?.parent().unwrap_or(Path::new(".")).to_owned(),
    };
    let program = folder.join("takt");
    if !program.exists() {
        bail!("{} is missing; `cargo xtask demo` builds everything that the demo needs", program.display());
    }
    Ok(program)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_check_is_found_among_others() {
        let status = serde_json::json!({ "lines": [
            { "id": "saw-1", "checks": [] },
            { "id": "press-3", "checks": [{ "id": "bearing" }, { "id": "stroke", "quiet_s": 3 }] },
        ] });
        assert_eq!(check_of(&status).map(|check| &check["quiet_s"]), Some(&serde_json::json!(3)));
        assert_eq!(check_of(&serde_json::json!({})), None);
    }
}
