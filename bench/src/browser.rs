//! A browser without scripts: one connection a host, cookies, forms. It tells how long each answer took.

use inrou_web::percent;
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

/// One visitor of a server at a port of this computer.
pub struct Browser {
    pub port: u16,
    connections: BTreeMap<String, BufReader<TcpStream>>,
    cookies: BTreeMap<(String, String), String>,
}

/// An answer.
pub struct Page {
    pub host: String,
    /// The path that was asked for last, redirects followed.
    pub path: String,
    pub status: u16,
    location: Option<String>,
    pub body: String,
    /// From the request's last byte to the answer's.
    pub time: Duration,
}

impl Browser {
    pub fn new(port: u16) -> Self {
        Self { port, connections: BTreeMap::new(), cookies: BTreeMap::new() }
    }

    /// Speaks that language on every page of a host.
    pub fn speak(&mut self, host: &str, language: &str) {
        self.cookies.insert((host.to_owned(), "lang".to_owned()), language.to_owned());
    }

    /// Asks for a page, as it is.
    pub fn get(&mut self, host: &str, path: &str) -> Page {
        self.send(host, path, None)
    }

    /// Asks for a page, and goes where it leads.
    pub fn look(&mut self, host: &str, path: &str) -> Page {
        let page = self.get(host, path);
        self.follow(page)
    }

    /// Sends a form, and goes where the answer leads.
    pub fn post(&mut self, host: &str, path: &str, fields: &[(&str, &str)]) -> Page {
        let fields = fields.iter().map(|(name, value)| format!("{name}={}", percent(value)));
        let form = fields.collect::<Vec<_>>().join("&");
        let page = self.send(host, path, Some(&form));
        self.follow(page)
    }

    fn follow(&mut self, mut page: Page) -> Page {
        while let Some(location) = page.location.take() {
            page = self.send(&page.host, &location, None);
        }
        assert_eq!(page.status, 200, "{}{}: {}", page.host, page.path, page.body);
        page
    }

    fn send(&mut self, host: &str, path: &str, form: Option<&str>) -> Page {
        let port = self.port;
        let cookies = self.cookies.iter().filter(|((of, _), _)| of == host);
        let cookies = cookies.map(|((_, name), value)| format!("{name}={value}"));
        let cookies = cookies.collect::<Vec<_>>().join("; ");
        let method = if form.is_some() { "POST" } else { "GET" };
        let form = form.unwrap_or_default();
        let request = format!(
            "{method} {path} HTTP/1.1\r\nhost: {host}:{port}\r\norigin: http://{host}:{port}\r\n\
             accept: text/html\r\ncookie: {cookies}\r\ncontent-length: {}\r\n\
             content-type: application/x-www-form-urlencoded\r\n\r\n{form}",
            form.len()
        );
        let connection = self.connections.entry(host.to_owned()).or_insert_with(|| {
            let stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
            stream.set_nodelay(true).unwrap();
            BufReader::new(stream)
        });
        let sent = Instant::now();
        connection.get_mut().write_all(request.as_bytes()).unwrap();
        let (status, headers) = head(connection);
        let of = |wanted: &str| {
            let named = headers.iter().filter(move |(name, _)| name == wanted);
            named.map(|(_, value)| value.clone()).collect::<Vec<_>>()
        };
        let length = of("content-length").first().map_or(0, |length| length.parse().unwrap());
        let mut body = vec![0; length];
        connection.read_exact(&mut body).unwrap();
        let time = sent.elapsed();
        for cookie in of("set-cookie") {
            let (name, value) = cookie.split(';').next().unwrap().split_once('=').unwrap();
            self.cookies.insert((host.to_owned(), name.to_owned()), value.to_owned());
        }
        let location = of("location").first().map(|to| match to.split_once("://") {
            Some((_, rest)) => {
                rest.split_once('/').map_or("/".to_owned(), |it| format!("/{}", it.1))
            }
            None => to.clone(),
        });
        let body = String::from_utf8(body).unwrap();
        Page { host: host.to_owned(), path: path.to_owned(), status, location, body, time }
    }
}

impl Page {
    /// The value of a hidden field.
    pub fn hidden(&self, name: &str) -> String {
        let (_, after) = self.body.split_once(&format!("name=\"{name}\" value=\"")).unwrap();
        after.split('"').next().unwrap().to_owned()
    }

    /// What stands in code after a mark.
    pub fn code_after(&self, mark: &str) -> String {
        let (_, after) = self.body.split_once(mark).unwrap();
        let (_, code) = after.split_once("<code>").unwrap();
        code.split("</code>").next().unwrap().replace("&amp;", "&")
    }
}

/// Status and headers of an answer, names in small letters.
fn head(connection: &mut BufReader<TcpStream>) -> (u16, Vec<(String, String)>) {
    let mut lines = Vec::new();
    loop {
        let mut line = String::new();
        assert!(connection.read_line(&mut line).unwrap() > 0, "the connection was closed");
        match line.trim_end() {
            "" => break,
            line => lines.push(line.to_owned()),
        }
    }
    let status = lines[0].split(' ').nth(1).unwrap().parse().unwrap();
    let headers = lines[1..].iter().filter_map(|line| line.split_once(": "));
    (status, headers.map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned())).collect())
}
