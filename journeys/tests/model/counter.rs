//! What is done at the counters and by telephone.

use inrou_api::wire::authority::{
    Attendance, CardFound, CardIssued, CardPin, CertificateView, ChangeRecord, ChooseCertificates,
    IssueCard, RenewCertificates, ReportDeparture, ReportFound, ReportLoss, ResidentView,
    RevokePhone, SessionWork, UnlockCard,
};
use inrou_oracle as oracle;
use inrou_oracle::{Act, Attribute, CardKey, Person};
use inrou_rules::{CertificateStatus, Departure, Medium, Sex, Uses};

use crate::doing::{Caller, People, address, municipality, read, uses};
use crate::outcome::{Done, Outcome};
use crate::things::Thing;

/// How many sessions a card takes at most until what is on order is on it.
const VISITS: usize = 5;

impl People {
    pub async fn at_the_counter(&self, act: &Act, caller: Caller) -> Done {
        match *act {
            Act::IssueCard { resident, at, uses: wanted, by }
            | Act::ReissueCard { resident, at, uses: wanted, by } => {
                self.issue_card(resident, at, uses(wanted), by, caller).await
            }
            Act::AddCertificates { resident, at, uses: more, by } => {
                let (there, more) = (self.carried(resident).await, uses(more));
                let wanted = Uses {
                    signature: there.signature || more.signature,
                    user_authentication: there.user_authentication || more.user_authentication,
                };
                self.choose(resident, at, wanted, by, caller).await
            }
            Act::StopCertificates { resident, at, uses: fewer, by } => {
                let (there, fewer) = (self.carried(resident).await, uses(fewer));
                let wanted = Uses {
                    signature: there.signature && !fewer.signature,
                    user_authentication: there.user_authentication && !fewer.user_authentication,
                };
                self.choose(resident, at, wanted, by, caller).await
            }
            Act::RenewCertificates { resident, at, uses: wanted, by } => {
                let (attendance, counter) = (attendance(by), municipality(at));
                let body = RenewCertificates { uses: uses(wanted), attendance, counter };
                self.post(resident, at, "card/renewal", &body, caller).await?;
                self.write_what_is_ordered(resident, caller).await
            }
            Act::Change { resident, at, attribute, new_signature, by } => {
                self.change(resident, at, attribute, new_signature, by, caller).await
            }
            Act::Die { resident, at } => {
                let body =
                    ReportDeparture { departure: Departure::Died, counter: municipality(at) };
                self.post(resident, at, "departure", &body, caller).await.map(drop)
            }
            Act::MoveAbroad { resident, at } => {
                let (departure, counter) = (Departure::MovedAbroad, municipality(at));
                let body = ReportDeparture { departure, counter };
                self.post(resident, at, "departure", &body, caller).await.map(drop)
            }
            Act::CardFound { resident, at, new_signature, by } => {
                let (attendance, counter) = (attendance(by), municipality(at));
                let body = ReportFound { reissue: new_signature, attendance, counter };
                let path = format!("/residents/{}/card/found", self.residents[resident.0].id);
                let client = self.town.counter(at);
                caller.once::<CardFound>(|| client.post(&path).json(&body)).await?;
                self.write_what_is_ordered(resident, caller).await
            }
            Act::Unlock { resident, at, key, by, .. } => {
                self.unlock(resident, at, key, by, caller).await
            }
            Act::HoldCard { resident } => self.hold(resident, Medium::Card, caller).await,
            Act::HoldPhone { resident } => self.hold(resident, Medium::Phone, caller).await,
            Act::RevokePhone { resident } => {
                // The hotline looks up which phone it is; without one, any will be refused.
                let view = self.view(resident).await;
                let chip = view.phone.unwrap_or(self.phones[0].thing.id);
                let path = format!("/residents/{}/phone/revocation", view.resident);
                let client = &self.town.hotline;
                let body = RevokePhone { chip };
                caller.ask::<ResidentView>(|| client.post(&path).json(&body)).await.map(drop)
            }
            _ => unreachable!("no act at the counter: {act:?}"),
        }
    }

