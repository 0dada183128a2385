//! What may be done to users, the same from the page and from the console, with its audit.

use super::error::AccessError;
use super::password::Password;
use super::role::Role;
use super::{Access, UserChange};
use serde::{Deserialize, Serialize};

/// A change of users.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "act", deny_unknown_fields)]
pub enum UserOrder {
    /// Make one.
    Add {
        /// The name.
        name: String,
        /// What they may do.
        role: Role,
        /// The first password.
        password: Password,
    },
    /// Change one.
    Change {
        /// The name.
        name: String,
        /// What changes.
        change: UserChange,
    },
    /// Remove one.
    Remove {
        /// The name.
        name: String,
    },
}

impl Access {
    /// Carries out a change, says who did it in the audit log, and gives the sentence that says it.
    ///
    /// # Errors
    /// As of the change; nothing was changed then.
    pub async fn carry_out(&self, order: &UserOrder, by: &str) -> Result<String, AccessError> {
        let (what, text) = match order {
            UserOrder::Add { name, role, password } => {
                self.add_user(name, *role, password).await?;
                ("access.user_add", format!("user {name} is made, as {role}"))
            }
            UserOrder::Change { name, change } => {
                self.change_user(name, change).await?;
                ("access.user_change", format!("user {name}: {}", changes(change)))
            }
            UserOrder::Remove { name } => {
                self.remove_user(name).await?;
                ("access.user_remove", format!("user {name} is removed"))
            }
        };
        self.note(by, what, &text);
        Ok(text)
    }
}

fn changes(change: &UserChange) -> String {
    let mut told = Vec::new();
    told.extend(change.role.map(|role| format!("the role is {role}")));
    told.extend(change.password.as_ref().map(|_| "the password is another".to_owned()));
    told.extend(change.disabled.map(|disabled| if disabled { "may not sign in" } else { "may sign in" }.to_owned()));
    if told.is_empty() { "nothing changes".to_owned() } else { told.join(", ") }
}
