//! USE-1, REG-4: a site asks who somebody is, and for signatures; the developer's console. The site is a
//! program by npm openid-client, its visitor's browser and phone are this one.

use axum::Router;
use axum::response::Html;
use inrou_journeys::browser::{Person, Way};
use inrou_journeys::hana::{PHONE_PASSWORD, PHONE_PIN};
use inrou_words::Language;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use url::Url;

use crate::foreign::{Site, Stack, Wish, registered};
use crate::house::House;

in_every_way!(
    use_1_a_log_in_with_what_is_given,
    use_1_a_document_is_signed,
    use_1_a_digest_is_signed,
    use_1_refused_and_too_late,
    use_1_what_cannot_be_done_is_told_to_the_site,
    reg_4_a_site_is_registered_and_its_log_is_read,
    use_1_a_site_logs_somebody_out,
);

const DOCUMENT: &str = "口座開設申込書\n氏名：水野　花\n";

/// Where sites get their visitors back: a page of its own, until the test ends.
struct Back {
    address: String,
    serving: tokio::task::JoinHandle<()>,
}

impl Back {
    async fn open() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://localhost:{}/back", listener.local_addr().unwrap().port());
        let page = "<!doctype html><html lang=en><title>Site</title><h1 id=back>Site</h1></html>";
        let router = Router::new().fallback(move || async move { Html(page) });
        let serving = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { address, serving }
    }

    /// With what somebody has come back.
    async fn came(&self, person: &Person) -> Url {
        person.waits_for_some("#back").await;
        let address: Url = person.address().await.parse().unwrap();
        assert!(address.as_str().starts_with(&self.address), "{address}");
        address
    }
}

impl Drop for Back {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

/// Why somebody has come back with nothing.
fn code(address: &Url) -> String {
    let mut pairs = address.query_pairs();
    pairs.find(|(name, _)| name == "inrou_code").map(|(_, code)| code.into_owned()).unwrap()
}

/// A site that asks, and always for the number.
async fn site(house: &House, back: &Back, order: Option<Value>) -> Site {
    let (redirect_uri, number_check) = (back.address.clone(), "always");
    let wish = Wish { redirect_uri, number_check, order, ..Wish::default() };
    Site::with(&house.sandbox, &Stack::OpenidClient, wish).await
}

/// Goes where a site sends its visitors, in the language that she speaks.
async fn is_sent(person: &Person, site: &Site) {
    let locale = match person.way.language {
        Language::JaEasy => "ja-x-easy",
        other => other.code(),
    };
    person.goes_to(&format!("{}&ui_locales={locale}", site.url)).await;
    person.waits_for("site-log-in.title").await;
}

/// The phone reads the code of the page, and shows what is asked.
async fn scans(phone: &Person, desk: &Person, house: &House) {
    phone.goes_to(&house.phone("hana-phone", "")).await;
    phone.presses("scan.title").await;
    phone.waits_for("scan.title").await;
    if !desk.way.scripts {
        desk.presses("hand-over.new-code").await;
    }
    // What the code says stands below it.
    let link = desk.reads("[data-renews] code").await;
    phone.types("scan.link", &link).await;
    phone.presses("button.next").await;
}

/// Opens the app on the same device.
async fn opens_the_app(hana: &Person) {
    hana.presses("hand-over.open-app").await;
    hana.waits_for("open.title").await;
    hana.presses_words(&hana.reads(".menu a").await).await;
}

/// Types the number that the phone shows where it was begun, and is back at the site.
async fn types_the_number(desk: &mut Person, phone: &Person, back: &Back) -> Url {
    phone.waits_for("answered.done").await;
    let number = phone.reads(".number strong").await;
    if !desk.way.scripts {
        desk.presses("hand-over.look").await;
    }
    desk.sees("USE-1", "hand-over.number-title").await;
    desk.types("hand-over.number", &number).await;
    desk.presses("hand-over.confirm").await;
    back.came(desk).await
}

/// What a phone is to show of a request, and how it is approved.
struct Asked {
    title: &'static str,
    /// Codes of texts that are on the page.
    says: &'static [&'static str],
    /// Words that are.
    shows: &'static [&'static str],
    /// What is typed, by the fields' labels.
    typed: &'static [(&'static str, &'static str)],
    button: &'static str,
}

const LOG_IN: Asked = Asked {
    title: "transaction-page.log-in",
    says: &["attribute.name", "attribute.address", "attribute.birthdate", "attribute.gender"],
    shows: &["見本銀行", "localhost"],
    typed: &[("transaction-page.pin", PHONE_PIN)],
    button: "button.log-in",
};

