//! A file: its revisions, and the objects of each.

use std::sync::atomic::{AtomicUsize, Ordering};

use crate::PdfError;
use crate::filter::unpack;
use crate::object::{Dictionary, Object, Reference};
use crate::parse::Parser;
use crate::xref::{Entry, Section, Table, read_data, read_section};

/// Longest file that is read, in bytes.
const MAX_LENGTH: usize = 64 * 1024 * 1024;

/// Most revisions of a file.
const MAX_REVISIONS: usize = 32;

/// Most objects in all revisions together, each counted as often as a revision has it.
const MAX_ENTRIES: usize = 1 << 20;

/// How many bytes of a file are looked through in all: objects as often as they are read, and what is
/// unpacked. A file of a few kilobytes can be made to name one object a million times.
const MAX_WORK: usize = 128 * 1024 * 1024;

/// What reading an object counts for at least, in bytes.
const LEAST_WORK: usize = 64;

/// How far before the end of the file its last section is named.
const TAIL: usize = 2048;

/// A PDF file, read for its form: its revisions follow each other, each with a cross-reference section of
/// its own. Encrypted, hybrid and linearised files are refused.
pub struct Pdf {
    pub(crate) bytes: Vec<u8>,
    /// The oldest first.
    pub(crate) revisions: Vec<Revision>,
    /// How many bytes were looked through.
    work: AtomicUsize,
}

/// One state of the file.
pub(crate) struct Revision {
    /// Where its section begins.
    pub(crate) section: usize,
    /// Behind its `%%EOF`.
    pub(crate) end: usize,
    /// Objects that are new in it, changed or freed.
    pub(crate) changed: Table,
    /// Every object as this state has it.
    pub(crate) table: Table,
    pub(crate) trailer: Dictionary,
}

impl Pdf {
    /// Reads a file.
    ///
    /// # Errors
    /// [`PdfError`].
    pub fn read(bytes: Vec<u8>) -> Result<Self, PdfError> {
        if bytes.len() > MAX_LENGTH {
            return Err(PdfError::TooLong);
        }
        if !bytes.starts_with(b"%PDF-") {
            return Err(PdfError::Malformed { at: 0 });
        }
        let revisions = read_revisions(&bytes)?;
        Ok(Self { bytes, revisions, work: AtomicUsize::new(0) })
    }

    /// The file.
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// How many revisions there are.
    pub fn revision_count(&self) -> usize {
        self.revisions.len()
    }

    /// The bytes of the file as it was with that revision, the oldest being 0: what to show of a signature.
    pub fn revision(&self, index: usize) -> Option<&[u8]> {
        self.bytes.get(..self.end(index)?)
    }

    /// Behind a revision and the end of line that follows it.
    pub(crate) fn end(&self, index: usize) -> Option<usize> {
        let end = self.revisions.get(index)?.end;
        let rest = self.bytes.get(end..)?;
        let line = [&b"\r\n"[..], b"\n", b"\r"].into_iter().find(|line| rest.starts_with(line));
        Some(end + line.map_or(0, <[u8]>::len))
    }

    /// The newest revision.
    pub(crate) fn last(&self) -> usize {
        self.revisions.len().saturating_sub(1)
    }

    pub(crate) fn at(&self, index: usize) -> View<'_> {
        // A file that was read has one revision at least.
        let revision = &self.revisions[index.min(self.last())];
        View { bytes: &self.bytes, revision, work: &self.work }
    }
}

/// The objects as one revision has them.
#[derive(Clone, Copy)]
pub(crate) struct View<'a> {
    bytes: &'a [u8],
    pub(crate) revision: &'a Revision,
    work: &'a AtomicUsize,
}

impl<'a> View<'a> {
    /// The catalog, and its name.
    pub(crate) fn catalog(self) -> Result<(Reference, Dictionary), PdfError> {
        let root = self.revision.trailer.get(&b"Root"[..]).and_then(Object::reference);
        let root = root.ok_or(PdfError::Malformed { at: self.revision.section })?;
        match self.object(root)? {
            Object::Dictionary(catalog) => Ok((root, catalog)),
            _ => Err(PdfError::Malformed { at: self.revision.section }),
        }
    }

