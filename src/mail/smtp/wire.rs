//! Our own socket to a mail server: no Nagle, one write for many slices, a deadline on everything.

use std::future::poll_fn;
use std::io::{self, IoSlice};
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadBuf};
use tokio::net::{TcpSocket, TcpStream, lookup_host};
use tokio::time::{Instant, timeout};
use tokio_rustls::client::TlsStream;

use super::fault::Fault;
use super::inbox::Inbox;
use super::tls::{Encryption, Tls};
use crate::domain::smarthost::{Family, Smarthost};

/// Bytes that must get through within one block timeout (RFC 5321 section 4.5.3.2.5).
const BLOCK: usize = 64 * 1024;

/// Whether what is being handed over may still leave.
pub(super) type May<'a> = &'a (dyn Fn() -> bool + Sync);

/// A connection as bytes: encrypted or not, and what the server has said so far.
#[derive(Debug)]
pub(super) struct Wire {
    stream: Stream,
    inbox: Inbox,
    /// How long the encryption took to agree on.
    handshake: Option<Duration>,
}

#[derive(Debug)]
enum Stream {
    Plain(TcpStream),
    Tls(Box<TlsStream<TcpStream>>),
}

impl Wire {
    /// Connects to the first address of the server that answers within `patience`.
    pub(super) async fn connect(server: &Smarthost, patience: Duration) -> Result<Self, Fault> {
        let found = timeout(patience, lookup_host((server.host.as_str(), server.port))).await;
        let addresses = found.map_err(|_| Fault::Timeout)?.map_err(|_| Fault::NoAddress)?;
        let mut last = Fault::NoAddress;
        for address in addresses.filter(|address| may_use(server, *address)) {
            match timeout(patience, dial(server, address)).await {
                Ok(Ok(stream)) => {
                    return Ok(Self { stream: Stream::Plain(stream), inbox: Inbox::default(), handshake: None });
                }
                Ok(Err(error)) => last = Fault::Network(error.kind()),
                Err(_) => last = Fault::Timeout,
            }
        }
        Err(last)
    }

    /// Encrypts the connection. Bytes that came in clear before the handshake would be taken for encrypted ones
    /// afterwards (RFC 3207 section 6), so that there must not be any.
    pub(super) async fn encrypt(self, tls: &Tls, server: &Smarthost, patience: Duration) -> Result<Self, Fault> {
        if !self.inbox.is_empty() {
            return Err(Fault::Injected);
        }
        let Stream::Plain(stream) = self.stream else { return Err(Fault::Tls("it is encrypted already".to_owned())) };
        let name = ServerName::try_from(server.host.clone()).map_err(|error| Fault::Certificate(error.to_string()))?;
        let began = Instant::now();
        let handshake = tls.connector(server.verifies_certificate()).connect(name, stream);
        let stream = timeout(patience, handshake).await.map_err(|_| Fault::Timeout)?.map_err(handshake_fault)?;
        Ok(Self { stream: Stream::Tls(Box::new(stream)), inbox: Inbox::default(), handshake: Some(began.elapsed()) })
    }

    /// How long its encryption took to agree on, if it is encrypted.
    pub(super) const fn handshake(&self) -> Option<Duration> {
        self.handshake
    }

    pub(super) fn is_encrypted(&self) -> bool {
        matches!(self.stream, Stream::Tls(_))
    }

    /// How the connection is encrypted, if it is.
    pub(super) fn encryption(&self) -> Option<Encryption> {
        let Stream::Tls(stream) = &self.stream else { return None };
        Some(Encryption::of(stream.get_ref().1))
    }

    /// The next reply, all its lines, as they came.
    pub(super) async fn read_reply(&mut self, patience: Duration) -> Result<&[u8], Fault> {
        let reply = match self.inbox.take()? {
            Some(reply) => reply,
            None => timeout(patience, self.fill()).await.map_err(|_| Fault::Timeout)??,
        };
        Ok(self.inbox.get(reply))
    }

    async fn fill(&mut self) -> Result<std::ops::Range<usize>, Fault> {
        loop {
            if self.stream.read_buf(self.inbox.spare()).await? == 0 {
                return Err(Fault::Closed);
            }
            if let Some(reply) = self.inbox.take()? {
                return Ok(reply);
            }
        }
    }

