//! A browser of a resident or a developer, and what it is answered.

use std::collections::BTreeMap;

use axum::body::Body;
use axum::http::{HeaderMap, Request, StatusCode, header};
use inrou_relying::testing::Holder;
use serde_json::Value;
use url::Url;

use crate::house::{House, ISSUER, path};
use crate::site::Form;

/// A browser with its cookie.
pub struct Browser<'h> {
    pub house: &'h House,
    pub cookie: Option<String>,
    pub console: Option<String>,
}

/// What comes back with the browser, by name.
pub type Back = BTreeMap<String, String>;

impl Browser<'_> {
    /// Goes to an address of the provider.
    pub async fn visit(&mut self, path: &str) -> Answer {
        self.request(Request::get(path), Body::empty()).await
    }

    /// Sends a form from a page of the provider.
    pub async fn submit(&mut self, path: &str, form: &Form) -> Answer {
        let request = Request::post(path)
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .header("sec-fetch-site", "same-origin");
        self.request(request, form.encoded().into()).await
    }

    async fn request(&mut self, request: axum::http::request::Builder, body: Body) -> Answer {
        let cookies: Vec<&str> =
            [&self.cookie, &self.console].into_iter().flatten().map(String::as_str).collect();
        let cookie = cookies.join("; ");
        let request = request.header(header::COOKIE, cookie).header(header::ACCEPT, "text/html");
        let answer = self.house.send(request.body(body).unwrap()).await;
        for line in answer.headers.get_all(header::SET_COOKIE) {
            let pair = line.to_str().unwrap().split(';').next().unwrap();
            match pair.split_once('=') {
                Some(("__Host-provider", _)) => self.cookie = Some(pair.to_owned()),
                Some(("__Host-console", _)) => self.console = Some(pair.to_owned()),
                _ => {}
            }
        }
        answer
    }

    /// A site sends it to the authorization endpoint.
    pub async fn authorize(&mut self, request: &Form) -> Answer {
        self.visit(&format!("{}?{}", path("auth"), request.encoded())).await
    }

    /// The transaction of a log-in that is begun.
    pub async fn begin(&mut self, request: &Form) -> String {
        let answer = self.authorize(request).await;
        let page = answer.to();
        let page = page.split('?').next().unwrap();
        let id = page.strip_prefix("/provider/log-ins/").unwrap_or_else(|| panic!("{page}"));
        self.scans(id).await;
        id.to_owned()
    }

    /// A phone scans the code that the page shows now: the link.
    pub async fn scans(&mut self, transaction: &str) -> String {
        let page = self.visit(&format!("/provider/log-ins/{transaction}")).await;
        let (_, code) = page.text.split_once("<code class=\"long\">").unwrap();
        let link = code.split_once('<').unwrap().0.replace("&#38;", "&");
        let mut scanned = self.house.scanned.lock().unwrap();
        scanned.insert(transaction.to_owned(), link.clone());
        link
    }

    /// Looks at the page that waits: back at the site, with what it is given.
    pub async fn goes_back(&mut self, transaction: &str) -> Back {
        self.visit(&format!("/provider/log-ins/{transaction}")).await.back()
    }

    /// Logs in with that phone: back at the site, with what it is given.
    pub async fn log_in(&mut self, request: &Form, person: &Holder) -> Back {
        let transaction = self.begin(request).await;
        let asked = self.house.transaction(&transaction).await;
        self.house.answer(&transaction, &person.log_in(&asked)).await;
        self.goes_back(&transaction).await
    }
}

/// An answer.
#[derive(Debug)]
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub text: String,
}

impl Answer {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|_| panic!("{self:?}"))
    }

    /// Status, OAuth's word and our code of a refusal in JSON.
    pub fn refusal(&self) -> String {
        let json = self.json();
        let (word, code) = (json["error"].as_str(), json["code"].as_str());
        format!("{} {} {}", self.status.as_u16(), word.unwrap_or("-"), code.unwrap_or("-"))
    }

    /// Where it leads.
    pub fn to(&self) -> String {
        assert_eq!(self.status, StatusCode::SEE_OTHER, "{self:?}");
        self.headers[header::LOCATION].to_str().unwrap().to_owned()
    }

    /// The parameters with which it leads back to the site.
    pub fn back(&self) -> Back {
        let url = Url::parse(&self.to()).unwrap();
        assert!(url.as_str().starts_with(crate::site::CALLBACK), "{url}");
        url.query_pairs().into_owned().collect()
    }

    /// How an authorization request was answered: `back WORD CODE`, `page STATUS CODE`, or `asked`.
    pub fn fate(&self) -> String {
        if self.status != StatusCode::SEE_OTHER {
            let code =
                self.text.split("data-code=\"").nth(1).and_then(|rest| rest.split('"').next());
            return format!("page {} {}", self.status.as_u16(), code.unwrap_or("-"));
        }
        if self.to().starts_with("/provider/log-ins/") {
            return "asked".to_owned();
        }
        let back = self.back();
        assert_eq!(back["iss"], ISSUER, "RFC 9207 §2");
        match (back.get("error"), back.get("inrou_code")) {
            (Some(word), Some(code)) => format!("back {word} {code}"),
            _ => "back with a code".to_owned(),
        }
    }

    pub fn header(&self, name: &str) -> String {
        let all = self.headers.get_all(name).into_iter().map(|value| value.to_str().unwrap());
        all.collect::<Vec<_>>().join("; ")
    }
}
