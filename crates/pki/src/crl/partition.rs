//! CRL partitions: which certificates one CRL covers.

use std::fmt;
use std::str::FromStr;

use inrou_rules::{Medium, Municipality, Use};

use crate::distribution::DistributionPoint;
use crate::keys::KeyIdentifier;
use crate::name::{Name, Part};
use crate::profile::{IssuerSettings, Place};

/// The scope of one CRL. It is fixed at issuance: the certificate names its partition.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Partition {
    /// What the issuer's own certificates point to: the issuer's own name.
    Issuer {
        /// Which issuer.
        usage: Use,
    },
    /// The holders of a municipality, by medium.
    Holders {
        /// Which issuer.
        usage: Use,
        /// Cards or phones.
        medium: Medium,
        /// The municipality at issuance.
        place: Place,
    },
}

impl Partition {
    /// The path of its CRL by that issuer's key.
    pub fn path(&self, issuer: KeyIdentifier) -> CrlPath {
        let [a, b, c, d, ..] = issuer.0;
        let generation = [a, b, c, d];
        match self {
            Self::Issuer { usage } => CrlPath { usage: *usage, generation, holders: None },
            Self::Holders { usage, medium, place } => {
                CrlPath { usage: *usage, generation, holders: Some((*medium, place.code)) }
            }
        }
    }
}

/// Where a CRL stands below the base address: `signature/3f21c09a/card/13221.crl`, or
/// `signature/3f21c09a/issuer.crl` for the issuer's own name.
///
/// The second part is the beginning of the issuer's key identifier. The generations of an issuer share
/// their partitions, but OpenSSL takes a CRL by no other key than the one that signed the certificate, so
/// each generation has a CRL of its own at an address of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct CrlPath {
    /// Which issuer.
    pub usage: Use,
    /// The first four bytes of its key identifier.
    pub generation: [u8; 4],
    /// Medium and municipality of the holders; `None` for the issuer's own name.
    pub holders: Option<(Medium, Municipality)>,
}

impl CrlPath {
    /// Whether the CRL is signed by that key of the issuer.
    pub fn is_by(&self, issuer: KeyIdentifier) -> bool {
        issuer.0.starts_with(&self.generation)
    }
}

impl fmt::Display for CrlPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let generation = u32::from_be_bytes(self.generation);
        write!(f, "{}/{generation:08x}/", self.usage.as_str())?;
        match self.holders {
            Some((medium, municipality)) => {
                write!(f, "{}/{municipality}.crl", medium.as_str())
            }
            None => f.write_str("issuer.crl"),
        }
    }
}

/// The text is not the path of a CRL.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not the path of a CRL")]
pub struct InvalidCrlPath;

impl FromStr for CrlPath {
    type Err = InvalidCrlPath;

    /// Reads what `Display` writes, and nothing else.
    fn from_str(text: &str) -> Result<Self, InvalidCrlPath> {
        let parts: Vec<&str> =
            text.strip_suffix(".crl").ok_or(InvalidCrlPath)?.split('/').collect();
        let (usage, generation, holders) = match parts[..] {
            [usage, generation, "issuer"] => (usage, generation, None),
            [usage, generation, medium, municipality] => {
                let named = |known: &Medium| known.as_str() == medium;
                let medium = Medium::ALL.into_iter().find(named);
                let municipality = municipality.parse().map_err(|_| InvalidCrlPath)?;
                (usage, generation, Some((medium.ok_or(InvalidCrlPath)?, municipality)))
            }
            _ => return Err(InvalidCrlPath),
        };
        let named = |known: &Use| known.as_str() == usage;
        let usage = Use::ALL.into_iter().find(named).ok_or(InvalidCrlPath)?;
        let generation = u32::from_str_radix(generation, 16).map_err(|_| InvalidCrlPath)?;
        let path = Self { usage, generation: generation.to_be_bytes(), holders };
        if path.to_string() == text { Ok(path) } else { Err(InvalidCrlPath) }
    }
}

impl IssuerSettings {
    /// Where the CRL of that partition by the issuer's key is found: the names in its
    /// issuingDistributionPoint and in the certificates that it covers. The directory name is the same for
    /// all keys.
    pub fn distribution_point(
        &self,
        partition: &Partition,
        issuer: KeyIdentifier,
    ) -> DistributionPoint {
        let directory = match partition {
            Partition::Issuer { usage } => self.issuer_name(*usage),
            Partition::Holders { usage, medium, place } => {
                let settings = self.of(*usage);
                Name::of(&[
                    Part::Country("JP"),
                    Part::Organisation(&self.organisation),
                    Part::Unit(&settings.unit),
                    Part::Unit(&settings.on(*medium).crl_unit),
                    Part::Unit(&place.prefecture),
                    Part::CommonName(&format!("{} CRLDP", place.municipality)),
                ])
            }
        };
        let base = self.crl_base_uri.as_ref();
        DistributionPoint::new(
            directory,
            base.map(|base| format!("{}/{}", base.as_str(), partition.path(issuer))),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_read_as_they_are_written_and_no_others() {
        let key = KeyIdentifier([0x3F; 20]);
        let place = Place {
            code: "13221".parse().unwrap(),
            prefecture: "Tokyo-to".to_owned(),
            municipality: "Kiyose-shi".to_owned(),
        };
        for usage in Use::ALL {
            let holders = |medium| Partition::Holders { usage, medium, place: place.clone() };
            let own = Partition::Issuer { usage };
            for partition in [own, holders(Medium::Card), holders(Medium::Phone)] {
                let path = partition.path(key);
                assert!(path.is_by(key) && !path.is_by(KeyIdentifier([0; 20])));
                assert_eq!(path.to_string().parse(), Ok(path));
            }
        }
        assert!("signature/0f21c09a/card/13221.crl".parse::<CrlPath>().is_ok());
        for wrong in [
            "",
            ".crl",
            "signature/0f21c09a/card/13221",
            "signature/0f21c09a/card/1322.crl",
            "signature/f21c09a/card/13221.crl",
            "signature/+f21c09a/card/13221.crl",
            "signature/0F21C09A/card/13221.crl",
            "signature/0f21c09a/watch/13221.crl",
            "seal/0f21c09a/card/13221.crl",
            "signature/0f21c09a/card/13221.crl/",
            "signature/0f21c09a/card/../issuer.crl",
        ] {
            assert_eq!(wrong.parse::<CrlPath>(), Err(InvalidCrlPath), "{wrong}");
        }
    }
}
