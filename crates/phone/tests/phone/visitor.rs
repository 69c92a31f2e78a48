//! A person with a browser that runs no scripts: goes to pages, sends their forms, and looks at each
//! page for what must not be on any.

use std::collections::BTreeSet;
use std::sync::Mutex;

use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use inrou_web::testing::bare_kanji;
use inrou_words::{Form, text};
use tower::ServiceExt;

use crate::house::CARD_PASSWORD;
use crate::world::{PHONE_PASSWORD, PHONE_PIN, World};

/// No page is larger.
const LARGEST: usize = 100_000;

/// No work goes on in more steps, and nothing leads over more pages.
const MOST_STEPS: usize = 1_000;

pub struct Visitor<'w> {
    world: &'w World,
    language: &'static str,
    /// The headings of the pages seen, in order.
    pub headings: Mutex<Vec<String>>,
}

/// A page.
#[derive(Debug)]
pub struct Page {
    pub path: String,
    pub status: StatusCode,
    pub html: String,
}

impl<'w> Visitor<'w> {
    pub fn new(world: &'w World, language: &'static str) -> Self {
        Self { world, language, headings: Mutex::default() }
    }

    /// Goes to a page of the phone `p`.
    pub async fn look(&self, page: &str) -> Page {
        self.go(&format!("/phones/p{page}"), None).await
    }

    /// Sends a form of the phone `p`, and goes where the answer leads.
    pub async fn send(&self, page: &str, form: &str) -> Page {
        self.go(&format!("/phones/p{page}"), Some(form)).await
    }

    /// Sends a step of the procedure, from a page that has its form.
    pub async fn step(&self, step: &str, fields: &str) -> Page {
        let page = self.look("/procedure").await;
        let there = [format!("value=\"{step}\""), format!("name=\"step\" value=\"{step}\"")];
        assert!(there.iter().any(|form| page.html.contains(form)), "no {step}: {}", page.html);
        self.send("/procedure", &format!("step={step}{fields}")).await
    }

    /// Looks again until the work that is under way is over: each time it is asked, the answer comes when it
    /// has gone on.
    ///
    /// # Panics
    /// It does not end.
    pub async fn waits_out_the_work(&self) {
        for _ in 0..MOST_STEPS {
            if !self.look("/procedure").await.has("<progress") {
                return;
            }
            self.look("/procedure/progress?seen=0").await;
        }
        panic!("the work does not end");
    }

    pub async fn go(&self, path: &str, form: Option<&str>) -> Page {
        let (mut path, mut form) = (path.to_owned(), form);
        for _ in 0..MOST_STEPS {
            let request = Request::builder()
                .uri(&path)
                .header(header::HOST, "phone.localhost")
                .header(header::ACCEPT, "text/html")
                .header(header::COOKIE, format!("lang={}", self.language));
            let request = match form {
                Some(form) => request
                    .method("POST")
                    .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
                    .body(Body::from(form.to_owned())),
                None => request.body(Body::empty()),
            };
            let response = self.world.screens().oneshot(request.unwrap()).await.unwrap();
            let status = response.status();
            if status.is_redirection() {
                assert_eq!(status, StatusCode::SEE_OTHER, "{path}");
                path = response.headers()[header::LOCATION].to_str().unwrap().to_owned();
                form = None;
                continue;
            }
            let body = axum::body::to_bytes(response.into_body(), usize::MAX).await.unwrap();
            let html = String::from_utf8(body.to_vec()).unwrap();
            let page = Page { path, status, html };
            self.inspect(&page);
            return page;
        }
        panic!("{path} leads round in circles");
    }

    fn inspect(&self, page: &Page) {
        let html = &page.html;
        assert!(html.len() < LARGEST, "{} is large", page.path);
        for secret in [CARD_PASSWORD, PHONE_PASSWORD, PHONE_PIN] {
            assert!(!has_word(html, secret), "{} shows a PIN: {html}", page.path);
        }
        if self.language == "ja-easy" {
            assert_eq!(bare_kanji(html), [""; 0], "{}", page.path);
        }
        let ids: Vec<&str> =
            html.split(" id=\"").skip(1).filter_map(|rest| rest.split('"').next()).collect();
        let distinct: BTreeSet<&str> = ids.iter().copied().collect();
        assert_eq!(ids.len(), distinct.len(), "{}: an id stands twice", page.path);
        let word = text("page.trouble").in_language(self.language.parse().unwrap());
        let title = html.split("<title>").nth(1).unwrap_or_default();
        let is_faulty = html.contains("data-code=") || html.contains("aria-invalid");
        assert_eq!(
            title.starts_with(&word.render(Form::Kana)),
            is_faulty,
            "{}: {title}",
            page.path
        );
        let places = html.split(" href=\"#").skip(1).filter_map(|rest| rest.split('"').next());
        for place in places {
            assert!(distinct.contains(place), "{}: nothing is called {place}", page.path);
        }
        if let Some(heading) = html.split("<h1>").nth(1).and_then(|h1| h1.split("</h1>").next()) {
            self.headings.lock().unwrap().push(heading.to_owned());
            let code = html.split(['<', '>']).find(|text| is_code(text));
            assert_eq!(code, None, "{}: a code without a text", page.path);
            assert!(!html.contains("{value") && !html.contains("{left"), "{}", page.path);
        }
    }
}

impl Page {
    /// The address without its query.
    pub fn page(&self) -> &str {
        self.path.split('?').next().unwrap_or_default()
    }

    /// Whether an error of that code is told.
    pub fn tells(&self, code: &str) -> bool {
        self.html.contains(&format!("data-code=\"{code}\""))
    }

    pub fn has(&self, part: &str) -> bool {
        self.html.contains(part)
    }

    /// Whether a field says what is wrong with it, and what is told first leads there.
    pub fn faults(&self, field: &str) -> bool {
        self.has(&format!("id=\"{field}-fault\""))
            && self.has("aria-invalid=\"true\"")
            && self.has(&format!("<li><a href=\"#{field}"))
    }
}

/// Whether it stands there as a word of its own: hexadecimal digits may hold any four.
fn has_word(html: &str, word: &str) -> bool {
    let inside = |c: char| c.is_ascii_alphanumeric();
    html.match_indices(word).any(|(at, _)| {
        !html[..at].ends_with(inside) && !html[at + word.len()..].starts_with(inside)
    })
}

/// Whether a text is the code of one: that is what a code without a text is said as.
fn is_code(text: &str) -> bool {
    let is_name =
        |name: &str| !name.is_empty() && name.chars().all(|c| c.is_ascii_lowercase() || c == '-');
    text.split_once('.').is_some_and(|(family, name)| is_name(family) && is_name(name))
}
