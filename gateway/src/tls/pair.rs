//! A certificate chain with its key, read and found to fit each other.

use rustls::sign::CertifiedKey;
use rustls_pki_types::pem::PemObject as _;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use sha2::{Digest as _, Sha256};
use std::sync::Arc;

/// Why there is no TLS, and what to do.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// The files cannot be read.
    #[error("the certificate of http.tls cannot be read: {why}")]
    Unreadable {
        /// Which, and why.
        why: String,
    },
    /// They do not fit.
    #[error(
        "the certificate and key of http.tls cannot be used: {why}; \
         give the PEM chain with the gateway's own certificate first, and the key that belongs to it"
    )]
    Unfit {
        /// Why.
        why: String,
    },
    /// The gateway cannot make one.
    #[error("the gateway cannot make a certificate: {why}; give one as http.tls.certificate and http.tls.key")]
    NotMade {
        /// Why.
        why: String,
    },
}

/// A chain with its key.
pub(super) struct Pair {
    key: Arc<CertifiedKey>,
    digest: [u8; 32],
}

impl Pair {
    pub(super) fn new(chain: &[u8], key: &[u8]) -> Result<Self, TlsError> {
        let unfit = |why: String| TlsError::Unfit { why };
        let chain = certificates(chain).map_err(unfit)?;
        let first = chain.first().ok_or_else(|| unfit("there is no certificate in it".to_owned()))?;
        let digest = Sha256::digest(first).into();
        let key = PrivateKeyDer::from_pem_slice(key).map_err(|why| unfit(format!("the key: {why}")))?;
        let provider = rustls::crypto::ring::default_provider();
        let key = CertifiedKey::from_der(chain, key, &provider).map_err(|why| unfit(why.to_string()))?;
        Ok(Self { key: Arc::new(key), digest })
    }

    pub(super) fn key(&self) -> Arc<CertifiedKey> {
        Arc::clone(&self.key)
    }

    pub(super) fn fingerprint(&self) -> String {
        let pairs: Vec<String> = self.digest.iter().map(|byte| format!("{byte:02X}")).collect();
        pairs.join(":")
    }

    pub(super) fn is_same(&self, other: &Self) -> bool {
        self.key.cert == other.key.cert
    }
}

/// The certificates of a PEM text, in its order.
pub(super) fn certificates(pem: &[u8]) -> Result<Vec<CertificateDer<'static>>, String> {
    CertificateDer::pem_slice_iter(pem).collect::<Result<_, _>>().map_err(|why| format!("the certificate: {why}"))
}
