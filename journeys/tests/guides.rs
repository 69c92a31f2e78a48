//! The table of guide steps and screens says what is so.

#![allow(clippy::panic, clippy::unwrap_used, reason = "what helps a test fails by panicking")]

#[allow(dead_code, reason = "the journeys through the screens need more of it")]
#[path = "screens/bank.rs"]
mod bank;
#[path = "desk/sign_in.rs"]
mod desk;
#[allow(dead_code, reason = "the attacks on the screens need more of it")]
#[path = "misuse/hana.rs"]
mod hana;
#[allow(dead_code, reason = "the journeys through the screens need more of it")]
#[path = "screens/house.rs"]
mod house;
#[allow(dead_code, reason = "the attacks on the screens need more of it")]
#[path = "misuse/http.rs"]
mod http;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use inrou_api::wire::phone::{Procedure, Step as OfPhone};
use inrou_journeys::guides::{Place, Screen, Step, TABLE, japanese, markdown};
use inrou_journeys::hana::step;
use inrou_words::text;
use url::Url;

use house::House;
use http::{Page, Visitor};

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
    for Screen { heading, .. } in TABLE.screens() {
        assert!(text(heading).exists(), "{heading} has no text");
    }
    let mut ids = BTreeSet::new();
    for id in TABLE.steps.iter().flat_map(|step| step.ids()) {
        assert!(ids.insert(id), "{id} comes twice");
    }
}