    /// A resident as the hotline sees one.
    pub async fn view(&self, resident: oracle::ResidentId) -> ResidentView {
        let path = format!("/residents/{}", self.residents[resident.0].id);
        read(|| self.town.hotline.get(&path)).await
    }

    async fn post(
        &self,
        resident: oracle::ResidentId,
        at: oracle::Municipality,
        of: &str,
        body: &impl serde::Serialize,
        caller: Caller,
    ) -> Done<ResidentView> {
        let path = format!("/residents/{}/{of}", self.residents[resident.0].id);
        let client = self.town.counter(at);
        caller.ask(|| client.post(&path).json(body)).await
    }

    async fn issue_card(
        &self,
        resident: oracle::ResidentId,
        at: oracle::Municipality,
        uses: Uses,
        by: Person,
        caller: Caller,
    ) -> Done {
        let person = &self.residents[resident.0];
        let card = Thing::card(&person.present().attributes);
        let (attendance, counter) = (attendance(by), municipality(at));
        let body = IssueCard { chip: card.id, uses, attendance, counter };
        let path = format!("/residents/{}/card", person.id);
        let client = self.town.counter(at);
        caller.once::<CardIssued>(|| client.post(&path).json(&body)).await?;
        self.residents[resident.0].now.lock().unwrap().card = Some(card);
        self.write_what_is_ordered(resident, caller).await
    }

    async fn choose(
        &self,
        resident: oracle::ResidentId,
        at: oracle::Municipality,
        uses: Uses,
        by: Person,
        caller: Caller,
    ) -> Done {
        let (attendance, counter) = (attendance(by), municipality(at));
        let body = ChooseCertificates { uses, attendance, counter };
        self.post(resident, at, "card/certificates", &body, caller).await?;
        self.write_what_is_ordered(resident, caller).await
    }

    /// What the card carries, as the clerk's screen has it.
    async fn carried(&self, resident: oracle::ResidentId) -> Uses {
        let (view, now) = (self.view(resident).await, self.now());
        let of_card = view.certificates.iter().filter(|c| c.medium == Medium::Card);
        let live = of_card.filter(|c| {
            !matches!(c.status, CertificateStatus::Revoked { .. }) && now <= c.not_after
        });
        live.map(|certificate| certificate.usage).collect()
    }

    /// What is on order is written to the card, and its holder sets the new PINs, in the same visit.
    async fn write_what_is_ordered(&self, resident: oracle::ResidentId, caller: Caller) -> Done {
        let ordered = self.ordered(resident).await;
        let mut last = Ok(());
        for _ in 0..VISITS {
            if !self.waits(resident).await {
                return Ok(());
            }
            let written = self.write_card(resident, caller).await;
            // Keys that are made have new PINs set. A session whose last answer was lost has made
            // them as well, and the next one stores nothing to a key without its PIN.
            let card = self.residents[resident.0].present().card.expect("its holder has a card");
            match (written, card.set_pins(ordered)) {
                (Err(Outcome::Broken(why)), Err(_)) => return Err(Outcome::Broken(why)),
                (Err(other @ Outcome::Refused(_)), _) => return Err(other),
                (written, _) => last = written,
            }
        }
        Err(Outcome::Broken(format!("{ordered:?} does not come to the card: {last:?}")))
    }

    async fn ordered(&self, resident: oracle::ResidentId) -> Uses {
        self.view(resident).await.card.map_or(Uses::NONE, |card| card.ordered)
    }

    /// Whether something is on order, or was issued and did not come to the card.
    async fn waits(&self, resident: oracle::ResidentId) -> bool {
        let view = self.view(resident).await;
        let is_issued = |found: &CertificateView| {
            found.medium == Medium::Card && matches!(found.status, CertificateStatus::Issued)
        };
        view.card.is_some_and(|card| !card.ordered.is_empty())
            || view.certificates.iter().any(is_issued)
    }

