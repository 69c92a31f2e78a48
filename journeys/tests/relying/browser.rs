//! A browser that shows nothing: it follows where it is led, and keeps its cookies.

use axum::http::{HeaderMap, Request, header};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;

/// A browser.
pub struct Browser {
    client: Client<HttpConnector, String>,
    cookies: Vec<String>,
    /// The page it is at.
    page: String,
    /// What the page shows.
    shown: String,
}

impl Default for Browser {
    fn default() -> Self {
        let client = Client::builder(TokioExecutor::new()).build_http();
        Self { client, cookies: Vec::new(), page: String::new(), shown: String::new() }
    }
}

impl Browser {
    /// Goes where a site sends it, to the page that asks for the phone: the link that the phone opens.
    pub async fn asks(&mut self, url: &str) -> String {
        let led = self.get(url).await.expect("it is led to a page of the provider");
        let origin = url.splitn(4, '/').take(3).collect::<Vec<_>>().join("/");
        self.page = format!("{origin}{led}");
        let page = self.page.clone();
        assert_eq!(self.get(&page).await, None, "the page waits for the phone");
        let (_, code) = self.shown.split_once("<code class=\"long\">").unwrap();
        code.split_once('<').unwrap().0.replace("&#38;", "&")
    }

    /// Goes where a site sends it, and is led back to the site without a page.
    pub async fn is_led_back(&mut self, url: &str) -> String {
        self.get(url).await.expect("it is led back to the site")
    }

    /// Looks again: where the site's visitor is led back to.
    pub async fn goes_back(&mut self) -> String {
        let page = self.page.clone();
        self.get(&page).await.expect("it is led back to the site")
    }

    /// Sends a form: the page that answers.
    pub async fn submits(&mut self, url: &str, form: &[(&str, &str)]) -> String {
        let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
        let request = Request::post(url)
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .header(header::COOKIE, self.cookies.join("; "));
        let response = self.client.request(request.body(body).unwrap()).await.unwrap();
        assert!(response.status().as_u16() < 400, "{url}: {}", response.status());
        let shown = axum::body::to_bytes(axum::body::Body::new(response.into_body()), 1_000_000);
        String::from_utf8(shown.await.unwrap().to_vec()).unwrap()
    }

    /// Where it is led, if it is.
    async fn get(&mut self, url: &str) -> Option<String> {
        let request = Request::get(url).header(header::COOKIE, self.cookies.join("; "));
        let response = self.client.request(request.body(String::new()).unwrap()).await.unwrap();
        assert!(response.status().as_u16() < 400, "{url}: {}", response.status());
        self.keep(response.headers());
        let location = response.headers().get(header::LOCATION).cloned();
        let shown = axum::body::to_bytes(axum::body::Body::new(response.into_body()), 1_000_000);
        let shown = shown.await.unwrap();
        self.shown = String::from_utf8(shown.to_vec()).unwrap();
        Some(location?.to_str().unwrap().to_owned())
    }

    fn keep(&mut self, headers: &HeaderMap) {
        for line in headers.get_all(header::SET_COOKIE) {
            let pair = line.to_str().unwrap().split(';').next().unwrap();
            self.cookies.push(pair.to_owned());
        }
    }
}
