//! The program under test, as a process with a data folder of its own.

use crate::process::{Process, free_address, wait_until};
use serde_json::Value;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::Duration;
use tempfile::TempDir;

/// How long a debug build on a busy machine may take to be ready.
const READY_WITHIN: Duration = Duration::from_secs(60);

/// A gateway with its folder; it runs between [`Gateway::start`] and [`Gateway::kill`] or the end.
pub struct Gateway {
    process: Option<Process>,
    dir: TempDir,
    data: PathBuf,
    http: SocketAddr,
    environment: Vec<(String, String)>,
}

/// The program `takt` that was built beside the tests.
///
/// # Panics
/// When it was not built.
pub fn program() -> PathBuf {
    let folder = std::env::var_os("TAKT_BIN").map(PathBuf::from);
    let folder = folder.unwrap_or_else(|| {
        let here = std::env::current_exe().expect("a test has a path");
        here.ancestors().nth(2).expect("target/debug/deps").to_owned()
    });
    let program = folder.join("takt");
    assert!(program.exists(), "{} is missing: `cargo build --package takt`, or `cargo xtask test`", program.display());
    program
}

impl Gateway {
    /// A gateway that does not run yet, with the connections and lines of a document.
    pub fn new(documents: &str) -> Self {
        let dir = tempfile::tempdir().expect("a folder");
        let data = dir.path().join("data");
        Self::in_folder(dir, data, documents)
    }

    /// The same, with its data in another place, such as a disk of its own.
    pub fn on(disk: &Path, documents: &str) -> Self {
        Self::in_folder(tempfile::tempdir().expect("a folder"), disk.join("data"), documents)
    }

    fn in_folder(dir: TempDir, data: PathBuf, documents: &str) -> Self {
        let gateway = Self { process: None, dir, data, http: free_address(), environment: Vec::new() };
        gateway.configure(documents);
        gateway
    }

    /// Replaces its documents. They take effect at the next start.
    pub fn configure(&self, documents: &str) {
        let (dir, http) = (&self.data, self.http);
        let head = format!(
            "name = \"test-box\"\nsite = \"lab\"\ndata_dir = {:?}\n[http]\naddress = \"{http}\"\n",
            dir.display().to_string()
        );
        std::fs::create_dir_all(dir).expect("the folder can be made");
        std::fs::write(self.config(), format!("{head}{documents}")).expect("the document can be written");
    }

    /// Sets a variable of its environment from the next start on.
    pub fn set(&mut self, name: &str, value: &str) {
        self.environment.retain(|(known, _)| known != name);
        self.environment.push((name.to_owned(), value.to_owned()));
    }

    /// Its folder.
    pub fn folder(&self) -> &Path {
        self.dir.path()
    }

    /// Its configuration file.
    pub fn config(&self) -> PathBuf {
        self.dir.path().join("takt.toml")
    }

    /// Its process id, while it runs.
    pub fn id(&self) -> Option<u32> {
        self.process.as_ref().map(Process::id)
    }

    /// Starts it and waits until it answers.
    pub fn start(&mut self) {
        let log = std::fs::File::options().create(true).append(true).open(self.log_file()).expect("the log opens");
        let mut command = Command::new(program());
        command.args(["run", "--config"]).arg(self.config());
        command.stdout(Stdio::null()).stderr(log).envs(self.environment.iter().cloned());
        self.process = Some(Process::start("takt", &mut command));
        let what = format!("the gateway answers; its log: {}", self.log_file().display());
        wait_until(&what, READY_WITHIN, || {
            if let Some(process) = &mut self.process {
                process.check_alive();
            }
            self.get("/healthz").filter(|(code, _)| *code == 200)
        });
    }

    /// Starts it and waits until its lines run and every connection is up: what is published from
    /// then on is not lost.
    pub fn start_connected(&mut self) {
        self.start();
        wait_until("every connection is up", READY_WITHIN, || {
            let (running, connections) = (self.json("/api/v1/status"), self.json("/api/v1/connections"));
            let all = connections["connections"].as_array()?;
            let up = !all.is_empty() && all.iter().all(|connection| connection["link"] == "up");
            (up && running["phase"] == "running").then_some(())
        });
    }

