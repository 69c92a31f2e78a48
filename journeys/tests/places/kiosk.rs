//! The kiosk in a convenience store: a copy of the residence record, by phone and by card, and who gets none.

use std::path::{Path, PathBuf};
use std::process::Command;

use inrou::sandbox::Role;
use inrou_api::clock::Clock;
use inrou_api::idempotency::IdempotencyKey;
use inrou_api::page::Page;
use inrou_api::wire::Base64;
use inrou_api::wire::authority::{
    Attendance, ChangeRecord, ReportLoss, ResidentSummary, ResidentView,
};
use inrou_journeys::browser::{Person, Way};
use inrou_journeys::python;
use inrou_pki::SystemEntropy;
use inrou_rules::Medium;
use serde_json::{Value, json};

use crate::house::House;
use crate::{answers_as, looks_at};

in_every_way!(
    use_3_a_copy_is_printed_once_by_phone,
    use_3_a_copy_is_printed_by_card_after_the_right_pin,
    use_3_who_gets_no_copy_is_told_why,
);

async fn use_3_a_copy_is_printed_once_by_phone(way: Way) {
    let house = House::of(&["hana"]).await;
    let site = house.at_host("kiosk.localhost");
    let mut person = Person::new("kiosk", way).await;
    begins(&mut person, &site).await;
    person.presses("kiosk.by-phone").await;
    answers_as(&person, "success-phone").await;
    looks_at(&mut person, "kiosk.contents").await;
    person.ticks("kiosk.household").await;
    person.ticks("kiosk.honseki").await;
    person.presses("button.next").await;
    looks_at(&mut person, "kiosk.confirm").await;
    // What was chosen can be changed.
    person.presses("kiosk.change").await;
    person.waits_for("kiosk.contents").await;
    person.ticks("kiosk.relation").await;
    person.presses("button.next").await;
    person.waits_for("kiosk.confirm").await;
    pays(&mut person).await;
    let folder = tempfile::tempdir().unwrap();
    let file = prints(&mut person, folder.path()).await;
    a_reader_finds(&file, &["住民票の写し", "見本　携", "本籍", "見本　サンドボックスで作られた"]);
    is_sealed(&file, &house).await;
    // The page does not put it out again by itself; it is there until the end.
    person.reloads().await;
    looks_at(&mut person, "kiosk.done").await;
    assert_eq!(person.counts("iframe[src]").await, 0);
    assert!(!person.takes_pdf("/paper").await.is_empty());
    person.presses("kiosk.end").await;
    person.waits_for("kiosk.title").await;
    assert!(person.takes_pdf("/paper").await.is_empty());
    person.goes_to(&format!("{site}/office")).await;
    looks_at(&mut person, "kiosk-office.title").await;
    assert_eq!(person.counts("tbody tr").await, 1);
    let medium = person.reads("tbody td:nth-child(7)").await;
    assert_eq!(medium, person.words("kiosk-office.phone"));
    assert!(!person.page_says("携").await, "the ledger has a name");
    person.leaves().await;
    house.ends().await;
}

async fn use_3_a_copy_is_printed_by_card_after_the_right_pin(way: Way) {
    let house = House::of(&["hana"]).await;
    let site = house.at_host("kiosk.localhost");
    let mut person = Person::new("kiosk-card", way).await;
    begins(&mut person, &site).await;
    person.presses("kiosk.by-card").await;
    looks_at(&mut person, "kiosk.card").await;
    types_pin(&person, "12").await;
    person.is_told("USE-3", "pin-form").await;
    types_pin(&person, "9999").await;
    person.is_told("USE-3", "wrong-pin").await;
    types_pin(&person, "1206").await;
    person.waits_for("kiosk.contents").await;
    person.presses("button.next").await;
    person.waits_for("kiosk.confirm").await;
    // Who does nothing is forgotten.
    house.turns_to("2026-11-24T11:00:00+09:00");
    person.reloads().await;
    person.waits_for("kiosk.title").await;
    person.goes_to(&format!("{site}/card")).await;
    types_pin(&person, "1206").await;
    person.waits_for("kiosk.contents").await;
    person.presses("button.next").await;
    person.waits_for("kiosk.confirm").await;
    pays(&mut person).await;
    let folder = tempfile::tempdir().unwrap();
    let file = prints(&mut person, folder.path()).await;
    a_reader_finds(&file, &["水野　花", "昭和63年6月12日", "東京都清瀬市見本町１－２－３"]);
    // Who leaves it alone is asked, and forgotten; the next one finds nothing.
    person.goes_to(&format!("{site}/still")).await;
    looks_at(&mut person, "kiosk.still").await;
    person.goes_to(&format!("{site}/over")).await;
    looks_at(&mut person, "kiosk.over").await;
    person.presses("page.to-start").await;
    person.waits_for("kiosk.title").await;
    assert!(person.takes_pdf("/paper").await.is_empty());
    person.leaves().await;
    house.ends().await;
}

