//! The page and its forms, over a sandbox of a few residents.

use axum::body::Body;
use axum::extract::Request;
use axum::http::{Method, StatusCode, header};
use inrou_api::clock::Clock;
use inrou_api::server::{Trigger, shutdown};
use inrou_api::wire::phone::PhoneState;
use inrou_web::testing::bare_kanji;
use inrou_words::{Form as Rendered, Language};
use jiff::Timestamp;
use tempfile::TempDir;
use tower::ServiceExt;

use super::*;
use crate::residents::{BUILT_IN, parse};
use crate::sandbox::{DataFolder, Options, Sandbox};

/// A sandbox, and its home as a browser sees it.
struct Seen {
    sandbox: Sandbox,
    router: Router,
    _trigger: Trigger,
    folder: TempDir,
}

/// What was answered.
struct Answer {
    status: StatusCode,
    location: String,
    html: String,
}

impl Seen {
    async fn of(residents: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let sandbox = start(&folder, residents).await;
        let (trigger, told) = shutdown();
        let router = router(sandbox.keeper.clone(), told);
        Self { sandbox, router, _trigger: trigger, folder }
    }

    async fn ask(&self, request: axum::http::request::Builder, body: &str) -> Answer {
        let request: Request = request
            .header("host", "localhost")
            .header("accept", "text/html")
            .body(Body::from(body.to_owned()))
            .unwrap();
        let response = self.router.clone().oneshot(request).await.unwrap();
        let location = response.headers().get(header::LOCATION);
        let location = location.map_or("", |value| value.to_str().unwrap()).to_owned();
        let status = response.status();
        let body = axum::body::to_bytes(response.into_body(), 1_000_000).await.unwrap();
        Answer { status, location, html: String::from_utf8(body.to_vec()).unwrap() }
    }

    async fn look(&self, page: &str, language: Language) -> String {
        let language = match language {
            Language::JaEasy => "ja-x-easy",
            other => other.code(),
        };
        let request = Request::get(page).header("accept-language", language);
        let answer = self.ask(request, "").await;
        assert_eq!(answer.status, StatusCode::OK, "{page}");
        answer.html
    }

    /// Sends a form; gives the page that it leads to.
    async fn post(&self, path: &str, fields: &str) -> Answer {
        let request = Request::builder()
            .method(Method::POST)
            .uri(path)
            .header("sec-fetch-site", "same-origin")
            .header("content-type", "application/x-www-form-urlencoded");
        self.ask(request, fields).await
    }

    /// Sends a form, waits for its end, and looks at the page that tells how it went, in English.
    async fn send(&self, path: &str, fields: &str) -> String {
        let answer = self.post(path, fields).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{path} {fields}: {}", answer.html);
        let number = answer.location.strip_prefix("/?told=").unwrap().strip_suffix("#told");
        self.sandbox.keeper.fault_of(number.unwrap().parse().unwrap()).await;
        self.look(answer.location.trim_end_matches("#told"), Language::En).await
    }

    fn now(&self) -> Timestamp {
        self.sandbox.clock.now()
    }

    async fn phone(&self, name: &str) -> PhoneState {
        let phones = self.sandbox.anybody("/phone/v1").unwrap();
        phones.get(&format!("/phones/{name}")).answer().await.unwrap()
    }
}

async fn start(folder: &TempDir, residents: &[&str]) -> Sandbox {
    Sandbox::start(Options {
        folder: DataFolder::create(folder.path()).unwrap(),
        port: 0,
        start: Some(at("2026-11-24T10:00:00+09:00")),
        residents: Some(residents.iter().map(ToString::to_string).collect()),
    })
    .await
    .unwrap()
}

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn residents_are_shown_from_a_place_in_their_list_on() {
    let seen = Seen::of(&["hana", "taro"]).await;
    let shown = |html: &str| ["hana", "taro"].map(|who| html.contains(&format!("id=\"{who}\"")));
    let all = seen.look("/", Language::En).await;
    assert_eq!(shown(&all), [true, true]);
    assert!(!all.contains("First page"));
    let rest = seen.look("/?from=1", Language::En).await;
    assert_eq!(shown(&rest), [false, true]);
    assert!(rest.contains("First page"));
    assert_eq!(shown(&seen.look("/?from=2", Language::En).await), [true, true]);
}

