//! The fleet, its API, and chips that are lent or damaged.

use axum::http::Method;
use inrou_api::page::Page;
use inrou_api::problem::Code;
use inrou_api::wire::phone::{NextStep, PhoneState, PhoneSummary};
use inrou_chip::memory::FileMedium;
use inrou_phone::NotLent;
use inrou_rules::Platform;
use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::world::{World, begin};

fn phone(name: &str) -> Value {
    json!({"name": name, "platform": "iphone", "model": "iPhone"})
}

#[tokio::test(flavor = "multi_thread")]
async fn phones_are_bought_listed_in_pages_and_kept() {
    let world = World::new().await;
    for name in ["a", "b-2", "z"] {
        let bought: PhoneState = world.post("/phones", phone(name)).await.unwrap();
        assert_eq!((bought.name.as_str(), bought.platform), (name, Platform::Iphone));
        assert_eq!((bought.procedure, bought.certificates.len()), (None, 0));
    }
    // What is unfinished or no phone is not one.
    std::fs::create_dir(world.fleet_directory().join(".y.new")).unwrap();
    std::fs::create_dir(world.fleet_directory().join("empty")).unwrap();
    std::fs::write(world.fleet_directory().join("notes.txt"), "x").unwrap();
    world.reopen().await;
    let (mut names, mut query) = (Vec::new(), "?limit=2".to_owned());
    loop {
        assert!(names.len() < 10, "no end to them: {names:?}");
        let page: Page<PhoneSummary> = world.get(&format!("/phones{query}")).await.unwrap();
        names.extend(page.items.into_iter().map(|phone| phone.name));
        match page.next {
            Some(next) => query = format!("?limit=2&cursor={}", next.as_str()),
            None => break,
        }
    }
    assert_eq!(names, ["a", "b-2", "p", "z"]);
    let ids: Vec<_> =
        [world.get::<PhoneState>("/phones/a"), world.get("/phones/z")].map(|phone| phone).into();
    let mut chips = Vec::new();
    for phone in ids {
        chips.push(phone.await.unwrap().chip);
    }
    assert_ne!(chips[0], chips[1]);
}

