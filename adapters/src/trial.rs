//! Trying a connection step by step, for a person who sets it up: what worked, how long it took, and what
//! to do about the first step that did not.

use crate::clock::Clock;
use std::net::SocketAddr;
use std::time::Duration;
use takt_plant::MonoTime;
use tokio::net::lookup_host;
use tokio::time::timeout;

/// One step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// `resolve`, `connect`, `tls`, `login`, `subscribe`, `first message` or `first read`.
    pub name: &'static str,
    /// What was found, or what is wrong and what to do.
    pub result: Result<String, String>,
    /// How long it took.
    pub took: Duration,
}

/// The steps of one trial. The first that fails ends it.
#[derive(Debug)]
pub(crate) struct Trial {
    pub steps: Vec<Step>,
    clock: Clock,
    began: MonoTime,
}

impl Trial {
    pub fn new(clock: Clock) -> Self {
        Self { steps: Vec::new(), clock, began: clock.mono() }
    }

    /// Ends a step; gives its value on.
    pub fn step<T, E: ToString>(
        &mut self,
        name: &'static str,
        result: Result<T, E>,
        text: impl FnOnce(&T) -> String,
    ) -> Option<T> {
        let now = self.clock.mono();
        let took = now.since(self.began);
        self.began = now;
        let (value, result) = match result {
            Ok(value) => {
                let text = text(&value);
                (Some(value), Ok(text))
            }
            Err(why) => (None, Err(why.to_string())),
        };
        self.steps.push(Step { name, result, took });
        value
    }

    /// Looks a `host:port` up.
    pub async fn resolve(&mut self, address: &str, limit: Duration) -> Option<Vec<SocketAddr>> {
        let found = match timeout(limit, lookup_host(address)).await {
            Ok(Ok(found)) => Ok(found.collect::<Vec<_>>()),
            Ok(Err(error)) => {
                Err(format!("{address} cannot be looked up ({error}); check the name, or write the IP address"))
            }
            Err(_) => Err(format!("nobody said within {limit:?} where {address} is; check the box's name server")),
        };
        self.step("resolve", found, |found| {
            let all: Vec<String> = found.iter().map(ToString::to_string).collect();
            format!("{address} is {}", all.join(", "))
        })
    }
}
