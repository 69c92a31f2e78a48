//! Issuance in an order that a crash cannot hurt: reserve the serial and record the intent, sign,
//! then commit certificate, events and notices together.
//!
//! A retry finds the recorded intent and signs the same content under the same serial again, so
//! nothing is ever signed without a durable record, and nothing twice with different content.

use inrou_api::problem::Code;
use inrou_pki::PublicKey;
use inrou_pki::profile::CommonName;
use inrou_rules::{
    CertificateId, ChipId, Command, DueCertificate, Issuance, Municipality, Order, RecordVersion,
    Refusal, ResidentId, Use, due_issuance,
};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::Authority;
use crate::act::{ATTEMPTS, Attempt, Loaded};
use crate::problem::Failed;
use crate::store::{
    Actor, CertificateRecord, Intent, IntentSubject, Lease, NewIntent, Opaque, Partition, Pending,
    StoreError, Unit, Write,
};

/// What a certificate is built from, besides the attributes and the fields of [`NewIntent`].
/// *This type is stored*: fields are only ever added.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct IntentBody {
    pub(crate) holder: ResidentId,
    pub(crate) chip: ChipId,
    pub(crate) not_before: Timestamp,
    pub(crate) record: RecordVersion,
    pub(crate) source: Option<CertificateId>,
    /// The generation of the issuer's key that is to sign.
    pub(crate) generation: u32,
    /// The subject's common name.
    pub(crate) common_name: CommonName,
    /// SubjectPublicKeyInfo, DER.
    pub(crate) spki: inrou_api::wire::Base64,
}

/// An issuance whose intents are on their way to the store.
pub(crate) struct Begun {
    loaded: Loaded,
    subject: IntentSubject,
    planned: Vec<NewIntent>,
    /// `None` if nothing is due any more.
    opened: Option<Pending>,
}

/// An issuance whose certificates are signed, and on their way to the store.
pub(crate) struct Signed {
    issued: Vec<CertificateRecord>,
    /// `None` if there is nothing to store.
    recorded: Option<Pending>,
}

impl Authority {
    /// Issues what is due for a card or an enrolment. `keys` gives the attested public keys; `lease`
    /// is the job that this carries out, which ends with it.
    ///
    /// Answers the certificates that were issued by this call: none if nothing was due any more.
    pub(crate) fn issue(
        &self,
        resident: ResidentId,
        subject: IntentSubject,
        keys: &dyn Fn(Use) -> Option<PublicKey>,
        lease: Option<Lease>,
    ) -> Result<Vec<CertificateRecord>, Failed> {
        for _ in 0..ATTEMPTS {
            let begun = self.begin_issuance(self.load(resident)?, subject, keys)?;
            let issued =
                self.sign_begun(begun, lease).and_then(|signed| self.finish_issuance(signed));
            match issued {
                Err(Attempt::Conflict) => {}
                issued => return Ok(issued?),
            }
        }
        Err(StoreError::Conflict.into())
    }

    /// The first step: hands in the intents of what is due, and does not wait for them.
    pub(crate) fn begin_issuance(
        &self,
        loaded: Loaded,
        subject: IntentSubject,
        keys: &dyn Fn(Use) -> Option<PublicKey>,
    ) -> Result<Begun, Failed> {
        let planned: Vec<NewIntent> =
            due_issuance(&loaded.resident, &loaded.attributes, self.clock.now())
                .iter()
                .filter(|due| subject_of(due.order) == subject)
                .map(|due| self.plan(&loaded, due, keys))
                .collect::<Result<_, _>>()?;
        let opened = (!planned.is_empty()).then(|| {
            self.store.commit_async(planned.iter().cloned().map(Write::OpenIntent).collect())
        });
        Ok(Begun { loaded, subject, planned, opened })
    }

    /// The second step: signs once the intents are durable, and hands in what is to be recorded.
    pub(crate) fn sign_begun(&self, begun: Begun, lease: Option<Lease>) -> Result<Signed, Attempt> {
        let Begun { loaded, subject, planned, opened } = begun;
        let intents = match opened {
            Some(opened) => self.opened(&planned, opened.wait()?.intents)?,
            None => Vec::new(),
        };
        let issued: Vec<CertificateRecord> =
            intents.iter().map(|intent| self.certify(intent, &loaded)).collect::<Result<_, _>>()?;
        let unit = self.recording(&loaded, subject, &intents, &issued, lease)?;
        let recorded = (!unit.writes().is_empty()).then(|| self.store.commit_async(unit));
        Ok(Signed { issued, recorded })
    }

    /// The last step: the certificates, once they are durable.
    pub(crate) fn finish_issuance(
        &self,
        signed: Signed,
    ) -> Result<Vec<CertificateRecord>, Attempt> {
        if let Some(recorded) = signed.recorded {
            self.await_commit(recorded)?;
        }
        Ok(signed.issued)
    }

