//! The phones that made themselves known, and who holds which certificate.

use inrou_api::page::{Page, PageQuery};
use inrou_api::problem::{Code, OrInternal, Problem};
use inrou_api::wire::authority::{FindHolder, HistoryEntry, Holder};
use inrou_pki::Certificate;
use inrou_rules::{ChipId, Refusal, ResidentId};

use crate::Authority;
use crate::problem::Failed;
use crate::settings::Permission;
use crate::store::{PhoneRecord, Versioned};

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

    /// A resident's history for a role, newest first, by the identifier that the role knows.
    pub(crate) fn history(
        &self,
        role: &str,
        subject: &str,
        query: &PageQuery,
    ) -> Result<Page<HistoryEntry>, Failed> {
        let resident = self.resident_by_subject(role, subject)?;
        let (limit, before) = (query.limit, query.position::<u64>()?);
        let mut entries = self.store.journal(resident, 0, u32::MAX)?;
        entries.retain(|entry| before.is_none_or(|before| entry.sequence < before));
        entries.reverse();
        entries.truncate(limit.count() + 1);
        let page = Page::of(entries, limit, |entry| entry.sequence).or_internal()?;
        let items = page.items.iter().map(crate::views::history).collect();
        Ok(Page { items, next: page.next })
    }

    /// A pairwise identifier: the resident's, encrypted for one role, so that it can be read back
    /// here and nowhere else, and is another one for every role.
    fn subject(&self, role: &str, resident: ResidentId) -> String {
        self.subjects.seal(role, resident)
    }

    fn resident_by_subject(&self, role: &str, subject: &str) -> Result<ResidentId, Failed> {
        self.subjects.open(role, subject).ok_or_else(|| Refusal::ResidentUnknown.into())
    }
}
