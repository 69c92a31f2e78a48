//! What municipalities' counters do: residents, cards, changes; and how they see a resident.

use aws_lc_rs::digest::{SHA256, digest};
use inrou_api::acting::Acting;
use inrou_api::page::{Page, PageQuery};
use inrou_api::problem::Problem;
use inrou_api::problem::{Code, OrInternal};
use inrou_api::wire::authority::{
    AdmitResident, Attendance, CardFound, CardIssued, CardPin, CardView, ChangeRecord,
    ChooseCertificates, FindResidents, FormerPhoneView, IssueCard, RenewCertificates,
    ReportDeparture, ReportFound, ResidentAdmitted, ResidentSummary, ResidentView, UnlockCard,
};
use inrou_pki::{AttributesInvalid, PersonalAttributes};
use inrou_rules::{
    Attributes, CardId, Command, FormerPhone, Municipality, Presence, RecordVersion, Refusal,
    Resident, ResidentId, Use, decide,
};

use crate::Authority;
use crate::card_work::CardWork;
use crate::http::Keep;
use crate::problem::Failed;
use crate::projection::project;
use crate::store::{Actor, AttributeVersion, NameKey, Salt, StoreError, Unit, Versioned, Write};

impl Authority {
    /// Enters a resident under `id`.
    pub(crate) fn admit(
        &self,
        id: ResidentId,
        request: &AdmitResident,
        acting: Option<Acting>,
        keep: Keep<'_, ResidentAdmitted>,
    ) -> Result<ResidentAdmitted, Failed> {
        check_place(request.municipality)?;
        check_attributes(&request.attributes)?;
        let record = AttributeVersion {
            resident: id,
            record: RecordVersion::default(),
            attributes: request.attributes.clone(),
            salt: self.salt(),
        };
        let command = Command::Admit {
            resident: id,
            municipality: request.municipality,
            commitment: commitment(&record),
        };
        let now = self.clock.now();
        let events = decide(None, &request.attributes, &command, now, &self.settings.rules)?;
        let resident =
            events.iter().fold(None, inrou_rules::apply).ok_or(Refusal::ResidentUnknown)?;
        let actor = Actor::Counter { municipality: request.municipality, acting };
        let mut unit =
            Unit::from(Write::PutResident { expected: None, resident: Box::new(resident.clone()) });
        unit.push(Write::PutAttributes(AttributeVersion { record: resident.record, ..record }));
        unit.extend(project(self, &resident, &events, actor, now, None)?.writes);
        let admitted = ResidentAdmitted { resident: id };
        unit.push(keep(&admitted));
        match self.commit(unit) {
            // The same request came before, and its answer was lost.
            Ok(_) | Err(StoreError::Conflict) => Ok(admitted),
            Err(error) => Err(error.into()),
        }
    }

    /// Issues a card under `card`: its chip is written in a session.
    pub(crate) fn issue_card(
        &self,
        id: ResidentId,
        card: CardId,
        request: &IssueCard,
        acting: Option<Acting>,
        keep: Keep<'_, CardIssued>,
    ) -> Result<CardIssued, Failed> {
        let issued = |resident: &Resident| {
            let found = resident.card.as_ref().filter(|found| found.id == card);
            found.map(|found| CardIssued { card, expires: found.expires })
        };
        if let Some(issued) = issued(&self.load(id)?.resident) {
            return Ok(issued);
        }
        let work = CardWork::new(card, &*self.entropy);
        let after = self.act(
            id,
            Actor::Counter { municipality: request.counter, acting },
            &Command::IssueCard {
                card,
                chip: request.chip,
                uses: request.uses,
                presence: presence(request.attendance),
                by: request.counter,
            },
            &|after| {
                let kept = issued(after).as_ref().map(keep);
                [work.write(id, None)].into_iter().chain(kept).collect()
            },
        )?;
        issued(&after).ok_or_else(|| Refusal::NoCard.into())
    }

    /// Changes which certificates the card carries (CARD-1).
    pub(crate) fn choose_certificates(
        &self,
        id: ResidentId,
        request: &ChooseCertificates,
        acting: Option<Acting>,
    ) -> Result<ResidentView, Failed> {
        let command = Command::ChooseCardCertificates {
            uses: request.uses,
            presence: presence(request.attendance),
            by: request.counter,
        };
        self.act_at_counter(id, (request.counter, acting), &command)
    }