const DOCUMENT_TO_SIGN: Asked = Asked {
    title: "transaction-page.sign",
    says: &["transaction-page.what-for", "transaction-page.document", "transaction-page.proof"],
    shows: &["見本銀行", "localhost", "口座を開くため", "氏名：水野 花"],
    typed: &[("step.phone-password-of", PHONE_PASSWORD), ("transaction-page.pin", PHONE_PIN)],
    button: "button.sign",
};

const DIGEST_TO_SIGN: Asked = Asked {
    says: &["transaction-page.what-for", "transaction-page.unseen", "transaction-page.digest"],
    shows: &["見本銀行", "localhost", "契約", "0707070707"],
    ..DOCUMENT_TO_SIGN
};

/// Looks at what is asked, and approves it.
async fn approves(hana: &mut Person, asked: &Asked) {
    hana.sees("USE-1", asked.title).await;
    for code in asked.says {
        assert!(hana.page_says(&hana.words(code)).await, "{code}");
    }
    for words in asked.shows {
        assert!(hana.page_says(words).await, "{words}");
    }
    let refuses = hana.words("button.refuse");
    assert_eq!(hana.reads("button[value=refuse]").await, refuses);
    assert_eq!(hana.counts("button[value=refuse].secondary").await, 0, "as plain as the other");
    types(hana, asked).await;
    hana.presses(asked.button).await;
}

async fn types(hana: &Person, asked: &Asked) {
    for (field, secret) in asked.typed {
        hana.types(field, secret).await;
    }
}

