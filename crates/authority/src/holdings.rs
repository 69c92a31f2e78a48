//! What each of a resident's phones still holds (MOVE-3): from certificates, former phones, and the journal,
//! which alone remembers a deletion that was proved.

use std::collections::BTreeMap;

use inrou_api::wire::Hex;
use inrou_api::wire::authority::{Deletion, DeletionJudged, HoldingPhone, Holdings, JudgeDeletion};
use inrou_chip::issuer::{DeletionReceipt, SignedStatement};
use inrou_rules::{Certificate, ChipId, Event, Medium, Resident, ResidentId, Use};
use jiff::Timestamp;

use crate::Authority;
use crate::problem::Failed;
use crate::tasks::unproven;
use crate::views::certificate;

/// How many entries of the journal are read at a time.
const PAGE: u32 = 256;

impl Authority {
    /// A resident's phones, by the identifier that `role` knows the resident by.
    pub(crate) fn holdings(&self, role: &str, subject: &str) -> Result<Holdings, Failed> {
        let resident = self.load(self.resident_by_subject(role, subject)?)?.resident;
        let confirmed = self.deletions_confirmed(resident.id)?;
        let mut phones = Vec::new();
        for chip in chips(&resident) {
            let known = self.phone(chip)?.value;
            let newest = Use::ALL.into_iter().filter_map(|usage| newest(&resident, chip, usage));
            phones.push(HoldingPhone {
                chip,
                platform: known.platform,
                model: known.model,
                certificates: newest.map(certificate).collect(),
                deletion: deletion(&resident, chip, confirmed.get(&chip).copied()),
            });
        }
        Ok(Holdings { phones })
    }

    /// What a chip's deletion receipt proves.
    ///
    /// # Errors
    /// `receipt-invalid`; the store's.
    pub(crate) fn judge_deletion(&self, shown: JudgeDeletion) -> Result<DeletionJudged, Failed> {
        let JudgeDeletion { chip, receipt, certificate } = shown;
        let statement = SignedStatement { signed: receipt.0, certificate: certificate.0 };
        let read = DeletionReceipt(statement).read(&self.maker, &chip).map_err(unproven)?;
        let (mut confirmed, mut used_since) = (None, false);
        for holder in self.holders_in(chip)? {
            confirmed = confirmed.max(self.deletions_confirmed(holder.id)?.get(&chip).copied());
            used_since |= holder.phone.as_ref().is_some_and(|phone| phone.chip == chip)
                || holder.former_phones.iter().any(|former| former.chip == chip);
        }
        let deleted = read.deleted.into_iter().map(Hex).collect();
        let (number, empty) = (read.number, read.empty);
        Ok(DeletionJudged { number, empty, deleted, confirmed, used_since })
    }

    /// When each chip last proved that it had deleted.
    fn deletions_confirmed(
        &self,
        resident: ResidentId,
    ) -> Result<BTreeMap<ChipId, Timestamp>, Failed> {
        let (mut from, mut confirmed) = (0, BTreeMap::new());
        loop {
            let page = self.store.journal(resident, from, PAGE)?;
            from = page.last().map_or(from, |logged| logged.sequence + 1);
            for logged in &page {
                if let Event::DeletionConfirmed { chip, at } = logged.entry.event {
                    confirmed.insert(chip, at);
                }
            }
            if page.len() < PAGE as usize {
                return Ok(confirmed);
            }
        }
    }
}

/// The chips of a resident's phones, the one whose certificates are newest first.
fn chips(resident: &Resident) -> Vec<ChipId> {
    let mut issued: BTreeMap<ChipId, Timestamp> = BTreeMap::new();
    for found in resident.certificates.values().filter(|found| found.medium == Medium::Phone) {
        let last = issued.entry(found.chip).or_insert(found.not_before);
        *last = found.not_before.max(*last);
    }
    let mut chips: Vec<_> = issued.into_iter().collect();
    chips.sort_by_key(|&(_, last)| std::cmp::Reverse(last));
    chips.into_iter().map(|(chip, _)| chip).collect()
}

fn newest(resident: &Resident, chip: ChipId, usage: Use) -> Option<&Certificate> {
    let of_use = resident.certificates.values().filter(|found| {
        found.medium == Medium::Phone && found.chip == chip && found.id.usage == usage
    });
    of_use.max_by_key(|found| (found.not_before, found.id))
}

fn deletion(resident: &Resident, chip: ChipId, confirmed: Option<Timestamp>) -> Deletion {
    if let Some(former) = resident.former_phones.iter().find(|former| former.chip == chip) {
        let since = former.deletion_due;
        return match former.overdue_since {
            None => Deletion::Due { since },
            Some(_) => Deletion::Unconfirmed { since },
        };
    }
    let in_use = resident.phone.as_ref().is_some_and(|phone| phone.chip == chip);
    match confirmed {
        Some(at) if !in_use => Deletion::Confirmed { at },
        _ => Deletion::NotDue,
    }
}
