//! The table of guide steps and screens says what is so.

#![allow(clippy::panic, clippy::unwrap_used, reason = "what helps a test fails by panicking")]

use std::collections::BTreeSet;
use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;

use inrou::sandbox::{DataFolder, Options, Sandbox};
use inrou_journeys::guides::{Place, Screen, TABLE, japanese, markdown};
use inrou_words::text;

#[test]
fn help_2_headings_and_buttons_say_the_guides_words() {
    let mut wrong = Vec::new();
    for step in &TABLE.steps {
        for quote in &step.says {
            let Some(why) = [
                (!text(&quote.code).exists()).then_some("has no text"),
                (quote.because.is_none() && !quote.is_said()).then_some("says something else"),
                (quote.because.is_some() && quote.is_said()).then_some("is the same: no reason"),
            ]
            .into_iter()
            .flatten()
            .next() else {
                continue;
            };
            let (code, words) = (&quote.code, &quote.words);
            wrong.push(format!("{}: {code} {why}: {words} / {}", step.id, japanese(code)));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_step_has_a_screen_or_a_reason_for_none() {
    for step in &TABLE.steps {
        match (&step.screen, &step.without) {
            (Some(_), None) => {}
            (None, Some(reason)) => {
                assert!(TABLE.without.contains_key(reason), "{}: {reason}", step.id);
                assert!(step.says.is_empty(), "{}: quotes what is on no screen", step.id);
            }
            _ => panic!("{}: a screen or a reason, one of them", step.id),
        }
    }
    for Screen { heading, .. } in screens() {
        assert!(text(heading).exists(), "{heading} has no text");
    }
    let mut ids = BTreeSet::new();
    for id in TABLE.steps.iter().flat_map(|step| step.ids()) {
        assert!(ids.insert(id), "{id} comes twice");
    }
}

#[test]
fn each_rule_of_the_table_is_in_the_rulebook() {
    let rulebook = repository("docs/rulebook.md");
    let rules: BTreeSet<&str> =
        rulebook.lines().filter_map(|line| line.strip_prefix("| ")?.split(" |").next()).collect();
    let steps = TABLE.steps.iter().flat_map(|step| &step.rules);
    for rule in steps.chain(TABLE.own.iter().flat_map(|own| &own.rules)) {
        assert!(rules.contains(rule.as_str()), "{rule}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_screen_of_the_table_is_served() {
    let folder = tempfile::tempdir().unwrap();
    let sandbox = Sandbox::start(Options {
        folder: DataFolder::create(folder.path()).unwrap(),
        port: 0,
        start: Some("2026-11-24T01:00:00Z".parse().unwrap()),
        residents: Some(vec!["hana".to_owned()]),
    })
    .await
    .unwrap();
    let asked: BTreeSet<(&str, String)> = screens().map(address).collect();
    let port = sandbox.base.rsplit(':').next().unwrap().parse().unwrap();
    for (host, path) in asked {
        // 2xx, or 3xx to where one has to go first.
        let status = status(port, host, &path);
        assert!(status.starts_with(['2', '3']), "{host} {path}: {status}");
    }
    sandbox.stop().await;
}

#[test]
fn a_journey_names_steps_and_rules_that_there_are() {
    let steps: BTreeSet<&str> = TABLE.steps.iter().flat_map(|step| step.ids()).collect();
    let unknown: Vec<String> = named_by_journeys()
        .into_iter()
        .filter(|name| is_step(name) && !steps.contains(name.as_str()))
        .collect();
    assert!(unknown.is_empty(), "guides.toml does not have {unknown:?}");
}

/// Steps that tests without a browser look at: `tests/connection.rs`, and the portal's of HELP-1.
const SEEN_WITHOUT_A_BROWSER: [&str; 2] = ["S0 1-D 2", "S0 1-F"];

#[test]
fn each_step_with_a_screen_is_seen_on_a_journey() {
    let named = named_by_journeys();
    let is_seen = |id: &str| {
        let step = TABLE.steps.iter().find(|step| step.ids().any(|own| own == id));
        step.is_some_and(|step| step.ids().any(|own| named.contains(own)))
    };
    let with_screen = TABLE.steps.iter().filter(|step| step.screen.is_some());
    let unseen: Vec<&str> = with_screen
        .filter(|step| !is_seen(step.with.as_ref().unwrap_or(&step.id)))
        .map(|step| step.id.as_str())
        .collect();
    assert_eq!(unseen, SEEN_WITHOUT_A_BROWSER);
}

#[test]
fn the_committed_table_is_what_the_file_says() {
    let committed = repository("docs/screens.md");
    assert!(committed == markdown(), "docs/screens.md is old: `cargo xtask docs`");
}

fn screens() -> impl Iterator<Item = &'static Screen> {
    let steps = TABLE.steps.iter().filter_map(|step| step.screen.as_ref());
    steps.chain(TABLE.own.iter().map(|own| &own.screen))
}

/// Host and path of a screen. What is asked of an application that is not there, or by nobody who is
/// logged in, is answered all the same: by a page that leads on.
fn address(screen: &Screen) -> (&'static str, String) {
    let host = match screen.place {
        Place::Phone => "phone.localhost",
        Place::Portal | Place::Sandbox => "localhost",
        Place::Office => "office.localhost",
    };
    (host, screen.path.replace("{phone}", "hana-phone").replace("{application}", "none"))
}

/// The status of the answer to a browser that is not logged in.
fn status(port: u16, host: &str, path: &str) -> String {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    let request = format!(
        "GET {path} HTTP/1.1\r\nhost: {host}:{port}\r\naccept: text/html\r\nconnection: close\r\n\r\n"
    );
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer.strip_prefix("HTTP/1.1 ").unwrap().split(' ').next().unwrap().to_owned()
}

/// A file of the repository, by its path from the root.
fn repository(path: &str) -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    fs::read_to_string(root.join(path)).unwrap()
}

/// What the journeys in the browser name in quotes: steps, rules, codes.
fn named_by_journeys() -> BTreeSet<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/screens");
    let files = fs::read_dir(folder).unwrap().map(|file| file.unwrap().path());
    let text = files.filter(|file| file.extension().is_some_and(|it| it == "rs"));
    let text: String = text.map(|file| fs::read_to_string(file).unwrap()).collect();
    text.split('"').skip(1).step_by(2).map(str::to_owned).collect()
}

/// Whether a name is that of a guide's step: `S0 2-C 4`.
fn is_step(name: &str) -> bool {
    let guide = name.split(' ').next().unwrap_or_default();
    name.len() > guide.len() && ["S0", "S1", "S2", "S3", "S4"].contains(&guide)
}
