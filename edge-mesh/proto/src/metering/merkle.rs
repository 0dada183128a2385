//! The root over a batch's leaves, which the lender signs before the borrower picks what to audit.
//!
//! Leaves and inner nodes have different domains, and a lone node moves up as it is, so no two lists
//! of leaves share a root (RFC 6962 argues both).

use crate::ids::Digest;

/// Root over the leaves in order; zero for none.
pub fn root(leaves: &[Digest]) -> Digest {
    let mut level = leaves.to_vec();
    while level.len() > 1 {
        level = level
            .chunks(2)
            .map(|pair| match pair {
                [left, right] => Digest::of("inner", &[&left.0, &right.0]),
                _ => pair[0],
            })
            .collect();
    }
    level.first().copied().unwrap_or(Digest::ZERO)
}

/// The siblings that lead from leaf `index` to the root, with whether each stands on the left.
pub fn path(leaves: &[Digest], mut index: usize) -> Vec<(bool, Digest)> {
    let mut level = leaves.to_vec();
    let mut steps = Vec::new();
    while level.len() > 1 {
        if let Some(sibling) = level.get(index ^ 1) {
            steps.push((index & 1 == 1, *sibling));
        }
        let pairs = level.chunks(2);
        level = pairs.map(|p| if let [l, r] = p { Digest::of("inner", &[&l.0, &r.0]) } else { p[0] }).collect();
        index /= 2;
    }
    steps
}

/// The root that a leaf and its path lead to.
pub fn follow(leaf: Digest, path: &[(bool, Digest)]) -> Digest {
    path.iter().fold(leaf, |node, (left, sibling)| {
        let (l, r) = if *left { (sibling, &node) } else { (&node, sibling) };
        Digest::of("inner", &[&l.0, &r.0])
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_leaf_leads_to_the_root_and_no_other_does() {
        for n in 1..40usize {
            let leaves: Vec<Digest> = (0..n).map(|i| Digest::of("leaf", &[&i.to_le_bytes()])).collect();
            let root = root(&leaves);
            for (i, leaf) in leaves.iter().enumerate() {
                assert_eq!(follow(*leaf, &path(&leaves, i)), root);
                let foreign = Digest::of("leaf", &[b"foreign"]);
                assert_ne!(follow(foreign, &path(&leaves, i)), root);
            }
            if n > 1 {
                assert_ne!(super::root(&leaves[..n - 1]), root);
            }
        }
    }
}
