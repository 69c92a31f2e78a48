//! Two requests under one idempotency key at the same time: one acts, the other leaves nothing behind.

#![allow(clippy::panic, clippy::unwrap_used, reason = "what helps a test fails by panicking")]

#[path = "support/house.rs"]
mod house;
#[path = "support/interrupted.rs"]
mod interrupted;

use std::sync::Arc;

use house::{House, Phone, hanako};
use inrou_api::client::{Call, Client};
use inrou_api::clock::Clock;
use inrou_api::idempotency::IdempotencyKey;
use inrou_api::page::Page;
use inrou_api::wire::authority::{
    AdmitResident, Attendance, BeginEnrolment, BeginRequest, IssueCard, PhoneView, ResidentSummary,
    ResidentView,
};
use inrou_authority::store::{DocumentKind, IdempotencyRecord, Opaque, Write};
use inrou_rules::{ChipId, Settings, Use, Uses};
use interrupted::Interrupted;
use jiff::SignedDuration;

struct World {
    house: House,
    phone: Phone,
    entropy: Arc<Interrupted>,
}

impl World {
    async fn new() -> Self {
        let entropy = Arc::new(Interrupted::default());
        let house =
            House::drawing("2026-11-21T01:00:00Z", Settings::default(), entropy.clone()).await;
        let phone = house.phone().await;
        Self { house, phone, entropy }
    }

    /// Sends a request; while it is carried out, another one under its key comes to its end. The code
    /// of the refusal.
    async fn overtaken(
        &self,
        client: &Client,
        caller: &str,
        ask: impl Fn(&Client) -> Call,
    ) -> String {
        let key: IdempotencyKey = self.house.key();
        let other = IdempotencyRecord {
            caller: caller.to_owned(),
            key: key.as_str().to_owned(),
            fingerprint: [7; 32],
            status: 200,
            body: Opaque(b"{}".to_vec()),
            expires: self.house.clock.now() + SignedDuration::from_hours(24),
        };
        let store = self.house.store.clone();
        // Whatever is created draws a secret of 32 bytes.
        self.entropy.at(32, move || {
            store.commit(Write::PutIdempotency(other).into()).unwrap();
        });
        let refused = ask(client).once(&key).bytes().await.unwrap_err();
        refused.problem().unwrap().code().to_owned()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_enrolment_or_a_request_that_was_overtaken_is_not_begun() {
    let world = World::new().await;
    let (client, caller) = (&world.phone.client, format!("phone:{}", world.phone.id));
    let begin = BeginEnrolment { uses: Uses::BOTH, confirmed: true, change_of_phone: false };
    let code = world.overtaken(client, &caller, |client| client.post("/enrolments").json(&begin));
    assert_eq!(code.await, "idempotency-key-reused");
    let view: PhoneView = client.get("/phones/self").answer().await.unwrap();
    assert_eq!(view.enrolment, None);

    let reset = BeginRequest::PinReset { usage: Use::Signature };
    let code = world.overtaken(client, &caller, |client| client.post("/requests").json(&reset));
    assert_eq!(code.await, "idempotency-key-reused");
    let begun = world.house.store.documents(DocumentKind("request"), None, None, 9).unwrap();
    assert!(begun.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_resident_or_a_card_that_was_overtaken_is_not_entered() {
    let world = World::new().await;
    let (counter, municipality) = (&world.house.counter, "13221".parse().unwrap());
    let admit = AdmitResident { municipality, attributes: hanako() };
    let code =
        world.overtaken(counter, "role:counter", |client| client.post("/residents").json(&admit));
    assert_eq!(code.await, "idempotency-key-reused");
    let residents: Page<ResidentSummary> = counter.get("/residents").answer().await.unwrap();
    assert!(residents.items.is_empty());

    let resident = world.house.admit(&hanako()).await;
    let issue = IssueCard {
        chip: ChipId::from_bytes([7; 16]),
        uses: Uses::BOTH,
        attendance: Attendance::InPerson,
        counter: municipality,
    };
    let path = format!("/residents/{resident}/card");
    let code = world.overtaken(counter, "role:counter", |client| client.post(&path).json(&issue));
    assert_eq!(code.await, "idempotency-key-reused");
    let view: ResidentView = counter.get(&format!("/residents/{resident}")).answer().await.unwrap();
    assert!(view.card.is_none());
}
