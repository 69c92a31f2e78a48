//! A test resident who acts: with her card and her phone, over HTTP as anybody would. Every history is
//! played by these acts, a demo's and a scenario's.

use std::time::Duration;

use inrou_api::client::Client;
use inrou_api::clock::{Clock, SandboxClock};
use inrou_api::idempotency::IdempotencyKey;
use inrou_api::page::{Cursor, Page};
use inrou_api::wire::authority::{HistoryEntry, Notices, ReportLoss, ResidentSummary};
use inrou_api::wire::phone::{
    ChipContents, Consent, NextStep, OpenLink, PhoneState, Procedure, PutCard, ReadContents,
    ShownTransaction, Step, Typed,
};
use inrou_api::wire::portal::{
    ApplicationDetail, ApplicationDrawnUp, ApplicationState, DrawUpApplication, LoginBegun,
    LoginView, Procedure as OnlineProcedure,
};
use inrou_api::wire::transaction::{Transaction, TransactionState};
use inrou_chip::Interface;
use inrou_chip::client::{JpkiClient, Pin};
use inrou_pki::{Certificate, SystemEntropy};
use inrou_rules::{
    CertificateStatus, Medium, ResidentId, RevocationReason, SignaturePassword, Use, Uses, japan,
};
use jiff::{SignedDuration, Span};

use crate::residents::TestResident;
use crate::sandbox::{Role, World};
use crate::unmet::{Unmet, same};

/// The signature password that she chooses for the phone.
pub const PHONE_PASSWORD: &str = "PHONE123";

/// The user-authentication PIN that she chooses for the phone.
pub const PHONE_PIN: &str = "7294";

/// What she types by mistake.
pub const WRONG_PIN: &str = "1234";

/// What she types by mistake in place of a card's password.
const WRONG_PASSWORD: &str = "WRONG123";

/// How long, in real time, she waits for a notice.
const PATIENCE: Duration = Duration::from_secs(30);

/// "Ready within minutes" (HOURS-1).
const MINUTES: SignedDuration = SignedDuration::from_mins(10);

/// How a certificate stands whose use was ended.
pub(crate) const GIVEN_UP: &str = "revoked: CessationOfOperation";

/// A resident with her things.
pub(crate) struct Person<'w> {
    world: &'w World,
    test: &'w TestResident,
    phone: Client,
    /// Her phone in the phone's API.
    path: String,
    portal: Client,
    /// Up to which notice she has read them.
    read: u64,
}

/// The certificates of a card or a phone.
pub(crate) struct Certificates {
    pub(crate) signature: Certificate,
    pub(crate) user_authentication: Certificate,
}

impl<'w> Person<'w> {
    /// A test resident with the first of her phones.
    pub(crate) fn new(world: &'w World, test: &'w TestResident) -> Result<Self, Unmet> {
        let phone = test.phones.first().ok_or_else(|| Unmet::new("a phone of hers", "none"))?;
        Ok(Self {
            world,
            test,
            phone: world.anybody("/phone/v1")?,
            path: format!("/phones/{}", phone.name),
            portal: world.anybody("/portal/v1")?,
            read: 0,
        })
    }

    /// The sandbox's clock.
    pub(crate) fn clock(&self) -> &SandboxClock {
        &self.world.clock
    }

    /// What the sandbox's file says of her.
    pub(crate) fn as_listed(&self) -> &TestResident {
        self.test
    }

    /// Reads the certificates from her card, over the contactless link.
    pub(crate) fn read_card(&self) -> Result<Certificates, Unmet> {
        let missing = |what: &str| Unmet::new(what, "nothing in the list of residents");
        let name = self.test.handle.as_str().parse().map_err(|_| missing("a card's name"))?;
        let pins = &self.test.card.pins;
        let password = pins.signature.as_ref().ok_or_else(|| missing("a signature password"))?;
        let mut card = self.world.tray.take(&name);
        let card = card.as_mut().map_err(|error| Unmet::new("her card", error))?;
        card.power_on(Interface::Contactless);
        let mut jpki = JpkiClient::select(&mut **card)?;
        jpki.verify(Pin::Signature(password))?;
        Ok(Certificates {
            signature: certificate(&jpki.certificate(Use::Signature)?)?,
            user_authentication: certificate(&jpki.certificate(Use::UserAuthentication)?)?,
        })
    }

