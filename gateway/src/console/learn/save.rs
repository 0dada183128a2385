//! Where a learned baseline goes: a package, a report, and if wanted into the gateway.

use crate::console::answer::Answer;
use crate::console::context::Context;
use crate::console::{exit, model};
use crate::learn::{Taken, next_version};
use anyhow::{Context as _, Result};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use takt_models::baseline::{Learned, Packing, Report, Theme, png};
use takt_models::package::{Element, ModelVersion, Package};
use takt_plant::ModelId;

/// Where it goes.
#[derive(Debug, clap::Args)]
pub(super) struct Save {
    /// The model's name [default: the one that the check waits for].
    #[arg(long)]
    name: Option<ModelId>,
    /// Its version [default: above the highest that is installed].
    #[arg(long, value_name = "X.Y.Z")]
    version: Option<ModelVersion>,
    /// The package to write [default: NAME-VERSION.takt here, unless it is installed].
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
    /// A folder for the report: its text, and figures as SVG and PNG.
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
    pub async fn keep(self, learned: &Learned, taken: &Taken, context: &Context) -> Result<Answer> {
        let name = self.name.clone().or_else(|| taken.model.clone());
        let name = name.ok_or_else(|| exit::usage("name the model with --name"))?;
        let version = match &self.version {
            Some(version) => version.clone(),
            None => next_version(&name, &context.catalogue()?)?,
        };
        let packing = Packing {
            name: name.clone(),
            version: version.clone(),
            source: taken.source.clone(),
            element: self.element,
            who: context.who(),
            when: context.clock.wall(),
            from: taken.from.clone(),
        };
        let bytes = learned.pack(&packing)?;
        let mut lines = vec![learned.report.text()];
        if let Some(dir) = &self.report {
            write_report(learned, dir).with_context(|| format!("the report cannot be written to {}", dir.display()))?;
            lines.push(format!("report: {}", dir.display()));
        }
        let installs = self.install || self.activate;
        let usual = || (!installs).then(|| PathBuf::from(format!("{name}-{version}.takt")));
        let named = self.output.clone().or_else(usual);
        if let Some(path) = &named {
            write(path, &bytes)?;
            lines.push(format!("package: {}", path.display()));
        }
        if installs {
            self.install(&bytes, named.as_deref(), context).await?;
            lines.push(format!("{name} {version} is installed"));
        }
        if self.activate {
            lines.push(model::activate(&name, &version, context).await?.text);
        }
        let mut json = summary(learned, &bytes)?;
        json["package"] = named.map(|path| path.display().to_string()).into();
        json["installed"] = installs.into();
        json["active"] = self.activate.into();
        json["left_out"] = taken.left_out.clone().into();
        Ok(Answer::new(lines.join("\n"), json))
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

/// What was learned, for programs.
fn summary(learned: &Learned, package: &[u8]) -> Result<Value> {
    let inspection = Package::inspect(package)?;
    let report = &learned.report;
    Ok(json!({
        "name": inspection.manifest.name.to_string(),
        "version": inspection.manifest.version.to_string(),
        "digest": inspection.digest.to_string(),
        "limits": { "t2": learned.limits.t2, "spe": learned.limits.spe },
        "n_rows": report.training.len(),
        "n_components": report.n_components,
        "variance_share": report.variance_share,
        "training_beyond": report.training_beyond.either,
        "constant": report.constant,
        "notes": report.notes,
    }))
}

fn write(path: &Path, bytes: &[u8]) -> Result<()> {
    std::fs::write(path, bytes).with_context(|| format!("{} cannot be written; check the folder", path.display()))
}

fn write_report(learned: &Learned, dir: &Path) -> Result<()> {
    let report = &learned.report;
    std::fs::create_dir_all(dir)?;
    std::fs::write(dir.join("report.txt"), report.text())?;
    type Draw = fn(&Report, Theme) -> String;
    let figures: [(&str, Draw); 3] = [
        ("scores", Report::scores_svg),
        ("eigenvalues", Report::eigenvalues_svg),
        ("contributions", Report::contributions_svg),
    ];
    for (name, draw) in figures {
        std::fs::write(dir.join(name).with_extension("svg"), draw(report, Theme::Auto))?;
        std::fs::write(dir.join(name).with_extension("png"), png(&draw(report, Theme::Light))?)?;
    }
    Ok(())
}

fn element(text: &str) -> Result<Element, String> {
    match text {
        "f64" => Ok(Element::F64),
        "f32" => Ok(Element::F32),
        _ => Err("write f64 or f32".into()),
    }
}
