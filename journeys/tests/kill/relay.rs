//! A relay before each role: counts what goes through, and takes a role's life at a chosen moment.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

/// What a relay tells of: once before it passes a piece on, and once after.
pub trait Watcher: Send + Sync + 'static {
    /// A piece of a request or an answer of the role goes through.
    fn passes(&self, role: usize);
    /// Where the role listens at present.
    fn backend(&self, role: usize) -> SocketAddr;
}

/// A relay at an address that stays, before a role whose process comes and goes. It ends with the test's
/// process.
pub struct Relay {
    /// The port at which it listens.
    pub port: u16,
    watcher: Arc<Mutex<Option<Arc<dyn Watcher>>>>,
}

impl Relay {
    /// Listens at `port` (0: a free one) before the role of that number.
    pub fn before(role: usize, port: u16) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).unwrap();
        let port = listener.local_addr().unwrap().port();
        let watcher: Arc<Mutex<Option<Arc<dyn Watcher>>>> = Arc::default();
        let current = watcher.clone();
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                // Between two lives of the sandbox nobody is behind the relay.
                if let Some(watcher) = current.lock().unwrap().clone() {
                    thread::spawn(move || relay(role, &client, &watcher));
                }
            }
        });
        Self { port, watcher }
    }

    /// From now on tells this one.
    pub fn watched_by(&self, watcher: Option<Arc<dyn Watcher>>) {
        *self.watcher.lock().unwrap() = watcher;
    }
}

fn relay(role: usize, client: &TcpStream, watcher: &Arc<dyn Watcher>) {
    let Ok(server) = TcpStream::connect(watcher.backend(role)) else { return };
    thread::scope(|scope| {
        scope.spawn(|| copy(role, client, &server, watcher));
        copy(role, &server, client, watcher);
    });
}

/// Copies until either side ends, and then ends both.
fn copy(role: usize, mut from: &TcpStream, mut to: &TcpStream, watcher: &Arc<dyn Watcher>) {
    let mut piece = [0; 64 * 1024];
    while let Ok(length @ 1..) = from.read(&mut piece) {
        watcher.passes(role);
        if to.write_all(&piece[..length]).is_err() {
            break;
        }
        watcher.passes(role);
    }
    for stream in [from, to] {
        // It may be closed already.
        let _ = stream.shutdown(Shutdown::Both);
    }
}
