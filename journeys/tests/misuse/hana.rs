//! Hana at the portal, and a clerk at the office, over HTTP; and what they hold in a real browser.

use inrou_journeys::browser::{Browser, PATIENCE};
use inrou_journeys::hana::{PHONE_PASSWORD, PHONE_PIN};
use inrou_web::percent;
use serde_json::json;
use tokio::time::timeout;

use crate::house::House;
use crate::http::{Page, Visitor};

/// What she fills in who moves.
pub const MOVING_OUT: [(&str, &str); 3] = [
    ("new_address", "東京都練馬区豊玉北４－５－６"),
    ("moving_date", "2026-12-01"),
    ("reason", "転勤"),
];

/// Somebody at the phones' pages.
pub fn phone(house: &House) -> Visitor {
    Visitor::at(house.at_host("phone.localhost"))
}

/// Hana logs in to the portal with her phone.
pub async fn logs_in(house: &House) -> Visitor {
    let mut portal = Visitor::at(house.sandbox.base.clone());
    let key = portal.get("/portal/login").await.hidden("key");
    let waits = portal.submit("/portal/login", &[("key", &key)]).await;
    approves(house, &link(&waits), PHONE_PIN).await;
    portal.get("/portal/login/wait").await;
    assert!(portal.cookies.contains_key("__Host-portal"));
    portal
}

/// The link on a page that waits for a phone.
pub fn link(waits: &Page) -> String {
    waits.between("<code class=\"long\">", "<").replace("&#38;", "&")
}

/// Hana approves on her phone what a link asks for.
pub async fn approves(house: &House, link: &str, secret: &str) -> Page {
    let mut phone = phone(house);
    phone.get(&format!("/phones/hana-phone/open?link={}", percent(link))).await;
    let fields = [("link", link), ("consent", "approve"), ("secret", secret)];
    phone.submit("/phones/hana-phone/consent", &fields).await
}

/// Hana applies for moving out and signs it; gives the application.
pub async fn applies(house: &House, portal: &mut Visitor) -> String {
    let with = |act, key| -> Vec<(&str, &str)> {
        MOVING_OUT.into_iter().chain([("act", act), ("key", key)]).collect()
    };
    let path = "/portal/apply/moving-out";
    let key = portal.post(path, &with("review", "")).await.hidden("key");
    let waits = portal.submit(path, &with("send", &key)).await;
    approves(house, &link(&waits), PHONE_PASSWORD).await;
    waits.between("data-waits=\"/portal/applications/", "/news")
}

/// A clerk of Hana's municipality signs in at the office.
pub async fn clerk(house: &House) -> Visitor {
    let mut office = Visitor::at(house.at_host("office.localhost"));
    let municipality = office.get("/sign-in").await.between("name=\"municipality\" value=\"", "\"");
    office.post("/sign-in", &[("municipality", &municipality)]).await;
    assert!(office.cookies.contains_key("__Host-clerk"));
    office
}

/// Gives a browser the cookies of a visitor of that address.
pub async fn hands_over(visitor: &Visitor, browser: &Browser, address: &str) {
    for (name, value) in &visitor.cookies {
        let cookie = json!({
            "name": name, "value": value, "url": address, "path": "/",
            "secure": true, "httpOnly": true, "sameSite": "Lax",
        });
        let set = browser.devtools("Network.setCookie", cookie).await;
        assert_eq!(set["success"], true, "{name}");
    }
}

/// Waits until a script says yes.
pub async fn waits(browser: &Browser, script: &str) {
    let says_yes = async {
        while !browser.client.execute(script, vec![]).await.is_ok_and(|said| said == true) {
            tokio::task::yield_now().await;
        }
    };
    if timeout(PATIENCE, says_yes).await.is_ok() {
        return;
    }
    panic!("{script}: {}", browser.client.source().await.unwrap());
}
