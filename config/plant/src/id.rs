//! Names of things, one newtype per role, so that a line is never passed where a tag is meant.

use std::fmt;
use std::sync::Arc;

/// Longest identifier in bytes: it becomes an MQTT topic level, a metric label and a file name.
pub const ID_BYTES_MAX: usize = 64;

/// Why a text cannot be an identifier. The message says what to type instead.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum InvalidId {
    /// Nothing was written.
    Empty,
    /// Longer than [`ID_BYTES_MAX`] bytes.
    TooLong { n_bytes: usize },
    /// A character other than `a-z A-Z 0-9 _ - .`, or one of `_ - .` at the start.
    Character { found: char, position: usize },
}

impl fmt::Display for InvalidId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => write!(f, "a name is missing; use letters, digits, '_', '-' and '.'"),
            Self::TooLong { n_bytes } => {
                write!(f, "the name has {n_bytes} bytes; at most {ID_BYTES_MAX} are allowed")
            }
            Self::Character { found, position } => write!(
                f,
                "'{found}' at position {position} cannot stand in a name; use letters, digits, '_', '-' and '.', \
                 beginning with a letter or digit"
            ),
        }
    }
}

impl std::error::Error for InvalidId {}

fn check(text: &str) -> Result<(), InvalidId> {
    if text.is_empty() {
        return Err(InvalidId::Empty);
    }
    if text.len() > ID_BYTES_MAX {
        return Err(InvalidId::TooLong { n_bytes: text.len() });
    }
    for (position, found) in text.chars().enumerate() {
        let inner = found.is_ascii_alphanumeric() || (position > 0 && matches!(found, '_' | '-' | '.'));
        if !inner {
            return Err(InvalidId::Character { found, position });
        }
    }
    Ok(())
}

macro_rules! id {
    ($(#[$doc:meta] $name:ident;)*) => {$(
        #[$doc]
        ///
        /// Cheap to clone. Letters, digits, `_`, `-` and `.`, beginning with a letter or digit.
        #[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(Arc<str>);

        impl $name {
            /// Takes a text that keeps the rules of names.
            pub fn new(text: &str) -> Result<Self, InvalidId> {
                check(text)?;
                Ok(Self(Arc::from(text)))
            }

            /// The text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self.0)
            }
        }

        impl std::str::FromStr for $name {
            type Err = InvalidId;
            fn from_str(text: &str) -> Result<Self, InvalidId> {
                Self::new(text)
            }
        }
    )*};
}

id! {
    /// A plant location (ISA-95 site).
    SiteId;
    /// One box that runs this program (Sparkplug edge node).
    GatewayId;
    /// A production line (ISA-95).
    LineId;
    /// A named measured or controlled variable (ISA-5.1).
    TagId;
    /// One quality question asked of a line.
    CheckId;
    /// One configured way to a device or broker.
    ConnectionId;
    /// One output of a check: where a verdict is written.
    OutputId;
    /// The name of a model; its version and digest stand beside it.
    ModelId;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_keep_the_rules() {
        for good in ["a", "press-3", "Temp_1.rms", "4711"] {
            assert_eq!(TagId::new(good).expect("a good name").as_str(), good);
        }
        assert_eq!(TagId::new(""), Err(InvalidId::Empty));
        assert_eq!(TagId::new("-a"), Err(InvalidId::Character { found: '-', position: 0 }));
        assert_eq!(TagId::new("a/b"), Err(InvalidId::Character { found: '/', position: 1 }));
        assert_eq!(TagId::new(&"a".repeat(65)), Err(InvalidId::TooLong { n_bytes: 65 }));
    }
}
