//! Short forms of many names: `xmeas_{1..41}`, `zone_{01..12}`, `temp_*`.

/// Tags of one line at most: each has a ring, a column and a row on the page.
pub(crate) const TAGS_PER_LINE_MAX: usize = 100_000;

/// One name out of a pattern.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Name {
    pub text: String,
    /// The number of the range, as it stands in the name.
    pub number: Option<String>,
}

/// The names of a pattern without `*`, in order.
///
/// # Errors
/// What is wrong with the pattern.
pub(crate) fn expand(pattern: &str) -> Result<Vec<Name>, String> {
    let Some((before, rest)) = pattern.split_once('{') else {
        return Ok(vec![Name { text: pattern.to_owned(), number: None }]);
    };
    let (range, after) = rest.split_once('}').ok_or("the `{` is not closed")?;
    if after.contains('{') {
        return Err("a name has at most one range".into());
    }
    let (first, last) = range.split_once("..").ok_or("a range is written {first..last}")?;
    let number = |text: &str| match text.parse::<u32>() {
        Ok(n) if text.bytes().all(|b| b.is_ascii_digit()) => Ok(n),
        _ => Err(format!("\"{}\" is not a number", crate::written::decode::shown(text))),
    };
    let (from, to) = (number(first)?, number(last)?);
    if from > to {
        return Err(format!("the range begins at {from} and ends before it, at {to}"));
    }
    if (to - from) as usize >= TAGS_PER_LINE_MAX {
        return Err(format!("a line has at most {TAGS_PER_LINE_MAX} tags"));
    }
    let width = if first.starts_with('0') { first.len() } else { 0 };
    let name = |n: u32| {
        let number = format!("{n:0width$}");
        Name { text: format!("{before}{number}{after}"), number: Some(number) }
    };
    Ok((from..=to).map(name).collect())
}

/// Whether a name fits a pattern whose `*` stands for any characters.
pub(crate) fn fits(pattern: &str, name: &str) -> bool {
    let mut parts = pattern.split('*');
    let Some(mut rest) = parts.next().and_then(|first| name.strip_prefix(first)) else { return false };
    let mut parts = parts.peekable();
    if parts.peek().is_none() {
        return rest.is_empty();
    }
    while let Some(part) = parts.next() {
        if parts.peek().is_none() {
            return rest.ends_with(part);
        }
        let Some(at) = rest.find(part) else { return false };
        rest = &rest[at + part.len()..];
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(pattern: &str, names: Result<&[&str], &str>) {
        let got = expand(pattern);
        match (&got, names) {
            (Ok(got), Ok(names)) => {
                let texts: Vec<&str> = got.iter().map(|n| n.text.as_str()).collect();
                assert_eq!(texts, names, "{pattern}");
            }
            (Err(why), Err(part)) => assert!(why.contains(part), "{pattern}: {why}"),
            _ => panic!("{pattern}: {got:?}"),
        }
    }

    #[test]
    fn ranges_expand_in_order() {
        check("temp", Ok(&["temp"]));
        check("x_{9..11}", Ok(&["x_9", "x_10", "x_11"]));
        check("z{08..10}b", Ok(&["z08b", "z09b", "z10b"]));
        check("x{5..5}", Ok(&["x5"]));
        check("x{5..4}", Err("ends before"));
        check("x{1..4", Err("not closed"));
        check("x{1..2}{1..2}", Err("at most one"));
        check("x{a..2}", Err("not a number"));
        check("x{+1..2}", Err("not a number"));
        check("x{0..4000000000}", Err("at most"));
        check("x{1}", Err("{first..last}"));
    }

    #[test]
    fn a_star_stands_for_anything() {
        let check = |pattern: &str, name: &str, is: bool| assert_eq!(fits(pattern, name), is, "{pattern} {name}");
        check("*", "abc", true);
        check("a*", "abc", true);
        check("a*c", "abc", true);
        check("a*b*c", "a1b2c", true);
        check("ab*bc", "abc", false);
        check("*b", "abc", false);
        check("abc", "abc", true);
        check("ab", "abc", false);
    }
}
