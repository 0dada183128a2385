//! A folder with a configuration, and the program run in it.

use serde_json::Value;
use std::fmt::Write as _;
use std::io::{BufRead, BufReader, Read, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use tempfile::TempDir;

/// What the program said.
pub struct Said {
    pub code: Option<i32>,
    pub out: String,
    pub err: String,
}

impl Said {
    /// Fails unless it ended with this code; gives itself back.
    #[track_caller]
    pub fn code(self, expected: i32) -> Self {
        assert_eq!(self.code, Some(expected), "out: {}\nerr: {}", self.out, self.err);
        self
    }

    /// Fails unless what it said holds every part.
    #[track_caller]
    pub fn says(self, parts: &[&str]) -> Self {
        let all = format!("{}\n{}", self.out, self.err);
        let missing: Vec<_> = parts.iter().filter(|part| !all.contains(**part)).collect();
        assert!(missing.is_empty(), "{missing:?} is not in: {all}");
        self
    }

    /// Its answer as JSON.
    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error}: {}\n{}", self.out, self.err))
    }
}

/// What it answered over HTTP.
pub struct Answer {
    pub status: u16,
    pub body: String,
    of: String,
}

impl Answer {
    /// Fails unless it has this status; gives itself back.
    #[track_caller]
    pub fn status(self, expected: u16) -> Self {
        assert_eq!(self.status, expected, "{}: {}", self.of, self.body);
        self
    }

    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{}: {error}: {}", self.of, self.body))
    }
}

/// A gateway's folder.
pub struct Bench {
    dir: TempDir,
    pub http: SocketAddr,
}

impl Bench {
    /// A box with this added to its configuration.
    pub fn with(more: &str) -> Self {
        let free = TcpListener::bind("127.0.0.1:0").expect("a port");
        let bench = Self { dir: tempfile::tempdir().expect("a folder"), http: free.local_addr().expect("bound") };
        let library = library().display().to_string();
        let head = format!(
            "name = \"box-1\"\nsite = \"lab\"\ndata_dir = {:?}\n[http]\naddress = \"{}\"\n[runtime]\nlibrary = {library:?}\n",
            bench.path("data").display().to_string(),
            bench.http
        );
        bench.write("takt.toml", &format!("{head}{more}"));
        bench
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    pub fn write(&self, name: &str, text: &str) {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().expect("below the folder")).expect("a folder");
        std::fs::write(path, text).expect("the folder can be written");
    }

    /// Runs a command with this box's configuration, in its folder.
    pub fn takt(&self, arguments: &[&str]) -> Said {
        let mut all = arguments.to_vec();
        let config = self.path("takt.toml").display().to_string();
        all.extend(["--config", &config]);
        takt_in(self.dir.path(), &all)
    }

    /// Asks the running gateway over HTTP, as whoever may read this folder.
    pub fn ask(&self, method: &str, path: &str, body: impl AsRef<[u8]>) -> Answer {
        self.try_ask(method, path, body).expect("the gateway listens")
    }

    /// The same of a gateway that may be starting again at this very moment.
    pub fn try_ask(&self, method: &str, path: &str, body: impl AsRef<[u8]>) -> std::io::Result<Answer> {
        let body = body.as_ref();
        let mut socket = TcpStream::connect(self.http)?;
        let mut head = format!("{method} {path} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n", self.http);
        if let Ok(token) = std::fs::read_to_string(self.path("data/console.token")) {
            write!(head, "Authorization: Bearer {}\r\n", token.trim()).expect("a string");
        }
        write!(head, "Content-Length: {}\r\n\r\n", body.len()).expect("a string");
        socket.write_all(head.as_bytes())?;
        // It may refuse and close before it has read everything.
        drop(socket.write_all(body));
        let mut bytes = Vec::new();
        drop(socket.read_to_end(&mut bytes));
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let (head, body) = text.split_once("\r\n\r\n").unwrap_or((text.as_str(), ""));
        let status = head.split(' ').nth(1).and_then(|code| code.parse().ok()).unwrap_or(0);
        Ok(Answer { status, body: body.to_owned(), of: format!("{method} {path}") })
    }

    /// The same with a JSON body and a JSON answer of this status.
    #[track_caller]
    pub fn said(&self, method: &str, path: &str, body: &Value, status: u16) -> Value {
        self.ask(method, path, body.to_string()).status(status).json()
    }

    /// The same without a body.
    #[track_caller]
    pub fn got(&self, path: &str) -> Value {
        self.ask("GET", path, "").status(200).json()
    }

