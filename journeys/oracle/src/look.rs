//! What must be seen of the world at its present moment.
//!
//! Status services: J §1.6, assumptions under "Revocation and status". OCSP, the portal and the
//! desk know everything at once; a CRL is valid for 24 hours and may be that old.

use jiff::{SignedDuration, Timestamp};

use super::acts::*;
use super::causes::{Cause, Reason};
use super::expected::{Expected, Rules, in_order};
use super::pins::Tries;
use super::world::*;

/// MOVE-3: how long a replaced phone has to come on the network before it shows as unconfirmed.
pub const WATCH: SignedDuration = SignedDuration::from_hours(48);
/// The age that a CRL may have (assumption).
pub const CRL_LIFE: SignedDuration = SignedDuration::from_hours(24);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StatusService {
    Ocsp,
    Crl,
    /// What the portal finds at a log-in or a signature.
    Portal,
    /// What a desk that checks a signature finds.
    Desk,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// Good; on a CRL: not listed.
    Good,
    OnHold {
        since: Timestamp,
    },
    /// Revoked for one of these reasons, at a moment between.
    Revoked {
        reasons: &'static [Reason],
        since: Between,
    },
    /// Not on its chip yet.
    Unknown,
    /// By its own date. Only portal and desk say so: status services go on saying what they said.
    Expired,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CertificateSeen {
    pub id: CertificateId,
    pub holder: ResidentId,
    pub usage: Use,
    pub medium: Medium,
    pub issued: Between,
    pub not_after: Timestamp,
    pub expired: bool,
    pub waits_for_registration: bool,
    /// For each service what it may say; where there is more than one, no source says which.
    pub ocsp: Vec<Status>,
    pub crl: Vec<Status>,
    pub portal: Vec<Status>,
    pub desk: Vec<Status>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    Succeeds,
    /// By any of these rules.
    Fails(Rules),
    Either,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Notice {
    NotYet,
    Perhaps,
    Given,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ApplicationSeen {
    pub applicant: ResidentId,
    pub uses: Uses,
    pub stage: ApplicationStage,
    /// HOURS-2.
    pub notice: Notice,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeletionSeen {
    Nothing,
    /// Must be seen as pending.
    Pending,
    /// Must be seen as unconfirmed.
    Unconfirmed,
    /// Must be seen as the one or the other.
    PendingOrUnconfirmed,
    /// May be seen, or not.
    Perhaps,
    Confirmed,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PhoneSeen {
    pub phone: PhoneId,
    /// On its chip for certain: good, held or expired.
    pub holds: Vec<CertificateId>,
    /// On its chip perhaps: revoked, and not deleted yet as far as known.
    pub may_hold: Vec<CertificateId>,
    /// What it has to delete for certain.
    pub must_delete: Vec<CertificateId>,
    pub application: Option<ApplicationSeen>,
    pub deletion: DeletionSeen,
    /// Tries left, of the keys that have a certificate on the chip; none left is locked.
    pub signature_tries: Option<Tries>,
    pub authentication_tries: Option<Tries>,
    /// With the right PIN.
    pub log_in: Outcome,
    pub sign: Outcome,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CardSeen {
    pub resident: ResidentId,
    pub not_after: Timestamp,
    pub lost: bool,
    pub signature_tries: Tries,
    pub authentication_tries: Tries,
    pub card_face_tries: Tries,
    /// With the right PIN.
    pub log_in: Outcome,
    pub sign: Outcome,
}

/// What may be applied for, with the own card, the right password and everything confirmed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Offer {
    pub phone: PhoneId,
    pub menu: Menu,
    pub uses: Uses,
    pub outcome: Outcome,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Look {
    pub certificates: Vec<CertificateSeen>,
    pub phones: Vec<PhoneSeen>,
    pub cards: Vec<CardSeen>,
}

impl World {
    pub fn look(&self) -> Look {
        Look {
            certificates: self.ids().map(|id| self.see_certificate(id)).collect(),
            phones: (0..self.phones.len())
                .map(|index| self.look_at_phone(PhoneId(index)))
                .collect(),
            cards: (0..self.residents.len())
                .filter_map(|index| self.see_card(ResidentId(index)))
                .collect(),
        }
    }

    fn see_certificate(&self, id: CertificateId) -> CertificateSeen {
        let certificate = self.certificate(id);
        CertificateSeen {
            id,
            holder: certificate.holder,
            usage: certificate.usage,
            medium: certificate.medium,
            issued: certificate.issued,
            not_after: certificate.not_after,
            expired: self.is_over(id),
            waits_for_registration: certificate.place == Place::NotYet && !self.has_ended(id),
            ocsp: self.status(id, StatusService::Ocsp),
            crl: self.status(id, StatusService::Crl),
            portal: self.status(id, StatusService::Portal),
            desk: self.status(id, StatusService::Desk),
        }
    }

    /// What a service may say of a certificate now.
    pub fn status(&self, id: CertificateId, service: StatusService) -> Vec<Status> {
        let certificate = self.certificate(id);
        let mut told = self.told(certificate, certificate.standing);
        match service {
            StatusService::Ocsp => {}
            StatusService::Crl => {
                for (until, before) in &certificate.history {
                    if *until > self.now - CRL_LIFE {
                        told.extend(self.told(certificate, *before));
                    }
                }
                // A list names what is revoked or on hold; what has expired may be dropped.
                told.retain(|status| *status != Status::Unknown);
                if self.is_over(id) || told.is_empty() || certificate.place == Place::NotYet {
                    told.push(Status::Good);
                }
            }
            StatusService::Portal | StatusService::Desk if self.is_over(id) => {
                told.retain(|status| *status != Status::Good);
                told.push(Status::Expired);
            }
            StatusService::Portal | StatusService::Desk => {}
        }
        let mut once: Vec<Status> = Vec::new();
        for status in told {
            if !once.contains(&status) {
                once.push(status);
            }
        }
        once
    }

    fn told(&self, certificate: &Certificate, standing: Standing) -> Vec<Status> {
        let not_yet = certificate.place == Place::NotYet;
        match standing {
            Standing::Good if not_yet => vec![Status::Unknown],
            Standing::Good => vec![Status::Good],
            Standing::Held { since } if not_yet => {
                vec![Status::Unknown, Status::OnHold { since }]
            }
            Standing::Held { since } => vec![Status::OnHold { since }],
            Standing::Ended { cause, reasons, since, perhaps, .. } => {
                let mut told = vec![Status::Revoked { reasons, since }];
                if matches!(cause, Cause::WaitsForReissue | Cause::WithdrawnByHold) {
                    told.push(Status::OnHold { since: since.from });
                }
                if cause == Cause::WithdrawnByHold {
                    told.push(Status::Unknown);
                }
                if perhaps && let Some((_, before)) = certificate.history.last() {
                    told.extend(self.told(certificate, *before));
                    // It may have been deleted before it was ever registered.
                    if certificate.place != Place::OnChip {
                        told.push(Status::Unknown);
                    }
                }
                told
            }
        }
    }

    /// What must be seen of a phone now.
    pub fn look_at_phone(&self, id: PhoneId) -> PhoneSeen {
        let phone = &self.phones[id.0];
        let on_it = |id: &CertificateId| {
            let place = self.certificate(*id).place;
            place == Place::OnChip || place == Place::PerhapsGone
        };
        let medium = Medium::Phone(id);
        let all: Vec<_> =
            self.ids().filter(|c| self.certificate(*c).medium == medium).filter(on_it).collect();
        let due = matches!(phone.deletion, Deletion::Due { .. });
        let (may_hold, holds): (Vec<_>, Vec<_>) =
            all.into_iter().partition(|id| self.has_ended(*id));
        let tries = |usage, tries: Tries| {
            let on_chip = self.latest(medium, usage).filter(|id| !self.has_ended(*id));
            on_chip.map(|_| tries)
        };
        PhoneSeen {
            phone: id,
            holds,
            must_delete: if due { may_hold.clone() } else { Vec::new() },
            may_hold,
            application: phone.application.as_ref().map(|application| ApplicationSeen {
                applicant: application.applicant,
                uses: application.uses,
                stage: application.stage,
                notice: match application.stage {
                    ApplicationStage::Ready | ApplicationStage::Registered => Notice::Given,
                    ApplicationStage::Waiting { from, .. } if self.now >= from => Notice::Perhaps,
                    _ => Notice::NotYet,
                },
            }),
            deletion: self.see_deletion(phone.deletion),
            signature_tries: tries(Use::Signature, phone.signature),
            authentication_tries: tries(Use::Authentication, phone.authentication),
            log_in: self.foresee(&Act::LogIn { phone: id, pin: Entry::RIGHT }),
            sign: self.foresee(&Act::Sign { phone: id, password: Entry::RIGHT }),
        }
    }

    fn see_deletion(&self, deletion: Deletion) -> DeletionSeen {
        match deletion {
            Deletion::Nothing => DeletionSeen::Nothing,
            Deletion::Perhaps => DeletionSeen::Perhaps,
            Deletion::Confirmed => DeletionSeen::Confirmed,
            // The guides name the 48 hours of a change of phone alone, and do not say from when.
            Deletion::Due { earliest, .. } if self.now < earliest + WATCH => DeletionSeen::Pending,
            Deletion::Due { since, replaced: true, .. } if self.now > since.to + WATCH => {
                DeletionSeen::Unconfirmed
            }
            Deletion::Due { .. } => DeletionSeen::PendingOrUnconfirmed,
        }
    }

    fn see_card(&self, resident: ResidentId) -> Option<CardSeen> {
        let card = &self.cards[self.residents[resident.0].card?.0];
        Some(CardSeen {
            resident,
            not_after: card.not_after,
            lost: self.card_is_lost(resident),
            signature_tries: card.signature,
            authentication_tries: card.authentication,
            card_face_tries: card.card_face,
            log_in: self.foresee(&Act::CardLogIn { resident, pin: Entry::RIGHT }),
            sign: self.foresee(&Act::CardSign { resident, password: Entry::RIGHT }),
        })
    }

    /// What may be applied for now, and from which phone.
    pub fn offers(&self, resident: ResidentId) -> Vec<Offer> {
        let menus = [Menu::First, Menu::ChangeOfPhone { consent: true }];
        let choices = [Uses::SIGNATURE, Uses::AUTHENTICATION, Uses::BOTH];
        let mut offers = Vec::new();
        for phone in (0..self.phones.len()).map(PhoneId) {
            for menu in menus {
                for uses in choices {
                    let outcome = self.foresee(&Act::Apply(Apply {
                        phone,
                        card: resident,
                        menu,
                        uses,
                        confirmed: true,
                        password: Entry::RIGHT,
                        card_face_pin: Entry::RIGHT,
                        face_matches: true,
                    }));
                    offers.push(Offer { phone, menu, uses, outcome });
                }
            }
        }
        offers
    }

    /// What an act would come to now, without doing it.
    pub fn foresee(&self, act: &Act) -> Outcome {
        let ways = self.ways(act);
        let mut all = Rules::new();
        let mut done = 0;
        for way in &ways {
            match &way.expected {
                Expected::Refused { rules } => all.extend(rules),
                _ => done += 1,
            }
        }
        match done {
            0 => Outcome::Fails(in_order(all)),
            _ if done == ways.len() => Outcome::Succeeds,
            _ => Outcome::Either,
        }
    }
}
