//! `takt model`: packages on this box, and which version of each judges.

mod show;

use super::answer::Answer;
use super::context::Context;
use super::exit::Exit;
use super::table::{bytes, table};
use crate::api::control::Command as Order;
use crate::loader::sentence;
use crate::run;
use anyhow::{Context as _, Result, bail};
use serde_json::json;
use std::path::{Path, PathBuf};
use takt_models::onnx::{Device, FallbackRule, LoadOptions, Scorer};
use takt_models::package::{ModelVersion, Package, Provider};
use takt_plant::ModelId;

/// What is done with models.
#[derive(Debug, clap::Subcommand)]
pub(super) enum Command {
    /// Pack a folder of model.toml, model.onnx and vectors/*.json.
    Pack {
        /// The folder.
        dir: PathBuf,
        /// The package to write [default: NAME-VERSION.takt here].
        #[arg(long, short, value_name = "FILE")]
        output: Option<PathBuf>,
    },
    /// Show what a package says about itself.
    Inspect {
        /// The package.
        file: PathBuf,
    },
    /// Install packages; the active versions stay what they are.
    Install {
        /// The packages.
        #[arg(required = true, value_name = "FILE")]
        files: Vec<PathBuf>,
        /// Activate each as well.
        #[arg(long)]
        activate: bool,
    },
    /// List the installed models.
    List,
    /// Let a version judge, from the next window on.
    Activate {
        /// The model's name.
        name: ModelId,
        /// The version.
        version: ModelVersion,
    },
    /// Go back to the version that judged before.
    Rollback {
        /// The model's name.
        name: ModelId,
    },
}

pub(super) async fn run(command: Command, context: &Context) -> Result<Answer> {
    match command {
        Command::Pack { dir, output } => pack(&dir, output),
        Command::Inspect { file } => inspect(&file),
        Command::Install { files, activate } => install(&files, activate, context).await,
        Command::List => list(context),
        Command::Activate { name, version } => activate(&name, &version, context).await,
        Command::Rollback { name } => rollback(&name, context).await,
    }
}

fn pack(dir: &Path, output: Option<PathBuf>) -> Result<Answer> {
    let bytes = Package::pack_folder(dir)?;
    let inspection = Package::inspect(&bytes)?;
    let (name, version) = (&inspection.manifest.name, &inspection.manifest.version);
    let path = output.unwrap_or_else(|| PathBuf::from(format!("{name}-{version}.takt")));
    std::fs::write(&path, &bytes).with_context(|| format!("{} cannot be written; check the folder", path.display()))?;
    let mut json = show::json(&inspection);
    json["package"] = path.display().to_string().into();
    Ok(Answer::new(format!("{name} {version}: {}, {}", path.display(), super::table::bytes(inspection.n_bytes)), json))
}

fn inspect(file: &Path) -> Result<Answer> {
    let bytes = std::fs::read(file).with_context(|| format!("{} cannot be read; check the path", file.display()))?;
    let inspection = Package::inspect(&bytes)?;
    Ok(Answer::new(show::text(&inspection), show::json(&inspection)))
}

async fn install(files: &[PathBuf], and_activate: bool, context: &Context) -> Result<Answer> {
    let mut texts = Vec::new();
    let mut installed = Vec::new();
    for file in files {
        let (name, version) = install_one(file, context).await?;
        texts.push(format!("{name} {version} is installed"));
        if and_activate {
            texts.push(activate(&name, &version, context).await?.text);
        }
        let file = file.display().to_string();
        let (name, version) = (name.to_string(), version.to_string());
        installed.push(json!({ "file": file, "name": name, "version": version, "active": and_activate }));
    }
    Ok(Answer::new(texts.join("\n"), json!({ "installed": installed })))
}

