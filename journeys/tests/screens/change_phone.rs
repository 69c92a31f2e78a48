//! S0 2-E (change of phone), S1, S2 4: from one Android phone to the next; what comes first with an iPhone; and
//! another phone's certificates (S1 12).

use inrou_journeys::browser::{Person, Way};
use inrou_journeys::holder::{Holder, PHONE_PASSWORD, PHONE_PIN};

use crate::house::House;

in_every_way!(
    s0_2_e_taro_changes_phones,
    move_1_taro_is_led_to_the_change_of_phone,
    s1_12_taro_revokes_what_is_on_the_other_phone,
);

const TARO: Holder = Holder { phone: "/phones/taro-old", card: "taro", card_password: "YAMABE03" };

/// Taro's certificates are on the older of his two phones.
async fn where_taro_has_certificates() -> House {
    let house = House::of(&["taro"]).await;
    let phone = house.sandbox.anybody("/phone/v1").unwrap();
    TARO.applies(&phone).await;
    TARO.registers(&phone).await;
    house.turns_to("2026-11-24T10:30:00+09:00");
    house
}

async fn s0_2_e_taro_changes_phones(way: Way) {
    let house = where_taro_has_certificates().await;
    let phones = house.sandbox.anybody("/phone/v1").unwrap();
    let mut taro = Person::new("change-phone", way).await;
    taro.goes_to(&house.phone("taro-new", "")).await;
    taro.sees("S0 2-E (change of phone) 2", "button.menu").await;
    taro.presses("moving.title").await;
    taro.sees("S2 4-A", "moving.title").await;
    taro.presses("button.change-phone").await;
    taro.sees("S0 2-E (change of phone) 3", "step.card-password").await;
    taro.types("field-of.password", TARO.card_password).await;
    taro.presses("button.next").await;
    taro.sees("S0 2-E (change of phone) 4", "step.choose").await;
    // APPLY-2: the boxes start empty.
    assert_eq!(taro.counts("input[type=checkbox]:checked").await, 0);
    taro.ticks("button.confirmed").await;
    taro.presses("button.apply").await;
    taro.is_told("APPLY-2", "none-selected").await;
    taro.ticks("choose.signature").await;
    taro.ticks("choose.user-authentication").await;
    taro.ticks("button.confirmed").await;
    taro.presses("button.apply").await;
    taro.sees("S0 2-E (change of phone) 5", "step.read-card").await;
    taro.ticks_words("taro").await;
    taro.presses("button.read-card").await;
    taro.sees("S0 2-E (change of phone) 6", "step.consent-to-replacement").await;
    taro.presses("button.consent-and-next").await;
    taro.sees("S0 2-E (change of phone) 7", "step.new-signature-password").await;
    taro.types("field-of.new-password", PHONE_PASSWORD).await;
    taro.types("field-of.password-again", PHONE_PASSWORD).await;
    taro.presses("button.next").await;
    taro.sees("S0 2-E (change of phone) 8", "step.new-user-authentication-pin").await;
    taro.types("field-of.new-pin", PHONE_PIN).await;
    taro.types("field-of.pin-again", PHONE_PIN).await;
    taro.presses("button.next").await;
    taro.sees("S0 2-E (change of phone) 9", "step.applied").await;
    Holder { phone: "/phones/taro-new", ..TARO }.hears(&phones, "registration-ready").await;
    taro.presses("button.to-menu").await;
    taro.sees("S0 2-E (change of phone) 10", "button.menu").await;
    taro.presses("button.register").await;
    taro.sees("S0 2-E (change of phone) 11", "step.register").await;
    taro.presses("button.register").await;
    taro.sees("S0 2-E (change of phone) 12", "step.registered").await;
    // MOVE-2, MOVE-3: the old phone has deleted by itself, and can prove it.
    TARO.hears(&phones, "certificates-revoked").await;
    is_deleted(&house).await;
    taro.goes_to(&house.phone("taro-old", "")).await;
    taro.sees("MOVE-3", "button.menu").await;
    assert_eq!(taro.counts(".state.good").await, 0, "none can be used");
    taro.presses("button.check-certificate").await;
    taro.sees("MOVE-3", "button.check-certificate").await;
    taro.presses("proof.title").await;
    taro.sees("END-1", "proof.title").await;
    taro.presses("proof.judge").await;
    taro.sees("END-1", "receipt.good").await;
    taro.leaves().await;
    house.ends().await;
}

/// Waits until the old phone has deleted what it held.
async fn is_deleted(house: &House) {
    let phones = house.sandbox.anybody("/phone/v1").unwrap();
    for _ in 0..1000 {
        let state: inrou_api::wire::phone::PhoneState =
            phones.get(TARO.phone).answer().await.unwrap();
        if state.deleted.is_some() {
            return;
        }
        tokio::task::yield_now().await;
    }
    panic!("the old phone does not delete");
}

/// READY-3: an ordinary application is refused, and leads on.
async fn move_1_taro_is_led_to_the_change_of_phone(way: Way) {
    let house = where_taro_has_certificates().await;
    let mut taro = Person::new("phone-elsewhere", way).await;
    taro.goes_to(&house.phone("taro-new", "/prepare")).await;
    taro.presses("button.apply-for-phone").await;
    taro.waits_for("step.card-password").await;
    taro.types("field-of.password", TARO.card_password).await;
    taro.presses("button.next").await;
    taro.waits_for("step.choose").await;
    taro.ticks("button.confirmed").await;
    taro.presses("button.apply").await;
    taro.waits_for("step.read-card").await;
    taro.ticks_words("taro").await;
    taro.presses("button.read-card").await;
    taro.is_told("READY-3", "phone-elsewhere").await;
    taro.presses("button.change-phone").await;
    taro.waits_for("step.card-password").await;
    taro.leaves().await;
    house.ends().await;
}

async fn s1_12_taro_revokes_what_is_on_the_other_phone(way: Way) {
    let house = where_taro_has_certificates().await;
    let mut taro = Person::new("other-phone", way).await;
    taro.goes_to(&house.phone("taro-new", "")).await;
    taro.sees("S1 12 other phone", "button.menu").await;
    taro.presses("button.revocation").await;
    taro.sees("S2 3-F 3", "step.card-password").await;
    taro.types("field-of.password", TARO.card_password).await;
    taro.presses("button.next").await;
    taro.sees("S2 3-F 4", "step.read-card").await;
    taro.ticks_words("taro").await;
    taro.presses("button.read-card").await;
    taro.sees("MOVE-6", "step.revoked").await;
    is_deleted(&house).await;
    taro.leaves().await;
    house.ends().await;
}
