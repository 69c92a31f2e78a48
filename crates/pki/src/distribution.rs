//! Where a CRL is found: the names that a certificate and its CRL have in common.

use crate::decode::{Malformed, Reader};
use crate::encode::{Encoder, constructed, encode};
use crate::general_name::{GeneralName, write_directory_name, write_uri};
use crate::name::Name;

/// The full names of a distribution point (RFC 5280 §4.2.1.13, §5.2.5).
///
/// The same names stand in a certificate's cRLDistributionPoints and, in its CRL, in
/// issuingDistributionPoint: by a name in common a certificate finds the CRL that covers it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DistributionPoint {
    /// Each a whole DER `GeneralName`.
    names: Vec<Vec<u8>>,
    directory: Option<Name>,
    uri: Option<String>,
}

impl DistributionPoint {
    /// A point in the directory, and an address over HTTP where there is one: two ways to one CRL.
    pub(crate) fn new(directory: Name, uri: Option<String>) -> Self {
        let mut names = vec![encode(|out| write_directory_name(out, &directory))];
        names.extend(uri.as_ref().map(|uri| encode(|out| write_uri(out, uri))));
        Self { names, directory: Some(directory), uri }
    }

    /// A point that is an address over HTTP alone.
    pub(crate) fn at(uri: &str) -> Self {
        let names = vec![encode(|out| write_uri(out, uri))];
        Self { names, directory: None, uri: Some(uri.to_owned()) }
    }

    /// Reads a `DistributionPointName`: the full names; a name relative to the CRL's issuer is put below the
    /// issuer's.
    pub(crate) fn read(reader: &mut Reader<'_>, issuer: &Name) -> Result<Self, Malformed> {
        if let Some(names) = reader.explicit(0, Self::read_names)? {
            return Ok(names);
        }
        let part = reader.take(constructed(1))?;
        Ok(Self::new(issuer.with_last(part)?, None))
    }

    fn read_names(names: &mut Reader<'_>) -> Result<Self, Malformed> {
        let mut point = Self { names: Vec::new(), directory: None, uri: None };
        names.each(|names| {
            point.names.push(names.clone().whole()?.to_vec());
            match GeneralName::read(names)? {
                GeneralName::Directory(name) if point.directory.is_none() => {
                    point.directory = Some(name);
                }
                GeneralName::Uri(uri) if point.uri.is_none() => point.uri = Some(uri.to_owned()),
                _ => {}
            }
            Ok::<_, Malformed>(())
        })?;
        Ok(point)
    }

    /// The first directory name.
    pub fn directory(&self) -> Option<&Name> {
        self.directory.as_ref()
    }

    /// The first address.
    pub fn uri(&self) -> Option<&str> {
        self.uri.as_deref()
    }

    /// Whether a certificate with this point is covered by a CRL for the other (RFC 5280 §6.3.3 b 2).
    pub fn shares_name(&self, other: &Self) -> bool {
        self.names.iter().any(|name| other.names.contains(name))
    }

    /// Writes `DistributionPointName`: `[0] fullName`.
    pub(crate) fn write(&self, out: &mut Encoder) {
        out.nest(constructed(0), |names| {
            for name in &self.names {
                names.raw(name);
            }
        });
    }
}
