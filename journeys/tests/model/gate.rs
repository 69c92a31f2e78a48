//! What stands before the authority: it keeps the address, loses requests and answers on purpose, and
//! opens the authority anew when it has crashed.

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::Response;
use tower::ServiceExt as _;

/// What befalls one request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mishap {
    /// It never arrives.
    RequestLost,
    /// It is carried out, and nobody hears of it.
    AnswerLost,
    /// The authority has crashed before it arrives, and is opened anew.
    CrashBefore,
    /// It is carried out, then the authority crashes before it answers, and is opened anew.
    CrashAfter,
}

impl Mishap {
    pub const ALL: [Mishap; 4] =
        [Mishap::RequestLost, Mishap::AnswerLost, Mishap::CrashBefore, Mishap::CrashAfter];
}

/// Opens an authority on what is there, and gives what answers for it.
pub type Opening = dyn Fn() -> Router + Send + Sync;

pub struct Gate {
    opening: Box<Opening>,
    behind: Mutex<Option<Router>>,
    /// How many requests pass until something befalls one.
    coming: Mutex<Option<(usize, Mishap)>>,
}

impl Gate {
    pub fn new(opening: Box<Opening>) -> Arc<Self> {
        let behind = Mutex::new(Some(opening()));
        Arc::new(Self { opening, behind, coming: Mutex::default() })
    }

    /// What is served at the address.
    pub fn router(self: &Arc<Self>) -> Router {
        Router::new().fallback(pass).with_state(self.clone())
    }

    /// Has something befall the request after so many others; `None` takes it back.
    pub fn expect(&self, coming: Option<(usize, Mishap)>) {
        *self.coming.lock().unwrap() = coming;
    }

    fn befalls(&self) -> Option<Mishap> {
        let mut coming = self.coming.lock().unwrap();
        let (left, mishap) = (*coming)?;
        *coming = left.checked_sub(1).map(|left| (left, mishap));
        (left == 0).then_some(mishap)
    }

    /// The authority is gone, with all that it had in memory, and opened on what it had stored.
    pub fn crash(&self) {
        let mut behind = self.behind.lock().unwrap();
        drop(behind.take());
        *behind = Some((self.opening)());
    }

    async fn forward(&self, request: Request) -> Response {
        let behind = self.behind.lock().unwrap().clone().expect("an authority is always open");
        behind.oneshot(request).await.expect("a router answers")
    }
}

async fn pass(State(gate): State<Arc<Gate>>, request: Request) -> Response {
    match gate.befalls() {
        None => return gate.forward(request).await,
        Some(Mishap::RequestLost) => {}
        Some(Mishap::AnswerLost) => drop(gate.forward(request).await),
        Some(Mishap::CrashBefore) => gate.crash(),
        Some(Mishap::CrashAfter) => {
            drop(gate.forward(request).await);
            gate.crash();
        }
    }
    // As the proxy before a service that is gone says it.
    let mut lost = Response::new(Body::empty());
    *lost.status_mut() = StatusCode::BAD_GATEWAY;
    lost
}
