//! What else follows from a resident's events, in the same commit: journal, status, phones,
//! enrolments, jobs, notices.

use std::collections::BTreeMap;

use inrou_api::problem::Code;
use inrou_api::wire::authority::EnrolmentStage;
use inrou_rules::hours::{overdue_from, visible_from};
use inrou_rules::{
    CertificateId, CertificateStatus, ChipId, EnrolmentId, Event, Refusal, Resident, Use,
};
use jiff::Timestamp;

use crate::Authority;
use crate::enrolment::Enrolment;
use crate::jobs::{ISSUE, PUBLISH, WATCH};
use crate::problem::Failed;
use crate::store::{
    Actor, JournalEntry, NewJob, NewMessage, Opaque, PhoneRecord, Status, Version, Versioned, Write,
};

/// What goes with events.
pub(crate) struct Projected {
    /// The writes, but the resident's state.
    pub(crate) writes: Vec<Write>,
    /// The enrolments among them.
    pub(crate) enrolments: BTreeMap<EnrolmentId, Enrolment>,
}

/// What goes with `events`, which led to `resident`; `enrolment` is one that was loaded before.
pub(crate) fn project(
    authority: &Authority,
    resident: &Resident,
    events: &[Event],
    actor: Actor,
    now: Timestamp,
    enrolment: Option<(Version, Enrolment)>,
) -> Result<Projected, Failed> {
    let mut projection = Projection {
        authority,
        resident,
        now,
        writes: Vec::new(),
        loaded: enrolment,
        enrolments: BTreeMap::new(),
        phones: BTreeMap::new(),
    };
    for event in events {
        projection.writes.push(Write::AppendEvent(JournalEntry {
            resident: resident.id,
            at: now,
            actor,
            event: event.clone(),
        }));
        projection.follow(event)?;
    }
    Ok(projection.finish())
}

struct Projection<'a> {
    authority: &'a Authority,
    resident: &'a Resident,
    now: Timestamp,
    writes: Vec<Write>,
    loaded: Option<(Version, Enrolment)>,
    enrolments: BTreeMap<EnrolmentId, (Version, Enrolment)>,
    phones: BTreeMap<ChipId, Versioned<PhoneRecord>>,
}

