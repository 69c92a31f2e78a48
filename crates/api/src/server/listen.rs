//! Listeners: plain TCP on loopback, TLS anywhere.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::serve::Listener;
use rustls::ServerConfig;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

/// Why there is no listening at an address.
#[derive(Debug, thiserror::Error)]
pub enum ListenError {
    /// Requests would cross a network unencrypted.
    #[error("plain HTTP is for loopback addresses only, and {0} is none: use TLS")]
    PlainOffLoopback(SocketAddr),
    /// The operating system does not give the address.
    #[error("cannot listen at {0}: {1}")]
    Bind(SocketAddr, io::Error),
    /// Certificate chain and key do not fit or cannot be used.
    #[error("the certificate or key for TLS cannot be used: {0}")]
    Tls(#[from] rustls::Error),
}

/// Listens for plain HTTP at a loopback address. Port 0 takes a free one.
///
/// # Errors
/// [`ListenError::PlainOffLoopback`], [`ListenError::Bind`].
pub async fn listen(address: SocketAddr) -> Result<PlainListener, ListenError> {
    if !address.ip().to_canonical().is_loopback() {
        return Err(ListenError::PlainOffLoopback(address));
    }
    bind(address).await
}

/// Listens for HTTP over TLS. Port 0 takes a free one.
///
/// # Errors
/// [`ListenError::Bind`].
pub async fn listen_tls(
    address: SocketAddr,
    config: Arc<ServerConfig>,
) -> Result<TlsListener, ListenError> {
    let plain = bind(address).await?;
    let local = plain.local_addr().map_err(|error| ListenError::Bind(address, error))?;
    let (sender, connections) = mpsc::channel(HANDSHAKES);
    let doors = Doors { acceptor: TlsAcceptor::from(config), secure: sender, plain: None };
    let accepting = Arc::new(Accepting(tokio::spawn(accept(plain, doors))));
    Ok(Handshakes { connections, local, _accepting: accepting })
}

/// Serves TLS and plain HTTP at one loopback address, told apart by the first byte: a TLS client
/// begins with a handshake record (RFC 8446 §5.1).
///
/// # Errors
/// The operating system's: the listener has lost its address.
pub fn listen_tls_and_plain(
    listener: PlainListener,
    config: Arc<ServerConfig>,
) -> io::Result<(TlsListener, Handshakes<TcpStream>)> {
    let local = listener.local_addr()?;
    let (secure, secure_ones) = mpsc::channel(HANDSHAKES);
    let (plain, plain_ones) = mpsc::channel(HANDSHAKES);
    let doors = Doors { acceptor: TlsAcceptor::from(config), secure, plain: Some(plain) };
    let accepting = Arc::new(Accepting(tokio::spawn(accept(listener, doors))));
    let both = Handshakes { connections: secure_ones, local, _accepting: accepting.clone() };
    Ok((both, Handshakes { connections: plain_ones, local, _accepting: accepting }))
}

/// What TLS needs: TLS 1.2 and 1.3 over HTTP/1.1, with this certificate chain (its own first).
///
/// # Errors
/// [`ListenError::Tls`].
pub fn tls_config(
    chain: Vec<CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
) -> Result<Arc<ServerConfig>, ListenError> {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(chain, key)?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}

/// A listener for plain HTTP. Small answers are not held back (`TCP_NODELAY`).
#[derive(Debug)]
pub struct PlainListener(TcpListener);

impl PlainListener {
    /// The address at which it listens, with the port that was taken.
    ///
    /// # Errors
    /// The operating system's.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.0.local_addr()
    }
}

impl Listener for PlainListener {
    type Io = TcpStream;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (TcpStream, SocketAddr) {
        let (stream, peer) = Listener::accept(&mut self.0).await;
        // Without it answers are merely slower.
        let _ = stream.set_nodelay(true);
        (stream, peer)
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.0.local_addr()
    }
}

/// A listener for connections that begin with a handshake. Handshakes go on beside each other, so that
/// a client that stalls keeps nobody waiting.
#[derive(Debug)]
pub struct Handshakes<S> {
    connections: mpsc::Receiver<(S, SocketAddr)>,
    local: SocketAddr,
    _accepting: Arc<Accepting>,
}

/// A listener for HTTP over TLS.
pub type TlsListener = Handshakes<TlsStream<TcpStream>>;

impl<S> Handshakes<S> {
    /// The address at which it listens, with the port that was taken.
    pub fn local_addr(&self) -> SocketAddr {
        self.local
    }
}

impl<S: AsyncRead + AsyncWrite + Send + Unpin + 'static> Listener for Handshakes<S> {
    type Io = S;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Self::Io, SocketAddr) {
        match self.connections.recv().await {
            Some(connection) => connection,
            // The accepting task ends only after this listener.
            None => std::future::pending().await,
        }
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        Ok(self.local)
    }
}

/// The task that accepts connections; it ends with the last listener that they go to.
#[derive(Debug)]
struct Accepting(tokio::task::JoinHandle<()>);

