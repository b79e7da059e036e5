//! Mail in: an SMTP and LMTP listener that hands messages to a [`Handler`] and says 250 only when it took them.
//!
//! It relays nothing and tells nothing: a recipient is one that the handler knows, or it is refused. Both
//! protocols share a port, because a client says by EHLO or LHLO which one it speaks.

mod body;
mod rate;
mod session;
#[cfg(test)]
mod tests;
mod tls;
mod wire;

use std::collections::HashMap;
use std::future::Future;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;
use tokio::time::timeout;

use rate::Rate;
use session::{Ended, Session};
pub use tls::{Certificate, CertificateError};

/// How long, and how many octets, a client may still talk after we hung up.
const LINGER: Duration = Duration::from_secs(1);
const LINGER_OCTETS: u64 = 256 << 10;

/// Who decides what comes in, and keeps it.
pub trait Handler: Send + Sync + 'static {
    /// Whether mail for `recipient` is ours. The text is what stood between the angle brackets, unchecked.
    fn accept(&self, recipient: &str) -> impl Future<Output = bool> + Send;

    /// Takes a message for good: when this answers `Ok`, the client is told 250 and forgets its copy.
    ///
    /// # Errors
    /// [`NotTaken`] says whether the client should come back.
    fn take(&self, message: InboundMessage) -> impl Future<Output = Result<(), NotTaken>> + Send;
}

/// One message as it came over the wire.
#[derive(Clone, PartialEq, Eq)]
pub struct InboundMessage {
    /// The envelope sender; empty for a report (RFC 5321 section 4.5.5).
    pub mail_from: String,
    /// The recipients that the handler accepted, in the client's order.
    pub recipients: Vec<String>,
    /// Header and body, without the dots that the protocol adds.
    pub bytes: Vec<u8>,
}

/// Why a handler did not take a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotTaken {
    #[error("not now: the client should try again")]
    Later,
    #[error("never: the client should give up")]
    Refuse,
}

/// What one client, and all of them together, may cost us.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Octets in a message; the SIZE that is advertised (RFC 1870).
    pub message_octets: usize,
    /// Octets of all messages that are being received at one moment.
    pub buffered_octets: usize,
    /// Octets in a command line, its end included.
    pub line_octets: usize,
    /// Recipients of a message (RFC 5321 section 4.5.3.1.8 asks for at least 100).
    pub recipients: usize,
    /// Connections at once.
    pub connections: usize,
    /// Connections at once from one IPv4 address or one IPv6 /64.
    pub connections_per_network: usize,
    /// Messages a minute from one such network; this machine's own mail server is not counted.
    pub messages_per_minute: usize,
    /// Commands that fail before we hang up.
    pub faults: usize,
    /// Longest wait for the next command, or for the client to read a reply.
    pub idle: Duration,
    /// The same while more than half of all connections are taken.
    pub idle_under_load: Duration,
    /// Longest time for the whole of a message.
    pub message_time: Duration,
    /// Longest time for a connection, so that no trickle of commands holds one for ever.
    pub session_time: Duration,
    /// How long a shutdown waits for messages that are on their way in.
    pub grace: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            message_octets: 10_000_000,
            buffered_octets: 64 << 20,
            line_octets: 2048,
            recipients: 100,
            connections: 200,
            connections_per_network: 50,
            messages_per_minute: 600,
            faults: 10,
            idle: Duration::from_secs(300),
            idle_under_load: Duration::from_secs(10),
            message_time: Duration::from_secs(600),
            session_time: Duration::from_secs(3600),
            grace: Duration::from_secs(5),
        }
    }
}

/// The name we answer with, and the limits we keep.
#[derive(Clone)]
pub struct Listener {
    /// Our own name in the banner and in the answer to EHLO.
    pub host: String,
    /// What clients may cost us.
    pub limits: Limits,
    /// With what we prove who we are; without it no encryption is offered.
    pub certificate: Option<Arc<Certificate>>,
}

impl Listener {
    /// A listener that calls itself `host` and keeps the default limits.
    pub fn new(host: impl Into<String>) -> Self {
        Self { host: host.into(), limits: Limits::default(), certificate: None }
    }

    /// Serves until `shutdown` is done: then idle clients are told 421, messages on their way in get
    /// [`Limits::grace`] to be taken, and what is left is dropped without a reply, so that its client
    /// keeps it.
    pub async fn serve(self, socket: TcpListener, handler: impl Handler, shutdown: impl Future<Output = ()> + Send) {
        let house = self.house(handler);
        let (closing, closes) = watch::channel(false);
        let mut sessions = JoinSet::new();
        tokio::pin!(shutdown);
        loop {
            tokio::select! {
                () = &mut shutdown => break,
                Some(_) = sessions.join_next() => {}
                accepted = socket.accept() => match accepted {
                    Ok((stream, peer)) => {
                        let network = network_of(peer.ip());
                        if let Some(slot) = Slot::take(&house, network) {
                            sessions.spawn(converse(stream, slot, closes.clone()));
                        } else {
                            // Whoever was refused has read nothing yet: a full socket buffer is not to be feared.
                            let _ = stream.try_write(b"421 4.3.2 Too many connections, try again later\r\n");
                        }
                    }
                    Err(error) => {
                        // No file handles left, most likely: give those that are open time to end.
                        tracing::warn!(%error, "inbound mail: cannot accept a connection");
                        tokio::time::sleep(Duration::from_millis(100)).await;
                    }
                },
            }
        }
        drop(socket);
        closing.send_replace(true);
        let all_done = async { while sessions.join_next().await.is_some() {} };
        if timeout(house.listener.limits.grace, all_done).await.is_err() {
            tracing::warn!("inbound mail: some clients were cut off while sending; they will come back");
            sessions.shutdown().await;
        }
    }

