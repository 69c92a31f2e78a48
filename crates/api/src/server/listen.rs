//! Listeners: plain TCP on loopback, TLS anywhere.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::serve::Listener;
use rustls::ServerConfig;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
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
    let accepting = tokio::spawn(shake_hands(plain, TlsAcceptor::from(config), sender));
    Ok(TlsListener { connections, local, accepting })
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

/// A listener for HTTP over TLS. Handshakes go on beside each other, so that a client that stalls
/// keeps nobody waiting.
#[derive(Debug)]
pub struct TlsListener {
    connections: mpsc::Receiver<(TlsStream<TcpStream>, SocketAddr)>,
    local: SocketAddr,
    accepting: tokio::task::JoinHandle<()>,
}

impl TlsListener {
    /// The address at which it listens, with the port that was taken.
    pub fn local_addr(&self) -> SocketAddr {
        self.local
    }
}

impl Listener for TlsListener {
    type Io = TlsStream<TcpStream>;
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

impl Drop for TlsListener {
    fn drop(&mut self) {
        self.accepting.abort();
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

async fn shake_hands(
    mut plain: PlainListener,
    acceptor: TlsAcceptor,
    sender: mpsc::Sender<(TlsStream<TcpStream>, SocketAddr)>,
) {
    loop {
        let (stream, peer) = plain.accept().await;
        let handshake = acceptor.accept(stream);
        let sender = sender.clone();
        tokio::spawn(async move {
            match tokio::time::timeout(HANDSHAKE_TIME, handshake).await {
                // The receiver is gone only when the server is.
                Ok(Ok(stream)) => drop(sender.send((stream, peer)).await),
                Ok(Err(error)) => tracing::debug!(%peer, %error, "TLS handshake failed"),
                Err(_) => tracing::debug!(%peer, "TLS handshake took too long"),
            }
        });
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
