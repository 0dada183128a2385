//! JSON Pointers (RFC 6901) of a whole message, compiled into one tree.

use crate::convert::Conversion;
use crate::stamp::StampReader;
use std::sync::atomic::{AtomicU32, Ordering};

/// Most levels of a pointer: bounds the depth of the walk through a document.
pub const POINTER_LEVELS_MAX: usize = 32;

/// Why a text is no JSON Pointer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidPointer {
    /// It does not begin with a slash.
    #[error("'{pointer}' is no JSON Pointer; begin it with '/', as in /vib/rms")]
    NoSlash {
        /// As written.
        pointer: String,
    },
    /// `~` that is neither `~0` nor `~1`.
    #[error("'{pointer}' is no JSON Pointer; write '~' as ~0 and '/' inside a name as ~1")]
    Tilde {
        /// As written.
        pointer: String,
    },
    /// Deeper than [`POINTER_LEVELS_MAX`].
    #[error("'{pointer}' goes deeper than 32 levels; map a flatter message")]
    TooDeep {
        /// As written.
        pointer: String,
    },
}

impl InvalidPointer {
    /// The text that is none, as written.
    pub fn pointer(&self) -> &str {
        match self {
            Self::NoSlash { pointer } | Self::Tilde { pointer } | Self::TooDeep { pointer } => pointer,
        }
    }
}

/// Where a value that was met goes.
#[derive(Debug, Clone)]
pub(super) enum Target {
    /// To a reading: which of the walker's groups, and which of its columns.
    Field { group: u32, column: u32, conversion: Conversion },
    /// To the source time of one of the walker's groups.
    Stamp { group: u32, stamp: StampReader },
}

/// One place in a document.
#[derive(Debug, Clone, Default)]
pub(super) struct Node {
    /// What the value here becomes.
    pub targets: Vec<Target>,
    /// The tree that each element of the array here is walked with.
    pub samples: Option<Box<Node>>,
    /// The places below, in the order of the mapping.
    children: Vec<Child>,
    /// Their numbers in the order of their names.
    by_name: Vec<u32>,
    /// The largest array index among them.
    index_max: Option<usize>,
    /// The child that stood first in the last message.
    first: Hint,
}

#[derive(Debug, Clone)]
struct Child {
    name: Box<str>,
    /// The name as an array index, where it is one.
    index: Option<usize>,
    /// The child that followed this one in the last message.
    follower: Hint,
    node: Node,
}

/// Which child to try first. Messages carry their fields in the same order every time, so the order of
/// the last message is most often that of the next. A wrong hint costs a search and changes nothing.
#[derive(Debug, Default)]
struct Hint(AtomicU32);

impl Clone for Hint {
    fn clone(&self) -> Self {
        Self(AtomicU32::new(self.0.load(Ordering::Relaxed)))
    }
}

impl Node {
    /// The place that a pointer names, made where it is not there yet.
    pub fn at(&mut self, pointer: &str) -> Result<&mut Self, InvalidPointer> {
        let mut node = self;
        for segment in segments(pointer)? {
            node = node.child_mut(&segment);
        }
        Ok(node)
    }

    /// The number of the child with this name, where `before` is the child that was found last.
    pub fn child_number(&self, name: &str, before: Option<usize>) -> Option<usize> {
        let hint = match before {
            Some(before) => &self.children[before].follower.0,
            None => &self.first.0,
        };
        let guess = hint.load(Ordering::Relaxed) as usize;
        if self.children.get(guess).is_some_and(|c| *c.name == *name) {
            return Some(guess);
        }
        let number = self.by_name[self.place(name).ok()?];
        hint.store(number, Ordering::Relaxed);
        Some(number as usize)
    }

    /// The number of the child that stands at an index of an array; `guess` is tried first.
    pub fn child_at(&self, index: usize, guess: usize) -> Option<usize> {
        if self.index_max.is_none_or(|max| index > max) {
            return None;
        }
        if self.children.get(guess).is_some_and(|c| c.index == Some(index)) {
            return Some(guess);
        }
        self.children.iter().position(|c| c.index == Some(index))
    }

