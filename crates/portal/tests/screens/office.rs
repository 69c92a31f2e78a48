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
    assert_eq!(browser.get("/").await.location().unwrap(), "/sign-in");
    for path in ["/applications/0123", "/applications/0123/document.txt"] {
        let location = browser.get(path).await.location().unwrap();
        assert_eq!(location, format!("/sign-in?to={path}"));
    }
    let page = browser.get("/sign-in").await;
    assert!(page.has("だれでも職員になれます"), "it says that it is for practice");
    assert!(page.has("東京都清瀬市") && page.has("東京都練馬区"));
    let unknown = browser.post("/sign-in", &[("municipality", "27100")]).await;
    assert_eq!(unknown.trouble().unwrap(), "municipality-unknown");

    let mut signed_in = clerk(&house, "13221").await;
    assert!(signed_in.get("/").await.has("東京都清瀬市"));
    let cookie = signed_in.cookies["__Host-clerk"].clone();
    for forged in ["13221", "", &cookie[..cookie.len() - 1]] {
        let mut browser = Browser::office(&house);
        browser.cookies.insert("__Host-clerk".into(), forged.to_owned());
        assert_eq!(browser.get("/").await.location().unwrap(), "/sign-in");
    }
    house.clock.advance_by(SignedDuration::from_hours(8));
    assert_eq!(signed_in.get("/").await.location().unwrap(), "/sign-in");
    assert_eq!(signed_in.get("/sign-in").await.trouble().unwrap(), "session-ended");
}

#[tokio::test]
async fn who_chooses_a_municipality_sees_where_applications_wait() {
    let house = House::new().await;
    let person = house.person("印籠　花子", Medium::Phone);
    let mut browser = Browser::office(&house);
    assert!(!browser.get("/sign-in").await.has("件</span>"));
    let (_, application) = house.apply(&person).await;
    house.apply(&person).await;
    let sign_in = browser.get("/sign-in").await;
    assert!(sign_in.has("東京都清瀬市 <span class=\"state waits\">未処理 2件</span>"));
    assert_eq!(sign_in.body.matches("件</span>").count(), 1, "none waits elsewhere");
    let mut kiyose = clerk(&house, "13221").await;
    let file = format!("/applications/{application}");
    let key = kiyose.get(&file).await.hidden("key");
    kiyose.submit(&format!("{file}/accept"), &[("key", &key)]).await;
    assert!(browser.get("/sign-in").await.has("未処理 1件"), "what is decided does not wait");
}

#[tokio::test]
async fn use_2_who_moves_out_is_told_what_follows_the_acceptance() {
    let house = House::new().await;
    let person = house.person("印籠　花子", Medium::Phone);
    let (_, application) = house.apply(&person).await;
    let mut kiyose = clerk(&house, "13221").await;
    let file = format!("/applications/{application}");
    let key = kiyose.get(&file).await.hidden("key");
    kiyose.submit(&format!("{file}/accept"), &[("key", &key)]).await;
    let mut resident = Browser::portal(&house);
    resident.log_in(&house, &person).await;
    for page in [format!("/portal/applications/{application}"), "/portal/notices".to_owned()] {
        let page = resident.get(&page).await;
        assert!(page.has("転出届が受理されました。") && page.has("14日以内に"), "{}", page.body);
        assert!(page.has("転入届をしてください。") && !page.has("これで手続きは終わり"));
    }
}

#[tokio::test]
async fn a_sign_in_leads_back_to_the_page_that_was_asked_for() {
    let house = House::new().await;
    let person = house.person("印籠　花子", Medium::Phone);
    let (_, application) = house.apply(&person).await;
    let file = format!("/applications/{application}");
    let mut browser = Browser::office(&house);
    let asked = browser.get(&file).await;
    let page = browser.follow(asked).await;
    let fields = [("municipality", "13221".to_owned()), ("to", page.hidden("to"))];
    let fields = fields.each_ref().map(|(name, value)| (*name, value.as_str()));
    assert_eq!(browser.post("/sign-in", &fields).await.location().unwrap(), file);
    let elsewhere = [("municipality", "13221"), ("to", "//evil.example/")];
    assert_eq!(browser.post("/sign-in", &elsewhere).await.location().unwrap(), "/");
    // A form that comes too late leads back to its page.
    house.clock.advance_by(SignedDuration::from_hours(8));
    let accept = format!("{file}/accept");
    let key = [("key", "0123456789abcdef0123456789abcdef")];
    let late = browser.post(&accept, &key).await;
    assert_eq!(late.location().unwrap(), format!("/sign-in?to={accept}"));
}

