//! The sandbox's own plain page: what runs, what time it is, where to go.

use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Html;
use axum::routing::get;
use inrou_api::clock::Clock;
use inrou_api::problem::{OrInternal, Problem, accepted_language};
use inrou_authority::Authority;
use inrou_relying::anchors::fingerprint;
use inrou_words::{Form, Language, text};

/// What runs: the text that names it, and its API documents.
const RUNNING: [(&str, &[&str]); 3] = [
    ("home.authority", &["/authority/v1/openapi.json", "/ca/openapi.json"]),
    ("home.phone", &["/phone/v1/openapi.json"]),
    ("home.portal", &["/portal/v1/openapi.json"]),
];

/// The page at `/`, in the language that the browser asks for.
pub fn router(clock: Arc<dyn Clock>, authority: Arc<Authority>) -> Router {
    Router::new().route("/", get(page)).with_state(Home { clock, authority })
}

#[derive(Clone)]
struct Home {
    clock: Arc<dyn Clock>,
    authority: Arc<Authority>,
}

/// An issuer's certificate.
struct Anchor {
    /// Its address without the ending.
    path: String,
    sha256: String,
}

async fn page(State(home): State<Home>, headers: HeaderMap) -> Result<Html<String>, Problem> {
    let authority = home.authority;
    // A new generation may be due, which takes a key pair and a commit.
    let found = tokio::task::spawn_blocking(move || authority.trust_anchors());
    let anchors = found.await.or_internal()?.map_err(|failed| failed.0)?;
    let anchors = anchors.iter().map(|(usage, key)| Anchor {
        path: format!("/ca/{}/{}", usage.as_str(), key.generation),
        sha256: fingerprint(&key.certificate),
    });
    Ok(Html(render(accepted_language(&headers), &*home.clock, &anchors.collect::<Vec<_>>())))
}

fn render(language: Language, clock: &dyn Clock, anchors: &[Anchor]) -> String {
    let say = |code: &'static str| text(code).in_language(language);
    let html = |code| say(code).render(Form::Html);
    let documents = |paths: &[&str]| {
        let link = |path: &&str| format!("<li><a href=\"{path}\">{path}</a></li>");
        paths.iter().map(link).collect::<String>()
    };
    let running: String = RUNNING
        .iter()
        .map(|(name, paths)| format!("<li>{}\n<ul>{}</ul></li>\n", html(name), documents(paths)))
        .collect();
    let anchors: String = anchors
        .iter()
        .map(|Anchor { path, sha256 }| {
            format!(
                "<li><a href=\"{path}.cer\">{path}.cer</a> (<a href=\"{path}.pem\">PEM</a>) \
                 SHA-256 <code>{sha256}</code></li>\n"
            )
        })
        .collect();
    format!(
        "<!doctype html>\n<html lang=\"{lang}\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width\">\n<title>{title}</title>\n</head>\n\
         <body>\n<main>\n<h1>{heading}</h1>\n<p>{notice}</p>\n<p>{now}</p>\n\
         <h2>{what_runs}</h2>\n<p>{apis}</p>\n<ul>\n{running}</ul>\n\
         <h2>{anchors_heading}</h2>\n<ul>\n{anchors}\
         <li><a href=\"/ca/anchors.pem\">/ca/anchors.pem</a></li>\n\
         <li><a href=\"/cps\">/cps</a></li>\n</ul>\n\
         </main>\n</body>\n</html>\n",
        lang = language.bcp47(),
        title = say("home.title").render(Form::Kana),
        heading = html("home.title"),
        notice = html("home.notice"),
        now = say("home.clock").with("now", clock.now()).render(Form::Html),
        what_runs = html("home.running"),
        apis = html("home.documents"),
        anchors_heading = html("home.anchors"),
    )
}

#[cfg(test)]
mod tests {
    use inrou_api::clock::TestClock;

    use super::*;

    #[test]
    fn the_page_says_that_it_is_a_sandbox_in_every_language() {
        let clock = TestClock::at("2026-11-21T01:00:00Z".parse().unwrap());
        let anchor = Anchor { path: "/ca/signature/1".to_owned(), sha256: "00ff".to_owned() };
        for (language, words) in [
            (Language::Ja, "政府のサービスではありません"),
            (Language::JaEasy, "<ruby>練習"),
            (Language::En, "not a service of the government"),
        ] {
            let page = render(language, &clock, std::slice::from_ref(&anchor));
            for part in [words, "/ca/anchors.pem", "/ca/signature/1.cer", "00ff"] {
                assert!(page.contains(part), "{part}: {page}");
            }
        }
    }
}
