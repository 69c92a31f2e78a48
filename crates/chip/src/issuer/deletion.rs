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
    issuer.staged = issuer.staged.take().filter(|staged| !staged.credentials.is_empty());
    issuer.pin_leaves.remove(&usage.into());
    issuer.storage = issuer.storage.take().filter(|record| !record.uses.contains(usage));
    image.jpki.files.remove(&jpki::certificate(usage)).map(|Bytes(certificate)| certificate)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use inrou_rules::EnrolmentId;

    use super::*;
    use crate::image::SecretBytes;
    use crate::issuer::pins::PinLeave;
    use crate::issuer::state::{Staged, StagedCredential};
    use crate::testing::phone_image;

    /// Whether a phone is proved empty that holds nothing but what `put` puts there.
    fn is_proved_empty(usage: Use, put: impl Fn(&mut Image)) -> bool {
        let mut image = phone_image();
        for usage in Use::ALL {
            erase(&mut image, usage);
        }
        put(&mut image);
        Empty::of(&image, Uses::from_iter([usage])).is_some()
    }

    #[test]
    fn a_receipt_for_data_still_there_is_impossible() {
        for usage in Use::ALL {
            let full = phone_image();
            assert!(is_proved_empty(usage, |_| {}));
            assert!(!is_proved_empty(usage, |image| *image = phone_image()));
            assert!(!is_proved_empty(usage, |image| {
                image.jpki.credential_mut(usage).key = full.jpki.credential(usage).key.clone();
            }));
            assert!(!is_proved_empty(usage, |image| {
                image.jpki.credential_mut(usage).pin.set(b"1234", [0; 16]);
            }));
            for file in [jpki::certificate(usage), jpki::issuer_certificate(usage)] {
                assert!(!is_proved_empty(usage, |image| {
                    image.jpki.files.insert(file, Bytes::default());
                }));
            }
            assert!(!is_proved_empty(usage, |image| {
                let staged = StagedCredential {
                    key: SecretBytes::new(Vec::new()),
                    challenge: Bytes::default(),
                    attestation: Bytes::default(),
                    pin: full.jpki.credential(usage).pin.clone(),
                };
                image.issuer.staged = Some(Staged {
                    enrolment: EnrolmentId::from_bytes([0; 16]),
                    credentials: BTreeMap::from([(usage, staged)]),
                });
            }));
            assert!(!is_proved_empty(usage, |image| {
                image.issuer.pin_leaves.insert(usage.into(), PinLeave::Once);
            }));
        }
    }
}