/// The most that a page weighs, pictures aside.
#[tokio::test(flavor = "multi_thread")]
async fn the_page_with_all_built_in_residents_is_below_100_kb() {
    let residents = parse(BUILT_IN, jiff::civil::date(2026, 11, 21)).unwrap();
    let handles: Vec<String> =
        residents.iter().map(|resident| resident.handle.to_string()).collect();
    let handles: Vec<&str> = handles.iter().map(String::as_str).collect();
    let seen = Seen::of(&handles).await;
    let html = seen.look("/", Language::JaEasy).await;
    assert!(handles.iter().all(|who| html.contains(&format!("id=\"{who}\""))));
    assert!(html.len() <= 100_000, "{} bytes", html.len());
}

fn trouble(html: &str) -> &str {
    let code = html.split("data-code=\"").nth(1).unwrap_or("");
    code.split('"').next().unwrap_or("")
}

#[tokio::test(flavor = "multi_thread")]
async fn the_page_says_in_every_language_what_it_is_and_who_is_there() {
    let seen = Seen::of(&["hana", "taro", "kota", "nao", "mei"]).await;
    for (language, words) in [
        (Language::Ja, "政府のサービスではありません"),
        (Language::JaEasy, "<ruby>練習"),
        (Language::En, "not a service of the government"),
    ] {
        let html = seen.look("/", language).await;
        assert!(html.contains(words), "{words}");
        assert!(html.len() < 100_000, "{}", html.len());
        if language == Language::JaEasy {
            assert_eq!(bare_kanji(&html), [""; 0]);
        }
        let base = seen.sandbox.base.replacen("localhost", "phone.localhost", 1);
        for part in [
            &*format!("href=\"{base}/phones/taro-new?lang={}\" target=\"_blank\"", language.code()),
            &format!("href=\"{}/portal?lang=", seen.sandbox.base),
            "/ca/anchors.pem",
            "/authority/v1/openapi.json",
            "MIZUNO12",
            "id=\"clock\"",
            "Sandbox Phone 1",
        ] {
            assert!(html.contains(part), "{part}");
        }
        assert_eq!(html.matches(" id=\"told\"").count(), 0);
    }
    let html = seen.look("/", Language::En).await;
    assert!(html.contains("cannot carry certificates"), "kota’s phone (READY-2)");
    assert!(html.contains("locked"), "nao’s card (CARD-6)");
    assert!(html.contains("No phone."), "mei has none");
    seen.sandbox.stop().await;
}

