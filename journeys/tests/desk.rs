//! The staff's desk over HTTP, down to the bytes: who may do what, what is told, what the journal has of it.

#![allow(clippy::panic, clippy::unwrap_used, reason = "what helps a test fails by panicking")]

#[path = "desk/authenticator.rs"]
mod authenticator;
#[allow(dead_code, reason = "the journeys through the screens need more of it")]
#[path = "screens/house.rs"]
mod house;
#[allow(dead_code, reason = "the attacks on the screens need more of it")]
#[path = "misuse/http.rs"]
mod http;
#[path = "desk/sign_in.rs"]
mod sign_in;

use inrou::sandbox::Role;
use inrou_api::page::Page as Listed;
use inrou_api::wire::authority::{Notices, ResidentSummary, ResidentView};
use inrou_rules::{CertificateStatus, Medium};

use authenticator::Authenticator;
use house::House;
use http::{Page, Visitor};
use sign_in::member_of;

/// The invented members.
const TAKES_HOLDS: &str = "三上";
const REVOKES: &str = "野中";
const SUPERVISES: &str = "早川";

const ADDRESS: &str = "清瀬市見本町1-2-3";

fn hotline(house: &House) -> Visitor {
    Visitor::at(house.at_host("hotline.localhost"))
}

/// The member of that family name plays.
async fn signs_in(house: &House, family: &str) -> Visitor {
    sign_in::signs_in(house, "hotline.localhost", family).await
}

/// What a caller says of a lost phone.
fn loss<'a>(name: &'a str, said: &'a str) -> [(&'a str, &'a str); 7] {
    [
        ("about", "phone"),
        ("name", name),
        ("birth_date", "1988-06-12"),
        ("fact", "address"),
        ("said", said),
        ("reason", "lost"),
        ("note", "電車の中"),
    ]
}

/// Sends the form with one field put in the place of another.
fn with<'a>(
    form: &[(&'a str, &'a str)],
    name: &'static str,
    value: &'a str,
) -> Vec<(&'a str, &'a str)> {
    form.iter().map(|&(one, typed)| (one, if one == name { value } else { typed })).collect()
}

async fn hana(house: &House) -> ResidentView {
    let hotline = house.sandbox.client("/authority/v1", Role::Hotline).unwrap();
    let all: Listed<ResidentSummary> = hotline.get("/residents").answer().await.unwrap();
    let path = format!("/residents/{}", all.items[0].resident);
    hotline.get(&path).answer().await.unwrap()
}

fn held(view: &ResidentView, medium: Medium) -> usize {
    let of = view.certificates.iter().filter(|found| found.medium == medium);
    of.filter(|found| matches!(found.status, CertificateStatus::Held { .. })).count()
}

