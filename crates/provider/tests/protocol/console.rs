//! The console, as a browser without scripts sees it (REG-4).

use axum::http::{Method, Request, StatusCode};
use serde_json::{Value, json};

use crate::browser::{Answer, Browser};
use crate::house::House;
use crate::keys::Key;
use crate::registration::{manage, may_ask, staff_sends};
use crate::site::{CALLBACK, Form, Site};

fn filled_in(site: &Site) -> Form {
    Form::default()
        .set("client_name", "見本の店")
        .set("redirect_uris", &format!("{CALLBACK}\r\n\r\nhttps://bank.example/other"))
        .set("sector", "bank.example")
        .set("profile", "digital-auth")
        .set("name", "yes")
        .set("birthdate", "yes")
        .set("jwk", &site.key.jwk().to_string())
}

/// What stands in the page after `name`, in `<code>`.
fn told<'p>(page: &'p str, name: &str) -> &'p str {
    let after = page.split_once(&format!("<dt>{name}</dt><dd><code>")).unwrap().1;
    after.split_once('<').unwrap().0
}

#[tokio::test(flavor = "multi_thread")]
async fn reg_4_a_site_is_registered_by_a_form_and_logs_somebody_in() {
    let house = House::new().await;
    let mut site = Site::new();
    let mut browser = house.browser();
    let page = browser.visit("/provider/console").await;
    assert_eq!(page.status, StatusCode::OK, "{}", page.text);
    let done = browser.submit("/provider/console", &filled_in(&site)).await;
    assert_eq!(done.status, StatusCode::OK, "{}", done.text);
    assert_eq!(told(&done.text, "registration_access_token").len(), 43);
    site.id = told(&done.text, "client_id").to_owned();
    house.tokens(&site, &house.person("水野　花")).await;

    let listed = browser.visit("/provider/console").await;
    assert!(listed.text.contains(&site.id) && listed.text.contains("承認済み"));
}

