//! PDF files with signatures, and what is appended to them.

#![no_main]

use inrou_fuzz::pki::{HOLDER, SIGNED_AT, certificate};
use inrou_pdf::{NewSignature, Pdf, SecurityStore, SubFilter};
use inrou_pki::cms::SignedMessage;
use libfuzzer_sys::fuzz_target;

/// All that the holder ever sealed.
const SEALED: &[u8] = include_bytes!("../seeds/pdf/sealed");

fuzz_target!(|bytes: &[u8]| {
    let Ok(pdf) = Pdf::read(bytes.to_vec()) else {
        return;
    };
    for index in 0..pdf.revision_count() {
        let revision = pdf.revision(index).expect("a revision that was counted");
        assert!(bytes.starts_with(revision), "a revision is what the file begins with");
    }
    for signature in pdf.signatures().into_iter().flatten().flatten() {
        let [before, behind] = pdf.signed_bytes(&signature);
        assert!(bytes.starts_with(before), "what is covered is the file's");
        let covered = [before, behind].concat();
        let is_unchanged = pdf.check_changes_after(&signature).is_ok();
        if signature.sub_filter != SubFilter::TimeStamp
            && is_unchanged
            && is_holders(&signature.contents, &covered)
        {
            assert!(SEALED.starts_with(before), "nothing is forged");
            assert!(SEALED.ends_with(behind), "nothing is forged");
        }
    }
    // What was read can be appended to.
    let store = SecurityStore { certificates: vec![HOLDER.to_vec()], ..SecurityStore::default() };
    if let Ok(longer) = pdf.with_security_store(&store) {
        assert!(longer.starts_with(bytes), "what is there stays as it is");
        // It may have more revisions now, or objects, than are read.
        if let Ok(longer) = Pdf::read(longer) {
            assert_eq!(longer.revision_count(), pdf.revision_count() + 1);
        }
    }
    let new = NewSignature { field: "Fuzz", signing_time: SIGNED_AT, room: 64 };
    if let Ok(prepared) = pdf.prepare_signature(&new) {
        assert!(prepared.signed_bytes().concat().starts_with(bytes));
    }
});

/// Whether the holder's key signed that.
fn is_holders(message: &[u8], covered: &[u8]) -> bool {
    let Ok(message) = SignedMessage::from_der(message) else { return false };
    let holder = certificate(HOLDER);
    let signed = message.verify_detached(covered);
    signed.is_ok_and(|signed| signed.signer.public_key() == holder.public_key())
}