#[test]
fn the_readmes_list_each_step_that_is_not_served() {
    for (readme, heading) in
        [("README.md", "## Not served yet"), ("README.ja.md", "## まだできないこと")]
    {
        let whole = repository(readme);
        let (_, list) = whole.split_once(heading).unwrap();
        let list = list.split("\n## ").next().unwrap();
        let cells =
            list.lines().filter_map(|line| line.trim_matches(['|', ' ']).rsplit(" | ").next());
        let listed: BTreeSet<&str> =
            cells.flat_map(|cell| cell.split([',', '、'])).map(str::trim).collect();
        for step in &TABLE.steps {
            let is_missing = step.without.as_deref() == Some("not-served");
            assert_eq!(listed.contains(step.id.as_str()), is_missing, "{readme}: {}", step.id);
        }
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

/// Screens that may be there only in the midst of something: at other times one is led on from there. The
/// journeys in the browser look at them.
const IN_THE_MIDST: [&str; 21] = [
    "/calls/{call}",
    "/invitations/{token}",
    "/staff/{member}",
    "/residents/{resident}",
    "/residents/{resident}/{matter}",
    "/phones/hana-phone/answered/cannot",
    "/phones/hana-phone/answered/done",
    "/phones/hana-phone/answered/refused",
    "/phones/hana-phone/procedure/read",
    "/phones/hana-phone/procedure/weak-pin",
    "/phones/hana-phone/proof",
    "/portal/deletion-receipt",
    "/provider/log-ins/{transaction}",
    "/provider/log-ins/{transaction}/number",
    "/api/realms/main/protocol/openid-connect/logout",
    "/provider/console/clients/{client}",
    "/provider/console/clients/{client}/change",
    "/provider/console/clients/{client}/metadata",
    "/provider/console/clients/{client}/registration",
    "/provider/staff/clients/{client}",
    "/provider/console/clients/{client}/transactions/{transaction}",
];

#[tokio::test(flavor = "multi_thread")]
async fn each_screen_of_the_table_is_served_with_its_heading() {
    let house = House::where_hana_has_certificates().await;
    let stranger = Visitor::at(house.sandbox.base.clone());
    let mut portal = hana::logs_in(&house).await;
    let application = hana::applies(&house, &mut portal).await;
    let consent = bank::hana_consents(&house).await;
    let revoke = OfPhone::Begin { procedure: Procedure::Revoke, usage: None };
    step(&house.sandbox.anybody("/phone/v1").unwrap(), revoke).await;
    let clerk = hana::clerk(&house).await;
    let strange_clerk = Visitor::at(clerk.base.clone());
    let phone = hana::phone(&house);

    let mut headings: BTreeMap<(Place, String), BTreeSet<String>> = BTreeMap::new();
    for Screen { place, path, heading } in TABLE.screens() {
        let address = filled(path, &application, &consent);
        headings.entry((*place, address)).or_default().insert(japanese(heading));
    }
    let mut wrong = Vec::new();
    for ((place, address), known) in headings {
        let visitors = match place {
            Place::Phone => vec![phone.clone()],
            Place::Portal => vec![portal.clone(), stranger.clone()],
            Place::Office => vec![clerk.clone(), strange_clerk.clone()],
            Place::Provider if IN_THE_MIDST.contains(&&*address) => Vec::new(),
            Place::Provider | Place::Sandbox => vec![stranger.clone()],
            Place::Hotline | Place::Desk if IN_THE_MIDST.iter().any(|path| *path == address) => {
                Vec::new()
            }
            Place::Hotline => vec![
                desk::signs_in(&house, place.host(), "早川").await,
                Visitor::at(house.at_host(place.host())),
            ],
            Place::Desk => vec![
                desk::signs_in(&house, place.host(), "青木").await,
                Visitor::at(house.at_host(place.host())),
            ],
            Place::Clinic | Place::Kiosk => vec![Visitor::at(house.at_host(place.host()))],
        };
        let mut seen = BTreeSet::new();
        for mut visitor in visitors {
            let page = visitor.send("GET", &address, &[("accept-language", "ja")], "").await;
            match page.status {
                200 => _ = seen.insert(heading(&page)),
                status => assert_eq!(status, 303, "{place} {address}"),
            }
        }
        let is_missing = seen.is_empty() && !IN_THE_MIDST.contains(&&*address);
        if is_missing || !seen.is_subset(&known) {
            wrong.push(format!("{place} {address}: {seen:?}, not of {known:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    house.ends().await;
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

#[test]
fn each_step_with_a_screen_is_seen_on_a_journey() {
    let seen = seen_on_journeys();
    let is_seen = |step: &Step| step.ids().any(|id| seen.contains(id));
    for step in TABLE.steps.iter().filter(|step| step.screen.is_some()) {
        let page = step.with.as_ref().map_or(Some(step), |with| TABLE.step(with)).unwrap();
        assert!(is_seen(page), "{}", step.id);
        assert_eq!(step.screen, page.screen, "{} is on another page", step.id);
    }
}

/// Screens for when the authority does not answer, or a chip does not: tests of the phone look at them.
const SEEN_WITHOUT_A_BROWSER: [&str; 2] = ["step.delete", "step.complete"];

#[test]
fn each_screen_that_no_guide_shows_is_seen_on_a_journey() {
    let seen = seen_on_journeys();
    let own = TABLE.own.iter().map(|own| own.screen.heading.as_str());
    let unseen: Vec<&str> = own.filter(|heading| !seen.contains(*heading)).collect();
    assert_eq!(unseen, SEEN_WITHOUT_A_BROWSER);
}

#[test]
fn a_page_with_another_heading_or_elsewhere_is_not_the_screen_of_a_step() {
    let at = |address: &str| Url::parse(address).unwrap();
    let menu = "http://phone.localhost:8765/phones/hana-phone?told=1";
    assert!(TABLE.has("S0 2-C 2", "button.menu", &at(menu)));
    assert!(TABLE.has("S2 2-C 2", "button.menu", &at(menu)), "the same step elsewhere");
    assert!(TABLE.has("APPLY-1", "button.menu", &at(menu)), "under a rule's name");
    assert!(!TABLE.has("S0 2-C 2", "prepare.title", &at(menu)), "another heading");
    assert!(!TABLE.has("S0 2-C 3", "button.menu", &at(menu)), "another step");
    assert!(!TABLE.has("APPLY-1", "button.apply", &at(menu)), "no screen has that heading");
    for elsewhere in [
        "http://localhost:8765/phones/hana-phone",
        "http://phone.localhost:8765/phones/hana-phone/prepare",
        "http://phone.localhost:8765/phones",
    ] {
        assert!(!TABLE.has("S0 2-C 2", "button.menu", &at(elsewhere)), "{elsewhere}");
    }
}

#[test]
fn the_committed_table_is_what_the_file_says() {
    let committed = repository("docs/screens.md");
    assert!(committed == markdown(), "docs/screens.md is old: `cargo xtask docs`");
}

/// A path with what differs filled in.
fn filled(path: &str, application: &str, consent: &str) -> String {
    let parts = [
        ("{phone}", "hana-phone"),
        ("{application}", application),
        ("{consent}", consent),
        ("{procedure}", "moving-out"),
        ("{usage}", "signature"),
    ];
    parts.into_iter().fold(path.to_owned(), |path, (part, with)| path.replace(part, with))
}

/// A page's heading.
fn heading(page: &Page) -> String {
    let heading = page.between("<h1", "</h1>");
    // Without what keeps long words on one line.
    let words = heading.split('<').filter_map(|part| part.split_once('>'));
    words.map(|(_, words)| words).collect::<String>().trim().to_owned()
}

/// A file of the repository, by its path from the root.
fn repository(path: &str) -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    fs::read_to_string(root.join(path)).unwrap()
}

/// What the journeys in the browser name in quotes: steps, rules, codes.
fn named_by_journeys() -> BTreeSet<String> {
    quotes().into_iter().map(|(_, quote)| quote).collect()
}

/// What of it they look at as a screen: the step and the heading of `sees("S0 2-C 2", "button.menu")`. What is
/// pressed, waited for or told there is not.
fn seen_on_journeys() -> BTreeSet<String> {
    let quotes = quotes();
    let is_step = |before: &str| before.ends_with("sees(");
    let names = |pair: &[(String, String)]| {
        let [(before, step), (between, heading)] = pair else { return Vec::new() };
        match (is_step(before), between.as_str()) {
            (true, ",") => vec![step.clone(), heading.clone()],
            _ => Vec::new(),
        }
    };
    quotes.windows(2).flat_map(names).collect()
}

/// What the journeys have in quotes, each with what stands between it and the one before.
fn quotes() -> Vec<(String, String)> {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests");
    let folders = ["screens", "places"].map(|folder| fs::read_dir(tests.join(folder)).unwrap());
    let files = folders.into_iter().flatten().map(|file| file.unwrap().path());
    let text = files.filter(|file| file.extension().is_some_and(|it| it == "rs"));
    let text: String = text.map(|file| fs::read_to_string(file).unwrap()).collect();
    let pieces: Vec<&str> = text.split('"').collect();
    let pairs = pieces.chunks_exact(2);
    pairs.map(|pair| (pair[0].trim().to_owned(), pair[1].to_owned())).collect()
}

/// Whether a name is that of a guide's step: `S0 2-C 4`.
fn is_step(name: &str) -> bool {
    let guide = name.split(' ').next().unwrap_or_default();
    name.len() > guide.len() && ["S0", "S1", "S2", "S3", "S4"].contains(&guide)
}