    /// Applies, up to the card's signature (S0 2-C).
    pub(crate) async fn apply(&self) -> Result<(), Unmet> {
        self.step(Step::Begin { procedure: Procedure::Apply, usage: None }).await?;
        self.step(Step::CardPassword { password: self.card_password()? }).await?;
        self.step(Step::Choose { uses: Uses::BOTH, confirmed: true }).await?;
        self.put_card().await?;
        let next = self.step(Step::ReadCard).await?;
        same("next step", "new-signature-password", next.name())
    }

    /// Sets the phone's PINs (S0 2-D).
    pub(crate) async fn set_pins(&self) -> Result<NextStep, Unmet> {
        let typed = || Typed::new(PHONE_PASSWORD);
        self.step(Step::NewSignaturePassword { password: typed(), again: typed() }).await?;
        let typed = || Typed::new(PHONE_PIN);
        self.step(Step::NewUserAuthenticationPin { pin: typed(), again: typed() }).await
    }

    /// The same by day, when the application is worked on at once (HOURS-1).
    pub(crate) async fn set_pins_by_day(&self) -> Result<(), Unmet> {
        match self.set_pins().await? {
            NextStep::Register => Ok(()),
            NextStep::Wait { due } => {
                let now = self.world.clock.now();
                if due.duration_since(now) < MINUTES {
                    return Ok(());
                }
                Err(Unmet::new(
                    format_args!("work within minutes of {}", japan::civil(now)),
                    format_args!("work from {} on", japan::civil(due)),
                ))
            }
            other => Err(Unmet::new("next step: wait or register", other.name())),
        }
    }

    /// Reads notices until one says that she can register.
    pub(crate) async fn wait_for_notice(&mut self) -> Result<(), Unmet> {
        let path = format!("{}/notices", self.path);
        loop {
            let since = self.read.to_string();
            let call = self.phone.get(&path).query([("since", since.as_str()), ("wait", "30")]);
            let notices: Notices = call.waiting(PATIENCE).answer().await?;
            self.read = notices.next;
            if notices.notices.iter().any(|notice| notice.code == "registration-ready") {
                return Ok(());
            }
            if notices.notices.is_empty() {
                return Err(Unmet::new("the notice registration-ready", "none"));
            }
        }
    }

    /// Presses "register" (S0 2-E), and looks at what the chip holds since.
    pub(crate) async fn register(&self) -> Result<Certificates, Unmet> {
        let next = self.step(Step::Register).await?;
        same("next step", "done", next.name())?;
        self.contents().await
    }

    /// Looks at what the phone holds, with both PINs: the certificates, if each key has one and none
    /// of its tries is spent.
    pub(crate) async fn contents(&self) -> Result<Certificates, Unmet> {
        let asked = ReadContents {
            signature_password: Some(Typed::new(PHONE_PASSWORD)),
            user_authentication_pin: Some(Typed::new(PHONE_PIN)),
        };
        let contents = self.look(&asked).await?;
        same("keys in the phone's chip", 2, contents.keys.len())?;
        let of = |usage: Use, tries: u8| {
            let key = contents.keys.iter().find(|key| key.usage == usage);
            let key = key.ok_or_else(|| Unmet::new(format_args!("a key: {usage:?}"), "none"))?;
            same("tries left", tries, key.tries_left)?;
            let read = key.certificate.as_ref();
            certificate(&read.ok_or_else(|| Unmet::new("a certificate", "none"))?.0)
        };
        Ok(Certificates {
            signature: of(Use::Signature, 5)?,
            user_authentication: of(Use::UserAuthentication, 3)?,
        })
    }

    /// Mistypes her PIN at a log-in.
    pub(crate) async fn mistype_pin(&self) -> Result<(), Unmet> {
        let begun: LoginBegun = self.portal.post("/logins").once(&key()).answer().await?;
        match self.consent(&begun.link, WRONG_PIN).await {
            Err(unmet) if unmet.seen == "the problem wrong-pin" => {}
            Err(unmet) => return Err(unmet),
            Ok(state) => {
                return Err(Unmet::new("the problem wrong-pin", format_args!("{state:?}")));
            }
        }
        let contents = self.look(&ReadContents::default()).await?;
        let key = contents.keys.iter().find(|key| key.usage == Use::UserAuthentication);
        let left = key.map_or(0, |key| key.tries_left);
        same("tries left of the user-authentication PIN", 2, left)
    }

