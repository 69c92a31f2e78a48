//! Writing a CRL of any length in the memory of one buffer.
//!
//! DER puts lengths before contents, so the entries are gone through twice: for their length, and to be
//! hashed and written. What is signed is what was written. The outermost length counts the signature as
//! well: it is written last.

use std::io::{self, Seek, SeekFrom, Write};

use const_oid::ObjectIdentifier;
use const_oid::db::rfc5280::{
    ID_CE_AUTHORITY_KEY_IDENTIFIER, ID_CE_CRL_NUMBER, ID_CE_ISSUING_DISTRIBUTION_POINT,
};
use jiff::Timestamp;

use super::entry::{MAX_ENTRY, entry_length, write_entry};
use super::{CrlEntry, Partition};
use crate::certificate::Certificate;
use crate::digest::Digest;
use crate::encode::{BOOLEAN, Encoder, OCTET_STRING, SEQUENCE, constructed, encode, primitive};
use crate::keys::{KeyIdentifier, SignError, SignatureAlgorithm, Signer};
use crate::profile::IssuerSettings;

/// Entries are hashed and written in pieces of about this many bytes.
const PIECE: usize = 64 * 1024;

/// Why a CRL was not written. What was written before the error is not a CRL.
#[derive(Debug, thiserror::Error)]
pub enum CrlWriteError {
    /// The signer's key is not the issuer's.
    #[error("the signer is not the CRL's issuer")]
    Signer,
    /// The signer failed.
    #[error(transparent)]
    Sign(#[from] SignError),
    /// The entries were others when they were gone through again.
    #[error("the entries changed while the CRL was written")]
    EntriesChanged,
    /// The output failed.
    #[error("the CRL could not be written: {0}")]
    Io(#[from] io::Error),
}

/// A CRL to be written: all but its entries.
#[derive(Clone, Copy, Debug)]
pub struct NewCrl<'a> {
    /// Whose it is: name, key identifier.
    pub issuer: &'a Certificate,
    /// Which certificates it covers, and the settings by which they were made; all of the issuer's if
    /// `None`.
    pub scope: Option<(&'a IssuerSettings, &'a Partition)>,
    /// cRLNumber; greater than that of any CRL before it in this partition.
    pub number: u64,
    /// When it is made.
    pub this_update: Timestamp,
    /// By when the next one is made.
    pub next_update: Timestamp,
}

/// What was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WrittenCrl {
    /// How many certificates it lists.
    pub entries: u64,
    /// Its length in bytes.
    pub bytes: u64,
    /// The digest that was signed.
    pub digest: Digest,
}

impl NewCrl<'_> {
    /// Signs the CRL of these entries and writes its DER, from the start of `out` on. The iterator is
    /// cloned and gone through twice, seldom three times; no entry is kept.
    ///
    /// # Errors
    /// [`CrlWriteError`].
    pub fn write<I>(
        &self,
        entries: I,
        signer: &dyn Signer,
        out: &mut (impl Write + Seek),
    ) -> Result<WrittenCrl, CrlWriteError>
    where
        I: Iterator<Item = CrlEntry> + Clone,
    {
        if self.issuer.public_key().ok() != Some(signer.public_key()) {
            return Err(CrlWriteError::Signer);
        }
        let (mut count, mut list_bytes) = (0, 0);
        for entry in entries.clone() {
            count += 1;
            list_bytes += entry_length(&entry);
        }
        let signed = SignedPart::new(self, signer, list_bytes);
        let room = outer_header(signed.length()).len();
        let digest = signed.write(entries.clone(), room, out)?;
        let signature = signer.sign_digest(&digest)?;

        let trailer = encode(|end| end.signature(signed.algorithm, &signature));
        let content = signed.length() + trailer.len() as u64;
        let header = outer_header(content);
        // With the signature, the length may need another byte: then everything moves.
        if header.len() != room && signed.write(entries, header.len(), out)? != digest {
            return Err(CrlWriteError::EntriesChanged);
        }
        out.write_all(&trailer)?;
        out.seek(SeekFrom::Start(0))?;
        out.write_all(&header)?;
        Ok(WrittenCrl { entries: count, bytes: header.len() as u64 + content, digest })
    }

    fn write_extensions(&self, issuer: KeyIdentifier, out: &mut Encoder) {
        write_extension(out, ID_CE_AUTHORITY_KEY_IDENTIFIER, false, |value| {
            value.sequence(|fields| fields.value(primitive(0), &issuer.0));
        });
        write_extension(out, ID_CE_CRL_NUMBER, false, |value| value.unsigned(self.number));
        let Some((settings, partition)) = self.scope else { return };
        let point = settings.distribution_point(partition, issuer);
        write_extension(out, ID_CE_ISSUING_DISTRIBUTION_POINT, true, |value| {
            value.sequence(|fields| fields.nest(constructed(0), |name| point.write(name)));
        });
    }
}

