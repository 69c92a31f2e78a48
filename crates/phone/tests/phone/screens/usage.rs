//! The pages of a phone that carries certificates.

use inrou_api::wire::phone::{NextStep, PhoneState};
use inrou_api::wire::transaction::{Hindrance, Purpose, TransactionAnswer};
use jiff::SignedDuration;
use serde_json::json;

use super::LANGUAGES;
use crate::house::CARD_PASSWORD;
use crate::visitor::{Page, Visitor};
use crate::world::{PHONE_PASSWORD, PHONE_PIN, World};

#[tokio::test(flavor = "multi_thread")]
async fn pin_2_a_pin_is_changed_and_a_reload_costs_no_try() {
    let world = World::new().await;
    let visitor = Visitor::new(&world, "ja-easy");
    visitor.carry(&world).await;
    let page = "/pins/user-authentication";
    let wrong = visitor.send(page, "old=9998&new=8642&again=8642").await;
    assert!(wrong.tells("wrong-pin") && wrong.faults("old") && wrong.page().ends_with(page));
    assert!(!visitor.look(page).await.tells("wrong-pin"), "told once, and not tried again");
    let apart = format!("old={PHONE_PIN}&new=8642&again=8643");
    assert!(visitor.send(page, &apart).await.faults("again"));
    let weak = visitor.send(page, &format!("old={PHONE_PIN}&new=1111&again=1111")).await;
    assert!(weak.path.contains("?changed=easily-guessed&told="));
    let back = visitor.send(page, &format!("old=1111&new={PHONE_PIN}&again={PHONE_PIN}")).await;
    assert!(back.path.contains("?changed=yes&told=") && !back.has("name=\"old\""));
    let typed = visitor.look(&format!("{page}?changed=yes")).await;
    assert!(typed.has("name=\"old\""), "an address that is typed tells of no change");
}

#[tokio::test(flavor = "multi_thread")]
async fn pin_2_a_forgotten_pin_is_reset_in_place_of_what_is_under_way() {
    let world = World::new().await;
    let visitor = Visitor::new(&world, "ja-easy");
    visitor.carry(&world).await;
    visitor.send("/begin", "procedure=revoke").await;
    visitor.step("confirm-revocation", "&confirmed=yes").await;
    assert!(visitor.look("/procedure").await.has("/phones/p/forgotten"));
    assert!(visitor.look("/forgotten").await.has("name=\"instead\""));
    let form = "procedure=reset-pin&usage=user-authentication&instead=yes";
    visitor.send("/begin", form).await;
    visitor.step("card-password", &format!("&secret={CARD_PASSWORD}")).await;
    visitor.step("read-card", "&card=hanako").await;
    let set = visitor.step("new-user-authentication-pin", "&secret=8642&again=8642").await;
    assert!(!set.has("/phones/p/check"), "nothing was registered: {}", set.html);
    assert_eq!(world.next().await, NextStep::Done { usable_from: None });
}

#[tokio::test(flavor = "multi_thread")]
async fn reg_3_what_the_chip_holds_is_shown_without_pins_and_with_them() {
    let world = World::new().await;
    for language in LANGUAGES {
        assert!(!Visitor::new(&world, language).look("/contents").await.has("<form"));
    }
    let visitor = Visitor::new(&world, "ja-easy");
    visitor.carry(&world).await;
    let serial = world.state().await.certificates[0].serial.clone();
    assert!(!visitor.look("/contents").await.has(&serial));
    let pins = format!("signature_password={PHONE_PASSWORD}&user_authentication_pin={PHONE_PIN}");
    let read = visitor.send("/contents", &pins).await;
    assert!(read.has("CN="), "{}", read.html);
    let wrong = visitor.send("/contents", "signature_password=&user_authentication_pin=9998").await;
    assert!(wrong.tells("wrong-pin") && wrong.faults("user_authentication_pin"));
}

