//! What is done on a phone, with a card at it or not: a client of the documented protocol
//! (docs/architecture.md, "Applying, on the wire"), written for this test alone.

use inrou_api::statement::{Statement, keys_digest};
use inrou_api::wire::Base64;
use inrou_api::wire::authority::{
    ApplicationAccepted, BeginEnrolment, BeginRequest, EnrolmentBegun, EnrolmentStage,
    EnrolmentView, PhoneView, RequestBegun, RequestDone, SessionOutcome, SessionWork,
    SignedStatement, SigningKey,
};
use inrou_oracle as oracle;
use inrou_oracle::{Act, Apply, Entry, Menu, Proof};
use inrou_pki::Status;
use inrou_rules::Use;

use crate::doing::{Caller, People, read, usage, uses};
use crate::outcome::{Done, Outcome};
use crate::status::Services;
use crate::things::Thing;

impl People {
    pub async fn on_a_phone(&self, act: &Act, caller: Caller) -> Done {
        match act {
            Act::Apply(apply) => self.apply(apply, caller).await,
            Act::Complete { phone, .. } => self.complete(*phone, caller).await,
            Act::Register { phone } => self.register(*phone, caller).await,
            Act::LogIn { phone, pin } => {
                self.used(&self.phones[phone.0].thing, Use::UserAuthentication, *pin).await
            }
            Act::Sign { phone, password } => {
                self.used(&self.phones[phone.0].thing, Use::Signature, *password).await
            }
            Act::CardLogIn { resident, pin } => {
                self.used(&self.card(*resident)?, Use::UserAuthentication, *pin).await
            }
            Act::CardSign { resident, password } => {
                self.used(&self.card(*resident)?, Use::Signature, *password).await
            }
            Act::ChangePin { phone, key, old, .. } => {
                let thing = &self.phones[phone.0].thing;
                let key = usage(*key);
                thing.enter(key, *old)?;
                thing.set_pins([key].into_iter().collect()).map_err(|_| Outcome::Impossible)
            }
            Act::ResetPin { phone, key, card, password, .. } => {
                let request = BeginRequest::PinReset { usage: usage(*key) };
                let signer = (self.card(*card)?, *password);
                let (_, granted) = self.ask(*phone, request, &signer, caller).await?;
                let phone = &self.phones[phone.0];
                let work = SessionWork::AllowPinSet { request: granted };
                caller.session(&phone.client, work, &phone.thing).await?;
                let key = [usage(*key)].into_iter().collect();
                let set = phone.thing.set_pins(key);
                set.map_err(|error| Outcome::Broken(format!("a PIN that may be set: {error}")))
            }
            Act::RevokeOwn { phone, by, .. } => {
                let (with, signer) = match *by {
                    Proof::PhonePassword(password) => {
                        (SigningKey::Phone, (self.phones[phone.0].thing.clone(), password))
                    }
                    Proof::Card(card, password) => (SigningKey::Card, (self.card(card)?, password)),
                };
                let request = BeginRequest::Revocation { with };
                self.ask(*phone, request, &signer, caller).await?;
                self.come_online(*phone, caller).await
            }
            Act::RevokeOther { from, card, password } => {
                let signer = (self.card(*card)?, *password);
                self.ask(*from, BeginRequest::OtherRevocation, &signer, caller).await.map(drop)
            }
            Act::Resume { phone, card, password } => {
                let signer = match card {
                    Some(card) => self.card(*card)?,
                    None => self.phones[phone.0].thing.clone(),
                };
                let signer = (signer, *password);
                self.ask(*phone, BeginRequest::Resumption, &signer, caller).await.map(drop)
            }
            Act::ComeOnline { phone } => self.come_online(*phone, caller).await,
            _ => unreachable!("no act on a phone: {act:?}"),
        }
    }

    /// The phone as the authority tells it of itself.
    pub async fn phone_view(&self, phone: oracle::PhoneId) -> PhoneView {
        read(|| self.phones[phone.0].client.get("/phones/self")).await
    }

    fn card(&self, resident: oracle::ResidentId) -> Done<Thing> {
        self.residents[resident.0].present().card.ok_or(Outcome::Impossible)
    }