    /// The value of a key, its reference resolved; `Null` if there is none.
    pub(crate) fn value(self, dictionary: &Dictionary, key: &str) -> Result<Object, PdfError> {
        let value = dictionary.get(key.as_bytes()).unwrap_or(&Object::Null);
        self.resolve(value)
    }

    /// What a reference stands for; any other object itself.
    pub(crate) fn resolve(self, object: &Object) -> Result<Object, PdfError> {
        match object {
            Object::Reference(reference) => match self.object(*reference)? {
                // A chain of references has no place in a file.
                Object::Reference(_) => Err(PdfError::Malformed { at: self.revision.section }),
                other => Ok(other),
            },
            other => Ok(other.clone()),
        }
    }

    /// An object by its name; `Null` if it is not there.
    pub(crate) fn object(self, reference: Reference) -> Result<Object, PdfError> {
        match self.revision.table.get(&reference.number) {
            None | Some(Entry::Free) => Ok(Object::Null),
            Some(Entry::At { generation, .. }) if *generation != reference.generation => {
                Ok(Object::Null)
            }
            Some(Entry::At { offset, .. }) => self.object_at(reference, *offset),
            Some(Entry::InStream { stream, index }) => self.object_in(reference, *stream, *index),
        }
    }

    /// The file's bytes in a range.
    pub(crate) fn bytes(self, range: std::ops::Range<usize>) -> Option<&'a [u8]> {
        self.bytes.get(range)
    }

    /// What data a stream has.
    pub(crate) fn data(self, object: &Object) -> Option<&'a [u8]> {
        match object {
            Object::Stream(_, data) => self.bytes.get(data.clone()),
            _ => None,
        }
    }

    /// Counts bytes that are looked through.
    ///
    /// # Errors
    /// There were too many.
    pub(crate) fn spend(self, bytes: usize) -> Result<(), PdfError> {
        let bytes = bytes.max(LEAST_WORK);
        let before = self.work.fetch_add(bytes, Ordering::Relaxed);
        match before.saturating_add(bytes) <= MAX_WORK {
            true => Ok(()),
            false => Err(PdfError::Unsupported("too much in it that refers to the same")),
        }
    }

    fn object_at(self, reference: Reference, offset: usize) -> Result<Object, PdfError> {
        self.object_and_end(reference, offset).map(|(object, _)| object)
    }

    /// An object, and where it ends: behind its `endobj`.
    pub(crate) fn object_and_end(
        self,
        reference: Reference,
        offset: usize,
    ) -> Result<(Object, usize), PdfError> {
        let mut parser = Parser::new(self.bytes, offset);
        if parser.object_header()? != reference {
            return Err(parser.malformed());
        }
        let object = parser.object()?;
        self.spend(parser.at().saturating_sub(offset))?;
        if parser.expect(b"endobj").is_ok() {
            return Ok((object, parser.at()));
        }
        let Object::Dictionary(dictionary) = object else {
            return Err(parser.malformed());
        };
        let length = match dictionary.get(&b"Length"[..]) {
            // An object that holds a length has none itself, so this ends.
            Some(Object::Reference(length)) if *length != reference => {
                match self.revision.table.get(&length.number) {
                    Some(Entry::At { offset, .. }) => self.plain(*length, *offset)?.index(),
                    _ => None,
                }
            }
            Some(length) => length.index(),
            None => None,
        };
        let length = length.ok_or_else(|| parser.malformed())?;
        let data = read_data(&mut parser, length)?;
        parser.expect(b"endobj")?;
        Ok((Object::Stream(dictionary, data), parser.at()))
    }

    /// An object that is no stream.
    fn plain(self, reference: Reference, offset: usize) -> Result<Object, PdfError> {
        let mut parser = Parser::new(self.bytes, offset);
        if parser.object_header()? != reference {
            return Err(parser.malformed());
        }
        let object = parser.object()?;
        self.spend(parser.at().saturating_sub(offset))?;
        parser.expect(b"endobj")?;
        Ok(object)
    }

    fn object_in(
        self,
        reference: Reference,
        stream: u32,
        index: usize,
    ) -> Result<Object, PdfError> {
        let container = self.container(stream)?;
        match container.object(reference.number, index) {
            Ok(object) if reference.generation == 0 => Ok(object),
            Ok(_) => Err(PdfError::Malformed { at: self.revision.section }),
            Err(error) => Err(error),
        }
    }

    /// The objects of an object stream.
    pub(crate) fn container(self, stream: u32) -> Result<Container, PdfError> {
        let malformed = PdfError::Malformed { at: self.revision.section };
        let Some(Entry::At { offset, generation }) = self.revision.table.get(&stream) else {
            return Err(malformed);
        };
        let container = Reference { number: stream, generation: *generation };
        let container = self.object_at(container, *offset)?;
        let (Object::Stream(dictionary, _), Some(data)) = (&container, self.data(&container))
        else {
            return Err(malformed);
        };
        if !dictionary.get(&b"Type"[..]).is_some_and(|kind| kind.is_name("ObjStm")) {
            return Err(malformed);
        }
        let number = |key: &str| dictionary.get(key.as_bytes()).and_then(Object::index);
        let (count, first) = (number("N").ok_or(malformed)?, number("First").ok_or(malformed)?);
        let data = unpack(dictionary, data)?;
        self.spend(data.len())?;
        let mut header = Parser::new(&data, 0);
        let mut places = Vec::new();
        for _ in 0..count {
            let (number, offset) = (header.number()?, header.number()?);
            places.push((number, first.checked_add(offset).ok_or(malformed)?));
        }
        Ok(Container { data, places })
    }
}

