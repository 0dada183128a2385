//! The four roles, and somebody who has shown who they are.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::net::IpAddr;
use utoipa::ToSchema;

/// What somebody may do; each role may do what those before it may.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Looks.
    Viewer,
    /// Acknowledges alarms, gives feedback on parts, disarms an output.
    Operator,
    /// Configures connections and lines, arms outputs, activates models.
    Engineer,
    /// Users, tokens, secrets, backup.
    Administrator,
}

impl Role {
    /// All of them, the least first.
    pub const ALL: [Self; 4] = [Self::Viewer, Self::Operator, Self::Engineer, Self::Administrator];

    /// The role of a word.
    pub fn of_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.word() == word)
    }

    /// Its word in documents, on the console and in the log.
    pub fn word(self) -> &'static str {
        match self {
            Self::Viewer => "viewer",
            Self::Operator => "operator",
            Self::Engineer => "engineer",
            Self::Administrator => "administrator",
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// Somebody who has shown who they are. Displays as the audit log keeps it: name, role, address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Who {
    /// The user's or the token's name.
    pub name: String,
    /// What they may do.
    pub role: Role,
    /// Where they call from.
    pub address: IpAddr,
}

/// The name alone of what [`Who`] displays; where people acted from is for the audit log. Other texts stay whole.
pub fn name_of(who: &str) -> &str {
    match who.rsplit_once(" (") {
        Some((name, rest)) if rest.contains(", ") => name,
        _ => who,
    }
}

impl fmt::Display for Who {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({}, {})", self.name, self.role, self.address)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_alone_says_nothing_of_role_and_address() {
        let who = Who { name: "token ci".into(), role: Role::Engineer, address: [10, 0, 0, 5].into() };
        for (shown, name) in
            [(who.to_string().as_str(), "token ci"), ("anna (uid 1000)", "anna (uid 1000)"), ("x", "x")]
        {
            assert_eq!(name_of(shown), name);
        }
    }
}