    /// The signature password is entered first, as on the screens: who does not know it begins nothing.
    async fn apply(&self, apply: &Apply, caller: Caller) -> Done {
        let card = self.card(apply.card)?.clone();
        let change_of_phone = matches!(apply.menu, Menu::ChangeOfPhone { consent: true });
        let (wanted, confirmed) = (uses(apply.uses), apply.confirmed);
        if wanted.is_empty() || !confirmed {
            // The screens go no further; the service is asked all the same.
            let begin = BeginEnrolment { uses: wanted, confirmed, change_of_phone };
            let client = &self.phones[apply.phone.0].client;
            let call = || client.post("/enrolments").json(&begin);
            return caller.once::<EnrolmentBegun>(call).await.map(drop);
        }
        card.enter(Use::Signature, apply.password)?;
        if card.carries(Use::Signature).is_none() {
            return Err(Outcome::Impossible);
        }
        let phone = &self.phones[apply.phone.0];
        let begin = BeginEnrolment { uses: wanted, confirmed, change_of_phone };
        let call = || phone.client.post("/enrolments").json(&begin);
        let begun: EnrolmentBegun = caller.once(call).await?;
        let work = SessionWork::MakeKeys { enrolment: begun.enrolment };
        let made = caller.session(&phone.client, work, &phone.thing).await?;
        let SessionOutcome::KeysAttested { keys } = made else {
            return Err(Outcome::Broken(format!("keys were to be made: {made:?}")));
        };
        let statement = Statement::Application {
            challenge: begun.challenge.value.clone(),
            change_of_phone,
            chip: phone.thing.id,
            enrolment: begun.enrolment,
            keys: keys_digest(&keys),
            terms: begun.terms.clone(),
            uses: wanted,
        };
        let cms = Base64(card.sign(Use::Signature, (&statement.to_bytes(), true), self.now())?);
        let path = format!("/enrolments/{}/application", begun.enrolment);
        let signed = SignedStatement { cms };
        let call = || phone.client.post(&path).json(&signed);
        caller.ask::<ApplicationAccepted>(call).await?;
        *phone.applied.lock().unwrap() = Some((begun, wanted));
        Ok(())
    }

    async fn complete(&self, phone: oracle::PhoneId, caller: Caller) -> Done {
        let phone = &self.phones[phone.0];
        let applied = phone.applied.lock().unwrap().clone();
        let (applied, uses) = applied.ok_or(Outcome::Impossible)?;
        // An application that is over has left no leave to set a PIN; the service says so.
        let _ = phone.thing.set_pins(uses);
        let path = format!("/enrolments/{}/completion", applied.enrolment);
        let call = || phone.client.post(&path).json(&());
        let view: EnrolmentView = caller.ask(call).await?;
        match view.stage {
            EnrolmentStage::Ended { code } => Err(Outcome::Refused(code)),
            _ => Ok(()),
        }
    }

    async fn register(&self, phone: oracle::PhoneId, caller: Caller) -> Done {
        let phone = &self.phones[phone.0];
        let applied = phone.applied.lock().unwrap().clone();
        let (applied, _) = applied.ok_or(Outcome::Impossible)?;
        let work = SessionWork::StoreCertificates { enrolment: applied.enrolment };
        caller.session(&phone.client, work, &phone.thing).await.map(drop)
    }

    /// On the network: what is to be deleted is.
    async fn come_online(&self, phone: oracle::PhoneId, caller: Caller) -> Done {
        if self.phone_view(phone).await.deletion_due.is_none() {
            return Ok(());
        }
        let phone = &self.phones[phone.0];
        match caller.session(&phone.client, SessionWork::Delete, &phone.thing).await {
            // It was deleted by a session whose last answer was lost.
            Err(Outcome::Refused(code)) if code == "deletion-not-due" => Ok(()),
            done => done.map(drop),
        }
    }

    /// Asks for something with a statement that a chip signs.
    async fn ask(
        &self,
        phone: oracle::PhoneId,
        what: BeginRequest,
        (signer, password): &(Thing, Entry),
        caller: Caller,
    ) -> Done<(RequestDone, String)> {
        signer.enter(Use::Signature, *password)?;
        let phone = &self.phones[phone.0];
        let call = || phone.client.post("/requests").json(&what);
        let begun: RequestBegun = caller.once(call).await?;
        let (challenge, chip) = (begun.challenge.value, phone.thing.id);
        let request = begun.request.clone();
        let statement = match what {
            BeginRequest::Revocation { with } => {
                Statement::Revocation { challenge, chip, request, with }
            }
            BeginRequest::PinReset { usage } => {
                Statement::PinReset { challenge, chip, request, usage }
            }
            BeginRequest::OtherRevocation => {
                Statement::OtherRevocation { challenge, chip, request }
            }
            BeginRequest::Resumption => Statement::Resumption { challenge, chip, request },
        };
        let cms = signer.sign(Use::Signature, (&statement.to_bytes(), true), self.now())?;
        let signed = SignedStatement { cms: Base64(cms) };
        let path = format!("/requests/{}", begun.request);
        let done = caller.ask(|| phone.client.post(&path).json(&signed)).await?;
        Ok((done, begun.request))
    }

    /// A key is used as a site has it used: PIN, signature, the certificate's own words and its status.
    async fn used(&self, thing: &Thing, usage: Use, entry: Entry) -> Done {
        thing.enter(usage, entry)?;
        let certificate = thing.carries(usage).ok_or(Outcome::Impossible)?;
        thing.sign(usage, (b"I am here", false), self.now())?;
        let serial = certificate.serial().expect("it is one of ours").0;
        let services = Services::of(&self.town.published).await;
        let now = self.now();
        let status = services.ocsp(usage, serial, certificate.not_before(), now).await;
        let is_over = now > certificate.not_after();
        if status == Some(Status::Good) && !is_over { Ok(()) } else { Err(Outcome::Impossible) }
    }
}
