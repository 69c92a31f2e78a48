//! The provider's own keys: a new one signs, those of before are known until they are retired (OpenID Connect
//! Core §10.1.1).

use serde_json::Value;

use crate::house::{House, path};
use crate::keys;
use crate::site::Form;

/// The names of the keys that are published.
async fn published(house: &House) -> Vec<String> {
    let keys = house.get(&path("certs"), &[]).await.json();
    let keys = keys["keys"].as_array().unwrap().iter();
    keys.map(|key| key["kid"].as_str().unwrap().to_owned()).collect()
}

/// By which key a token says that it is signed.
fn signed_by(token: &str) -> String {
    keys::header(token)["kid"].as_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn oidcc_10_1_1_a_new_key_signs_and_the_old_one_is_known_until_it_is_retired() {
    let mut house = House::new().await;
    let (site, person) = (house.site("digital-auth").await, house.person("水野　花"));
    let of = |tokens: &Value| tokens["id_token"].as_str().unwrap().to_owned();
    let old = of(&house.tokens(&site, &person).await);
    let first = published(&house).await;
    assert_eq!(first, [signed_by(&old)]);

    house.rotate();
    let new = of(&house.tokens(&site, &person).await);
    assert_ne!(signed_by(&new), signed_by(&old));
    house.restart();
    let both = published(&house).await;
    assert_eq!(both, [signed_by(&new), signed_by(&old)], "the one that signs stands first");
    let hint = async |house: &House, token: &str| {
        let hint = Form::default().set("id_token_hint", token);
        house.browser().visit(&format!("{}?{}", path("logout"), hint.encoded())).await
    };
    for token in [&old, &new] {
        let answer = hint(&house, token).await;
        assert!(answer.status.is_success(), "{}", answer.text);
    }

    house.former.clear();
    house.restart();
    assert_eq!(published(&house).await, [signed_by(&new)]);
    assert!(hint(&house, &new).await.status.is_success());
    let refused = hint(&house, &old).await;
    assert!(refused.text.contains("log-out-invalid"), "{}", refused.text);
}
