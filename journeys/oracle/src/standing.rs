//! How certificates are held, lifted and ended, and what follows for phones and applications:
//! CARD-7, CARD-13, VALID-3, VALID-4, END-2, READY-3, LOSS-4.

use jiff::Timestamp;

use super::causes::Cause;
use super::questions::{Asked, Question};
use super::world::*;

// What there is.
impl World {
    pub(super) fn ids(&self) -> impl DoubleEndedIterator<Item = CertificateId> + use<> {
        (0..self.certificates.len()).map(CertificateId)
    }

    pub fn certificate(&self, id: CertificateId) -> &Certificate {
        &self.certificates[id.0]
    }

    pub fn is_good(&self, id: CertificateId) -> bool {
        self.certificate(id).standing == Standing::Good
    }

    pub fn is_held(&self, id: CertificateId) -> bool {
        matches!(self.certificate(id).standing, Standing::Held { .. })
    }

    pub fn has_ended(&self, id: CertificateId) -> bool {
        matches!(self.certificate(id).standing, Standing::Ended { .. })
    }

    /// Whether it was revoked before it expired.
    fn has_ended_in_time(&self, id: CertificateId) -> bool {
        matches!(self.certificate(id).standing, Standing::Ended { perhaps: false, .. })
    }

    /// Good, on its chip, and not expired.
    pub fn is_usable(&self, id: CertificateId) -> bool {
        self.is_good(id) && self.certificate(id).place == Place::OnChip && !self.is_over(id)
    }

    /// The certificate of this use that the chip got last, whatever became of it.
    pub fn latest(&self, medium: Medium, usage: Use) -> Option<CertificateId> {
        self.ids().rfind(|id| {
            let certificate = self.certificate(*id);
            certificate.medium == medium
                && certificate.usage == usage
                && certificate.place != Place::NotYet
        })
    }

    pub fn latest_on_card(&self, resident: ResidentId, usage: Use) -> Option<CertificateId> {
        self.latest(Medium::Card(self.residents[resident.0].card?), usage)
    }

    /// What a phone carries: all that is neither revoked nor deleted. What waits for registration
    /// counts as being on the phone, and expiry alone changes nothing (READY-3, END-2).
    pub fn carried_by(&self, phone: PhoneId) -> Vec<CertificateId> {
        let medium = Medium::Phone(phone);
        self.ids()
            .filter(|id| self.certificate(*id).medium == medium && !self.has_ended(*id))
            .collect()
    }

    /// A resident's certificates on phones, with the phone: neither revoked nor deleted.
    pub fn on_phones_of(&self, resident: ResidentId) -> Vec<(PhoneId, CertificateId)> {
        let phone = |id| match self.certificate(id).medium {
            Medium::Phone(phone) if self.certificate(id).holder == resident => Some((phone, id)),
            _ => None,
        };
        self.ids().filter(|id| !self.has_ended(*id)).filter_map(phone).collect()
    }

    /// The resident whose certificates a phone carries.
    pub fn carries_of(&self, phone: PhoneId) -> Option<ResidentId> {
        self.carried_by(phone).first().map(|id| self.certificate(*id).holder)
    }

    /// The stage of the application on a phone.
    pub fn stage(&self, phone: PhoneId) -> Option<ApplicationStage> {
        self.phones[phone.0].application.as_ref().map(|application| application.stage)
    }

    /// Begun or waiting, so that its certificates are still to be issued.
    pub fn is_on_its_way(&self, phone: PhoneId) -> bool {
        let stage = self.stage(phone);
        matches!(stage, Some(ApplicationStage::Begun | ApplicationStage::Waiting { .. }))
    }

    /// The phones on which a resident has an application on its way.
    pub fn applies_on(&self, resident: ResidentId) -> Vec<PhoneId> {
        let applicant = |phone: &PhoneId| {
            let application = self.phones[phone.0].application.as_ref();
            application.is_some_and(|application| application.applicant == resident)
        };
        let all = (0..self.phones.len()).map(PhoneId);
        all.filter(applicant).filter(|phone| self.is_on_its_way(*phone)).collect()
    }
}

// What becomes of it.
impl World {
    fn stand(&mut self, id: CertificateId, standing: Standing, from: Timestamp) {
        let certificate = &mut self.certificates[id.0];
        certificate.history.push((from, certificate.standing));
        certificate.standing = standing;
    }

    pub(super) fn hold(&mut self, id: CertificateId) {
        if self.is_good(id) {
            self.stand(id, Standing::Held { since: self.now }, self.now);
        }
        self.reject_applications_signed_by(id);
    }

    /// Only a user-authentication certificate's hold is ever lifted (CARD-12, LOSS-2).
    pub(super) fn lift(&mut self, id: CertificateId) {
        if self.is_held(id) && self.certificate(id).usage == Use::Authentication {
            self.stand(id, Standing::Good, self.now);
        }
    }

    /// The same, where what has expired may stay as it is.
    pub(super) fn lift_if_it_may(&mut self, id: CertificateId, asked: &mut Asked) {
        let over = self.is_held(id) && self.is_over(id);
        if !over || !asked.ask(Question::HoldOfExpired) {
            self.lift(id);
        }
    }

