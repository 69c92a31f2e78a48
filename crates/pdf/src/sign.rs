//! Appending a signature, in two steps since the key may lie in a chip; and the security store.

use jiff::Timestamp;
use jiff::tz::Offset;

use crate::append::Appendix;
use crate::object::{Dictionary, Object, dictionary, name};
use crate::store::KINDS;
use crate::{Pdf, PdfError, SecurityStore};

/// Room for the byte range, in characters: four numbers and what is around them.
const RANGE_ROOM: usize = 60;

/// Why nothing was appended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AppendError {
    /// The file cannot be appended to.
    #[error(transparent)]
    Pdf(#[from] PdfError),
    /// It has no page.
    #[error("the file has no page")]
    NoPage,
    /// The signature is longer than the room that was left for it.
    #[error("the signature does not fit into the room that was left for it")]
    Room,
}

/// A signature to be appended: a PAdES signature that shows nothing.
#[derive(Clone, Copy, Debug)]
pub struct NewSignature<'a> {
    /// The name of its field, which no other field has.
    pub field: &'a str,
    /// When it is signed, by the signer's clock.
    pub signing_time: Timestamp,
    /// How many bytes of DER are left room for: 16 KiB hold certificates and a time-stamp.
    pub room: usize,
}

/// A file that lacks but the signature in its hole.
#[derive(Clone, PartialEq, Eq)]
pub struct PreparedSignature {
    bytes: Vec<u8>,
    /// From `<` to behind `>`.
    hole: std::ops::Range<usize>,
}

impl Pdf {
    /// Appends a revision with a signature that is still to be made.
    ///
    /// # Errors
    /// [`AppendError`].
    pub fn prepare_signature(
        &self,
        new: &NewSignature<'_>,
    ) -> Result<PreparedSignature, AppendError> {
        let view = self.at(self.last());
        let (root, mut catalog) = view.catalog()?;
        let mut appendix = Appendix::new(self)?;
        let value = appendix.add_written(signature_dictionary(new));
        let (page_name, mut page) = first_page(self)?;
        let field = appendix.add(&Object::Dictionary(dictionary([
            ("Type", name("Annot")),
            ("Subtype", name("Widget")),
            ("FT", name("Sig")),
            ("T", Object::String(new.field.as_bytes().to_vec())),
            ("V", Object::Reference(value)),
            // Print, Locked (ISO 32000-2 §12.5.3); without extent it shows nothing.
            ("F", Object::Integer(132)),
            ("Rect", Object::Array(vec![Object::Integer(0); 4])),
            ("P", Object::Reference(page_name)),
        ])));
        append_to(view.value(&page, "Annots")?, field, &mut page, "Annots");
        appendix.replace(page_name, &Object::Dictionary(page));
        let form = view.value(&catalog, "AcroForm")?;
        let mut form = form.dictionary().cloned().unwrap_or_default();
        append_to(view.value(&form, "Fields")?, field, &mut form, "Fields");
        form.insert(b"SigFlags".to_vec(), Object::Integer(3));
        catalog.insert(b"AcroForm".to_vec(), Object::Dictionary(form));
        appendix.replace(root, &Object::Dictionary(catalog));
        let (bytes, places) = appendix.finish();
        let begin = places.get(&value).copied().unwrap_or_default();
        PreparedSignature::lay_out(bytes, begin).ok_or(AppendError::Room)
    }

    /// The file with a revision in which the security store holds this too.
    ///
    /// # Errors
    /// [`AppendError`].
    pub fn with_security_store(&self, more: &SecurityStore) -> Result<Vec<u8>, AppendError> {
        let view = self.at(self.last());
        let (root, mut catalog) = view.catalog()?;
        let mut appendix = Appendix::new(self)?;
        let had = self.security_store()?;
        let store = view.value(&catalog, "DSS")?;
        let mut store = store.dictionary().cloned().unwrap_or_default();
        let kinds = [
            (&had.certificates, &more.certificates),
            (&had.crls, &more.crls),
            (&had.ocsp_responses, &more.ocsp_responses),
        ];
        for (kind, (had, more)) in KINDS.into_iter().zip(kinds) {
            let mut seen = had.clone();
            for data in more {
                if seen.contains(data) {
                    continue;
                }
                seen.push(data.clone());
                let stream = appendix.add_stream(data);
                let streams = match store.get(kind.as_bytes()) {
                    Some(streams) => view.resolve(streams)?,
                    None => Object::Null,
                };
                append_to(streams, stream, &mut store, kind);
            }
        }
        let store = appendix.add(&Object::Dictionary(store));
        catalog.insert(b"DSS".to_vec(), Object::Reference(store));
        appendix.replace(root, &Object::Dictionary(catalog));
        Ok(appendix.finish().0)
    }
}

