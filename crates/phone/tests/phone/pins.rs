//! Changing and resetting PINs (PIN-1, PIN-2), the contents of the chip (REG-3).

use inrou_api::problem::ProblemDocument;
use inrou_api::wire::phone::{ChipContents, NextStep};
use inrou_pki::Certificate;
use inrou_rules::Use;
use serde_json::{Value, json};

use crate::world::{PHONE_PASSWORD, PHONE_PIN, World, begin, new_pin, phone_password};

const PASSWORD_PATH: &str = "/phones/p/pins/signature";
const PIN_PATH: &str = "/phones/p/pins/user-authentication";

async fn carrying() -> World {
    let world = World::new().await;
    world.carry_certificates().await;
    world
}

async fn change(
    world: &World,
    path: &str,
    old: &str,
    new: &str,
    again: &str,
) -> Result<(), ProblemDocument> {
    world.post(path, json!({"old": old, "new": new, "again": again})).await
}

async fn contents(world: &World, asked: Value) -> Result<ChipContents, ProblemDocument> {
    world.post("/phones/p/contents", asked).await
}

async fn tries(world: &World) -> Vec<u8> {
    let contents = contents(world, json!({})).await.unwrap();
    contents.keys.iter().map(|key| key.tries_left).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn pin_2_who_knows_the_old_pin_changes_it() {
    let world = carrying().await;
    change(&world, PASSWORD_PATH, PHONE_PASSWORD, "NEWPASS8", "NEWPASS8").await.unwrap();
    change(&world, PIN_PATH, PHONE_PIN, "9999", "9999").await.unwrap();
    let wrong = contents(&world, json!({"signature_password": PHONE_PASSWORD})).await;
    assert_eq!(wrong.unwrap_err().code, "wrong-pin");
    let both = json!({"signature_password": "NEWPASS8", "user_authentication_pin": "9999"});
    contents(&world, both).await.unwrap();
    assert_eq!(tries(&world).await, [5, 3]);
}

#[tokio::test(flavor = "multi_thread")]
async fn pin_2_a_wrong_old_or_an_unfit_new_pin_changes_nothing() {
    let world = carrying().await;
    let code = async |old: &str, new: &str, again: &str| {
        change(&world, PIN_PATH, old, new, again).await.unwrap_err().code
    };
    assert_eq!(code("000", "9999", "9999").await, "pin-form");
    assert_eq!(code(PHONE_PIN, "999", "999").await, "pin-length");
    assert_eq!(code(PHONE_PIN, "9999", "9998").await, "pin-entries-differ");
    assert_eq!(tries(&world).await, [5, 3], "the chip was not asked");
    let problem = change(&world, PIN_PATH, "0000", "9999", "9999").await.unwrap_err();
    assert_eq!((problem.code.as_str(), problem.rule.as_deref()), ("wrong-pin", Some("PIN-1")));
    assert_eq!(problem.params["pin"], "phone-user-authentication");
    assert_eq!(problem.params["left"], "2");
    assert_eq!(tries(&world).await, [5, 2]);
    assert_eq!(code("0000", "9999", "9999").await, "wrong-pin");
    assert_eq!(code("0000", "9999", "9999").await, "pin-blocked");
    world.reopen().await;
    assert_eq!(code(PHONE_PIN, "9999", "9999").await, "pin-blocked", "it stays so");
    assert_eq!(tries(&world).await, [5, 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn pin_2_a_new_pin_is_never_taken_for_another_key_that_waits() {
    let world = carrying().await;
    // An application for what is carried already: the chip makes keys before it is refused.
    world.authority.refuse(
        "/application",
        inrou_rules::Refusal::AlreadyCarried { usage: Use::UserAuthentication },
    );
    world.step(begin("apply")).await.unwrap();
    while world.obey().await.is_ok() {}
    assert_eq!(world.noted().await.unwrap(), "already-carried");
    let changed = change(&world, PIN_PATH, PHONE_PIN, "9999", "9999").await;
    assert_eq!(changed.unwrap_err().code, "conflict");
    contents(&world, json!({"user_authentication_pin": PHONE_PIN})).await.unwrap();
    assert_eq!(tries(&world).await, [5, 3]);
}

#[tokio::test(flavor = "multi_thread")]
async fn pin_2_a_locked_pin_is_reset_with_the_card() {
    let world = carrying().await;
    for _ in 0..3 {
        change(&world, PIN_PATH, "0000", "9999", "9999").await.unwrap_err();
    }
    assert_eq!(tries(&world).await, [5, 0]);
    let reset = json!({"step": "begin", "procedure": "reset-pin", "usage": "user-authentication"});
    world.step(reset).await.unwrap();
    assert_eq!(world.next().await, NextStep::CardPassword);
    world.obey().await.unwrap();
    world.obey().await.unwrap();
    let applicant = None;
    assert_eq!(world.next().await, NextStep::NewUserAuthenticationPin { applicant });
    assert_eq!(world.refused(new_pin("99")).await, "pin-length");
    world.step(new_pin("9999")).await.unwrap();
    assert_eq!(world.next().await, NextStep::Done { usable_from: None });
    contents(&world, json!({"user_authentication_pin": "9999"})).await.unwrap();
    assert_eq!(tries(&world).await, [5, 3]);
}

#[tokio::test(flavor = "multi_thread")]
async fn reg_3_what_the_chip_holds_is_shown_for_its_pins() {
    let world = World::new().await;
    let empty = contents(&world, json!({})).await.unwrap();
    assert_eq!((empty.label.as_str(), empty.keys.len()), ("JPKIAPGPSETOKEN", 0));
    world.carry_certificates().await;
    let unopened = contents(&world, json!({})).await.unwrap();
    assert!(unopened.keys.iter().all(|key| key.certificate.is_none()));
    let both = json!({"signature_password": PHONE_PASSWORD, "user_authentication_pin": PHONE_PIN});
    let opened = contents(&world, both).await.unwrap();
    assert_eq!(opened.keys.len(), 2);
    for key in opened.keys {
        let certificate = Certificate::from_der(&key.certificate.unwrap().0).unwrap();
        assert_eq!(certificate.issuer(), world.house.issuer(key.usage).subject());
    }
    let wrong = contents(&world, json!({"signature_password": "WRONG123"})).await.unwrap_err();
    assert_eq!((wrong.code.as_str(), wrong.params["left"].as_str()), ("wrong-pin", "4"));
    assert_eq!(tries(&world).await, [4, 3]);
    let form = contents(&world, json!({"user_authentication_pin": "ABCD"})).await.unwrap_err();
    assert_eq!((form.code.as_str(), form.params["fault"].as_str()), ("pin-form", "character"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_revoked_phone_has_no_pin_to_change() {
    let world = carrying().await;
    world.step(begin("revoke")).await.unwrap();
    world.obey().await.unwrap();
    world.step(phone_password(PHONE_PASSWORD)).await.unwrap();
    let changed = change(&world, PIN_PATH, PHONE_PIN, "9999", "9999").await;
    assert_eq!(changed.unwrap_err().code, "phone-carries-none");
}
