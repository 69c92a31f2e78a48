//! Markup typed into every field that takes words: it is shown as it was typed, and does nothing.

use inrou_journeys::browser::Browser;
use inrou_web::percent;
use serde_json::json;

use crate::hana::{applies, clerk, hands_over, link, logs_in, phone};
use crate::house::House;
use crate::http::Visitor;

/// Runs wherever it is taken for markup, an attribute's end or a script's. It begins as an address does.
const MARKUP: &str = "東京都\"'><img src=x onerror=hacked=1><script>hacked=1</script>${hacked=1}";

/// Whether markup ran on the page before the browser, or was stopped there by the policy alone.
async fn assert_harmless(browser: &Browser, shown: &str) {
    let hacked = browser.client.execute("return typeof hacked", vec![]).await.unwrap();
    assert_eq!(hacked, "undefined", "{shown}");
    let images = browser.client.execute("return document.images.length", vec![]).await.unwrap();
    assert_eq!(images, 0, "{shown}");
    let console = browser.console().await;
    let policy = console.iter().find(|(_, words)| words.contains("Content Security Policy"));
    assert_eq!(policy, None, "{shown}");
}

async fn says(browser: &Browser, words: &str) -> bool {
    let script = "
        const fields = [...document.querySelectorAll('input, textarea')].map((one) => one.value);
        return [document.body.textContent, ...fields].some((text) => text.includes(arguments[0]));";
    browser.client.execute(script, vec![json!(words)]).await.unwrap() == true
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_resident_types_is_shown_as_it_is_to_her_and_to_the_clerk() {
    let house = House::where_hana_has_certificates().await;
    let mut portal = logs_in(&house).await;
    let mut office = clerk(&house).await;
    let browser = Browser::start().await;
    hands_over(&portal, &browser, &house.sandbox.base).await;
    hands_over(&office, &browser, &house.at_host("office.localhost")).await;

    let reviews = |fields: [(&'static str, &'static str); 3]| {
        fields.into_iter().chain([("act", "review")]).collect::<Vec<_>>()
    };
    let moving = [("new_address", MARKUP), ("moving_date", "2026-12-01"), ("reason", MARKUP)];
    let path = "/portal/apply/moving-out";
    let review = portal.post(path, &reviews(moving)).await;
    assert_eq!(review.status, 200, "{}", review.body);
    let child = [("child_name", MARKUP), ("bank", MARKUP), ("account", MARKUP)];
    portal.post("/portal/apply/child-allowance", &reviews(child)).await;
    for page in [path, "/portal/apply/child-allowance", "/portal"] {
        browser.client.goto(&format!("{}{page}", house.sandbox.base)).await.unwrap();
        assert_harmless(&browser, page).await;
        assert!(page == "/portal" || says(&browser, MARKUP).await, "{page}");
    }

    let key = review.hidden("key");
    let fields: Vec<_> = moving.into_iter().chain([("act", "send"), ("key", &key)]).collect();
    let waits = portal.submit(path, &fields).await;
    let application = waits.between("data-waits=\"/portal/applications/", "/news");
    let asked = link(&waits);
    // On the phone, in the document to be signed.
    browser
        .client
        .goto(&house.phone("hana-phone", &format!("/open?link={}", percent(&asked))))
        .await
        .unwrap();
    assert!(says(&browser, MARKUP).await);
    assert_harmless(&browser, "the phone's page to sign").await;
    crate::hana::approves(&house, &asked, inrou_journeys::hana::PHONE_PASSWORD).await;
    let file = format!("{}/applications/{application}", house.at_host("office.localhost"));
    browser.client.goto(&file).await.unwrap();
    assert!(says(&browser, MARKUP).await);
    assert_harmless(&browser, "the office's page").await;

    // The clerk's reason, on its way back.
    let key = office.get(&format!("/applications/{application}")).await.hidden("key");
    let reason = [("key", key.as_str()), ("reason", MARKUP)];
    office.submit(&format!("/applications/{application}/return"), &reason).await;
    for address in
        [file, house.portal(&format!("/applications/{application}")), house.portal("/notices")]
    {
        browser.client.goto(&address).await.unwrap();
        assert!(says(&browser, MARKUP).await, "{address}");
        assert_harmless(&browser, &address).await;
    }
    browser.close().await.unwrap();
    house.ends().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_stands_in_an_address_is_never_markup() {
    let house = House::where_hana_has_certificates().await;
    let portal = logs_in(&house).await;
    let browser = Browser::start().await;
    hands_over(&portal, &browser, &house.sandbox.base).await;
    let typed = percent(MARKUP);
    for address in [
        house.phone("hana-phone", &format!("/open?link={typed}")),
        format!("{}/open?link={typed}", house.at_host("phone.localhost")),
        house.phone(&typed, ""),
        house.portal(&format!("/history?kind={typed}&from={typed}&to={typed}")),
        house.portal(&format!("/login?to={typed}")),
        house.portal(&format!("/apply/moving-out?from={typed}")),
        house.portal(&format!("/{typed}")),
        format!("{}/sign-in?x={typed}", house.at_host("office.localhost")),
        format!("{}/?lang={typed}", house.sandbox.base),
    ] {
        browser.client.goto(&address).await.unwrap();
        assert_harmless(&browser, &address).await;
    }
    browser.close().await.unwrap();
    house.ends().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn pins_leave_no_trace_in_pages_addresses_or_what_browsers_keep() {
    let house = House::where_hana_has_certificates().await;
    let mut portal = logs_in(&house).await;
    applies(&house, &mut portal).await;
    let mut phone: Visitor = phone(&house);
    phone.submit("/phones/hana-phone/begin", &[("procedure", "revoke")]).await;
    for path in ["/check", "/contents", "/pins/signature", "/pins/user-authentication", "/passkey"]
    {
        let page = phone.get(&format!("/phones/hana-phone{path}")).await;
        let secrets: Vec<_> =
            page.body.split("<input ").filter(|input| input.contains("data-show=")).collect();
        for input in &secrets {
            let input = input.split('>').next().unwrap();
            assert!(!input.contains(" value="), "{path}: {input}");
            let named = ["current-password", "new-password"];
            assert!(named.iter().any(|name| input.contains(&format!("autocomplete=\"{name}\""))));
        }
        assert!(!secrets.is_empty(), "{path}");
        // A PIN goes by the body of a POST, never by an address.
        for form in page.body.split("<form ").skip(1) {
            let has_secret = form.split("</form>").next().unwrap().contains("data-show=");
            assert!(!has_secret || form.starts_with("method=\"post\""), "{path}");
        }
    }
    house.ends().await;
}