    /// Revokes a certificate, or makes it lapse. What was on hold is told as ended since the hold
    /// (LOSS-4); what has ended stays as it ended.
    pub(super) fn end(&mut self, id: CertificateId, cause: Cause, at: Between) {
        let certificate = self.certificate(id);
        let since = match certificate.standing {
            Standing::Good => at,
            Standing::Held { since } => Between::at(since),
            Standing::Ended { .. } => return,
        };
        let reasons = cause.reasons(certificate.medium, certificate.place != Place::NotYet);
        let perhaps = super::validity::is_over(certificate.not_after, at.from);
        self.stand(id, Standing::Ended { cause, reasons, at, since, perhaps }, at.to);
    }

    /// LOSS-2: what waited for its reissue has got it.
    pub(super) fn end_for_good(&mut self, id: CertificateId) {
        let reached_its_chip = self.certificate(id).place != Place::NotYet;
        let medium = self.certificate(id).medium;
        if let Standing::Ended { cause, reasons, .. } = &mut self.certificates[id.0].standing
            && *cause == Cause::WaitsForReissue
        {
            *cause = Cause::Reissued;
            *reasons = Cause::Reissued.reasons(medium, reached_its_chip);
        }
    }

    /// Ends a card's certificate, and what rests on it (VALID-4): applications that it signed are
    /// rejected at once (APPLY-4), phone certificates whose source it is are revoked.
    pub(super) fn end_on_card(&mut self, id: CertificateId, cause: Cause) {
        self.end_on_card_alone(id, cause);
        let resting: Vec<_> =
            self.ids().filter(|p| self.certificate(*p).source == Some(id)).collect();
        for phone_certificate in resting {
            self.end(phone_certificate, cause, Between::at(self.now));
        }
    }

    /// Ends a card's certificate; the phone's stay.
    pub(super) fn end_on_card_alone(&mut self, id: CertificateId, cause: Cause) {
        self.end(id, cause, Between::at(self.now));
        self.reject_applications_signed_by(id);
    }

    fn reject_applications_signed_by(&mut self, id: CertificateId) {
        for index in 0..self.phones.len() {
            let on_its_way = self.is_on_its_way(PhoneId(index));
            if let Some(application) = &mut self.phones[index].application
                && on_its_way
                && application.signed_by == id
            {
                application.stage = ApplicationStage::Rejected;
            }
        }
    }

    pub(super) fn set_stage(&mut self, phone: PhoneId, stage: ApplicationStage) {
        if let Some(application) = &mut self.phones[phone.0].application {
            application.stage = stage;
        }
    }

    /// An application whose certificates are not registered yet is over by its applicant's will.
    pub(super) fn withdraw(&mut self, phone: PhoneId) {
        if self.is_on_its_way(phone) || self.stage(phone) == Some(ApplicationStage::Ready) {
            self.set_stage(phone, ApplicationStage::Withdrawn);
        }
    }

    /// A phone that is left without certificates has to delete its data, however they ended; an
    /// application whose certificates have all ended before they were registered is over.
    pub(super) fn retire_phones(&mut self) {
        for phone in (0..self.phones.len()).map(PhoneId) {
            if let Some(application) = &self.phones[phone.0].application
                && application.stage == ApplicationStage::Ready
                && application.certificates.iter().all(|id| self.has_ended_in_time(*id))
            {
                self.set_stage(phone, ApplicationStage::Withdrawn);
            }
            if matches!(self.phones[phone.0].deletion, Deletion::Nothing | Deletion::Confirmed)
                && let Some(deletion) = self.deletion_of_what_ended(phone)
            {
                self.phones[phone.0].deletion = deletion;
            }
        }
    }

    fn deletion_of_what_ended(&self, phone: PhoneId) -> Option<Deletion> {
        let there = |id: &CertificateId| {
            let certificate = self.certificate(*id);
            certificate.medium == Medium::Phone(phone)
                && matches!(certificate.place, Place::NotYet | Place::OnChip)
        };
        let all: Vec<_> = self.ids().filter(there).collect();
        if all.is_empty() {
            return None;
        }
        let mut certain = !self.is_on_its_way(phone);
        let mut registered = false;
        let mut last: Option<(Between, bool)> = None;
        for id in all {
            let certificate = self.certificate(id);
            let Standing::Ended { cause, perhaps, at, .. } = certificate.standing else {
                return None;
            };
            certain &= !perhaps && cause != Cause::WaitsForReissue;
            registered |= certificate.place == Place::OnChip;
            if last.is_none_or(|(before, _)| at.to >= before.to) {
                last = Some((at, cause == Cause::PhoneReplaced));
            }
        }
        let (since, replaced) = last?;
        Some(if certain && registered {
            Deletion::Due { since, replaced, earliest: since.from }
        } else {
            Deletion::Perhaps
        })
    }

    /// MOVE-3: the phone is on the network.
    pub(super) fn delete_what_is_due(&mut self, phone: PhoneId) {
        let (place, deletion) = match self.phones[phone.0].deletion {
            Deletion::Nothing | Deletion::Confirmed => return,
            Deletion::Due { .. } => (Place::Gone, Deletion::Confirmed),
            Deletion::Perhaps => (Place::PerhapsGone, Deletion::Nothing),
        };
        self.phones[phone.0].deletion = deletion;
        self.wipe(phone, place);
    }

    /// Everything on the phone that has ended is deleted.
    pub(super) fn wipe(&mut self, phone: PhoneId, place: Place) {
        for id in self.ids().collect::<Vec<_>>() {
            let there = matches!(self.certificate(id).place, Place::NotYet | Place::OnChip);
            if self.certificate(id).medium == Medium::Phone(phone) && there && self.has_ended(id) {
                self.certificates[id.0].place = place;
            }
        }
    }
}
