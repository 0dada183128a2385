//! The client's side on the same box: it knows the one certificate that the gateway shows.
//!
//! A certificate of the gateway's own is nobody else's root, and a given one need not name
//! 127.0.0.1. The console reads the very certificate that is shown, so it compares that.

use super::pair::{TlsError, certificates};
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::{CertificateError, ClientConfig, DigitallySignedStruct, Error, SignatureScheme};
use rustls_pki_types::{CertificateDer, ServerName, UnixTime};
use std::sync::Arc;

/// A client that takes this certificate (PEM) and no other.
///
/// # Errors
/// When there is no certificate in the text.
pub fn pinned(pem: &[u8]) -> Result<ClientConfig, TlsError> {
    let unfit = |why: String| TlsError::Unfit { why };
    let chain = certificates(pem).map_err(unfit)?;
    let wanted = chain.into_iter().next().ok_or_else(|| unfit("there is no certificate in it".to_owned()))?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let pin = Arc::new(Pin { wanted, provider: Arc::clone(&provider) });
    let versions = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let builder = versions.map_err(|why| unfit(why.to_string()))?;
    Ok(builder.dangerous().with_custom_certificate_verifier(pin).with_no_client_auth())
}

#[derive(Debug)]
struct Pin {
    wanted: CertificateDer<'static>,
    provider: Arc<CryptoProvider>,
}

impl ServerCertVerifier for Pin {
    fn verify_server_cert(
        &self,
        shown: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        if *shown == self.wanted {
            return Ok(ServerCertVerified::assertion());
        }
        Err(Error::InvalidCertificate(CertificateError::ApplicationVerificationFailure))
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        shown: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, shown, signed, &self.provider.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        shown: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, shown, signed, &self.provider.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}