/// A `TBSCertList` around its entries.
struct SignedPart {
    algorithm: SignatureAlgorithm,
    /// The length of the entries.
    list_bytes: u64,
    /// From its own header to that of the entries.
    before: Vec<u8>,
    /// The extensions.
    after: Vec<u8>,
}

impl SignedPart {
    fn new(crl: &NewCrl<'_>, signer: &dyn Signer, list_bytes: u64) -> Self {
        let algorithm = signer.algorithm();
        let issuer = signer.public_key().identifier();
        let fields = encode(|out| {
            out.unsigned(1);
            out.signature_algorithm(algorithm);
            out.raw(crl.issuer.subject().as_der());
            out.time(crl.this_update);
            out.time(crl.next_update);
            // A list without entries is left out (RFC 5280 §5.1.2.6).
            if list_bytes > 0 {
                out.header(SEQUENCE, list_bytes as usize);
            }
        });
        let after = encode(|out| {
            out.nest(constructed(0), |explicit| {
                explicit.sequence(|extensions| crl.write_extensions(issuer, extensions));
            });
        });
        let content = fields.len() as u64 + list_bytes + after.len() as u64;
        let before = encode(|out| {
            out.header(SEQUENCE, content as usize);
            out.raw(&fields);
        });
        Self { algorithm, list_bytes, before, after }
    }

    fn length(&self) -> u64 {
        self.before.len() as u64 + self.list_bytes + self.after.len() as u64
    }

    /// Writes it in pieces, `start` bytes from the start of `out`, and hashes them.
    fn write(
        &self,
        entries: impl Iterator<Item = CrlEntry>,
        start: usize,
        out: &mut (impl Write + Seek),
    ) -> Result<Digest, CrlWriteError> {
        out.seek(SeekFrom::Start(start as u64))?;
        let (mut hasher, mut length) = (self.algorithm.hash().hasher(), 0);
        let mut piece = Vec::with_capacity(PIECE + MAX_ENTRY);
        let mut hand_on = |piece: &[u8]| {
            hasher.update(piece);
            length += piece.len() as u64;
            out.write_all(piece)
        };
        piece.extend_from_slice(&self.before);
        for entry in entries {
            if piece.len() >= PIECE {
                hand_on(&piece)?;
                piece.clear();
            }
            write_entry(&entry, &mut piece);
        }
        piece.extend_from_slice(&self.after);
        hand_on(&piece)?;
        if length == self.length() {
            Ok(hasher.finish())
        } else {
            Err(CrlWriteError::EntriesChanged)
        }
    }
}

/// The header of the whole CRL.
fn outer_header(content: u64) -> Vec<u8> {
    encode(|out| out.header(SEQUENCE, content as usize))
}

fn write_extension(
    out: &mut Encoder,
    oid: ObjectIdentifier,
    critical: bool,
    value: impl FnOnce(&mut Encoder),
) {
    out.sequence(|extension| {
        extension.oid(oid);
        if critical {
            extension.value(BOOLEAN, &[0xFF]);
        }
        extension.nest(OCTET_STRING, value);
    });
}
