//! Appending a revision (ISO 32000-2 §7.5.6): the file's bytes stay as they are.

use std::collections::BTreeMap;

use crate::object::{Object, Reference};
use crate::{Pdf, PdfError};

/// A revision in the making.
pub(crate) struct Appendix<'a> {
    pdf: &'a Pdf,
    /// Each as it is written, without its header.
    objects: BTreeMap<Reference, Vec<u8>>,
    next: u32,
}

impl<'a> Appendix<'a> {
    /// Begins a revision.
    ///
    /// # Errors
    /// The file has cross-reference streams: a table behind them is not read by everybody.
    pub(crate) fn new(pdf: &'a Pdf) -> Result<Self, PdfError> {
        let is_stream = |index: usize| {
            let section = pdf.revisions.get(index).map(|revision| revision.section);
            let section = section.and_then(|at| pdf.bytes.get(at..));
            !section.is_some_and(|section| section.starts_with(b"xref"))
        };
        if (0..pdf.revisions.len()).any(is_stream) {
            return Err(PdfError::Unsupported("cross-reference streams"));
        }
        let table = &pdf.at(pdf.last()).revision.table;
        let next = table.keys().next_back().map_or(1, |last| last + 1);
        Ok(Self { pdf, objects: BTreeMap::new(), next })
    }

    /// Adds an object.
    pub(crate) fn add(&mut self, object: &Object) -> Reference {
        let mut text = Vec::new();
        object.write(&mut text);
        self.add_written(text)
    }

    /// Adds an object as it is written.
    pub(crate) fn add_written(&mut self, text: Vec<u8>) -> Reference {
        let reference = Reference { number: self.next, generation: 0 };
        self.next += 1;
        self.objects.insert(reference, text);
        reference
    }

    /// Adds a stream of data as it is.
    pub(crate) fn add_stream(&mut self, data: &[u8]) -> Reference {
        let mut text = format!("<< /Length {} >>\nstream\n", data.len()).into_bytes();
        text.extend_from_slice(data);
        text.extend_from_slice(b"\nendstream");
        self.add_written(text)
    }

    /// Puts an object in the place of one that is there.
    pub(crate) fn replace(&mut self, reference: Reference, object: &Object) {
        let mut text = Vec::new();
        object.write(&mut text);
        self.objects.insert(reference, text);
    }

    /// The file with the revision. Gives where each object stands.
    pub(crate) fn finish(self) -> (Vec<u8>, BTreeMap<Reference, usize>) {
        let mut out = self.pdf.bytes.clone();
        if out.last() != Some(&b'\n') {
            out.push(b'\n');
        }
        let mut places = BTreeMap::new();
        for (reference, text) in &self.objects {
            places.insert(*reference, out.len());
            out.extend_from_slice(
                format!("{} {} obj\n", reference.number, reference.generation).as_bytes(),
            );
            out.extend_from_slice(text);
            out.extend_from_slice(b"\nendobj\n");
        }
        let section = out.len();
        out.extend_from_slice(b"xref\n");
        for (reference, at) in &places {
            let Reference { number, generation } = reference;
            out.extend_from_slice(format!("{number} 1\n{at:010} {generation:05} n \n").as_bytes());
        }
        let last = self.pdf.at(self.pdf.last()).revision;
        let mut trailer = last.trailer.clone();
        let integer = |number: usize| Object::Integer(i64::try_from(number).unwrap_or(i64::MAX));
        trailer.insert(b"Size".to_vec(), integer(self.next as usize));
        trailer.insert(b"Prev".to_vec(), integer(last.section));
        out.extend_from_slice(b"trailer\n");
        Object::Dictionary(trailer).write(&mut out);
        out.extend_from_slice(format!("\nstartxref\n{section}\n%%EOF\n").as_bytes());
        (out, places)
    }
}