    async fn write_card(&self, resident: oracle::ResidentId, caller: Caller) -> Done {
        let person = &self.residents[resident.0];
        let present = person.present();
        let card = present.card.expect("its holder has a card");
        let client = self.town.counter(present.municipality);
        let work = SessionWork::WriteCard { resident: person.id };
        match caller.session(client, work, &card).await {
            // It was written by a session whose last answer was lost.
            Err(Outcome::Refused(code)) if code == "nothing-to-do" => Ok(()),
            done => done.map(drop),
        }
    }

    async fn change(
        &self,
        resident: oracle::ResidentId,
        at: oracle::Municipality,
        attribute: Attribute,
        reissue: bool,
        by: Person,
        caller: Caller,
    ) -> Done {
        let present = self.residents[resident.0].present();
        let (mut changed, mut place) = (present.attributes, present.municipality);
        match attribute {
            Attribute::Name => {
                let other = changed.name == "試験　花子";
                changed.name = if other { "見本　花子" } else { "試験　花子" }.to_owned();
            }
            Attribute::Address => {
                let next = if changed.address == address(place, 1) { 2 } else { 1 };
                changed.address = address(place, next);
            }
            Attribute::MoveTo(to) => {
                place = to;
                changed.address = address(place, 3);
            }
            Attribute::BirthDate(birth) => changed.birth_date = birth,
            Attribute::Sex => {
                changed.sex = if changed.sex == Sex::Female { Sex::Unknown } else { Sex::Female };
            }
            Attribute::Readings => {
                let other = changed.name_reading == "しけん　はなこ";
                changed.name_reading =
                    if other { "みほん　はなこ" } else { "しけん　はなこ" }.to_owned();
            }
        }
        let body = ChangeRecord {
            attributes: changed.clone(),
            municipality: municipality(place),
            reissue,
            attendance: attendance(by),
        };
        self.post(resident, at, "record", &body, caller).await?;
        {
            let mut present = self.residents[resident.0].now.lock().unwrap();
            (present.attributes, present.municipality) = (changed, place);
        }
        self.write_what_is_ordered(resident, caller).await
    }

    async fn unlock(
        &self,
        resident: oracle::ResidentId,
        at: oracle::Municipality,
        key: CardKey,
        by: Person,
        caller: Caller,
    ) -> Done {
        let (pin, uses) = match key {
            CardKey::Signature => (CardPin::Signature, Uses { signature: true, ..Uses::NONE }),
            CardKey::Authentication => {
                (CardPin::UserAuthentication, Uses { user_authentication: true, ..Uses::NONE })
            }
            CardKey::CardFace => (CardPin::CardFace, Uses::NONE),
        };
        let (attendance, counter) = (attendance(by), municipality(at));
        let body = UnlockCard { pin, attendance, counter };
        self.post(resident, at, "card/unlock", &body, caller).await?;
        self.write_card(resident, caller).await?;
        let card = self.residents[resident.0].present().card.expect("its holder has a card");
        card.set_pins(uses).map_err(|error| Outcome::Broken(format!("a new PIN: {error}")))
    }

    async fn hold(&self, resident: oracle::ResidentId, medium: Medium, caller: Caller) -> Done {
        let path = format!("/residents/{}/hold", self.residents[resident.0].id);
        let (client, body) = (&self.town.hotline, ReportLoss { medium });
        match caller.ask::<ResidentView>(|| client.post(&path).json(&body)).await {
            // Where it ended an application alone, nothing is left to hold: repeated, it says so.
            Err(Outcome::Broken(why)) if why.ends_with(", then Refused(\"nothing-to-hold\")") => {
                Ok(())
            }
            done => done.map(drop),
        }
    }
}

fn attendance(by: Person) -> Attendance {
    match by {
        Person::InPerson => Attendance::InPerson,
        Person::Proxy => Attendance::Proxy,
    }
}