impl PreparedSignature {
    /// What the signature is made over: the file's bytes before and behind the hole.
    pub fn signed_bytes(&self) -> [&[u8]; 2] {
        let (before, rest) = self.bytes.split_at(self.hole.start);
        [before, rest.get(self.hole.len()..).unwrap_or_default()]
    }

    /// The signed file.
    ///
    /// # Errors
    /// [`AppendError::Room`].
    pub fn finish(mut self, signature: &[u8]) -> Result<Vec<u8>, AppendError> {
        let digits: String = signature.iter().map(|byte| format!("{byte:02x}")).collect();
        let room = self.bytes.get_mut(self.hole.start + 1..self.hole.end - 1);
        let room = room.and_then(|room| room.get_mut(..digits.len()));
        room.ok_or(AppendError::Room)?.copy_from_slice(digits.as_bytes());
        Ok(self.bytes)
    }

    /// Finds the hole in the object that begins there, and fills in the byte range.
    fn lay_out(mut bytes: Vec<u8>, begin: usize) -> Option<Self> {
        let find = |bytes: &[u8], word: &[u8], from: usize| {
            let at = bytes.get(from..)?.windows(word.len()).position(|window| window == word)?;
            Some(from + at + word.len())
        };
        let from = find(&bytes, b"/Contents ", begin)?;
        let to = find(&bytes, b">", from)?;
        let range = format!("[0 {from} {to} {}]", bytes.len() - to);
        let at = find(&bytes, b"/ByteRange ", begin)?;
        let place = bytes.get_mut(at..at + RANGE_ROOM)?;
        place.get_mut(..range.len())?.copy_from_slice(range.as_bytes());
        Some(Self { bytes, hole: from..to })
    }
}

impl std::fmt::Debug for PreparedSignature {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "PreparedSignature({} bytes, {:?})", self.bytes.len(), self.hole)
    }
}

/// With room for the byte range and the signature.
fn signature_dictionary(new: &NewSignature<'_>) -> Vec<u8> {
    let time = Offset::UTC.to_datetime(new.signing_time).strftime("D:%Y%m%d%H%M%SZ");
    format!(
        "<< /Type /Sig /Filter /Adobe.PPKLite /SubFilter /ETSI.CAdES.detached /M ({time}) \
         /ByteRange {:RANGE_ROOM$} /Contents <{}> >>",
        "",
        "0".repeat(new.room * 2)
    )
    .into_bytes()
}

/// Sets a key to an array with one more element.
fn append_to(array: Object, element: crate::Reference, dictionary: &mut Dictionary, key: &str) {
    let had = dictionary.get(key.as_bytes()).and_then(Object::array).map(<[Object]>::to_vec);
    let mut elements = had.or_else(|| array.array().map(<[Object]>::to_vec)).unwrap_or_default();
    elements.push(Object::Reference(element));
    dictionary.insert(key.as_bytes().to_vec(), Object::Array(elements));
}

/// The first page, down the tree of pages.
fn first_page(pdf: &Pdf) -> Result<(crate::Reference, Dictionary), AppendError> {
    let view = pdf.at(pdf.last());
    let (_, catalog) = view.catalog()?;
    let mut next = catalog.get(&b"Pages"[..]).and_then(Object::reference);
    for _ in 0..32 {
        let reference = next.ok_or(AppendError::NoPage)?;
        let Object::Dictionary(node) = view.object(reference)? else {
            return Err(AppendError::NoPage);
        };
        if node.get(&b"Type"[..]).is_some_and(|kind| kind.is_name("Page")) {
            return Ok((reference, node));
        }
        let kids = view.value(&node, "Kids")?;
        next = kids.array().and_then(<[Object]>::first).and_then(Object::reference);
    }
    Err(AppendError::NoPage)
}