#[test]
fn what_is_told_of_the_test_residents_has_its_readings() {
    for resident in parse(BUILT_IN, jiff::civil::date(2026, 11, 21)).unwrap() {
        let easy = resident.about.ja_easy.unwrap().render(Rendered::Html);
        assert_eq!(bare_kanji(&easy), [""; 0], "{}", resident.handle);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_clock_is_turned_by_every_form_and_never_back() {
    let seen = Seen::of(&["hana"]).await;
    for (fields, shows) in [
        ("turn=%2B15m", "2026-11-24T10:15:00+09:00"),
        ("turn=next-19-30", "2026-11-24T19:30:00+09:00"),
        ("turn=next-8", "2026-11-25T08:00:00+09:00"),
        ("turn=%2B5d", "2026-11-30T08:00:00+09:00"),
        ("turn=by&number=90&unit=m", "2026-11-30T09:30:00+09:00"),
        ("turn=to&date=2026-12-01&time=12:00", "2026-12-01T12:00:00+09:00"),
        ("turn=event&event=2027-06-11T15:00:00Z", "2027-06-12T00:00:00+09:00"),
    ] {
        let html = seen.send("/sandbox/clock", fields).await;
        assert!(html.contains("The clock was turned to"), "{fields}: {html}");
        let passed = seen.now().duration_since(at(shows)).as_secs();
        assert!((0..60).contains(&passed), "{fields}: {}", seen.now());
    }
    let before = seen.now();
    for (fields, code) in [
        ("turn=to&date=2026-12-01&time=12:00", "clock-backwards"),
        ("turn=to&date=9999-12-01&time=12:00", "time-out-of-range"),
        ("turn=to&date=&time=12:00", "day-not-readable"),
        ("turn=by&number=many&unit=h", "length-not-readable"),
        ("turn=by&number=0&unit=h", "length-not-readable"),
        ("turn=by&number=5&unit=y", "length-not-readable"),
        ("turn=event", "nothing-chosen"),
        ("", "nothing-chosen"),
    ] {
        let html = seen.send("/sandbox/clock", fields).await;
        assert_eq!(trouble(&html), code, "{fields}");
        assert!(seen.now().duration_since(before).as_secs() < 60, "{fields}");
    }
    let kept = seen.send("/sandbox/clock", "turn=to&date=2026-12-01&time=12:34").await;
    assert!(kept.contains("value=\"2026-12-01\"") && kept.contains("value=\"12:34\""));
    assert!(kept.contains("aria-invalid=\"true\""));
    seen.sandbox.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_form_is_taken_once_and_from_the_page_alone() {
    let seen = Seen::of(&["hana"]).await;
    let before = seen.now();
    let form = "once=7-1&turn=%2B5d";
    let first = seen.post("/sandbox/clock", form).await;
    let second = seen.post("/sandbox/clock", form).await;
    assert_eq!(first.location, second.location);
    assert_eq!(seen.now().duration_since(before).as_hours() / 24, 5);
    let page = seen.look("/", Language::En).await;
    assert_eq!(page.matches("method=\"post\"").count(), page.matches("name=\"once\"").count());
    for site in ["cross-site", "same-site"] {
        for path in ["clock", "scenario", "snapshots", "snapshots/choose", "reset"] {
            let request = Request::post(format!("/sandbox/{path}"))
                .header("sec-fetch-site", site)
                .header("content-type", "application/x-www-form-urlencoded");
            let fields = "turn=%2B5d&name=x&scenario=fresh&confirmed=yes";
            let answer = seen.ask(request, fields).await;
            assert_eq!(answer.status, StatusCode::FORBIDDEN, "{site} {path}");
            assert!(answer.html.contains("<h1>"), "it is told as a page");
        }
    }
    assert_eq!(seen.now().duration_since(before).as_hours() / 24, 5);
    assert!(seen.sandbox.keeper.snapshots().unwrap().is_empty());
    for path in ["clock", "scenario", "snapshots", "snapshots/choose", "reset"] {
        let answer = seen.ask(Request::get(format!("/sandbox/{path}")), "").await;
        assert_eq!((answer.status, &*answer.location), (StatusCode::SEE_OTHER, "/"), "{path}");
    }
    seen.sandbox.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_snapshot_brings_back_what_was_and_its_time() {
    let seen = Seen::of(&["hana"]).await;
    let html = seen.send("/sandbox/snapshots", "name=before-class").await;
    assert!(html.contains("was saved as “before-class”"), "{html}");
    assert!(html.contains("value=\"before-class\""), "it is listed");
    let phones = seen.sandbox.anybody("/phone/v1").unwrap();
    let new = inrou_api::wire::phone::NewPhone {
        name: "another".to_owned(),
        platform: inrou_rules::Platform::Android,
        model: "Sandbox Phone 8".to_owned(),
    };
    phones.post("/phones").json(&new).bytes().await.unwrap();
    seen.send("/sandbox/clock", "turn=%2B5d").await;
    let own = seen.folder.path().join("own-information.json");
    std::fs::write(&own, "{}").unwrap();

    for (path, fields, code) in [
        ("/sandbox/snapshots", "name=", "snapshot-name-malformed"),
        ("/sandbox/snapshots", "name=../etc", "snapshot-name-malformed"),
        ("/sandbox/snapshots", "name=before-class", "snapshot-name-taken"),
        ("/sandbox/snapshots/choose", "act=restore&confirmed=yes", "nothing-chosen"),
        ("/sandbox/snapshots/choose", "act=restore&snapshot=before-class", "loss-not-confirmed"),
        ("/sandbox/snapshots/choose", "act=delete&snapshot=none", "snapshot-unknown"),
        ("/sandbox/snapshots/choose", "act=delete&snapshot=..", "snapshot-unknown"),
    ] {
        assert_eq!(trouble(&seen.send(path, fields).await), code, "{path} {fields}");
    }
    assert_eq!(seen.phone("another").await.model, "Sandbox Phone 8");

    let restore = "act=restore&snapshot=before-class&confirmed=yes";
    let html = seen.send("/sandbox/snapshots/choose", restore).await;
    assert!(html.contains("“before-class” was restored"), "{html}");
    let since = seen.now().duration_since(at("2026-11-24T10:00:00+09:00"));
    assert!((0..120).contains(&since.as_secs()), "{}", seen.now());
    assert!(phones.get("/phones/another").bytes().await.is_err(), "it was bought afterwards");
    assert_eq!(seen.phone("hana-phone").await.name, "hana-phone");
    assert!(own.exists(), "the user's own files stay");

    let html = seen.send("/sandbox/snapshots/choose", "act=delete&snapshot=before-class").await;
    assert!(html.contains("None is saved."), "{html}");
    seen.sandbox.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reset_begins_anew_and_requests_wait_meanwhile() {
    let seen = Seen::of(&["hana"]).await;
    let before = seen.phone("hana-phone").await.chip;
    seen.send("/sandbox/clock", "turn=%2B5d").await;
    assert_eq!(trouble(&seen.send("/sandbox/reset", "").await), "loss-not-confirmed");
    assert_eq!(seen.phone("hana-phone").await.chip, before);

    let loan = seen.sandbox.keeper.note_loan();
    let refused = seen.sandbox.keeper.begin(Act::Reset).unwrap_err();
    assert_eq!(refused.code(), "card-busy", "another program has a chip");
    drop(loan);
    let number = seen.sandbox.keeper.begin(Act::Reset).unwrap();
    assert!(seen.sandbox.keeper.note_loan().is_none(), "chips are not lent meanwhile");
    assert_eq!(seen.sandbox.keeper.begin(Act::Reset).unwrap_err().code(), "sandbox-busy");
    for language in Language::ALL {
        let page = seen.look(&format!("/?told={number}"), language).await;
        assert!(page.contains("<progress"), "{page}");
        if language == Language::JaEasy {
            assert_eq!(bare_kanji(&page), [""; 0]);
        }
    }
    assert!(seen.look("/sandbox/progress?seen=255", Language::En).await.contains("percent"));
    // It waits at the gate, and is answered by the new one.
    assert_ne!(seen.phone("hana-phone").await.chip, before);
    assert!(seen.sandbox.keeper.fault_of(number).await.is_none());
    let page = seen.look(&format!("/?told={number}"), Language::En).await;
    assert!(page.contains("The sandbox has begun anew."), "{page}");
    assert!(is_just_after(seen.now(), "2026-11-24T10:00:00+09:00"), "{}", seen.now());
    assert!(page.contains("that it was started with, 24 November 2026, 10:00"), "{page}");
    seen.sandbox.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sandbox_begins_anew_at_the_time_that_was_said_last() {
    let folder = tempfile::tempdir().unwrap();
    let start = async |at: Option<&str>| {
        let folder = DataFolder::create(folder.path()).unwrap();
        let (start, residents) = (at.map(|at| at.parse().unwrap()), vec!["hana".to_owned()]);
        Sandbox::start(Options { folder, port: 0, start, residents: Some(residents) })
            .await
            .unwrap()
    };
    let first = start(Some("2026-11-24T12:00:00+09:00")).await;
    first.stop().await;
    let second = start(None).await;
    second.clock.advance_to(at("2027-03-01T09:00:00+09:00")).unwrap();
    second.carry_out(Act::Reset).await.unwrap();
    let now = second.clock.now();
    assert!(is_just_after(now, "2026-11-24T12:00:00+09:00"), "nobody said anew: {now}");
    second.carry_out(Act::Play("fresh".parse().unwrap())).await.unwrap();
    let now = second.clock.now();
    assert!(is_just_after(now, "2026-11-24T10:00:00+09:00"), "on that day: {now}");
    second.stop().await;
    let third = start(Some("2026-12-24T12:00:00+09:00")).await;
    third.carry_out(Act::Reset).await.unwrap();
    let now = third.clock.now();
    assert!(is_just_after(now, "2026-12-24T12:00:00+09:00"), "somebody did: {now}");
    third.stop().await;
}

/// Less than the time that a test may take.
fn is_just_after(now: Timestamp, then: &str) -> bool {
    (0..300).contains(&now.duration_since(at(then)).as_secs())
}

#[tokio::test(flavor = "multi_thread")]
async fn every_scenario_comes_to_its_end_and_says_so() {
    let seen = Seen::of(&["hana", "kenji"]).await;
    for name in crate::sandbox::ScenarioName::all() {
        let name = name.as_str();
        let fields = format!("scenario={name}&confirmed=yes");
        let html = seen.send("/sandbox/scenario", &fields).await;
        assert_eq!(trouble(&html), "", "{name}: {html}");
        assert!(html.contains("The scenario is ready"), "{name}");
        let shows = match name {
            "ready-to-register" => "ready to be registered",
            "registered" | "application-sent" | "near-expiry" => "carries certificates",
            "applied-at-night" => "waits for the notice",
            "given-up" => "revoked",
            "phone-held" => "on hold",
            "card-locked" => "locked",
            _ => "can carry certificates",
        };
        assert!(html.contains(shows), "{name}: {shows}");
    }
    for (fields, code) in [
        ("confirmed=yes", "nothing-chosen"),
        ("scenario=fresh", "loss-not-confirmed"),
        ("scenario=none&confirmed=yes", "scenario-unknown"),
    ] {
        assert_eq!(trouble(&seen.send("/sandbox/scenario", fields).await), code, "{fields}");
    }
    seen.sandbox.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_scenario_whose_resident_is_missing_is_refused_before_anything_is_lost() {
    let seen = Seen::of(&["hana"]).await;
    let before = seen.phone("hana-phone").await.chip;
    let html = seen.send("/sandbox/scenario", "scenario=near-expiry&confirmed=yes").await;
    assert_eq!(trouble(&html), "scenario-needs-resident");
    assert_eq!(seen.phone("hana-phone").await.chip, before);
    seen.sandbox.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_clock_in_every_header_leads_to_the_home() {
    let seen = Seen::of(&["hana"]).await;
    let link = format!("<a href=\"{}/#clock\">", seen.sandbox.base);
    assert!(seen.look("/", Language::En).await.contains(&link));
    for (host, page) in [
        ("localhost", "/portal"),
        ("phone.localhost", "/phones/hana-phone"),
        ("office.localhost", "/sign-in"),
    ] {
        let base = seen.sandbox.base.clone();
        let port: u16 = base.rsplit_once(':').unwrap().1.parse().unwrap();
        let html = tokio::task::spawn_blocking(move || fetch(port, host, page)).await.unwrap();
        assert!(html.contains(&link), "{host}{page}: {html}");
    }
    seen.sandbox.stop().await;
}

/// Asks as a browser does that resolves any name below `localhost` to this computer.
fn fetch(port: u16, host: &str, page: &str) -> String {
    use std::io::{Read, Write};
    let mut stream = std::net::TcpStream::connect(("127.0.0.1", port)).unwrap();
    let request = format!(
        "GET {page} HTTP/1.1\r\nhost: {host}:{port}\r\naccept: text/html\r\nconnection: close\r\n\r\n"
    );
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}
