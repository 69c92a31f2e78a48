//! Who is the same person, for a site.

use axum::http::StatusCode;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use inrou_api::clock::Clock;
use inrou_relying::testing::{Holder, resident};
use inrou_rules::{Medium, Use};
use serde_json::{Value, json};

use crate::browser::Answer;
use crate::house::House;
use crate::keys::claims;
use crate::site::Site;

/// A certificate of that use of the person of that name.
fn certificate(house: &House, name: &str, usage: Use) -> Holder {
    let attributes = resident(name, "東京都清瀬市中里１－２－３");
    let holder = house.authority.issue(usage, Medium::Phone, &attributes);
    house.role_api.know(&holder.certificate, &format!("subject of {name}"), &attributes);
    holder
}

fn shown(holder: &Holder) -> Value {
    json!({"certificate": STANDARD.encode(holder.certificate.as_der())})
}

async fn asks(house: &House, site: &Site, first: Value, second: Value) -> Answer {
    let two = json!({"first": first, "second": second});
    site.calls(house, "POST", "/provider/v1/same-person", Some(&two)).await
}

async fn signing_site(house: &House, sector: &str) -> Site {
    house.site_with(json!({"scope": "openid name birthdate sign", "sector": sector})).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_in_by_another_phone_and_a_signature_are_of_the_same_person() {
    let house = House::new().await;
    let site = signing_site(&house, "bank.example").await;
    let old = house.person("水野　花");
    let subject = |tokens: Value| claims(tokens["id_token"].as_str().unwrap())["sub"].clone();
    let before = subject(house.tokens(&site, &old).await);
    // The phone is changed: new certificates.
    let new = certificate(&house, "水野　花", Use::UserAuthentication);
    let signature = certificate(&house, "水野　花", Use::Signature);
    assert_eq!(subject(house.tokens(&site, &new).await), before);
    for (first, second) in [(&old, &new), (&new, &signature), (&signature, &old)] {
        let answer = asks(&house, &site, shown(first), shown(second)).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
        let answer = answer.json();
        assert_eq!(answer["answer"], "same");
        assert_eq!((&answer["first"]["sub"], &answer["second"]["sub"]), (&before, &before));
    }
    // By a signature in place of a certificate.
    let cms = signature.sign_content(b"a contract", false, house.clock.now());
    let cms = json!({"signature": STANDARD.encode(cms)});
    let answer = asks(&house, &site, cms, shown(&new)).await.json();
    assert_eq!(
        (&answer["answer"], &answer["first"]["usage"]),
        (&json!("same"), &json!("signature"))
    );
    // Another sector calls the person otherwise.
    let other = signing_site(&house, "shop.example").await;
    let answer = asks(&house, &other, shown(&old), shown(&new)).await.json();
    assert_eq!(answer["answer"], "same");
    assert_ne!(answer["first"]["sub"], before);
}

#[tokio::test(flavor = "multi_thread")]
async fn another_person_and_one_whom_nothing_links_are_told_apart() {
    let house = House::new().await;
    let site = signing_site(&house, "bank.example").await;
    let hana = certificate(&house, "水野　花", Use::UserAuthentication);
    let taro = certificate(&house, "山田　太郎", Use::Signature);
    let answer = asks(&house, &site, shown(&hana), shown(&taro)).await.json();
    assert_eq!(answer["answer"], "not-linked", "she has no signature certificate");
    assert_ne!(answer["first"]["sub"], answer["second"]["sub"]);
    certificate(&house, "水野　花", Use::Signature);
    let answer = asks(&house, &site, shown(&hana), shown(&taro)).await.json();
    assert_eq!(answer["answer"], "different");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_of_nobody_and_one_of_another_issuer_are_told_apart() {
    let house = House::new().await;
    let site = signing_site(&house, "bank.example").await;
    let hana = certificate(&house, "水野　花", Use::UserAuthentication);
    let attributes = resident("山田　太郎", "東京都清瀬市中里１－２－３");
    let unknown = house.authority.issue(Use::UserAuthentication, Medium::Phone, &attributes);
    let refused = asks(&house, &site, shown(&hana), shown(&unknown)).await;
    assert_eq!(refused.refusal(), "422 invalid_request certificate-not-issued");
    // The authority knows no certificate of this issuer.
    let other = house.authority.issue(Use::Signature, Medium::Phone, &attributes);
    let refused = asks(&house, &site, shown(&other), shown(&hana)).await;
    assert_eq!(refused.refusal(), "422 access_denied certificate-untrusted");
    for broken in [json!({"certificate": "AAAA"}), json!({"signature": "AAAA"})] {
        let refused = asks(&house, &site, broken, shown(&hana)).await;
        assert_eq!(refused.refusal(), "422 access_denied certificate-untrusted");
    }
}
