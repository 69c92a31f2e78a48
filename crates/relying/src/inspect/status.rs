//! What tells a status, as a file: whether it is genuine and of this time, and what it says.

use inrou_api::problem::Code;
use inrou_pki::Status;
use inrou_pki::certificate::Certificate;
use inrou_pki::crl::Crl;
use inrou_pki::ocsp::{OcspError, OcspResponse, SingleAnswer};
use inrou_pki::path;
use jiff::Timestamp;

use super::{
    Check, CheckName, FactName, FactValue, FileKind, Outcome, Report, Unchecked, check, fact,
    failed, fingerprint, hex, unknown,
};
use crate::signer::Signer;
use crate::{StatusEvidence, Validator};

/// How many of a CRL's entries are told.
const ENTRIES_TOLD: usize = 10;

impl Validator {
    pub(super) fn ocsp_report(
        &self,
        der: &[u8],
        response: &OcspResponse,
        serial: Option<&[u8]>,
        now: Timestamp,
    ) -> Report {
        let verify = |issuer| {
            let again = OcspResponse::from_der(der)?;
            // At the time when it was made: whether it is still timely is another question.
            again.verify(issuer, self.moment(response.produced_at()))
        };
        let anchors = self.all_anchors();
        let issuers = anchors.iter().flat_map(|anchors| anchors.certificates());
        let (trusted, vouched) = by_any(issuers.map(verify));
        let mut facts = Vec::new();
        // Nobody vouches for more than what stands in it of the issuer’s own certificates.
        let answers: Vec<SingleAnswer<'_>> = match &vouched {
            Some(vouched) => {
                let issuer = vouched.issuer().subject().to_string();
                facts.push(fact(FactName::Issuer, FactValue::Text(issuer)));
                vouched.answers().collect()
            }
            None => response.answers().collect(),
        };
        facts.push(fact(FactName::MadeAt, FactValue::Moment(response.produced_at())));
        let mut timely = Outcome::Passed;
        let mut said = None;
        let asked = |found: &[u8]| serial.is_none_or(|serial| serial == found);
        for answer in answers.iter().filter(|answer| asked(answer.serial)) {
            facts.push(fact(FactName::Serial, FactValue::Text(hex(answer.serial))));
            facts.push(fact(FactName::Status, FactValue::Status(answer.status)));
            let next_update = answer.next_update.unwrap_or(answer.this_update);
            facts.push(fact(FactName::NextUpdate, FactValue::Moment(next_update)));
            if let Err(untimely) = self.moment(now).check(answer.this_update, next_update) {
                timely = failed(Code::STATUS_UNAVAILABLE, untimely);
            }
            said = said.filter(|&said| said != Status::Good).or(Some(answer.status));
        }
        facts.push(fact(FactName::Fingerprint, fingerprint(der)));
        let status = said.map_or_else(|| unknown(OcspError::OtherCertificate), of_status);
        let checks = checks(trusted, timely, Some(status));
        Report { file: FileKind::OcspResponse, facts, checks }
    }

    pub(super) fn crl_report(&self, crl: Crl, serial: Option<&[u8]>, now: Timestamp) -> Report {
        let moment = |name, at| fact(name, FactValue::Moment(at));
        let mut facts = vec![fact(FactName::Issuer, FactValue::Text(crl.issuer().to_string()))];
        let number = crl.number().map(|number| FactValue::Text(hex(number)));
        facts.extend(number.map(|number| fact(FactName::CrlNumber, number)));
        facts.push(moment(FactName::MadeAt, crl.this_update()));
        facts.push(moment(FactName::NextUpdate, crl.next_update()));
        let count = crl.entries().count() as u64;
        facts.push(fact(FactName::ListedCount, FactValue::Number(count)));
        let asked = |found: &[u8]| serial.is_none_or(|serial| serial == found);
        let listed = crl.entries().filter(|(found, ..)| asked(found)).take(ENTRIES_TOLD);
        facts.extend(listed.map(|(serial, at, withdrawal)| {
            fact(FactName::Listed, FactValue::Listed(hex(serial), withdrawal.status(at)))
        }));
        facts.push(fact(FactName::Fingerprint, fingerprint(crl.as_der())));
        let status = serial.map(|serial| {
            let listed = crl.find(serial);
            of_status(listed.map_or(Status::Good, |(at, withdrawal)| withdrawal.status(at)))
        });
        let timely = match self.moment(now).check(crl.this_update(), crl.next_update()) {
            Ok(()) => Outcome::Passed,
            Err(untimely) => failed(Code::STATUS_UNAVAILABLE, untimely),
        };
        let anchors = self.all_anchors();
        let issuers: Vec<_> = anchors.iter().map(|anchors| anchors.issuer_of_crl(&crl)).collect();
        let trusted = match issuers.iter().find_map(|issuer| issuer.as_ref().ok().copied()) {
            Some(issuer) => by_any([crl.verify(issuer)].into_iter()).0,
            None => by_any(issuers.into_iter()).0,
        };
        Report { file: FileKind::Crl, facts, checks: checks(trusted, timely, status) }
    }

    /// What all of the evidence says of a certificate whose path was checked. Who says that it is not
    /// good is heard before who says nothing.
    pub(super) fn status_by(
        &self,
        (certificate, who): (&Certificate, Signer),
        evidence: &[StatusEvidence],
    ) -> Outcome {
        let anchors = self.anchors_of(who);
        let judge = |evidence: &StatusEvidence| {
            let moment = self.moment(evidence.checked_at);
            match path::status(certificate, &anchors, evidence.as_pki(), moment) {
                Ok(status) => of_status(status),
                Err(error) => unknown(evidence.failure(error)),
            }
        };
        let outcomes: Vec<Outcome> = evidence.iter().map(judge).collect();
        let says_not_good = |outcome: &&Outcome| matches!(outcome, Outcome::NotGood(_));
        let not_good = outcomes.iter().find(says_not_good);
        let not_passed = || outcomes.iter().find(|outcome| **outcome != Outcome::Passed);
        not_good.or_else(not_passed).cloned().unwrap_or(Outcome::Passed)
    }
}

/// Whether one of those who are trusted vouches for it, and what for; if none does, why the first of them does
/// not.
fn by_any<T>(results: impl Iterator<Item = Result<T, impl ToString>>) -> (Outcome, Option<T>) {
    let mut why = None;
    for result in results {
        match result {
            Ok(vouched) => return (Outcome::Passed, Some(vouched)),
            Err(error) => why = why.or(Some(error)),
        }
    }
    let outcome = match why {
        Some(error) => failed(Code::CERTIFICATE_UNTRUSTED, error),
        None => Outcome::NotChecked(Unchecked::NoAnchors),
    };
    (outcome, None)
}

/// The status counts for nothing unless who tells it is trusted and speaks of this time.
fn checks(trusted: Outcome, timely: Outcome, status: Option<Outcome>) -> Vec<Check> {
    let holds = trusted == Outcome::Passed && timely == Outcome::Passed;
    let status = status
        .map(|status| if holds { status } else { Outcome::NotChecked(Unchecked::EarlierCheck) });
    let status = status.map(|status| check(CheckName::Status, status));
    let first = [check(CheckName::Trusted, trusted), check(CheckName::Timely, timely)];
    first.into_iter().chain(status).collect()
}

fn of_status(status: Status) -> Outcome {
    match status {
        Status::Good => Outcome::Passed,
        other => Outcome::NotGood(other),
    }
}
