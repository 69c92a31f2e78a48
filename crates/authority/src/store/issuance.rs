//! Serial numbers, intents, certificates, their status, and the CRLs that tell it.

use std::fmt;
use std::str::FromStr;

use inrou_rules::{
    CardId, CertificateId, ChipId, EnrolmentId, InvalidId, Medium, Municipality, ResidentId,
    RevocationReason, Serial, Use,
};
use jiff::Timestamp;

use super::Opaque;

/// A part of an issuer's certificates that has a CRL of its own. Fixed at issuance.
///
/// Written `signature/phone/13221` or `user-authentication/own`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Partition {
    /// Residents' certificates of one municipality on one medium.
    Residents {
        /// The issuer.
        usage: Use,
        /// Card or phone.
        medium: Medium,
        /// The municipality at issuance.
        municipality: Municipality,
    },
    /// The certificates in the issuer's own name, such as its responder's.
    Own {
        /// The issuer.
        usage: Use,
    },
}

impl Partition {
    /// The issuer.
    pub fn usage(self) -> Use {
        match self {
            Self::Residents { usage, .. } | Self::Own { usage } => usage,
        }
    }
}

impl fmt::Display for Partition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Residents { usage, medium, municipality } => {
                write!(f, "{}/{}/{municipality}", usage.as_str(), medium.as_str())
            }
            Self::Own { usage } => write!(f, "{}/{OWN}", usage.as_str()),
        }
    }
}

impl FromStr for Partition {
    type Err = InvalidId;

    fn from_str(text: &str) -> Result<Self, InvalidId> {
        let (usage, rest) = text.split_once('/').ok_or(InvalidId)?;
        let usage = *Use::ALL.iter().find(|each| each.as_str() == usage).ok_or(InvalidId)?;
        if rest == OWN {
            return Ok(Self::Own { usage });
        }
        let (medium, municipality) = rest.split_once('/').ok_or(InvalidId)?;
        let medium = *[Medium::Card, Medium::Phone]
            .iter()
            .find(|each| each.as_str() == medium)
            .ok_or(InvalidId)?;
        Ok(Self::Residents { usage, medium, municipality: municipality.parse()? })
    }
}

const OWN: &str = "own";

/// For what a certificate is to be issued: one issuance may be under way under each key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct IntentKey {
    /// The enrolment or the card.
    pub subject: IntentSubject,
    /// The certificate's use.
    pub usage: Use,
}

/// What asks for an issuance.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum IntentSubject {
    /// A plastic card.
    Card(CardId),
    /// A phone's enrolment.
    Enrolment(EnrolmentId),
}

/// An issuance to be recorded before anything is signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewIntent {
    /// What asks for it.
    pub subject: IntentSubject,
    /// The partition in which the certificate will be, and with it the issuer.
    pub partition: Partition,
    /// Last second of validity.
    pub not_after: Timestamp,
    /// Everything else that the certificate is built from. Must not hold attribute values.
    pub body: Opaque,
}

impl NewIntent {
    /// The key under which it is recorded.
    pub fn key(&self) -> IntentKey {
        IntentKey { subject: self.subject, usage: self.partition.usage() }
    }
}

/// A recorded issuance with its reserved serial number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Intent {
    /// The certificate-to-be.
    pub id: CertificateId,
    /// What was recorded first under the key.
    pub intent: NewIntent,
}

/// Serial numbers reserved in one piece.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SerialRange {
    /// The issuer.
    pub usage: Use,
    /// The first of them.
    pub first: Serial,
    /// How many.
    pub count: u32,
}

/// An issued certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CertificateRecord {
    /// Which one.
    pub id: CertificateId,
    /// The generation of the issuer's key that signed it.
    pub generation: u32,
    /// The CRL partition that it names: the one for which its serial number was reserved.
    pub partition: Partition,
    /// The holder, unless it is the issuer's own.
    pub holder: Option<Holder>,
    /// Last second of validity.
    pub not_after: Timestamp,
    /// The certificate, DER.
    pub der: Vec<u8>,
}

/// Who holds a certificate, and where its private key is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Holder {
    /// The resident.
    pub resident: ResidentId,
    /// The chip.
    pub chip: ChipId,
}

/// What status services say of a serial number that was reserved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// Reserved, or issued and not yet on its chip: `unknown`.
    Pending,
    /// Good.
    Good,
    /// Held: revoked, with reason certificateHold.
    Held {
        /// Since when.
        since: Timestamp,
    },
    /// Revoked for good.
    Revoked {
        /// When.
        at: Timestamp,
        /// Why.
        reason: RevocationReason,
    },
}

impl Status {
    /// It, where `before` was the status until then: what is revoked while it is on hold was not good since the
    /// hold, and that is when it is told to be revoked (LOSS-4).
    #[must_use]
    pub fn after(self, before: Self) -> Self {
        match (before, self) {
            (Self::Held { since }, Self::Revoked { at, reason }) => {
                Self::Revoked { at: at.min(since), reason }
            }
            // A further cause holds what is on hold already.
            (Self::Held { since }, Self::Held { since: again }) => {
                Self::Held { since: since.min(again) }
            }
            (_, status) => status,
        }
    }
}

/// Counts the changes of status, of all issuers together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StatusVersion(pub u64);

/// The present status of one serial number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StatusRecord {
    /// Which one.
    pub id: CertificateId,
    /// Its partition.
    pub partition: Partition,
    /// Last second of validity.
    pub not_after: Timestamp,
    /// Its status.
    pub status: Status,
    /// The change that made it so.
    pub version: StatusVersion,
}

/// The last CRL that was published for a partition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CrlRecord {
    /// Which partition.
    pub partition: Partition,
    /// The CRL number (RFC 5280 §5.2.3).
    pub number: u64,
    /// When it was made.
    pub this_update: Timestamp,
    /// By when the next one follows.
    pub next_update: Timestamp,
    /// How many entries it has.
    pub entries: u64,
    /// Up to which change of status it tells.
    pub status_version: StatusVersion,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_partition_is_read_as_it_is_written() {
        let municipality = "13221".parse().unwrap();
        for usage in Use::ALL {
            for medium in [Medium::Card, Medium::Phone] {
                let partition = Partition::Residents { usage, medium, municipality };
                assert_eq!(partition.to_string().parse(), Ok(partition));
            }
            let own = Partition::Own { usage };
            assert_eq!(own.to_string().parse(), Ok(own));
        }
    }

    #[test]
    fn what_is_no_partition_is_refused() {
        for text in ["", "signature", "signature/", "signature/own/", "x/own", "signature/x/13221"]
        {
            assert_eq!(text.parse::<Partition>(), Err(InvalidId), "{text}");
        }
        assert_eq!("signature/card/1322".parse::<Partition>(), Err(InvalidId));
    }
}
