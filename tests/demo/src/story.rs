//! The story: good parts, learning, arming, then production with idle phases, product changes and faults.

use crate::document::{CHECK, LINE, OUTPUT, RECIPE};
use crate::folder::Folder;
use crate::gateway::Gateway;
use crate::plant::{AtGate, Plant, TO_THE_GATE};
use crate::plc::Gate;
use crate::press::{Order, RUN_UP_MS, STROKE_MS};
use crate::screen::Screen;
use crate::verdicts::{Said, Verdicts};
use anyhow::{Context, Result};
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::time::{Instant, timeout_at};

/// The features a model of the press is learned from.
///
/// One number for each thing that can go wrong. Mean, deviation and RMS of one curve say nearly the
/// same, so the residual between them is tiny and would take a sample that came late for a fault.
const FEATURES: &str = "force:peak;vibration:mean;shock:mean;oil:mean";
/// The false-alarm rate of each limit: one good part in a billion, so that a demo never cries wolf.
const ALPHA: &str = "1e-9";
/// A stroke is read 59 times by Modbus and 29 times by MQTT; much less than that is no whole picture of it.
const FRAMES_FEW: u64 = 80;
/// A part from its last stroke to the gate, and the press to its rest.
const RUN_OUT: Duration = Duration::from_millis(STROKE_MS + RUN_UP_MS + TO_THE_GATE.as_millis() as u64 + 100);

/// What was asked of the demo.
#[derive(Clone)]
pub(crate) struct Asked {
    /// Judged parts after which it ends.
    pub(crate) parts: Option<u64>,
    /// Good parts of each product to learn from.
    pub(crate) learn: u64,
    /// The seed of all chance.
    pub(crate) seed: u64,
    /// The device that the models run on.
    pub(crate) device: String,
}

/// One run of production and the pause after it.
struct Run {
    product: u16,
    n_parts: u64,
    pause: Duration,
}

/// Who plays.
pub(crate) struct Story<'a> {
    pub(crate) asked: Asked,
    pub(crate) folder: &'a Folder,
    pub(crate) gateway: Gateway,
    pub(crate) plant: Plant,
    pub(crate) gates: mpsc::Receiver<AtGate>,
    pub(crate) verdicts: Verdicts,
    pub(crate) screen: Screen,
    /// What the line does now, once parts are judged.
    pub(crate) doing: Option<String>,
}

