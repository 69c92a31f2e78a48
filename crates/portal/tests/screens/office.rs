//! The receiving office's screens.

use axum::http::StatusCode;
use inrou_pki::Status;
use inrou_rules::{Medium, RevocationReason};
use jiff::SignedDuration;

use crate::browser::Browser;
use crate::support::House;

async fn clerk(house: &House, municipality: &str) -> Browser {
    let mut clerk = Browser::office(house);
    let list = clerk.submit("/sign-in", &[("municipality", municipality)]).await;
    assert_eq!(list.status, StatusCode::OK);
    clerk
}

#[tokio::test]
async fn a_clerk_signs_in_for_one_municipality_and_no_cookie_is_made_up() {
    let house = House::new().await;
    let mut browser = Browser::office(&house);
    for path in ["/", "/applications/0123", "/applications/0123/document.txt"] {
        assert_eq!(browser.get(path).await.location().unwrap(), "/sign-in");
    }
    let page = browser.get("/sign-in").await;
    assert!(page.has("だれでも職員になれます"), "it says that it is for practice");
    assert!(page.has("東京都清瀬市") && page.has("東京都練馬区"));
    let unknown = browser.post("/sign-in", &[("municipality", "27100")]).await;
    assert_eq!(unknown.trouble().unwrap(), "municipality-unknown");

    let mut signed_in = clerk(&house, "13221").await;
    assert!(signed_in.get("/").await.has("東京都清瀬市"));
    let cookie = signed_in.cookies["__Host-clerk"].clone();
    for forged in [cookie.replace("13221", "13120"), cookie[..cookie.len() - 1].to_owned()] {
        let mut browser = Browser::office(&house);
        browser.cookies.insert("__Host-clerk".into(), forged);
        assert_eq!(browser.get("/").await.location().unwrap(), "/sign-in");
    }
    let mut again = signed_in.clone();
    assert_eq!(again.submit("/sign-out", &[]).await.status, StatusCode::OK);
    assert!(!again.cookies.contains_key("__Host-clerk"));
    house.clock.advance_by(SignedDuration::from_hours(8));
    assert_eq!(signed_in.get("/").await.location().unwrap(), "/sign-in");
}

#[tokio::test]
async fn a_clerk_sees_what_signature_and_evidence_proved_at_the_moment_of_receipt() {
    let house = House::new().await;
    let person = house.person("印籠　花子", Medium::Phone);
    let (_, application) = house.apply(&person).await;
    let mut kiyose = clerk(&house, "13221").await;
    let list = kiyose.get("/?state=received").await;
    let path = format!("/applications/{application}");
    assert!(list.has(&format!("href=\"{path}\"")) && list.has("20261121-000001"));
    // What happens to the certificate later changes nothing.
    let at = house.now();
    let revoked = Status::Revoked { at, reason: RevocationReason::CessationOfOperation };
    house.clock.advance_by(SignedDuration::from_hours(2));
    house.authority.set_status(&person.signature.certificate, revoked);
    let file = kiyose.get(&path).await;
    assert!(file.has("すべて適合"), "{}", file.body);
    assert!(!file.has("office.check-failed") && !file.has("class=\"state bad\""));
    for words in ["転出届", "印籠　花子", "東京都清瀬市中里１－２－３", "OCSP (RFC 6960)"]
    {
        assert!(file.has(words), "{words}");
    }
    for (name, media_type) in [
        ("document.txt", "text/plain; charset=utf-8"),
        ("signature.p7s", "application/pkcs7-signature"),
        ("certificate.cer", "application/pkix-cert"),
        ("status", "application/ocsp-response"),
    ] {
        let answer = kiyose.get(&format!("{path}/{name}")).await;
        assert_eq!(answer.headers["content-type"], media_type);
    }
    // Another municipality's clerk finds nothing.
    let mut nerima = clerk(&house, "13120").await;
    assert!(!nerima.get("/").await.has(&application));
    for path in [path.clone(), format!("{path}/document.txt")] {
        assert_eq!(nerima.get(&path).await.status, StatusCode::NOT_FOUND);
    }
    let key = file.hidden("key");
    let refused = nerima.post(&format!("{path}/accept"), &[("key", &key)]).await;
    assert_eq!(refused.trouble().unwrap(), "not-found");
}

