//! What goes wrong with users, sessions and tokens, and what to do.

/// Why something about access was not done.
#[derive(Debug, thiserror::Error)]
pub enum AccessError {
    /// The file of users cannot be used.
    #[error("users, sessions and tokens cannot be read or written: {why}")]
    Unavailable {
        /// What the database said.
        why: String,
    },
    /// There is no such thing.
    #[error("there is no {what} '{name}'")]
    Unknown {
        /// `user` or `token`.
        what: &'static str,
        /// Its name.
        name: String,
    },
    /// The name is taken.
    #[error("there is a {what} '{name}' already")]
    Taken {
        /// `user` or `token`.
        what: &'static str,
        /// Its name.
        name: String,
    },
    /// A name, a password or a time that cannot be.
    #[error("{what}")]
    Unfit {
        /// What is wrong with it.
        what: String,
        /// What would do.
        hint: &'static str,
    },
    /// It would leave nobody who may make users.
    #[error("'{name}' is the last administrator who can sign in")]
    Last {
        /// The user's name.
        name: String,
    },
    /// Wrong user or password; which of them is not said.
    #[error("the user or the password is wrong")]
    Wrong,
    /// The set-up code is wrong.
    #[error("the set-up code is wrong")]
    WrongCode,
    /// There is an administrator already.
    #[error("the first administrator is made already")]
    SetUp,
    /// Too many tries.
    #[error("too many tries; the next one counts in {retry_after_s} s")]
    Limited {
        /// When to try again.
        retry_after_s: u64,
    },
}

impl AccessError {
    /// What to do about it.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Unavailable { .. } => {
                "check that data_dir is writable and has space; a damaged access.sqlite can be moved away, \
                 then make users anew with `takt user add`"
            }
            Self::Unknown { .. } => "look at the list of what there is; names are written as they were given",
            Self::Taken { .. } => "choose another name, or change the one there is",
            Self::Unfit { hint, .. } => hint,
            Self::Last { .. } => "make another administrator first",
            Self::Wrong => "try again; whoever may use the gateway's console can set it: takt user password NAME",
            Self::WrongCode => "`takt run` prints it at each start; it also lies in setup.code in the gateway's folder",
            Self::SetUp => "sign in; whoever may use the gateway's console can reset it: takt user password NAME",
            Self::Limited { .. } => {
                "wait, or sign in from another device; the console is never limited: takt user password NAME"
            }
        }
    }
}

impl From<sqlx::Error> for AccessError {
    fn from(error: sqlx::Error) -> Self {
        Self::Unavailable { why: error.to_string() }
    }
}
