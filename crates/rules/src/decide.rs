//! Deciding: a command becomes events or a refusal.

mod application;
mod card;
mod counter;
mod issuance;
mod loss;
mod operator;
mod phone;
mod registration;
mod resume;

use jiff::Timestamp;

use crate::apply::fold;
use crate::eligibility::check_card_signature;
use crate::{
    Application, ApplicationStage, Attributes, Certificate, CertificateId, Command, EnrolmentId,
    Event, Medium, PhoneFate, Refusal, Resident, RevocationReason, Settings, SourceEnd,
};

pub use resume::{Resumption, resumption};

/// Decides `command` against the resident's present state, `None` before [`Command::Admit`].
///
/// `attributes` are those of the resident's present record; for `Admit` and
/// [`Command::ChangeRecord`], the new ones.
///
/// Deciding a command a second time, after its events were applied, does no harm:
/// - It is refused for `Admit`, `IssueCard`, `FindCard`, `ChangeRecord`, `RecordCardIssuance`,
///   `RecordPhoneIssuance`, `RevokeOtherPhone`, `ResumePhone`, and for a `Hold` that found only an
///   application.
/// - It gives no events for `RenewCardCertificates`, `ChooseCardCertificates`, `ActivateCard`,
///   `Apply`, `CompleteApplication`, `WithdrawApplication`, `RejectApplication`, `ActivatePhone`,
///   `RevokePhone`, `WatchDeletion`, `ConfirmDeletion`, `Depart`, `Operate` and every other `Hold`.
/// - It gives the same events for `UnlockCard` and `ResetPhonePin`, and they leave the state
///   unchanged: each lets a chip take one new PIN.
///
/// # Errors
/// The first rule that speaks against the command.
pub fn decide(
    resident: Option<&Resident>,
    attributes: &Attributes,
    command: &Command,
    now: Timestamp,
    settings: &Settings,
) -> Result<Vec<Event>, Refusal> {
    let Some(resident) = resident else {
        return counter::admit(command);
    };
    let resident = resident.clone();
    let mut case = Case { resident, attributes, now, settings, events: Vec::new() };
    case.decide(command)?;
    Ok(case.events)
}

/// A command under decision: the state as the events decided so far leave it.
struct Case<'a> {
    resident: Resident,
    attributes: &'a Attributes,
    now: Timestamp,
    settings: &'a Settings,
    events: Vec<Event>,
}

