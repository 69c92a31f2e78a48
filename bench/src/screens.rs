//! Every screen of a resident with a history, over HTTP on loopback, beside a static page of the same
//! size from a server with the same layers. One request after the other, as one visitor makes them.

use inrou_web::percent;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::routing::get;
use inrou::sandbox::{DataFolder, Options, Sandbox};
use inrou_api::server::{Shell, listen, serve, shutdown};
use inrou_pki::SystemEntropy;
use tokio::runtime::Builder;

use crate::browser::{Browser, Page};
use crate::report::Row;

const PHONE: &str = "phone.localhost";
const PORTAL: &str = "localhost";
const OFFICE: &str = "office.localhost";

const CARD_PASSWORD: &str = "MIZUNO12";
const PHONE_PASSWORD: &str = "PHONE123";
const PHONE_PIN: &str = "7305";

/// How often each screen is asked for.
const TIMES: usize = 300;

/// The bars: of the time within which all but one of a hundred answers come, and of the page's bytes.
const SLOWEST: Duration = Duration::from_millis(50);
const HEAVIEST: usize = 100_000;

pub fn run() -> Vec<Row> {
    println!("screens: each {TIMES} times in a row, in easy Japanese, whose pages are the largest");
    let folder = tempfile::tempdir().unwrap();
    let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let sandbox = runtime.block_on(Sandbox::start(Options {
        folder: DataFolder::create(&folder.path().join("sandbox")).unwrap(),
        port: 0,
        start: Some("2026-11-24T01:00:00Z".parse().unwrap()),
        residents: None,
    }));
    let sandbox = sandbox.unwrap();
    let port = sandbox.base.rsplit(':').next().unwrap().parse().unwrap();
    let mut visitor = Visitor::new(port);
    visitor.walk();
    let slowest = visitor.measured.iter().max_by_key(|measured| measured.p99).unwrap();
    let heaviest = visitor.measured.iter().max_by_key(|measured| measured.bytes).unwrap();
    let rows = vec![slowest.row("the slowest"), heaviest.row("the heaviest")];
    assert!(slowest.p99 <= SLOWEST && heaviest.bytes <= HEAVIEST, "a screen is over its bar");
    runtime.block_on(sandbox.stop());
    rows
}

/// What was measured of a screen.
struct Measured {
    name: String,
    bytes: usize,
    p50: Duration,
    p99: Duration,
    limit: Duration,
}

impl Measured {
    fn row(&self, which: &str) -> Row {
        let Self { name, bytes, p50, p99, limit } = self;
        Row {
            benchmark: "screens",
            case: format!("{which}: {name}, {bytes} bytes"),
            measured: format!("p50 {:.2} ms, p99 {:.2} ms", ms(*p50), ms(*p99)),
            limit: format!("{:.2} ms", ms(*limit)),
            ratio: format!("{:.1}", p50.as_secs_f64() / limit.as_secs_f64()),
            bar: "p99 ≤ 50 ms, ≤ 100 kB",
        }
    }
}

fn ms(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}

/// Hana, who walks through every screen.
struct Visitor {
    browser: Browser,
    measured: Vec<Measured>,
}

impl Visitor {
    fn new(port: u16) -> Self {
        let mut browser = Browser::new(port);
        for host in [PHONE, PORTAL, OFFICE] {
            browser.speak(host, "ja-easy");
        }
        Self { browser, measured: Vec::new() }
    }

    fn walk(&mut self) {
        self.apply();
        self.register();
        for _ in 0..5 {
            self.log_in(false);
            self.browser.post(PORTAL, "/portal/logout", &[]);
        }
        self.log_in(true);
        for _ in 0..3 {
            self.send_application(false);
        }
        self.send_application(true);
        self.phone_pages();
        self.portal_pages();
        self.office();
        self.revoke();
    }

