//! Holds what is seen against what a world of the oracle's says must be seen.

use inrou_api::wire::authority::{CertificateView, EnrolmentStage};
use inrou_oracle::causes::Reason;
use inrou_oracle::{
    Application, ApplicationStage, CertificateId, DeletionSeen, Medium, PhoneId, Place, ResidentId,
    Status, StatusService, Use, World,
};
use inrou_pki::Status as Told;
use inrou_rules::{self as rules, CertificateStatus, RevocationReason};

use crate::doing::usage;
use crate::seen::{ChipSeen, Seen, serial};

/// What is seen and cannot be in this world; `None` if everything can.
pub fn contradiction(world: &World, seen: &Seen) -> Option<String> {
    let mut views: Vec<Option<&CertificateView>> = vec![None; world.certificates.len()];
    for holder in (0..world.residents.len()).map(ResidentId) {
        for use_ in [Use::Signature, Use::Authentication] {
            for on_card in [true, false] {
                if let Err(why) = pair(world, seen, (holder, use_, on_card), &mut views) {
                    return Some(why);
                }
            }
        }
    }
    let views = Views { views, seen };
    let certificates = (0..world.certificates.len()).map(CertificateId);
    let cards = (0..world.residents.len()).map(ResidentId);
    let phones = (0..world.phones.len()).map(PhoneId);
    certificates
        .filter_map(|id| views.of_certificate(world, id).map(|why| format!("{id:?}: {why}")))
        .chain(cards.filter_map(|id| views.of_card(world, id).map(|why| format!("{id:?}: {why}"))))
        .chain(
            phones.filter_map(|id| views.of_phone(world, id).map(|why| format!("{id:?}: {why}"))),
        )
        .next()
}

/// Which of the world's certificates is which of the service's: both count in the order of issuance.
fn pair<'s>(
    world: &World,
    seen: &'s Seen,
    (holder, use_, on_card): (ResidentId, Use, bool),
    views: &mut [Option<&'s CertificateView>],
) -> Result<(), String> {
    let modelled: Vec<usize> = (0..world.certificates.len())
        .filter(|index| {
            let certificate = &world.certificates[*index];
            let is_card = matches!(certificate.medium, Medium::Card(_));
            certificate.holder == holder && certificate.usage == use_ && is_card == on_card
        })
        .collect();
    let medium = if on_card { rules::Medium::Card } else { rules::Medium::Phone };
    let all = seen.residents[holder.0].certificates.iter();
    let mut there: Vec<_> = all.filter(|c| c.usage == usage(use_) && c.medium == medium).collect();
    there.sort_by_key(|certificate| serial(&certificate.serial));
    if there.len() != modelled.len() {
        let (there, modelled) = (there.len(), modelled.len());
        return Err(format!(
            "{holder:?} has {there} {use_:?} certificates on {medium:?}, not {modelled}"
        ));
    }
    for (index, view) in modelled.into_iter().zip(there) {
        views[index] = Some(view);
    }
    Ok(())
}

struct Views<'s> {
    views: Vec<Option<&'s CertificateView>>,
    seen: &'s Seen,
}

