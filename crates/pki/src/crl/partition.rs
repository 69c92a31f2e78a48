//! CRL partitions: which certificates one CRL covers.

use inrou_rules::{Medium, Use};

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
    /// The path of its CRL below the base address, such as `signature/3f21c09a/card/13221.crl`.
    ///
    /// Its second part is the beginning of the issuer's key identifier. The generations of an issuer share
    /// their partitions, but OpenSSL takes a CRL by no other key than the one that signed the certificate,
    /// so each generation has a CRL of its own at an address of its own.
    pub fn path(&self, issuer: KeyIdentifier) -> String {
        let [a, b, c, d, ..] = issuer.0;
        let generation = format!("{a:02x}{b:02x}{c:02x}{d:02x}");
        match self {
            Self::Issuer { usage } => format!("{}/{generation}/issuer.crl", usage_text(*usage)),
            Self::Holders {
                usage,
                medium,
                place,
            } => {
                let medium = match medium {
                    Medium::Card => "card",
                    Medium::Phone => "phone",
                };
                format!(
                    "{}/{generation}/{medium}/{}.crl",
                    usage_text(*usage),
                    place.code
                )
            }
        }
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
            base.map(|base| format!("{}/{}", base.as_str(), partition.path(issuer))),
        )
    }
}

fn usage_text(usage: Use) -> &'static str {
    match usage {
        Use::Signature => "signature",
        Use::UserAuthentication => "user-authentication",
    }
}