    /// The same with something on its standard input.
    pub fn takt_told(&self, arguments: &[&str], input: &str) -> Said {
        let mut command = program(self.dir.path());
        command.args(arguments).arg("--config").arg(self.path("takt.toml"));
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("the program starts");
        child.stdin.take().expect("piped").write_all(input.as_bytes()).expect("it reads");
        said(child.wait_with_output().expect("it ends"))
    }

    /// Starts the gateway and waits until it says that it is ready.
    pub fn start(&self) -> Running {
        let mut command = program(self.dir.path());
        command.args(["run", "--log", "warn", "--config"]).arg(self.path("takt.toml"));
        let child = command.stdin(Stdio::null()).stderr(Stdio::piped()).spawn().expect("the program starts");
        let mut running = Running { child, ready: String::new(), rest: None };
        let mut lines = BufReader::new(running.child.stderr.take().expect("piped")).lines();
        let mut log = String::new();
        for line in lines.by_ref() {
            let line = line.expect("text");
            log.push_str(&line);
            log.push('\n');
            if line.contains("is ready") {
                running.ready = line;
                // Read on, or the gateway would wait for a full pipe.
                running.rest = Some(std::thread::spawn(move || lines.map_while(Result::ok).collect()));
                return running;
            }
        }
        panic!("the gateway was not ready: {log}");
    }
}

/// A running gateway; killed where a test ends before it.
pub struct Running {
    child: Child,
    /// The line with which it said that it is ready.
    pub ready: String,
    rest: Option<std::thread::JoinHandle<Vec<String>>>,
}

impl Running {
    /// Ends it as systemd does; gives its exit code and what it said since it was ready.
    pub fn stop(mut self) -> (Option<i32>, String) {
        let id = self.child.id().to_string();
        let sent = Command::new("kill").args(["-TERM", &id]).status().expect("kill is there");
        assert!(sent.success());
        let code = self.child.wait().expect("it ends").code();
        let rest = self.rest.take().expect("taken once").join().expect("reading ends");
        (code, rest.join("\n"))
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// Runs a command without any configuration.
pub fn takt(arguments: &[&str]) -> Said {
    takt_in(Path::new("."), arguments)
}

fn takt_in(dir: &Path, arguments: &[&str]) -> Said {
    let output = program(dir).args(arguments).stdin(Stdio::null()).output().expect("the program starts");
    said(output)
}

fn said(output: std::process::Output) -> Said {
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("UTF-8");
    Said { code: output.status.code(), out: text(output.stdout), err: text(output.stderr) }
}

fn program(dir: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_takt"));
    command.current_dir(dir).env_remove("TAKT_CONFIG").env_remove("TAKT_LOG");
    command
}

/// The ONNX Runtime library that the tests run with.
fn library() -> PathBuf {
    if let Some(path) = std::env::var_os("TAKT_ORT_LIB") {
        return PathBuf::from(path);
    }
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/onnxruntime");
    let found = find(&folder).unwrap_or_else(|| panic!("no ONNX Runtime in {}: cargo xtask setup", folder.display()));
    std::fs::canonicalize(found).expect("it is there")
}

fn find(folder: &Path) -> Option<PathBuf> {
    for entry in std::fs::read_dir(folder).ok()?.flatten() {
        let path = entry.path();
        let name = entry.file_name().to_string_lossy().into_owned();
        if path.is_file() && name.starts_with("libonnxruntime.so") {
            return Some(path);
        }
        if let Some(found) = path.is_dir().then(|| find(&path)).flatten() {
            return Some(found);
        }
    }
    None
}

/// Rows of three columns that hang together, and a column of text; made from a seed.
pub fn good_rows(n: usize) -> String {
    let mut seed = 7_u64;
    let mut noise = || {
        // xorshift64 (G. Marsaglia, J. Stat. Software 8, 2003); four of them are near enough to a normal number.
        let mut sum = 0.0;
        for _ in 0..4 {
            seed ^= seed << 13;
            seed ^= seed >> 7;
            seed ^= seed << 17;
            sum += (seed % 1_000_000) as f64 / 1e6 - 0.5;
        }
        sum
    };
    let mut text = String::from("time,force,power,oil\n");
    for i in 0..n {
        let (load, heat) = (noise(), noise());
        let at = format!("2026-01-01T{:02}:{:02}:{:02}Z", i / 3_600, i / 60 % 60, i % 60);
        let (force, power, oil) = (100.0 + load, 20.0 + load + heat, 5.0 + heat + 0.1 * noise());
        text.push_str(&format!("{at},{force},{power},{oil}\n"));
    }
    text
}
