//! A procedure's pages, from the first to the last.

use std::sync::Arc;

use axum::http::StatusCode;
use inrou_api::wire::phone::{NextStep, PhoneState};
use inrou_rules::Refusal;
use inrou_words::{Form, text};
use jiff::SignedDuration;
use serde_json::json;

use super::LANGUAGES;
use crate::house::CARD_PASSWORD;
use crate::visitor::Visitor;
use crate::world::{PHONE_PASSWORD, World, begin};

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
