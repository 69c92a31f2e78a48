//! Serving, and the way it ends.

use std::time::Duration;

use axum::Router;
use axum::serve::Listener;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::sync::watch;
use tokio::task::JoinSet;

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

    /// Whether it has been triggered.
    pub fn is_triggered(&self) -> bool {
        *self.0.borrow() || self.0.has_changed().is_err()
    }
}

/// Serves HTTP/1.1 until the shutdown. Then it takes no new connections, lets requests that are under
/// way finish for up to [`GRACE`], and returns.
pub async fn serve<L: Listener>(mut listener: L, router: Router, shutdown: Shutdown) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            (stream, _) = listener.accept() => {
                connections.spawn(connection(stream, router.clone(), shutdown.clone()));
            }
            Some(_) = connections.join_next() => {}
            () = shutdown.triggered() => break,
        }
    }
    drop(listener);
    let finished = async { while connections.join_next().await.is_some() {} };
    if tokio::time::timeout(GRACE, finished).await.is_err() {
        tracing::warn!("requests were cut off: they did not finish in time");
    }
}

/// How long, in real time, requests under way may take to finish at a shutdown.
pub const GRACE: Duration = Duration::from_secs(10);

/// How long, in real time, the head of a request may take to arrive.
const HEAD_TIME: Duration = Duration::from_secs(30);

async fn connection<I>(stream: I, router: Router, shutdown: Shutdown)
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