#[tokio::test]
async fn a_decision_is_made_once_and_a_stale_page_says_so() {
    let house = House::new().await;
    let person = house.person("印籠　花子", Medium::Phone);
    let (_, application) = house.apply(&person).await;
    let path = format!("/applications/{application}");
    let mut kiyose = clerk(&house, "13221").await;
    let (first, stale) = (kiyose.get(&path).await, kiyose.get(&path).await);
    let key = first.hidden("key");
    for _ in 0..2 {
        let file = kiyose.submit(&format!("{path}/accept"), &[("key", &key)]).await;
        assert!(file.has("class=\"state good\">受理"), "{}", file.body);
        assert!(!file.has("/return\""));
    }
    let key = stale.hidden("key");
    let fields = [("key", key.as_str()), ("reason", "あとから")];
    let refused = kiyose.post(&format!("{path}/return"), &fields).await;
    assert_eq!(refused.status, StatusCode::CONFLICT);
    assert_eq!(refused.trouble().unwrap(), "application-settled");
    assert!(kiyose.get("/?state=accepted").await.has(&application));
    assert!(!kiyose.get("/?state=received").await.has(&application));
    assert!(kiyose.get("/?").await.has(&application));
    assert_eq!(kiyose.get("/?state=lost").await.trouble().unwrap(), "bad-request");
}

#[tokio::test]
async fn a_reason_has_1_to_500_characters_and_is_kept_to_be_mended() {
    let house = House::new().await;
    let person = house.person("印籠　花子", Medium::Phone);
    let (_, application) = house.apply(&person).await;
    let path = format!("/applications/{application}/return");
    let mut kiyose = clerk(&house, "13221").await;
    let key = kiyose.get(&format!("/applications/{application}")).await.hidden("key");
    let long = format!("<長い>{}", "あ".repeat(497));
    for reason in ["", " \r\n ", long.as_str()] {
        let page = kiyose.post(&path, &[("key", &key), ("reason", reason)]).await;
        assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(page.has("id=\"reason-fault\"") && page.has("aria-invalid=\"true\""));
        assert_eq!(page.has("&#60;長い&#62;あああ"), reason.contains('長'));
    }
    // The address of the form is one to come back from, in another language for instance.
    let back = format!("/applications/{application}");
    assert_eq!(kiyose.get(&path).await.location().unwrap(), back);
    assert_eq!(
        kiyose.get("/applications/%0A/return").await.location().unwrap(),
        "/applications/%0A"
    );
    // A line break counts once, however browsers send it.
    let reason = format!("{}\r\n{}", "あ".repeat(250), "い".repeat(249));
    let file = kiyose.submit(&path, &[("key", &key), ("reason", &reason)]).await;
    assert!(file.has("class=\"state bad\">差し戻し"), "{}", file.body);
    let forged = kiyose.clone().saying("sec-fetch-site", "cross-site").post(&path, &[]).await;
    assert_eq!(forged.trouble().unwrap(), "cross-origin-refused");
}

#[tokio::test]
async fn the_offices_list_has_pages_that_keep_the_state() {
    let house = House::new().await;
    let person = house.person("印籠　花子", Medium::Phone);
    for _ in 0..21 {
        house.apply(&person).await;
    }
    let mut kiyose = clerk(&house, "13221").await;
    let page = kiyose.get("/?state=received").await;
    assert_eq!(page.body.matches("<tr><td>").count(), 20);
    let next = page.between("href=\"/?state=received&amp;cursor=", "\"");
    let page = kiyose.get(&format!("/?state=received&cursor={next}")).await;
    assert_eq!(page.body.matches("<tr><td>").count(), 1);
}
