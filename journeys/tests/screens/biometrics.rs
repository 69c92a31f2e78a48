//! S1 after 13, S0 1-C 3: biometrics in place of the four-digit PIN (REG-2): registered, used, removed.

use inrou_journeys::browser::{Person, Way};
use inrou_journeys::hana::PHONE_PIN;

use crate::house::House;

in_every_way!(reg_2_biometrics, reg_2_a_model_without_biometrics);

async fn reg_2_biometrics(way: Way) {
    let house = House::where_hana_has_certificates().await;
    let mut hana = Person::new("biometrics", way).await;
    hana.has_a_fingerprint_reader().await;
    hana.goes_to(&house.phone("hana-phone", "")).await;
    hana.presses("passkey.title").await;
    hana.sees("S1 biometrics", "passkey.title").await;
    if !way.scripts {
        assert!(hana.page_says(&hana.words("passkey.needs-script")).await);
        hana.leaves().await;
        return house.ends().await;
    }
    hana.types("transaction-page.pin", "0000").await;
    hana.presses("button.register").await;
    hana.is_told("PIN-1", "wrong-pin").await;
    hana.types("transaction-page.pin", PHONE_PIN).await;
    hana.presses("button.register").await;
    hana.waits_for_words(&hana.words("button.remove-passkey")).await;
    hana.sees("S0 1-C 3", "passkey.title").await;
    // The operation check asks the portal for a log-in; here a person is asked by hand.
    let link = house.asks_for_a_log_in().await;
    hana.goes_to(&house.phone("hana-phone", "/open")).await;
    hana.types("scan.link", &link).await;
    hana.presses("button.next").await;
    hana.sees("REG-2", "transaction-page.log-in").await;
    hana.presses("button.log-in-with-biometrics").await;
    hana.waits_for("answered.done").await;
    hana.goes_to(&house.phone("hana-phone", "/passkey")).await;
    hana.presses("button.remove-passkey").await;
    hana.waits_for_words(&hana.words("button.register")).await;
    hana.leaves().await;
    house.ends().await;
}

async fn reg_2_a_model_without_biometrics(way: Way) {
    let house = House::of(&["taro"]).await;
    let mut taro = Person::new("no-biometrics", way).await;
    taro.goes_to(&house.phone("taro-old", "")).await;
    assert!(!taro.page_says(&taro.words("passkey.title")).await, "the menu does not offer it");
    taro.goes_to(&house.phone("taro-old", "/passkey")).await;
    taro.sees("S1 biometrics", "passkey.title").await;
    assert!(taro.page_says(&taro.words("passkey.not-on-this-model")).await);
    taro.leaves().await;
    house.ends().await;
}
