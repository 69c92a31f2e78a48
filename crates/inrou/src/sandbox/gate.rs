//! What stands between the listener and the roles: while they are stopped, requests wait. While a scenario
//! is made, pages wait on: nobody is to look at what is half made, or act in it.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::Request;
use axum::http::header;
use axum::response::Response;
use inrou_api::problem::{Code, Problem};
use inrou_api::server::{Shell, Shutdown};
use tokio::sync::watch;
use tower::ServiceExt;

/// How long, in real time, a request waits for the roles.
const PATIENCE: Duration = Duration::from_secs(60);

/// The gate.
pub(super) struct Gate {
    standing: watch::Sender<Standing>,
    /// Whether a scenario is being made, which is played over the roles' APIs.
    making: watch::Sender<bool>,
    patience: Duration,
}

/// How it stands.
enum Standing {
    /// The roles are stopped, and will run again.
    Shut,
    /// The roles run.
    Open(Opened),
    /// The roles could not be started.
    Broken,
}

/// What the roles answer with.
pub(super) struct Opened {
    /// Everything, by host.
    pub whole: Router,
    /// The status services alone.
    pub status: Router,
}

impl Gate {
    /// A gate that is shut.
    pub(super) fn new() -> Arc<Self> {
        Arc::new(Self::patient(PATIENCE))
    }

    fn patient(patience: Duration) -> Self {
        Self {
            standing: watch::Sender::new(Standing::Shut),
            making: watch::Sender::new(false),
            patience,
        }
    }

    /// Lets requests through.
    pub(super) fn open(&self, opened: Opened) {
        self.standing.send_replace(Standing::Open(opened));
    }

    /// Has requests wait from now on.
    pub(super) fn shut(&self) {
        self.standing.send_replace(Standing::Shut);
    }

    /// Has pages wait, whether or not the roles run, until what is made is made.
    pub(super) fn make(&self, making: bool) {
        self.making.send_replace(making);
    }

    /// Turns requests away.
    pub(super) fn give_up(&self) {
        self.standing.send_replace(Standing::Broken);
    }

    /// The way through, to what `side` says. The shell is for requests that are turned away.
    pub(super) fn router(
        self: &Arc<Self>,
        side: fn(&Opened) -> &Router,
        shell: Shell,
        told: Shutdown,
    ) -> Router {
        let away = async || Problem::new(Code::SERVICE_UNAVAILABLE);
        let away = shell.wrap(Router::new().fallback(away));
        let gate = self.clone();
        Router::new().fallback(async move |request: Request| {
            let router = gate.wait(side, is_page(&request), &told).await.unwrap_or(away);
            // A router's own error type says that it has none.
            let answered: Result<Response, _> = router.oneshot(request).await;
            answered
        })
    }

    async fn wait(
        &self,
        side: fn(&Opened) -> &Router,
        is_page: bool,
        told: &Shutdown,
    ) -> Option<Router> {
        let (mut standing, mut making) = (self.standing.subscribe(), self.making.subscribe());
        let settled = async {
            making.wait_for(|making| !(is_page && *making)).await.ok()?;
            standing.wait_for(|standing| !matches!(standing, Standing::Shut)).await.ok()
        };
        let settled = tokio::select! {
            settled = tokio::time::timeout(self.patience, settled) => settled.ok()??,
            () = told.triggered() => return None,
        };
        match &*settled {
            Standing::Open(opened) => Some(side(opened).clone()),
            Standing::Shut | Standing::Broken => None,
        }
    }
}

/// Whether a page is asked for, or a form is sent from one: by a browser, to show what is answered.
fn is_page(request: &Request) -> bool {
    let accepted = request.headers().get(header::ACCEPT).and_then(|line| line.to_str().ok());
    accepted.is_some_and(|line| line.contains("text/html"))
}

#[cfg(test)]
mod tests {
    use axum::body::Body;
    use axum::http::StatusCode;
    use axum::routing::get;
    use inrou_api::server::shutdown;
    use inrou_pki::SystemEntropy;

    use super::*;

    fn opened() -> Opened {
        let word = |word: &'static str| Router::new().route("/", get(async move || word));
        Opened { whole: word("whole"), status: word("status") }
    }

    async fn ask(router: &Router) -> StatusCode {
        let request = Request::get("/").body(Body::empty()).unwrap();
        router.clone().oneshot(request).await.unwrap().status()
    }

    #[tokio::test]
    async fn a_request_waits_while_the_gate_is_shut_and_not_without_end() {
        let (gate, (trigger, told)) = (Gate::new(), shutdown());
        let shell = Shell::new("test", Arc::new(SystemEntropy));
        let router = gate.router(|opened| &opened.whole, shell, told);
        let waiting = tokio::spawn({
            let router = router.clone();
            async move { ask(&router).await }
        });
        tokio::task::yield_now().await;
        assert!(!waiting.is_finished());
        gate.open(opened());
        assert_eq!(waiting.await.unwrap(), StatusCode::OK);

        gate.give_up();
        assert_eq!(ask(&router).await, StatusCode::SERVICE_UNAVAILABLE);
        gate.shut();
        trigger.pull();
        assert_eq!(ask(&router).await, StatusCode::SERVICE_UNAVAILABLE, "the sandbox ends");

        let hasty = Gate::patient(Duration::ZERO);
        let (_trigger, told) = shutdown();
        assert!(hasty.wait(|opened| &opened.whole, false, &told).await.is_none(), "it has waited");
    }

    #[tokio::test]
    async fn a_page_waits_until_a_scenario_is_made_and_those_who_make_it_do_not() {
        let (gate, (_trigger, told)) = (Gate::new(), shutdown());
        let shell = Shell::new("test", Arc::new(SystemEntropy));
        let router = gate.router(|opened| &opened.whole, shell, told);
        gate.make(true);
        gate.open(opened());
        let page = Request::get("/").header("accept", "text/html,*/*;q=0.8").body(Body::empty());
        let looking = tokio::spawn(router.clone().oneshot(page.unwrap()));
        assert_eq!(ask(&router).await, StatusCode::OK, "who makes it");
        assert!(!looking.is_finished());
        gate.make(false);
        assert_eq!(looking.await.unwrap().unwrap().status(), StatusCode::OK);
    }
}