#[tokio::test]
async fn a_clerk_is_told_how_long_the_sign_in_lasts_and_puts_its_end_off() {
    let house = House::new().await;
    let person = house.person("印籠　花子", Medium::Phone);
    let (_, application) = house.apply(&person).await;
    let file = format!("/applications/{application}");
    let mut kiyose = clerk(&house, "13221").await;
    for path in ["/", file.as_str()] {
        let page = kiyose.get(path).await;
        assert!(page.has("data-left=\"28800\" data-ask=\"/session/left\""), "{}", page.body);
        assert!(page.has("2026年11月21日 午後6時</span>まで職員として使えます"));
    }
    house.clock.advance_by(SignedDuration::from_hours(7));
    assert!(kiyose.get("/session/left").await.has("\"left\":3600"));
    // A reason that stands in its field stays there.
    let typed = [("reason", "途中まで")];
    let page = kiyose.submit(&format!("{file}/extend"), &typed).await;
    assert!(page.has("data-left=\"28800\"") && page.has("途中まで"), "{}", page.body);
    house.clock.advance_by(SignedDuration::from_hours(7));
    let answer = kiyose.post("/session/extend", &[("to", &file)]).await;
    assert_eq!(answer.location().unwrap(), file);
    house.clock.advance_by(SignedDuration::from_hours(8));
    assert!(kiyose.get("/session/left").await.has("\"left\":0"));
    let late = kiyose.post(&format!("{file}/extend"), &[("reason", "それから")]).await;
    assert_eq!(late.location().unwrap(), format!("/sign-in?to={file}"));
    // A page without a field is come back to as well, and nobody is led to where nothing is.
    let late = kiyose.post("/session/extend", &[("to", &file)]).await;
    assert_eq!(late.location().unwrap(), format!("/sign-in?to={file}"));
    assert_eq!(kiyose.get("/session/extend").await.location().unwrap(), "/");
    assert!(clerk(&house, "13221").await.get(&file).await.has("それから"));
}

#[tokio::test]
async fn each_sign_in_has_a_token_of_its_own_that_ends_with_it() {
    let house = House::new().await;
    let token = |browser: &Browser| browser.cookies["__Host-clerk"].clone();
    // A token that was planted is not taken over, and what it opened is closed.
    let planted = clerk(&house, "13221").await;
    let mut signed_in = planted.clone();
    signed_in.submit("/sign-in", &[("municipality", "13120")]).await;
    assert_ne!(token(&planted), token(&signed_in));
    assert_ne!(token(&clerk(&house, "13120").await), token(&signed_in), "at the same time");
    assert_eq!(planted.clone().get("/").await.location().unwrap(), "/sign-in");
    let mut copied = signed_in.clone();
    assert_eq!(signed_in.submit("/sign-out", &[]).await.status, StatusCode::OK);
    assert!(!signed_in.cookies.contains_key("__Host-clerk"));
    assert_eq!(copied.get("/").await.location().unwrap(), "/sign-in");
    assert_eq!(copied.get("/sign-in").await.trouble(), None, "the clerk's own doing");
}

#[tokio::test]
async fn a_reason_stays_over_a_switch_of_the_language_and_the_end_of_the_sign_in() {
    let house = House::new().await;
    let person = house.person("印籠　花子", Medium::Phone);
    let (_, application) = house.apply(&person).await;
    let file = format!("/applications/{application}");
    let mut kiyose = clerk(&house, "13221").await;
    let key = kiyose.get(&file).await.hidden("key");
    // However long it is that a browser sends in spite of the field's bound.
    let long = "a".repeat(60_000);
    let fields = [("key", key.as_str()), ("reason", long.as_str())];
    kiyose.post(&format!("{file}/return"), &fields).await;
    let switched = kiyose.get(&format!("{file}/return?lang=en")).await;
    let page = kiyose.follow(switched).await;
    assert!(page.has("<html lang=\"en\"") && page.has(&long));
    // Whoever comes too late finds it after the next sign-in; nobody of elsewhere does.
    house.clock.advance_by(SignedDuration::from_hours(8));
    let fields = [("key", key.as_str()), ("reason", "おそい理由")];
    let late = kiyose.post(&format!("{file}/return"), &fields).await;
    assert_eq!(late.location().unwrap(), format!("/sign-in?to={file}"));
    let mut again = clerk(&house, "13221").await;
    let page = again.get(&file).await;
    assert!(page.has("おそい理由") && !page.has(&long));
    let fields = [("key", page.hidden("key")), ("reason", "おそい理由".to_owned())];
    let fields = fields.each_ref().map(|(name, value)| (*name, value.as_str()));
    assert!(again.submit(&format!("{file}/return"), &fields).await.has("差し戻し"));
    let unknown = again.post("/applications/0123/return", &[("reason", "")]).await;
    assert_eq!(unknown.trouble().unwrap(), "not-found");
    let never = Browser::office(&house).post(&format!("{file}/return"), &fields).await;
    assert_eq!(never.location().unwrap(), format!("/sign-in?to={file}"));
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
    let page = kiyose.get(&format!("/applications/{application}")).await;
    assert!(
        page.has("1文字から500文字") && !page.has("maxlength"),
        "nothing is cut without a word"
    );
    for reason in ["", " \r\n ", long.as_str()] {
        let page = kiyose.post(&path, &[("key", &key), ("reason", reason)]).await;
        assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(page.has("id=\"reason-fault\"") && page.has("aria-invalid=\"true\""));
        assert_eq!(page.trouble().unwrap(), "fields-invalid");
        assert!(page.has("<a href=\"#reason\">差し戻しの理由</a>"), "it leads there");
        assert!(page.has("「差し戻しの理由」の入力に誤りがあります"));
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