impl Views<'_> {
    fn serial_of(&self, id: CertificateId) -> Option<u64> {
        self.views[id.0].map(|view| serial(&view.serial))
    }

    fn of_certificate(&self, world: &World, id: CertificateId) -> Option<String> {
        let (certificate, view) = (world.certificate(id), self.views[id.0]?);
        if certificate.not_after != view.not_after {
            return Some(format!("ends {}, not {}", view.not_after, certificate.not_after));
        }
        let allowed = world.status(id, StatusService::Ocsp);
        if !allowed.iter().any(|status| is_shown_as(*status, view.status)) {
            return Some(format!("the counter's view has {:?}, not {allowed:?}", view.status));
        }
        let name = (view.usage, serial(&view.serial));
        if let Some(told) = self.seen.ocsp.get(&name)
            && !allowed.iter().any(|status| is_told_as(*status, *told))
        {
            return Some(format!("OCSP tells {told:?}, not {allowed:?}"));
        }
        let list = self.seen.lists.get(&(view.usage, view.medium));
        // What has expired need not be listed any more.
        if let Some(list) = list.filter(|_| !world.is_over(id)) {
            let (allowed, told) = (world.status(id, StatusService::Crl), list.status(name.1));
            if !allowed.iter().any(|status| is_told_as(*status, told)) {
                return Some(format!("the list tells {told:?}, not {allowed:?}"));
            }
        }
        None
    }

    fn of_card(&self, world: &World, holder: ResidentId) -> Option<String> {
        let view = self.seen.residents[holder.0].card.as_ref();
        let Some(card) = world.residents[holder.0].card else {
            return view.map(|_| "has a card".to_owned());
        };
        let Some(view) = view else { return Some("has no card".to_owned()) };
        let lost = world.card_is_lost(holder);
        if lost != view.lost_since.is_some() {
            return Some(format!("lost since {:?}; to be lost: {lost}", view.lost_since));
        }
        let chip = self.seen.cards[holder.0].as_ref()?;
        let model = &world.cards[card.0];
        for (use_, tries) in
            [(Use::Signature, model.signature), (Use::Authentication, model.authentication)]
        {
            let Some(latest) = world.latest(Medium::Card(card), use_) else { continue };
            if let Some(why) = carries(chip, use_, self.serial_of(latest), Some(tries.left)) {
                return Some(why);
            }
        }
        None
    }

    fn of_phone(&self, world: &World, id: PhoneId) -> Option<String> {
        let (model, seen) = (world.look_at_phone(id), &self.seen.phones[id.0]);
        if let Some(why) = self.deletion(id, model.deletion) {
            return Some(why);
        }
        let stage = seen.view.enrolment.as_ref().map(|enrolment| &enrolment.stage);
        let application = model.application.map(|application| application.stage);
        let applied = world.phones[id.0].application.as_ref();
        let over = applied.is_some_and(|applied| is_over(world, applied));
        if !is_at(application, stage, over) {
            return Some(format!("the application is at {stage:?}, not {application:?}"));
        }
        for (use_, tries) in [
            (Use::Signature, model.signature_tries),
            (Use::Authentication, model.authentication_tries),
        ] {
            let of_use = |ids: &[CertificateId]| {
                let of_use = ids.iter().filter(|id| world.certificate(**id).usage == use_);
                of_use.filter_map(|id| self.serial_of(*id)).collect::<Vec<_>>()
            };
            let (holds, may_hold) = (of_use(&model.holds), of_use(&model.may_hold));
            match holds.last() {
                Some(serial) => {
                    let left = tries.map(|tries| tries.left);
                    if let Some(why) = carries(&seen.chip, use_, Some(*serial), left) {
                        return Some(why);
                    }
                }
                None => {
                    let kept = seen.chip.carries.get(&usage(use_));
                    // What came to the chip in a session whose receipt was refused stays there unused.
                    let waits = |serial: &u64| {
                        world.certificates.iter().enumerate().any(|(index, certificate)| {
                            certificate.medium == Medium::Phone(id)
                                && certificate.place == Place::NotYet
                                && self.serial_of(CertificateId(index)) == Some(*serial)
                        })
                    };
                    let strange = |kept: &&u64| !may_hold.contains(kept) && !waits(kept);
                    if let Some(kept) = kept.filter(strange) {
                        return Some(format!(
                            "the chip keeps {use_:?} {kept:X}, which is not there"
                        ));
                    }
                }
            }
        }
        // What the phone itself is told agrees with what the counter is told.
        for view in &seen.view.certificates {
            let mut same = self.views.iter().flatten();
            if !same.any(|other| *other == view) {
                return Some(format!("the phone is told of {view:?}, and the counter is not"));
            }
        }
        let told = |id: &&CertificateId| {
            let view = self.views[id.0].expect("each certificate has a view");
            !seen.view.certificates.contains(view)
        };
        model.holds.iter().find(told).map(|id| format!("the phone is not told of {id:?}"))
    }

    fn deletion(&self, id: PhoneId, expected: DeletionSeen) -> Option<String> {
        let view = &self.seen.phones[id.0].view;
        let mut former = self.seen.residents.iter().flat_map(|resident| &resident.former_phones);
        let former = former.find(|former| former.chip == view.chip);
        let (due, overdue) =
            (former.is_some(), former.is_some_and(|former| former.overdue_since.is_some()));
        let allowed = match expected {
            DeletionSeen::Nothing | DeletionSeen::Confirmed => !due,
            DeletionSeen::Pending => due && !overdue,
            DeletionSeen::Unconfirmed => due && overdue,
            DeletionSeen::PendingOrUnconfirmed => due,
            DeletionSeen::Perhaps => true,
        };
        if !allowed {
            return Some(format!("due to be deleted: {due}, overdue: {overdue}; not {expected:?}"));
        }
        let told = view.deletion_due;
        (told.is_some() != due).then(|| format!("the phone is told {told:?}, the counter {due}"))
    }
}

