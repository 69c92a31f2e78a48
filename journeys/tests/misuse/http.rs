//! A browser without scripts, down to the bytes: what it sends can be forged, what comes is seen whole.

use std::collections::BTreeMap;

use inrou_web::percent;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// Who visits one host of a sandbox, with cookies of his own.
#[derive(Clone)]
pub struct Visitor {
    /// Such as `http://phone.localhost:8765`.
    pub base: String,
    pub cookies: BTreeMap<String, String>,
}

/// What came back.
pub struct Page {
    pub status: u16,
    /// Names in lower case, values.
    pub headers: Vec<(String, String)>,
    pub body: String,
}

impl Visitor {
    pub fn at(base: impl Into<String>) -> Self {
        Self { base: base.into(), cookies: BTreeMap::new() }
    }

    pub async fn get(&mut self, path: &str) -> Page {
        self.send("GET", path, &[], "").await
    }

    pub async fn post(&mut self, path: &str, fields: &[(&str, &str)]) -> Page {
        let form = fields.iter().map(|(name, typed)| format!("{name}={}", percent(typed)));
        let form = form.collect::<Vec<_>>().join("&");
        let form_type = ("content-type", "application/x-www-form-urlencoded");
        self.send("POST", path, &[form_type], &form).await
    }

    /// Sends a form and goes where it leads.
    pub async fn submit(&mut self, path: &str, fields: &[(&str, &str)]) -> Page {
        let mut page = self.post(path, fields).await;
        for _ in 0..3 {
            match page.header("location") {
                Some(location) => page = self.get(location).await,
                None => break,
            }
        }
        page
    }

    /// Sends a request with these headers besides those that it needs. A path is sent as it is.
    pub async fn send(
        &mut self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> Page {
        let host = self.base.trim_start_matches("http://");
        let port = host.rsplit_once(':').unwrap().1;
        let cookies = self.cookies.iter().map(|(name, value)| format!("{name}={value}"));
        let cookies = cookies.collect::<Vec<_>>().join("; ");
        let more = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n"));
        let request = format!(
            "{method} {path} HTTP/1.1\r\nhost: {host}\r\naccept: text/html\r\ncookie: {cookies}\r\n\
             connection: close\r\ncontent-length: {}\r\n{}\r\n{body}",
            body.len(),
            more.collect::<String>()
        );
        let mut stream = TcpStream::connect(format!("127.0.0.1:{port}")).await.unwrap();
        // Who refuses what is announced need not read it.
        let _ = stream.write_all(request.as_bytes()).await;
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer).await;
        let page = Page::read(&String::from_utf8_lossy(&answer));
        for cookie in page.all("set-cookie") {
            let (name, value) = cookie.split(';').next().unwrap().split_once('=').unwrap();
            match value {
                "" => self.cookies.remove(name),
                value => self.cookies.insert(name.to_owned(), value.to_owned()),
            };
        }
        page
    }
}

impl Page {
    fn read(answer: &str) -> Self {
        let (head, body) = answer.split_once("\r\n\r\n").unwrap_or_else(|| panic!("{answer:?}"));
        let mut lines = head.split("\r\n");
        let status = lines.next().unwrap().split(' ').nth(1).unwrap().parse().unwrap();
        let headers = lines.map(|line| {
            let (name, value) = line.split_once(':').unwrap();
            (name.to_ascii_lowercase(), value.trim().to_owned())
        });
        Self { status, headers: headers.collect(), body: body.to_owned() }
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(found, _)| found == name);
        found.map(|(_, value)| value.as_str())
    }

    pub fn all<'p>(&'p self, name: &'p str) -> impl Iterator<Item = &'p str> {
        self.headers.iter().filter(move |(found, _)| found == name).map(|(_, value)| value.as_str())
    }

    /// The code of the trouble that the page tells.
    pub fn trouble(&self) -> Option<&str> {
        let (_, rest) = self.body.split_once("data-code=\"")?;
        rest.split('"').next()
    }

    /// The value of a hidden field.
    pub fn hidden(&self, name: &str) -> String {
        self.between(&format!("name=\"{name}\" value=\""), "\"")
    }

    /// What stands between two pieces of the page.
    pub fn between(&self, begin: &str, end: &str) -> String {
        let (_, rest) =
            self.body.split_once(begin).unwrap_or_else(|| panic!("{begin}: {}", self.body));
        rest.split_once(end).unwrap().0.to_owned()
    }
}
