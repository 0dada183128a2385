//! Joining: one request and one answer over the inviting gateway's own key.

use super::code::Code;
use super::facts::Own;
use super::files::{FilesError, MeshFiles};
use super::invitations::Refused;
use crate::door::Door;
use crate::endpoint;
use crate::ids::{address_of, id_of, peer_of};
use crate::options::StartError;
use crate::roster::Roster;
use crate::wire::LIST_BYTES_MAX;
use iroh::endpoint::{Connection, VarInt};
use serde::{Deserialize, Serialize};
use std::net::SocketAddr;
use std::time::Duration;
use takt_mesh_proto::keys::Keypair;
use takt_plant::WallTime;

/// Between a newcomer and who invited it.
pub(crate) const ALPN_JOIN: &[u8] = b"takt/join/1";

/// Bytes of a request: a secret, two names and a few addresses.
const REQUEST_BYTES_MAX: usize = 4096;

/// The whole of it may take so long; people wait.
const PATIENCE: Duration = Duration::from_secs(10);

#[derive(Serialize, Deserialize)]
struct Request {
    secret: [u8; 16],
    own: Own,
}

#[derive(Serialize, Deserialize)]
enum Answer {
    Welcome(Vec<u8>),
    Refused(Refused),
}

/// Why this gateway is no member yet.
#[derive(Debug, thiserror::Error)]
pub enum JoinError {
    /// The other side says no.
    #[error(transparent)]
    Refused(#[from] Refused),
    /// Nobody answers.
    #[error(
        "the gateway that invited does not answer at {0}; is it running, with mesh.enabled, and does a firewall let UDP through?"
    )]
    Silent(String),
    /// The own files.
    #[error(transparent)]
    Files(#[from] FilesError),
    /// The own socket.
    #[error(transparent)]
    Start(#[from] StartError),
    /// What came is no answer, or a list without this gateway.
    #[error("the other gateway answered something that this version does not understand")]
    Answer,
}

/// Joins the fleet of a code, as what this gateway says of itself.
///
/// # Errors
/// See [`JoinError`]; nothing has changed then.
pub async fn join(files: &MeshFiles, code: &Code, own: &Own) -> Result<Roster, JoinError> {
    let secret = files.secret()?;
    let id = Keypair::from_secret(&secret).id();
    files.not_a_member(&id)?;
    // Another port than the gateway's own, which may be running.
    let listen: Vec<SocketAddr> = own.addresses.iter().map(|address| SocketAddr::new(address.ip(), 0)).collect();
    let (endpoint, _lookup) = endpoint::bind(&secret, &listen, &[ALPN_JOIN], Door::new(None)).await?;
    let silent = || JoinError::Silent(code.addresses.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "));
    let inviter = id_of(&code.inviter).ok_or(JoinError::Answer)?;
    let asked = async {
        let connection =
            endpoint.connect(address_of(inviter, &code.addresses), ALPN_JOIN).await.map_err(|_| silent())?;
        let answer = ask(&connection, &Request { secret: code.secret, own: own.clone() }).await;
        connection.close(VarInt::from_u32(0), b"done");
        answer.ok_or_else(silent)
    };
    let answer = tokio::time::timeout(PATIENCE, asked).await.unwrap_or_else(|_| Err(silent()));
    endpoint.close().await;
    let list = match postcard::from_bytes(&answer?).map_err(|_| JoinError::Answer)? {
        Answer::Welcome(list) => list,
        Answer::Refused(why) => return Err(why.into()),
    };
    let roster = files.adopt(&list, Some(code.mesh))?.ok_or(JoinError::Answer)?;
    if roster.has(&id) { Ok(roster) } else { Err(JoinError::Answer) }
}

async fn ask(connection: &Connection, request: &Request) -> Option<Vec<u8>> {
    let (mut to, mut from) = connection.open_bi().await.ok()?;
    let bytes = postcard::to_allocvec(request).expect("requests hold only types that postcard encodes");
    to.write_all(&bytes).await.ok()?;
    to.finish().ok()?;
    from.read_to_end(LIST_BYTES_MAX + REQUEST_BYTES_MAX).await.ok()
}

/// Answers one newcomer. Gives the new list when there is one.
pub(super) async fn answer(connection: Connection, files: &MeshFiles, now: WallTime) -> Option<Roster> {
    tokio::time::timeout(PATIENCE, answer_it(connection, files, now)).await.ok().flatten()
}

async fn answer_it(connection: Connection, files: &MeshFiles, now: WallTime) -> Option<Roster> {
    let (mut to, mut from) = connection.accept_bi().await.ok()?;
    let bytes = from.read_to_end(REQUEST_BYTES_MAX).await.ok()?;
    let peer = peer_of(&connection.remote_id());
    let (answer, roster) = match postcard::from_bytes::<Request>(&bytes) {
        Ok(Request { secret, own }) => {
            let files = files.clone();
            let name = own.name.clone();
            let enrolled = tokio::task::spawn_blocking(move || files.enrol(&secret, &own, peer, now)).await.ok()?;
            match enrolled {
                Ok(Ok(roster)) => {
                    tracing::info!(name, %peer, "a gateway has joined");
                    (Answer::Welcome(roster.signed.to_vec()), Some(roster))
                }
                Ok(Err(why)) => {
                    tracing::warn!(name, %peer, %why, "a gateway that wanted to join was refused");
                    (Answer::Refused(why), None)
                }
                Err(why) => {
                    tracing::error!(%why, "a gateway that wanted to join could not be enrolled");
                    (Answer::Refused(Refused::Unable(why.to_string())), None)
                }
            }
        }
        Err(_) => (Answer::Refused(Refused::Wrong("the request is of another version of Takt".into())), None),
    };
    let bytes = postcard::to_allocvec(&answer).expect("answers hold only types that postcard encodes");
    let sent = to.write_all(&bytes).await.is_ok() && to.finish().is_ok();
    if sent {
        // The newcomer closes when it has read all of it.
        connection.closed().await;
    }
    roster
}
