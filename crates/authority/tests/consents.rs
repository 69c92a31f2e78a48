//! Who is behind a certificate, and the latest attributes by a resident's consent.

#![allow(clippy::panic, clippy::unwrap_used, reason = "what helps a test fails by panicking")]

#[path = "support/applying.rs"]
mod applying;
#[path = "support/house.rs"]
mod house;

use applying::{apply, register};
use house::{CARD_PASSWORD, House, Phone, SharedChip, hanako, sign, sign_statement};
use inrou_api::client::ClientError;
use inrou_api::clock::Clock;
use inrou_api::consent::ConsentTerms;
use inrou_api::page::Page;
use inrou_api::statement::Statement;
use inrou_api::wire::Base64;
use inrou_api::wire::authority::{
    Attendance, BeginRequest, ChangeRecord, ConsentState, ConsentView, Consents, FindHolder,
    FindLinkage, GiveConsent, HistoryEntry, Holder, LatestAttributes, Linkage, ReportLoss,
    RequestBegun, RequestDone, ResidentView, SignedStatement, SigningKey,
};
use inrou_api::wire::transaction::Attribute;
use inrou_authority::store::DocumentKind;
use inrou_pki::{FreshKeys, IssuerSettings, KeyAlgorithm, KeySource, Signer};
use inrou_rules::{Attributes, Medium, ResidentId, Serial, Use, Uses, japan};
use inrou_words::Language;
use jiff::{SignedDuration, ToSpan};
use serde::de::DeserializeOwned;

const PHONE_PASSWORD: &str = "PHONE567";
const CONSENT: &str = "1b4e28ba-2fa1-41d2-883f-0016d3cca427";

/// Hanako with her card and a phone.
struct Hanako {
    house: House,
    resident: ResidentId,
    card: SharedChip,
    phone: Phone,
}

impl Hanako {
    async fn new() -> Self {
        let house = House::at("2026-11-21T01:00:00Z").await;
        let resident = house.admit(&hanako()).await;
        let card = house.issue_card(resident, &hanako(), Uses::BOTH).await;
        let phone = house.phone().await;
        let hanako = Self { house, resident, card, phone };
        hanako.registers().await;
        hanako
    }

    /// Puts certificates on her phone.
    async fn registers(&self) {
        let enrolment = apply(&self.house, &self.phone, &self.card, Uses::BOTH).await.unwrap();
        self.house.authority.run_due_jobs().unwrap();
        register(&self.phone, enrolment.enrolment).await.unwrap();
    }

    /// She revokes what is on her phone, with her card (END-3).
    async fn ends_the_phone(&self) {
        let with = SigningKey::Card;
        let ask = BeginRequest::Revocation { with };
        let call = self.phone.client.post("/requests").json(&ask).once(&self.house.key());
        let begun: RequestBegun = call.answer().await.unwrap();
        let statement = Statement::Revocation {
            challenge: begun.challenge.value,
            chip: self.phone.id,
            request: begun.request.clone(),
            with,
        };
        let now = self.house.clock.now();
        let cms = Base64(sign_statement(&self.card, CARD_PASSWORD, &statement, now));
        let path = format!("/requests/{}", begun.request);
        let call = self.phone.client.post(&path).json(&SignedStatement { cms });
        call.answer::<RequestDone>().await.unwrap();
    }

    /// Every certificate of a use that was ever issued to her, oldest first.
    fn certificates(&self, usage: Use) -> Vec<Vec<u8>> {
        let found = self.house.store.resident(self.resident).unwrap().unwrap().value;
        let own = found.certificates.into_keys().filter(|id| id.usage == usage);
        own.map(|id| self.house.store.certificate(id).unwrap().unwrap().der).collect()
    }

    /// What the authority answers to a request, or its code.
    async fn posts<T: DeserializeOwned>(
        &self,
        path: &str,
        body: &impl serde::Serialize,
    ) -> Result<T, String> {
        self.house.counter.post(path).json(body).answer().await.map_err(code)
    }

    async fn gets<T: DeserializeOwned>(&self, path: &str) -> Result<T, String> {
        self.house.counter.get(path).answer().await.map_err(code)
    }

    async fn linkage(&self, certificate: &[u8], to: Option<Use>) -> Result<Linkage, String> {
        let certificate = Base64(certificate.to_vec());
        self.posts("/linkages", &FindLinkage { certificate, linked_to: to }).await
    }

    /// By what the role calls her.
    async fn subject(&self) -> String {
        let certificate = Base64(self.certificates(Use::Signature).remove(0));
        let holder: Holder = self.posts("/holders", &FindHolder { certificate }).await.unwrap();
        holder.subject
    }