    /// Logs in to the portal with the phone, and stays logged in.
    pub(crate) async fn log_in(&mut self) -> Result<(), Unmet> {
        let begun: LoginBegun = self.portal.post("/logins").once(&key()).answer().await?;
        self.approve(&begun.link, PHONE_PIN).await?;
        let path = format!("/logins/{}", begun.login);
        let login: LoginView = self.portal.get(&path).answer().await?;
        let session = login.session.ok_or_else(|| Unmet::new("a session at the portal", "none"))?;
        self.portal = self.portal.clone().showing(session);
        Ok(())
    }

    /// Draws up a moving-out notification, signs it with the phone and sends it: its number and text.
    pub(crate) async fn send(&self) -> Result<ApplicationDrawnUp, Unmet> {
        let moving = japan::day(self.world.clock.now()).saturating_add(Span::new().days(10));
        let fields = [
            ("new_address", "北海道札幌市見本町１".to_owned()),
            ("moving_date", moving.to_string()),
        ];
        let form = DrawUpApplication {
            procedure: OnlineProcedure::MovingOut,
            fields: fields.map(|(name, value)| (name.to_owned(), value)).into(),
        };
        let call = self.portal.post("/applications").json(&form).once(&key());
        let drawn_up: ApplicationDrawnUp = call.answer().await?;
        self.approve(&drawn_up.link, PHONE_PASSWORD).await?;
        self.sees(&drawn_up.application, "received").await?;
        Ok(drawn_up)
    }

    /// Whether the portal says that her application stands so.
    pub(crate) async fn sees(&self, application: &str, state: &str) -> Result<(), Unmet> {
        let path = format!("/applications/{application}");
        let detail: ApplicationDetail = self.portal.get(&path).answer().await?;
        let seen = match detail.view.state {
            ApplicationState::WaitsForSignature => "waits-for-signature",
            ApplicationState::Received { .. } => "received",
            ApplicationState::Accepted { .. } => "accepted",
            ApplicationState::Returned { .. } => "returned",
            ApplicationState::NotSigned { .. } => "not-signed",
        };
        same("the application", state, seen)
    }

    /// Whether her use history has an entry of each of these codes.
    pub(crate) async fn history_has(&self, codes: &[&str]) -> Result<(), Unmet> {
        let history: Page<HistoryEntry> = self.portal.get("/history").answer().await?;
        let seen: Vec<&str> = history.items.iter().map(|entry| entry.code.as_str()).collect();
        match codes.iter().find(|code| !seen.contains(code)) {
            Some(code) => Err(Unmet::new(format_args!("{code} in the history"), seen.join(", "))),
            None => Ok(()),
        }
    }

    /// Revokes with the phone's password (END-2); the phone is empty then.
    pub(crate) async fn revoke(&self) -> Result<(), Unmet> {
        self.step(Step::Begin { procedure: Procedure::Revoke, usage: None }).await?;
        self.step(Step::ConfirmRevocation { confirmed: true, with_card: false }).await?;
        let password = Typed::new(PHONE_PASSWORD);
        let state = self.state_after(Step::PhonePassword { password }).await?;
        self.is_given_up(state).await
    }

    /// Revokes with the card (END-3), which lies on the phone still; the phone is empty then.
    pub(crate) async fn revoke_with_card(&self) -> Result<(), Unmet> {
        self.step(Step::Begin { procedure: Procedure::Revoke, usage: None }).await?;
        self.step(Step::ConfirmRevocation { confirmed: true, with_card: true }).await?;
        self.step(Step::CardPassword { password: self.card_password()? }).await?;
        self.put_card().await?;
        let state = self.state_after(Step::ReadCard).await?;
        self.is_given_up(state).await
    }

    /// All certificates are revoked, and nothing is left in the chip.
    async fn is_given_up(&self, state: PhoneState) -> Result<(), Unmet> {
        let next = state.procedure.map(|procedure| procedure.next);
        same("next step", "done", next.as_ref().map_or("none", NextStep::name))?;
        let given_up = |status| {
            let reason = RevocationReason::CessationOfOperation;
            matches!(status, CertificateStatus::Revoked { reason: seen, .. } if seen == reason)
        };
        if let Some(other) = state.certificates.iter().find(|view| !given_up(view.status)) {
            return Err(Unmet::new(GIVEN_UP, format_args!("{:?}", other.status)));
        }
        let contents = self.look(&ReadContents::default()).await?;
        same("keys in the phone's chip", 0, contents.keys.len())
    }

