//! Whether anybody is there: no page but those that tell nothing of anybody stays when nobody is, and nothing
//! is left for the next.

use askama::Template;
use axum::Router;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use inrou_api::problem::Problem;
use inrou_web::{Visit, page};

use crate::kiosk::Desk;
use crate::screens::At;

/// After how many seconds a page asks whether anybody is there; once the paper is put out, sooner.
const STILL: HeaderValue = HeaderValue::from_static("180; url=/still");
const STILL_AFTER_ALL: HeaderValue = HeaderValue::from_static("90; url=/still");

/// How many seconds an answer is waited for (WCAG 2.2.1), and the word that it has ended stays.
const OVER: HeaderValue = HeaderValue::from_static("60; url=/over");
const START: HeaderValue = HeaderValue::from_static("60; url=/");

const REFRESH: HeaderName = HeaderName::from_static("refresh");

pub(crate) fn router() -> Router<Desk> {
    Router::new()
        .route("/still", get(still))
        .route("/over", get(over))
        .route("/end", post(end).get(inrou_web::back))
}

/// Has every page go on by itself, failures too, but those that stay: the first, and the back office, while
/// nobody is known here.
pub(crate) async fn watch(State(desk): State<Desk>, request: Request, next: Next) -> Response {
    let (path, headers) = (request.uri().path().to_owned(), request.headers().clone());
    let mut shown = next.run(request).await;
    let is_page = shown.status().is_client_error() || shown.status().is_server_error() || {
        let kind = shown.headers().get(header::CONTENT_TYPE);
        kind.is_some_and(|kind| kind.as_bytes().starts_with(b"text/html"))
    };
    if !is_page || shown.headers().contains_key(REFRESH) {
        return shown;
    }
    let then = match desk.0.customers.who(&headers) {
        Some(At::Out { .. }) => STILL_AFTER_ALL,
        None if matches!(&*path, "/" | "/office") => return shown,
        Some(_) | None => STILL,
    };
    shown.headers_mut().insert(REFRESH, then);
    shown
}

#[derive(Template)]
#[template(path = "kiosk-still.html")]
struct Still<'a> {
    v: &'a Visit,
    title: &'static str,
    is_over: bool,
}

/// Asks whether anybody is there.
async fn still(v: Visit) -> Result<Response, Problem> {
    let shown = page(&v, &Still { v: &v, title: "kiosk.still", is_over: false })?;
    Ok(([(REFRESH, OVER)], shown).into_response())
}

/// Nobody was there: nothing is left for the next.
async fn over(State(desk): State<Desk>, headers: HeaderMap, v: Visit) -> Result<Response, Problem> {
    let shown = page(&v, &Still { v: &v, title: "kiosk.over", is_over: true })?;
    Ok(([desk.0.customers.leave(&headers)?], [(REFRESH, START)], shown).into_response())
}