impl Projection<'_> {
    fn follow(&mut self, event: &Event) -> Result<(), Failed> {
        match event {
            Event::ResidentAdmitted { .. }
            | Event::RecordChanged { .. }
            | Event::CardIssued { .. }
            | Event::CardCertificatesOrdered { .. }
            | Event::CardUnlockAllowed { .. }
            | Event::CardFound { .. }
            | Event::CertificateIssued { .. }
            | Event::Departed { .. }
            | Event::DeletionOverdue { .. }
            | Event::ConsentGiven { .. }
            | Event::ConsentWithdrawn { .. } => {}
            Event::ApplicationSigned { enrolment, .. } => {
                let resident = self.resident.id;
                let enrolment = self.enrolment(*enrolment)?;
                // Keys for another application may have been made meanwhile.
                if enrolment.stage != EnrolmentStage::Begun {
                    return Err(Refusal::NoSuchApplication.into());
                }
                enrolment.resident = Some(resident);
                enrolment.stage = EnrolmentStage::Signed;
            }
            Event::ApplicationWithdrawn { enrolment } => {
                self.enrolment(*enrolment)?.end(Code::APPLICATION_WITHDRAWN.as_str());
            }
            Event::ApplicationRejected { enrolment, code } => {
                let enrolment = self.enrolment(*enrolment)?;
                enrolment.end(code);
                let chip = enrolment.chip;
                self.notify(chip, "application-rejected", [("reason", code.clone())]);
            }
            Event::ApplicationCompleted { enrolment, at, due } => {
                self.enrolment(*enrolment)?.stage =
                    EnrolmentStage::Completed { at: *at, due: *due };
                self.writes.push(Write::AddJob(NewJob {
                    kind: ISSUE.to_owned(),
                    key: enrolment.to_string(),
                    due: *due,
                    payload: Opaque(self.resident.id.to_string().into_bytes()),
                }));
            }
            Event::RegistrationReady { enrolment, chip, at, .. } => {
                self.enrolment(*enrolment)?.stage = EnrolmentStage::Ready { since: *at };
                let resident = self.resident.id;
                let phone = self.phone(*chip)?;
                if phone.resident.is_some_and(|serves| serves != resident) {
                    return Err(Refusal::PhoneServesAnother.into());
                }
                phone.resident = Some(resident);
                self.notify(*chip, "registration-ready", []);
            }
            Event::CertificateActivated { id, at } => {
                self.make_visible(*id, *at);
            }
            Event::PhoneRegistered { enrolment, chip, at } => {
                let delay = self.authority.settings.rules.visibility_delay;
                let enrolment = self.enrolment(*enrolment)?;
                let usable_from = Some(visible_from(*at, enrolment.platform, delay));
                enrolment.stage = EnrolmentStage::Registered { since: *at, usable_from };
                self.notify(*chip, "certificates-registered", []);
            }
            Event::LossReported { medium, .. } => {
                if let Some(chip) = self.resident.phone.as_ref().map(|phone| phone.chip) {
                    let medium = medium.as_str().to_owned();
                    self.notify(chip, "certificates-on-hold", [("medium", medium)]);
                }
            }
            Event::CertificateHeld { id, at, .. } => {
                self.writes.push(Write::PutStatus { id: *id, status: Status::Held { since: *at } });
            }
            Event::CertificateResumed { id, .. } => self.resume(*id),
            Event::ReapplicationAsked { id, .. } => {
                self.notify_resident("reapplication-asked", id.usage);
            }
            Event::CertificateRevoked { id, at, reason } => {
                let status = Status::Revoked { at: *at, reason: *reason };
                self.writes.push(Write::PutStatus { id: *id, status });
            }
            Event::PhoneRetired { chip, at, .. } => {
                self.phone(*chip)?.resident = None;
                self.end_waiting(*chip)?;
                self.notify(*chip, "certificates-revoked", []);
                let watch = self.authority.settings.rules.deletion_watch;
                self.writes.push(Write::AddJob(NewJob {
                    kind: WATCH.to_owned(),
                    key: crate::jobs::watch_key(*chip, self.resident.id),
                    due: overdue_from(*at, watch),
                    payload: Opaque(self.resident.id.to_string().into_bytes()),
                }));
            }
            Event::DeletionConfirmed { .. } | Event::PhonePinResetAllowed { .. } => {}
        }
        Ok(())
    }

    fn finish(mut self) -> Projected {
        for (version, enrolment) in self.enrolments.values() {
            self.writes.push(enrolment.write(Some(*version)));
        }
        // A resident has one phone at a time: the one that is left goes first.
        let mut phones: Vec<_> = self.phones.into_values().collect();
        phones.sort_by_key(|phone| phone.value.resident.is_some());
        for phone in phones {
            self.writes.push(Write::PutPhone { expected: Some(phone.version), phone: phone.value });
        }
        let enrolments = self.enrolments.into_iter().map(|(id, (_, enrolment))| (id, enrolment));
        Projected { writes: self.writes, enrolments: enrolments.collect() }
    }

    /// What waited for registration on a phone that is retired is over.
    fn end_waiting(&mut self, chip: ChipId) -> Result<(), Failed> {
        for (_, found) in self.authority.enrolments_on(chip)? {
            if found.resident == Some(self.resident.id)
                && matches!(found.stage, EnrolmentStage::Ready { .. })
            {
                self.enrolment(found.id)?.end(Code::CERTIFICATE_REVOKED.as_str());
            }
        }
        Ok(())
    }

    fn enrolment(&mut self, id: EnrolmentId) -> Result<&mut Enrolment, Failed> {
        if !self.enrolments.contains_key(&id) {
            let enrolment = match self.loaded.take_if(|(_, loaded)| loaded.id == id) {
                Some(loaded) => loaded,
                None => self.authority.enrolment(id)?,
            };
            self.enrolments.insert(id, enrolment);
        }
        self.enrolments
            .get_mut(&id)
            .map(|(_, enrolment)| enrolment)
            .ok_or_else(|| Code::ENROLMENT_UNKNOWN.into())
    }

    fn phone(&mut self, chip: ChipId) -> Result<&mut PhoneRecord, Failed> {
        if !self.phones.contains_key(&chip) {
            self.phones.insert(chip, self.authority.phone(chip)?);
        }
        self.phones
            .get_mut(&chip)
            .map(|phone| &mut phone.value)
            .ok_or_else(|| Code::PHONE_UNKNOWN.into())
    }

    /// A notice to the phone.
    fn notify<const N: usize>(&mut self, chip: ChipId, code: &str, params: [(&str, String); N]) {
        self.writes.push(Write::Send(NewMessage {
            chip,
            code: code.to_owned(),
            params: params.into_iter().map(|(name, value)| (name.to_owned(), value)).collect(),
            at: self.now,
        }));
    }

    /// A notice about one use to the phone of the resident, if there is one.
    fn notify_resident(&mut self, code: &str, usage: Use) {
        if let Some(chip) = self.resident.phone.as_ref().map(|phone| phone.chip) {
            self.notify(chip, code, [("usage", usage.as_str().to_owned())]);
        }
    }

    /// Status services tell a certificate that is on its chip since `since`, now or later (HOURS-3):
    /// whether now.
    fn make_visible(&mut self, id: CertificateId, since: Timestamp) -> bool {
        let visible = self.visible_from(id, since);
        let now = visible <= self.now;
        if now {
            self.writes.push(Write::PutStatus { id, status: Status::Good });
        } else {
            self.writes.push(Write::AddJob(NewJob {
                kind: PUBLISH.to_owned(),
                key: crate::jobs::certificate_key(id),
                due: visible,
                payload: Opaque(self.resident.id.to_string().into_bytes()),
            }));
        }
        now
    }

    /// A cause for a hold has ended: without another one, the certificate is told as before the hold.
    fn resume(&mut self, id: CertificateId) {
        let status = self.resident.certificates.get(&id).map(|found| found.status);
        match status {
            Some(CertificateStatus::Active { since }) => {
                if !self.make_visible(id, since) {
                    self.writes.push(Write::PutStatus { id, status: Status::Pending });
                }
                self.notify_resident("certificates-resumed", id.usage);
            }
            Some(CertificateStatus::Issued) => {
                self.writes.push(Write::PutStatus { id, status: Status::Pending });
            }
            _ => {}
        }
    }

    /// From when on status services tell a certificate that is on its chip since `since` (HOURS-3).
    fn visible_from(&self, id: CertificateId, since: Timestamp) -> Timestamp {
        let phone = self.resident.phone.as_ref().filter(|phone| {
            self.resident.certificates.get(&id).is_some_and(|found| found.chip == phone.chip)
        });
        let delay = self.authority.settings.rules.visibility_delay;
        phone.map_or(since, |phone| visible_from(since, phone.platform, delay))
    }
}
