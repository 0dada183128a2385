//! Where a learned baseline goes: a package, a report, and if wanted into the gateway.

use crate::console::answer::Answer;
use crate::console::context::Context;
use crate::console::model;
use anyhow::{Context as _, Result};
use serde_json::json;
use std::path::{Path, PathBuf};
use takt_models::baseline::{Learned, Packing, Source, Theme};
use takt_models::package::{Element, ModelVersion, Package};
use takt_plant::ModelId;

/// Where it goes.
#[derive(Debug, clap::Args)]
pub(super) struct Save {
    /// The model's name.
    #[arg(long)]
    name: ModelId,
    /// Its version.
    #[arg(long, value_name = "X.Y.Z")]
    version: ModelVersion,
    /// The package to write [default: NAME-VERSION.takt here, unless it is installed].
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
    /// A folder for the report: its text, and figures as SVG.
    #[arg(long, value_name = "DIR")]
    report: Option<PathBuf>,
    /// Numbers of the graph: f64, or f32 for devices without f64.
    #[arg(long, default_value = "f64", value_parser = element, value_name = "f64|f32")]
    element: Element,
    /// Install the package as well.
    #[arg(long)]
    install: bool,
    /// Install it and let it judge.
    #[arg(long)]
    activate: bool,
}

impl Save {
    /// Packs a baseline and brings it where it shall go.
    pub async fn keep(self, learned: &Learned, source: Source, from: &str, context: &Context) -> Result<Answer> {
        let packing = Packing {
            name: self.name.clone(),
            version: self.version.clone(),
            source,
            element: self.element,
            who: context.who(),
            when: context.clock.wall(),
            from: from.to_owned(),
        };
        let bytes = learned.pack(&packing)?;
        let mut text = learned.report.text();
        if let Some(dir) = &self.report {
            write_report(learned, dir).with_context(|| format!("the report cannot be written to {}", dir.display()))?;
            text.push_str(&format!("\nreport: {}", dir.display()));
        }
        let install = self.install || self.activate;
        let named = self.output.clone().or_else(|| (!install).then(|| self.usual_file()));
        if let Some(path) = &named {
            write(path, &bytes)?;
            text.push_str(&format!("\npackage: {}", path.display()));
        }
        if install {
            self.install(&bytes, named.as_deref(), context).await?;
            text.push_str(&format!("\n{} {} is installed", self.name, self.version));
        }
        if self.activate {
            let activated = model::activate(&self.name, &self.version, context).await?;
            text.push_str(&format!("\n{}", activated.text));
        }
        let limits = json!({ "t2": learned.limits.t2, "spe": learned.limits.spe });
        let json = json!({
            "name": self.name.to_string(),
            "version": self.version.to_string(),
            "package": named.map(|path| path.display().to_string()),
            "digest": Package::inspect(&bytes)?.digest.to_string(),
            "limits": limits,
            "n_rows": learned.report.training.len(),
            "n_components": learned.report.n_components,
            "variance_share": learned.report.variance_share,
            "training_beyond": learned.report.training_beyond.either,
            "constant": learned.report.constant,
            "notes": learned.report.notes,
            "installed": install,
            "active": self.activate,
        });
        Ok(Answer::new(text, json))
    }

    fn usual_file(&self) -> PathBuf {
        PathBuf::from(format!("{}-{}.takt", self.name, self.version))
    }

    /// Installs from the file that was written, or from one in the gateway's folder that goes again.
    async fn install(&self, bytes: &[u8], written: Option<&Path>, context: &Context) -> Result<()> {
        if let Some(path) = written {
            return model::install_one(path, context).await.map(drop);
        }
        let dir = context.data_dir()?;
        std::fs::create_dir_all(&dir).with_context(|| format!("the folder {} cannot be made", dir.display()))?;
        let path = dir.join(format!("learned-{}.takt.new", std::process::id()));
        write(&path, bytes)?;
        let installed = model::install_one(&path, context).await;
        drop(std::fs::remove_file(&path));
        installed.map(drop)
    }
}

fn write(path: &Path, bytes: &[u8]) -> Result<()> {
    std::fs::write(path, bytes).with_context(|| format!("{} cannot be written; check the folder", path.display()))
}

fn write_report(learned: &Learned, dir: &Path) -> std::io::Result<()> {
    let report = &learned.report;
    std::fs::create_dir_all(dir)?;
    std::fs::write(dir.join("report.txt"), report.text())?;
    std::fs::write(dir.join("scores.svg"), report.scores_svg(Theme::Auto))?;
    std::fs::write(dir.join("eigenvalues.svg"), report.eigenvalues_svg(Theme::Auto))?;
    std::fs::write(dir.join("contributions.svg"), report.contributions_svg(Theme::Auto))
}

fn element(text: &str) -> Result<Element, String> {
    match text {
        "f64" => Ok(Element::F64),
        "f32" => Ok(Element::F32),
        _ => Err("write f64 or f32".into()),
    }
}
