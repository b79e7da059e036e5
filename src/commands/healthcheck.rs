//! `postduif healthcheck`: asks the server of these settings whether it is ready, for containers without a shell.

use std::io::{Read, Write};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream};
use std::time::Duration;

use anyhow::{Context, bail};
use clap::Args;

use crate::config::Config;

/// A server that needs longer than this is not well.
const PATIENCE: Duration = Duration::from_secs(3);

/// Ask whether the server is ready
#[derive(Args)]
pub struct Arguments {
    /// Where it listens
    #[arg(long, value_name = "ADDR")]
    pub listen: Option<String>,
}

pub fn run(config: &Config) -> anyhow::Result<()> {
    let address = reachable(config.listen);
    let status =
        ask(address).with_context(|| format!("no server answers at {address}; is `postduif serve` running?"))?;
    if status != "200" {
        bail!("the server at {address} is not ready (status {status}); look at its log");
    }
    Ok(())
}

/// Who listens everywhere is reached on loopback.
fn reachable(listen: SocketAddr) -> SocketAddr {
    let ip = match listen.ip() {
        IpAddr::V4(Ipv4Addr::UNSPECIFIED) => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(Ipv6Addr::UNSPECIFIED) => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    SocketAddr::new(ip, listen.port())
}

/// The status of `GET /health/ready`. One request of three lines needs no HTTP client.
fn ask(address: SocketAddr) -> std::io::Result<String> {
    let mut stream = TcpStream::connect_timeout(&address, PATIENCE)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    let request = format!("GET /health/ready HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes())?;
    let mut head = [0; 12];
    stream.read_exact(&mut head)?;
    Ok(String::from_utf8_lossy(head.strip_prefix(b"HTTP/1.1 ").unwrap_or(&head)).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_that_listens_everywhere_is_asked_on_loopback() {
        for (listen, asked) in
            [("0.0.0.0:80", "127.0.0.1:80"), ("[::]:80", "[::1]:80"), ("192.0.2.1:80", "192.0.2.1:80")]
        {
            assert_eq!(reachable(listen.parse().unwrap()), asked.parse().unwrap());
        }
    }
}
