//! What an application leads to: S0 2-D, Q2, Q3; S1; S2 4-B⑧, Q4 (HOURS-1, VALID-1, MOVE-2,
//! READY-3, APPLY-4).

use super::causes::Cause;
use super::validity;
use super::world::*;

impl World {
    /// The certificates are issued, and wait for registration; what the applicant has on another
    /// phone is revoked by that (MOVE-2). Or the application is rejected, because the card's
    /// certificate has expired meanwhile (APPLY-4).
    pub(super) fn issue(&mut self, phone: PhoneId, at: Between) {
        let Some(application) = self.phones[phone.0].application.clone() else { return };
        let signed_by = self.certificate(application.signed_by).clone();
        if signed_by.standing != Standing::Good || validity::is_over(signed_by.not_after, at.from) {
            self.set_stage(phone, ApplicationStage::Rejected);
            return;
        }
        let mut issued = Vec::new();
        for usage in application.uses.each() {
            let source = self.source(&application, usage, at);
            let source_ends = self.certificate(source).not_after;
            issued.push(CertificateId(self.certificates.len()));
            self.certificates.push(Certificate {
                holder: application.applicant,
                usage,
                medium: Medium::Phone(phone),
                issued: at,
                not_after: validity::phone_certificate_ends(source_ends, signed_by.not_after),
                source: Some(source),
                attributes: self.residents[application.applicant.0].attributes,
                place: Place::NotYet,
                standing: Standing::Good,
                history: Vec::new(),
            });
        }
        for (other, id) in self.on_phones_of(application.applicant) {
            let replaced = other != phone || application.uses.has(self.certificate(id).usage);
            if replaced && !issued.contains(&id) {
                self.end(id, Cause::PhoneReplaced, at);
            }
        }
        for id in self.ids().collect::<Vec<_>>() {
            if self.certificate(id).holder == application.applicant {
                self.end_for_good(id);
            }
        }
        if let Some(application) = &mut self.phones[phone.0].application {
            application.stage = ApplicationStage::Ready;
            application.certificates = issued;
        }
        self.retire_phones();
        for other in &mut self.phones {
            if let Deletion::Due { since, replaced: true, earliest } = &mut other.deletion
                && *since == at
            {
                *earliest = application.begun;
            }
        }
    }

    /// VALID-1: the card's certificate of the same use, or, where the card has none, the signature
    /// certificate that signed the application.
    fn source(&self, application: &Application, usage: Use, at: Between) -> CertificateId {
        let of_same_use = self.latest_on_card(application.applicant, usage).filter(|id| {
            !self.has_ended(*id) && !validity::is_over(self.certificate(*id).not_after, at.from)
        });
        match usage {
            Use::Signature => application.signed_by,
            Use::Authentication => of_same_use.unwrap_or(application.signed_by),
        }
    }
}