#[tokio::test(flavor = "multi_thread")]
async fn no_more_phones_are_bought_in_a_minute_than_may() {
    let world = World::new().await;
    // One was bought for this world.
    for number in 1..100 {
        // No name for a phone: nothing is made, and it counts all the same.
        let name = format!("No {number}");
        let refused = world.post::<PhoneState>("/phones", phone(&name)).await.unwrap_err();
        assert_eq!(refused.code, "bad-request");
    }
    let refused = world.post::<PhoneState>("/phones", phone("one")).await.unwrap_err();
    assert_eq!((refused.code.as_str(), refused.status), ("too-many-requests", 429));
    assert_eq!(refused.params["wait"], "60");
    world.advance(SignedDuration::from_mins(1));
    world.post::<PhoneState>("/phones", phone("one")).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn hours_2_a_phone_remembers_the_newest_notices() {
    let world = World::new().await;
    world.obey_until_it_waits().await;
    for _ in 0..250 {
        world.authority.tell();
    }
    world.hear(250).await;
    let all: Value = world.get("/phones/p/notices").await.unwrap();
    let sequences: Vec<_> = all["notices"]
        .as_array()
        .unwrap()
        .iter()
        .map(|n| n["sequence"].as_u64().unwrap())
        .collect();
    assert_eq!(sequences, (51..=250).collect::<Vec<u64>>());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_is_given_once_and_leads_nowhere_else() {
    let world = World::new().await;
    assert_eq!(
        world.post::<PhoneState>("/phones", phone("p")).await.unwrap_err().code,
        "phone-name-taken"
    );
    let long = "a".repeat(41);
    for name in ["", ".", "..", "../x", "A", "a b", "-a", "花", &long] {
        let problem = world.post::<PhoneState>("/phones", phone(name)).await.unwrap_err();
        assert_eq!(problem.code, "bad-request", "{name}");
    }
    for model in [String::new(), "m".repeat(101)] {
        let phone = json!({"name": "m", "platform": "android", "model": model});
        let problem = world.post::<PhoneState>("/phones", phone).await.unwrap_err();
        assert_eq!(problem.code, "bad-request");
    }
    for path in ["/phones/q", "/phones/..%2Fp", "/phones/P"] {
        assert_eq!(world.get::<PhoneState>(path).await.unwrap_err().code, "not-found", "{path}");
    }
    // A purchase that was cut off is made anew.
    let unfinished = world.fleet_directory().join(".q.new");
    std::fs::create_dir(&unfinished).unwrap();
    std::fs::write(unfinished.join("q.chip"), "half a").unwrap();
    world.post::<PhoneState>("/phones", phone("q")).await.unwrap();
    assert!(!unfinished.exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fleet_touches_no_phone_before_it_is_used() {
    let world = World::new().await;
    world.reopen().await;
    drop(FileMedium::open(&world.chip_file("p")).unwrap());
    std::fs::write(world.fleet_directory().join("p").join("phone.json"), "not json").unwrap();
    world.reopen().await;
    world.post::<PhoneState>("/phones", phone("q")).await.unwrap();
    assert_eq!(world.get::<PhoneState>("/phones/p").await.unwrap_err().code, "internal-error");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_chip_that_is_lent_leaves_its_phone_busy_until_it_is_back() {
    let world = World::new().await;
    world.step(begin("apply")).await.unwrap();
    while world.next().await != NextStep::ReadCard {
        world.obey().await.unwrap();
    }
    let fleet = world.fleet();
    let lend = |fleet: std::sync::Arc<inrou_phone::Fleet>| {
        tokio::task::spawn_blocking(move || fleet.lend("p", "inrou card attach"))
    };
    // REG-4: not before its holder allowed it.
    let forbidden = lend(fleet.clone()).await.unwrap().unwrap_err();
    assert!(matches!(forbidden, NotLent::Forbidden), "{forbidden}");
    let allowed = Some(json!({"allowed": true}));
    world.call(Method::PUT, "/phones/p/contactless", allowed).await.unwrap();
    lend(fleet.clone()).await.unwrap().unwrap();
    let again = lend(fleet.clone()).await.unwrap().unwrap_err();
    assert!(matches!(&again, NotLent::Problem(busy) if busy.is(Code::PHONE_BUSY)), "{again}");
    let borrowed = FileMedium::open(&world.chip_file("p")).unwrap();
    assert_eq!(world.obey().await.unwrap_err().code, "phone-busy");
    let contents = world.post::<Value>("/phones/p/contents", json!({})).await;
    assert_eq!(contents.unwrap_err().code, "phone-busy");
    // Nobody is told that no reader reaches it while one does.
    let withdraws =
        || world.call(Method::PUT, "/phones/p/contactless", Some(json!({"allowed": false})));
    assert_eq!(withdraws().await.unwrap_err().code, "phone-busy");
    assert!(world.state().await.contactless, "as it was");
    drop(borrowed);
    let back = fleet.clone();
    tokio::task::spawn_blocking(move || back.take_back("p")).await.unwrap().unwrap();
    withdraws().await.unwrap();
    let forbidden = lend(fleet).await.unwrap().unwrap_err();
    assert!(matches!(forbidden, NotLent::Forbidden), "{forbidden}");
    world.obey_to_the_end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_damaged_chip_file_is_told() {
    let world = World::new().await;
    world.reopen().await;
    std::fs::write(world.chip_file("p"), "not a chip").unwrap();
    let problem = world.post::<Value>("/phones/p/contents", json!({})).await.unwrap_err();
    assert_eq!(
        (problem.code.as_str(), problem.params["path"].as_str()),
        ("chip-file-damaged", "p")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn malformed_requests_are_refused() {
    let world = World::new().await;
    for body in [
        json!(null),
        json!({}),
        json!({"step": "nothing"}),
        json!({"step": "card-password"}),
        json!({"step": "card-password", "password": 5}),
        json!({"step": "card-password", "password": "A12345", "more": 1}),
        json!({"step": "begin", "procedure": "dance"}),
    ] {
        assert_eq!(world.refused(body.clone()).await, "body-malformed", "{body}");
    }
    let usage = world.post::<Value>("/phones/p/pins/both", json!({})).await.unwrap_err();
    assert_eq!(usage.code, "not-found");
    let id = world.post::<Value>("/phones/p/transactions/xyz/consent", json!({})).await;
    assert_eq!(id.unwrap_err().code, "not-found");
    let query = world.get::<Value>("/phones/p/notices?since=x").await.unwrap_err();
    assert_eq!(query.code, "bad-request");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_api_describes_itself_with_its_queries() {
    let world = World::new().await;
    let document: Value = world.get("/openapi.json").await.unwrap();
    let paths = document["paths"].as_object().unwrap();
    assert_eq!(paths.len(), 12);
    assert!(paths.keys().all(|path| path.starts_with("/phone/v1/")));
    let parameters = |path: &str, method: &str| {
        let operation = &paths[path][method];
        let parameters = operation["parameters"].as_array().unwrap();
        let mut names: Vec<_> =
            parameters.iter().map(|each| each["name"].as_str().unwrap().to_owned()).collect();
        names.sort();
        names
    };
    assert_eq!(parameters("/phone/v1/phones", "get"), ["cursor", "limit"]);
    let notices = parameters("/phone/v1/phones/{name}/notices", "get");
    assert_eq!(notices, ["name", "since", "wait"]);
    let answer = world.call(Method::GET, "/phones/p/nothing", None).await;
    assert_eq!(answer.unwrap_err().code, "not-found");
}
