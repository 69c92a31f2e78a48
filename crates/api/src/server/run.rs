//! Serving, and the way it ends.

use std::net::SocketAddr;
use std::time::Duration;

use axum::Router;
use axum::serve::Listener;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::sync::watch;
use tokio::task::JoinSet;

use super::source::{Source, Sourced};

/// Makes the two ends of a shutdown: who triggers it, and who is told.
pub fn shutdown() -> (Trigger, Shutdown) {
    let (sender, receiver) = watch::channel(false);
    (Trigger(sender), Shutdown(receiver))
}

/// Triggers a shutdown; dropping it triggers it as well.
#[derive(Debug)]
pub struct Trigger(watch::Sender<bool>);

impl Trigger {
    /// Tells everyone. Once told is enough.
    pub fn pull(&self) {
        self.0.send_replace(true);
    }

    /// Tells everyone, and waits until none of them is left: who holds a [`Shutdown`] is at work, and
    /// drops it last. Waits ten seconds at most, in real time.
    pub async fn finish(self) {
        self.pull();
        if tokio::time::timeout(GRACE, self.0.closed()).await.is_err() {
            tracing::warn!("not everything that was at work has ended in time");
        }
    }
}

/// Tells of a shutdown. Clones tell of the same one.
#[derive(Clone, Debug)]
pub struct Shutdown(watch::Receiver<bool>);

impl Shutdown {
    /// Waits until the shutdown is triggered; returns at once if it has been.
    pub async fn triggered(&self) {
        // An error means that the trigger was dropped.
        let _ = self.0.clone().wait_for(|pulled| *pulled).await;
    }

    /// Whether the shutdown has been triggered.
    pub fn is_triggered(&self) -> bool {
        *self.0.borrow() || self.0.has_changed().is_err()
    }
}

/// Serves HTTP/1.1 until the shutdown; each request says where it comes from ([`Source`]). Then it takes
/// no new connections, lets requests that are under way finish for up to ten seconds, and returns.
///
/// A handler whose client goes away is dropped where it awaits something: what must be carried
/// through once it is begun belongs in a task of its own or in the store's writer.
pub async fn serve<L>(mut listener: L, router: Router, shutdown: Shutdown)
where
    L: Listener<Addr = SocketAddr>,
{
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            (stream, peer) = listener.accept() => {
                let told = Sourced { source: Source::of(peer.ip()), service: router.clone() };
                connections.spawn(connection(stream, told, shutdown.clone()));
            }
            Some(_) = connections.join_next() => {}
            () = shutdown.triggered() => break,
        }
    }
    // Who waits for the end of all who were told finds that nothing that was served is held any more.
    drop((listener, router));
    let finished = async { while connections.join_next().await.is_some() {} };
    if tokio::time::timeout(GRACE, finished).await.is_err() {
        tracing::warn!("requests were cut off: they did not finish in time");
    }
}

/// How long, in real time, requests under way may take to finish at a shutdown.
const GRACE: Duration = Duration::from_secs(10);

/// How long, in real time, the head of a request may take to arrive.
const HEAD_TIME: Duration = Duration::from_secs(30);

async fn connection<I>(stream: I, router: Sourced<Router>, shutdown: Shutdown)
where
    I: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin + Send + 'static,
{
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_TIME)
        .serve_connection(TokioIo::new(stream), TowerToHyperService::new(router));
    tokio::pin!(connection);
    let result = tokio::select! {
        result = connection.as_mut() => result,
        () = shutdown.triggered() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = result {
        tracing::debug!(%error, "a connection ended early");
    }
}

#[cfg(test)]
mod tests {
    use std::io;
    use std::net::{IpAddr, Ipv4Addr};
    use std::sync::Arc;