    /// Holds one conversation over streams that are there already, to its end or to STARTTLS, as if a client at `network`
    /// had connected.
    pub async fn hear<R, W>(self, network: IpAddr, input: R, output: W, handler: impl Handler)
    where
        R: AsyncRead + Unpin,
        W: AsyncWrite + Unpin,
    {
        let (_closing, closes) = watch::channel(false);
        let house = self.house(handler);
        if let Err(reason) = Session::new(&house, network, input, output, closes).run().await {
            tracing::debug!(%reason, "inbound mail: a conversation ended early");
        }
    }

    fn house<H: Handler>(self, handler: H) -> Arc<House<H>> {
        Arc::new(House {
            handler,
            slots: Slots::default(),
            rate: Rate::new(),
            buffered: Arc::new(Semaphore::new(self.limits.buffered_octets / body::CHUNK_OCTETS)),
            listener: self,
        })
    }
}

/// What all sessions of a listener share.
struct House<H> {
    handler: H,
    listener: Listener,
    slots: Slots,
    rate: Rate,
    /// One permit for each chunk of message that may be in memory.
    buffered: Arc<Semaphore>,
}

/// Connections that are open, by network.
#[derive(Default)]
struct Slots(Mutex<HashMap<IpAddr, usize>>);

/// One open connection; it counts until it is dropped.
struct Slot<H> {
    house: Arc<House<H>>,
    network: IpAddr,
}

impl<H> Slot<H> {
    fn take(house: &Arc<House<H>>, network: IpAddr) -> Option<Self> {
        let limits = &house.listener.limits;
        let mut open = house.slots.0.lock().unwrap_or_else(PoisonError::into_inner);
        let from_network = open.get(&network).copied().unwrap_or(0);
        if open.values().sum::<usize>() >= limits.connections || from_network >= limits.connections_per_network {
            return None;
        }
        open.insert(network, from_network + 1);
        Some(Self { house: Arc::clone(house), network })
    }
}

impl<H> Drop for Slot<H> {
    fn drop(&mut self) {
        let mut open = self.house.slots.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = open.get_mut(&self.network) {
            *count -= 1;
            if *count == 0 {
                open.remove(&self.network);
            }
        }
    }
}

impl<H> House<H> {
    /// How patient we can be with a client that says nothing.
    fn patience(&self) -> Duration {
        let limits = &self.listener.limits;
        let open: usize = self.slots.0.lock().unwrap_or_else(PoisonError::into_inner).values().sum();
        if open * 2 > limits.connections { limits.idle_under_load } else { limits.idle }
    }
}

/// One address of IPv4, or the /64 that one customer of IPv6 has.
fn network_of(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V4(v4) => IpAddr::V4(v4),
        IpAddr::V6(v6) => IpAddr::V6((v6.to_bits() & !u128::from(u64::MAX)).into()),
    }
}

async fn converse<H: Handler>(mut stream: TcpStream, slot: Slot<H>, closes: watch::Receiver<bool>) {
    // A reply is one small packet and the client waits for it.
    let _ = stream.set_nodelay(true);
    match timeout(slot.house.listener.limits.session_time, talk(&mut stream, &slot, closes)).await {
        Ok(Ok(())) => {}
        Ok(Err(reason)) => tracing::debug!(%reason, "inbound mail: a connection ended early"),
        Err(_) => tracing::debug!("inbound mail: a connection lasted too long"),
    }
    // Closing on octets that nobody read resets the connection, and our last reply would be lost with it.
    let _ = stream.shutdown().await;
    let mut rest = (&mut stream).take(LINGER_OCTETS);
    let _ = timeout(LINGER, tokio::io::copy(&mut rest, &mut tokio::io::sink())).await;
}

/// The conversation, and what is left of it behind STARTTLS, where nothing counts that was said before.
async fn talk<H: Handler>(
    stream: &mut TcpStream,
    slot: &Slot<H>,
    closes: watch::Receiver<bool>,
) -> Result<(), wire::Broken> {
    let house = &slot.house;
    let (input, output) = stream.split();
    let session = Session::new(house, slot.network, input, output, closes.clone());
    let (Ended::Encrypt, Some(certificate)) = (session.run().await?, &house.listener.certificate) else {
        return Ok(());
    };
    let handshake = certificate.acceptor().accept(stream);
    let encrypted = timeout(house.listener.limits.idle_under_load, handshake).await;
    let (input, mut output) = tokio::io::split(encrypted.map_err(|_| wire::Broken::Silent)??);
    let session = Session::new(house, slot.network, input, &mut output, closes).encrypted();
    let ended = session.run().await;
    let _ = timeout(LINGER, output.shutdown()).await;
    ended.map(|_| ())
}
