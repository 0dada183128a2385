//! Connections out and in: calls members until they answer, and takes the calls of others.

use crate::event::PeerEvent;
use crate::ids::{address_of, id_of};
use crate::membership::Knock;
use crate::wire::ALPN;
use iroh::Endpoint;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use takt_mesh_proto::ids::PeerId;
use tokio::sync::{Semaphore, mpsc};

/// Before the second call; doubled with each, up to [`WAIT_MAX`].
const WAIT_MIN: Duration = Duration::from_millis(250);
const WAIT_MAX: Duration = Duration::from_secs(10);

/// A call that is not answered for this long has failed.
const PATIENCE: Duration = Duration::from_secs(5);

/// Handshakes that go on at one time; more are refused before they cost a signature.
const HANDSHAKES_MAX: usize = 32;

/// Calls one peer for as long as it is a member. Ends with its task.
pub(crate) async fn call(
    endpoint: Endpoint,
    peer: PeerId,
    addresses: Vec<SocketAddr>,
    events: mpsc::Sender<PeerEvent>,
) {
    let Some(id) = id_of(&peer) else { return };
    let mut rng =
        fastrand::Rng::with_seed(u64::from_le_bytes(*endpoint.id().as_bytes().first_chunk().unwrap_or(&[0; 8])));
    let mut wait = WAIT_MIN;
    loop {
        let called = endpoint.connect(address_of(id, &addresses), ALPN);
        match tokio::time::timeout(PATIENCE, called).await {
            Ok(Ok(connection)) => {
                let handle = connection.weak_handle();
                if events.send(PeerEvent::Connection(connection)).await.is_err() {
                    return;
                }
                if tokio::time::timeout(WAIT_MAX, handle.closed()).await.is_err() {
                    // It has stood for long enough that the next call need not wait.
                    wait = WAIT_MIN;
                    handle.closed().await;
                }
            }
            Ok(Err(why)) => tracing::debug!(%peer, %why, "a member does not answer"),
            Err(_) => tracing::debug!(%peer, "a member does not answer in time"),
        }
        // Gateways that start together after a power cut must not call together.
        tokio::time::sleep(wait + wait.mul_f64(rng.f64())).await;
        wait = (wait * 2).min(WAIT_MAX);
    }
}

/// Takes calls until the endpoint is closed: members go to the actor, newcomers to the keeper.
pub(crate) async fn answer(endpoint: Endpoint, events: mpsc::Sender<PeerEvent>, knocks: mpsc::Sender<Knock>) {
    let room = Arc::new(Semaphore::new(HANDSHAKES_MAX));
    while let Some(incoming) = endpoint.accept().await {
        let Ok(permit) = Arc::clone(&room).try_acquire_owned() else {
            incoming.refuse();
            continue;
        };
        let (events, knocks) = (events.clone(), knocks.clone());
        tokio::spawn(async move {
            match tokio::time::timeout(PATIENCE, incoming.into_future()).await {
                Ok(Ok(connection)) if connection.alpn() == ALPN => {
                    let _ended = events.send(PeerEvent::Connection(connection)).await;
                }
                // Dropping a newcomer's connection closes it.
                Ok(Ok(connection)) => drop(knocks.try_send(Knock::Join(connection))),
                Ok(Err(_)) | Err(_) => {}
            }
            drop(permit);
        });
    }
}
