//! A form that is sent twice acts once: a double click, a reload, a network that sends again.

use std::collections::VecDeque;
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use askama::filters::HtmlSafe;
use aws_lc_rs::hmac;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use inrou_api::problem::{OrInternal, Problem};
use inrou_api::server::read_body;
use inrou_pki::Entropy;
use jiff::Timestamp;
use tracing::Instrument;
use zeroize::Zeroizing;

/// The hidden field's name, with what follows it in a form.
const FIELD: &[u8] = b"once=";

/// How the names of cookies begin that say who somebody is.
const SESSIONS: &[u8] = b"__Host-";

/// One that begins so and says only which notices were looked at.
const SEEN: &[u8] = b"__Host-seen=";

/// How many forms are remembered.
const MOST: usize = 200;

/// A hidden field that no other form of this process has.
pub struct Once(String);

impl Once {
    /// The next one.
    pub(crate) fn new(now: Timestamp) -> Self {
        static NUMBER: AtomicU64 = AtomicU64::new(0);
        // The time tells it from those before a restart.
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        Self(format!("{}-{number}", now.as_microsecond()))
    }
}

impl fmt::Display for Once {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "<input type=\"hidden\" name=\"once\" value=\"{}\">", self.0)
    }
}

/// Digits in quotes.
impl HtmlSafe for Once {}

/// Forms that were sent, oldest first. A form holds PINs, which are soon found from a bare digest: each is
/// known by a code under a key that ends with the process.
pub(crate) struct Sent {
    key: hmac::Key,
    forms: Mutex<VecDeque<(FormCode, Arc<Answer>)>>,
}

/// HMAC-SHA-256 over who sent a form, where to, and what stood in it.
type FormCode = [u8; 32];

/// Where a form's answer led, if it led anywhere; locked while that is being found out.
type Answer = tokio::sync::Mutex<Option<HeaderValue>>;

impl Sent {
    /// Nothing was sent so far.
    pub(crate) fn new(entropy: &dyn Entropy) -> Self {
        let mut key = Zeroizing::new([0; 32]);
        entropy.fill(&mut *key);
        Self { key: hmac::Key::new(hmac::HMAC_SHA256, &*key), forms: Mutex::default() }
    }

    /// A session is told by its cookies: what one sends is never taken for another's.
    fn code(&self, parts: &Parts, form: &[u8]) -> FormCode {
        let mut context = hmac::Context::with_key(&self.key);
        for part in sessions(parts).chain([parts.uri.path().as_bytes(), form]) {
            // Lengths keep the parts from running into each other.
            context.update(&(part.len() as u64).to_be_bytes());
            context.update(part);
        }
        let mut code = [0; 32];
        code.copy_from_slice(context.sign().as_ref());
        code
    }

    fn answer(&self, form: FormCode) -> Arc<Answer> {
        let mut sent = self.forms.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, answer)) = sent.iter().find(|(known, _)| *known == form) {
            return answer.clone();
        }
        if sent.len() >= MOST {
            sent.pop_front();
        }
        let answer = Arc::<Answer>::default();
        sent.push_back((form, answer.clone()));
        answer
    }
}

/// The cookies of sessions. A language that is switched, or what another server of this host set, makes no
/// other form of one.
fn sessions(parts: &Parts) -> impl Iterator<Item = &[u8]> {
    let lines = parts.headers.get_all(header::COOKIE).iter().map(HeaderValue::as_bytes);
    let cookies = lines.flat_map(|line| line.split(|&byte| byte == b';')).map(<[u8]>::trim_ascii);
    cookies.filter(|cookie| cookie.starts_with(SESSIONS) && !cookie.starts_with(SEEN))
}

