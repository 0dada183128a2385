//! Splitting: what becomes of a merged read that the device refuses with exception 02 (B5).
//!
//! A refused read is cut in two and both halves are asked, until each half is either answered or
//! cannot be cut any more. What was found stays in the group's list of reads, so a device's holes
//! cost requests only once.

use super::plan::Read;

/// Cuts a refused read in two, or gives it back when nothing is left to cut: all its tags lie on
/// the very same registers.
///
/// Unwanted registers between two tags are the likeliest holes, so the cut is at the widest gap
/// (the one nearest the middle of equals); without a gap it is the middle tag.
pub fn split(read: Read) -> Result<(Read, Read), Read> {
    let n = read.takes.len();
    let Some(cut) =
        (1..n).filter(|i| separates(&read, *i)).max_by_key(|i| (gap_before(&read, *i), n - i.abs_diff(n / 2)))
    else {
        return Err(read);
    };
    let (left, right) = read.takes.split_at(cut);
    match (Read::over(left.to_vec()), Read::over(right.to_vec())) {
        (Some(left), Some(right)) => Ok((left, right)),
        _ => Err(read),
    }
}

/// Whether the tags before and from `i` lie on different registers.
fn separates(read: &Read, i: usize) -> bool {
    read.takes[i - 1].span != read.takes[i].span
}

fn gap_before(read: &Read, i: usize) -> u32 {
    let end = read.takes[..i].iter().map(|t| t.span.end()).max().unwrap_or(0);
    u32::from(read.takes[i].span.start.offset).saturating_sub(end)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::modbus::address::{Address, Table};
    use crate::modbus::plan::{Span, Take};
    use proptest::prelude::*;

    fn take(tag: usize, offset: u16, n: u16) -> Take {
        Take { tag, span: Span { start: Address { table: Table::Holding, offset }, n } }
    }

    fn read(mut takes: Vec<Take>) -> Read {
        takes.sort_by_key(|t| (t.span.start, t.span.end()));
        Read::over(takes).expect("at least one tag")
    }

    fn answered(read: &Read, holes: &[u16]) -> bool {
        let span = u32::from(read.span.start.offset)..read.span.end();
        !holes.iter().any(|hole| span.contains(&u32::from(*hole)))
    }

    /// Asks a device with holes, splitting as the driver does; gives the reads that are kept.
    fn settle(read: Read, holes: &[u16]) -> (Vec<Read>, Vec<Read>, usize) {
        let (mut good, mut bad, mut open, mut n_requests) = (Vec::new(), Vec::new(), vec![read], 0);
        while let Some(read) = open.pop() {
            n_requests += 1;
            if answered(&read, holes) {
                good.push(read);
                continue;
            }
            match split(read) {
                Ok((left, right)) => open.extend([left, right]),
                Err(read) => bad.push(read),
            }
        }
        (good, bad, n_requests)
    }

    #[test]
    fn the_gap_is_cut_first() {
        let (left, right) = split(read(vec![take(0, 0, 2), take(1, 2, 2), take(2, 9, 2)])).expect("a gap");
        assert_eq!((left.takes.len(), right.takes.len()), (2, 1));
    }

    #[test]
    fn tags_on_the_same_register_stay_together() {
        let same = read(vec![take(0, 5, 1), take(1, 5, 1)]);
        assert_eq!(split(same.clone()), Err(same));
    }

    proptest! {
        /// The obvious model: a tag is good exactly when none of its own registers is a hole.
        #[test]
        fn every_tag_ends_as_its_own_registers_deserve(
            places in proptest::collection::vec((0..60_u16, 1..5_u16), 1..20),
            holes in proptest::collection::vec(0..64_u16, 0..5),
        ) {
            let takes: Vec<Take> = places.iter().enumerate().map(|(tag, (at, n))| take(tag, *at, *n)).collect();
            let (good, bad, n_requests) = settle(read(takes.clone()), &holes);
            let tags = |reads: &[Read]| {
                let mut tags: Vec<usize> = reads.iter().flat_map(|r| r.takes.iter().map(|t| t.tag)).collect();
                tags.sort_unstable();
                tags
            };
            let expect = |wanted: bool| {
                let deserves = |t: &&Take| answered(&read(vec![**t]), &holes) == wanted;
                takes.iter().filter(deserves).map(|t| t.tag).collect::<Vec<_>>()
            };
            prop_assert_eq!(tags(&good), expect(true));
            prop_assert_eq!(tags(&bad), expect(false));
            prop_assert!(n_requests < 2 * takes.len());
        }
    }
}