    /// A consent that a chip's key signs, in that language.
    fn signed(&self, terms: &ConsentTerms, by: (&SharedChip, &str), said: Language) -> GiveConsent {
        let (document, now) = (terms.document(said), self.house.clock.now());
        let cms = Base64(sign(by.0, by.1, (document.as_bytes(), false), now));
        GiveConsent { terms: terms.clone(), document, cms }
    }

    fn by_phone(&self, terms: &ConsentTerms) -> GiveConsent {
        self.signed(terms, (&self.phone.chip, PHONE_PASSWORD), Language::Ja)
    }

    async fn gives(&self, given: &GiveConsent) -> Result<ConsentView, String> {
        self.posts("/consents", given).await
    }

    async fn latest(&self) -> Result<LatestAttributes, String> {
        self.gets(&format!("/consents/{CONSENT}/latest")).await
    }

    async fn consents(&self) -> Vec<ConsentView> {
        let path = format!("/holders/{}/consents", self.subject().await);
        self.gets::<Consents>(&path).await.unwrap().consents
    }

    async fn withdraws(&self, subject: &str) -> Result<ConsentView, String> {
        self.posts(&format!("/holders/{subject}/consents/{CONSENT}/withdrawal"), &()).await
    }

    async fn history(&self) -> Vec<HistoryEntry> {
        let path = format!("/holders/{}/history", self.subject().await);
        self.gets::<Page<HistoryEntry>>(&path).await.unwrap().items
    }

    fn terms(&self) -> ConsentTerms {
        let from = japan::day(self.house.clock.now());
        ConsentTerms {
            consent: CONSENT.to_owned().try_into().unwrap(),
            client: "RP00000001".to_owned(),
            site: "見本銀行".to_owned(),
            host: "bank.example".to_owned(),
            attributes: vec![Attribute::Name, Attribute::Address],
            purpose: "お届けの住所のため".to_owned(),
            from,
            until: from + 1.year(),
        }
    }

    /// She moves, and the counter is told, with a new signature certificate or without.
    async fn moves(&self, reissue: bool) -> Attributes {
        let attributes = Attributes {
            address: "東京都清瀬市架空町４－５－６".to_owned(),
            ..hanako()
        };
        let change = ChangeRecord {
            attributes: attributes.clone(),
            municipality: "13221".parse().unwrap(),
            reissue,
            attendance: Attendance::InPerson,
        };
        let path = format!("/residents/{}/record", self.resident);
        self.posts::<ResidentView>(&path, &change).await.unwrap();
        attributes
    }
}

fn code(error: ClientError) -> String {
    error.problem().map_or_else(|| error.to_string(), |problem| problem.code().to_owned())
}