#[tokio::test(flavor = "multi_thread")]
async fn reg_4_what_was_typed_stays_and_what_is_wrong_is_marked() {
    let house = House::new().await;
    let mut browser = house.browser();
    for (field, value) in [
        ("client_name", " "),
        ("redirect_uris", "http://bank.example/plain"),
        ("sector", "no host/"),
        ("jwk", "{}"),
        ("jwk", "no JSON"),
        ("log_ins_a_minute", "many"),
    ] {
        let form = filled_in(&Site::new()).set(field, value).set("gender", "yes");
        let page = browser.submit("/provider/console", &form).await;
        assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY, "{field}: {}", page.text);
        assert!(page.text.contains(&format!("id=\"{field}-fault\"")), "{field}");
        assert!(
            page.text.contains(
                "id=\"gender-yes\" type=\"checkbox\" name=\"gender\" value=\"yes\" checked"
            )
        );
        assert!(page.text.len() < 100_000);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn in_a_service_nobody_sees_who_else_has_registered() {
    let house = House::that_approves_at_once(false).await;
    let site = house.site("digital-auth").await;
    let page = house.browser().visit("/provider/console").await;
    assert!(!page.text.contains(&site.id));
}

/// A page of a site's, below the console.
fn page(site: &Site, below: &str) -> String {
    format!("/provider/console/clients/{}/{below}", site.id)
}

/// A browser that has registered a site by the form.
async fn developer(house: &House) -> (Browser<'_>, Site) {
    let mut site = Site::new();
    let mut browser = house.browser();
    let done = browser.submit("/provider/console", &filled_in(&site)).await;
    let token = told(&done.text, "registration_access_token").to_owned();
    let id = told(&done.text, "client_id").to_owned();
    site.is_registered(&json!({"client_id": id, "registration_access_token": token}));
    (browser, site)
}

/// What is registered.
async fn registered(house: &House, site: &Site) -> Value {
    manage(house, site, Method::GET, None).await.json()
}

fn is_led_to(answer: &Answer, page: &str) {
    assert_eq!(answer.to(), page);
}

#[tokio::test(flavor = "multi_thread")]
async fn reg_4_a_developer_changes_what_is_registered_by_the_form() {
    let house = House::new().await;
    let (mut browser, site) = developer(&house).await;
    let shown = browser.visit(&page(&site, "change")).await;
    assert!(shown.text.contains("value=\"見本の店\""), "{}", shown.text);
    let form = filled_in(&site)
        .without("jwk")
        .set("version", "1")
        .set("client_name", "見本の新しい店")
        .set("log_ins_a_minute", "10")
        .set("log_ins_a_day", "100")
        .set("signatures_a_minute", "1")
        .set("signatures_a_day", "2");
    is_led_to(&browser.submit(&page(&site, "change"), &form).await, &page(&site, "registration"));
    let now = registered(&house, &site).await;
    assert_eq!(now["client_name"], "見本の新しい店");
    assert_eq!(now["limits"]["log_ins_a_minute"], 10);
    assert_eq!(now["jwks"]["keys"], json!([site.key.jwk()]), "the keys stay");
    let shown = browser.visit(&page(&site, "registration")).await;
    assert!(shown.text.contains("ログインは1分間に10回まで"), "{}", shown.text);

    // Another page has changed it: what was typed here stays, beside what is registered now.
    let other = form.clone().set("client_name", "見本の三つ目の店");
    let stale = browser.submit(&page(&site, "change"), &other).await;
    assert_eq!(stale.status, StatusCode::CONFLICT, "{}", stale.text);
    for told in [
        "value=\"見本の三つ目の店\"",
        "<dd><code class=\"long\" lang=\"ja\">見本の新しい店</code>",
        "下の「今の登録」と比べて",
        "name=\"version\" value=\"2\"",
    ] {
        assert!(stale.text.contains(told), "{told}: {}", stale.text);
    }
    assert_eq!(registered(&house, &site).await["client_name"], "見本の新しい店");
    let mut registration = site.registration();
    registration["client_name"] = json!("見本の四つ目の店");
    let pasted = Form::default().set("metadata", &registration.to_string()).set("version", "1");
    let stale = browser.submit(&page(&site, "metadata"), &pasted).await;
    assert_eq!(stale.status, StatusCode::CONFLICT, "{}", stale.text);
    assert!(stale.text.contains("見本の新しい店") && stale.text.contains("見本の四つ目の店"));
    // A private key is shown to nobody, whatever else is to be told.
    registration["jwks"]["keys"][0]["d"] = json!("c2hvd24tdG8tbm9ib2R5");
    let pasted = Form::default().set("metadata", &registration.to_string()).set("version", "1");
    let refused = browser.submit(&page(&site, "metadata"), &pasted).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", refused.text);
    assert!(!refused.text.contains("c2hvd24tdG8tbm9ib2R5"), "{}", refused.text);
    let faulty = form.set("version", "2").set("log_ins_a_minute", "0");
    let refused = browser.submit(&page(&site, "change"), &faulty).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(refused.text.contains("id=\"log_ins_a_minute-fault\""), "{}", refused.text);
}

#[tokio::test(flavor = "multi_thread")]
async fn reg_4_a_form_over_which_a_key_came_is_compared_with_what_differs_or_with_nothing() {
    let house = House::new().await;
    let (mut browser, site) = developer(&house).await;
    let form = filled_in(&site).without("jwk").set("version", "1");
    let mut key = Key::es256().jwk();
    key["kid"] = json!("2027");
    let add = Form::default().set("jwk", &key.to_string());
    is_led_to(&browser.submit(&page(&site, "keys"), &add).await, &page(&site, "registration"));

    let (differs, same) = ("下の「今の登録」と比べて", "変更することは残っていません");
    let stale = browser.submit(&page(&site, "change"), &form).await;
    assert_eq!(stale.status, StatusCode::CONFLICT, "{}", stale.text);
    assert!(stale.text.contains(same) && !stale.text.contains(differs), "{}", stale.text);
    assert!(!stale.text.contains("id=\"now\""), "{}", stale.text);
    let renamed = form.clone().set("client_name", "見本の新しい店");
    let stale = browser.submit(&page(&site, "change"), &renamed).await;
    assert_eq!(stale.status, StatusCode::CONFLICT, "{}", stale.text);
    assert!(stale.text.contains(differs) && !stale.text.contains(same), "{}", stale.text);
    assert!(stale.text.contains("id=\"now\""), "{}", stale.text);

    let again = renamed.set("version", "2");
    is_led_to(&browser.submit(&page(&site, "change"), &again).await, &page(&site, "registration"));
    let now = registered(&house, &site).await;
    assert_eq!(now["client_name"], "見本の新しい店");
    assert_eq!(now["jwks"]["keys"], json!([site.key.jwk(), key]), "the key that came stays");
}

#[tokio::test(flavor = "multi_thread")]
async fn rfc_7591_2_2_the_name_in_japanese_is_what_residents_are_shown() {
    let house = House::new().await;
    let registration = Site::new().registration();
    for (tagged, is_taken) in [("見本\u{7}銀行", false), ("見本銀行", true)] {
        for tag in ["ja", "ja-JP", "ja-Jpan-JP"] {
            let mut sent = registration.clone();
            sent[format!("client_name#{tag}")] = json!(tagged);
            let answer = house.post_json("/provider/v1/clients", &sent).await.json();
            match is_taken {
                true => assert_eq!(answer["client_name#ja"], tagged, "{answer}"),
                false => assert_eq!(answer["params"]["member"], "client_name#ja", "{answer}"),
            }
        }
    }
    let names = json!({"client_name": "Sample Bank", "client_name#ja": "見本銀行"});
    let site = house.site_with(names).await;
    let mut browser = house.browser();
    let begun = browser.begin(&site.request()).await;
    assert_eq!(house.transaction(&begun).await.asker_name, "見本銀行");
    let token = Form::default().set("token", site.registration_token());
    browser.submit(&format!("/provider/console/clients/{}", site.id), &token).await;
    // The form asks for the name that is shown, and keeps the other.
    let shown = browser.visit(&page(&site, "change")).await;
    assert!(shown.text.contains("value=\"見本銀行\""), "{}", shown.text);
    let form = filled_in(&site).without("jwk").set("version", "1");
    let faulty = browser.submit(&page(&site, "change"), &form.clone().set("client_name", "")).await;
    assert!(faulty.text.contains("id=\"client_name-fault\""), "{}", faulty.text);
    is_led_to(&browser.submit(&page(&site, "change"), &form).await, &page(&site, "registration"));
    let now = registered(&house, &site).await;
    assert_eq!(
        (&now["client_name"], &now["client_name#ja"]),
        (&json!("Sample Bank"), &json!("見本の店"))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn reg_4_what_is_to_be_copied_is_code_whatever_the_site_has_registered() {
    let house = House::new().await;
    let mut browser = house.browser();
    let mut registration = Site::new().registration();
    registration["redirect_uris"] = json!([r#"https://bank.example/back?a='b'&c="d"\{e}"#]);
    registration["jwks"]["keys"][0]["kid"] = json!("it's \"2027\"\\\u{7}");
    let pasted = Form::default().set("metadata", &registration.to_string());
    let made = browser.submit("/provider/console/metadata", &pasted).await;
    let code = made.text.replace("&#34;", "\"");
    let code = code.replace("&#39;", "'").replace("&#38;", "&");
    let uri = r#""https://bank.example/back?a='b'&c=\"d\"\\{e}""#;
    for line in [
        format!("const redirect_uri = {uri}\n"),
        format!("    redirect_uri={uri},\n"),
        format!("RedirectUrl::new({uri}.to_owned())"),
        r#"key: privateKey, kid: "it's \"2027\"\\\u0007" }"#.to_owned(),
    ] {
        assert!(code.contains(&line), "{line}: {code}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn reg_4_a_site_is_registered_and_changed_by_pasted_json() {
    let house = House::new().await;
    let mut browser = house.browser();
    let mut site = Site::new();
    let paste = |json: &str| Form::default().set("metadata", json);
    let empty = browser.visit("/provider/console/metadata").await;
    assert_eq!(empty.status, StatusCode::OK, "{}", empty.text);
    let mut private = site.registration();
    private["jwks"]["keys"][0]["d"] = json!("c2VjcmV0");
    for (json, told) in [
        ("{\"client_name\": 5".to_owned(), "The JSON"),
        (json!({"client_name": "x"}).to_string(), "redirect_uris"),
        (private.to_string(), "private"),
    ] {
        let refused = browser.submit("/provider/console/metadata", &paste(&json)).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", refused.text);
        assert!(refused.text.contains(told), "{told}: {}", refused.text);
        assert!(!refused.text.contains("c2VjcmV0"));
    }
    let json = site.registration().to_string();
    let done = browser.submit("/provider/console/metadata", &paste(&json)).await;
    assert_eq!(done.status, StatusCode::OK, "{}", done.text);
    let token = told(&done.text, "registration_access_token").to_owned();
    let id = told(&done.text, "client_id").to_owned();
    site.is_registered(&json!({"client_id": id, "registration_access_token": token}));
    let mut changed = site.registration();
    changed["number_check"] = json!("always");
    let form = paste(&changed.to_string()).set("version", "1");
    let done = browser.submit(&page(&site, "metadata"), &form).await;
    is_led_to(&done, &page(&site, "registration"));
    assert_eq!(registered(&house, &site).await["number_check"], "always");
    let stale = browser.submit(&page(&site, "metadata"), &form).await;
    assert_eq!(stale.status, StatusCode::CONFLICT);
}

#[tokio::test(flavor = "multi_thread")]
async fn reg_4_keys_are_rotated_on_the_page_and_a_registration_deleted() {
    let house = House::new().await;
    let (mut browser, site) = developer(&house).await;
    let mut new = Key::es256().jwk();
    new["kid"] = json!("2027");
    let add = Form::default().set("jwk", &new.to_string());
    is_led_to(&browser.submit(&page(&site, "keys"), &add).await, &page(&site, "registration"));
    assert_eq!(registered(&house, &site).await["jwks"]["keys"].as_array().unwrap().len(), 2);
    let again = browser.submit(&page(&site, "keys"), &add).await;
    assert_eq!(again.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(again.text.contains("two of them have one"), "{}", again.text);
    let remove = Form::default().set("remove", "2027");
    is_led_to(&browser.submit(&page(&site, "keys"), &remove).await, &page(&site, "registration"));
    assert_eq!(registered(&house, &site).await["jwks"]["keys"], json!([site.key.jwk()]));

    let unsure = browser.submit(&page(&site, "deletion"), &Form::default()).await;
    assert_eq!(unsure.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", unsure.text);
    let sure = Form::default().set("confirmed", "yes");
    let deleted = browser.submit(&page(&site, "deletion"), &sure).await;
    is_led_to(&deleted, "/provider/console");
    let gone = manage(&house, &site, Method::GET, None).await;
    assert_eq!(gone.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test(flavor = "multi_thread")]
async fn reg_4_a_registration_is_for_who_showed_its_token_alone() {
    let house = House::new().await;
    let (_, site) = developer(&house).await;
    let (mut other, _) = developer(&house).await;
    let closed = format!("/provider/console/clients/{}", site.id);
    for below in ["registration", "change", "metadata"] {
        is_led_to(&other.visit(&page(&site, below)).await, &closed);
    }
    let forms = [
        ("change", filled_in(&site).set("client_name", "盗んだ店")),
        ("metadata", Form::default().set("metadata", &site.registration().to_string())),
        ("keys", Form::default().set("jwk", &Key::es256().jwk().to_string())),
        ("deletion", Form::default().set("confirmed", "yes")),
    ];
    for (below, form) in forms {
        is_led_to(&other.submit(&page(&site, below), &form).await, &closed);
    }
    let now = registered(&house, &site).await;
    assert_eq!((&now["client_name"], &now["version"]), (&json!("見本の店"), &json!(1)));
}

/// What the staff decides on the page.
fn decision(standing: &str, version: &str, reason: &str) -> Form {
    Form::default().set("standing", standing).set("version", version).set("reason", reason)
}

#[tokio::test(flavor = "multi_thread")]
async fn reg_4_the_staff_of_a_sandbox_is_anybody_and_the_page_says_so() {
    let house = House::new().await;
    let site = house.site("digital-auth").await;
    let mut staff = house.browser();
    let list = staff.visit("/provider/staff?standing=approved").await;
    assert!(list.text.contains(&site.id) && list.text.contains("担当者のログインがありません"));
    assert!(!staff.visit("/provider/staff?standing=pending").await.text.contains(&site.id));
    let desk = format!("/provider/staff/clients/{}", site.id);
    for (form, fault) in [
        (decision("suspended", "1", " "), "reason-fault"),
        (Form::default().set("reason", "x"), "standing-fault"),
    ] {
        let refused = staff.submit(&desk, &form).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", refused.text);
        assert!(refused.text.contains(&format!("id=\"{fault}\"")), "{fault}: {}", refused.text);
    }
    let suspended = decision("suspended", "1", "応答がありません。");
    is_led_to(&staff.submit(&desk, &suspended).await, &desk);
    assert!(!may_ask(&house, &site).await);
    let mut registration = site.registration();
    registration["client_name"] = json!("見本信用金庫");
    manage(&house, &site, Method::PUT, Some(&registration)).await;
    let stale = staff.submit(&desk, &decision("approved", "1", "直りました。")).await;
    assert_eq!(stale.status, StatusCode::CONFLICT);
    for shown in ["見本信用金庫", "<del><code class=\"long\">見本銀行</code></del>", "直りました。"]
    {
        assert!(stale.text.contains(shown), "{shown}: {}", stale.text);
    }
    is_led_to(&staff.submit(&desk, &decision("approved", "2", "直りました。")).await, &desk);
    assert!(may_ask(&house, &site).await);
    let limits = Form::default()
        .set("log_ins_a_minute", "1")
        .set("log_ins_a_day", "1")
        .set("signatures_a_minute", "1")
        .set("signatures_a_day", "1");
    let path = format!("{desk}/limits");
    let unsound = limits.clone().set("log_ins_a_day", "0").set("reason", "試験です。");
    let refused = staff.submit(&path, &unsound).await;
    assert!(refused.text.contains("id=\"log_ins_a_day-fault\""), "{}", refused.text);
    is_led_to(&staff.submit(&path, &limits.set("reason", "試験です。")).await, &desk);
    let shown = staff.visit(&desk).await.text;
    for told in ["sandbox", "応答がありません。", "試験です。", "ログインは1日に1回まで"]
    {
        assert!(shown.contains(told), "{told}: {shown}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn reg_4_the_staff_of_a_service_signs_what_it_asks_the_pages_for() {
    let house = House::that_approves_at_once(false).await;
    let site = house.site("digital-auth").await;
    let desk = format!("/provider/staff/clients/{}", site.id);
    let approved = decision("approved", "1", "確認しました。");
    for path in ["/provider/staff", &desk] {
        let unsigned = house.get(path, &[("host", "localhost:8080")]).await;
        assert_eq!(unsigned.status, StatusCode::UNAUTHORIZED, "{path}");
    }
    let unsigned = Request::post(&desk)
        .header("host", "localhost:8080")
        .header("content-type", "application/x-www-form-urlencoded");
    let unsigned = house.send(unsigned.body(approved.encoded().into()).unwrap()).await;
    assert_eq!(unsigned.status, StatusCode::UNAUTHORIZED);
    assert!(!may_ask(&house, &site).await);
    let list = staff_sends(&house, Method::GET, "/provider/staff?standing=pending", ("", "")).await;
    assert!(list.text.contains(&site.id), "{}", list.text);
    let media_type = "application/x-www-form-urlencoded";
    let sent = approved.encoded();
    let done = staff_sends(&house, Method::POST, &desk, (media_type, &sent)).await;
    is_led_to(&done, &desk);
    assert!(may_ask(&house, &site).await);
    let shown = staff_sends(&house, Method::GET, &desk, ("", "")).await.text;
    assert!(shown.contains("role:staff") && shown.contains("確認しました。"), "{shown}");
}
