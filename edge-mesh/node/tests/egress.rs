//! Nothing is sent to an address that is not configured: two gateways' parts in network namespaces, each
//! with a second network card on which everything else would leave.

mod boxes;

use boxes::{Part, wait};
use std::path::Path;
use std::process::{Child, Command};
use std::time::Duration;
use takt_adapters::Clock;
use takt_mesh::membership::{Code, INVITATION_LASTS, MeshFiles, Own, join};

/// Longer than any first probe, and than the rounds by which iroh looks at its addresses again.
const WATCHED: Duration = Duration::from_secs(30);
const LONG: &str = "TAKT_LONG";
/// Where the children find each other's files, and which one this process is.
const FOLDER: &str = "TAKT_TEST_FOLDER";
const ROLE: &str = "TAKT_TEST_ROLE";

fn ip(arguments: &str) -> bool {
    let done = Command::new("ip").args(arguments.split(' ')).status();
    done.is_ok_and(|status| status.success())
}

/// A namespace that is taken away again.
struct Namespace(String);

impl Namespace {
    /// With a card towards the other one, and a card on which everything else would leave.
    fn new(name: &str, link: &str, address: &str) -> Option<Self> {
        let namespace = Self(name.to_owned());
        let all = ip(&format!("netns add {name}"))
            && ip(&format!("link set {link} netns {name}"))
            && ip(&format!("-n {name} link set lo up"))
            && ip(&format!("-n {name} link add out0 type veth peer name sink0"))
            // Without this, the system itself says hello on every card.
            && namespace.run("sysctl -qw net.ipv6.conf.all.disable_ipv6=1")
            && ip(&format!("-n {name} address add {address}/24 dev {link}"))
            && ip(&format!("-n {name} address add 192.0.2.1/24 dev out0"))
            && ip(&format!("-n {name} link set {link} up"))
            && ip(&format!("-n {name} link set out0 up"))
            && ip(&format!("-n {name} link set sink0 up"))
            && ip(&format!("-n {name} neighbour add 192.0.2.254 lladdr 02:00:00:00:00:01 dev out0"))
            && ip(&format!("-n {name} route add default via 192.0.2.254 dev out0"));
        all.then_some(namespace)
    }

    fn run(&self, command: &str) -> bool {
        let done = self.command(command).status();
        done.is_ok_and(|status| status.success())
    }

    fn command(&self, command: &str) -> Command {
        let mut all = Command::new("ip");
        all.args(["netns", "exec", &self.0]).args(command.split(' '));
        all
    }

    /// Packets that left where nothing should.
    fn n_left(&self) -> u64 {
        let read = self.command("cat /sys/class/net/out0/statistics/tx_packets").output().expect("it reads");
        String::from_utf8_lossy(&read.stdout).trim().parse().expect("a number")
    }

    /// Addresses that were looked for on the card towards the other one.
    fn neighbours(&self, link: &str) -> Vec<String> {
        let shown = Command::new("ip").args(["-n", &self.0, "neighbour", "show", "dev", link]).output();
        let shown = shown.expect("it shows").stdout;
        let lines = String::from_utf8_lossy(&shown).into_owned();
        lines.lines().filter_map(|line| line.split(' ').next().map(str::to_owned)).collect()
    }

    /// This test's program again, as one of the gateways.
    fn child(&self, role: &str, folder: &Path) -> Running {
        let program = std::env::current_exe().expect("a test has a path");
        let mut command = Command::new("ip");
        command.args(["netns", "exec", &self.0]).arg(program).args(["--exact", "child", "--ignored", "--nocapture"]);
        Running(command.env(FOLDER, folder).env(ROLE, role).spawn().expect("it starts"))
    }
}

impl Drop for Namespace {
    fn drop(&mut self) {
        ip(&format!("netns delete {}", self.0));
    }
}

struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ended = self.0.kill();
        let _ended = self.0.wait();
    }
}

fn namespaces() -> Option<[Namespace; 2]> {
    let n = std::process::id();
    let (a, b) = (format!("ta{n}"), format!("tb{n}"));
    if !ip(&format!("link add {a} type veth peer name {b}")) {
        return None;
    }
    Some([Namespace::new(&a, &a, "10.77.0.1")?, Namespace::new(&b, &b, "10.77.0.2")?])
}

#[test]
fn nothing_leaves_for_an_address_that_is_not_configured() {
    let Some([a, b]) = namespaces() else {
        let say = "network namespaces need root, `ip` and veth cards";
        assert!(std::env::var_os(LONG).is_none_or(|v| v != "1"), "{say}");
        println!("not run: {say}");
        return;
    };
    let folder = tempfile::tempdir().expect("a folder");
    let _first = a.child("first", folder.path());
    let _second = b.child("second", folder.path());
    let met = folder.path().join("met");
    wait("both are connected", || met.exists().then_some(()));
    std::thread::sleep(WATCHED);
    for (namespace, other) in [(&a, "10.77.0.2"), (&b, "10.77.0.1")] {
        assert_eq!(namespace.n_left(), 0, "packets left {} for elsewhere", namespace.0);
        assert_eq!(namespace.neighbours(&namespace.0), [other]);
        // The way out is open: a single packet to somewhere else would have been seen.
        assert!(namespace.run("bash -c echo>/dev/udp/198.51.100.7/9"));
        assert_eq!(namespace.n_left(), 1);
    }
}

/// One of the gateways; runs in its namespace and until it is killed.
#[test]
#[ignore = "started by the other test"]
fn child() {
    let (Some(folder), Some(role)) = (std::env::var_os(FOLDER), std::env::var_os(ROLE)) else { return };
    let folder = Path::new(&folder);
    let is_first = role == "first";
    let address = if is_first { "10.77.0.1:8521" } else { "10.77.0.2:8521" }.parse().expect("an address");
    let files = MeshFiles::new(&folder.join(&role));
    let name = role.to_str().expect("a word").to_owned();
    let own = Own { name, site: "ulm".to_owned(), addresses: vec![address] };
    let code = folder.join("code");
    if is_first {
        files.init(&own, "acme", Clock::new().wall()).expect("a fleet of one box");
    } else {
        let typed = wait("the code is there", || std::fs::read_to_string(&code).ok());
        let code = Code::read(&typed).expect("a code");
        let runtime = tokio::runtime::Runtime::new().expect("a runtime");
        runtime.block_on(join(&files, &code, &own)).expect("it is let in");
    }
    let roster = files.roster().expect("it reads").expect("a member");
    let key = files.secret().expect("a key");
    let part = Part::start_with(key, roster, address, Some(files.clone()));
    if is_first {
        let invited = files.invite(None, INVITATION_LASTS, Clock::new().wall()).expect("it invites");
        // Whole at once: the other one looks all the time.
        std::fs::write(folder.join("code.new"), invited.to_string()).expect("it writes");
        std::fs::rename(folder.join("code.new"), &code).expect("it moves");
    }
    wait("the other one is seen", || part.status().peers.iter().any(|peer| peer.connected).then_some(()));
    std::fs::write(folder.join("met"), "").expect("it writes");
    std::thread::sleep(WATCHED * 3);
}
