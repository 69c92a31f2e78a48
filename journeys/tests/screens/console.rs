//! REG-4: a site's developer changes what is registered, and the staff decides about it.

use inrou_journeys::browser::{Person, Way};
use serde_json::{Value, json};

use crate::house::House;

in_every_way!(reg_4_a_registration_is_changed_and_looked_at,);

/// The public keys of RFC 7515, appendix A.3, and of RFC 7517, appendix A.1.
const KEY: &str = r#"{"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0","kid":"2026","use":"sig"}"#;
const NEXT_KEY: &str = r#"{"kty":"EC","crv":"P-256","x":"MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4","y":"4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM","kid":"2027","use":"sig"}"#;

async fn reg_4_a_registration_is_changed_and_looked_at(way: Way) {
    let house = House::of(&["hana"]).await;
    let mut developer = Person::new("console-site", way).await;
    let base = &house.sandbox.base;
    developer.goes_to(&format!("{base}/provider/console/metadata")).await;
    developer.sees("REG-4", "console-metadata.title").await;
    let key: Value = serde_json::from_str(KEY).unwrap();
    let site = json!({"client_name": "見本の店", "redirect_uris": ["https://shop.example/back"],
        "jwks": {"keys": [key]}, "scope": "openid name", "sector": "shop.example"});
    developer.types("console-metadata.json", &site.to_string()).await;
    developer.presses("console.register").await;
    developer.waits_for("console.registered").await;
    let id = developer.reads("dl code").await;
    developer.presses("console-site.title").await;
    developer.sees("REG-4", "console-site.title").await;

    developer.types("console-site.new-key", NEXT_KEY).await;
    developer.presses("console-site.add-key").await;
    developer.waits_for_some("input[name=remove][value=\"2027\"]").await;
    assert_eq!(developer.counts("input[name=remove]").await, 2);
    developer.presses("console-site.change").await;
    developer.sees("REG-4", "console-site.change").await;
    developer.types("console.name", "見本の新しい店").await;
    developer.types("limits.log-ins-a-minute", "0").await;
    developer.presses("console-site.change-it").await;
    developer.waits_for_words(&developer.words("console-site.not-changed")).await;
    developer.looks_around("REG-4").await;
    for (limit, most) in [
        ("limits.log-ins-a-minute", "10"),
        ("limits.log-ins-a-day", "100"),
        ("limits.signatures-a-minute", "5"),
        ("limits.signatures-a-day", "50"),
    ] {
        developer.types(limit, most).await;
    }
    developer.presses("console-site.change-it").await;
    developer.waits_for("console-site.title").await;
    developer.presses("console-metadata.title").await;
    developer.sees("REG-4", "console-metadata.title").await;

    developer.goes_to(&format!("{base}/provider/staff")).await;
    developer.sees("REG-4", "staff.title").await;
    developer.presses_words(&developer.reads("#sites a").await).await;
    developer.sees("REG-4", "staff.client").await;
    developer.presses("staff.decide-it").await;
    developer.waits_for_words(&developer.words("staff.choose")).await;
    developer.looks_around("REG-4").await;
    developer.ticks("staff.suspend").await;
    developer.types("staff.reason", "応答がありません。").await;
    developer.presses("staff.decide-it").await;
    developer.waits_for_words("応答がありません。").await;
    assert!(developer.page_says(&developer.words("console.suspended")).await);
    developer.goes_to(&format!("{base}/provider/console/clients/{id}/registration")).await;
    assert!(developer.page_says("応答がありません。").await);
    developer.ticks("console-site.delete-confirm").await;
    developer.presses("console-site.delete-it").await;
    developer.waits_for("console.title").await;
    assert!(!developer.page_says(&id).await);
    developer.leaves().await;
    house.ends().await;
}