async fn use_3_who_gets_no_copy_is_told_why(way: Way) {
    let house = House::of(&["hana", "nao", "akira", "yui", "sora"]).await;
    moves_to_osaka(&house, "sora").await;
    let site = house.at_host("kiosk.localhost");
    let mut person = Person::new("kiosk-refused", way).await;
    begins(&mut person, &site).await;
    for (card, pin, reason) in [
        ("akira", "1508", "not-offered"),
        ("yui", "2014", "too-young"),
        ("sora", "0707", "moved-away"),
    ] {
        person.goes_to(&format!("{site}/card")).await;
        person.waits_for("kiosk.card").await;
        person.ticks_words(card).await;
        types_pin(&person, pin).await;
        person.waits_for_some(&format!("[data-reason=\"{reason}\"]")).await;
        looks_at(&mut person, "kiosk.refused").await;
    }
    // A card that is locked, and one that is lost.
    person.goes_to(&format!("{site}/card")).await;
    person.ticks_words("nao").await;
    types_pin(&person, "0909").await;
    person.is_told("USE-3", "pin-blocked").await;
    loses_the_card(&house, "hana").await;
    person.ticks_words("hana").await;
    types_pin(&person, "1206").await;
    person.is_told("USE-3", "certificate-on-hold").await;
    // By phone too, and in the night nobody.
    person.goes_to(&format!("{site}/phone")).await;
    answers_as(&person, "revoked-phone").await;
    person.is_told("USE-3", "certificate-revoked").await;
    house.turns_to("2026-11-24T23:00:00+09:00");
    person.goes_to(&site).await;
    person.waits_for_some("#closed").await;
    looks_at(&mut person, "kiosk.title").await;
    person.goes_to(&format!("{site}/medium")).await;
    person.waits_for_some("[data-reason=\"closed\"]").await;
    looks_at(&mut person, "kiosk.refused").await;
    house.turns_to("2026-12-29T10:00:00+09:00");
    person.goes_to(&format!("{site}/medium")).await;
    person.waits_for_some("[data-reason=\"turn-of-year\"]").await;
    looks_at(&mut person, "kiosk.refused").await;
    person.leaves().await;
    house.ends().await;
}

async fn begins(person: &mut Person, site: &str) {
    person.goes_to(site).await;
    person.sees("S0 1-B 3", "kiosk.title").await;
    person.presses("kiosk.residence-record").await;
    looks_at(person, "kiosk.medium").await;
}

async fn types_pin(person: &Person, pin: &str) {
    person.types("pin.card-user-authentication", pin).await;
    person.presses("button.next").await;
}

async fn pays(person: &mut Person) {
    person.presses("kiosk.pay").await;
    looks_at(person, "kiosk.paid").await;
    assert!(person.page_says(&person.words("kiosk.test-paid")).await);
}

/// Has the copy printed: the file, which the browser fetches by itself.
async fn prints(person: &mut Person, folder: &Path) -> PathBuf {
    person.keeps_downloads_in(folder).await;
    person.presses("kiosk.print").await;
    person.waits_for("kiosk.done").await;
    let file = folder.join("juminhyo-mihon.pdf");
    person.has_downloaded(&file).await;
    file
}

/// Who somebody is at the authority, by the name of the card.
async fn resident(house: &House, handle: &str) -> ResidentSummary {
    let name = house.sandbox.world().unwrap().resident(handle).unwrap().attributes.name.clone();
    let counter = house.sandbox.client("/authority/v1", Role::Counter).unwrap();
    let all: Page<ResidentSummary> = counter.get("/residents").answer().await.unwrap();
    all.items.into_iter().find(|one| one.name == name).unwrap()
}

/// The hotline puts the certificates on a card on hold (CARD-11).
async fn loses_the_card(house: &House, handle: &str) {
    let hotline = house.sandbox.client("/authority/v1", Role::Hotline).unwrap();
    let loss = ReportLoss { medium: Medium::Card };
    let path = format!("/residents/{}/hold", resident(house, handle).await.resident);
    hotline.post(&path).json(&loss).answer::<ResidentView>().await.unwrap();
}

