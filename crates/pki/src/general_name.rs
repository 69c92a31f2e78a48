//! `GeneralName` (RFC 5280 §4.2.1.6): what an extension names things by.

use const_oid::ObjectIdentifier;

use crate::decode::{self, Malformed, Reader, oid};
use crate::encode::{Encoder, PRINTABLE_STRING, UTF8_STRING, constructed, primitive};
use crate::name::Name;

const TELETEX_STRING: u8 = 0x14;
const BMP_STRING: u8 = 0x1E;

const OTHER: u8 = constructed(0);
const EMAIL: u8 = primitive(1);
const DNS: u8 = primitive(2);
const DIRECTORY: u8 = constructed(4);
const EDI_PARTY: u8 = constructed(5);
const URI: u8 = primitive(6);
const IP: u8 = primitive(7);
const REGISTERED: u8 = primitive(8);

/// A name, as far as anything here asks for it.
pub(crate) enum GeneralName<'a> {
    /// otherName: its kind, and its value as a whole element.
    Other(ObjectIdentifier, &'a [u8]),
    /// directoryName.
    Directory(Name),
    /// uniformResourceIdentifier.
    Uri(&'a str),
    /// A name of another kind, well-formed. An x400Address is not read.
    OfAnotherKind,
}

impl<'a> GeneralName<'a> {
    pub(crate) fn read(reader: &mut Reader<'a>) -> Result<Self, Malformed> {
        let element = reader.element()?;
        let content = element.content;
        match element.tag {
            OTHER => decode::decode(content, |name| {
                let kind = name.oid()?;
                let value = name.explicit(0, Reader::whole)?.ok_or(Malformed::Unexpected)?;
                Ok(Self::Other(kind, value))
            }),
            DIRECTORY => Name::from_der(content).map(Self::Directory),
            URI => ascii(content).map(Self::Uri),
            EMAIL | DNS => ascii(content).map(|_| Self::OfAnotherKind),
            EDI_PARTY => decode::decode(content, |party| {
                party.explicit(0, directory_string)?;
                party.explicit(1, directory_string)?.ok_or(Malformed::Unexpected)?;
                Ok(Self::OfAnotherKind)
            }),
            IP => Ok(Self::OfAnotherKind),
            REGISTERED => oid(content).map(|_| Self::OfAnotherKind),
            _ => Err(Malformed::Unexpected),
        }
    }

    /// Reads `GeneralNames`, without their own header, and calls `each`.
    pub(crate) fn read_each(
        names: &mut Reader<'a>,
        mut each: impl FnMut(Self),
    ) -> Result<(), Malformed> {
        names.each(|names| Self::read(names).map(&mut each))
    }
}

/// Writes `[4] directoryName`; EXPLICIT, since a Name is a CHOICE.
pub(crate) fn write_directory_name(out: &mut Encoder, name: &Name) {
    out.nest(DIRECTORY, |directory| directory.raw(name.as_der()));
}

/// Writes `[6] uniformResourceIdentifier`.
pub(crate) fn write_uri(out: &mut Encoder, uri: &str) {
    out.value(URI, uri.as_bytes());
}

/// The content of an IA5String.
fn ascii(content: &[u8]) -> Result<&str, Malformed> {
    let text = std::str::from_utf8(content).map_err(|_| Malformed::Value)?;
    if text.is_ascii() { Ok(text) } else { Err(Malformed::Value) }
}

fn directory_string(reader: &mut Reader<'_>) -> Result<(), Malformed> {
    match reader.element()?.tag {
        PRINTABLE_STRING | TELETEX_STRING | UTF8_STRING | BMP_STRING => Ok(()),
        _ => Err(Malformed::Unexpected),
    }
}
