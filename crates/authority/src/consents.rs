//! What residents let sites have of their latest attributes (最新の基本4情報の提供): consents, given by a
//! signature, and what they open. The values are looked up at each request.

use inrou_api::consent::{ConsentId, ConsentTerms};
use inrou_api::problem::{Code, Problem};
use inrou_api::wire::Base64;
use inrou_api::wire::authority::{
    ConsentState, ConsentView, Consents, GiveConsent, LatestAttributes, SharedAttributes,
};
use inrou_pki::cms::{CmsError, SignedMessage};
use inrou_rules::{
    Certificate, CertificateId, CertificateStatus, Event, Medium, Resident, ResidentId, Use, japan,
};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::Authority;
use crate::act::ATTEMPTS;
use crate::certify::KnownHolder;
use crate::problem::Failed;
use crate::store::{
    Actor, Document, DocumentKind, JournalEntry, Opaque, StoreError, Unit, Version, Write,
};

/// The documents of consents; their owner is the resident.
const CONSENT: DocumentKind = DocumentKind("consent");

/// How long a consent is remembered after its end.
const REMEMBERED: SignedDuration = SignedDuration::from_hours(365 * 24);

/// How many consents are read at a time.
const PAGE: u32 = 256;

/// A consent. *This type is stored*: fields are only ever added, with a default. The signature is kept
/// without the certificate in it, which has attribute values and is kept where all certificates are.
#[derive(Clone, Serialize, Deserialize)]
struct Consent {
    terms: ConsentTerms,
    resident: ResidentId,
    /// Which role handed it in.
    role: String,
    document: String,
    signer: CertificateId,
    signed_attributes: Base64,
    signature: Base64,
    given: Timestamp,
    withdrawn: Option<Timestamp>,
}

impl Consent {
    fn state(&self, now: Timestamp) -> ConsentState {
        match self.withdrawn {
            Some(_) => ConsentState::Withdrawn,
            None if japan::day(now) > self.terms.until => ConsentState::Expired,
            None => ConsentState::Given,
        }
    }

    fn write(&self, expected: Option<Version>) -> Write {
        let expires = japan::end_of_day(self.terms.until).saturating_add(REMEMBERED).ok();
        Write::PutDocument {
            expected,
            document: Document {
                kind: CONSENT,
                id: self.terms.consent.to_string(),
                owner: Some(self.resident.to_string()),
                expires,
                body: Opaque(serde_json::to_vec(self).unwrap_or_default()),
            },
        }
    }

    /// What happened to it, for the journal.
    fn happened(&self, at: Timestamp, actor: Actor, event: Event) -> Write {
        Write::AppendEvent(JournalEntry { resident: self.resident, at, actor, event })
    }
}

impl Authority {
    /// Takes a consent that a resident signed, from the role that asked for it. Repeating it changes
    /// nothing.
    pub(crate) fn give_consent(
        &self,
        role: &str,
        given: &GiveConsent,
    ) -> Result<ConsentView, Failed> {
        if let Some(member) = given.terms.fault() {
            return Err(Problem::new(Code::CONSENT_INVALID).with("member", member).into());
        }
        if !given.terms.are_in(&given.document) {
            return Err(Code::APPLICATION_CONTENT_MISMATCH.into());
        }
        let invalid =
            |error: CmsError| Problem::new(Code::APPLICATION_SIGNATURE_INVALID).caused_by(error);
        let message = SignedMessage::from_der(&given.cms.0).map_err(invalid)?;
        let signed = message.verify_detached(given.document.as_bytes()).map_err(invalid)?;
        let signer = self.holder_of(signed.signer)?;
        let (consent, now) = (&given.terms.consent, self.clock.now());
        if let Some((_, known)) = self.find_consent(consent)? {
            let is_same = known.role == role && known.document == given.document;
            return match is_same && known.resident == signer.resident {
                true => Ok(self.consent_view(role, known, now)),
                false => Err(Code::CONFLICT.into()),
            };
        }
        self.check_consent_signer(&signer, now)?;
        let new = Consent {
            terms: given.terms.clone(),
            resident: signer.resident,
            role: role.to_owned(),
            document: given.document.clone(),
            signer: signer.id,
            signed_attributes: Base64(message.signed_attributes().to_vec()),
            signature: Base64(message.signature().to_vec()),
            given: now,
            withdrawn: None,
        };
        let actor = match signer.medium {
            Medium::Card => Actor::Card { chip: signer.chip },
            Medium::Phone => Actor::Phone { chip: signer.chip },
        };
        let (consent, asker) = (consent.to_string(), given.terms.site.clone());
        let event = new.happened(now, actor, Event::ConsentGiven { consent, asker });
        // Another request with it may have been quicker: then the caller asks again.
        self.commit([new.write(None), event].into_iter().collect::<Unit>())?;
        Ok(self.consent_view(role, new, now))
    }

    /// A consent that this role handed in.
    pub(crate) fn consent(&self, role: &str, id: &ConsentId) -> Result<ConsentView, Failed> {
        let (_, consent) = self.consent_of_role(role, id)?;
        Ok(self.consent_view(role, consent, self.clock.now()))
    }

    /// The latest of the attributes that a consent opens.
    pub(crate) fn latest_attributes(
        &self,
        role: &str,
        id: &ConsentId,
    ) -> Result<LatestAttributes, Failed> {
        let (_, consent) = self.consent_of_role(role, id)?;
        let now = self.clock.now();
        match consent.state(now) {
            ConsentState::Given => {}
            ConsentState::Expired => return Err(Code::CONSENT_EXPIRED.into()),
            ConsentState::Withdrawn => return Err(Code::CONSENT_WITHDRAWN.into()),
        }
        let loaded = self.load(consent.resident)?;
        let latest = latest_certificate(&loaded.resident, now)?;
        Ok(LatestAttributes {
            person: self.subject(role, consent.resident),
            serial: latest.id.serial.to_string(),
            attributes: SharedAttributes::of(&loaded.attributes, &consent.terms.attributes),
        })
    }