impl Story<'_> {
    /// Plays it until the parts that were asked for are made, or without end.
    pub(crate) async fn play(&mut self) -> Result<()> {
        self.learn().await?;
        self.arm().await?;
        self.produce().await
    }

    /// The press makes good parts of both products while the gateway keeps history; then it learns from that.
    async fn learn(&mut self) -> Result<()> {
        let n = self.asked.learn;
        self.screen.act("The press makes good parts. The gateway has no model yet and only keeps history.");
        let mut spans = Vec::new();
        for (product, model) in RECIPE {
            let from = self.now().await?;
            self.screen.begin_learning(n, product);
            self.plant.count_from_here();
            self.plant.order(Order::Good { product });
            // The span of a run's first part can begin before the run does, so one more is made.
            while self.plant.tally().n_parts <= n {
                self.next_part().await?;
                self.screen.learned(self.plant.tally().n_parts, n, product);
            }
            self.plant.order(Order::Idle);
            self.pause(RUN_OUT).await?;
            self.screen.clear();
            spans.push((product, model, from, self.now().await?));
        }
        self.screen.act("The gateway learns from its history what a good part looks like, one model a product:");
        for (product, model, from, to) in spans {
            self.learn_one(product, model, from, to).await?;
        }
        Ok(())
    }

    async fn learn_one(&mut self, product: u16, model: &str, from: String, to: String) -> Result<()> {
        let version = format!("1.0.{}", self.folder.n_runs_before());
        let report = self.folder.join(&format!("report-{model}")).display().to_string();
        let product = product.to_string();
        // Accelerators have no f64.
        let element = if self.asked.device == "cpu" { "f64" } else { "f32" };
        let lines: [&[&str]; 4] = [
            &["learn", "--line", LINE, "--check", CHECK, "--recipe", &product],
            &["--from", &from, "--to", &to],
            &["--features", FEATURES, "--components", "all", "--alpha", ALPHA, "--element", element],
            &["--name", model, "--version", &version, "--report", &report, "--activate"],
        ];
        let shown = lines.map(|line| line.join(" ")).join(" \\\n        ");
        self.screen.say(&format!("  $ takt {}", shown.replace(FEATURES, &format!("'{FEATURES}'"))));
        self.screen.begin_waiting(&format!("learning {model} {version}"));
        let arguments: Vec<String> = lines.concat().into_iter().map(str::to_owned).collect();
        self.gateway.run(&arguments).await.context("learning failed")?;
        self.gateway.is_ready(model).await?;
        self.screen.clear();
        self.screen.say(&format!("  {model} {version} judges product {product} now; its report: {report}"));
        Ok(())
    }

    /// Lets writes go out.
    async fn arm(&mut self) -> Result<()> {
        let output = format!("{LINE}/{CHECK}/{OUTPUT}");
        self.screen.act("Until now writes to the PLC were only logged (dry run). A person at the box arms the output:");
        self.screen.say(&format!("  $ takt output arm {output}"));
        let said = self.gateway.run(&["output".into(), "arm".into(), output]).await.context("arming failed")?;
        for line in said.lines() {
            self.screen.say(&format!("  {line}"));
        }
        Ok(())
    }

    /// Production without end, or until enough parts are made.
    async fn produce(&mut self) -> Result<()> {
        self.screen.act("Production. Some parts are faulty, the press has breaks and changes its product.");
        if self.asked.parts.is_none() {
            self.screen.say("  Ctrl-C ends the demo and prints a summary.");
        }
        self.plant.count_from_here();
        self.screen.begin_tally();
        let [(a, _), (b, _)] = RECIPE;
        let run = |product, n_parts, s| Run { product, n_parts, pause: Duration::from_secs(s) };
        let plan = [run(a, 30, 5), run(a, 20, 4), run(b, 30, 5), run(b, 20, 4)];
        for (this, next) in plan.iter().zip(plan.iter().skip(1).chain(&plan[..1])).cycle() {
            if self.run(this).await? {
                break;
            }
            if next.product == this.product {
                self.rest(this, "a break: the press idles, and nothing is judged").await?;
            } else {
                let words = format!("the tool is changed: product {} follows, with its own model", next.product);
                self.rest(this, &words).await?;
            }
        }
        self.plant.order(Order::Idle);
        self.pause(RUN_OUT).await?;
        self.screen.clear();
        Ok(())
    }

    /// Makes one run of parts; whether these are all that were asked for.
    async fn run(&mut self, run: &Run) -> Result<bool> {
        let begun = self.plant.tally().n_parts;
        self.plant.order(Order::Mixed { product: run.product });
        self.doing = Some(format!("product {}", run.product));
        loop {
            let n_parts = self.plant.tally().n_parts;
            if self.asked.parts.is_some_and(|max| n_parts >= max) {
                return Ok(true);
            }
            if n_parts - begun >= run.n_parts {
                return Ok(false);
            }
            self.next_part().await?;
        }
    }

    async fn rest(&mut self, run: &Run, why: &str) -> Result<()> {
        self.plant.order(Order::Idle);
        self.doing = Some(why.to_owned());
        self.screen.say(&format!("  {why}"));
        self.pause(RUN_OUT + run.pause).await
    }

    /// Lets time pass; parts that come to the gate meanwhile are told of.
    async fn pause(&mut self, time: Duration) -> Result<()> {
        let end = Instant::now() + time;
        while let Ok(at_gate) = timeout_at(end, self.gates.recv()).await {
            self.tell(at_gate.context("the plant stopped")?);
        }
        Ok(())
    }

    /// Waits for the next part at the gate.
    async fn next_part(&mut self) -> Result<()> {
        let at_gate = self.gates.recv().await.context("the plant stopped")?;
        self.tell(at_gate);
        Ok(())
    }

    /// In production, says what became of a part where that is worth a line.
    fn tell(&self, AtGate { part, gate }: AtGate) {
        let Some(doing) = &self.doing else { return };
        let tally = self.plant.tally();
        let said = self.verdicts.about(part.number);
        let hurried = said.as_ref().and_then(Said::n_frames).is_some_and(|n| n < FRAMES_FEW);
        let said = said.map_or_else(|| "no verdict yet".to_owned(), |said| said.to_string());
        let (number, gate_words) = (part.number, gate.words());
        match (part.fault, gate) {
            (None, Gate::Passed) => {}
            (None, _) => {
                self.screen.say(&format!("  ✗ part {number}: a good part → {said} → gate: {gate_words}, FALSE REJECT"));
                if hurried {
                    self.screen.say("    Its window has holes: this machine was too busy to read the PLC in time.");
                }
            }
            (Some(fault), _) => {
                let mark = if gate == Gate::Passed { "✗" } else { "✓" };
                self.screen.say(&format!("  {mark} part {number}: {} → {said} → gate: {gate_words}", fault.words()));
            }
        }
        self.screen.tally(&tally, doing);
    }

    /// The gateway's clock, as text for its commands.
    async fn now(&self) -> Result<String> {
        let status = self.gateway.status().await?;
        status["at"].as_str().map(str::to_owned).context("the status has no time")
    }
}
