//! The sandbox's own plain page: what runs, what time it is, where to go.

use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Html;
use axum::routing::get;
use inrou_api::clock::Clock;
use inrou_api::problem::accepted_language;
use inrou_words::{Form, Language, text};

/// The API documents: role and path.
const DOCUMENTS: [(&str, &str); 4] = [
    ("authority", "/authority/v1/openapi.json"),
    ("phone", "/phone/v1/openapi.json"),
    ("portal", "/portal/v1/openapi.json"),
    ("trust anchors", "/ca/openapi.json"),
];

/// The page at `/`, in the language that the browser asks for.
pub fn router(clock: Arc<dyn Clock>) -> Router {
    Router::new().route("/", get(page)).with_state(clock)
}

async fn page(State(clock): State<Arc<dyn Clock>>, headers: HeaderMap) -> Html<String> {
    Html(render(accepted_language(&headers), &*clock))
}

fn render(language: Language, clock: &dyn Clock) -> String {
    let say = |code: &'static str| text(code).in_language(language);
    let html = |code| say(code).render(Form::Html);
    let documents: String = DOCUMENTS
        .iter()
        .map(|(role, path)| format!("<li><a href=\"{path}\">{role}: {path}</a></li>\n"))
        .collect();
    format!(
        "<!doctype html>\n<html lang=\"{lang}\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width\">\n<title>{title}</title>\n</head>\n\
         <body>\n<main>\n<h1>{heading}</h1>\n<p>{notice}</p>\n<p>{now}</p>\n\
         <h2>{documents_heading}</h2>\n<ul>\n{documents}</ul>\n\
         <h2>{anchors}</h2>\n<ul>\n<li><a href=\"/ca/anchors.pem\">/ca/anchors.pem</a></li>\n</ul>\n\
         </main>\n</body>\n</html>\n",
        lang = language.bcp47(),
        title = say("home.title").render(Form::Kana),
        heading = html("home.title"),
        notice = html("home.notice"),
        now = say("home.clock").with("now", clock.now()).render(Form::Html),
        documents_heading = html("home.documents"),
        anchors = html("home.anchors"),
    )
}

#[cfg(test)]
mod tests {
    use inrou_api::clock::TestClock;

    use super::*;

    #[test]
    fn the_page_says_that_it_is_a_sandbox_in_every_language() {
        let clock = TestClock::at("2026-11-21T01:00:00Z".parse().unwrap());
        for (language, words) in [
            (Language::Ja, "政府のサービスではありません"),
            (Language::JaEasy, "<ruby>練習"),
            (Language::En, "not a service of the government"),
        ] {
            let page = render(language, &clock);
            assert!(page.contains(words), "{page}");
            assert!(page.contains("/ca/anchors.pem"));
        }
    }
}
