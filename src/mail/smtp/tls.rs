//! Encryption of outgoing connections: who is believed, and when anybody is.

use std::sync::Arc;
use std::time::Duration;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;

use crate::domain::certificate::valid_until;
use crate::domain::swap::Swap;
use crate::domain::time::Timestamp;

/// TLS 1.2 and 1.3 on aws-lc-rs, once for servers that must prove who they are and once for those that need not.
/// Cheap to clone; clones change together, so that connections opened from then on trust whom the machine trusts by then.
#[derive(Clone)]
pub struct Tls(Swap<Connectors>);

struct Connectors {
    verified: TlsConnector,
    anybody: TlsConnector,
}

/// The machine's list of whom to trust is missing or broken.
#[derive(Debug, thiserror::Error)]
#[error("whom this machine trusts cannot be read: {0}; look at SSL_CERT_FILE and the system's certificates")]
pub struct Untrusting(String);

impl Tls {
    /// Trusts whom this machine trusts; the environment variable `SSL_CERT_FILE` names another list.
    pub fn from_system() -> Self {
        let found = rustls_native_certs::load_native_certs();
        if !found.errors.is_empty() {
            tracing::warn!(
                faults = found.errors.len(),
                read = found.certs.len(),
                "some root certificates are unreadable"
            );
        }
        Self::trusting(found.certs)
    }

    /// The same, where half a list is no list: for replacing one that works.
    ///
    /// # Errors
    /// When any certificate is unreadable, or there are none.
    pub fn proved_from_system() -> Result<Self, Untrusting> {
        let found = rustls_native_certs::load_native_certs();
        match found.errors.first() {
            Some(error) => Err(Untrusting(error.to_string())),
            None if found.certs.is_empty() => Err(Untrusting("there is no certificate".to_owned())),
            None => Ok(Self::trusting(found.certs)),
        }
    }

    /// Trusts from now on whom `other` trusts.
    pub fn follow(&self, other: &Self) {
        self.0.put(other.0.now());
    }

    /// Trusts these authorities and no others. One that cannot be read is left out: it could vouch for nobody.
    pub fn trusting(authorities: impl IntoIterator<Item = CertificateDer<'static>>) -> Self {
        let mut roots = RootCertStore::empty();
        roots.add_parsable_certificates(authorities);
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let builder = || {
            ClientConfig::builder_with_provider(Arc::clone(&provider))
                .with_safe_default_protocol_versions()
                .expect("the provider speaks TLS 1.2 and 1.3")
        };
        let verified = builder().with_root_certificates(roots).with_no_client_auth();
        let anybody = builder()
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(Anybody(Arc::clone(&provider))))
            .with_no_client_auth();
        Self(Swap::new(Connectors { verified: Arc::new(verified).into(), anybody: Arc::new(anybody).into() }))
    }

    /// How a server of any kind encrypts, after a handshake in which it has proved who it is.
    ///
    /// # Errors
    /// What went wrong, in words.
    pub async fn look_at(&self, host: &str, port: u16, patience: Duration) -> Result<Encryption, String> {
        let name = ServerName::try_from(host.to_owned()).map_err(|error| error.to_string())?;
        let handshake = async {
            let stream = TcpStream::connect((host, port)).await?;
            self.connector(true).connect(name, stream).await
        };
        let stream = timeout(patience, handshake).await.map_err(|_| "it did not answer in time".to_owned())?;
        stream.map(|stream| Encryption::of(stream.get_ref().1)).map_err(|error| error.to_string())
    }

    pub(in crate::mail) fn connector(&self, verify: bool) -> TlsConnector {
        let now = self.0.now();
        if verify { now.verified.clone() } else { now.anybody.clone() }
    }
}

/// What a handshake came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Encryption {
    /// `TLS 1.3`, `TLS 1.2`.
    pub version: &'static str,
    /// The end of the certificate's validity.
    pub valid_until: Option<Timestamp>,
}

impl Encryption {
    pub(super) fn of(connection: &rustls::ClientConnection) -> Self {
        let version = match connection.protocol_version() {
            Some(rustls::ProtocolVersion::TLSv1_3) => "TLS 1.3",
            _ => "TLS 1.2",
        };
        let certificate = connection.peer_certificates().and_then(|chain| chain.first());
        Self { version, valid_until: certificate.and_then(|certificate| valid_until(certificate)) }
    }
}

/// Opportunistic encryption (RFC 7435): without it the same bytes would travel in clear to the same stranger.
#[derive(Debug)]
struct Anybody(Arc<CryptoProvider>);

impl ServerCertVerifier for Anybody {
    fn verify_server_cert(
        &self,
        _end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(message, cert, dss, &self.0.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(message, cert, dss, &self.0.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}
