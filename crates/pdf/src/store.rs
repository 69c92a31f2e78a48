//! The document security store (PAdES, ETSI EN 319 142-1 §5.4.2): the material by which signatures are
//! judged years later.

use std::collections::BTreeSet;

use crate::document::View;
use crate::object::{Object, Reference};
use crate::{Pdf, PdfError};

/// Most streams of one kind.
const MAX_STREAMS: usize = 256;

/// The keys of the store and what each holds.
pub(crate) const KINDS: [&str; 3] = ["Certs", "CRLs", "OCSPs"];

/// What a store holds, each DER.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SecurityStore {
    /// Certificates.
    pub certificates: Vec<Vec<u8>>,
    /// CRLs.
    pub crls: Vec<Vec<u8>>,
    /// OCSP responses, whole.
    pub ocsp_responses: Vec<Vec<u8>>,
}

impl Pdf {
    /// What the file's store holds; nothing if it has none.
    ///
    /// # Errors
    /// It cannot be read.
    pub fn security_store(&self) -> Result<SecurityStore, PdfError> {
        let view = self.at(self.last());
        let (_, catalog) = view.catalog()?;
        let store = view.value(&catalog, "DSS")?;
        let Some(store) = store.dictionary() else {
            return Ok(SecurityStore::default());
        };
        let [certificates, crls, ocsp_responses] = KINDS.map(|kind| {
            let streams = view.value(store, kind)?;
            let streams = streams.array().unwrap_or_default();
            if streams.len() > MAX_STREAMS {
                return Err(PdfError::Unsupported("too many certificates"));
            }
            streams.iter().map(|stream| unpacked(view, stream)).collect::<Result<Vec<_>, _>>()
        });
        Ok(SecurityStore {
            certificates: certificates?,
            crls: crls?,
            ocsp_responses: ocsp_responses?,
        })
    }
}

fn unpacked(view: View<'_>, stream: &Object) -> Result<Vec<u8>, PdfError> {
    let object = view.resolve(stream)?;
    match (object.dictionary(), view.data(&object)) {
        (Some(dictionary), Some(data)) => {
            let unpacked = crate::filter::unpack(dictionary, data)?;
            view.spend(unpacked.len())?;
            Ok(unpacked)
        }
        _ => Err(PdfError::Unsupported("a security store that holds no streams")),
    }
}

/// The objects that a store consists of, itself included: dictionaries and arrays of the kinds that it
/// may have, and streams. `None` if there is anything else in it.
pub(crate) fn members(
    view: View<'_>,
    store: &Object,
) -> Result<Option<BTreeSet<Reference>>, PdfError> {
    let mut members = BTreeSet::new();
    members.extend(store.reference());
    let object = view.resolve(store)?;
    let Some(dictionary) = object.dictionary() else { return Ok(None) };
    for (key, value) in dictionary {
        match key.as_slice() {
            b"Type" if value.is_name("DSS") => {}
            b"VRI" => {
                members.extend(value.reference());
                let entries = view.resolve(value)?;
                let Some(entries) = entries.dictionary() else { return Ok(None) };
                for (key, entry) in entries {
                    if key == b"Type" {
                        continue;
                    }
                    members.extend(entry.reference());
                    let entry = view.resolve(entry)?;
                    let Some(entry) = entry.dictionary() else { return Ok(None) };
                    for (key, value) in entry {
                        match key.as_slice() {
                            b"Type" | b"TU" => {}
                            b"Cert" | b"CRL" | b"OCSP" => {
                                if !take_streams(view, value, &mut members)? {
                                    return Ok(None);
                                }
                            }
                            _ => return Ok(None),
                        }
                    }
                }
            }
            b"Certs" | b"CRLs" | b"OCSPs" => {
                if !take_streams(view, value, &mut members)? {
                    return Ok(None);
                }
            }
            _ => return Ok(None),
        }
    }
    Ok(Some(members))
}

/// Takes an array of streams, each without a dictionary of more than its length and filter.
fn take_streams(
    view: View<'_>,
    array: &Object,
    members: &mut BTreeSet<Reference>,
) -> Result<bool, PdfError> {
    members.extend(array.reference());
    let streams = view.resolve(array)?;
    let Some(streams) = streams.array() else { return Ok(false) };
    for stream in streams {
        let Some(reference) = stream.reference() else { return Ok(false) };
        let Object::Stream(dictionary, _) = view.object(reference)? else { return Ok(false) };
        let plain = |key: &Vec<u8>| [&b"Length"[..], b"Filter"].contains(&key.as_slice());
        if !dictionary.keys().all(plain) {
            return Ok(false);
        }
        members.insert(reference);
    }
    Ok(true)
}
