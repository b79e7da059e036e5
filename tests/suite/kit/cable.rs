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
    ends: Vec<TcpStream>,
}

impl Cable {
    /// To a server, such as `127.0.0.1:5432`.
    pub fn to(server: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("loopback has a free port");
        let address = listener.local_addr().expect("it is bound");
        let inner = Arc::new(Mutex::new(Inner { plugged: true, frozen: false, ends: Vec::new() }));
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

    pub fn plug_in(&self) {
        self.inner.lock().expect("nothing here panics").plugged = true;
    }
}

fn connect(client: TcpStream, server: &str, shared: &Arc<Mutex<Inner>>) {
    let Ok(server) = TcpStream::connect(server) else { return };
    let copy = |stream: &TcpStream| stream.try_clone().expect("a socket can be shared");
    for (from, to) in [(&client, &server), (&server, &client)] {
        let (mut from, mut to, shared) = (copy(from), copy(to), Arc::clone(shared));
        std::thread::spawn(move || {
            let mut bytes = [0; 16 * 1024];
            while let Ok(read @ 1..) = from.read(&mut bytes) {
                while shared.lock().expect("nothing here panics").frozen {
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