/// A certificate whose issuer is none of ours: of time-stamps.
fn another_issuers(now: jiff::Timestamp) -> Vec<u8> {
    let key = FreshKeys.generate(KeyAlgorithm::EcP256).unwrap();
    let settings = IssuerSettings::default();
    let unsigned = settings.time_stamp_issuer(key.public_key(), Serial(1), now).unwrap();
    unsigned.sign_der(&key).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn all_certificates_of_a_person_are_linked_on_card_and_phone_and_over_renewal() {
    let hana = Hanako::new().await;
    // She moves, has a new signature certificate, and puts certificates on another phone.
    hana.moves(true).await;
    hana.house.write_card(hana.resident, &hana.card).await;
    hana.house.write_card(hana.resident, &hana.card).await;
    hana.ends_the_phone().await;
    let hana = Hanako { phone: hana.house.phone().await, ..hana };
    hana.registers().await;
    let (signature, authentication) =
        (hana.certificates(Use::Signature), hana.certificates(Use::UserAuthentication));
    assert_eq!((signature.len(), authentication.len()), (4, 3));
    let person = hana.subject().await;
    for (usage, all) in [(Use::Signature, signature), (Use::UserAuthentication, authentication)] {
        for certificate in all {
            for other in [None, Some(Use::Signature), Some(Use::UserAuthentication)] {
                let linkage = hana.linkage(&certificate, other).await.unwrap();
                assert_eq!((&linkage.person, linkage.usage), (&person, usage));
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_linked_unknown_or_of_another_issuer_is_told_apart() {
    let hana = Hanako::new().await;
    let house = &hana.house;
    let taro = Attributes { name: "試験　太郎".to_owned(), ..hanako() };
    let taro_is = house.admit(&taro).await;
    let only = Uses { signature: false, user_authentication: true };
    house.issue_card(taro_is, &taro, only).await;
    let taro = Hanako { resident: taro_is, ..hana };
    assert_eq!(taro.certificates(Use::Signature).len(), 0);
    let own = taro.certificates(Use::UserAuthentication).remove(0);
    let linked = taro.linkage(&own, Some(Use::Signature)).await;
    assert_eq!(linked.unwrap_err(), "certificate-not-linked");
    assert_eq!(taro.linkage(&own, None).await.unwrap().medium, Medium::Card);

    // Of the issuer's name, with another content.
    let mut forged = own.clone();
    *forged.last_mut().unwrap() ^= 1;
    assert_eq!(taro.linkage(&forged, None).await.unwrap_err(), "certificate-not-issued");
    let other = Hanako::new().await;
    let found = other.certificates(Use::UserAuthentication);
    let theirs = taro.linkage(&found[0], None).await;
    assert_eq!(theirs.unwrap_err(), "certificate-not-issued", "the names are alike");
    let elsewhere = another_issuers(taro.house.clock.now());
    assert_eq!(taro.linkage(&elsewhere, None).await.unwrap_err(), "certificate-untrusted");
    assert_eq!(taro.linkage(b"none", None).await.unwrap_err(), "certificate-untrusted");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_consent_opens_the_latest_of_what_it_names_and_nothing_else() {
    let hana = Hanako::new().await;
    assert_eq!(hana.latest().await.unwrap_err(), "consent-unknown");
    let given = hana.by_phone(&hana.terms());
    let view = hana.gives(&given).await.unwrap();
    assert_eq!((view.state, &view.document), (ConsentState::Given, &given.document));
    assert_eq!(hana.gives(&given).await.unwrap(), view, "once, however often it is handed in");
    let latest = hana.latest().await.unwrap();
    assert_eq!((&latest.person, &view.person), (&hana.subject().await, &hana.subject().await));
    let told = &latest.attributes;
    assert_eq!(told.name, Some(hanako().name));
    assert_eq!(told.address, Some(hanako().address));
    assert!(told.birth_date.is_none() && told.sex.is_none());
    assert_eq!(hana.history().await[0].code, "consent-given");
    assert_eq!(hana.history().await[0].params["asker"], "見本銀行");
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_move_nothing_is_told_until_the_new_certificate_is_there() {
    let hana = Hanako::new().await;
    hana.gives(&hana.by_phone(&hana.terms())).await.unwrap();
    let before = hana.latest().await.unwrap();
    let moved = hana.moves(true).await;
    let refused = hana.latest().await.unwrap_err();
    assert_eq!(refused, "latest-certificate-revoked-or-on-hold");
    hana.house.write_card(hana.resident, &hana.card).await;
    hana.house.write_card(hana.resident, &hana.card).await;
    let latest = hana.latest().await.unwrap();
    assert_eq!(latest.attributes.address, Some(moved.address));
    assert_ne!(latest.serial, before.serial);
    assert_eq!(latest.person, before.person);
}

#[tokio::test(flavor = "multi_thread")]
async fn each_end_of_the_latest_certificate_is_told_apart() {
    let hana = Hanako::new().await;
    let until = japan::day(hana.house.clock.now()) + 10.years();
    hana.gives(&hana.by_phone(&ConsentTerms { until, ..hana.terms() })).await.unwrap();
    hana.house.clock.advance_by(SignedDuration::from_hours(9 * 366 * 24));
    assert_eq!(hana.latest().await.unwrap_err(), "latest-certificate-expired");

    let hana = Hanako::new().await;
    hana.gives(&hana.by_phone(&hana.terms())).await.unwrap();
    let on_phone = hana.latest().await.unwrap();
    let path = format!("/residents/{}/hold", hana.resident);
    hana.posts::<ResidentView>(&path, &ReportLoss { medium: Medium::Phone }).await.unwrap();
    let on_card = hana.latest().await.unwrap();
    assert_ne!(on_card.serial, on_phone.serial, "the card's is still in use");
    hana.posts::<ResidentView>(&path, &ReportLoss { medium: Medium::Card }).await.unwrap();
    let refused = hana.latest().await.unwrap_err();
    assert_eq!(refused, "latest-certificate-revoked-or-on-hold");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_consent_is_withdrawn_by_its_resident_alone_and_ends_with_its_last_day() {
    let hana = Hanako::new().await;
    let given = hana.by_phone(&hana.terms());
    hana.gives(&given).await.unwrap();
    let stranger = "0".repeat(32);
    assert_eq!(hana.withdraws(&stranger).await.unwrap_err(), "consent-unknown");
    let subject = hana.subject().await;
    let withdrawn = hana.withdraws(&subject).await.unwrap();
    assert_eq!(withdrawn.state, ConsentState::Withdrawn);
    hana.house.clock.advance_by(SignedDuration::from_hours(1));
    assert_eq!(hana.withdraws(&subject).await.unwrap(), withdrawn, "once");
    assert_eq!(hana.latest().await.unwrap_err(), "consent-withdrawn");
    assert_eq!(hana.gives(&given).await.unwrap().state, ConsentState::Withdrawn, "for good");
    let story: Vec<_> = hana.history().await.into_iter().map(|entry| entry.code).collect();
    assert_eq!(story[..2], ["consent-withdrawn", "consent-given"]);
    assert_eq!(story.iter().filter(|code| code.starts_with("consent")).count(), 2);
    assert_eq!(hana.history().await[0].actor, "holder");

    // Another lasts until the end of its last day in Japan.
    let other = "2b4e28ba-2fa1-41d2-883f-0016d3cca427".to_owned().try_into().unwrap();
    let today = hana.terms().from;
    let terms = ConsentTerms { consent: other, until: today, ..hana.terms() };
    let by_card = (&hana.card, CARD_PASSWORD);
    hana.gives(&hana.signed(&terms, by_card, Language::JaEasy)).await.unwrap();
    let path = format!("/consents/{}/latest", terms.consent);
    hana.house.clock.advance_to(japan::end_of_day(today));
    assert!(hana.gets::<LatestAttributes>(&path).await.is_ok());
    hana.house.clock.advance_by(SignedDuration::from_secs(1));
    assert_eq!(hana.gets::<LatestAttributes>(&path).await.unwrap_err(), "consent-expired");
    let consents = hana.consents().await;
    let states: Vec<_> = consents.iter().map(|consent| consent.state).collect();
    assert_eq!(states, [ConsentState::Expired, ConsentState::Withdrawn], "the newest first");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_consent_that_does_not_hold_is_not_taken() {
    let hana = Hanako::new().await;
    let terms = hana.terms();
    let good = hana.by_phone(&terms);
    let longer = ConsentTerms { until: terms.from + 11.years(), ..terms.clone() };
    assert_eq!(hana.gives(&hana.by_phone(&longer)).await.unwrap_err(), "consent-invalid");
    // Other terms than those that were shown, and other words than those that were signed.
    let more = ConsentTerms { attributes: Attribute::ALL.to_vec(), ..terms.clone() };
    let other = GiveConsent { terms: more.clone(), ..good.clone() };
    assert_eq!(hana.gives(&other).await.unwrap_err(), "application-content-mismatch");
    let document = more.document(Language::Ja);
    let other = GiveConsent { terms: more, document, ..good.clone() };
    assert_eq!(hana.gives(&other).await.unwrap_err(), "application-signature-invalid");
    let broken = GiveConsent { cms: Base64(vec![0x30, 0]), ..good.clone() };
    assert_eq!(hana.gives(&broken).await.unwrap_err(), "application-signature-invalid");
    // Another consent under the same identifier.
    hana.gives(&good).await.unwrap();
    let again = hana.signed(&terms, (&hana.card, CARD_PASSWORD), Language::En);
    assert_eq!(hana.gives(&again).await.unwrap_err(), "conflict");
    // A phone that was lost gives none.
    let path = format!("/residents/{}/hold", hana.resident);
    hana.posts::<ResidentView>(&path, &ReportLoss { medium: Medium::Phone }).await.unwrap();
    let consent = "3b4e28ba-2fa1-41d2-883f-0016d3cca427".to_owned().try_into().unwrap();
    let late = hana.by_phone(&ConsentTerms { consent, ..terms });
    assert_eq!(hana.gives(&late).await.unwrap_err(), "certificate-on-hold");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_kept_of_a_consent_has_no_attribute_values() {
    let hana = Hanako::new().await;
    hana.gives(&hana.by_phone(&hana.terms())).await.unwrap();
    let kept = hana.house.store.document(DocumentKind("consent"), CONSENT).unwrap().unwrap();
    let kept = kept.value.body.0;
    let certificate = hana.certificates(Use::Signature).pop().unwrap();
    let has = |what: &[u8]| kept.windows(what.len()).any(|part| part == what);
    assert!(has("見本銀行".as_bytes()));
    assert!(!has(hanako().name.as_bytes()) && !has(hanako().address.as_bytes()));
    assert!(!has(String::from(Base64(certificate)).as_bytes()));
}
