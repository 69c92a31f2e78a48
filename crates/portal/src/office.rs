//! The receiving office: clerks read signed applications, and accept or return them.

use std::collections::BTreeMap;

use inrou_api::idempotency::Keyed;
use inrou_api::page::Page;
use inrou_api::problem::{Code, OrInternal, Problem};
use inrou_api::signature::SignedBy;
use inrou_api::wire::Base64;
use inrou_api::wire::portal::{
    Decision, OfficeFile, OfficeState, ReceivedApplication, SignedDocument, Signer,
};
use inrou_pki::certificate::Certificate;
use inrou_rules::Municipality;
use jiff::Timestamp;

use crate::Portal;
use crate::applications::{REMEMBERED, state};
use crate::history::entry;
use crate::settings::{Caller, Permission};
use crate::store::{Application, OfficeQuery, Received, Request, Verdict};

/// The longest reason, in characters.
pub(crate) const LONGEST_REASON: usize = 500;

impl Portal {
    /// The calling role, if it may do a clerk's work.
    ///
    /// # Errors
    /// `caller-unknown`, `permission-denied`.
    pub(crate) fn clerk(&self, by: &SignedBy) -> Result<&Caller, Problem> {
        let name = by.key_id.strip_prefix("role:");
        let caller = name.and_then(|name| self.settings.callers.get(name));
        let caller = caller.ok_or_else(|| Problem::new(Code::CALLER_UNKNOWN))?;
        if caller.permissions.contains(&Permission::Clerk) {
            Ok(caller)
        } else {
            Err(Problem::new(Code::PERMISSION_DENIED))
        }
    }

    /// Received applications, in the order of receipt.
    ///
    /// # Errors
    /// The store's.
    pub(crate) async fn received(
        &self,
        query: OfficeQuery,
        limit: inrou_api::page::Limit,
    ) -> Result<Page<ReceivedApplication>, Problem> {
        let found = self.store(move |store| store.received(&query)).await?;
        let number = |found: &Application| found.received.as_ref().map(|received| received.number);
        let page = Page::of(found, limit, number).or_internal()?;
        let now = self.now();
        let items = page.items.iter().filter_map(|found| {
            let received = found.received.as_ref()?;
            Some(list_entry(found, received, now))
        });
        Ok(Page { items: items.collect(), next: page.next })
    }

    /// An application with all that a clerk decides by.
    ///
    /// # Errors
    /// `not-found`, also for what is addressed to another municipality; the store's.
    pub(crate) async fn office_file(
        &self,
        sees: Option<Municipality>,
        id: String,
    ) -> Result<OfficeFile, Problem> {
        let found = self.addressed(sees, id).await?;
        let (application, received) = found;
        let receipt = &received.receipt;
        let certificate = Certificate::from_der(&receipt.certificate).or_internal()?;
        Ok(OfficeFile {
            received: list_entry(&application, &received, self.now()),
            signed: SignedDocument {
                document: application.document,
                cms: Base64(receipt.cms.clone()),
            },
            certificate: Base64(receipt.certificate.clone()),
            evidence_kind: receipt.evidence_kind,
            status_evidence: Base64(receipt.evidence.clone()),
            checked_at: receipt.checked_at,
            signer: signer(&certificate)?,
        })
    }

    /// Decides about an application. The same decision may come again.
    ///
    /// # Errors
    /// `not-found`; `bad-request` for a reason without words or of too many; `application-settled` if
    /// it was decided otherwise; the store's.
    pub(crate) async fn decide(
        &self,
        sees: Option<Municipality>,
        request: Keyed,
        id: String,
        decision: Decision,
    ) -> Result<ReceivedApplication, Problem> {
        let (application, _) = self.addressed(sees, id).await?;
        let (state, code, reason) = match &decision {
            Decision::Accept => (OfficeState::Accepted, "application-accepted", None),
            Decision::Return { reason } => {
                check_reason(reason)?;
                (OfficeState::Returned, "application-returned", Some(reason))
            }
        };
        let now = self.now();
        let procedure = application.procedure_name();
        let act = format!("decision:{}", application.id);
        let entry =
            entry(&application.subject, act, now, code, "counter").with("procedure", procedure);
        let mut params = BTreeMap::from([("procedure".to_owned(), procedure.to_owned())]);
        params.extend(reason.map(|reason| ("reason".to_owned(), reason.clone())));
        let verdict = Verdict {
            request: Request { keyed: request, expires: self.until(REMEMBERED) },
            application: application.id,
            decision: decision.clone(),
            at: now,
            entry,
            params,
        };
        let decided = self.change(move |store| store.decide(&verdict)).await?;
        let decided = decided.ok_or_else(|| Problem::new(Code::NOT_FOUND))?;
        let reason = match decision {
            Decision::Accept => None,
            Decision::Return { reason } => Some(reason),
        };
        match &decided.received {
            Some(received) if received.state == state && received.reason == reason => {
                Ok(list_entry(&decided, received, now))
            }
            _ => Err(Problem::new(Code::APPLICATION_SETTLED)),
        }
    }

    /// A received application, if it is addressed to the municipality whose clerk asks; `None` sees all.
    ///
    /// # Errors
    /// `not-found`; the store's.
    pub(crate) async fn addressed(
        &self,
        sees: Option<Municipality>,
        id: String,
    ) -> Result<(Application, Received), Problem> {
        let found = self.store(move |store| store.application(&id)).await?;
        found
            .filter(|found| sees.is_none_or(|own| own == found.municipality))
            .and_then(|found| {
                let received = found.received.clone()?;
                Some((found, received))
            })
            .ok_or_else(|| Problem::new(Code::NOT_FOUND))
    }
}

fn list_entry(
    application: &Application,
    received: &Received,
    now: Timestamp,
) -> ReceivedApplication {
    ReceivedApplication {
        application: application.id.clone(),
        reference: application.reference().unwrap_or_default(),
        procedure: application.procedure,
        municipality: application.municipality,
        received: received.at,
        state: state(application, now),
    }
}

fn check_reason(reason: &str) -> Result<(), Problem> {
    let length = reason.trim().chars().count();
    if length == 0 || reason.chars().count() > LONGEST_REASON {
        return Err(Problem::bad_request("a reason has 1 to 500 characters"));
    }
    Ok(())
}

fn signer(certificate: &Certificate) -> Result<Signer, Problem> {
    let attributes = certificate.attributes();
    let attributes = attributes.ok_or_else(|| Problem::new(Code::CERTIFICATE_WRONG_KIND))?;
    Ok(Signer {
        name: attributes.name.clone(),
        address: attributes.address.clone(),
        birth_date: attributes.birth_date.map(|day| day.to_string()),
    })
}