    fn plan(
        &self,
        loaded: &Loaded,
        due: &DueCertificate,
        keys: &dyn Fn(Use) -> Option<PublicKey>,
    ) -> Result<NewIntent, Failed> {
        let key = keys(due.usage).ok_or(Code::KEYS_NOT_MADE)?;
        let body = IntentBody {
            holder: loaded.resident.id,
            chip: due.chip,
            not_before: due.not_before,
            record: due.record,
            source: due.source,
            generation: self.issuer_at(due.usage, due.not_before)?.generation,
            common_name: self.common_name(due.usage, loaded.resident.municipality),
            spki: inrou_api::wire::Base64(key.spki().to_vec()),
        };
        Ok(NewIntent {
            subject: subject_of(due.order),
            partition: Partition::Residents {
                usage: due.usage,
                medium: due.medium,
                municipality: loaded.resident.municipality,
            },
            not_after: due.not_after,
            body: Opaque(serde_json::to_vec(&body).unwrap_or_default()),
        })
    }

    /// The intents that stand. One that was recorded before stands, unless what it was made from has
    /// changed: then its serial stays unissued, and a new one is recorded.
    fn opened(
        &self,
        planned: &[NewIntent],
        mut intents: Vec<Intent>,
    ) -> Result<Vec<Intent>, Failed> {
        let stale: Vec<usize> = (0..intents.len())
            .filter(|&index| !still_meant(&intents[index].intent, &planned[index]))
            .collect();
        if !stale.is_empty() {
            let anew: Unit = stale
                .iter()
                .flat_map(|&index| {
                    [
                        Write::CloseIntent(planned[index].key()),
                        Write::OpenIntent(planned[index].clone()),
                    ]
                })
                .collect();
            for (index, intent) in stale.into_iter().zip(self.store.commit(anew)?.intents) {
                intents[index] = intent;
            }
        }
        Ok(intents)
    }

    /// The unit that records an issuance, decided against the state that was loaded.
    fn recording(
        &self,
        loaded: &Loaded,
        subject: IntentSubject,
        intents: &[Intent],
        issued: &[CertificateRecord],
        lease: Option<Lease>,
    ) -> Result<Unit, Attempt> {
        let list: Vec<Issuance> =
            intents.iter().map(issuance).collect::<Result<_, _>>().map_err(Failed::from)?;
        let command = match subject {
            IntentSubject::Card(_) if list.is_empty() => return Ok(Unit::new()),
            IntentSubject::Card(_) => Command::RecordCardIssuance { issued: list },
            IntentSubject::Enrolment(enrolment) => {
                Command::RecordPhoneIssuance { enrolment, issued: list }
            }
        };
        let also = |_: &_| {
            let certificates = issued.iter().cloned().map(Write::PutCertificate);
            let intents = intents.iter().map(|intent| Write::CloseIntent(intent.intent.key()));
            certificates.chain(intents).chain(lease.map(Write::CompleteJob)).collect()
        };
        match self.decide(loaded, Actor::Service, &command, &also) {
            Ok((unit, _)) => Ok(unit),
            Err(failed) if failed.0.code() == Refusal::IssuanceNotDue.code() => {
                Err(Attempt::Conflict)
            }
            Err(failed) => Err(failed.into()),
        }
    }

    fn common_name(&self, usage: Use, municipality: Municipality) -> CommonName {
        match usage {
            Use::Signature => {
                let mut counter = [0; 4];
                self.entropy.fill(&mut counter);
                let counter = u32::from_be_bytes(counter);
                CommonName::for_signature(self.clock.now(), counter, municipality)
            }
            Use::UserAuthentication => {
                CommonName::for_user_authentication(&*self.entropy, municipality)
            }
        }
    }
}

pub(crate) fn subject_of(order: Order) -> IntentSubject {
    match order {
        Order::Card(card) => IntentSubject::Card(card),
        Order::Enrolment(enrolment) => IntentSubject::Enrolment(enrolment),
    }
}

pub(crate) fn body_of(intent: &NewIntent) -> Result<IntentBody, inrou_api::problem::Problem> {
    serde_json::from_slice(&intent.body.0).map_err(inrou_api::problem::Problem::internal)
}

/// Whether a recorded intent still leads to the certificate that is due: all but the moment and the
/// random part are the same.
fn still_meant(recorded: &NewIntent, planned: &NewIntent) -> bool {
    if recorded == planned {
        return true;
    }
    let (Ok(old), Ok(new)) = (body_of(recorded), body_of(planned)) else { return false };
    let same_body = IntentBody {
        not_before: old.not_before,
        common_name: old.common_name.clone(),
        generation: old.generation,
        ..new
    } == old;
    same_body && (recorded.partition, recorded.not_after) == (planned.partition, planned.not_after)
}

fn issuance(intent: &Intent) -> Result<Issuance, inrou_api::problem::Problem> {
    let body = body_of(&intent.intent)?;
    Ok(Issuance {
        usage: intent.id.usage,
        serial: intent.id.serial,
        not_before: body.not_before,
        not_after: intent.intent.not_after,
        record: body.record,
        source: body.source,
    })
}
