//! DELETE: keys, certificates and PINs of the JPKI application go, and a receipt is signed, both in
//! one transaction.

use inrou_rules::{Use, Uses};

use super::keys;
use super::receipt::{Deletion, DeletionRequest};
use super::state::DeletionRecord;
use crate::apdu::StatusWord;
use crate::image::{Bytes, Image};
use crate::jpki;

/// Deletes everything of these uses, in use or staged, and writes the receipt. Asked again by the
/// same request, it changes nothing.
pub(super) fn delete(
    image: &mut Image,
    uses: Uses,
    request: DeletionRequest,
) -> Result<(), StatusWord> {
    if let Some(record) = &image.issuer.deletion
        && *record.request == request.0
    {
        let same = record.uses == uses;
        return if same { Ok(()) } else { Err(StatusWord::CONDITIONS_NOT_SATISFIED) };
    }
    let deleted: Vec<_> = uses.iter().filter_map(|usage| erase(image, usage)).collect();
    image.issuer.receipts += 1;
    let empty = Empty::of(image, uses).ok_or(keys::FAILED)?;
    let receipt = Deletion::new(image.issuer.receipts, &request, empty, &deleted);
    let receipt = keys::sign(image, &receipt)?;
    let request = Bytes(request.0.to_vec());
    image.issuer.deletion = Some(DeletionRecord { request, uses, receipt });
    Ok(())
}

/// Proof that an image holds no key, no certificate and no PIN of some uses. A deletion receipt
/// cannot be made without it.
#[derive(Clone, Copy)]
pub(super) struct Empty(Uses);

impl Empty {
    /// Looks whether `image` holds anything of `uses`.
    pub(super) fn of(image: &Image, uses: Uses) -> Option<Self> {
        uses.iter().all(|usage| is_empty(image, usage)).then_some(Self(uses))
    }

    /// The uses.
    pub(super) fn uses(self) -> Uses {
        self.0
    }
}

fn is_empty(image: &Image, usage: Use) -> bool {
    let credential = image.jpki.credential(usage);
    let holds_file = [jpki::certificate(usage), jpki::issuer_certificate(usage)]
        .iter()
        .any(|file| image.jpki.files.contains_key(file));
    let staged = image.issuer.staged.as_ref();
    credential.key.is_none()
        && !credential.pin.is_set()
        && !holds_file
        && !staged.is_some_and(|staged| staged.credentials.contains_key(&usage))
        && !image.issuer.pin_leaves.contains_key(&usage.into())
}

/// Erases everything of one use; gives the certificate that was there.
fn erase(image: &mut Image, usage: Use) -> Option<Vec<u8>> {
    let credential = image.jpki.credential_mut(usage);
    credential.key = None;
    credential.pin.unset_again();
    image.jpki.files.remove(&jpki::issuer_certificate(usage));
    let issuer = &mut image.issuer;
    if let Some(staged) = &mut issuer.staged {
        staged.credentials.remove(&usage);
    }
    issuer.pin_leaves.remove(&usage.into());
    issuer.storage = issuer.storage.take().filter(|record| !record.uses.contains(usage));
    image.jpki.files.remove(&jpki::certificate(usage)).map(|Bytes(certificate)| certificate)
}
