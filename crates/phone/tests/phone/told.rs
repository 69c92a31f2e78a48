//! What is told to whoever sent a form, and to nobody else: several tabs with one phone.

use inrou_api::wire::transaction::Purpose;
use jiff::SignedDuration;
use serde_json::json;

use crate::house::CARD_PASSWORD;
use crate::visitor::Visitor;
use crate::world::World;

/// Up to the step at which the card is read.
async fn up_to_the_card(visitor: &Visitor<'_>) {
    visitor.send("/begin", "procedure=apply").await;
    visitor.step("card-password", &format!("&secret={CARD_PASSWORD}")).await;
    visitor.step("choose", "&signature=yes&confirmed=yes").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_trouble_is_told_in_the_tab_that_sent_the_form_and_again_when_it_is_reloaded() {
    let world = World::new().await;
    let (one, other) = (Visitor::new(&world, "ja"), Visitor::new(&world, "en"));
    up_to_the_card(&one).await;
    let sent = one.step("read-card", "&card=nobody").await;
    assert!(sent.tells("card-not-present") && sent.path.starts_with("/phones/p/procedure?told="));
    // The other tab is not told of it, whichever page it shows, and takes nothing away.
    for page in ["/procedure", "", "/procedure?told=0000000000000000", "/procedure?told="] {
        assert!(!other.look(page).await.tells("card-not-present"), "{page}");
    }
    let own = other.send("/begin", "procedure=register").await;
    assert!(!own.tells("card-not-present"), "{}", own.html);
    for _ in 0..2 {
        assert!(one.go(&sent.path, None).await.tells("card-not-present"), "a reload tells it");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mark_goes_along_to_the_page_that_tells_it_and_none_makes_no_address_longer() {
    let world = World::new().await;
    let visitor = Visitor::new(&world, "ja");
    assert_eq!(visitor.look("/procedure").await.path, "/phones/p");
    up_to_the_card(&visitor).await;
    world.put_card("hanako").await.unwrap();
    world.step(json!({ "step": "read-card" })).await.unwrap();
    // From a page that was open before; what the card says comes first.
    let read = visitor.send("/procedure", "step=delete").await;
    assert_eq!(read.page(), "/phones/p/procedure/read");
    let (_, mark) = read.path.split_once('?').unwrap();
    assert!(read.has(&format!("href=\"/phones/p/procedure?{mark}\"")), "{}", read.html);
    assert!(visitor.look(&format!("/procedure?{mark}")).await.tells("step-out-of-turn"));
    assert_eq!(visitor.look("/procedure").await.path, "/phones/p/procedure");
    visitor.step("cancel", "").await;
    let over = visitor.go(&read.path, None).await;
    assert!(over.page() == "/phones/p" && over.tells("step-out-of-turn"), "{}", over.path);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_told_is_not_kept_for_ever() {
    let world = World::new().await;
    let visitor = Visitor::new(&world, "ja");
    up_to_the_card(&visitor).await;
    let first = visitor.step("read-card", "&card=nobody").await;
    for _ in 0..16 {
        assert!(visitor.step("read-card", "&card=nobody").await.tells("card-not-present"));
    }
    assert!(!visitor.go(&first.path, None).await.tells("card-not-present"));
}

#[tokio::test(flavor = "multi_thread")]
async fn one_thing_is_called_by_one_word_where_a_pin_is_set_changed_or_asked_for() {
    let world = World::new().await;
    let visitor = Visitor::new(&world, "ja");
    world.carry_certificates().await;
    for page in ["/pins/signature", "/pins/user-authentication"] {
        let form = visitor.look(page).await;
        for label in ["今のパスワード", "新しいパスワード", "新しいパスワード（確認）"]
        {
            assert!(form.has(&format!(">{label} <span")), "{page}: {label}");
        }
        assert!(!form.has("暗証番号") && !form.has("桁"), "{page}");
    }
    let expires = world.now() + SignedDuration::from_mins(5);
    let (_, link) = world.portal.ask(Purpose::LogIn, "ポータルにログインします。", expires);
    let log_in = visitor.look(&format!("/open?link={link}")).await;
    assert!(log_in.has("パスワード") && !log_in.has("暗証番号"), "{}", log_in.html);
}