/// Passes a form on, unless the very same was sent before: then it is led where that one was, as soon as
/// that is known. What a form began goes on when its sender goes away, as browsers do at a second press.
pub(crate) async fn once(
    State(sent): State<Arc<Sent>>,
    request: Request,
    next: Next,
) -> Result<Response, Problem> {
    if request.method() != Method::POST {
        return Ok(next.run(request).await);
    }
    let (parts, body) = request.into_parts();
    let bytes = read_body(Request::from_parts(parts.clone(), body), &()).await?;
    let is_marked = bytes.split(|&byte| byte == b'&').any(|pair| pair.starts_with(FIELD));
    let form = sent.code(&parts, &bytes);
    let request = Request::from_parts(parts, Body::from(bytes));
    if !is_marked {
        return Ok(next.run(request).await);
    }
    let answer = sent.answer(form);
    let work = async move {
        let mut led = answer.lock().await;
        if let Some(location) = &*led {
            return (StatusCode::SEE_OTHER, [(header::LOCATION, location.clone())]).into_response();
        }
        let response = next.run(request).await;
        *led = response.headers().get(header::LOCATION).cloned();
        response
    };
    tokio::spawn(work.in_current_span()).await.or_internal()
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicUsize;

    use axum::Router;
    use axum::middleware::from_fn_with_state;
    use axum::response::Redirect;
    use axum::routing::post;
    use tokio::sync::Notify;
    use tower::ServiceExt;

    use super::*;
    use inrou_pki::SeededEntropy;

    /// Counts what it did, and answers when it is let.
    struct Work {
        done: Arc<AtomicUsize>,
        finish: Arc<Notify>,
        router: Router,
    }

    impl Work {
        fn new() -> Self {
            let (done, finish) = (Arc::<AtomicUsize>::default(), Arc::new(Notify::new()));
            let (counted, told) = (done.clone(), finish.clone());
            let act = move || {
                let (counted, told) = (counted.clone(), told.clone());
                async move {
                    told.notified().await;
                    let number = counted.fetch_add(1, Ordering::SeqCst) + 1;
                    Redirect::to(&format!("/{number}"))
                }
            };
            let router = Router::new()
                .route("/act", post(act))
                .route("/page", post(async || "a page"))
                .layer(from_fn_with_state(Arc::new(Sent::new(&SeededEntropy::new(1))), once));
            Self { done, finish, router }
        }

        fn send(&self, path: &str, form: &str) -> tokio::task::JoinHandle<Option<String>> {
            self.send_with("", path, form)
        }

        fn send_with(
            &self,
            cookies: &str,
            path: &str,
            form: &str,
        ) -> tokio::task::JoinHandle<Option<String>> {
            let request = Request::post(path).header(header::COOKIE, cookies);
            let request = request.body(Body::from(form.to_owned())).unwrap();
            let router = self.router.clone();
            tokio::spawn(async move {
                let response = router.oneshot(request).await.unwrap();
                let location = response.headers().get(header::LOCATION)?;
                Some(location.to_str().unwrap().to_owned())
            })
        }
    }

    #[tokio::test]
    async fn a_form_sent_twice_acts_once_and_both_are_led_to_one_page() {
        let work = Work::new();
        let (one, two) = (work.send("/act", "pin=1&once=7-1"), work.send("/act", "pin=1&once=7-1"));
        work.finish.notify_one();
        assert_eq!(one.await.unwrap().as_deref(), Some("/1"));
        assert_eq!(two.await.unwrap().as_deref(), Some("/1"));
        // Later as well.
        let again = work.send("/act", "pin=1&once=7-1").await.unwrap();
        assert_eq!(again.as_deref(), Some("/1"));
        assert_eq!(work.done.load(Ordering::SeqCst), 1);
    }

    #[tokio::test]
    async fn other_words_another_page_or_no_mark_are_other_forms() {
        let work = Work::new();
        for (at, form) in ["pin=1&once=7-1", "pin=2&once=7-1", "pin=1&once=7-2", "pin=1", "pin=1"]
            .iter()
            .enumerate()
        {
            work.finish.notify_one();
            let led = work.send("/act", form).await.unwrap();
            assert_eq!(led, Some(format!("/{}", at + 1)), "{form}");
        }
        for _ in 0..2 {
            assert_eq!(work.send("/page", "once=7-1").await.unwrap(), None, "it is made anew");
        }
    }

    #[tokio::test]
    async fn pin_1_a_switched_language_makes_no_other_form_but_another_session_does() {
        let work = Work::new();
        for (cookies, led) in [
            ("lang=ja; __Host-portal=a", "/1"),
            ("lang=en; __Host-portal=a", "/1"),
            ("__Host-portal=a; __Host-seen=2; other=1", "/1"),
            ("lang=en; __Host-portal=b", "/2"),
            ("lang=en", "/3"),
            ("", "/3"),
        ] {
            work.finish.notify_one();
            let found = work.send_with(cookies, "/act", "pin=1&once=7-1").await.unwrap();
            assert_eq!(found.as_deref(), Some(led), "{cookies}");
        }
        assert_eq!(work.done.load(Ordering::SeqCst), 3);
    }

    #[tokio::test]
    async fn what_was_begun_goes_on_when_its_sender_goes_away() {
        let work = Work::new();
        let first = work.send("/act", "once=7-1");
        tokio::task::yield_now().await;
        first.abort();
        assert!(first.await.unwrap_err().is_cancelled());
        let second = work.send("/act", "once=7-1");
        work.finish.notify_one();
        work.finish.notify_one();
        assert_eq!(second.await.unwrap().as_deref(), Some("/1"));
        assert_eq!(work.done.load(Ordering::SeqCst), 1);
    }

    #[test]
    fn pin_1_what_is_kept_of_a_form_tells_nothing_of_the_pin_in_it() {
        let parts = |cookie| {
            let request = Request::post("/act").header(header::COOKIE, cookie).body(()).unwrap();
            request.into_parts().0
        };
        let [one, other] = [1, 2].map(|seed| Sent::new(&SeededEntropy::new(seed)));
        let form = b"pin=7305&once=7-1";
        let code = one.code(&parts("__Host-portal=1"), form);
        assert_eq!(code, one.code(&parts("__Host-portal=1"), form), "it is known again");
        assert_ne!(
            code,
            other.code(&parts("__Host-portal=1"), form),
            "another process knows it by another code"
        );
        assert_ne!(
            code,
            one.code(&parts("__Host-portal=2"), form),
            "another session sends another form"
        );
        assert_ne!(code, one.code(&parts("__Host-portal=1"), b"pin=7306&once=7-1"));
    }

    #[test]
    fn no_two_forms_bear_one_mark() {
        let now = Timestamp::UNIX_EPOCH;
        assert_ne!(Once::new(now).to_string(), Once::new(now).to_string());
    }
}