    /// Orders new certificates in place of those that are about to expire (CARD-9).
    pub(crate) fn renew_certificates(
        &self,
        id: ResidentId,
        request: &RenewCertificates,
        acting: Option<Acting>,
    ) -> Result<ResidentView, Failed> {
        let command = Command::RenewCardCertificates {
            uses: request.uses,
            presence: presence(request.attendance),
            by: request.counter,
        };
        self.act_at_counter(id, (request.counter, acting), &command)
    }

    /// Takes a card back that was reported lost (CARD-12).
    pub(crate) fn find_card(
        &self,
        id: ResidentId,
        request: &ReportFound,
        acting: Option<Acting>,
        keep: Keep<'_, CardFound>,
    ) -> Result<CardFound, Failed> {
        let found = |resident: &Resident| {
            let card = resident.card.as_ref();
            card.map(|card| CardFound { card: card.id, ordered: card.ordered })
        };
        let command = Command::FindCard {
            reissue: request.reissue,
            presence: presence(request.attendance),
            by: request.counter,
        };
        let actor = Actor::Counter { municipality: request.counter, acting };
        let also = |after: &Resident| found(after).as_ref().map(keep).into_iter().collect();
        let after = self.act(id, actor, &command, &also)?;
        found(&after).ok_or_else(|| Refusal::NoCard.into())
    }

    /// Ends everything of who died or moves abroad (CARD-13).
    pub(crate) fn depart(
        &self,
        id: ResidentId,
        request: &ReportDeparture,
        acting: Option<Acting>,
    ) -> Result<ResidentView, Failed> {
        let command = Command::Depart { departure: request.departure, by: request.counter };
        self.act_at_counter(id, (request.counter, acting), &command)
    }

    fn act_at_counter(
        &self,
        id: ResidentId,
        (municipality, acting): (Municipality, Option<Acting>),
        command: &Command,
    ) -> Result<ResidentView, Failed> {
        self.act(id, Actor::Counter { municipality, acting }, command, &|_| Vec::new())?;
        self.resident_view(id)
    }

    /// Records a change of name, address, birth date or sex (CARD-7).
    pub(crate) fn change_record(
        &self,
        id: ResidentId,
        request: &ChangeRecord,
        acting: Option<Acting>,
    ) -> Result<ResidentView, Failed> {
        check_place(request.municipality)?;
        check_attributes(&request.attributes)?;
        let loaded = self.load(id)?;
        if loaded.attributes == request.attributes
            && loaded.resident.municipality == request.municipality
        {
            return self.resident_view(id);
        }
        let RecordVersion(present) = loaded.resident.record;
        let record = AttributeVersion {
            resident: id,
            record: RecordVersion(present.saturating_add(1)),
            attributes: request.attributes.clone(),
            salt: self.salt(),
        };
        let command = Command::ChangeRecord {
            record: record.record,
            commitment: commitment(&record),
            change: loaded.attributes.change_to(&request.attributes),
            municipality: request.municipality,
            reissue: request.reissue,
            presence: presence(request.attendance),
        };
        let loaded = crate::act::Loaded { attributes: request.attributes.clone(), ..loaded };
        let actor = Actor::Counter { municipality: request.municipality, acting };
        let also = |_: &_| vec![Write::PutAttributes(record.clone())];
        self.decide_and_commit(&loaded, actor, &command, &also).map_err(Failed::from)?;
        self.resident_view(id)
    }

    /// Lets a PIN of the card be set anew (CARD-6): the chip is told in a session.
    pub(crate) fn unlock_card(
        &self,
        id: ResidentId,
        request: &UnlockCard,
        acting: Option<Acting>,
    ) -> Result<(), Failed> {
        let command = Command::UnlockCard {
            usage: match request.pin {
                CardPin::Signature => Some(Use::Signature),
                CardPin::UserAuthentication => Some(Use::UserAuthentication),
                CardPin::CardFace => None,
            },
            presence: presence(request.attendance),
            by: request.counter,
        };
        let actor = Actor::Counter { municipality: request.counter, acting };
        self.act_on_card(id, actor, &command, |work| work.unlocked.insert(request.pin))
    }

