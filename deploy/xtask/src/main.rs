//! The repository's own commands: each does all the set-up it needs, then its work.

mod bench;
mod checks;
mod dashboard;
mod demo;
mod fuzz;
mod setup;
mod shell;
mod tests;
mod unpack;
mod wheels;

use anyhow::Result;
use clap::{Parser, Subcommand};

/// Commands of the Takt repository.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Fetch what building and testing need: ONNX Runtime, test peers, a Python environment
    Setup {
        /// A further ONNX Runtime pack: openvino, cuda or qnn
        #[arg(long)]
        provider: Option<wheels::Provider>,
    },
    /// Build and run the main job: embedded broker, simulated press line, gateway, live page
    Demo {
        /// Build with optimisation (the first build takes longer)
        #[arg(long)]
        release: bool,
        /// Fetch this pack of ONNX Runtime and run the models on its silicon, such as `--provider openvino -- --device openvino:NPU`
        #[arg(long)]
        provider: Option<wheels::Provider>,
        /// Passed on to the demo; `cargo xtask demo -- --help` lists its options
        #[arg(last = true)]
        arguments: Vec<String>,
    },
    /// Pass the tests, against real peers
    Test {
        /// The full figures: hundreds of kill rounds, a thousand model loads
        #[arg(long)]
        long: bool,
        /// Passed on to `cargo test`
        #[arg(last = true)]
        arguments: Vec<String>,
    },
    /// Build the dashboard: the packages of its lock file, then its files, which the gateway takes in
    Dashboard {
        /// Also check types, lint, the client against the OpenAPI document, and the pure parts
        #[arg(long)]
        check: bool,
    },
    /// Take pictures of every page of a running gateway, into target/screens
    Screens {
        /// Where the gateway is
        #[arg(long, default_value = "http://127.0.0.1:8520")]
        http: String,
        /// Only the pages whose name contains this
        only: Option<String>,
    },
    /// Measure what SPECIFICATION.md promises, as ratios within one run
    Bench {
        /// Fewer and shorter rounds: under four minutes, with wider spreads
        #[arg(long)]
        quick: bool,
        /// Which benchmark; all by default
        names: Vec<String>,
    },
    /// Fuzz the decoders of hostile bytes; needs a nightly toolchain
    Fuzz {
        /// Which targets; all by default
        names: Vec<String>,
        /// Seconds for each
        #[arg(long, default_value_t = 20)]
        seconds: u32,
        /// The same inputs as every test run tries, and no others
        #[arg(long)]
        again: bool,
    },
    /// Formatting, clippy, tidy and layers, then the tests: what continuous integration runs
    Ci,
}

fn main() -> Result<()> {
    std::env::set_current_dir(shell::root())?;
    match Cli::parse().command {
        Command::Setup { provider } => setup::run(provider),
        Command::Demo { release, provider, arguments } => demo::run(release, provider, &arguments),
        Command::Test { long, arguments } => tests::run(long, &arguments),
        Command::Dashboard { check } => dashboard::run().and_then(|()| if check { dashboard::check() } else { Ok(()) }),
        Command::Screens { http, only } => dashboard::screens(&http, only.as_deref()),
        Command::Bench { quick, names } => bench::run(&names, quick),
        Command::Fuzz { names, seconds, again } => fuzz::run(&names, seconds, again),
        Command::Ci => checks::run().and_then(|()| tests::run(false, &[])),
    }
}