/// The counter of Osaka notes that somebody has come: the certificate that logs in stays valid (CARD-7).
async fn moves_to_osaka(house: &House, handle: &str) {
    let mut attributes =
        house.sandbox.world().unwrap().resident(handle).unwrap().attributes.clone();
    attributes.address = "大阪府大阪市北区見本町９".to_owned();
    attributes.address_reading = "おおさかふおおさかしきたくみほんちょうきゅう".to_owned();
    attributes.address_substitutes = "0".repeat(attributes.address.chars().count());
    let change = ChangeRecord {
        attributes,
        municipality: "27100".parse().unwrap(),
        reissue: false,
        attendance: Attendance::InPerson,
    };
    let counter = house.sandbox.client("/authority/v1", Role::Counter).unwrap();
    let path = format!("/residents/{}/record", resident(house, handle).await.resident);
    let key = IdempotencyKey::new(&SystemEntropy);
    counter.post(&path).once(&key).json(&change).answer::<Value>().await.unwrap();
}

/// A PDF reader finds these words, and every font is embedded, with a table to the text.
fn a_reader_finds(file: &Path, words: &[&str]) {
    let text = told("pdftotext", &["-layout", file.to_str().unwrap(), "-"]);
    let plain = |text: &str| text.chars().filter(|c| !c.is_whitespace()).collect::<String>();
    for word in words {
        assert!(plain(&text).contains(&plain(word)), "{word} is not in\n{text}");
    }
    let fonts = told("pdffonts", &[file.to_str().unwrap()]);
    let rows: Vec<_> = fonts.lines().skip(2).collect();
    assert!(!rows.is_empty(), "{fonts}");
    assert!(rows.iter().all(|row| row.contains("yes yes yes")), "{fonts}");
}

/// The seal holds for poppler, pyHanko and `inrou verify`, and for the validation service, which tells it from a resident's signature.
async fn is_sealed(file: &Path, house: &House) {
    let told = told("pdfsig", &["-nocert", file.to_str().unwrap()]);
    for words in ["Signature is Valid.", "ETSI.CAdES.detached"] {
        assert!(told.contains(words), "{told}");
    }
    judged_by_pyhanko(file, house).await;
    let mut verify = Command::new(env!("CARGO_BIN_EXE_inrou-for-journeys"));
    let verified =
        verify.args(["--lang", "en", "--data"]).arg(house.folder()).arg("verify").arg(file);
    let verified = verified.output().unwrap();
    let shown = String::from_utf8_lossy(&verified.stdout);
    assert!(verified.status.success() && shown.contains("an organisation’s seal"), "{shown}");
    let asked = json!({"document": Base64(std::fs::read(file).unwrap())});
    let call = house.sandbox.anybody("/validation/v1").unwrap().post("/validate").json(&asked);
    let report: Value = call.answer().await.unwrap();
    let signature = &report["validationConclusion"]["signatures"][0];
    assert_eq!(signature["indication"], "TOTAL-PASSED", "{report}");
    assert_eq!(signature["signatureFormat"], "PAdES_BASELINE_LT");
    assert_eq!((&signature["seal"], &signature["kind"]), (&json!(true), &Value::Null));
    assert_eq!(signature["signedBy"], "Kiyose-shi seal");
}

async fn judged_by_pyhanko(file: &Path, house: &House) {
    let folder = tempfile::tempdir().unwrap();
    let client = house.sandbox.anybody("").unwrap();
    let mut script = Command::new(python());
    script.arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/places/seal.py")).arg(file);
    for (name, path) in [("seals", "/seals/anchors.pem"), ("stamps", "/timestamps/anchors.pem")] {
        let pem = folder.path().join(name);
        std::fs::write(&pem, client.get(path).bytes().await.unwrap()).unwrap();
        script.arg(pem);
    }
    let judged = script.arg(house.sandbox.clock.now().to_string()).output().unwrap();
    let complaints = String::from_utf8_lossy(&judged.stderr);
    let told = String::from_utf8_lossy(&judged.stdout);
    assert_eq!(told.trim(), "True LTA_UPDATES True", "{complaints}");
}

fn told(program: &str, arguments: &[&str]) -> String {
    let output = Command::new(program).args(arguments).output().unwrap();
    assert!(output.status.success(), "{program}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}
