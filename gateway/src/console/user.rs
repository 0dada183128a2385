//! `takt user`: the way back in for whoever may use the gateway's folder. Never limited, never locked.

use super::answer::Answer;
use super::context::Context;
use super::exit;
use super::table::table;
use crate::access::{Access, AccessError, Password, Role, UserChange, UserOrder};
use crate::api::control::Command as Order;
use crate::payload::time_text;
use crate::run::{self, Direct};
use anyhow::{Context as _, Result, anyhow};
use serde_json::json;
use std::io::{BufRead as _, IsTerminal as _};
use std::sync::Arc;

/// What is done with users.
#[derive(Debug, clap::Subcommand)]
pub(super) enum Command {
    /// Make a user; asks for the password, or reads it from standard input.
    Add {
        /// The user's name.
        name: String,
        /// viewer, operator, engineer or administrator.
        #[arg(long, value_parser = role)]
        role: Role,
    },
    /// List the users.
    List,
    /// Set a user's password, end their sessions and every wait after wrong ones.
    Password {
        /// The user's name.
        name: String,
    },
    /// Change what a user may do.
    Role {
        /// The user's name.
        name: String,
        /// viewer, operator, engineer or administrator.
        #[arg(value_parser = role)]
        role: Role,
    },
    /// Let a user sign in again.
    Enable {
        /// The user's name.
        name: String,
    },
    /// Keep a user from signing in.
    Disable {
        /// The user's name.
        name: String,
    },
    /// Remove a user. What they did stays in the audit log.
    Remove {
        /// The user's name.
        name: String,
    },
}

pub(super) async fn run(command: Command, context: &Context) -> Result<Answer> {
    let change = |name, change| UserOrder::Change { name, change };
    let order = match command {
        Command::List => return list(context).await,
        Command::Add { name, role } => UserOrder::Add { password: password(&name)?, name, role },
        Command::Password { name } => {
            let password = Some(password(&name)?);
            change(name, UserChange { password, ..UserChange::default() })
        }
        Command::Role { name, role } => change(name, UserChange { role: Some(role), ..UserChange::default() }),
        Command::Enable { name } => change(name, UserChange { disabled: Some(false), ..UserChange::default() }),
        Command::Disable { name } => change(name, UserChange { disabled: Some(true), ..UserChange::default() }),
        Command::Remove { name } => UserOrder::Remove { name },
    };
    let done = match context.ask(Order::User(order.clone())).await? {
        Some(answer) => answer["done"].as_str().unwrap_or_default().to_owned(),
        None => without_gateway(&order, context).await?,
    };
    Ok(Answer::new(done.clone(), json!({ "done": done })))
}

/// No gateway runs: the command opens file and store itself.
async fn without_gateway(order: &UserOrder, context: &Context) -> Result<String> {
    let gateway = context.gateway()?;
    let (store, _) = run::open_store(&gateway, context.clock).await?;
    let audit = Arc::new(Direct::default());
    let access = Access::open_idle(&gateway.data_dir, context.clock, Arc::clone(&audit) as _).await.map_err(told)?;
    let done = access.carry_out(order, &context.who()).await.map_err(told)?;
    audit.keep(&store, &context.clock).await.context("it is done, but the audit log could not be written")?;
    tokio::task::spawn_blocking(move || store.close()).await??;
    Ok(done)
}

async fn list(context: &Context) -> Result<Answer> {
    let data_dir = context.data_dir()?;
    let access = Access::open_idle(&data_dir, context.clock, Arc::new(Direct::default())).await.map_err(told)?;
    let users = access.users().await.map_err(told)?;
    let rows: Vec<_> = users
        .iter()
        .map(|user| {
            let may = if user.disabled { "disabled" } else { "may sign in" };
            let last = user.signed_in.map_or_else(|| "never".to_owned(), time_text);
            [user.name.clone(), user.role.to_string(), may.to_owned(), last]
        })
        .collect();
    let text = match rows.is_empty() {
        true => "there are no users; make one with `takt user add NAME --role administrator`".to_owned(),
        false => table(["USER", "ROLE", "SIGN-IN", "LAST SIGNED IN"], &rows),
    };
    let listed = users.iter().map(|user| {
        let signed_in_at = user.signed_in.map(time_text);
        json!({ "name": user.name, "role": user.role, "disabled": user.disabled, "signed_in_at": signed_in_at })
    });
    Ok(Answer::new(text, json!({ "users": listed.collect::<Vec<_>>() })))
}

/// Asked for twice at a terminal, else the first line of standard input.
fn password(name: &str) -> Result<Password> {
    if !std::io::stdin().is_terminal() {
        let mut line = String::new();
        std::io::stdin().lock().read_line(&mut line).context("the password cannot be read from standard input")?;
        return Ok(Password::new(line.trim_end_matches(['\r', '\n'])));
    }
    let first = rpassword::prompt_password(format!("New password of {name}: "))?;
    let again = rpassword::prompt_password("The same again: ")?;
    if first != again {
        return Err(exit::usage("the two are not the same; nothing was changed"));
    }
    Ok(Password::new(first))
}

fn role(text: &str) -> Result<Role, String> {
    Role::of_word(text).ok_or_else(|| "write viewer, operator, engineer or administrator".to_owned())
}

fn told(error: AccessError) -> anyhow::Error {
    anyhow!("{error}; {}", error.hint())
}