    /// Types a wrong card password until the card is locked (CARD-6), while applying.
    pub(crate) async fn lock_card(&self) -> Result<(), Unmet> {
        self.step(Step::Begin { procedure: Procedure::Apply, usage: None }).await?;
        self.step(Step::CardPassword { password: Typed::new(WRONG_PASSWORD) }).await?;
        self.step(Step::Choose { uses: Uses::BOTH, confirmed: true }).await?;
        for left in (0..SignaturePassword::TRIES).rev() {
            self.put_card().await?;
            let expected = if left == 0 { "pin-blocked" } else { "wrong-pin" };
            match self.step(Step::ReadCard).await {
                Err(unmet) if unmet.seen == format!("the problem {expected}") => {}
                Err(unmet) => return Err(unmet),
                Ok(next) => return Err(Unmet::new(expected, next.name())),
            }
            if left > 0 {
                self.step(Step::CardPassword { password: Typed::new(WRONG_PASSWORD) }).await?;
            }
        }
        Ok(())
    }

    /// Calls the hotline: her phone is lost (LOSS-1).
    pub(crate) async fn report_loss(&self) -> Result<(), Unmet> {
        let hotline = self.world.client("/authority/v1", Role::Hotline)?;
        let path = format!("/residents/{}/hold", self.in_register().await?);
        let call = hotline.post(&path).json(&ReportLoss { medium: Medium::Phone });
        call.bytes().await?;
        Ok(())
    }

    /// Who she is in the authority's register, which knows no handles.
    async fn in_register(&self) -> Result<ResidentId, Unmet> {
        let counter = self.world.client("/authority/v1", Role::Counter)?;
        let mut cursor: Option<Cursor> = None;
        loop {
            let after = cursor.as_ref().map(|cursor| ("cursor", cursor.as_str()));
            let call = counter.get("/residents").query(after);
            let found: Page<ResidentSummary> = call.answer().await?;
            let own = |one: &&ResidentSummary| {
                one.name == self.test.attributes.name && one.municipality == self.test.municipality
            };
            if let Some(own) = found.items.iter().find(own) {
                return Ok(own.resident);
            }
            cursor = found.next;
            if cursor.is_none() {
                return Err(Unmet::new("her in the register", "nobody"));
            }
        }
    }

    fn card_password(&self) -> Result<Typed, Unmet> {
        let password = self.test.card.pins.signature.as_ref();
        let bytes = password.map(|password| String::from_utf8_lossy(password.as_bytes()));
        bytes.map(Typed::new).ok_or_else(|| Unmet::new("a signature password", "none"))
    }

    async fn put_card(&self) -> Result<(), Unmet> {
        let card = PutCard { card: self.test.handle.to_string() };
        let call = self.phone.put(&format!("{}/card", self.path)).json(&card);
        call.answer::<PhoneState>().await?;
        Ok(())
    }

    /// Does a step of a procedure: what comes next.
    async fn step(&self, step: Step) -> Result<NextStep, Unmet> {
        let state = self.state_after(step).await?;
        let procedure = state.procedure.ok_or_else(|| Unmet::new("a procedure", "none"))?;
        Ok(procedure.next)
    }

    async fn state_after(&self, step: Step) -> Result<PhoneState, Unmet> {
        let call = self.phone.post(&format!("{}/steps", self.path)).json(&step);
        Ok(call.answer().await?)
    }

    async fn look(&self, asked: &ReadContents) -> Result<ChipContents, Unmet> {
        Ok(self.phone.post(&format!("{}/contents", self.path)).json(asked).answer().await?)
    }

    async fn approve(&self, link: &str, pin: &str) -> Result<(), Unmet> {
        match self.consent(link, pin).await? {
            TransactionState::Done => Ok(()),
            other => Err(Unmet::new("the transaction: Done", format_args!("{other:?}"))),
        }
    }

    /// Opens a link on the phone, and approves with this PIN.
    async fn consent(&self, link: &str, pin: &str) -> Result<TransactionState, Unmet> {
        let open = OpenLink { link: link.to_owned() };
        let call = self.phone.post(&format!("{}/transactions", self.path)).json(&open);
        let shown: ShownTransaction = call.answer().await?;
        let id = shown.transaction.id;
        let path = format!("{}/transactions/{}/consent", self.path, id.as_str());
        let approve = Consent::Approve { pin: Typed::new(pin), proof: None };
        let done: Transaction = self.phone.post(&path).json(&approve).answer().await?;
        Ok(done.state)
    }
}

fn certificate(der: &[u8]) -> Result<Certificate, Unmet> {
    Certificate::from_der(der).map_err(|error| Unmet::new("a certificate", error))
}

fn key() -> IdempotencyKey {
    IdempotencyKey::new(&SystemEntropy)
}
