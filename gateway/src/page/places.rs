//! The places of the dashboard: addresses that the page itself resolves, so that a link can be sent.

/// The first words of the page's addresses, as in `dashboard/src/app/routes.tsx`.
const PLACES: [&str; 9] = ["line", "configure", "models", "alarms", "history", "system", "first", "mesh", "fleet"];

/// Whether the page answers for an address. Nothing else gets it: a mistyped API address must be an error.
pub(super) fn is_place(path: &str) -> bool {
    let Some(rest) = path.strip_prefix('/') else { return false };
    let first = rest.split('/').next().unwrap_or_default();
    rest.is_empty() || PLACES.contains(&first)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_into_the_page_lead_there() {
        for path in ["/", "/line/press-3", "/line/press-3/stroke/1-4711", "/configure", "/models/learn", "/system"] {
            assert!(is_place(path), "{path}");
        }
    }

    #[test]
    fn everything_else_does_not() {
        for path in ["", "/api", "/api/v1/nothing", "/assets/gone.js", "/lines", "/favicon.ico", "//line"] {
            assert!(!is_place(path), "{path}");
        }
    }

    /// The table of the page's own router and this one must not part.
    #[test]
    fn the_pages_own_routes_are_known() {
        let routes = include_str!("../../dashboard/src/app/routes.tsx");
        let paths = routes.split("path: \"").skip(1).filter_map(|rest| rest.split('"').next());
        let unknown: Vec<_> = paths.filter(|path| !is_place(path)).collect();
        assert!(unknown.is_empty(), "{unknown:?}");
    }
}
