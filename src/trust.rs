//! Certificates by which servers are trusted over TLS: the ones that Node.js trusts, as JavaScript hands them over, or given
//! ones.

use once_cell::sync::OnceCell;
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{CertificateError, ClientConfig, DigitallySignedStruct, Error, RootCertStore, SignatureScheme};
use std::sync::Arc;

static TRUST: OnceCell<Trust> = OnceCell::new();

/// The servers that the process trusts.
#[derive(Debug)]
enum Trust {
    /// Servers with a certificate that leads to one of these.
    Roots { roots: Arc<RootCertStore>, verifier: Arc<WebPkiServerVerifier> },
    /// No certificate at all, because none was given that can be read.
    Nothing,
    /// Any server (`NODE_TLS_REJECT_UNAUTHORIZED=0`).
    Anyone,
}

/// Sets the roots, as PEM texts with any number of certificates each; what is no certificate is passed over, as by Node.js.
/// Only the first call counts. `verify: false` trusts any server.
pub fn set(certificates: &[String], verify: bool) {
    TRUST.get_or_init(|| if verify { Trust::of(certificates) } else { Trust::Anyone });
}

/// Returns the configuration of a client over TLS. Without `roots` the roots are those of the process. They are looked up at
/// each handshake, so they may be set later.
///
/// # Errors
/// rustls's.
pub fn tls_config(roots: Option<&[String]>) -> Result<ClientConfig, Error> {
    let provider = Arc::new(ring::default_provider());
    let verifier = Arc::new(NodeVerifier { provider: Arc::clone(&provider), own: roots.map(Trust::of) });
    let config = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions()?;
    Ok(config.dangerous().with_custom_certificate_verifier(verifier).with_no_client_auth())
}

impl Trust {
    fn of(certificates: &[String]) -> Self {
        let mut roots = RootCertStore::empty();
        let read = certificates.iter().flat_map(|text| CertificateDer::pem_slice_iter(text.as_bytes()));
        roots.add_parsable_certificates(read.filter_map(Result::ok));
        let roots = Arc::new(roots);
        let provider = Arc::new(ring::default_provider());
        match WebPkiServerVerifier::builder_with_provider(Arc::clone(&roots), provider).build() {
            Ok(verifier) => Self::Roots { roots, verifier },
            Err(_) => Self::Nothing,
        }
    }

    fn verify(
        &self,
        certificate: &CertificateDer<'_>,
        chain: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        match self {
            Self::Anyone => Ok(ServerCertVerified::assertion()),
            Self::Nothing => Err(Error::General("no root certificate was given that can be read".to_owned())),
            Self::Roots { roots, verifier } => match verifier.verify_server_cert(certificate, chain, name, &[], now) {
                Err(error) if is_root(&error, certificate, roots) => {
                    rustls::client::verify_server_name(&ParsedCertificate::try_from(certificate)?, name)?;
                    Ok(ServerCertVerified::assertion())
                }
                verified => verified,
            },
        }
    }
}

/// Checks if the server shows a root itself. `openssl req -x509` makes certificates that are their own authority, and
/// Node.js takes them where they are given as roots. The verifier refuses them only after it has checked their dates.
fn is_root(error: &Error, certificate: &CertificateDer<'_>, roots: &RootCertStore) -> bool {
    let Error::InvalidCertificate(CertificateError::Other(other)) = error else { return false };
    if other.to_string() != "CaUsedAsEndEntity" {
        return false;
    }
    let mut shown = RootCertStore::empty();
    shown.add(certificate.clone().into_owned()).is_ok() && shown.roots.iter().all(|root| roots.roots.contains(root))
}

/// Verifies as its own roots say, or the process's trust at the time of the handshake.
#[derive(Debug)]
struct NodeVerifier {
    provider: Arc<CryptoProvider>,
    own: Option<Trust>,
}

impl ServerCertVerifier for NodeVerifier {
    fn verify_server_cert(
        &self,
        certificate: &CertificateDer<'_>,
        chain: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        _ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let trust = self.own.as_ref().or_else(|| TRUST.get());
        let trust = trust.ok_or_else(|| Error::General("no root certificates were given".to_owned()))?;
        trust.verify(certificate, chain, name, now)
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, certificate, signature, &self.provider.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, certificate, signature, &self.provider.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}
