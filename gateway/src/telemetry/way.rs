//! What telemetry needs of the egress filter. The gateway implements it.

/// A way out, as the egress filter sees it. Called on the exporter's own threads.
pub trait Way: Send + Sync + 'static {
    /// Whether so many bytes of this signal (`metrics` or `traces`) may leave now, or why not.
    fn admit(&self, signal: &'static str, n_bytes: usize) -> Result<(), String>;
    /// They left.
    fn left(&self, signal: &'static str, n_bytes: usize);
    /// They did not arrive.
    fn failed(&self, signal: &'static str, why: &str);
}