fn carries(chip: &ChipSeen, use_: Use, serial: Option<u64>, tries: Option<u8>) -> Option<String> {
    let kept = chip.carries.get(&usage(use_)).copied();
    if kept != serial {
        return Some(format!("the chip has {use_:?} {kept:X?}, not {serial:X?}"));
    }
    let left = chip.tries[&usage(use_)];
    tries
        .filter(|tries| *tries != left)
        .map(|tries| format!("{left} tries of {use_:?} are left, not {tries}"))
}

/// Whether every certificate that an application has led to has expired before it was registered: then it
/// may be over or not, as it is looked at.
fn is_over(world: &World, application: &Application) -> bool {
    let issued = &application.certificates;
    let unregistered = issued.iter().all(|id| world.certificate(*id).place != Place::OnChip);
    !issued.is_empty() && unregistered && issued.iter().all(|id| world.is_over(*id))
}

/// Whether the service's stage of an application says what the world's does.
fn is_at(expected: Option<ApplicationStage>, seen: Option<&EnrolmentStage>, over: bool) -> bool {
    if over && matches!(seen, Some(EnrolmentStage::Ready { .. } | EnrolmentStage::Ended { .. })) {
        return true;
    }
    let under_way = matches!(
        seen,
        Some(
            EnrolmentStage::Signed
                | EnrolmentStage::Completed { .. }
                | EnrolmentStage::Ready { .. }
        )
    );
    match expected {
        // What was begun and never signed by a card, or was over before, the world does not count.
        None
        | Some(
            ApplicationStage::Registered | ApplicationStage::Withdrawn | ApplicationStage::Rejected,
        ) => !under_way,
        Some(ApplicationStage::Begun) => matches!(seen, Some(EnrolmentStage::Signed)),
        Some(ApplicationStage::Waiting { from, .. }) => {
            matches!(seen, Some(EnrolmentStage::Completed { due, .. }) if *due == from)
        }
        Some(ApplicationStage::Ready) => matches!(seen, Some(EnrolmentStage::Ready { .. })),
    }
}

/// Whether a status service's word is this status.
fn is_told_as(status: Status, told: Told) -> bool {
    match (status, told) {
        (Status::Good, Told::Good) | (Status::Unknown, Told::Unknown) => true,
        (Status::OnHold { since }, Told::OnHold { since: told }) => is_second(since, told),
        (Status::Revoked { reasons, since }, Told::Revoked { at, reason }) => {
            let at_second = at.as_second();
            reasons.contains(&named(reason))
                && since.from.as_second() <= at_second
                && at_second <= since.to.as_second()
        }
        _ => false,
    }
}

/// Whether the counter's view is this status. It has the moment of the revocation itself, where status
/// services have that of the hold before it.
fn is_shown_as(status: Status, shown: CertificateStatus) -> bool {
    match (status, shown) {
        (Status::Good, CertificateStatus::Active { .. })
        | (Status::Unknown, CertificateStatus::Issued) => true,
        (Status::OnHold { since }, CertificateStatus::Held { since: shown, .. }) => {
            is_second(since, shown)
        }
        (Status::Revoked { reasons, .. }, CertificateStatus::Revoked { reason, .. }) => {
            reasons.contains(&named(reason))
        }
        _ => false,
    }
}

fn is_second(one: jiff::Timestamp, other: jiff::Timestamp) -> bool {
    one.as_second() == other.as_second()
}

fn named(reason: RevocationReason) -> Reason {
    match reason {
        RevocationReason::Unspecified => Reason::Unspecified,
        RevocationReason::AffiliationChanged => Reason::AffiliationChanged,
        RevocationReason::Superseded => Reason::Superseded,
        RevocationReason::CessationOfOperation => Reason::CessationOfOperation,
        // No act of the model compromises a key.
        RevocationReason::KeyCompromise | RevocationReason::CaCompromise => Reason::CertificateHold,
    }
}