/// What is asked, by the QR code from another device, then on the same one.
async fn in_both_ways(way: Way, names: [&'static str; 2], asked: &Asked, order: Option<Value>) {
    let house = House::of_now_where_hana_has_certificates().await;
    let back = Back::open().await;
    let [mut desk, mut phone] = Person::with_two(names, way).await;
    let mut bank = site(&house, &back, order.clone()).await;
    is_sent(&desk, &bank).await;
    desk.sees("REG-4", "site-log-in.title").await;
    scans(&phone, &desk, &house).await;
    approves(&mut phone, asked).await;
    let told = bank.comes_back(types_the_number(&mut desk, &phone, &back).await.as_str());
    assert_eq!(told["id_token"]["flow"], "qr");
    let was_given = |told: &Value| match order {
        None => assert_eq!(told["userinfo"]["name"], "水野　花"),
        Some(_) => assert!(told["signature"].as_str().unwrap().len() > 300),
    };
    was_given(&told);

    let mut bank = site(&house, &back, order.clone()).await;
    is_sent(&phone, &bank).await;
    opens_the_app(&phone).await;
    phone.waits_for(asked.title).await;
    types(&phone, asked).await;
    phone.presses(asked.button).await;
    phone.waits_for("answered.done").await;
    phone.presses("answered.return").await;
    let told = bank.comes_back(back.came(&phone).await.as_str());
    assert_eq!(told["id_token"]["flow"], "same-device");
    was_given(&told);
    desk.leaves().await;
    phone.leaves().await;
    house.ends().await;
}

async fn use_1_a_log_in_with_what_is_given(way: Way) {
    in_both_ways(way, ["site", "site-phone"], &LOG_IN, None).await;
}

async fn use_1_a_document_is_signed(way: Way) {
    let order = json!({"purpose": "口座を開くため", "document": DOCUMENT});
    in_both_ways(way, ["site-document", "site-document-phone"], &DOCUMENT_TO_SIGN, Some(order))
        .await;
}

async fn use_1_a_digest_is_signed(way: Way) {
    let order =
        json!({"purpose": "契約", "digest": "BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc="});
    in_both_ways(way, ["site-digest", "site-digest-phone"], &DIGEST_TO_SIGN, Some(order)).await;
}

async fn use_1_refused_and_too_late(way: Way) {
    let house = House::where_hana_has_certificates().await;
    let back = Back::open().await;
    let [desk, mut phone] = Person::with_two(["site-refused", "site-refused-phone"], way).await;
    let bank = site(&house, &back, None).await;
    is_sent(&desk, &bank).await;
    scans(&phone, &desk, &house).await;
    phone.waits_for("transaction-page.log-in").await;
    phone.presses("button.refuse").await;
    phone.sees("USE-1", "answered.refused").await;
    if !way.scripts {
        desk.presses("hand-over.look").await;
    }
    assert_eq!(code(&back.came(&desk).await), "transaction-refused");

    is_sent(&desk, &bank).await;
    house.turns_to("2026-11-24T10:50:00+09:00");
    if !way.scripts {
        desk.presses("hand-over.look").await;
    }
    assert_eq!(code(&back.came(&desk).await), "transaction-expired");
    desk.leaves().await;
    phone.leaves().await;
    house.ends().await;
}

async fn use_1_what_cannot_be_done_is_told_to_the_site(way: Way) {
    let house = House::where_hana_has_certificates().await;
    let back = Back::open().await;
    let [desk, mut phone] = Person::with_two(["site-locked", "site-locked-phone"], way).await;
    let bank = site(&house, &back, None).await;
    is_sent(&desk, &bank).await;
    scans(&phone, &desk, &house).await;
    for left in (0..3).rev() {
        phone.waits_for("transaction-page.log-in").await;
        phone.types("transaction-page.pin", "0000").await;
        phone.presses("button.log-in").await;
        phone.is_told("PIN-1", if left == 0 { "pin-blocked" } else { "wrong-pin" }).await;
    }
    phone.presses("button.cannot").await;
    phone.sees("USE-1", "answered.cannot").await;
    if !way.scripts {
        desk.presses("hand-over.look").await;
    }
    assert_eq!(code(&back.came(&desk).await), "holder-pin-blocked");
    desk.leaves().await;
    phone.leaves().await;
    house.ends().await;
}

async fn reg_4_a_site_is_registered_and_its_log_is_read(way: Way) {
    let house = House::of(&["hana"]).await;
    let back = Back::open().await;
    let mut developer = Person::new("console", way).await;
    let console = format!("{}/provider/console", house.sandbox.base);
    developer.goes_to(&console).await;
    developer.sees("REG-4", "console.title").await;
    developer.types("console.name", "見本の店").await;
    developer.types("console.redirect-uris", &back.address).await;
    developer.types("console.sector", "shop.example").await;
    developer.types("console.key", KEY).await;
    developer.presses("console.register").await;
    developer.sees("REG-4", "console.registered").await;
    let id = developer.reads("dl code").await;
    let request = [
        ("client_id", id.as_str()),
        ("response_type", "code"),
        ("redirect_uri", &back.address),
        ("scope", "openid"),
        ("state", "s"),
        ("nonce", "n"),
        ("code_challenge", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"),
        ("code_challenge_method", "S256"),
        ("login_hint", "persona:refused"),
    ];
    let asks = format!("{}/api/realms/main/protocol/openid-connect/auth", house.sandbox.base);
    let asks = Url::parse_with_params(&asks, request).unwrap();
    developer.goes_to(asks.as_str()).await;
    assert_eq!(code(&back.came(&developer).await), "transaction-refused");
    developer.goes_to(&console).await;
    developer.presses_words(&developer.reads("main li a").await).await;
    developer.sees("REG-4", "console-log.title").await;
    assert!(developer.page_says(&developer.words("event.refused")).await);
    developer.presses_words(&developer.reads("td a").await).await;
    developer.sees("REG-4", "console-log.of-one").await;
    assert!(developer.page_says("transaction-refused").await);
    developer.leaves().await;
    house.ends().await;
}

async fn use_1_a_site_logs_somebody_out(way: Way) {
    let house = House::of(&["hana"]).await;
    let back = Back::open().await;
    let mut hana = Person::new("site-log-out", way).await;
    let ends = format!("{}/api/realms/main/protocol/openid-connect/logout", house.sandbox.base);
    hana.goes_to(&ends).await;
    hana.sees("USE-1", "site-log-out.title").await;
    hana.presses("site-log-out.do").await;
    hana.sees("USE-1", "site-log-out.done").await;
    let registration = json!({
        "client_name": "見本銀行",
        "redirect_uris": [&back.address],
        "post_logout_redirect_uris": [&back.address],
        "jwks": {"keys": [serde_json::from_str::<Value>(KEY).unwrap()]},
        "scope": "openid",
        "sector": "bank.example",
    });
    let id = registered(&house.sandbox, &registration).await;
    let to = [("client_id", id.as_str()), ("post_logout_redirect_uri", &back.address)];
    hana.goes_to(Url::parse_with_params(&ends, to).unwrap().as_str()).await;
    hana.waits_for("site-log-out.title").await;
    assert!(hana.page_says("見本銀行").await);
    hana.presses("site-log-out.do").await;
    back.came(&hana).await;
    hana.leaves().await;
    house.ends().await;
}

/// The public key of RFC 7515, appendix A.3.
const KEY: &str = r#"{"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}"#;
