//! Who witnesses whom: rendezvous hashing inside a zone, so that all agree and a change moves few.
//!
//! **Quorums.** A head counts as witnessed when `written(w)` of `w` witnesses hold it durably, and a
//! gateway that starts asks `asked(w)` of them for its highest place. Both add up to more than `w`, so
//! whoever is asked includes one who knows: a restored disk cannot append over an entry that left the
//! box. Two written quorums share a witness too: two boxes with one key cannot both fill a place. With four witnesses that is three and two: one may be away without holding up the log.

use crate::ids::{Digest, PeerId};
use crate::limits::WITNESSES;
use crate::membership::MemberList;

/// The witnesses of `author`, best first; fewer in a zone of fewer.
pub fn of(list: &MemberList, author: &PeerId) -> Vec<PeerId> {
    let Some(zone) = list.get(author).map(|m| m.zone) else { return Vec::new() };
    let mut ranked: Vec<(u64, PeerId)> = list
        .zone(zone)
        .iter()
        .filter(|peer| *peer != author)
        .map(|peer| (Digest::of("witness", &[&author.0, &peer.0]).short(), *peer))
        .collect();
    ranked.sort_unstable_by(|a, b| b.cmp(a));
    ranked.truncate(WITNESSES);
    ranked.into_iter().map(|(_, peer)| peer).collect()
}

/// Witnesses that must hold a head before anything that cites it leaves.
pub fn written(n: usize) -> usize {
    if n == 0 { 0 } else { n / 2 + 1 }
}

/// Witnesses that must answer before the first append after a start.
pub fn asked(n: usize) -> usize {
    if n == 0 { 0 } else { n - written(n) + 1 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_is_asked_includes_one_who_knows() {
        for n in 1..=8 {
            assert!(written(n) + asked(n) > n && written(n) <= n && asked(n) <= n);
        }
        assert_eq!((written(4), asked(4)), (3, 2));
    }
}
