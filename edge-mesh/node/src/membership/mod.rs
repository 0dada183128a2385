//! Who belongs, as signed files: made, extended by invitations, verified, and never older than before.
//!
//! **Trust.** The fleet's root key signs one delegation: an enrolment key, the sites it may speak for, how
//! many members, until when. The enrolment key signs member lists. A list is believed when its delegation
//! is the root's, and the root is the one whose digest is the mesh's id; that id came with the invitation.
//! So joining needs no root key, and a stolen enrolment key makes nobody a member of another site.
//!
//! **Never backwards.** The version of the newest list that was in force is kept beside it. A list with a
//! lower one is refused, whoever brings it, so that nobody who was removed comes back with an old file.

mod code;
mod facts;
mod files;
mod invitations;
mod join;
mod keeper;
mod signed;

pub use code::{Code, CodeError};
pub use facts::{MemberFact, Own};
pub use files::{FilesError, MeshFiles};
pub use invitations::{INVITATION_LASTS, Refused};
pub(crate) use join::ALPN_JOIN;
pub use join::{JoinError, join};
pub(crate) use keeper::{KNOCKS_MAX, Keeper, Knock};
pub use signed::ListError;