    /// A resident's consents, the newest first, by the identifier that the role knows.
    pub(crate) fn consents_of(&self, role: &str, subject: &str) -> Result<Consents, Failed> {
        let resident = self.resident_by_subject(role, subject)?;
        let (now, owner) = (self.clock.now(), resident.to_string());
        let (mut after, mut consents) = (None::<String>, Vec::new());
        loop {
            let page = self.store.documents(CONSENT, Some(&owner), after.as_deref(), PAGE)?;
            for found in &page {
                consents.push(self.consent_view(role, read(&found.value.body)?, now));
            }
            after = page.last().map(|found| found.value.id.clone());
            if page.len() < PAGE as usize {
                break;
            }
        }
        consents.sort_by_key(|consent| std::cmp::Reverse(consent.given));
        Ok(Consents { consents })
    }

    /// A resident takes a consent back. Repeating it changes nothing.
    pub(crate) fn withdraw_consent(
        &self,
        role: &str,
        subject: &str,
        id: &ConsentId,
    ) -> Result<ConsentView, Failed> {
        let resident = self.resident_by_subject(role, subject)?;
        for _ in 0..ATTEMPTS {
            let found = self.find_consent(id)?;
            let own = found.filter(|(_, consent)| consent.resident == resident);
            let (version, consent) = own.ok_or(Code::CONSENT_UNKNOWN)?;
            let now = self.clock.now();
            if consent.state(now) != ConsentState::Given {
                return Ok(self.consent_view(role, consent, now));
            }
            let asker = consent.terms.site.clone();
            let event = Event::ConsentWithdrawn { consent: id.to_string(), asker };
            let withdrawn = Consent { withdrawn: Some(now), ..consent };
            let event = withdrawn.happened(now, Actor::Holder, event);
            match self.commit([withdrawn.write(Some(version)), event].into_iter().collect()) {
                Err(StoreError::Conflict) => {}
                done => return Ok(done.map(|_| self.consent_view(role, withdrawn, now))?),
            }
        }
        Err(StoreError::Conflict.into())
    }

    /// A signature certificate that may be used now: whoever reported a loss gives no consent.
    fn check_consent_signer(&self, signer: &KnownHolder, now: Timestamp) -> Result<(), Failed> {
        if signer.id.usage != Use::Signature {
            return Err(Code::CERTIFICATE_WRONG_KIND.into());
        }
        let resident = self.load(signer.resident)?.resident;
        let certificate = resident.certificates.get(&signer.id);
        match certificate.ok_or(Code::CERTIFICATE_EXPIRED)? {
            certificate if certificate.is_usable(now) => Ok(()),
            certificate if certificate.is_expired(now) => Err(Code::CERTIFICATE_EXPIRED.into()),
            certificate if certificate.is_held() => Err(Code::CERTIFICATE_ON_HOLD.into()),
            _ => Err(Code::CERTIFICATE_REVOKED.into()),
        }
    }

    fn consent_of_role(&self, role: &str, id: &ConsentId) -> Result<(Version, Consent), Failed> {
        let found = self.find_consent(id)?.filter(|(_, consent)| consent.role == role);
        found.ok_or_else(|| Code::CONSENT_UNKNOWN.into())
    }

    fn find_consent(&self, id: &ConsentId) -> Result<Option<(Version, Consent)>, Failed> {
        let found = self.store.document(CONSENT, id.as_str())?;
        found.map(|found| Ok((found.version, read(&found.value.body)?))).transpose()
    }

    fn consent_view(&self, role: &str, consent: Consent, now: Timestamp) -> ConsentView {
        ConsentView {
            state: consent.state(now),
            person: self.subject(role, consent.resident),
            terms: consent.terms,
            document: consent.document,
            given: consent.given,
            withdrawn: consent.withdrawn,
        }
    }
}

/// The signature certificate that is in use; of card and phone, the one issued last.
///
/// # Errors
/// `latest-certificate-expired`, `latest-certificate-revoked-or-on-hold`, `latest-certificate-unknown`, as
/// it is with the one issued last, if none is in use.
fn latest_certificate(resident: &Resident, now: Timestamp) -> Result<&Certificate, Failed> {
    let all = resident.certificates.values().filter(|found| found.id.usage == Use::Signature);
    let latest = all.max_by_key(|found| (found.is_usable(now), found.id.serial));
    let latest = latest.ok_or(Code::LATEST_CERTIFICATE_UNKNOWN)?;
    match latest.status {
        _ if latest.is_usable(now) => Ok(latest),
        CertificateStatus::Revoked { .. } | CertificateStatus::Held { .. } => {
            Err(Code::LATEST_CERTIFICATE_REVOKED_OR_ON_HOLD.into())
        }
        _ if latest.is_expired(now) => Err(Code::LATEST_CERTIFICATE_EXPIRED.into()),
        CertificateStatus::Issued | CertificateStatus::Active { .. } => {
            Err(Code::LATEST_CERTIFICATE_UNKNOWN.into())
        }
    }
}

fn read(body: &Opaque) -> Result<Consent, Failed> {
    Ok(serde_json::from_slice(&body.0).map_err(Problem::internal)?)
}
