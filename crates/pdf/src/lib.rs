//! PDF files as far as signatures go: read revision by revision, and appended to.
//!
//! - [`Pdf`]: a file, its revisions, the objects of each
//! - [`Pdf::signatures`]: what was signed, and [what was changed later](Pdf::check_changes_after)
//! - [`Pdf::prepare_signature`], [`Pdf::with_security_store`]: appending a signature, and the material by
//!   which it is judged years later
//!
//! Nothing is repaired, and what two readers could take in two ways is refused: what is verified must be
//! what is shown.

mod append;
mod change;
mod document;
mod filter;
mod object;
mod parse;
mod permissions;
mod sign;
mod signature;
mod store;
mod usage;
mod xref;

pub use change::Changed;
pub use document::Pdf;
pub use object::{Dictionary, Object, Reference};
pub use sign::{AppendError, NewSignature, PreparedSignature};
pub use signature::{Signature, SignatureInvalid, SubFilter};
pub use store::SecurityStore;

/// Why a file cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PdfError {
    /// Not a PDF file, or not in the one form that is read.
    #[error("the file is malformed at byte {at}")]
    Malformed {
        /// Where.
        at: usize,
    },
    /// It has something that is not supported.
    #[error("the file has {0}")]
    Unsupported(&'static str),
    /// It is longer than any that is read here.
    #[error("the file is too long")]
    TooLong,
}