    /// The child with a number that [`Node::child_number`] gave.
    pub fn child(&self, number: usize) -> &Self {
        &self.children[number].node
    }

    fn child_mut(&mut self, name: &str) -> &mut Self {
        let number = match self.place(name) {
            Ok(place) => self.by_name[place] as usize,
            Err(place) => {
                let number = self.children.len();
                let index = index_in(name);
                self.index_max = self.index_max.max(index);
                let (follower, node) = (Hint::default(), Self::default());
                self.children.push(Child { name: name.into(), index, follower, node });
                self.by_name.insert(place, u32::try_from(number).expect("fewer than 2^32 fields"));
                number
            }
        };
        &mut self.children[number].node
    }

    fn place(&self, name: &str) -> Result<usize, usize> {
        self.by_name.binary_search_by(|i| (*self.children[*i as usize].name).cmp(name))
    }
}

/// An array index as RFC 6901 writes it: digits without a leading zero.
fn index_in(name: &str) -> Option<usize> {
    let plain = name == "0" || (!name.starts_with('0') && name.bytes().all(|b| b.is_ascii_digit()));
    if plain { name.parse().ok() } else { None }
}

/// Cuts a pointer into its unescaped names.
fn segments(pointer: &str) -> Result<Vec<String>, InvalidPointer> {
    if pointer.is_empty() {
        return Ok(vec![]);
    }
    let Some(rest) = pointer.strip_prefix('/') else {
        return Err(InvalidPointer::NoSlash { pointer: pointer.to_owned() });
    };
    let names: Option<Vec<String>> = rest.split('/').map(unescape).collect();
    let names = names.ok_or_else(|| InvalidPointer::Tilde { pointer: pointer.to_owned() })?;
    if names.len() > POINTER_LEVELS_MAX {
        return Err(InvalidPointer::TooDeep { pointer: pointer.to_owned() });
    }
    Ok(names)
}

fn unescape(name: &str) -> Option<String> {
    let mut out = String::with_capacity(name.len());
    let mut chars = name.chars();
    while let Some(c) = chars.next() {
        out.push(match c {
            '~' => match chars.next()? {
                '0' => '~',
                '1' => '/',
                _ => return None,
            },
            c => c,
        });
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pointers_of_the_rfc() {
        for (pointer, names) in [
            ("", vec![]),
            ("/", vec![""]),
            ("/foo/0", vec!["foo", "0"]),
            ("/a~1b", vec!["a/b"]),
            ("/m~0n", vec!["m~n"]),
            ("/~01", vec!["~1"]),
            ("/ ", vec![" "]),
        ] {
            assert_eq!(segments(pointer).unwrap(), names, "{pointer}");
        }
        assert!(matches!(segments("a/b"), Err(InvalidPointer::NoSlash { .. })));
        assert!(matches!(segments("/a~2"), Err(InvalidPointer::Tilde { .. })));
        assert!(matches!(segments("/a~"), Err(InvalidPointer::Tilde { .. })));
        assert!(matches!(segments(&"/a".repeat(33)), Err(InvalidPointer::TooDeep { .. })));
    }

    #[test]
    fn children_are_found_by_hint_and_by_name() {
        let mut root = Node::default();
        for pointer in ["/z", "/a", "/m/x", "/m/y"] {
            root.at(pointer).unwrap();
        }
        for _ in 0..3 {
            let mut before = None;
            for (name, expected) in [("z", Some(0)), ("m", Some(2)), ("b", None), ("a", Some(1)), ("z", Some(0))] {
                let found = root.child_number(name, before);
                assert_eq!(found, expected, "{name} after {before:?}");
                before = found.or(before);
            }
        }
        assert_eq!(root.child(2).child_number("y", None), Some(1));
        assert_eq!(root.child(0).child_number("y", None), None);
    }

    #[test]
    fn elements_are_found_by_index() {
        let mut root = Node::default();
        for pointer in ["/5", "/0", "/01"] {
            root.at(pointer).unwrap();
        }
        for (index, expected) in [(0, Some(1)), (1, None), (5, Some(0)), (6, None)] {
            assert_eq!(root.child_at(index, 0), expected, "{index}");
        }
    }
}
