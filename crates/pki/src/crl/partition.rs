//! CRL partitions: which certificates one CRL covers.

use inrou_rules::{Medium, Use};

use crate::distribution::DistributionPoint;
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
    /// The path of its CRL below the base address, such as `signature/card/13221.crl`.
    pub fn path(&self) -> String {
        match self {
            Self::Issuer { usage } => format!("{}/issuer.crl", usage_text(*usage)),
            Self::Holders {
                usage,
                medium,
                place,
            } => {
                let medium = match medium {
                    Medium::Card => "card",
                    Medium::Phone => "phone",
                };
                format!("{}/{medium}/{}.crl", usage_text(*usage), place.code)
            }
        }
    }
}

impl IssuerSettings {
    /// Where the CRL of that partition is found: the names in its issuingDistributionPoint and in the
    /// certificates that it covers.
    pub fn distribution_point(&self, partition: &Partition) -> DistributionPoint {
        let directory = match partition {
            Partition::Issuer { usage } => self.issuer_name(*usage),
            Partition::Holders {
                usage,
                medium,
                place,
            } => {
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
            base.map(|base| format!("{}/{}", base.as_str(), partition.path())),
        )
    }
}

fn usage_text(usage: Use) -> &'static str {
    match usage {
        Use::Signature => "signature",
        Use::UserAuthentication => "user-authentication",
    }
}
