//! A mail server that misbehaves as told, and remembers everything that happened to it.

pub mod script;
mod session;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard};

use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio_rustls::TlsAcceptor;

use script::{Script, Step};

/// A server on a free port of loopback, on a thread of its own until it is dropped.
pub struct SmtpDouble {
    address: SocketAddr,
    certificate: CertificateDer<'static>,
    seen: Arc<Mutex<Seen>>,
    _stop: oneshot::Sender<()>,
}

/// What it remembers.
#[derive(Default)]
pub struct Seen {
    /// Messages that it took, in order, whether or not it lived to say so.
    pub messages: Vec<Message>,
    /// Command lines as they came, of all connections; AUTH and its answers included.
    pub commands: Vec<String>,
    /// What each connection called itself, by its number.
    pub names: BTreeMap<usize, String>,
    /// What no client may do: bare CR or LF, pipelining uninvited, commands out of order.
    pub violations: Vec<String>,
    /// Messages that it took and never said so.
    pub swallowed: usize,
    /// Connections in all.
    pub connections: usize,
    /// Most connections at one time.
    pub peak: usize,
    open: usize,
    well: bool,
    steps: BTreeMap<Step, usize>,
}

/// A message that it took.
#[derive(Clone, Debug)]
pub struct Message {
    /// Number of the connection, from 1.
    pub connection: usize,
    /// Arguments of MAIL FROM, angle brackets and parameters included.
    pub from: String,
    /// The address alone.
    pub to: String,
    /// The bytes, without dot-stuffing and final dot.
    pub bytes: Vec<u8>,
    pub encrypted: bool,
}

impl SmtpDouble {
    pub fn start(script: Script) -> Self {
        Self::start_at(script, 0)
    }

    /// The same on a port of one's own.
    pub fn start_at(script: Script, port: u16) -> Self {
        let signed = rcgen::generate_simple_self_signed(["localhost".to_owned(), "127.0.0.1".to_owned()])
            .expect("a certificate can be made");
        let certificate = signed.cert.der().clone();
        let key = PrivateKeyDer::Pkcs8(signed.signing_key.serialize_der().into());
        let seen = Arc::new(Mutex::new(Seen::default()));
        let (address, stop) = serve(port, Arc::new(script), acceptor(certificate.clone(), key), Arc::clone(&seen));
        Self { address, certificate, seen, _stop: stop }
    }

    /// Its address as `POSTDUIF_SMTP_URL` takes it, with `settings` such as `tls=none` behind.
    pub fn url(&self, settings: &str) -> String {
        format!("smtp://{}?{settings}", self.address)
    }

    /// What a client must trust to believe it.
    pub fn certificate(&self) -> CertificateDer<'static> {
        self.certificate.clone()
    }

    pub fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().expect("no session has panicked")
    }

    /// From now on nothing goes wrong any more.
    pub fn becomes_well(&self) {
        self.seen().well = true;
    }

    /// How many copies each recipient got.
    pub fn copies(&self) -> BTreeMap<String, usize> {
        let mut copies = BTreeMap::new();
        for message in &self.seen().messages {
            *copies.entry(message.to.clone()).or_default() += 1;
        }
        copies
    }
}

impl Seen {
    /// Messages that each connection brought.
    pub fn per_connection(&self) -> Vec<usize> {
        (1..=self.connections)
            .map(|number| self.messages.iter().filter(|message| message.connection == number).count())
            .collect()
    }

    /// How often a step was reached.
    pub fn reached(&self, step: Step) -> usize {
        self.steps.get(&step).copied().unwrap_or_default()
    }

    /// Counts that a step was reached; from 1.
    fn reach(&mut self, step: Step) -> usize {
        let count = self.steps.entry(step).or_default();
        *count += 1;
        *count
    }
}

fn acceptor(certificate: CertificateDer<'static>, key: PrivateKeyDer<'static>) -> TlsAcceptor {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("the provider speaks TLS")
        .with_no_client_auth()
        .with_single_cert(vec![certificate], key)
        .expect("the key belongs to the certificate");
    Arc::new(config).into()
}

fn serve(
    port: u16,
    script: Arc<Script>,
    tls: TlsAcceptor,
    seen: Arc<Mutex<Seen>>,
) -> (SocketAddr, oneshot::Sender<()>) {
    let (stop, mut stopped) = oneshot::channel();
    let (bound, address) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime starts");
        runtime.block_on(async {
            let listener = TcpListener::bind(("127.0.0.1", port)).await.expect("the port is free");
            bound.send(listener.local_addr().expect("it is bound")).expect("somebody waits for it");
            loop {
                let (stream, _) = tokio::select! {
                    accepted = listener.accept() => accepted.expect("a connection can be accepted"),
                    _ = &mut stopped => return,
                };
                let (script, tls, seen) = (Arc::clone(&script), tls.clone(), Arc::clone(&seen));
                tokio::spawn(async move {
                    let number = {
                        let mut seen = seen.lock().expect("no session has panicked");
                        seen.connections += 1;
                        seen.open += 1;
                        seen.peak = seen.peak.max(seen.open);
                        seen.connections
                    };
                    session::Session::new(stream, number, &script, tls, &seen).run().await;
                    seen.lock().expect("no session has panicked").open -= 1;
                });
            }
        });
    });
    (address.recv().expect("the server starts"), stop)
}
