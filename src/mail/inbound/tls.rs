//! The certificate with which the listener proves who it is (STARTTLS, RFC 3207), read anew once its files change.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::TlsAcceptor;

/// Why a certificate does not serve.
#[derive(Debug, thiserror::Error)]
pub enum CertificateError {
    #[error("{0} cannot be read: {1}")]
    File(PathBuf, String),
    #[error("{0} holds no certificate")]
    Empty(PathBuf),
    #[error("the certificate {0} and its key do not serve: {1}")]
    Unfit(PathBuf, rustls::Error),
}

/// A certificate with its chain and its key.
pub struct Certificate {
    certificate: PathBuf,
    key: PathBuf,
    kept: Mutex<Kept>,
}

struct Kept {
    changed: [Option<SystemTime>; 2],
    config: Arc<ServerConfig>,
}

impl Certificate {
    /// Reads it.
    ///
    /// # Errors
    /// [`CertificateError`].
    pub fn read(certificate: &Path, key: &Path) -> Result<Self, CertificateError> {
        let kept = Kept { changed: changed(certificate, key), config: config(certificate, key)? };
        Ok(Self { certificate: certificate.to_owned(), key: key.to_owned(), kept: Mutex::new(kept) })
    }

    /// For the next handshake. A new certificate that does not serve leaves the old one in use, and the log says so.
    pub(super) fn acceptor(&self) -> TlsAcceptor {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let now = changed(&self.certificate, &self.key);
        if now != kept.changed {
            kept.changed = now;
            match config(&self.certificate, &self.key) {
                Ok(config) => kept.config = config,
                Err(error) => tracing::warn!(%error, "inbound mail: the changed certificate is not taken into use"),
            }
        }
        TlsAcceptor::from(Arc::clone(&kept.config))
    }
}

fn changed(certificate: &Path, key: &Path) -> [Option<SystemTime>; 2] {
    [certificate, key].map(|file| std::fs::metadata(file).and_then(|found| found.modified()).ok())
}

fn config(certificate: &Path, key: &Path) -> Result<Arc<ServerConfig>, CertificateError> {
    let unreadable =
        |file: &Path, error: rustls::pki_types::pem::Error| CertificateError::File(file.to_owned(), error.to_string());
    let chain: Vec<_> = CertificateDer::pem_file_iter(certificate)
        .and_then(Iterator::collect)
        .map_err(|error| unreadable(certificate, error))?;
    if chain.is_empty() {
        return Err(CertificateError::Empty(certificate.to_owned()));
    }
    let secret = PrivateKeyDer::from_pem_file(key).map_err(|error| unreadable(key, error))?;
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let unfit = |error| CertificateError::Unfit(certificate.to_owned(), error);
    let builder = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().map_err(unfit)?;
    Ok(Arc::new(builder.with_no_client_auth().with_single_cert(chain, secret).map_err(unfit)?))
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
    use tokio::net::{TcpListener, TcpStream};

    use super::*;
    use crate::mail::inbound::{Handler, InboundMessage, Listener, NotTaken};
    use crate::mail::smtp::Tls;

    struct Everybody;

    impl Handler for Everybody {
        async fn accept(&self, _recipient: &str) -> bool {
            true
        }

        async fn take(&self, _message: InboundMessage) -> Result<(), NotTaken> {
            Ok(())
        }
    }

    /// What is said in answer to this, until the client is waited for.
    async fn ask(stream: &mut (impl AsyncRead + AsyncWrite + Unpin), said: &str) -> String {
        stream.write_all(said.as_bytes()).await.unwrap();
        let mut buffer = [0; 2048];
        let read = stream.read(&mut buffer).await.unwrap();
        String::from_utf8_lossy(&buffer[..read]).into_owned()
    }

    fn pem(what: &str, der: &[u8]) -> String {
        use base64::Engine as _;
        let text = base64::engine::general_purpose::STANDARD.encode(der);
        format!("-----BEGIN {what}-----\n{text}\n-----END {what}-----\n")
    }

    async fn connected(place: std::net::SocketAddr) -> TcpStream {
        let mut stream = TcpStream::connect(place).await.unwrap();
        ask(&mut stream, "").await;
        assert!(ask(&mut stream, "EHLO client.example\r\n").await.contains("STARTTLS"));
        stream
    }

    async fn is_taken_through(place: std::net::SocketAddr, trusted: CertificateDer<'static>) {
        let mut stream = connected(place).await;
        assert!(ask(&mut stream, "STARTTLS\r\n").await.starts_with("220"));
        let tls = Tls::trusting([trusted]);
        let mut stream = tls.connector(true).connect("localhost".try_into().unwrap(), stream).await.unwrap();
        assert!(ask(&mut stream, "MAIL FROM:<>\r\n").await.starts_with("503"), "the greeting is forgotten");
        assert!(!ask(&mut stream, "EHLO client.example\r\n").await.contains("STARTTLS"));
        for (said, reply) in [
            ("MAIL FROM:<>\r\n", "250"),
            ("RCPT TO:<b@house.example>\r\n", "250"),
            ("DATA\r\n", "354"),
            ("Subject: x\r\n\r\nx\r\n.\r\n", "250"),
        ] {
            let got = ask(&mut stream, said).await;
            assert!(got.starts_with(reply), "{said}: {got}");
        }
    }

    #[tokio::test]
    async fn encryption_is_offered_once_and_nothing_said_before_it_counts() {
        let folder = tempfile::tempdir().unwrap();
        let [certificate, key] = ["c.pem", "k.pem"].map(|name| folder.path().join(name));
        let renew = || {
            let signed = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
            std::fs::write(&certificate, pem("CERTIFICATE", signed.cert.der())).unwrap();
            std::fs::write(&key, pem("PRIVATE KEY", &signed.signing_key.serialize_der())).unwrap();
            signed.cert.der().clone()
        };
        let first = renew();
        let mut listener = Listener::new("mail.house.example");
        listener.certificate = Some(Arc::new(Certificate::read(&certificate, &key).unwrap()));
        let socket = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let place = socket.local_addr().unwrap();
        let served = tokio::spawn(listener.serve(socket, Everybody, std::future::pending()));
        is_taken_through(place, first).await;

        let said = ask(&mut connected(place).await, "STARTTLS\r\nMAIL FROM:<>\r\n").await;
        assert!(said.starts_with("501"), "what follows in clear could be anybody's: {said}");

        // A renewed certificate is taken into use without a restart.
        std::thread::sleep(std::time::Duration::from_millis(20));
        is_taken_through(place, renew()).await;
        served.abort();
        assert!(matches!(Certificate::read(&key, &certificate), Err(CertificateError::Empty(_))));
    }
}
