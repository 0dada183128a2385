//! Trying a broker step by step.

use crate::clock::Clock;
use crate::mqtt::connect::{ConnectError, greet, reach, secure};
use crate::mqtt::options::Options;
use crate::mqtt::probe::{Event, WatchError, listen, visitor};
use crate::mqtt::topic;
use crate::trial::{Step, Trial};
use std::future::Future;
use std::ops::ControlFlow;
use std::time::Duration;
use tokio::time::timeout;

/// Tries a broker: looks its name up, connects, speaks TLS, logs in, subscribes, and waits at most `patience`
/// for a first message.
///
/// Give options with a client id of their own: trying with the gateway's would throw it out.
pub async fn trial(options: &Options, filter: &str, patience: Duration, clock: Clock) -> Vec<Step> {
    let options = visitor(options);
    let mut trial = Trial::new(clock);
    let at = format!("{}:{}", options.host, options.port);
    if trial.resolve(&at, options.timeout).await.is_none() {
        return trial.steps;
    }
    let tcp = in_time(&options, reach(&options)).await;
    let Some(tcp) = trial.step("connect", tcp, |_| format!("{at} takes TCP connections")) else { return trial.steps };
    let stream = match &options.tls {
        None => secure(tcp, &options).await.ok(),
        Some(_) => {
            let stream = in_time(&options, secure(tcp, &options)).await;
            trial.step("tls", stream, |_| "the broker's certificate is trusted".to_owned())
        }
    };
    let Some(stream) = stream else { return trial.steps };
    let accepted = in_time(&options, greet(stream, &options)).await;
    let user = options.credentials.as_ref().map(|c| format!(" as {}", c.user)).unwrap_or_default();
    let accepted = trial.step("login", accepted, |_| format!("the broker lets us in{user}"));
    let Some(accepted) = accepted else { return trial.steps };
    if let Err(why) = topic::check_filter(filter).map_err(WatchError::Filter) {
        trial.step("subscribe", Err::<(), _>(why), |()| String::new());
        return trial.steps;
    }
    let mut first = None;
    let mut take = |event: Event<'_>| match event {
        Event::Subscribed => {
            trial.step("subscribe", Ok::<_, String>(()), |()| format!("the broker gives us '{filter}'"));
            ControlFlow::Continue(())
        }
        Event::Message { topic, n_bytes, .. } => {
            first = Some(format!("{topic} came with {n_bytes} bytes"));
            ControlFlow::Break(())
        }
    };
    let heard = timeout(patience, listen(accepted, &options, filter, &mut take)).await;
    if let Ok(Err(why)) = heard {
        trial.step("subscribe", Err::<(), _>(why), |()| String::new());
        return trial.steps;
    }
    let none = || {
        format!(
            "nothing came on '{filter}' within {patience:?}; see whether the topic is right, or wait for its sender"
        )
    };
    trial.step("first message", first.ok_or_else(none), String::clone);
    trial.steps
}

async fn in_time<T>(options: &Options, work: impl Future<Output = Result<T, ConnectError>>) -> Result<T, ConnectError> {
    timeout(options.timeout, work).await.unwrap_or_else(|_| {
        Err(ConnectError::Timeout {
            host: options.host.clone(),
            port: options.port,
            timeout_ms: options.timeout.as_millis(),
        })
    })
}