    fn apply(&mut self) {
        self.measure(PHONE, "/");
        self.measure(PHONE, "/phones/hana-phone");
        self.measure(PHONE, "/phones/hana-phone/prepare");
        self.browser.post(PHONE, "/phones/hana-phone/begin", &[("procedure", "apply")]);
        self.step("card-password", &[("secret", CARD_PASSWORD)]);
        let chosen = [("signature", "yes"), ("user_authentication", "yes"), ("confirmed", "yes")];
        self.step("choose", &chosen);
        self.step("read-card", &[("card", "hana")]);
        self.measure(PHONE, "/phones/hana-phone/procedure/read");
        let twice = |pin| [("secret", pin), ("again", pin)];
        self.step("new-signature-password", &twice(PHONE_PASSWORD));
        self.step("new-user-authentication-pin", &twice(PHONE_PIN));
    }

    fn register(&mut self) {
        self.until("/phones/hana-phone", "value=\"register\"");
        self.measure(PHONE, "/phones/hana-phone/notices");
        self.browser.post(PHONE, "/phones/hana-phone/begin", &[("procedure", "register")]);
        self.step("register", &[]);
        self.until("/phones/hana-phone/procedure", "/phones/hana-phone/check");
        self.measure(PHONE, "/phones/hana-phone/procedure");
    }

    /// Measures the page of a step, and takes the step.
    fn step(&mut self, step: &str, fields: &[(&str, &str)]) {
        self.until("/phones/hana-phone/procedure", &format!("value=\"{step}\""));
        self.measure_as(PHONE, "/phones/hana-phone/procedure", &format!("step {step}"));
        let step = [("step", step)];
        let fields = [&step[..], fields].concat();
        self.browser.post(PHONE, "/phones/hana-phone/procedure", &fields);
    }

    /// Asks for a page of the phone until it has these words.
    fn until(&mut self, path: &str, words: &str) -> Page {
        let found = (0..600).find_map(|_| {
            let page = Some(self.browser.look(PHONE, path));
            let page = page.filter(|page| page.body.contains(words));
            if page.is_none() {
                std::thread::sleep(Duration::from_millis(50));
            }
            page
        });
        found.expect("what is waited for comes within half a minute")
    }

    fn log_in(&mut self, measure: bool) {
        let page = self.browser.look(PORTAL, "/portal/login");
        let waits = self.browser.post(PORTAL, "/portal/login", &[("key", &page.hidden("key"))]);
        if measure {
            self.measure(PORTAL, "/portal/login/wait");
        }
        self.approve(&waits, PHONE_PIN, measure);
        self.browser.look(PORTAL, "/portal/login/wait");
    }

    /// Approves on the phone what a page asks for.
    fn approve(&mut self, page: &Page, secret: &str, measure: bool) {
        let link = page.code_after("</svg>");
        let path = format!("/phones/hana-phone/open?link={}", percent(&link));
        // Nothing is approved that was not shown.
        self.browser.look(PHONE, &path);
        if measure {
            self.measure_as(PHONE, &path, "what a site asks for");
        }
        let consent = [("link", link.as_str()), ("consent", "approve"), ("secret", secret)];
        let done = self.browser.post(PHONE, "/phones/hana-phone/consent", &consent);
        assert!(done.path.ends_with("/answered/done"), "{}", done.body);
    }

    fn send_application(&mut self, measure: bool) {
        let fields = [
            ("new_address", "埼玉県さいたま市浦和区見本町１－２"),
            ("moving_date", "2026-12-01"),
            ("reason", "転勤のため"),
        ];
        let path = "/portal/apply/moving-out";
        if measure {
            self.measure(PORTAL, path);
        }
        let review = [&fields[..], &[("act", "review")]].concat();
        let key = self.browser.post(PORTAL, path, &review).hidden("key");
        let send = [&fields[..], &[("act", "send"), ("key", key.as_str())]].concat();
        let waits = self.browser.post(PORTAL, path, &send);
        if measure {
            self.measure_as(PORTAL, &waits.path, "an application that waits for its signature");
        }
        self.approve(&waits, PHONE_PASSWORD, measure);
        if measure {
            self.measure_as(PORTAL, &waits.path, "an application that was received");
        }
    }

