//! Who may do what: roles, and those who have shown who they are.

mod role;

pub use role::{Role, Who};
