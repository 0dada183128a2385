//! The demo plant: an embedded broker, a simulated press line and the gateway beside it.
//!
//! The gateway is the program `takt` as it is, started as a process and told what to do by its own
//! commands; this program plays only the world around it, and knows the truth about every part.

#![expect(clippy::disallowed_methods, reason = "the demo plays the world, by the world's clock")]

mod broker;
mod document;
mod folder;
mod gateway;
mod http;
mod plant;
mod plc;
mod practice;
mod press;
mod screen;
mod story;
mod summary;
mod verdicts;
mod world;

use clap::Parser;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;

/// A press line to watch: an embedded MQTT broker, a simulated PLC, and the gateway that judges every part.
#[derive(Parser)]
#[command(name = "takt-demo", version)]
struct Cli {
    /// Keep everything in this folder [default: a temporary one, removed at a clean end]
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// End after so many judged parts [default: at Ctrl-C]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    parts: Option<u64>,
    /// The same seed gives the same faults
    #[arg(long, value_name = "N", default_value_t = 7)]
    seed: u64,
    /// Good parts of each product to learn from
    #[arg(long, value_name = "N", default_value_t = 60, value_parser = clap::value_parser!(u64).range(20..=5_000))]
    learn: u64,
    /// Where the models run: cpu, cuda, tensorrt, openvino:CPU, openvino:GPU, openvino:NPU or qnn; other
    /// silicon needs its pack, which `cargo xtask demo --provider` brings
    #[arg(long, value_name = "DEVICE", default_value = "cpu")]
    device: String,
    /// Where the live page is; another port is taken when this one is in use
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8520")]
    http: SocketAddr,
    /// Also write the summary as JSON to this file
    #[arg(long, value_name = "FILE")]
    summary: Option<PathBuf>,
    /// Only the press line with its PLC and broker, for a gateway of your own to practise on
    #[arg(long, conflicts_with_all = ["data", "parts", "learn", "http", "summary"])]
    practice: bool,
    /// Where the PLC of `--practice` listens
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:5020", requires = "practice")]
    plc: SocketAddr,
    /// Where the broker of `--practice` listens
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:1884", requires = "practice")]
    broker: SocketAddr,
}

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() -> ExitCode {
    let cli = Cli::parse();
    if cli.practice {
        return practice::run(cli.plc, cli.broker, cli.seed).await;
    }
    let asked = story::Asked { parts: cli.parts, learn: cli.learn, seed: cli.seed, device: cli.device };
    match world::run(cli.data, cli.http, asked, cli.summary).await {
        Ok(summary) if summary.is_clean() => ExitCode::SUCCESS,
        Ok(_) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("\nThe demo stopped: {error:#}");
            ExitCode::FAILURE
        }
    }
}
