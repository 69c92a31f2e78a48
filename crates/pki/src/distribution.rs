//! Where a CRL is found: the names that a certificate and its CRL have in common.

use der::Encode;
use x509_cert::ext::pkix::name::{DistributionPointName, GeneralName};

use crate::decode::decode;
use crate::encode::{Encoder, constructed, encode, primitive};
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

    /// The full names; a name relative to the CRL's issuer is put below the issuer's.
    pub(crate) fn read(name: &DistributionPointName, issuer: &Name) -> der::Result<Self> {
        let general_names = match name {
            DistributionPointName::FullName(names) => names,
            DistributionPointName::NameRelativeToCRLIssuer(part) => {
                return Ok(Self::new(issuer.with_last(&part.to_der()?)?, None));
            }
        };
        let mut point = Self { names: Vec::new(), directory: None, uri: None };
        for general_name in general_names {
            point.names.push(general_name.to_der()?);
            match general_name {
                GeneralName::DirectoryName(name) if point.directory.is_none() => {
                    point.directory = Some(decode(&name.to_der()?, Name::read)?);
                }
                GeneralName::UniformResourceIdentifier(uri) if point.uri.is_none() => {
                    point.uri = Some(uri.to_string());
                }
                _ => {}
            }
        }
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

/// `[4] directoryName`; EXPLICIT, since a Name is a CHOICE.
pub(crate) fn write_directory_name(out: &mut Encoder, name: &Name) {
    out.nest(constructed(4), |directory| directory.raw(name.as_der()));
}

/// `[6] uniformResourceIdentifier`.
pub(crate) fn write_uri(out: &mut Encoder, uri: &str) {
    out.value(primitive(6), uri.as_bytes());
}
