//! TLS of the HTTP interface: which certificate it shows, and when it takes another.
//!
//! A given certificate is read again every minute, so a renewed one is taken without a restart; a
//! pair that does not fit is refused and the one before stays. Without a given one the gateway makes
//! its own and keeps it in its folder; who connects compares its fingerprint with the one that the
//! console shows.

mod own;
mod pair;
mod pin;

pub use own::Own;
pub use pair::TlsError;
pub use pin::pinned;

use pair::Pair;
use rustls::ServerConfig;
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;
use takt_plant::WallTime;
use tokio_util::sync::CancellationToken;

/// How often a given certificate is looked at again.
const RELOAD_EVERY: Duration = Duration::from_secs(60);

/// Reads certificate chain and key, both PEM; the error says what to do.
pub type ReadPair = Box<dyn Fn() -> Result<(Vec<u8>, Vec<u8>), String> + Send + Sync>;

/// Where chain and key come from.
pub enum Source {
    /// Somebody gives them.
    Given(ReadPair),
    /// The gateway makes them.
    Own(Own),
}

impl Source {
    fn read(&self, now: WallTime) -> Result<Pair, TlsError> {
        let (chain, key) = match self {
            Self::Given(read) => read().map_err(|why| TlsError::Unreadable { why })?,
            Self::Own(own) => own.read(now)?,
        };
        Pair::new(&chain, &key)
    }
}

/// The certificate in use, and where the next one comes from.
pub struct Tls {
    source: Source,
    config: Arc<ServerConfig>,
    shown: Arc<Shown>,
}

struct Shown(RwLock<Arc<Pair>>);

impl Tls {
    /// Reads or makes the certificate.
    ///
    /// # Errors
    /// When it cannot be read or made, or does not fit its key.
    pub fn open(source: Source, now: WallTime) -> Result<Self, TlsError> {
        let pair = source.read(now)?;
        let shown = Arc::new(Shown(RwLock::new(Arc::new(pair))));
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let versions = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
        let builder = versions.map_err(|why| TlsError::Unfit { why: why.to_string() })?;
        let resolver = Arc::clone(&shown) as Arc<dyn ResolvesServerCert>;
        let mut config = builder.with_no_client_auth().with_cert_resolver(resolver);
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Self { source, config: Arc::new(config), shown })
    }

    /// What a listener needs.
    pub fn config(&self) -> Arc<ServerConfig> {
        Arc::clone(&self.config)
    }

    /// SHA-256 of the certificate in use, as browsers show it: pairs of digits with colons.
    pub fn fingerprint(&self) -> String {
        self.shown.pair().fingerprint()
    }

    /// Whether the gateway made the certificate itself.
    pub fn is_own(&self) -> bool {
        matches!(self.source, Source::Own(_))
    }

    /// Reads the certificate again, and takes it if it is another one that fits.
    ///
    /// # Errors
    /// It cannot be read or does not fit; the one before stays.
    pub fn reload(&self, now: WallTime) -> Result<bool, TlsError> {
        let next = self.source.read(now)?;
        let is_other = !next.is_same(&self.shown.pair());
        if is_other {
            *self.shown.0.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(next);
        }
        Ok(is_other)
    }

    /// Looks for a renewed certificate every minute.
    pub async fn renew(self: Arc<Self>, now: impl Fn() -> WallTime + Send + Copy + 'static, until: CancellationToken) {
        loop {
            tokio::select! {
                () = until.cancelled() => return,
                () = tokio::time::sleep(RELOAD_EVERY) => {}
            }
            let this = Arc::clone(&self);
            let read = tokio::task::spawn_blocking(move || this.reload(now())).await;
            match read {
                Ok(Ok(false)) | Err(_) => {}
                Ok(Ok(true)) => tracing::info!("another certificate is shown now: SHA-256 {}", self.fingerprint()),
                Ok(Err(why)) => tracing::warn!("{why}; the certificate before stays"),
            }
        }
    }
}

impl Shown {
    fn pair(&self) -> Arc<Pair> {
        Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner))
    }
}

impl ResolvesServerCert for Shown {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.pair().key())
    }
}

impl fmt::Debug for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.pair().fingerprint())
    }
}

impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Tls({})", self.fingerprint())
    }
}