/// An object stream, unpacked.
pub(crate) struct Container {
    data: Vec<u8>,
    /// The number of each object, and where it stands.
    places: Vec<(usize, usize)>,
}

impl Container {
    /// The object at an index, which must have that number.
    pub(crate) fn object(&self, number: u32, index: usize) -> Result<Object, PdfError> {
        match self.places.get(index) {
            Some(&(found, at)) if found == number as usize => Parser::new(&self.data, at).object(),
            _ => Err(PdfError::Malformed { at: 0 }),
        }
    }
}

fn read_revisions(bytes: &[u8]) -> Result<Vec<Revision>, PdfError> {
    let tail = bytes.len().saturating_sub(TAIL);
    let word = b"startxref";
    let named = bytes.get(tail..).unwrap_or_default();
    let found = named.windows(word.len()).rposition(|window| window == word);
    let found = found.ok_or(PdfError::Malformed { at: tail })?;
    let mut next = Some(Parser::new(bytes, tail + found + word.len()).number()?);
    let mut sections: Vec<(usize, Section)> = Vec::new();
    while let Some(at) = next {
        let is_before = sections.last().is_none_or(|(later, _)| at < *later);
        if !is_before || sections.len() == MAX_REVISIONS {
            return Err(PdfError::Unsupported(
                "sections that do not stand in the order of revisions",
            ));
        }
        let section = read_section(bytes, at)?;
        next = section.previous;
        sections.push((at, section));
    }
    let (mut revisions, mut table, mut begin) = (Vec::new(), Table::new(), 0);
    for (at, section) in sections.into_iter().rev() {
        for (number, entry) in &section.table {
            // What a revision says of its objects stands within it.
            let outside = |offset| !(begin..at).contains(&offset);
            match entry {
                Entry::At { offset, .. } if outside(*offset) && *offset != at => {
                    return Err(PdfError::Malformed { at: *offset });
                }
                _ => table.insert(*number, *entry),
            };
        }
        if table.len().saturating_mul(revisions.len() + 1) > MAX_ENTRIES {
            return Err(PdfError::Unsupported("too many objects"));
        }
        begin = section.end;
        revisions.push(Revision {
            section: at,
            end: section.end,
            changed: section.table,
            table: table.clone(),
            trailer: section.trailer,
        });
    }
    Ok(revisions)
}
