//! A cable between a program and its server that can be pulled out, and put in again.

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// A listener on loopback that passes every connection on, while it is plugged in.
pub struct Cable {
    address: SocketAddr,
    inner: Arc<Mutex<Inner>>,
}

struct Inner {
    plugged: bool,
    /// Nothing gets through, and nobody is told.
    frozen: bool,
    /// Connections older than this stay frozen for ever.
    forgotten: u32,
    opened: u32,
    ends: Vec<TcpStream>,
}

impl Cable {
    /// To a server, such as `127.0.0.1:5432`.
    pub fn to(server: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("loopback has a free port");
        let address = listener.local_addr().expect("it is bound");
        let inner =
            Arc::new(Mutex::new(Inner { plugged: true, frozen: false, forgotten: 0, opened: 0, ends: Vec::new() }));
        let (server, shared) = (server.to_owned(), Arc::clone(&inner));
        std::thread::spawn(move || {
            for client in listener.incoming().flatten() {
                // Dropped, it is closed: whoever called hears that nobody is there.
                if shared.lock().expect("nothing here panics").plugged {
                    connect(client, &server, &shared);
                }
            }
        });
        Self { address, inner }
    }

    pub fn port(&self) -> u16 {
        self.address.port()
    }

    /// Every connection ends, and none begins.
    pub fn pull(&self) {
        let mut inner = self.inner.lock().expect("nothing here panics");
        inner.plugged = false;
        for end in inner.ends.drain(..) {
            // One of the two may have ended by itself.
            let _ = end.shutdown(Shutdown::Both);
        }
    }

    /// Connections stay, and nothing comes over them: as to a server that was stopped in its tracks.
    pub fn freeze(&self) {
        self.inner.lock().expect("nothing here panics").frozen = true;
    }

    pub fn thaw(&self) {
        self.inner.lock().expect("nothing here panics").frozen = false;
    }

    /// Whatever is open stays frozen for ever; what is opened from now on works.
    pub fn forget(&self) {
        let mut inner = self.inner.lock().expect("nothing here panics");
        inner.forgotten = inner.opened;
    }

    pub fn plug_in(&self) {
        self.inner.lock().expect("nothing here panics").plugged = true;
    }
}

fn connect(client: TcpStream, server: &str, shared: &Arc<Mutex<Inner>>) {
    let Ok(server) = TcpStream::connect(server) else { return };
    let copy = |stream: &TcpStream| stream.try_clone().expect("a socket can be shared");
    let number = {
        let mut inner = shared.lock().expect("nothing here panics");
        inner.opened += 1;
        inner.opened
    };
    let stands = move |inner: &Inner| inner.frozen || number <= inner.forgotten;
    for (from, to) in [(&client, &server), (&server, &client)] {
        let (mut from, mut to, shared) = (copy(from), copy(to), Arc::clone(shared));
        std::thread::spawn(move || {
            let mut bytes = [0; 16 * 1024];
            while let Ok(read @ 1..) = from.read(&mut bytes) {
                while stands(&shared.lock().expect("nothing here panics")) {
                    std::thread::sleep(Duration::from_millis(10));
                }
                if to.write_all(&bytes[..read]).is_err() {
                    break;
                }
            }
            let _ = to.shutdown(Shutdown::Both);
        });
    }
    shared.lock().expect("nothing here panics").ends.extend([client, server]);
}