#[tokio::test(flavor = "multi_thread")]
async fn reg_4_a_card_reader_reaches_the_chip_only_while_its_holder_allows_it() {
    let world = World::new().await;
    let folder = world.phone_folder();
    let allows = || inrou_phone::allows_contactless(&folder).unwrap();
    for (language, sent, then) in [("ja", "true", "false"), ("ja-easy", "false", "true")] {
        let visitor = Visitor::new(&world, language);
        assert_eq!(allows(), sent == "false", "a new phone does not");
        let offered = format!("value=\"{sent}\"");
        assert!(visitor.look("/contactless").await.has(&offered));
        let page = visitor.send("/contactless", &format!("allowed={sent}")).await;
        assert!(page.has(&format!("value=\"{then}\"")), "{}", page.html);
        assert_eq!(allows(), sent == "true", "as its file says");
        assert_eq!(world.state().await.contactless, sent == "true");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn reg_2_the_operation_check_uses_both_certificates() {
    let world = World::new().await;
    let visitor = Visitor::new(&world, "ja-easy");
    let registered = visitor.carry(&world).await;
    assert!(registered.has("/phones/p/check"));
    let wrong = visitor.send("/check", "password=WRONG123").await;
    assert!(wrong.tells("wrong-pin") && wrong.faults("password"));
    let signed = visitor.send("/check", &format!("password={PHONE_PASSWORD}")).await;
    assert!(signed.has("class=\"told\"") && world.portal.answers().is_empty());
    let logged_in = visitor.send("/check", &format!("pin={PHONE_PIN}")).await;
    assert_eq!(logged_in.html.matches("class=\"told\"").count(), 2, "{}", logged_in.html);
    let portal = &world.portal;
    assert_eq!((portal.answers().len(), portal.log_outs()), (1, 1), "USE-7: nothing stays open");
}

#[tokio::test(flavor = "multi_thread")]
async fn reg_2_what_a_slow_check_tells_is_found_by_looking_again() {
    let world = World::new().await;
    let visitor = Visitor::new(&world, "ja");
    visitor.carry(&world).await;
    world.portal.hold();
    let working = visitor.send("/check", "pin=9998").await;
    let link = |page: &Page| {
        let link = page.html.split("<a class=\"button secondary\" href=\"").nth(1).unwrap();
        link.split('"').next().unwrap().to_owned()
    };
    let again = visitor.go(&link(&working), None).await;
    assert!(working.has("<progress") && again.has("<progress"), "{}", again.html);
    world.portal.release();
    visitor.waits_out_the_work().await;
    let told = visitor.go(&link(&again), None).await;
    assert!(told.tells("wrong-pin") && told.faults("pin"), "{}: {}", told.path, told.html);
}

#[tokio::test(flavor = "multi_thread")]
async fn use_1_what_a_site_asks_is_answered_once_and_a_reload_costs_no_try() {
    let world = World::new().await;
    let visitor = Visitor::new(&world, "ja-easy");
    visitor.carry(&world).await;
    let expires = world.now() + SignedDuration::from_mins(5);
    let (_, link) = world.portal.ask(Purpose::LogIn, "ポータルにログインします。", expires);
    let open = format!("/phones/p/open?link={link}");
    assert!(visitor.go(&open, None).await.has("value=\"approve\""));
    let form = |secret: &str| format!("link={link}&consent=approve&secret={secret}");
    let wrong = visitor.send("/consent", &form("9998")).await;
    assert!(wrong.tells("wrong-pin") && wrong.faults("secret"));
    assert!(wrong.path.starts_with("/phones/p/open?link="));
    let done = visitor.send("/consent", &form(PHONE_PIN)).await;
    assert!(done.path.starts_with("/phones/p/answered/done?of="), "{}", done.path);
    assert_eq!(visitor.send("/consent", &form(PHONE_PIN)).await.path, done.path, "pressed twice");
    assert_eq!(world.portal.answers().len(), 1);
    assert!(visitor.go(&open, None).await.tells("transaction-done"));
    let foreign = visitor.look("/open?link=http://evil.example/transactions/1").await;
    assert!(foreign.tells("asker-not-safe"));
}

#[tokio::test(flavor = "multi_thread")]
async fn use_1_a_phone_that_cannot_answer_says_why_and_asks_for_no_pin() {
    let world = World::new().await;
    let ask = |purpose| {
        let expires = world.now() + SignedDuration::from_mins(5);
        world.portal.ask(purpose, "ポータルにログインします。", expires).1
    };
    let is_told = async |purpose, code: &str| {
        for language in LANGUAGES {
            let visitor = Visitor::new(&world, language);
            let page = visitor.look(&format!("/open?link={}", ask(purpose))).await;
            assert!(page.tells(code) && page.has("value=\"refuse\""), "{code}: {}", page.html);
            assert!(page.has("value=\"cannot\""), "{code}");
            assert!(!page.has("value=\"approve\"") && !page.has("name=\"secret\""), "{code}");
            assert_eq!(page.has("/phones/p/forgotten"), code == "pin-blocked", "{code}");
        }
    };
    let visitor = Visitor::new(&world, "ja");
    for purpose in [Purpose::LogIn, Purpose::Sign] {
        is_told(purpose, "phone-carries-none").await;
    }
    visitor.carry(&world).await;
    for secret in ["9990", "9991", "9992"] {
        let link = ask(Purpose::LogIn);
        visitor.look(&format!("/open?link={link}")).await;
        let form = format!("link={link}&consent=approve&secret={secret}");
        visitor.send("/consent", &form).await;
    }
    is_told(Purpose::LogIn, "pin-blocked").await;
    let link = ask(Purpose::LogIn);
    visitor.look(&format!("/open?link={link}")).await;
    let told = visitor.send("/consent", &format!("link={link}&consent=cannot")).await;
    assert_eq!(told.path, "/phones/p/answered/cannot");
    assert!(matches!(
        world.portal.answers().last(),
        Some(TransactionAnswer::Cannot { reason: Hindrance::PinBlocked })
    ));
    let link = ask(Purpose::Sign);
    let page = visitor.look(&format!("/open?link={link}")).await;
    assert!(page.has("name=\"secret\"") && !page.has("value=\"cannot\""));
    let typed = format!("link={link}&consent=approve&secret=WRONG123");
    assert!(visitor.send("/consent", &typed).await.has("value=\"cannot\""), "one may give up");
    world.advance(SignedDuration::from_hours(24 * 366));
    is_told(Purpose::Sign, "certificate-expired").await;
    visitor.send("/begin", "procedure=revoke").await;
    visitor.step("confirm-revocation", "&confirmed=yes&with_card=yes").await;
    visitor.step("card-password", &format!("&secret={CARD_PASSWORD}")).await;
    visitor.step("read-card", "&card=hanako").await;
    is_told(Purpose::Sign, "certificate-revoked").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn use_1_who_signs_for_a_site_types_both_secrets_and_is_told_which_was_wrong() {
    let world = World::new().await;
    let ask = || {
        let expires = world.now() + SignedDuration::from_mins(5);
        let (id, link) = world.portal.ask(Purpose::Sign, "契約書", expires);
        world.portal.change(&id, |transaction| transaction.proof = true);
        link
    };
    let visitor = Visitor::new(&world, "ja-easy");
    visitor.carry(&world).await;
    for language in LANGUAGES {
        let page = Visitor::new(&world, language).look(&format!("/open?link={}", ask())).await;
        for field in ["name=\"secret\"", "name=\"proof\""] {
            assert_eq!(page.html.matches(field).count(), 1, "{language} {field}: {}", page.html);
        }
    }
    let link = ask();
    visitor.look(&format!("/open?link={link}")).await;
    let form = |secret: &str, pin: &str| {
        format!("link={link}&consent=approve&secret={secret}&proof={pin}")
    };
    let wrong = visitor.send("/consent", &form(PHONE_PASSWORD, "9998")).await;
    assert!(wrong.tells("wrong-pin") && wrong.faults("proof") && !wrong.faults("secret"));
    let wrong = visitor.send("/consent", &form("WRONG123", PHONE_PIN)).await;
    assert!(wrong.tells("wrong-pin") && wrong.faults("secret") && !wrong.faults("proof"));
    let done = visitor.send("/consent", &form(PHONE_PASSWORD, PHONE_PIN)).await;
    assert!(done.path.starts_with("/phones/p/answered/done?of="), "{}", done.path);
    // Where either is locked, nothing is asked for, and the site may be told.
    for secret in ["9990", "9991", "9992"] {
        let link = ask();
        visitor.look(&format!("/open?link={link}")).await;
        let form = format!("link={link}&consent=approve&secret={PHONE_PASSWORD}&proof={secret}");
        visitor.send("/consent", &form).await;
    }
    let link = ask();
    let page = visitor.look(&format!("/open?link={link}")).await;
    assert!(page.tells("pin-blocked") && !page.has("name=\"secret\"") && page.has("/forgotten"));
    visitor.send("/consent", &format!("link={link}&consent=cannot")).await;
    assert!(matches!(
        world.portal.answers().last(),
        Some(TransactionAnswer::Cannot { reason: Hindrance::PinBlocked })
    ));
}

#[tokio::test(flavor = "multi_thread")]
async fn use_1_the_phones_that_can_answer_stand_first_and_say_so() {
    let world = World::new().await;
    let new = json!({"name": "a", "platform": "android", "model": "Sandbox Phone 8"});
    world.post::<PhoneState>("/phones", new).await.unwrap();
    let visitor = Visitor::new(&world, "ja");
    visitor.carry(&world).await;
    let expires = world.now() + SignedDuration::from_mins(5);
    let (_, link) = world.portal.ask(Purpose::LogIn, "ポータル", expires);
    let page = visitor.go(&format!("/open?link={link}"), None).await;
    let parts = ["/phones/p/open", "ログインできます", "署名できます", "/phones/a/open"];
    let places = parts.map(|part| page.html.find(part));
    assert!(places.is_sorted() && places[0].is_some(), "{places:?}: {}", page.html);
    assert_eq!(page.html.matches("state good").count(), 2, "of the one phone");
}

#[tokio::test(flavor = "multi_thread")]
async fn help_2_english_pages_write_as_english_does() {
    let world = World::new().await;
    let visitor = Visitor::new(&world, "en");
    visitor.carry(&world).await;
    for page in ["", "/check", "/contents"] {
        let page = visitor.look(page).await;
        for heading in ["Signature certificate", "User-authentication certificate"] {
            assert!(page.has(&format!(">{heading}</h")), "{}: {}", page.path, page.html);
        }
        assert!(!page.has("（"), "{}: {}", page.path, page.html);
    }
    let differ = format!("old={PHONE_PASSWORD}&new=OTHER123&again=OTHER124");
    let told = visitor.send("/pins/signature", &differ).await;
    assert!(told.faults("again") && !told.has("PIN"), "it is a password: {}", told.html);
}
