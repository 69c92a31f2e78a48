//! The report of the signatures in a PDF file: PAdES, or plainer.

use inrou_pdf::{Pdf, Signature, SubFilter};
use inrou_pki::certificate::Certificate;
use inrou_pki::cms::{Revocation, SignedMessage};

use super::ValidationReport;
use super::assemble::assemble;
use super::brought::{Brought, dated};
use super::cms::{Given, look_at};
use super::document::Scope;
use super::gather::{Effort, Gathered};
use super::when::When;
use crate::{StatusEvidence, Validator};

/// A PDF file to be reported on.
#[derive(Clone, Debug)]
pub struct PdfFile<'a> {
    /// It.
    pub file: &'a [u8],
    /// What tells the certificates' statuses. If there is any, nobody is asked, and what is in the file is
    /// not looked at.
    pub status: &'a [StatusEvidence],
    /// Its name.
    pub filename: Option<&'a str>,
    /// Whether the report is to say how it was judged.
    pub detailed: bool,
}

impl Validator {
    /// Reports on the signatures in a PDF file as of `when`. A signature after which anything was changed but
    /// further signatures and the security store is not of the format. Time-stamps over the whole file
    /// are no signatures, and are passed over.
    pub async fn report_pdf(&self, file: &PdfFile<'_>, when: impl Into<When>) -> ValidationReport {
        let when = when.into();
        let signatures = match Pdf::read(file.file.to_vec()) {
            Err(error) => vec![Gathered::unreadable(error)],
            Ok(pdf) => self.gather_pdf(&pdf, file.status, when).await,
        };
        assemble(&signatures, self.rules(), when.at, file.filename, file.detailed)
    }

    async fn gather_pdf(&self, pdf: &Pdf, status: &[StatusEvidence], when: When) -> Vec<Gathered> {
        let signatures = match pdf.signatures() {
            Err(error) => return vec![Gathered::unreadable(error)],
            Ok(signatures) => signatures,
        };
        let (mut all, mut effort) = (Vec::new(), Effort::default());
        for signature in signatures {
            match signature {
                Err(error) => all.push(Gathered::unreadable(error)),
                Ok(signature) if signature.sub_filter == SubFilter::TimeStamp => {}
                Ok(signature) => all
                    .push(self.gather_signature(pdf, &signature, status, when, &mut effort).await),
            }
        }
        all
    }

    async fn gather_signature(
        &self,
        pdf: &Pdf,
        signature: &Signature,
        status: &[StatusEvidence],
        when: When,
        effort: &mut Effort,
    ) -> Gathered {
        let message = match SignedMessage::from_der(&signature.contents) {
            Err(error) => return Gathered::unreadable(error),
            Ok(message) if message.content().is_some() => {
                return Gathered::unreadable("the signature in the file has a content of its own");
            }
            Ok(message) => message,
        };
        let mut gathered = look_at(&message, &digest(pdf, signature, &message));
        gathered.found.claimed_time = signature.claimed_time;
        gathered.found.needs_claimed_time = false;
        gathered.scopes.push(scope(pdf, signature));
        if let Err(changed) = pdf.check_changes_after(signature) {
            gathered.found.has_format = false;
            gathered.warnings.push(changed.to_string());
        }
        let mut brought = Brought::by(&message);
        let stored = stored(pdf, &mut gathered);
        gathered.format = format(&message, signature, !stored.revocations.is_empty());
        brought.certificates.extend(stored.certificates);
        brought.revocations.extend(stored.revocations);
        self.gather(&mut gathered, brought, status, when, effort).await;
        gathered
    }
}

/// The digest of what a signature covers, by its own hash: the file is not copied for it.
fn digest(pdf: &Pdf, signature: &Signature, message: &SignedMessage) -> Given<'static> {
    let Some(hash) = message.supported_hash() else { return Given::Nothing };
    let mut hasher = hash.hasher();
    pdf.signed_bytes(signature).into_iter().for_each(|piece| hasher.update(piece));
    Given::Digest(hasher.finish())
}

fn scope(pdf: &Pdf, signature: &Signature) -> Scope {
    let is_full = pdf.covers_all(signature);
    let (revision, count) = (signature.revision + 1, pdf.revision_count());
    Scope {
        name: signature.field.clone(),
        scope: if is_full { "FULL" } else { "PARTIAL" }.to_owned(),
        content: format!("the file up to its revision {revision} of {count}"),
    }
}

/// What the file's security store holds.
fn stored(pdf: &Pdf, gathered: &mut Gathered) -> Brought {
    let store = pdf.security_store().unwrap_or_else(|error| {
        gathered.warnings.push(format!("the security store does not count: {error}"));
        inrou_pdf::SecurityStore::default()
    });
    let certificates = store.certificates.iter().map(|der| Certificate::from_der(der));
    let crls = store.crls.iter().map(|der| Revocation::Crl(der));
    let responses = store.ocsp_responses.into_iter().map(|der| Revocation::Ocsp(der.into()));
    Brought {
        certificates: certificates.filter_map(Result::ok).collect(),
        revocations: crls.chain(responses).filter_map(dated).collect(),
        ..Brought::default()
    }
}

/// The highest PAdES baseline level whose parts are there (ETSI EN 319 142-1 §6.3).
fn format(message: &SignedMessage, signature: &Signature, has_store: bool) -> &'static str {
    let is_baseline = signature.sub_filter == SubFilter::Cades
        && message.names_certificate()
        && message.signing_time().is_none()
        && signature.claimed_time.is_some()
        && message.signer().is_ok();
    let is_stamped = message.signature_time_stamps().next().is_some();
    match (is_baseline, is_stamped, has_store) {
        (false, ..) => "PDF",
        (true, true, true) => "PAdES_BASELINE_LT",
        (true, true, false) => "PAdES_BASELINE_T",
        (true, false, _) => "PAdES_BASELINE_B",
    }
}