    fn phone_pages(&mut self) {
        for page in [
            "",
            "/contents",
            "/check",
            "/passkey",
            "/pins",
            "/pins/signature",
            "/pins/user-authentication",
            "/forgotten",
            "/open",
            "/answered/done",
            "/notices",
        ] {
            self.measure(PHONE, &format!("/phones/hana-phone{page}"));
        }
    }

    fn portal_pages(&mut self) {
        for page in [
            "",
            "/apply",
            "/apply/child-allowance",
            "/applications",
            "/notices",
            "/history",
            "/sessions",
            "/own",
            "/own/medicines",
            "/own/checkups",
            "/own/mother-and-child",
        ] {
            self.measure(PORTAL, &format!("/portal{page}"));
        }
        self.measure(PORTAL, "/connection");
        self.measure(PORTAL, "/");
        let mut stranger = Visitor::new(self.browser.port);
        stranger.measure_as(PORTAL, "/portal", "/portal of nobody");
        stranger.measure(PORTAL, "/portal/login");
        stranger.measure(PORTAL, "/portal/goodbye");
        self.measured.append(&mut stranger.measured);
    }

    fn office(&mut self) {
        self.measure(OFFICE, "/sign-in");
        let list = self.browser.post(OFFICE, "/sign-in", &[("municipality", "13221")]);
        self.measure(OFFICE, "/");
        let (_, file) = list.body.split_once("href=\"/applications/").unwrap();
        let file = format!("/applications/{}", file.split('"').next().unwrap());
        self.measure_as(OFFICE, &file, "a clerk's file");
    }

    fn revoke(&mut self) {
        self.browser.post(PHONE, "/phones/hana-phone/begin", &[("procedure", "revoke")]);
        self.step("confirm-revocation", &[("confirmed", "yes")]);
        self.step("phone-password", &[("secret", PHONE_PASSWORD)]);
        self.until("/phones/hana-phone/procedure", "class=\"told\"");
        self.measure_as(PHONE, "/phones/hana-phone/procedure", "revoked");
    }

    fn measure(&mut self, host: &str, path: &str) {
        self.measure_as(host, path, path);
    }

    /// Asks for a page many times, and for a static one of its size.
    fn measure_as(&mut self, host: &str, path: &str, name: &str) {
        let first = self.browser.get(host, path);
        assert_eq!(first.status, 200, "{host}{path}");
        let bytes = first.body.len();
        let times = times(|| self.browser.get(host, path).time);
        let place = host.strip_suffix(".localhost").unwrap_or("portal");
        let name = format!("{place} {name}");
        let (p50, p99) = (times[TIMES / 2], times[TIMES * 99 / 100]);
        let limit = static_page(first.body);
        println!(
            "{name:<58} {bytes:>6} bytes   p50 {:>6.2} ms   p99 {:>6.2} ms   static {:>5.2} ms",
            ms(p50),
            ms(p99),
            ms(limit)
        );
        self.measured.push(Measured { name, bytes, p50, p99, limit });
    }
}

/// Sorted.
fn times(mut one: impl FnMut() -> Duration) -> Vec<Duration> {
    let mut times: Vec<Duration> = (0..TIMES).map(|_| one()).collect();
    times.sort_unstable();
    times
}

/// How long the same bytes take from a handler that does nothing, the median.
fn static_page(body: String) -> Duration {
    let (trigger, told) = shutdown();
    let (sender, address) = std::sync::mpsc::channel();
    let server = std::thread::spawn(move || {
        let runtime = Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async move {
            let listener = listen("127.0.0.1:0".parse().unwrap()).await.unwrap();
            sender.send(listener.local_addr().unwrap().port()).unwrap();
            let page = axum::response::Html(body);
            let router = Router::new().route("/", get(async move || page));
            let shell = Shell::new("bench", Arc::new(SystemEntropy));
            serve(listener, shell.wrap(router), told).await;
        });
    });
    let mut browser = Browser::new(address.recv().unwrap());
    let times = times(|| browser.get("localhost", "/").time);
    drop(browser);
    trigger.pull();
    server.join().unwrap();
    times[TIMES / 2]
}
