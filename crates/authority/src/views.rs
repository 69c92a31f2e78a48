//! How the authority's types look on the wire.

use std::collections::{BTreeMap, BTreeSet};

use inrou_api::wire::authority::{
    CertificateView, EnrolmentStage, HistoryEntry, Notice, PhoneView, Resumption,
};
use inrou_rules::{Certificate, ChipId, Resident, ResidentId};

use crate::Authority;
use crate::enrolment::Enrolment;
use crate::problem::Failed;
use crate::store::{Actor, LoggedEntry, Message};

/// How many rows are read at a time.
const PAGE: u32 = 256;

/// A certificate.
pub(crate) fn certificate(certificate: &Certificate) -> CertificateView {
    CertificateView {
        usage: certificate.id.usage,
        medium: certificate.medium,
        serial: certificate.id.serial.to_string(),
        not_before: certificate.not_before,
        not_after: certificate.not_after,
        status: certificate.status,
        reapplication_asked: certificate.reapplication.is_some() && !certificate.is_revoked(),
    }
}

/// A notice.
pub(crate) fn notice(message: Message) -> Notice {
    Notice {
        sequence: message.sequence,
        at: message.message.at,
        code: message.message.code,
        params: message.message.params,
    }
}

/// An entry of the journal: the event's type, and those of its members that are plain.
pub(crate) fn history(logged: &LoggedEntry) -> HistoryEntry {
    let json = serde_json::to_value(&logged.entry.event).unwrap_or_default();
    let members = json.as_object().cloned().unwrap_or_default();
    let text = |name: &str| members.get(name).and_then(|value| value.as_str()).map(str::to_owned);
    let code = text("type").unwrap_or_default();
    let issued = members.get("certificate");
    let certificate = members.get("id").or_else(|| issued?.get("id"));
    let of = |whole: Option<&serde_json::Value>, name: &str| {
        Some((name.to_owned(), whole?.get(name)?.as_str()?.to_owned()))
    };
    // Commitments, keys and serials say nothing to a resident.
    const PLAIN: [&str; 7] =
        ["medium", "usage", "reason", "code", "municipality", "asker", "departure"];
    let params: BTreeMap<String, String> = PLAIN
        .into_iter()
        .filter_map(|name| Some((name.to_owned(), text(name)?)))
        .chain(of(certificate, "usage"))
        .chain(of(issued, "medium"))
        .chain(
            logged
                .entry
                .actor
                .acting()
                .map(|acting| ("said".to_owned(), acting.reason.as_str().to_owned())),
        )
        .collect();
    let actor = match logged.entry.actor {
        Actor::Card { .. } => "card",
        Actor::Counter { .. } => "counter",
        Actor::Hotline { .. } => "hotline",
        Actor::Operator { .. } => "operator",
        Actor::Phone { .. } => "phone",
        Actor::Service => "service",
        Actor::Holder => "holder",
    };
    HistoryEntry {
        at: logged.entry.at,
        code,
        params,
        actor: actor.to_owned(),
        index: Some(logged.sequence),
    }
}

impl Authority {
    /// A phone, as it sees itself.
    pub(crate) fn phone_view(&self, chip: ChipId) -> Result<PhoneView, Failed> {
        let phone = self.phone(chip)?.value;
        let enrolment = self.present_enrolment(chip, phone.resident)?;
        let resident = phone.resident.or(enrolment.as_ref().and_then(|found| found.resident));
        let resident = resident.map(|id| self.load(id)).transpose()?.map(|loaded| loaded.resident);
        // Whoever's data it has to delete: it may be another's than that of its present enrolment.
        let holders = self.holders_in(chip)?;
        let former = holders.iter().flat_map(|holder| &holder.former_phones);
        let deletion_due =
            former.filter(|former| former.chip == chip).map(|former| former.deletion_due).min();
        let resumption = resident.as_ref().and_then(|resident| {
            let inrou_rules::Resumption { resumed, anew, emptied } =
                inrou_rules::resumption(resident, chip, self.clock.now()).ok()?;
            Some(Resumption { resumed, anew, emptied })
        });
        Ok(PhoneView {
            chip,
            platform: phone.platform,
            model: phone.model,
            enrolment: enrolment.map(|found| found.view()),
            certificates: self.certificates_on(chip)?,
            deletion_due,
            resumption,
        })
    }

    /// The certificates whose keys are in a chip, or were last: those of the resident to whom one was
    /// issued there last.
    pub(crate) fn certificates_on(&self, chip: ChipId) -> Result<Vec<CertificateView>, Failed> {
        let holders = self.holders_in(chip)?;
        let here = |resident: &Resident| -> Vec<Certificate> {
            resident.certificates.values().filter(|found| found.chip == chip).cloned().collect()
        };
        let issued_last = |own: &Vec<Certificate>| own.iter().map(|found| found.not_before).max();
        let last = holders.iter().map(here).max_by_key(issued_last);
        Ok(last.unwrap_or_default().iter().map(certificate).collect())
    }

    /// Everybody whose certificates have their keys in a chip, or had them.
    pub(crate) fn holders_in(&self, chip: ChipId) -> Result<Vec<Resident>, Failed> {
        let (mut after, mut holders) = (None, BTreeSet::new());
        loop {
            let page = self.store.certificates_in(chip, after, PAGE)?;
            after = page.last().map(|record| record.id);
            let found = page.iter().filter_map(|record| record.holder);
            holders.extend(found.map(|holder| holder.resident));
            if page.len() < PAGE as usize {
                break;
            }
        }
        holders.into_iter().map(|id| Ok(self.load(id)?.resident)).collect()
    }

    /// The enrolment that a phone is about: the one under way, or else that of the resident whom it
    /// serves, or else the one begun last.
    fn present_enrolment(
        &self,
        chip: ChipId,
        served: Option<ResidentId>,
    ) -> Result<Option<Enrolment>, Failed> {
        let mut present = None;
        for (_, found) in self.enrolments_on(chip)? {
            let is_registered = matches!(found.stage, EnrolmentStage::Registered { .. });
            let serves = is_registered && served.is_some() && found.resident == served;
            // Of two that were begun in one second, the later one has ended the other.
            let lasts = !matches!(found.stage, EnrolmentStage::Ended { .. });
            let is_signed = found.stage == EnrolmentStage::Signed;
            let is_present = is_signed || self.is_under_way(&found)?;
            let rank = (is_present, serves, found.challenge_expires, lasts);
            if present.as_ref().is_none_or(|(best, _)| *best <= rank) {
                present = Some((rank, found));
            }
        }
        Ok(present.map(|(_, found)| found))
    }
}
