//! The phones that made themselves known, and who holds which certificate.

use std::collections::VecDeque;

use inrou_api::page::{Page, PageQuery};
use inrou_api::problem::{Code, OrInternal, Problem};
use inrou_api::wire::authority::{
    FindHolder, FindLinkage, HistoryEntry, Holder, Linkage, LogProof,
};
use inrou_pki::Certificate;
use inrou_rules::{ChipId, Refusal, ResidentId};

use crate::Authority;
use crate::problem::Failed;
use crate::settings::Permission;
use crate::store::{LoggedEntry, PhoneRecord, Versioned};

impl Authority {
    /// A phone.
    pub(crate) fn phone(&self, chip: ChipId) -> Result<Versioned<PhoneRecord>, Failed> {
        self.store.phone(chip)?.ok_or_else(|| Code::PHONE_UNKNOWN.into())
    }

    /// Who holds a certificate, as `role` may know one.
    pub(crate) fn find_holder(&self, role: &str, request: &FindHolder) -> Result<Holder, Failed> {
        let certificate = Certificate::from_der(&request.certificate.0)
            .map_err(|error| Problem::new(Code::CERTIFICATE_UNTRUSTED).caused_by(error))?;
        let resident = self.holder_of(&certificate)?.resident;
        let attributes = match self.permit(role, Permission::Attributes) {
            Ok(()) => Some(self.load(resident)?.attributes),
            Err(_) => None,
        };
        Ok(Holder { subject: self.subject(role, resident), attributes })
    }

    /// Who is behind a certificate, as `role` may know one: whichever of a person's it is.
    pub(crate) fn find_linkage(
        &self,
        role: &str,
        request: &FindLinkage,
    ) -> Result<Linkage, Failed> {
        let certificate = Certificate::from_der(&request.certificate.0)
            .map_err(|error| Problem::new(Code::CERTIFICATE_UNTRUSTED).caused_by(error))?;
        let holder = self.issued_here(&certificate)?.ok_or(Code::CERTIFICATE_NOT_ISSUED)?;
        if let Some(usage) = request.linked_to {
            let resident = self.load(holder.resident)?.resident;
            // One that never came to its chip was nobody's to use.
            let is_linked = |other: &inrou_rules::Certificate| {
                other.id.usage == usage && !other.is_undelivered()
            };
            if !resident.certificates.values().any(is_linked) {
                return Err(Code::CERTIFICATE_NOT_LINKED.into());
            }
        }
        let person = self.subject(role, holder.resident);
        Ok(Linkage { person, usage: holder.id.usage, medium: holder.medium })
    }

    /// A resident's history for a role, newest first, by the identifier that the role knows.
    pub(crate) fn history(
        &self,
        role: &str,
        subject: &str,
        query: &PageQuery,
    ) -> Result<Page<HistoryEntry>, Failed> {
        let resident = self.resident_by_subject(role, subject)?;
        let (limit, before) = (query.limit, query.position::<u64>()?);
        let newest = self.newest_entries(resident, before, limit.count() + 1)?;
        let page = Page::of(newest, limit, |entry| entry.sequence).or_internal()?;
        let items = page.items.iter().map(crate::views::history).collect();
        Ok(Page { items, next: page.next })
    }

    /// The proof of an entry of a resident's history; `not-found` if it is not in it.
    pub(crate) fn history_proof(
        &self,
        role: &str,
        subject: &str,
        index: u64,
    ) -> Result<LogProof, Failed> {
        let resident = self.resident_by_subject(role, subject)?;
        let found = self.store.journal(resident, index, 1)?.into_iter().next();
        let logged = found.filter(|logged| logged.sequence == index).ok_or(Code::NOT_FOUND)?;
        self.log_proof(index, logged.text)
    }

    /// The newest entries of a resident's journal, newest first: `count` at most, all before a place in
    /// the log. The journal is read forward, a page at a time, and no more than `count` are kept.
    fn newest_entries(
        &self,
        resident: ResidentId,
        before: Option<u64>,
        count: usize,
    ) -> Result<Vec<LoggedEntry>, Failed> {
        const PAGE: u32 = 256;
        let (mut from, end) = (0, before.unwrap_or(u64::MAX));
        let mut newest = VecDeque::new();
        loop {
            let page = self.store.journal(resident, from, PAGE)?;
            let is_last = page.len() < PAGE as usize
                || page.last().is_some_and(|entry| entry.sequence >= end);
            from = page.last().map_or(from, |entry| entry.sequence + 1);
            newest.extend(page.into_iter().filter(|entry| entry.sequence < end));
            newest.drain(..newest.len().saturating_sub(count));
            if is_last {
                return Ok(newest.into_iter().rev().collect());
            }
        }
    }

    /// A pairwise identifier: the resident's, encrypted for one role, so that it can be read back
    /// here and nowhere else, and is another one for every role.
    pub(crate) fn subject(&self, role: &str, resident: ResidentId) -> String {
        self.subjects.seal(role, resident)
    }

    pub(crate) fn resident_by_subject(
        &self,
        role: &str,
        subject: &str,
    ) -> Result<ResidentId, Failed> {
        self.subjects.open(role, subject).ok_or_else(|| Refusal::ResidentUnknown.into())
    }
}
