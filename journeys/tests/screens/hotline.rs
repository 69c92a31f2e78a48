//! S0 2-F, S2 5-B, S3: lost and stolen, told to the hotline; and how its staff works.

use inrou_journeys::browser::{Person, Way};

use crate::house::House;

in_every_way!(
    loss_1_the_hotline_puts_a_phone_on_hold,
    end_5_the_hotline_answers_in_its_hours,
    the_staff_is_supervised
);

/// Somebody signs in to practise.
pub async fn signs_in(person: &Person, house: &House, host: &str, name: &str) {
    person.goes_to(&house.at_host(host)).await;
    person.waits_for("sign-in.title").await;
    person.presses_words(name).await;
}

/// What a caller says, typed into the form.
async fn is_told_by_the_caller(person: &Person, address: &str) {
    person.types("caller.name", "みずの はな").await;
    person.types("fact.birth-date", "1988-06-12").await;
    person.types("caller.said", address).await;
}

async fn loss_1_the_hotline_puts_a_phone_on_hold(way: Way) {
    let house = House::where_hana_has_certificates().await;
    house.turns_to("2026-12-30T23:00:00+09:00");
    let mut operator = Person::new("hotline", way).await;
    operator.goes_to(&house.at_host("hotline.localhost")).await;
    operator.sees("LOSS-1", "sign-in.title").await;
    operator.presses_words("三上 結").await;
    operator.sees("S0 2-F lost", "hotline.title").await;
    operator.presses("hotline.two").await;
    operator.sees("LOSS-1", "caller.loss").await;
    operator.presses("caller.compare").await;
    operator.is_told("LOSS-1", "caller-incomplete").await;
    is_told_by_the_caller(&operator, "清瀬市見本町9-9").await;
    operator.ticks("act-reason.stolen").await;
    operator.presses("caller.compare").await;
    operator.is_told("LOSS-1", "caller-not-recognised").await;
    operator.types("caller.said", "清瀬市見本町1-2-3").await;
    operator.presses("caller.compare").await;
    operator.sees("LOSS-1", "call.hold").await;
    operator.presses("call.do-hold").await;
    operator.sees("LOSS-1", "call.held").await;
    assert_eq!(operator.counts(".state.waits").await, 2, "both are on hold");
    operator.presses("call.next").await;
    operator.waits_for("hotline.title").await;
    operator.leaves().await;
    house.ends().await;
}

async fn end_5_the_hotline_answers_in_its_hours(way: Way) {
    let house = House::where_hana_has_certificates().await;
    let mut operator = Person::new("hotline-other", way).await;
    signs_in(&operator, &house, "hotline.localhost", "野中 望").await;
    operator.waits_for("hotline.title").await;
    operator.presses("hotline.four").await;
    operator.sees("END-5", "hotline.other").await;
    operator.presses("hotline-other.revoke").await;
    operator.sees("LOSS-3", "caller.revocation").await;
    is_told_by_the_caller(&operator, "東京都清瀬市見本町１－２－３").await;
    operator.ticks("act-reason.forgotten").await;
    operator.presses("caller.compare").await;
    operator.sees("LOSS-3", "call.revoke").await;
    operator.presses("call.do-revoke").await;
    operator.sees("LOSS-3", "call.revoked").await;
    house.turns_to("2026-11-24T20:00:00+09:00");
    signs_in(&operator, &house, "hotline.localhost", "野中 望").await;
    operator.waits_for("hotline.title").await;
    operator.presses("hotline.four").await;
    operator.sees("HOURS-4", "hotline.other").await;
    assert!(!operator.page_says(&operator.words("hotline-other.revoke")).await);
    operator.leaves().await;
    house.ends().await;
}

async fn the_staff_is_supervised(way: Way) {
    let house = House::of(&["hana"]).await;
    let mut supervisor = Person::new("hotline-staff", way).await;
    supervisor.has_a_fingerprint_reader().await;
    signs_in(&supervisor, &house, "hotline.localhost", "早川 司").await;
    supervisor.waits_for("hotline.title").await;
    supervisor.presses("member-passkey.title").await;
    supervisor.sees("LOSS-1", "member-passkey.title").await;
    if way.scripts {
        supervisor.presses("member-passkey.add").await;
        supervisor.waits_for_words(&supervisor.words("member-passkey.remove")).await;
        supervisor.presses("sign-in.out").await;
        supervisor.waits_for("sign-in.title").await;
        supervisor.presses("sign-in.passkey").await;
        supervisor.waits_for("hotline.title").await;
    }
    supervisor.presses("member.title").await;
    supervisor.sees("LOSS-1", "member.title").await;
    supervisor.types("member.name", "見本　新").await;
    supervisor.types("member.name-reading", "みほん　あらた").await;
    supervisor.ticks("duty.hold").await;
    supervisor.presses("member.do-invite").await;
    supervisor.is_told("LOSS-1", "reason-missing").await;
    supervisor.ticks("act-reason.notified").await;
    supervisor.presses("member.do-invite").await;
    supervisor.waits_for_words(&supervisor.words("member.link-how")).await;
    supervisor.looks_around("LOSS-1").await;
    supervisor.presses("invitation.title").await;
    supervisor.sees("LOSS-1", "invitation.title").await;
    supervisor.goes_to(&format!("{}/staff", house.at_host("hotline.localhost"))).await;
    supervisor.presses_words("見本 新").await;
    supervisor.sees("LOSS-1", "member.one").await;
    supervisor.ticks("member.suspend").await;
    supervisor.ticks("act-reason.other").await;
    supervisor.presses("member.save").await;
    supervisor.waits_for("member.title").await;
    supervisor.presses("journal.title").await;
    supervisor.sees("LOSS-1", "journal.title").await;
    supervisor.leaves().await;
    house.ends().await;
}