#[tokio::test(flavor = "multi_thread")]
async fn loss_1_a_hold_is_three_pages_away_at_any_hour_and_told_at_once() {
    let house = House::where_hana_has_certificates().await;
    house.turns_to("2026-12-31T23:30:00+09:00");
    let mut operator = signs_in(&house, TAKES_HOLDS).await;
    let guidance = operator.get("/").await;
    assert!(guidance.body.contains("href=\"/loss\""));
    let asks = operator.get("/loss").await;
    assert_eq!(asks.status, 200);
    let call = operator.post("/loss", &loss("ミズノ ハナ", ADDRESS)).await;
    assert_eq!(call.status, 303, "{}", call.body);
    let address = call.header("location").unwrap().to_owned();
    let confirms = operator.get(&address).await;
    assert!(confirms.body.contains("水野"), "who is recognised is named");
    assert!(!confirms.body.contains("見本町"), "and nothing more of the record is shown");
    assert_eq!(held(&hana(&house).await, Medium::Phone), 0);
    let done = operator.submit(&address, &[]).await;
    assert_eq!(done.status, 200);
    let view = hana(&house).await;
    assert_eq!((held(&view, Medium::Phone), held(&view, Medium::Card)), (2, 0));
    let phone = house.sandbox.anybody("/phone/v1").unwrap();
    let notices: Notices = phone.get("/phones/hana-phone/notices").answer().await.unwrap();
    assert_eq!(notices.notices.last().unwrap().code, "certificates-on-hold");
    // Once more changes nothing.
    assert_eq!(operator.submit(&address, &[]).await.status, 200);
    // After its time, and for anybody else, the call is over.
    let mut other = signs_in(&house, REVOKES).await;
    assert_eq!(other.get(&address).await.trouble(), Some("call-over"));
    house.ends().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn loss_1_who_does_not_know_what_the_record_says_is_counted_and_not_recognised() {
    let house = House::where_hana_has_certificates().await;
    let mut operator = signs_in(&house, TAKES_HOLDS).await;
    let told = |page: &Page| page.trouble().map(str::to_owned);
    for (count, said) in [(1, "東京都清瀬市見本町9-9-9"), (2, "清瀬市")] {
        let page = operator.post("/loss", &loss("水野花", said)).await;
        assert_eq!(told(&page).as_deref(), Some("caller-not-recognised"));
        assert!(page.body.contains(&format!("{count}回目")), "{}", page.body);
        assert!(page.body.contains(said), "what was typed is still there");
    }
    let form = loss("水野花", ADDRESS);
    for (field, value, code) in [
        ("about", "", "caller-incomplete"),
        ("name", " ", "caller-incomplete"),
        ("birth_date", "12 June", "caller-incomplete"),
        ("fact", "", "caller-incomplete"),
        ("said", "", "caller-incomplete"),
        ("reason", "", "reason-missing"),
        ("note", "水野花さんから", "note-names-resident"),
        ("birth_date", "1988-06-13", "caller-not-recognised"),
    ] {
        let page = operator.post("/loss", &with(&form, field, value)).await;
        assert_eq!(told(&page).as_deref(), Some(code), "{field}");
        assert!(page.body.contains("aria-invalid") || code.ends_with("recognised"), "{field}");
    }
    let long = "長".repeat(101);
    let page = operator.post("/loss", &with(&form, "note", &long)).await;
    assert_eq!(told(&page).as_deref(), Some("note-too-long"));
    // The phone serves as the further fact as well; the failures of before are told.
    let by_phone = with(&with(&form, "fact", "phone"), "said", "sandbox phone ８");
    let call = operator.submit("/loss", &by_phone).await;
    assert!(call.body.contains("2回"), "{}", call.body);
    let nobody = operator.post("/loss", &with(&by_phone, "said", "Phone")).await;
    assert_eq!(told(&nobody).as_deref(), Some("caller-not-recognised"));
    house.ends().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn hours_4_revocation_on_request_waits_for_the_hours_and_a_hold_does_not() {
    let house = House::where_hana_has_certificates().await;
    let mut holds = signs_in(&house, TAKES_HOLDS).await;
    assert_eq!(holds.get("/revocation").await.trouble(), Some("permission-denied"));
    let mut operator = signs_in(&house, REVOKES).await;
    assert!(operator.get("/other").await.body.contains("href=\"/revocation\""));
    house.turns_to("2026-11-24T20:00:00+09:00");
    let mut operator = signs_in(&house, REVOKES).await;
    let closed = operator.get("/other").await;
    assert!(
        !closed.body.contains("href=\"/revocation\"") && closed.body.contains("2026年11月25日")
    );
    let form = with(&loss("水野花", ADDRESS), "reason", "asked");
    let call = operator.post("/revocation", &form).await;
    let address = call.header("location").unwrap().to_owned();
    let refused = operator.post(&address, &[]).await;
    assert_eq!(refused.trouble(), Some("hotline-closed"));
    house.turns_to("2026-11-25T09:30:00+09:00");
    let mut operator = signs_in(&house, REVOKES).await;
    assert_eq!(operator.get(&address).await.trouble(), Some("call-over"));
    let call = operator.post("/revocation", &form).await;
    let address = call.header("location").unwrap().to_owned();
    assert_eq!(operator.submit(&address, &[]).await.status, 200);
    let view = hana(&house).await;
    assert_eq!(view.phone, None);
    house.ends().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_act_is_in_the_journal_also_what_was_refused() {
    let house = House::where_hana_has_certificates().await;
    let mut operator = signs_in(&house, TAKES_HOLDS).await;
    assert_eq!(operator.get("/journal").await.trouble(), Some("permission-denied"));
    operator.post("/loss", &loss("水野花", "だれも知らない")).await;
    let call = operator.post("/loss", &loss("水野花", ADDRESS)).await;
    let address = call.header("location").unwrap().to_owned();
    operator.post(&address, &[]).await;
    let mut supervisor = signs_in(&house, SUPERVISES).await;
    let journal = supervisor.get("/journal").await;
    for part in ["三上", "一時利用停止", "紛失", "電車の中", "記録と一致しません"]
    {
        assert!(journal.body.contains(part), "{part}");
    }
    assert!(!journal.body.contains("水野") && !journal.body.contains("見本町"));
    house.ends().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sign_in_ends_when_nothing_was_looked_at_and_not_before() {
    let house = House::of(&["hana"]).await;
    assert_eq!(hotline(&house).get("/").await.header("location"), Some("/sign-in"));
    let mut operator = signs_in(&house, TAKES_HOLDS).await;
    for time in ["10:20", "10:45"] {
        house.turns_to(&format!("2026-11-24T{time}:00+09:00"));
        assert_eq!(operator.get("/loss").await.status, 200, "{time}");
    }
    house.turns_to("2026-11-24T11:16:00+09:00");
    let gone = operator.get("/loss").await;
    assert_eq!(gone.header("location"), Some("/sign-in?to=/loss"));
    assert_eq!(operator.get("/sign-in").await.trouble(), Some("session-ended"));
    // Of another office, one is nobody here.
    let mut counter = Visitor::at(house.at_host("desk.localhost"));
    counter.cookies.extend(signs_in(&house, SUPERVISES).await.cookies);
    assert_eq!(counter.get("/staff").await.header("location"), Some("/sign-in?to=/staff"));
    house.ends().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_member_is_invited_registers_a_passkey_and_signs_in_by_it() {
    let house = House::of(&["hana"]).await;
    let mut supervisor = signs_in(&house, SUPERVISES).await;
    let form = [
        ("name", "見本　新"),
        ("name_reading", "みほん　あらた"),
        ("duty-hold", "on"),
        ("reason", "notified"),
        ("note", ""),
    ];
    for (field, value, code) in [
        ("name", "", "member-invalid"),
        ("name_reading", "新", "member-invalid"),
        ("reason", "", "reason-missing"),
    ] {
        let page = supervisor.post("/staff", &with(&form, field, value)).await;
        assert_eq!(page.trouble(), Some(code), "{field}");
    }
    let page = supervisor.post("/staff", &form).await;
    let link = page.between("<code class=\"long\">", "</code>");
    assert!(link.starts_with("/invitations/"), "{link}");

    // Who has the link begins with a passkey of the own device.
    let (mut member, own) = (hotline(&house), Authenticator::at("hotline.localhost", &house));
    let invited = member.get(&link).await;
    let stranger = own.clone().that_verifies_nobody();
    let refused = member.post(&link, &fields(&stranger.registers(&invited))).await;
    assert_eq!(refused.trouble(), Some("sign-in-refused"), "nobody was verified");
    let invited = member.get(&link).await;
    let begins = member.submit(&link, &fields(&own.registers(&invited))).await;
    assert_eq!(begins.status, 200, "{}", begins.body);
    assert_eq!(hotline(&house).get(&link).await.trouble(), Some("invitation-over"));

    let mut again = hotline(&house);
    let asks = again.get("/sign-in").await;
    let answer = own.answers(&asks);
    let other = Authenticator::at("hotline.localhost", &house);
    let refused = again.post("/sign-in/passkey", &fields(&other.answers(&asks))).await;
    assert_eq!(refused.trouble(), Some("sign-in-refused"), "nobody has that passkey");
    let asks = again.get("/sign-in").await;
    let signed = again.submit("/sign-in/passkey", &fields(&own.answers(&asks))).await;
    assert!(signed.body.contains("見本　新"), "{}", signed.body);
    let replayed = hotline(&house).post("/sign-in/passkey", &fields(&answer)).await;
    assert_eq!(replayed.trouble(), Some("sign-in-refused"));
    assert_eq!(again.get("/staff").await.trouble(), Some("permission-denied"));

    // Suspended, the member is signed out at once and stays out.
    let list = supervisor.get("/staff").await;
    let (before, _) = list.body.split_once("見本　新").unwrap();
    let page = before.rsplit_once("href=\"").unwrap().1.split('"').next().unwrap().to_owned();
    let suspend = [("duty-hold", "on"), ("suspended", "on"), ("reason", "other"), ("note", "")];
    assert_eq!(supervisor.post(&page, &suspend).await.status, 303);
    assert_eq!(again.get("/").await.header("location"), Some("/sign-in"));
    let asks = again.get("/sign-in").await;
    let refused = again.post("/sign-in/passkey", &fields(&own.answers(&asks))).await;
    assert_eq!(refused.trouble(), Some("member-suspended"));
    // Nobody changes the own duties.
    let id = member_of(&hotline(&house).get("/sign-in").await, SUPERVISES);
    let own_duties = supervisor.post(&format!("/staff/{id}"), &suspend).await;
    assert_eq!(own_duties.trouble(), Some("own-duties"));
    house.ends().await;
}

fn fields<'a>(owned: &'a [(&'static str, String)]) -> Vec<(&'static str, &'a str)> {
    owned.iter().map(|(name, value)| (*name, value.as_str())).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn card_11_the_municipality_is_told_of_a_lost_card_until_it_is_found() {
    let house = House::where_hana_has_certificates().await;
    let mut operator = signs_in(&house, TAKES_HOLDS).await;
    let form = with(&loss("水野花", ADDRESS), "about", "card");
    let call = operator.post("/loss", &form).await;
    let address = call.header("location").unwrap().to_owned();
    let done = operator.submit(&address, &[]).await;
    assert!(done.body.contains("市区町村の窓口にも届け出てください"), "{}", done.body);
    let view = hana(&house).await;
    assert_eq!((held(&view, Medium::Card), held(&view, Medium::Phone)), (2, 0));
    let host = "desk.localhost";
    let mut clerk = sign_in::signs_in(&house, host, "青木").await;
    let told = clerk.get("/").await;
    assert!(told.body.contains("水野") && told.body.contains("紛失"), "{}", told.body);
    let found = [("attendance", "in-person"), ("reason", "found"), ("note", "")];
    let page = format!("/residents/{}/found", view.resident);
    let refused = clerk.post(&page, &with(&found, "attendance", "proxy")).await;
    assert_eq!(refused.trouble(), Some("in-person-only"), "CARD-2");
    assert_eq!(clerk.submit(&page, &found).await.status, 200);
    assert!(!clerk.get("/").await.body.contains("水野"));
    let view = hana(&house).await;
    assert_eq!(held(&view, Medium::Card), 0, "CARD-12");
    house.ends().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn card_6_a_clerk_finds_and_sees_residents_of_the_own_municipality_alone() {
    let house = House::of(&["hana", "taro"]).await;
    let hotline = house.sandbox.client("/authority/v1", Role::Hotline).unwrap();
    let all: Listed<ResidentSummary> = hotline.get("/residents").answer().await.unwrap();
    let of = |name: &str| {
        let found = all.items.iter().find(|one| one.name.starts_with(name));
        found.unwrap().resident.to_string()
    };
    let mut clerk = sign_in::signs_in(&house, "desk.localhost", "青木").await;
    let asks = |name: &'static str, born: &'static str| {
        [("name", name), ("birth_date", born), ("reason", "asked"), ("note", "")]
    };
    let found = clerk.post("/", &asks("ﾐｽﾞﾉ", "1988-06-12")).await;
    assert!(found.body.contains(&of("水野")));
    let nobody = clerk.post("/", &asks("山辺", "1975-11-03")).await;
    assert!(!nobody.body.contains(&of("山辺")) && nobody.status == 200);
    assert_eq!(clerk.get(&format!("/residents/{}", of("水野"))).await.status, 200);
    for page in ["", "/record", "/departure"] {
        let path = format!("/residents/{}{page}", of("山辺"));
        assert_eq!(clerk.get(&path).await.trouble(), Some("other-municipality"), "{page}");
    }
    house.ends().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn card_6_the_resident_chooses_the_pins_of_a_card_that_is_written_and_the_staff_sees_none() {
    let house = House::where_hana_has_certificates().await;
    let view = hana(&house).await;
    let mut clerk = sign_in::signs_in(&house, "desk.localhost", "青木").await;
    let page = |of: &str| format!("/residents/{}/{of}", view.resident);
    // She moves within the town, and asks for a new signature certificate (CARD-7).
    let change = [
        ("attendance", "in-person"),
        ("name", view.attributes.name.as_str()),
        ("name_reading", view.attributes.name_reading.as_str()),
        ("address", "東京都清瀬市見本町７－８"),
        ("address_reading", "とうきょうときよせしみほんちょうななのはち"),
        ("birth_date", "1988-06-12"),
        ("sex", "female"),
        ("municipality", "13221"),
        ("reissue", "on"),
        ("reason", "notified"),
        ("note", ""),
    ];
    let refused = clerk.post(&page("record"), &with(&change, "sex", "?")).await;
    assert_eq!(refused.trouble(), Some("attributes-malformed"));
    let refused = clerk.post(&page("record"), &with(&change, "municipality", "99999")).await;
    assert_eq!(refused.trouble(), Some("municipality-unknown"));
    let done = clerk.submit(&page("record"), &change).await;
    assert!(done.body.contains(&page("writing")), "{}", done.body);
    assert!(clerk.get(&page("writing")).await.body.contains("value=\"hana\""));
    let nobody = clerk.post(&page("writing"), &[("card", "nobody")]).await;
    assert_eq!(nobody.trouble(), Some("not-found"));
    let begun = clerk.post(&page("writing"), &[("card", "hana")]).await;
    let writing = begun.header("location").unwrap().to_owned();
    let pad = writing.replace("writings", "pad");
    assert!(clerk.get(&writing).await.body.contains(&pad));
    // The pad stands in front of the resident, and knows nobody of the staff.
    let mut resident = Visitor::at(house.at_host("desk.localhost"));
    let asks = resident.get(&pad).await;
    assert!(asks.body.contains("name=\"signature\"") && !asks.body.contains("card_face"));
    let typed = [("signature", "NEWPASS1"), ("signature_again", "NEWPASS1")];
    let differ = resident.post(&pad, &with(&typed, "signature_again", "NEWPASS2")).await;
    assert_eq!(differ.trouble(), Some("card-pins-differ"));
    let short = with(&with(&typed, "signature", "A1"), "signature_again", "A1");
    let short = resident.post(&pad, &short).await;
    assert_eq!(short.trouble(), Some("pin-form"));
    assert!(!short.body.contains("NEWPASS"), "what was typed is nowhere");
    let set = resident.submit(&pad, &typed).await;
    assert_eq!(set.status, 200, "{}", set.body);
    assert!(clerk.get(&writing).await.body.contains("カードを本人に返してください"));
    let active = |view: &ResidentView| {
        let of_card = view.certificates.iter().filter(|found| found.medium == Medium::Card);
        of_card.filter(|found| matches!(found.status, CertificateStatus::Active { .. })).count()
    };
    assert_eq!(active(&hana(&house).await), 2);
    // After a while the pad is over.
    house.turns_to("2026-11-24T11:05:00+09:00");
    assert_eq!(resident.get(&pad).await.trouble(), Some("writing-over"));
    house.ends().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn card_6_a_card_that_was_not_written_to_the_end_is_offered_for_writing_until_it_is() {
    let house = House::where_hana_has_certificates().await;
    let view = hana(&house).await;
    let mut clerk = sign_in::signs_in(&house, "desk.localhost", "青木").await;
    let page = format!("/residents/{}", view.resident);
    let writing = format!("{page}/writing");
    assert!(!clerk.get(&page).await.body.contains(&writing));
    let unlock = [
        ("attendance", "in-person"),
        ("pin", "user-authentication"),
        ("reason", "forgotten"),
        ("note", ""),
    ];
    clerk.submit(&format!("{page}/unlock"), &unlock).await;
    assert!(clerk.get(&page).await.body.contains(&writing), "whenever it is looked at");
    let begun = clerk.post(&writing, &[("card", "hana")]).await;
    let pad = begun.header("location").unwrap().replace("writings", "pad");
    assert!(!clerk.get(&page).await.body.contains(&writing), "the card knows of it");
    let mut resident = Visitor::at(house.at_host("desk.localhost"));
    let typed = [("user_authentication", "5937"), ("user_authentication_again", "5937")];
    assert_eq!(resident.submit(&pad, &typed).await.status, 200);
    house.ends().await;
}