    use axum::routing::get;
    use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};
    use tokio::sync::{Notify, mpsc};
    use tokio::time::Instant;

    use super::super::long_poll;
    use super::*;

    const PEER: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1)), 4711);

    /// Connections in memory, so that time can be paused.
    struct Memory(mpsc::Receiver<DuplexStream>);

    impl Listener for Memory {
        type Io = DuplexStream;
        type Addr = SocketAddr;

        async fn accept(&mut self) -> (DuplexStream, SocketAddr) {
            match self.0.recv().await {
                Some(stream) => (stream, PEER),
                None => std::future::pending().await,
            }
        }

        fn local_addr(&self) -> io::Result<SocketAddr> {
            Ok(PEER)
        }
    }

    struct Server {
        connect: mpsc::Sender<DuplexStream>,
        trigger: Trigger,
        release: Arc<Notify>,
        reached: Arc<Notify>,
        serving: tokio::task::JoinHandle<()>,
    }

    impl Server {
        fn start() -> Self {
            let (connect, streams) = mpsc::channel(8);
            let (trigger, told) = shutdown();
            let (release, reached) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
            let held = {
                let (release, reached) = (release.clone(), reached.clone());
                async move || {
                    reached.notify_one();
                    release.notified().await;
                    "held"
                }
            };
            let poll = {
                let (told, reached) = (told.clone(), reached.clone());
                async move || {
                    let changes = watch::Sender::new(());
                    let nothing = async || {
                        reached.notify_one();
                        Ok::<Option<()>, ()>(None)
                    };
                    let wait = Duration::from_secs(30);
                    let _ = long_poll(changes.subscribe(), wait, &told, nothing).await;
                    "polled"
                }
            };
            let router = Router::new()
                .route("/", get(async || "hello"))
                .route("/source", get(async |source: Source| format!("{source:?}")))
                .route("/held", get(held))
                .route("/poll", get(poll));
            let serving = tokio::spawn(serve(Memory(streams), router, told));
            Self { connect, trigger, release, reached, serving }
        }

        async fn open(&self, sent: &[u8]) -> DuplexStream {
            let (mut here, there) = tokio::io::duplex(4096);
            here.write_all(sent).await.unwrap();
            self.connect.send(there).await.unwrap();
            here
        }

        async fn get(&self, path: &str) -> DuplexStream {
            self.open(format!("GET {path} HTTP/1.1\r\nhost: a\r\n\r\n").as_bytes()).await
        }
    }

    async fn rest(stream: &mut DuplexStream) -> String {
        let mut text = String::new();
        stream.read_to_string(&mut text).await.unwrap();
        text
    }

    #[tokio::test]
    async fn who_finishes_waits_for_all_who_were_told() {
        let (trigger, told) = shutdown();
        let (working, end) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
        let work = {
            let (working, end) = (working.clone(), end.clone());
            async move {
                told.triggered().await;
                working.notify_one();
                end.notified().await;
                assert!(told.is_triggered());
            }
        };
        tokio::spawn(work);
        let finished = trigger.finish();
        tokio::pin!(finished);
        tokio::select! {
            () = &mut finished => panic!("it waits for nobody"),
            () = working.notified() => {}
        }
        end.notify_one();
        finished.await;
    }

    #[tokio::test(start_paused = true)]
    async fn a_request_says_where_it_comes_from() {
        let server = Server::start();
        let mut answer = server.open(b"GET /source HTTP/1.0\r\n\r\n").await;
        assert!(rest(&mut answer).await.ends_with("Source(Some(192.0.2.1))"));
    }

    #[tokio::test(start_paused = true)]
    async fn a_request_under_way_is_finished_at_a_shutdown() {
        let server = Server::start();
        let mut held = server.get("/held").await;
        server.reached.notified().await;
        server.trigger.pull();
        tokio::task::yield_now().await;
        server.release.notify_one();
        assert!(rest(&mut held).await.ends_with("held"));
        server.serving.await.unwrap();
    }

    #[tokio::test(start_paused = true)]
    async fn an_idle_connection_and_a_long_poll_do_not_delay_a_shutdown() {
        let server = Server::start();
        let start = Instant::now();
        let (mut unused, mut poll) = (server.open(b"").await, server.get("/poll").await);
        server.reached.notified().await;
        drop(server.trigger);
        server.serving.await.unwrap();
        assert_eq!(rest(&mut unused).await, "");
        assert!(rest(&mut poll).await.ends_with("polled"));
        assert!(start.elapsed() < Duration::from_secs(1));
    }

    #[tokio::test(start_paused = true)]
    async fn a_request_that_does_not_end_is_cut_off_after_the_grace() {
        let server = Server::start();
        let mut held = server.get("/held").await;
        server.reached.notified().await;
        let start = Instant::now();
        server.trigger.pull();
        server.serving.await.unwrap();
        assert_eq!(start.elapsed().as_secs(), GRACE.as_secs());
        assert_eq!(rest(&mut held).await, "");
    }

    #[tokio::test(start_paused = true)]
    async fn a_head_that_does_not_arrive_is_not_waited_for_without_end() {
        let server = Server::start();
        let start = Instant::now();
        let mut slow = server.open(b"GET / HTTP/1.1\r\nhos").await;
        rest(&mut slow).await;
        assert_eq!(start.elapsed().as_secs(), HEAD_TIME.as_secs());
    }

    #[tokio::test(start_paused = true)]
    async fn a_shutdown_tells_everyone_and_stays_told() {
        let (trigger, told) = shutdown();
        assert!(!told.is_triggered());
        trigger.pull();
        let clone = told.clone();
        tokio::join!(told.triggered(), clone.triggered(), told.triggered());
        assert!(told.is_triggered());
        let (trigger, told) = shutdown();
        drop(trigger);
        told.triggered().await;
        assert!(told.is_triggered());
    }
}