    /// A resident as counters, the hotline and the operator see one.
    pub(crate) fn resident_view(&self, id: ResidentId) -> Result<ResidentView, Failed> {
        let loaded = self.load(id)?;
        let resident = loaded.resident;
        let phone = resident.phone.as_ref().map(|phone| self.phone(phone.chip)).transpose()?;
        let work = resident.card.as_ref().map(|card| self.card_work(card.id)).transpose()?;
        Ok(ResidentView {
            resident: id,
            standing: resident.standing,
            municipality: resident.municipality,
            attributes: loaded.attributes,
            card: resident.card.as_ref().map(|card| CardView {
                card: card.id,
                chip: card.chip,
                expires: card.expires,
                ordered: card.ordered,
                unlocked: work.map(|(_, work)| work.unlocked).unwrap_or_default(),
                lost_since: card.lost_since,
            }),
            phone: resident.phone.as_ref().map(|phone| phone.chip),
            phone_model: phone.map(|phone| phone.value.model),
            former_phones: resident.former_phones.iter().map(former_phone).collect(),
            certificates: resident.certificates.values().map(crate::views::certificate).collect(),
        })
    }

    /// Residents by identifier, a page at a time; of one municipality alone, if one is named.
    pub(crate) fn residents(
        &self,
        query: &PageQuery,
        of: Option<Municipality>,
    ) -> Result<Page<ResidentSummary>, Failed> {
        self.summaries(query, of, |after, limit| self.store.residents(after, limit))
    }

    /// Residents who are called so and were born that day, a page at a time; of one municipality alone, if
    /// one is named.
    pub(crate) fn find_residents(
        &self,
        request: &FindResidents,
        query: &PageQuery,
        of: Option<Municipality>,
    ) -> Result<Page<ResidentSummary>, Failed> {
        let key = NameKey::of(&request.name, request.birth_date);
        self.summaries(query, of, |after, limit| self.store.residents_called(key, after, limit))
    }

    /// A page of those of the residents that `read` gives who live there.
    fn summaries(
        &self,
        query: &PageQuery,
        of: Option<Municipality>,
        read: impl Fn(Option<ResidentId>, u32) -> Result<Vec<Versioned<Resident>>, StoreError>,
    ) -> Result<Page<ResidentSummary>, Failed> {
        let limit = query.limit;
        let (mut after, wanted) = (query.position()?, limit.count() + 1);
        let mut summaries = Vec::new();
        while summaries.len() < wanted {
            let page = read(after, wanted as u32)?;
            let is_last = page.len() < wanted;
            after = page.last().map(|resident| resident.value.id);
            for found in page.into_iter().map(|resident| resident.value) {
                if summaries.len() == wanted || of.is_some_and(|of| of != found.municipality) {
                    continue;
                }
                let loaded = self.load(found.id)?;
                summaries.push(ResidentSummary {
                    resident: loaded.resident.id,
                    municipality: loaded.resident.municipality,
                    name: loaded.attributes.name,
                    name_reading: loaded.attributes.name_reading,
                });
            }
            if is_last {
                break;
            }
        }
        Ok(Page::of(summaries, limit, |summary| summary.resident).or_internal()?)
    }

    fn salt(&self) -> Salt {
        let mut salt = [0; 32];
        self.entropy.fill(&mut salt);
        Salt(salt)
    }
}

fn former_phone(former: &FormerPhone) -> FormerPhoneView {
    FormerPhoneView {
        chip: former.chip,
        platform: former.platform,
        deletion_due: former.deletion_due,
        overdue_since: former.overdue_since,
    }
}

fn presence(attendance: Attendance) -> Presence {
    match attendance {
        Attendance::InPerson => Presence::InPerson,
        Attendance::Proxy => Presence::Proxy,
    }
}

/// SHA-256 over the salt and the attributes: events carry it in place of the values.
fn commitment(record: &AttributeVersion) -> [u8; 32] {
    let mut bytes = record.salt.0.to_vec();
    bytes.extend(serde_json::to_vec(&record.attributes).unwrap_or_default());
    let mut commitment = [0; 32];
    commitment.copy_from_slice(digest(&SHA256, &bytes).as_ref());
    commitment
}

/// A certificate names the municipality in Roman letters: it has to be in the table.
fn check_place(municipality: Municipality) -> Result<(), Failed> {
    inrou_words::place(municipality).map(drop).ok_or_else(|| Code::MUNICIPALITY_UNKNOWN.into())
}

fn check_attributes(attributes: &Attributes) -> Result<(), Failed> {
    let member = match PersonalAttributes::from(attributes).check() {
        Ok(()) => return Ok(()),
        Err(AttributesInvalid::Name) => "name",
        Err(AttributesInvalid::Address) => "address",
        Err(AttributesInvalid::BirthDate) => "birth_date",
        Err(AttributesInvalid::Sex) => "sex",
        Err(AttributesInvalid::Substitutes | AttributesInvalid::Structure) => "substitutes",
    };
    Err(Problem::new(Code::ATTRIBUTES_MALFORMED).with("member", member).into())
}
