//! Which compressed twin of a file a browser takes.

use axum::http::{HeaderMap, header};

/// A way of compressing that files were built with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Encoding {
    /// Shorter; browsers offer it over TLS and on the loopback.
    Brotli,
    /// Everywhere.
    Gzip,
}

impl Encoding {
    /// Those that a request accepts, shortest first.
    pub(super) fn wanted(asked: &HeaderMap) -> impl Iterator<Item = Self> {
        let said: Vec<String> = asked
            .get_all(header::ACCEPT_ENCODING)
            .iter()
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(','))
            .filter(|one| !is_refused(one))
            .map(|one| one.split(';').next().unwrap_or_default().trim().to_ascii_lowercase())
            .collect();
        [Self::Brotli, Self::Gzip].into_iter().filter(move |one| said.iter().any(|word| word == one.word()))
    }

    /// As HTTP calls it.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Brotli => "br",
            Self::Gzip => "gzip",
        }
    }

    /// As the twin's name ends.
    pub(super) fn ending(self) -> &'static str {
        match self {
            Self::Brotli => "br",
            Self::Gzip => "gz",
        }
    }
}

/// `br;q=0` says: anything but this.
fn is_refused(one: &str) -> bool {
    let quality = one.split(';').skip(1).find_map(|part| part.trim().strip_prefix("q="));
    quality.is_some_and(|q| q.trim().parse::<f32>().is_ok_and(|q| q == 0.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wanted(said: &str) -> Vec<&'static str> {
        let mut headers = HeaderMap::new();
        headers.insert(header::ACCEPT_ENCODING, said.parse().expect("the test's headers are valid"));
        Encoding::wanted(&headers).map(Encoding::word).collect()
    }

    #[test]
    fn the_shortest_that_is_accepted_comes_first() {
        assert_eq!(wanted("gzip, deflate, br, zstd"), ["br", "gzip"]);
        assert_eq!(wanted("gzip, deflate"), ["gzip"]);
        assert_eq!(wanted("GZIP;q=0.5"), ["gzip"]);
    }

    #[test]
    fn what_is_refused_is_not_sent() {
        assert_eq!(wanted("br;q=0, gzip;q=0.3"), ["gzip"]);
        assert!(wanted("identity").is_empty());
        assert_eq!(Encoding::wanted(&HeaderMap::new()).count(), 0);
    }
}
