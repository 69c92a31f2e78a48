//! Cross-reference sections (ISO 32000-2 §7.5.4, §7.5.8): tables, and streams.

use std::collections::BTreeMap;

use crate::PdfError;
use crate::filter::unpack;
use crate::object::{Dictionary, Object};
use crate::parse::Parser;

/// Most objects in a file.
const MAX_OBJECTS: usize = 1 << 20;

/// Where an object stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Entry {
    /// It is not there.
    Free,
    /// At this byte.
    At { offset: usize, generation: u16 },
    /// In an object stream, by its number; which of its objects.
    InStream { stream: u32, index: usize },
}

/// The objects that a section names.
pub(crate) type Table = BTreeMap<u32, Entry>;

/// A section and what follows it to the end of its revision.
pub(crate) struct Section {
    pub(crate) table: Table,
    pub(crate) trailer: Dictionary,
    /// Where the section before it begins.
    pub(crate) previous: Option<usize>,
    /// Behind `%%EOF`.
    pub(crate) end: usize,
}

/// Reads the section that begins at a byte.
pub(crate) fn read_section(bytes: &[u8], at: usize) -> Result<Section, PdfError> {
    let mut parser = Parser::new(bytes, at);
    let (table, trailer) = if parser.take(b"xref") {
        let table = read_table(&mut parser)?;
        let Object::Dictionary(trailer) = parser.object()? else {
            return Err(parser.malformed());
        };
        (table, trailer)
    } else {
        read_stream(bytes, &mut parser)?
    };
    if trailer.contains_key(&b"Encrypt"[..]) {
        return Err(PdfError::Unsupported("encryption"));
    }
    if trailer.contains_key(&b"XRefStm"[..]) {
        return Err(PdfError::Unsupported("a hybrid cross-reference"));
    }
    let previous = match trailer.get(&b"Prev"[..]) {
        None => None,
        Some(previous) => Some(previous.index().ok_or_else(|| parser.malformed())?),
    };
    parser.expect(b"startxref")?;
    if parser.number()? != at {
        return Err(parser.malformed());
    }
    parser.skip_white();
    if !parser.take(b"%%EOF") {
        return Err(parser.malformed());
    }
    Ok(Section { table, trailer, previous, end: parser.at() })
}

/// Reads up to and with the word `trailer`.
fn read_table(parser: &mut Parser<'_>) -> Result<Table, PdfError> {
    let mut table = Table::new();
    while parser.expect(b"trailer").is_err() {
        let (first, count) = (parser.number()?, parser.number()?);
        for index in 0..count {
            let (offset, generation) = (parser.number()?, parser.number()?);
            let entry = if parser.expect(b"n").is_ok() {
                let generation = u16::try_from(generation).map_err(|_| parser.malformed())?;
                Entry::At { offset, generation }
            } else {
                parser.expect(b"f")?;
                Entry::Free
            };
            insert(&mut table, first.saturating_add(index), entry)?;
        }
    }
    Ok(table)
}

fn insert(table: &mut Table, number: usize, entry: Entry) -> Result<(), PdfError> {
    let number = u32::try_from(number).ok().filter(|number| (*number as usize) < MAX_OBJECTS);
    let number = number.ok_or(PdfError::Unsupported("too many objects"))?;
    if number == 0 && entry != Entry::Free {
        return Err(PdfError::Unsupported("an object of the number 0"));
    }
    match table.insert(number, entry) {
        None => Ok(()),
        Some(_) => Err(PdfError::Unsupported("an object that a section names twice")),
    }
}

fn read_stream(bytes: &[u8], parser: &mut Parser<'_>) -> Result<(Table, Dictionary), PdfError> {
    parser.object_header()?;
    let Object::Dictionary(dictionary) = parser.object()? else {
        return Err(parser.malformed());
    };
    if !dictionary.get(&b"Type"[..]).is_some_and(|kind| kind.is_name("XRef")) {
        return Err(parser.malformed());
    }
    let length = dictionary.get(&b"Length"[..]).and_then(Object::index);
    let length = length.ok_or_else(|| parser.malformed())?;
    let data = read_data(parser, length)?;
    parser.expect(b"endobj")?;
    let data = bytes.get(data).ok_or_else(|| parser.malformed())?;
    let table = read_entries(&dictionary, &unpack(&dictionary, data)?);
    Ok((table.ok_or_else(|| parser.malformed())??, dictionary))
}

/// Past the data of a stream of that length; gives where it stands.
pub(crate) fn read_data(
    parser: &mut Parser<'_>,
    length: usize,
) -> Result<std::ops::Range<usize>, PdfError> {
    parser.expect(b"stream")?;
    if !parser.take(b"\r\n") && !parser.take(b"\n") {
        return Err(parser.malformed());
    }
    let start = parser.at();
    let end = start.checked_add(length).ok_or_else(|| parser.malformed())?;
    parser.seek(end);
    parser.skip_white();
    parser.expect(b"endstream")?;
    Ok(start..end)
}

/// `None`: the fields do not have their forms.
fn read_entries(dictionary: &Dictionary, data: &[u8]) -> Option<Result<Table, PdfError>> {
    let numbers = |key: &str| -> Option<Vec<usize>> {
        dictionary.get(key.as_bytes())?.array()?.iter().map(Object::index).collect()
    };
    let widths: [usize; 3] = numbers("W")?.try_into().ok()?;
    let size = dictionary.get(&b"Size"[..])?.index()?;
    let index = match dictionary.contains_key(&b"Index"[..]) {
        true => numbers("Index")?,
        false => vec![0, size],
    };
    let row: usize = widths.iter().sum();
    if row == 0 || widths.iter().any(|width| *width > 8) {
        return None;
    }
    let mut rows = data.chunks_exact(row);
    let mut table = Table::new();
    for pair in index.chunks(2) {
        let [first, count] = *pair else { return None };
        for at in 0..count {
            let entry = read_entry(rows.next()?, widths)?;
            if let Err(error) = insert(&mut table, first.checked_add(at)?, entry) {
                return Some(Err(error));
            }
        }
    }
    Some(Ok(table))
}

fn read_entry(row: &[u8], [first, second, third]: [usize; 3]) -> Option<Entry> {
    let (kind, rest) = row.split_at_checked(first)?;
    let (middle, last) = rest.split_at_checked(second)?;
    let number = |bytes: &[u8]| {
        let number = bytes.iter().fold(0_u64, |sum, byte| sum << 8 | u64::from(*byte));
        usize::try_from(number).ok()
    };
    let (middle, last) = (number(middle)?, number(last.get(..third)?)?);
    // Without a first field an entry is of the second kind.
    match if kind.is_empty() { 1 } else { number(kind)? } {
        0 => Some(Entry::Free),
        1 => Some(Entry::At { offset: middle, generation: u16::try_from(last).ok()? }),
        2 => Some(Entry::InStream { stream: u32::try_from(middle).ok()?, index: last }),
        _ => None,
    }
}