impl Drop for Accepting {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Finished handshakes that may wait to be served.
const HANDSHAKES: usize = 64;

/// How long a handshake may take, in real time.
const HANDSHAKE_TIME: Duration = Duration::from_secs(10);

async fn bind(address: SocketAddr) -> Result<PlainListener, ListenError> {
    TcpListener::bind(address)
        .await
        .map(PlainListener)
        .map_err(|error| ListenError::Bind(address, error))
}

/// Where connections go.
#[derive(Clone)]
struct Doors {
    acceptor: TlsAcceptor,
    secure: mpsc::Sender<(TlsStream<TcpStream>, SocketAddr)>,
    /// `None`: everything is taken for TLS.
    plain: Option<mpsc::Sender<(TcpStream, SocketAddr)>>,
}

/// The first byte of a TLS handshake record.
const HANDSHAKE: u8 = 22;

async fn accept(mut listener: PlainListener, doors: Doors) {
    loop {
        let (stream, peer) = listener.accept().await;
        let doors = doors.clone();
        tokio::spawn(async move {
            match tokio::time::timeout(HANDSHAKE_TIME, doors.let_in(stream, peer)).await {
                Ok(Ok(())) => {}
                Ok(Err(error)) => tracing::debug!(%peer, %error, "TLS handshake failed"),
                Err(_) => tracing::debug!(%peer, "TLS handshake took too long"),
            }
        });
    }
}

impl Doors {
    /// A receiver is gone only when the server is.
    async fn let_in(self, stream: TcpStream, peer: SocketAddr) -> io::Result<()> {
        if let Some(plain) = self.plain {
            let mut first = [0];
            if stream.peek(&mut first).await? == 1 && first[0] != HANDSHAKE {
                let _ = plain.send((stream, peer)).await;
                return Ok(());
            }
        }
        let stream = self.acceptor.accept(stream).await?;
        let _ = self.secure.send((stream, peer)).await;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use rustls::{ClientConfig, RootCertStore};
    use tokio::io::AsyncWriteExt;

    use super::*;

    fn local() -> SocketAddr {
        "127.0.0.1:0".parse().unwrap()
    }

    /// A server, and a client that trusts it.
    fn tls() -> (Arc<ServerConfig>, Arc<ClientConfig>) {
        let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        let key = PrivateKeyDer::try_from(made.signing_key.serialize_der()).unwrap();
        let mut roots = RootCertStore::empty();
        roots.add(made.cert.der().clone()).unwrap();
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let mut client = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        client.alpn_protocols = vec![b"http/1.1".to_vec()];
        (tls_config(vec![made.cert.der().clone()], key).unwrap(), Arc::new(client))
    }

    #[tokio::test]
    async fn plain_http_is_refused_off_loopback() {
        for address in ["0.0.0.0:0", "[::]:0", "192.0.2.1:0", "10.0.0.1:0", "[::ffff:10.0.0.1]:0"] {
            let refused = listen(address.parse().unwrap()).await;
            assert!(matches!(refused, Err(ListenError::PlainOffLoopback(_))), "{address}");
        }
    }

    #[tokio::test]
    async fn a_connection_does_not_hold_back_small_answers() {
        let mut listener = listen(local()).await.unwrap();
        let address = listener.local_addr().unwrap();
        let (client, (stream, peer)) =
            tokio::join!(TcpStream::connect(address), Listener::accept(&mut listener));
        assert!(stream.nodelay().unwrap());
        assert_eq!(client.unwrap().local_addr().unwrap(), peer);
    }

    #[tokio::test]
    async fn an_address_in_use_is_an_error() {
        let listener = listen(local()).await.unwrap();
        let again = listen(listener.local_addr().unwrap()).await;
        assert!(matches!(again, Err(ListenError::Bind(..))));
    }

    #[tokio::test]
    async fn a_stalled_or_broken_handshake_keeps_nobody_waiting() {
        let (server, client) = tls();
        let mut listener = listen_tls(local(), server).await.unwrap();
        let _stalled = TcpStream::connect(listener.local_addr()).await.unwrap();
        let mut plain = TcpStream::connect(listener.local_addr()).await.unwrap();
        plain.write_all(b"GET / HTTP/1.1\r\n\r\n").await.unwrap();
        let good = TcpStream::connect(listener.local_addr()).await.unwrap();
        let address = good.local_addr().unwrap();
        let connector = tokio_rustls::TlsConnector::from(client);
        let name = "localhost".try_into().unwrap();
        let (handshake, (_, peer)) =
            tokio::join!(connector.connect(name, good), Listener::accept(&mut listener));
        assert_eq!(handshake.unwrap().get_ref().1.alpn_protocol(), Some(&b"http/1.1"[..]));
        assert_eq!(peer, address);
    }

    #[test]
    fn a_key_of_another_certificate_is_refused() {
        let made = || rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        let key = PrivateKeyDer::try_from(made().signing_key.serialize_der()).unwrap();
        let config = tls_config(vec![made().cert.der().clone()], key);
        assert!(matches!(config, Err(ListenError::Tls(_))));
    }
}