/// Installs one package: through the running gateway, else into its folder.
pub(super) async fn install_one(file: &Path, context: &Context) -> Result<(ModelId, ModelVersion)> {
    let path = std::path::absolute(file)?;
    // Looked at here first: the message then names what this user typed.
    let package = Package::open_file(file).with_context(|| format!("{} was not installed", file.display()))?;
    let (name, version) = (package.manifest().name.clone(), package.manifest().version.clone());
    if context.ask(Order::ModelInstall { path: path.clone() }).await?.is_none() {
        context.catalogue()?.install_file(&path)?;
    }
    Ok((name, version))
}

fn list(context: &Context) -> Result<Answer> {
    let listed = context.catalogue()?.list()?;
    let mut rows = Vec::new();
    let mut models = Vec::new();
    let mut is_damaged = false;
    for model in listed {
        let (digest, why) = match &model.condition {
            Ok(digest) => (Some(digest.to_string()), None),
            Err(why) => (None, Some(why.clone())),
        };
        is_damaged |= why.is_some();
        let short = digest.as_ref().map_or_else(|| "damaged".to_owned(), |d| d.chars().take(15).collect());
        let active = if model.active { "active" } else { "" };
        let (name, version) = (model.name.to_string(), model.version.to_string());
        rows.push([name.clone(), version.clone(), active.to_owned(), bytes(model.n_bytes), short]);
        models.push(json!({
            "name": name, "version": version, "active": model.active, "n_bytes": model.n_bytes,
            "digest": digest, "damaged": why,
        }));
    }
    let text = match rows.is_empty() {
        true => "no model is installed; `takt learn` makes one, `takt model install FILE` adds one".to_owned(),
        false => table(["MODEL", "VERSION", "", "SIZE", "DIGEST"], &rows),
    };
    let exit = if is_damaged { Exit::Failed } else { Exit::Clean };
    Ok(Answer::new(text, json!({ "models": models })).with_exit(exit))
}

/// Activates a version: the running gateway tries it beside the old one; without one it is tried here.
pub(super) async fn activate(name: &ModelId, version: &ModelVersion, context: &Context) -> Result<Answer> {
    let order = Order::ModelActivate { model: name.to_string(), version: version.to_string() };
    let (text, live) = match context.ask(order).await? {
        Some(_) => (format!("{name} {version} judges from the next window on"), true),
        None => {
            let catalogue = context.catalogue()?;
            try_out(&catalogue.load(name, version)?, context)?;
            catalogue.activate(name, version, &context.who(), context.clock.wall())?;
            (format!("{name} {version} is active; no gateway runs, so it judges from the next start on"), false)
        }
    };
    let json = json!({ "model": name.to_string(), "active": version.to_string(), "live": live });
    Ok(Answer::new(text, json))
}

async fn rollback(name: &ModelId, context: &Context) -> Result<Answer> {
    let (version, live) = match context.ask(Order::ModelRollback { model: name.to_string() }).await? {
        Some(answer) => (answer["active"].as_str().unwrap_or_default().to_owned(), true),
        None => {
            let release = context.catalogue()?.rollback(name, &context.who(), context.clock.wall())?;
            (release.version.to_string(), false)
        }
    };
    let text = format!("{name} is back at {version}");
    Ok(Answer::new(text, json!({ "model": name.to_string(), "active": version, "live": live })))
}

/// Runs a package's test vectors on the processor: what fails them must not become active (B31).
fn try_out(package: &Package, context: &Context) -> Result<()> {
    let runtime = match run::runtime(&context.gateway()?) {
        Ok(runtime) => runtime,
        Err(why) => bail!("the model cannot be tried out, so it was not activated: {why}"),
    };
    let clock = context.clock;
    let options = LoadOptions {
        device: Device::On(Provider::Cpu),
        fallback: FallbackRule::Refused,
        cache: None,
        now: &|| clock.mono(),
        progress: &|_| {},
    };
    let tried = Scorer::load(&runtime, package, &options);
    tried.map(drop).map_err(|error| anyhow::anyhow!("the active version stays: {}", sentence(&error)))
}