impl Case<'_> {
    fn decide(&mut self, command: &Command) -> Result<(), Refusal> {
        match *command {
            Command::Admit { .. } => Err(Refusal::ResidentKnown),
            Command::IssueCard { card, chip, uses, presence, by } => {
                counter::issue_card(self, card, chip, uses, presence, by)
            }
            Command::RenewCardCertificates { uses, presence, by } => {
                card::renew(self, uses, presence, by)
            }
            Command::FindCard { reissue, presence, by } => card::find(self, reissue, presence, by),
            Command::Depart { departure, by } => card::depart(self, departure, by),
            Command::ChooseCardCertificates { uses, presence, by } => {
                counter::choose_certificates(self, uses, presence, by)
            }
            Command::ChangeRecord {
                record,
                ref commitment,
                change,
                municipality,
                reissue,
                presence,
            } => {
                let reissue = reissue.then_some(presence);
                counter::change_record(self, record, commitment, change, municipality, reissue)
            }
            Command::UnlockCard { usage, presence, by } => {
                counter::unlock_card(self, usage, presence, by)
            }
            Command::RecordCardIssuance { ref issued } => issuance::record_card(self, issued),
            Command::ActivateCard { ref certificates } => {
                registration::activate_card(self, certificates)
            }
            Command::Apply { enrolment, chip, platform, uses, confirmed, consent, signed_with } => {
                let application = Application {
                    enrolment,
                    chip,
                    platform,
                    uses,
                    signed_with,
                    replaces: application::replaced(self, chip, enrolment, consent),
                    signed_at: self.now,
                    stage: ApplicationStage::Signed,
                };
                application::apply_for(self, application, confirmed)
            }
            Command::CompleteApplication { enrolment } => application::complete(self, enrolment),
            Command::WithdrawApplication { enrolment } => application::withdraw(self, enrolment),
            Command::RejectApplication { enrolment, ref code } => {
                application::reject(self, enrolment, code)
            }
            Command::RecordPhoneIssuance { enrolment, ref issued } => {
                issuance::record_phone(self, enrolment, issued)
            }
            Command::ActivatePhone { enrolment, ref certificates } => {
                registration::activate_phone(self, enrolment, certificates)
            }
            Command::RevokePhone { chip, way } => phone::revoke(self, chip, way),
            Command::RevokeOtherPhone { asked_on, signed_with } => {
                phone::revoke_other(self, asked_on, signed_with)
            }
            Command::ResumePhone { chip, signed_with } => resume::resume(self, chip, signed_with),
            Command::WatchDeletion { chip } => phone::watch_deletion(self, chip),
            Command::ConfirmDeletion { chip } => phone::confirm_deletion(self, chip),
            Command::ResetPhonePin { chip, usage, signed_with } => {
                phone::reset_pin(self, chip, usage, signed_with)
            }
            Command::Hold { medium } => loss::hold(self, medium),
            Command::Operate { operation, act, ref certificates } => {
                operator::operate(self, operation, act, certificates)
            }
        }
    }

    /// Adds an event and moves the state on.
    fn record(&mut self, event: Event) {
        fold(&mut self.resident, &event);
        self.events.push(event);
    }

    /// The pending application, if it is that of `enrolment`.
    fn application(&self, enrolment: EnrolmentId) -> Result<&Application, Refusal> {
        let pending = self.resident.application.as_ref();
        pending.filter(|a| a.enrolment == enrolment).ok_or(Refusal::NoSuchApplication)
    }

    /// Ends the card's live certificates that `chosen` picks, and the phone's whose source they are
    /// (VALID-4). What befalls the person ends the phone's whatever their source.
    fn end_on_card(&mut self, end: SourceEnd, chosen: impl Fn(&Certificate) -> bool) {
        let on_card = self.resident.live(Medium::Card, self.now);
        let ended: Vec<CertificateId> = on_card.filter(|c| chosen(c)).map(|c| c.id).collect();
        let settings = self.settings;
        let befalls_person = matches!(end, SourceEnd::RecordChanged | SourceEnd::Departed);
        self.revoke(|certificate| match (certificate.medium, certificate.source) {
            (Medium::Card, _) => end.on_card().filter(|_| ended.contains(&certificate.id)),
            (Medium::Phone, source) => {
                let stands_on = source.is_some_and(|source| ended.contains(&source));
                match end.on_phone(certificate.id.usage, settings) {
                    PhoneFate::Revoked(reason) if stands_on || befalls_person => Some(reason),
                    _ => None,
                }
            }
        });
    }

    /// Revokes the phone's live certificates that `chosen` picks.
    fn end_on_phone(&mut self, reason: RevocationReason, chosen: impl Fn(&Certificate) -> bool) {
        self.revoke(|c| (c.medium == Medium::Phone && chosen(c)).then_some(reason));
    }

    /// Revokes the live certificates for which `why` has a reason, with all that follows from it: an
    /// application signed with one of them is rejected (APPLY-4), and a phone that is left without
    /// certificates is retired.
    ///
    /// A certificate that never reached its chip is discarded, not out of use (VALID-5).
    fn revoke(&mut self, why: impl Fn(&Certificate) -> Option<RevocationReason>) {
        let at = self.now;
        let certificates = self.resident.certificates.values().filter(|c| c.is_live(at));
        let revoked: Vec<(Certificate, RevocationReason)> =
            certificates.filter_map(|c| Some((c.clone(), why(c)?))).collect();
        for (certificate, reason) in &revoked {
            let reason = match *reason {
                RevocationReason::CessationOfOperation if certificate.is_undelivered() => {
                    RevocationReason::Unspecified
                }
                other => other,
            };
            self.record(Event::CertificateRevoked { id: certificate.id, at, reason });
        }
        self.reject_unfounded_application();
        if revoked.iter().any(|(certificate, _)| certificate.medium == Medium::Phone)
            && self.resident.live(Medium::Phone, at).next().is_none()
        {
            self.retire_phone();
        }
    }

    /// Rejects the pending application if the certificate that signed it is no longer good.
    fn reject_unfounded_application(&mut self) {
        if let Some(application) = &self.resident.application
            && let Err(refusal) =
                check_card_signature(&self.resident, application.signed_with, self.now)
        {
            let enrolment = application.enrolment;
            self.record(Event::ApplicationRejected { enrolment, code: refusal.code().to_owned() });
        }
    }

    /// The phone's use ends: its chip has to delete what it holds, keys of a pending application
    /// included.
    fn retire_phone(&mut self) {
        let Some(phone) = self.resident.phone.clone() else {
            return;
        };
        self.withdraw_application(|application| application.chip == phone.chip);
        self.record(Event::PhoneRetired {
            chip: phone.chip,
            platform: phone.platform,
            at: self.now,
        });
    }

    /// Withdraws the pending application if `chosen` says so.
    fn withdraw_application(&mut self, chosen: impl Fn(&Application) -> bool) {
        if let Some(enrolment) =
            self.resident.application.as_ref().filter(|a| chosen(a)).map(|a| a.enrolment)
        {
            self.record(Event::ApplicationWithdrawn { enrolment });
        }
    }
}