async fn end(State(desk): State<Desk>, headers: HeaderMap) -> Result<Response, Problem> {
    Ok(([desk.0.customers.leave(&headers)?], Redirect::to("/")).into_response())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use axum::body::{Body, to_bytes};
    use example_site::Ground;
    use inrou_api::client::Client;
    use inrou_api::clock::{Clock, TestClock};
    use inrou_api::problem::Code;
    use inrou_chip::transport::Transport;
    use inrou_pki::SystemEntropy;
    use inrou_pki::path::TrustAnchors;
    use inrou_relying::{Settings, StatusClient, TimeStampClient, Validator};
    use inrou_rules::Medium;
    use jiff::SignedDuration;
    use jiff::civil::date;
    use tempfile::TempDir;
    use tower::ServiceExt;

    use super::*;
    use crate::card::Reader;
    use crate::copies::{Person, Wish};
    use crate::kiosk::Machine;
    use crate::registers::{FILE, Registers};
    use crate::screens::Receipt;

    /// Nothing listens there.
    const NOWHERE: &str = "http://127.0.0.1:1";

    struct NoCards;

    impl Reader for NoCards {
        fn cards(&self) -> Result<Vec<String>, Problem> {
            Ok(Vec::new())
        }

        fn connect(&self, _: &str) -> Result<Box<dyn Transport + Send>, Problem> {
            Err(Problem::new(Code::NOT_FOUND))
        }
    }

    /// A kiosk by day, with nobody around who could be asked, and hana before it.
    struct Stand {
        desk: Desk,
        clock: Arc<TestClock>,
        cookie: String,
        _folder: TempDir,
    }

    impl Stand {
        fn new() -> Self {
            let folder = tempfile::tempdir().unwrap();
            let clock = Arc::new(TestClock::at("2026-11-24T10:00:00+09:00".parse().unwrap()));
            let (settings, entropy) = (Settings::default(), Arc::new(SystemEntropy));
            let status = StatusClient::new(&settings, entropy.clone()).unwrap();
            let machine = Machine {
                reader: Box::new(NoCards),
                authority: Client::new(NOWHERE, &[], clock.clone(), entropy.clone()).unwrap(),
                stamps: TimeStampClient::trusting(&[], NOWHERE.to_owned(), &settings).unwrap(),
                validator: Validator::new(TrustAnchors::default(), settings, status),
                registers: Registers::read(&folder.path().join(FILE)).unwrap(),
                published: NOWHERE.to_owned(),
            };
            let ground = Ground {
                provider: NOWHERE.to_owned(),
                own: NOWHERE.to_owned(),
                roots: Vec::new(),
                folder: folder.path().to_owned(),
                clock: clock.clone(),
                entropy,
            };
            let desk = Desk::open(ground, machine).unwrap();
            let person = Person {
                id: "a".to_owned(),
                name: "水野　花".to_owned(),
                address: "東京都清瀬市見本町１－２－３".to_owned(),
                birth_date: date(1988, 6, 12),
            };
            let admitted = desk.admit(person, Medium::Phone, clock.now()).unwrap();
            let cookie = admitted.headers()[header::SET_COOKIE].to_str().unwrap();
            let cookie = cookie.split(';').next().unwrap().to_owned();
            Self { desk, clock, cookie, _folder: folder }
        }

        async fn asks(&self, method: &str, path: &str, cookie: &str, form: &str) -> Response {
            let request = Request::builder()
                .method(method)
                .uri(path)
                .header(header::COOKIE, cookie)
                .header(header::ACCEPT, "text/html")
                .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
                .body(Body::from(form.to_owned()))
                .unwrap();
            self.desk.pages().oneshot(request).await.unwrap()
        }

        /// Where a page goes on to by itself, and after how many seconds.
        async fn goes_on(&self, method: &str, path: &str, form: &str) -> Option<String> {
            let shown = self.asks(method, path, &self.cookie, form).await;
            let then = shown.headers().get(REFRESH)?;
            Some(then.to_str().unwrap().to_owned())
        }

        async fn says(&self, path: &str) -> String {
            let shown = self.asks("GET", path, &self.cookie, "").await;
            String::from_utf8(to_bytes(shown.into_body(), 100_000).await.unwrap().to_vec()).unwrap()
        }

        fn is_at(&self, at: At) {
            let cookies = HeaderMap::from_iter([(header::COOKIE, self.cookie.parse().unwrap())]);
            self.desk.0.customers.change(&cookies, |now| *now = at).unwrap();
        }

        fn receipt(&self) -> Receipt {
            let place = inrou_words::place("13221".parse().unwrap()).unwrap();
            Receipt { number: 1, at: self.clock.now(), place, wish: Wish::default(), yen: 200 }
        }
    }

    #[tokio::test]
    async fn every_page_asks_whether_anybody_is_there_and_failures_do_too() {
        let stand = Stand::new();
        let asks = Some("180; url=/still".to_owned());
        for path in [
            "/",
            "/medium",
            "/card",
            "/office",
            "/refused/too-young",
            "/refused/none",
            "/nowhere",
            "/callback",
        ] {
            assert_eq!(stand.goes_on("GET", path, "").await, asks, "{path}");
        }
        // A form that is none, and a payment of which nothing comes, since there are no time-stamps.
        assert_eq!(stand.goes_on("POST", "/contents", "copies=9").await, asks);
        assert_eq!(stand.goes_on("POST", "/contents", "copies=2").await, None);
        assert!(stand.says("/").await.contains("/pay"));
        let failed = stand.asks("POST", "/pay", &stand.cookie, "").await;
        assert!(failed.status().is_server_error());
        assert_eq!(failed.headers()[REFRESH], "180; url=/still");
        // What asks, and what tells that it has ended, lead back to the start.
        assert_eq!(stand.goes_on("GET", "/still", "").await.unwrap(), "60; url=/over");
        assert_eq!(stand.goes_on("GET", "/over", "").await.unwrap(), "60; url=/");
        for path in ["/", "/office"] {
            assert_eq!(stand.goes_on("GET", path, "").await, None, "{path}");
        }
    }

    #[tokio::test]
    async fn who_does_nothing_is_forgotten_when_the_time_is_over() {
        let stand = Stand::new();
        stand.clock.advance_by(SignedDuration::from_secs(299));
        assert!(stand.says("/").await.contains("action=\"/contents\""));
        // Looking was doing something.
        stand.clock.advance_by(SignedDuration::from_secs(299));
        assert!(stand.says("/").await.contains("action=\"/contents\""));
        stand.clock.advance_by(SignedDuration::from_mins(5));
        assert!(!stand.says("/").await.contains("/contents"));
        assert_eq!(stand.goes_on("GET", "/", "").await, None);
        let paid = stand.asks("POST", "/pay", &stand.cookie, "").await;
        assert_eq!(
            (paid.status().as_u16(), &paid.headers()[header::LOCATION]),
            (303, &"/".parse().unwrap())
        );
    }

    #[tokio::test]
    async fn a_printed_paper_is_there_until_the_end_and_its_page_goes_on_by_itself_and_sooner() {
        let stand = Stand::new();
        let paper = Arc::new(b"%PDF-".to_vec());
        stand.is_at(At::Paid { paper, receipt: stand.receipt() });
        assert_eq!(stand.goes_on("GET", "/", "").await.unwrap(), "180; url=/still");
        let early = stand.asks("GET", "/paper", &stand.cookie, "").await;
        assert_eq!(early.status(), 303, "it is not put out yet");
        assert_eq!(stand.asks("POST", "/print", &stand.cookie, "").await.status(), 303);
        let done = stand.asks("GET", "/", &stand.cookie, "").await;
        assert_eq!(done.headers()[REFRESH], "90; url=/still");
        let policy = done.headers()[header::CONTENT_SECURITY_POLICY].to_str().unwrap();
        assert!(policy.ends_with("; frame-src 'self'"), "{policy}");
        assert!(stand.says("/").await.contains("<iframe name=\"paper\" src=\"/paper\""));
        let stranger = stand.asks("GET", "/paper", "", "").await;
        assert_eq!(stranger.status(), 303);
        // What was sent may not have come: it is there to be fetched again.
        for _ in 0..2 {
            let fetched = stand.asks("GET", "/paper", &stand.cookie, "").await;
            assert_eq!(fetched.headers()[header::CONTENT_TYPE], "application/pdf");
            assert!(fetched.headers().get(REFRESH).is_none());
            assert_eq!(&to_bytes(fetched.into_body(), 100).await.unwrap()[..], b"%PDF-");
        }
        let page = stand.says("/").await;
        assert!(page.contains("id=\"out\"") && !page.contains("src=\"/paper\""), "{page}");
        assert!(page.contains("<a href=\"/paper\" target=\"paper\">"), "{page}");
        // Nobody answers: the next one finds nothing.
        stand.asks("GET", "/over", &stand.cookie, "").await;
        assert!(!stand.says("/").await.contains("receipt"));
        assert_eq!(stand.asks("GET", "/paper", &stand.cookie, "").await.status(), 303);
    }
}