    /// Starts it and waits until it is ready.
    pub fn start_ready(&mut self) {
        self.start();
        wait_until("the gateway is ready", READY_WITHIN, || self.get("/readyz").filter(|(code, _)| *code == 200));
    }

    /// Kills it at once.
    pub fn kill(&mut self) {
        self.process = None;
    }

    /// Ends it as systemd does; gives its exit code.
    pub fn stop(&mut self) -> Option<i32> {
        let mut process = self.process.take()?;
        process.terminate(Duration::from_secs(30)).and_then(|status| status.code())
    }

    /// Runs a command of the program with this gateway's configuration.
    pub fn run(&self, arguments: &[&str]) -> Output {
        let mut command = Command::new(program());
        command.args(arguments).arg("--config").arg(self.config());
        command.output().expect("the program starts")
    }

    /// Runs a command that must succeed; gives what it printed.
    pub fn run_ok(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        assert!(output.status.success(), "takt {arguments:?}: {}\n{}", output.status, text(&output.stderr));
        text(&output.stdout)
    }

    /// The console's token. The gateway writes it before it listens, and anew at each start.
    pub fn token(&self) -> String {
        let token = std::fs::read_to_string(self.data.join("console.token"));
        token.unwrap_or_default().trim().to_owned()
    }

    /// Where its HTTP answers.
    pub fn url(&self) -> String {
        format!("http://{}", self.http)
    }

    /// Its log so far.
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.log_file()).unwrap_or_default()
    }

    /// `GET` over HTTP with the console's token; the status code and the body.
    pub fn get(&self, path: &str) -> Option<(u16, String)> {
        let mut stream = TcpStream::connect_timeout(&self.http, Duration::from_secs(2)).ok()?;
        stream.set_read_timeout(Some(Duration::from_secs(20))).ok()?;
        let host = self.http;
        let bearer = format!("Authorization: Bearer {}", self.token());
        write!(stream, "GET {path} HTTP/1.1\r\nHost: {host}\r\n{bearer}\r\nConnection: close\r\n\r\n").ok()?;
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).ok()?;
        let text = String::from_utf8_lossy(&answer);
        let (head, body) = text.split_once("\r\n\r\n")?;
        let code = head.split(' ').nth(1)?.parse().ok()?;
        let chunked = head.to_ascii_lowercase().contains("transfer-encoding: chunked");
        Some((code, if chunked { unchunk(body) } else { body.to_owned() }))
    }

    /// `POST` of a JSON document; the status code and the JSON that came back.
    pub fn post(&self, path: &str, body: &Value) -> (u16, Value) {
        let mut stream = TcpStream::connect_timeout(&self.http, Duration::from_secs(2)).expect("the gateway listens");
        let (host, body) = (self.http, body.to_string());
        let token = std::fs::read_to_string(self.data.join("console.token")).unwrap_or_default();
        let bearer =
            if token.is_empty() { String::new() } else { format!("Authorization: Bearer {}\r\n", token.trim()) };
        let head = format!("POST {path} HTTP/1.1\r\nHost: {host}\r\n{bearer}Connection: close\r\n");
        write!(stream, "{head}Content-Length: {}\r\n\r\n{body}", body.len()).expect("it reads");
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).expect("it answers");
        let text = String::from_utf8_lossy(&answer);
        let (head, body) = text.split_once("\r\n\r\n").expect("an answer");
        let code = head.split(' ').nth(1).and_then(|code| code.parse().ok()).expect("a status");
        (code, serde_json::from_str(body).expect("the answer is JSON"))
    }

    /// `GET` of a JSON document that must be there.
    pub fn json(&self, path: &str) -> Value {
        let (code, body) = self.get(path).expect("the gateway answers");
        assert_eq!(code, 200, "{path}: {body}");
        serde_json::from_str(&body).expect("the answer is JSON")
    }

    fn log_file(&self) -> PathBuf {
        self.dir.path().join("takt.log")
    }
}

fn unchunk(body: &str) -> String {
    let mut whole = String::new();
    let mut rest = body;
    while let Some((size, after)) = rest.split_once("\r\n") {
        let Ok(n) = usize::from_str_radix(size.trim(), 16) else { break };
        if n == 0 || after.len() < n {
            break;
        }
        whole.push_str(&after[..n]);
        rest = after[n..].trim_start_matches("\r\n");
    }
    whole
}