    /// Whether the server has said something, or hung up, while it was not asked anything.
    pub(super) async fn has_spoken(&mut self) -> Result<bool, Fault> {
        if self.inbox.is_empty() {
            let mut bytes = [0; 512];
            let mut buffer = ReadBuf::new(&mut bytes);
            match poll_fn(|cx| Poll::Ready(Pin::new(&mut self.stream).poll_read(cx, &mut buffer))).await {
                Poll::Pending => {}
                Poll::Ready(Ok(())) if buffer.filled().is_empty() => return Err(Fault::Closed),
                Poll::Ready(Ok(())) => self.inbox.spare().extend_from_slice(buffer.filled()),
                Poll::Ready(Err(error)) => return Err(error.into()),
            }
        }
        Ok(!self.inbox.is_empty())
    }

    /// Hands over all of `slices`, `patience` for each block of 64 KiB. `handed` counts the bytes that the kernel (or
    /// the cipher) took, also when the rest failed. Nothing more leaves once `may` says no.
    pub(super) async fn write(
        &mut self,
        slices: &mut [IoSlice<'_>],
        patience: Duration,
        may: May<'_>,
        handed: &mut usize,
    ) -> Result<(), Fault> {
        let mut rest = slices;
        // Empty slices would look like a connection that takes nothing.
        IoSlice::advance_slices(&mut rest, 0);
        while !rest.is_empty() {
            let block = self.write_block(&mut rest, may, handed);
            timeout(patience, block).await.unwrap_or(Err(Fault::Timeout))?;
        }
        timeout(patience, self.stream.flush()).await.map_err(|_| Fault::Timeout)?.map_err(Fault::from)
    }

    async fn write_block(
        &mut self,
        rest: &mut &mut [IoSlice<'_>],
        may: May<'_>,
        handed: &mut usize,
    ) -> Result<(), Fault> {
        let end = *handed + BLOCK;
        while !rest.is_empty() && *handed < end {
            // Asked at each try: the process may have stood still between two of them.
            let taken = poll_fn(|cx| {
                if !may() {
                    return Poll::Ready(Err(Fault::Withdrawn));
                }
                Pin::new(&mut self.stream).poll_write_vectored(cx, rest).map_err(Fault::from)
            })
            .await?;
            if taken == 0 {
                return Err(Fault::Closed);
            }
            *handed += taken;
            IoSlice::advance_slices(rest, taken);
        }
        Ok(())
    }

    /// Ends the connection in an orderly way, as far as that is possible within `patience`.
    pub(super) async fn shut_down(mut self, patience: Duration) {
        // The other side may be gone already, and nothing depends on it.
        let _ = timeout(patience, self.stream.shutdown()).await;
    }
}

fn may_use(server: &Smarthost, address: SocketAddr) -> bool {
    let wanted = match server.family {
        None => true,
        Some(Family::Ipv4) => address.is_ipv4(),
        Some(Family::Ipv6) => address.is_ipv6(),
    };
    wanted && server.bind.is_none_or(|bind| bind.is_ipv4() == address.is_ipv4())
}

async fn dial(server: &Smarthost, address: SocketAddr) -> io::Result<TcpStream> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
    // Commands and the end of a message are small: held back by Nagle they cost 40 ms each.
    socket.set_nodelay(true)?;
    if let Some(bind) = server.bind {
        socket.bind(SocketAddr::new(bind, 0))?;
    }
    socket.connect(address).await
}

fn handshake_fault(error: io::Error) -> Fault {
    match error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>()) {
        Some(rustls::Error::InvalidCertificate(fault)) => Fault::Certificate(fault.to_string()),
        Some(fault) => Fault::Tls(fault.to_string()),
        None => error.into(),
    }
}

impl AsyncRead for Stream {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_read(cx, buffer),
            Self::Tls(stream) => Pin::new(stream).poll_read(cx, buffer),
        }
    }
}

impl AsyncWrite for Stream {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_write(cx, bytes),
            Self::Tls(stream) => Pin::new(stream).poll_write(cx, bytes),
        }
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_write_vectored(cx, slices),
            Self::Tls(stream) => Pin::new(stream).poll_write_vectored(cx, slices),
        }
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_flush(cx),
            Self::Tls(stream) => Pin::new(stream).poll_flush(cx),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_shutdown(cx),
            Self::Tls(stream) => Pin::new(stream).poll_shutdown(cx),
        }
    }
}
