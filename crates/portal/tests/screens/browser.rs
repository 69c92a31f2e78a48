//! A browser without a script: it keeps cookies, and follows no redirect by itself.

use std::collections::BTreeMap;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, Method, Request, StatusCode, header};
use axum::response::Response;
use inrou_web::percent;
use tower::ServiceExt;

use crate::support::{House, Person};

/// No page is longer, before pictures.
const LONGEST_PAGE: usize = 100_000;

#[derive(Clone)]
pub struct Browser {
    router: Router,
    host: &'static str,
    pub cookies: BTreeMap<String, String>,
    headers: Vec<(&'static str, &'static str)>,
}

pub struct Page {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: String,
}

impl Browser {
    /// At the portal.
    pub fn portal(house: &House) -> Self {
        Self::at(house.portal.screens.clone(), "localhost:8080")
    }

    /// At the receiving office.
    pub fn office(house: &House) -> Self {
        Self::at(house.portal.office.clone(), "office.localhost:8080")
    }

    fn at(router: Router, host: &'static str) -> Self {
        Self { router, host, cookies: BTreeMap::new(), headers: Vec::new() }
    }

    /// In that language.
    pub fn speaking(mut self, language: &str) -> Self {
        self.cookies.insert("lang".to_owned(), language.to_owned());
        self
    }

    /// Sends that header as well.
    pub fn saying(mut self, name: &'static str, value: &'static str) -> Self {
        self.headers.push((name, value));
        self
    }

    pub async fn get(&mut self, path: &str) -> Page {
        self.send(Method::GET, path, String::new()).await
    }

    pub async fn post(&mut self, path: &str, fields: &[(&str, &str)]) -> Page {
        let form = fields.iter().map(|(name, typed)| format!("{name}={}", percent(typed)));
        let form = form.collect::<Vec<_>>().join("&");
        self.send(Method::POST, path, form).await
    }

    /// Sends a form and goes where it leads.
    pub async fn submit(&mut self, path: &str, fields: &[(&str, &str)]) -> Page {
        let answer = self.post(path, fields).await;
        self.follow(answer).await
    }

    /// Goes where an answer leads, at most twice.
    pub async fn follow(&mut self, mut answer: Page) -> Page {
        for _ in 0..2 {
            match answer.location() {
                Some(path) => answer = self.get(&path).await,
                None => break,
            }
        }
        answer
    }

    /// A file that may be long, as it comes.
    pub async fn download(&mut self, path: &str) -> Body {
        let response = self.ask(Method::GET, path, String::new()).await;
        assert_eq!(response.status(), StatusCode::OK);
        response.into_body()
    }

    async fn send(&mut self, method: Method, path: &str, form: String) -> Page {
        let (parts, body) = self.ask(method, path, form).await.into_parts();
        let body = to_bytes(body, 1_000_000).await.unwrap();
        let body = String::from_utf8(body.to_vec()).unwrap_or_default();
        let page = Page { status: parts.status, headers: parts.headers, body };
        page.check();
        page
    }

    async fn ask(&mut self, method: Method, path: &str, form: String) -> Response {
        let cookies = self.cookies.iter().map(|(name, value)| format!("{name}={value}"));
        let mut request = Request::builder()
            .method(&method)
            .uri(path)
            .header(header::HOST, self.host)
            .header(header::ACCEPT, "text/html")
            .header(header::COOKIE, cookies.collect::<Vec<_>>().join("; "));
        for (name, value) in &self.headers {
            request = request.header(*name, *value);
        }
        if method == Method::POST {
            request = request.header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        }
        let response = self.router.clone().oneshot(request.body(Body::from(form)).unwrap()).await;
        let response = response.unwrap();
        for line in response.headers().get_all(header::SET_COOKIE) {
            let (name, value) =
                line.to_str().unwrap().split(';').next().unwrap().split_once('=').unwrap();
            match value {
                "" => self.cookies.remove(name),
                value => self.cookies.insert(name.to_owned(), value.to_owned()),
            };
        }
        response
    }

    /// Logs in with the person's phone; gives the page after it.
    pub async fn log_in(&mut self, house: &House, person: &Person) -> Page {
        let page = self.get("/portal/login").await;
        let waits = self.submit("/portal/login", &[("key", &page.hidden("key"))]).await;
        house.approve(person, &waits.transaction()).await;
        let answer = self.get("/portal/login/wait").await;
        self.follow(answer).await
    }
}

impl House {
    /// The phone answers what a page's link asks for.
    pub async fn approve(&self, person: &Person, transaction: &str) {
        use inrou_api::wire::transaction::{Purpose, TransactionId};
        let id = TransactionId::try_from(transaction.to_owned()).unwrap();
        let asked = self.open(&id).await.unwrap();
        let answer = match asked.purpose {
            Purpose::LogIn => person.user_authentication.log_in(&asked),
            Purpose::Sign | Purpose::SignDigest => person.signature.sign(&asked, self.now()),
        };
        self.answer(&id, &answer).await.unwrap();
    }

    /// The person refuses it.
    pub async fn refuse(&self, transaction: &str) {
        use inrou_api::wire::transaction::{TransactionAnswer, TransactionId};
        let id = TransactionId::try_from(transaction.to_owned()).unwrap();
        self.answer(&id, &TransactionAnswer::Refused).await.unwrap();
    }
}

impl Page {
    /// What holds for every answer: it is in no other page's frame, kept by nobody, and not long.
    fn check(&self) {
        let policy = self.headers[header::CONTENT_SECURITY_POLICY].to_str().unwrap();
        assert!(policy.contains("frame-ancestors 'none'"), "{policy}");
        assert_eq!(self.headers[header::CACHE_CONTROL], "no-store");
        assert!(self.body.len() < LONGEST_PAGE, "{}", self.body.len());
    }

    pub fn location(&self) -> Option<String> {
        let location = self.headers.get(header::LOCATION)?;
        Some(location.to_str().unwrap().to_owned())
    }

    /// The value of a hidden field.
    pub fn hidden(&self, name: &str) -> String {
        self.between(&format!("name=\"{name}\" value=\""), "\"")
    }

    /// What the phone is to open.
    pub fn transaction(&self) -> String {
        let link =
            self.between("<code class=\"long\">", "<").replace("&amp;", "&").replace("&#38;", "&");
        crate::support::links::note(&link);
        let (address, _) = link.split_once('?').unwrap();
        address.strip_prefix("http://localhost:8080/portal/v1/transactions/").unwrap().to_owned()
    }

    /// What the page asks while it waits.
    pub fn waits(&self) -> String {
        self.between("data-waits=\"", "\"")
    }

    /// What stands between two pieces of the page.
    pub fn between(&self, begin: &str, end: &str) -> String {
        let (_, rest) =
            self.body.split_once(begin).unwrap_or_else(|| panic!("{begin}: {}", self.body));
        rest.split_once(end).unwrap().0.to_owned()
    }

    pub fn has(&self, words: &str) -> bool {
        self.body.contains(words)
    }

    /// The code of the trouble that the page tells.
    pub fn trouble(&self) -> Option<String> {
        self.has("data-code=\"").then(|| self.between("data-code=\"", "\""))
    }
}
