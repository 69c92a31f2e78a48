//! The app's screens over HTTP, as a browser without scripts sees them.

use std::sync::Arc;

use axum::http::StatusCode;
use inrou_api::wire::Base64;
use inrou_api::wire::phone::{ChipContents, NextStep, PhoneState};
use inrou_api::wire::transaction::Purpose;
use inrou_pki::digest::HashAlgorithm;
use inrou_pki::{FreshKeys, KeyAlgorithm, KeySource, Signer, SoftwareKey};
use inrou_rules::Refusal;
use inrou_words::{Form, text};
use jiff::SignedDuration;
use serde_json::json;

use crate::house::CARD_PASSWORD;
use crate::visitor::{Page, Visitor};
use crate::world::{PHONE_PASSWORD, PHONE_PIN, World, begin};

const LANGUAGES: [&str; 3] = ["ja", "ja-easy", "en"];

impl Visitor<'_> {
    /// Applies for both, up to the end of the application.
    async fn apply(&self) -> Page {
        self.send("/begin", "procedure=apply").await;
        self.step("card-password", &format!("&secret={CARD_PASSWORD}")).await;
        self.step("choose", "&signature=yes&user_authentication=yes&confirmed=yes").await;
        let read = self.step("read-card", "&card=hanako").await;
        assert!(read.path.ends_with("/procedure/read"), "{}", read.html);
        let password = format!("&secret={PHONE_PASSWORD}&again={PHONE_PASSWORD}");
        self.step("new-signature-password", &password).await;
        let pin = format!("&secret={PHONE_PIN}&again={PHONE_PIN}");
        self.step("new-user-authentication-pin", &pin).await
    }

    /// Applies for both, and registers them.
    async fn carry(&self, world: &World) -> Page {
        self.apply().await;
        world.authority.issue();
        world.hear(1).await;
        self.send("/begin", "procedure=register").await;
        self.step("register", "").await
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn apply_1_every_step_to_registration_and_revocation_has_its_page_in_every_language() {
    for language in LANGUAGES {
        let world = World::new().await;
        let visitor = Visitor::new(&world, language);
        assert!(visitor.go("/", None).await.has("/phones/p"));
        assert!(visitor.look("").await.has("/phones/p/prepare"));
        assert!(visitor.look("/prepare").await.has("value=\"apply\""));
        let done = visitor.apply().await;
        assert!(matches!(world.next().await, NextStep::Wait { .. }));
        assert!(!visitor.look("").await.has("/phones/p/prepare"), "one is under way");
        world.authority.issue();
        world.hear(1).await;
        // However soon the notice comes, the page stays until one goes to the menu.
        let stays = visitor.look("/procedure").await;
        assert!(!stays.has("value=\"register\"") && !done.has("data-waits"), "{}", stays.html);
        assert!(visitor.look("/notices").await.has("<article"));
        assert!(visitor.look("").await.has("value=\"register\""));
        visitor.send("/begin", "procedure=register").await;
        let registered = visitor.step("register", "").await;
        assert!(registered.has("/phones/p/check") && registered.has("/phones/p\""));
        for page in ["", "/contents", "/check", "/pins", "/pins/signature", "/forgotten", "/open"] {
            assert_eq!(visitor.look(page).await.status, StatusCode::OK, "{page}");
        }
        visitor.look("/pins/user-authentication").await;
        visitor.send("/begin", "procedure=revoke").await;
        let unticked = visitor.step("confirm-revocation", "").await;
        assert!(unticked.tells("revocation-not-confirmed") && unticked.faults("confirmed"));
        visitor.step("confirm-revocation", "&confirmed=yes").await;
        let by_card = visitor.step("confirm-revocation", "&confirmed=yes&with_card=yes").await;
        assert!(by_card.has("card-password"), "END-3");
        visitor.step("confirm-revocation", "&confirmed=yes").await;
        visitor.step("phone-password", &format!("&secret={PHONE_PASSWORD}")).await;
        assert_eq!(world.next().await, NextStep::Done { usable_from: None });
        assert!(visitor.look("").await.has("/phones/p/prepare"), "one may apply again");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn ready_2_an_unsupported_phone_does_not_offer_the_application_and_says_why() {
    let world = World::new().await;
    let old = json!({"name": "old", "platform": "android", "model": "Old Phone"});
    let state: PhoneState = world.post("/phones", old).await.unwrap();
    assert!(!state.supported && world.state().await.supported);
    for language in LANGUAGES {
        let visitor = Visitor::new(&world, language);
        let menu = visitor.go("/phones/old", None).await;
        assert!(!menu.has("value=\"apply\"") && menu.has("/phones/old/prepare"));
        let why = visitor.go("/phones/old/prepare", None).await;
        assert!(!why.has("value=\"apply\"") && why.has("Sandbox Phone 8"), "{}", why.html);
        assert!(!why.has("iPhone"), "none is served");
        let not_here = text("unsupported.no-card-here").in_language(language.parse().unwrap());
        assert!(why.has(&not_here.render(Form::Html)), "{}", why.html);
        let refused = visitor.go("/phones/old/begin", Some("procedure=apply")).await;
        assert!(refused.tells("phone-not-supported"));
        assert!(!visitor.go("/phones/old", None).await.tells("phone-not-supported"), "told once");
    }
    let refused = world.post::<PhoneState>("/phones/old/steps", begin("apply")).await.unwrap_err();
    assert_eq!((refused.code.as_str(), refused.status), ("phone-not-supported", 422));
    assert_eq!(refused.rule.as_deref(), Some("READY-2"));
}

#[tokio::test(flavor = "multi_thread")]
async fn apply_2_and_3_a_wrong_choice_is_told_at_the_field_and_the_rest_is_kept() {
    let world = World::new().await;
    let visitor = Visitor::new(&world, "ja-easy");
    visitor.send("/begin", "procedure=apply").await;
    let form = visitor.step("card-password", "&secret=card").await;
    assert!(form.tells("pin-form") && form.faults("secret"));
    visitor.step("card-password", &format!("&secret={CARD_PASSWORD}")).await;
    let none = visitor.step("choose", "&confirmed=yes").await;
    assert!(none.tells("none-selected") && none.has("id=\"uses-fault\""));
    let unticked = visitor.step("choose", "&signature=yes").await;
    assert!(unticked.tells("not-confirmed") && unticked.faults("confirmed"));
    assert!(unticked.has("name=\"signature\" value=\"yes\" checked"));
    assert!(!unticked.has("name=\"user_authentication\" value=\"yes\" checked"), "as it was");
}

#[tokio::test(flavor = "multi_thread")]
async fn apply_6_each_trouble_with_the_card_has_its_way_out() {
    let world = World::new().await;
    let visitor = Visitor::new(&world, "ja-easy");
    visitor.send("/begin", "procedure=apply").await;
    visitor.step("card-password", "&secret=WRONG123").await;
    visitor.step("choose", "&signature=yes&confirmed=yes").await;
    assert!(visitor.step("read-card", "&card=nobody").await.tells("card-not-present"));
    for left in (1..5).rev() {
        let wrong = visitor.step("read-card", "&card=hanako").await;
        assert!(wrong.tells("wrong-pin") && wrong.faults("secret"), "{}", wrong.html);
        assert!(wrong.has("/phones/p/forgotten"));
        let tries = world.state().await.procedure.unwrap().tries_left;
        assert_eq!(tries, Some(left), "a reload costs no try");
        visitor.look("/procedure").await;
        visitor.step("card-password", "&secret=WRONG123").await;
    }
    let away = visitor.send("/card/away", "").await;
    assert!(!away.has("/card/away") && world.state().await.card.is_none());
    assert!(visitor.step("read-card", "&card=hanako").await.tells("pin-blocked"));
    let given_up = visitor.step("cancel", "").await;
    assert_eq!(given_up.path, "/phones/p");
}

#[tokio::test(flavor = "multi_thread")]
async fn apply_6_a_card_that_is_refused_has_its_way_out_and_the_choice_is_kept() {
    let world = World::new().await;
    let not_after = world.now();
    world.authority.refuse("/application", Refusal::CardSignatureExpired { not_after });
    let visitor = Visitor::new(&world, "ja");
    visitor.send("/begin", "procedure=apply").await;
    visitor.step("card-password", &format!("&secret={CARD_PASSWORD}")).await;
    visitor.step("choose", "&signature=yes&confirmed=yes").await;
    let refused = visitor.step("read-card", "&card=other").await;
    assert!(refused.tells("card-signature-expired"), "{}", refused.html);
    assert!(refused.has("このカードでは手続きできません") && refused.has("value=\"cancel\""));
    world.authority.mend();
    let read = visitor.step("read-card", "&card=hanako").await;
    assert!(read.path.ends_with("/procedure/read"), "{}", read.html);
    let password = format!("&secret={PHONE_PASSWORD}&again={PHONE_PASSWORD}");
    visitor.step("new-signature-password", &password).await;
    assert!(matches!(world.next().await, NextStep::Wait { .. }), "for one, as it was chosen");
}

#[tokio::test(flavor = "multi_thread")]
async fn apply_6_only_the_holders_card_is_chosen_at_first() {
    let world = World::new().await;
    let new = json!({"name": "q", "platform": "android", "model": "Sandbox Phone 8"});
    world.post::<PhoneState>("/phones", new).await.unwrap();
    for (phone, chosen) in [("p", Some("hanako")), ("q", None)] {
        for language in LANGUAGES {
            let visitor = Visitor::new(&world, language);
            let send = async |form: &str| {
                visitor.go(&format!("/phones/{phone}/procedure"), Some(form)).await
            };
            visitor.go(&format!("/phones/{phone}/begin"), Some("procedure=apply")).await;
            send(&format!("step=card-password&secret={CARD_PASSWORD}")).await;
            let page = send("step=choose&signature=yes&confirmed=yes").await;
            let checked: Vec<&str> = page.html.split("name=\"card\" value=\"").skip(1).collect();
            let checked = checked.into_iter().filter_map(|rest| rest.split_once("\" checked>"));
            let checked: Vec<&str> = checked.map(|(card, _)| card).collect();
            assert_eq!(checked, chosen.as_slice(), "{}", page.html);
            let none = send("step=read-card").await;
            assert!(none.tells("card-not-chosen") && none.has("id=\"card-fault\""), "{phone}");
            assert!(none.has("<li><a href=\"#card\""), "{}", none.html);
            send("step=cancel").await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn apply_5_new_pins_are_faulted_at_the_field_and_a_weak_one_is_advised_against() {
    let world = World::new().await;
    let visitor = Visitor::new(&world, "ja-easy");
    visitor.send("/begin", "procedure=apply").await;
    visitor.step("card-password", &format!("&secret={CARD_PASSWORD}")).await;
    visitor.step("choose", "&user_authentication=yes&confirmed=yes").await;
    visitor.step("read-card", "&card=hanako").await;
    let step = "new-user-authentication-pin";
    assert!(visitor.step(step, "&secret=2468&again=2469").await.faults("again"));
    assert!(visitor.step(step, "&secret=24&again=24").await.faults("secret"));
    // 1234; and the holder's birthday, the seventeenth of February.
    for weak in ["1234", "0217"] {
        let doubted = visitor.step(step, &format!("&secret={weak}&again={weak}")).await;
        assert!(doubted.path.ends_with("/weak-pin"), "{}", doubted.html);
        assert!(matches!(world.next().await, NextStep::NewUserAuthenticationPin { .. }));
    }
    visitor.send("/procedure", "step=take-doubted-pin").await;
    assert!(matches!(world.next().await, NextStep::Wait { .. }), "it is not refused");
    let again = visitor.send("/procedure", "step=take-doubted-pin").await;
    assert!(again.path.ends_with("/procedure") && again.status.is_success());
}

#[tokio::test(flavor = "multi_thread")]
async fn reg_1_work_that_takes_long_is_shown_and_goes_on_over_reloads() {
    let world = Arc::new(World::new().await);
    let visitor = Visitor::new(&world, "ja-easy");
    visitor.send("/begin", "procedure=apply").await;
    visitor.step("card-password", &format!("&secret={CARD_PASSWORD}")).await;
    visitor.step("choose", "&signature=yes&confirmed=yes").await;
    world.authority.hold();
    let working = visitor.step("read-card", "&card=hanako").await;
    assert!(working.has("<progress"), "{}", working.html);
    // Who reads it is not thrown back to its top again and again (WCAG 2.2, 2.2.1); where no scripts run,
    // a press shows how far it is.
    assert!(!working.has("http-equiv"), "{}", working.html);
    assert!(working.has("href=\"/phones/p/procedure\""), "{}", working.html);
    for page in ["", "/procedure", "/prepare", "/contents", "/pins", "/forgotten", "/check"] {
        assert!(visitor.look(page).await.has("<progress"), "{page}");
    }
    // A second press, from a page that was open before.
    assert!(visitor.send("/procedure", "step=read-card&card=hanako").await.has("<progress"));
    let away = visitor.send("/card/away", "").await;
    assert!(away.has("<progress") && !away.has("/card/away"));
    world.authority.release();
    visitor.waits_out_the_work().await;
    assert!(visitor.look("/procedure").await.tells("card-not-present"));
    visitor.step("read-card", "&card=hanako").await;
    assert!(matches!(world.next().await, NextStep::NewSignaturePassword { .. }));
}

#[tokio::test(flavor = "multi_thread")]
async fn hours_2_a_notice_arrives_on_an_open_page() {
    let world = World::new().await;
    let visitor = Visitor::new(&world, "ja");
    visitor.apply().await;
    let arrives = visitor.look("/notices/new?since=0");
    world.authority.issue();
    assert_eq!(arrives.await.status, StatusCode::OK);
    assert!(visitor.look("").await.has("since=1"));
}

#[tokio::test(flavor = "multi_thread")]
async fn hours_2_a_page_that_waits_does_not_hold_the_shutdown() {
    let world = World::new().await;
    let visitor = Visitor::new(&world, "ja");
    let (waits, ()) = tokio::join!(visitor.look("/notices/new?since=0"), async {
        tokio::task::yield_now().await;
        world.shut_down();
    });
    assert_eq!(waits.status, StatusCode::NO_CONTENT);
}

#[tokio::test(flavor = "multi_thread")]
async fn reg_1_a_registration_that_was_cut_off_is_taken_up_again_on_its_page() {
    let world = World::new().await;
    let visitor = Visitor::new(&world, "ja-easy");
    visitor.apply().await;
    world.authority.issue();
    world.hear(1).await;
    visitor.send("/begin", "procedure=register").await;
    world.authority.out_of_reach();
    let failed = visitor.step("register", "").await;
    assert!(failed.tells("service-unavailable"), "{}", failed.html);
    world.reopen().await;
    assert!(visitor.look("/procedure").await.tells("service-unavailable"), "also after a restart");
    world.authority.mend();
    assert!(visitor.step("register", "").await.has("/phones/p/check"));
}

#[tokio::test(flavor = "multi_thread")]
async fn hours_3_the_wait_is_told_only_while_there_is_one() {
    let world = World::new().await;
    let visitor = Visitor::new(&world, "en");
    visitor.carry(&world).await;
    assert!(visitor.look("/procedure").await.has("Please wait about 15 min"));
    world.advance(SignedDuration::from_mins(14));
    assert!(visitor.look("/procedure").await.has("Please wait about 1 min"));
    world.advance(SignedDuration::from_mins(1));
    assert!(!visitor.look("/procedure").await.has("Please wait"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_form_out_of_its_turn_and_an_unknown_phone_end_in_a_clear_page() {
    let world = World::new().await;
    for language in LANGUAGES {
        let visitor = Visitor::new(&world, language);
        let stale = visitor.send("/procedure", "step=register").await;
        assert!(stale.page() == "/phones/p" && stale.tells("step-out-of-turn"));
        visitor.send("/begin", "procedure=apply").await;
        assert!(visitor.send("/procedure", "step=delete").await.tells("step-out-of-turn"));
        let other = visitor.send("/begin", "procedure=revoke").await;
        assert!(other.path.ends_with("?other=yes") && other.has("card-password"));
        assert!(visitor.send("/procedure", "step=dance").await.tells("bad-request"));
        assert!(visitor.send("/procedure", "nothing").await.tells("bad-request"));
        assert_eq!(visitor.send("/procedure", "step=cancel").await.path, "/phones/p");
        for page in ["", "/procedure", "/contents", "/pins", "/open", "/answered/done"] {
            let nobody = visitor.go(&format!("/phones/nobody{page}"), None).await;
            assert_eq!(nobody.status, StatusCode::NOT_FOUND, "{page}");
            assert!(nobody.tells("not-found"));
        }
    }
}

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
    assert_eq!(done.path, "/phones/p/answered/done");
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
    let link = ask(Purpose::Sign);
    assert!(visitor.look(&format!("/open?link={link}")).await.has("name=\"secret\""));
    world.advance(SignedDuration::from_hours(24 * 366));
    is_told(Purpose::Sign, "certificate-expired").await;
    visitor.send("/begin", "procedure=revoke").await;
    visitor.step("confirm-revocation", "&confirmed=yes&with_card=yes").await;
    visitor.step("card-password", &format!("&secret={CARD_PASSWORD}")).await;
    visitor.step("read-card", "&card=hanako").await;
    is_told(Purpose::Sign, "certificate-revoked").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn use_1_the_phones_that_can_answer_stand_first_and_say_so() {
    let world = World::new().await;
    let new = json!({"name": "a", "platform": "android", "model": "Sandbox Phone 8"});
    world.post::<PhoneState>("/phones", new).await.unwrap();
    let visitor = Visitor::new(&world, "ja");
    visitor.carry(&world).await;
    let expires = world.now() + SignedDuration::from_mins(5);
    for (purpose, can) in [(Purpose::LogIn, "ログインできます"), (Purpose::Sign, "署名できます")]
    {
        let (_, link) = world.portal.ask(purpose, "ポータル", expires);
        let page = visitor.go(&format!("/open?link={link}"), None).await;
        let places = ["/phones/p/open", can, "/phones/a/open"].map(|part| page.html.find(part));
        assert!(places.is_sorted() && places[0].is_some(), "{places:?}: {}", page.html);
        assert_eq!(page.html.matches(can).count(), 1);
    }
    let none = visitor.go("/open?link=http://evil.example/transactions/1", None).await;
    assert!(!none.has("state good") && none.has("/phones/a/open"), "{}", none.html);
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

/// The device's own authenticator, as WebAuthn has it.
struct Authenticator {
    key: Arc<SoftwareKey>,
    credential: &'static str,
    prf: [u8; 32],
    flags: u8,
    kind: &'static str,
    site: &'static str,
    origin: &'static str,
    cross_origin: bool,
}

impl Authenticator {
    fn new() -> Self {
        let key = Arc::new(FreshKeys.generate(KeyAlgorithm::EcP256).unwrap());
        Self {
            key,
            credential: "credential",
            prf: [7; 32],
            flags: 0b101,
            kind: "webauthn.get",
            site: "phone.localhost",
            origin: "http://phone.localhost",
            cross_origin: false,
        }
    }

    /// The fields that the script fills in, for the challenge on a page.
    fn answer(&self, page: &Page) -> String {
        let asked = page.html.split("data-challenge=\"").nth(1).unwrap();
        let challenge = asked.split('"').next().unwrap().trim_end_matches('=');
        let challenge = challenge.replace('+', "-").replace('/', "_");
        let client = json!({
            "type": self.kind, "challenge": challenge, "origin": self.origin,
            "crossOrigin": self.cross_origin,
        });
        let client = client.to_string().into_bytes();
        let sha256 = |bytes: &[u8]| HashAlgorithm::Sha256.digest(bytes).as_bytes().to_vec();
        let data = [sha256(self.site.as_bytes()), vec![self.flags, 0, 0, 0, 0]].concat();
        let signed = [data.clone(), sha256(&client)].concat();
        let signature = self.key.sign(&signed);
        let fields = [
            ("credential", self.credential.as_bytes().to_vec()),
            ("key", self.key.public_key().spki().to_vec()),
            ("authenticator", data),
            ("client", client),
            ("signature", signature.unwrap()),
            ("prf", self.prf.to_vec()),
        ];
        fields.into_iter().fold(String::new(), |form, (name, value)| {
            let value = String::from(Base64(value)).replace('+', "%2B").replace('/', "%2F");
            format!("{form}&{name}={}", value.replace('=', "%3D"))
        })
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn reg_2_biometrics_stand_in_for_the_pin_until_it_changes() {
    let world = World::new().await;
    let visitor = Visitor::new(&world, "ja-easy");
    assert!(visitor.carry(&world).await.has("/phones/p/passkey"));
    let mut own = Authenticator::new();
    let page = visitor.look("/passkey").await;
    let wrong = visitor.send("/passkey", &format!("pin=9998{}", own.answer(&page))).await;
    assert!(wrong.tells("wrong-pin") && wrong.faults("pin"));
    let none = visitor.send("/passkey", &format!("pin={PHONE_PIN}")).await;
    assert!(none.tells("passkey-refused"), "without the script the PIN stays");
    let page = visitor.look("/passkey").await;
    let form = format!("pin={PHONE_PIN}{}", own.answer(&page));
    assert!(visitor.send("/passkey", &form).await.has("/passkey/remove"));
    let memory = std::fs::read_to_string(world.fleet_directory().join("p/phone.json")).unwrap();
    assert!(memory.contains("sealed") && !memory.contains(&format!("\"{PHONE_PIN}\"")));

    let ask = || {
        let expires = world.now() + SignedDuration::from_mins(15);
        world.portal.ask(Purpose::LogIn, "ログイン", expires).1
    };
    let consent = |link: &str, fields: &str| format!("link={link}&consent=approve{fields}");
    let link = ask();
    let open = format!("/open?link={link}");
    // Each of these costs no try, and the PIN can be typed instead.
    for spoil in [
        (|own| own.flags = 0b001) as fn(&mut Authenticator),
        |own| own.flags = 0b100,
        |own| own.kind = "webauthn.create",
        |own| own.site = "localhost",
        |own| own.origin = "http://evil.localhost",
        |own| own.origin = "app://phone.localhost",
        |own| own.cross_origin = true,
        |own| own.credential = "another",
        |own| own.prf = [8; 32],
        |own| own.key = Authenticator::new().key,
    ] {
        let mut other = Authenticator { key: own.key.clone(), ..Authenticator::new() };
        spoil(&mut other);
        let fields = other.answer(&visitor.look(&open).await);
        let refused = visitor.send("/consent", &consent(&link, &fields)).await;
        assert!(refused.tells("passkey-refused") && refused.has("name=\"secret\""));
        let contents = world.post::<ChipContents>("/phones/p/contents", json!({})).await.unwrap();
        assert_eq!(contents.keys[1].tries_left, 3);
    }
    // What was asked for another link, or to register, answers nothing here.
    let elsewhere = visitor.look(&format!("/open?link={}", ask())).await;
    let fields = own.answer(&elsewhere);
    assert!(visitor.send("/consent", &consent(&link, &fields)).await.tells("passkey-refused"));
    let page = visitor.look(&open).await;
    let fields = own.answer(&page);
    world.advance(SignedDuration::from_mins(10));
    assert!(visitor.send("/consent", &consent(&link, &fields)).await.tells("passkey-refused"));
    let link = ask();
    let open = format!("/open?link={link}");
    let page = visitor.look(&open).await;
    let fields = own.answer(&page);
    world.reopen().await;
    let stale = visitor.send("/consent", &consent(&link, &fields)).await;
    assert!(stale.tells("passkey-refused"), "a challenge of before the restart");
    let fields = own.answer(&visitor.look(&open).await);
    let done = visitor.send("/consent", &consent(&link, &fields)).await;
    assert_eq!(done.path, "/phones/p/answered/done");
    let second = ask();
    visitor.look(&format!("/open?link={second}")).await;
    let replayed = visitor.send("/consent", &consent(&second, &fields)).await;
    assert!(replayed.tells("passkey-refused"), "a challenge is answered once");

    own.prf = [7; 32];
    let change = format!("old={PHONE_PIN}&new=8642&again=8642");
    visitor.send("/pins/user-authentication", &change).await;
    let third = visitor.look(&format!("/open?link={}", ask())).await;
    assert!(!third.has("data-passkey"), "it stood for the PIN of before");
}
