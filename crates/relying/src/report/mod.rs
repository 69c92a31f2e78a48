//! Judging signatures in the words of ETSI EN 319 102-1.
//!
//! What was [found out](Found) about a signature is [judged](judge) by pure functions; the
//! [`ValidationReport`] tells the verdict and, if asked for, how it was come to.

mod assemble;
pub(crate) mod brought;
mod certificate;
mod cms;
mod document;
mod file;
mod found;
pub(crate) mod gather;
mod jws;
mod pdf;
mod process;
mod questions;
mod time_stamps;
mod when;
mod words;
mod xml;

pub use certificate::CertificateReport;
pub use cms::{CmsFile, Given};
pub use document::{
    BlockConclusion, BlockReport, CertificateKind, Constraint, ConstraintStatus, PolicyName, Said,
    Scope, SignatureInfo, SignatureProcess, SignatureReport, TimeStampReport, UsedCertificate,
    UsedFor, ValidatedDocument, ValidationConclusion, ValidationReport,
};
pub use file::{NotReported, SignatureFormat, SignedFile};
pub use found::{
    CertificateFound, ChainFound, ContentFound, Found, SignatureFound, StampFound, StatusFound,
};
pub use jws::JwsFile;
pub use pdf::PdfFile;
pub use process::{Block, Rules, Verdict, judge};
pub use when::When;
pub use words::{Conclusion, Failed, Indeterminate, Judged};
pub use xml::XmlFile;
