//! What a certificate is to the rules: its use, its medium, its life.

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{ChipId, OperationId, RecordVersion};

/// What a certificate is for. Each use has a certification authority of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub enum Use {
    /// Signing documents (署名用電子証明書).
    Signature,
    /// Logging in (利用者証明用電子証明書).
    UserAuthentication,
}

impl Use {
    /// Both, in the order in which the guides name them.
    pub const ALL: [Use; 2] = [Use::Signature, Use::UserAuthentication];

    /// Its name in kebab case, as it is written wherever it is stored or sent.
    pub const fn as_str(self) -> &'static str {
        match self {
            Use::Signature => "signature",
            Use::UserAuthentication => "user-authentication",
        }
    }
}

/// A set of uses: what a resident applies for, or a card is to carry.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "schema", schema(example = json!({"signature": true, "user_authentication": true})))]
pub struct Uses {
    /// The signature certificate is in the set.
    pub signature: bool,
    /// The user-authentication certificate is in the set.
    pub user_authentication: bool,
}

impl Uses {
    /// Both.
    pub const BOTH: Uses = Uses { signature: true, user_authentication: true };
    /// Neither.
    pub const NONE: Uses = Uses { signature: false, user_authentication: false };

    /// Whether `wanted` is in the set.
    pub fn contains(self, wanted: Use) -> bool {
        match wanted {
            Use::Signature => self.signature,
            Use::UserAuthentication => self.user_authentication,
        }
    }

    /// Whether the set is empty.
    pub fn is_empty(self) -> bool {
        self == Uses::NONE
    }

    /// The members, signature first.
    pub fn iter(self) -> impl Iterator<Item = Use> {
        Use::ALL.into_iter().filter(move |&member| self.contains(member))
    }
}

impl FromIterator<Use> for Uses {
    fn from_iter<I: IntoIterator<Item = Use>>(members: I) -> Self {
        let mut uses = Uses::NONE;
        for member in members {
            match member {
                Use::Signature => uses.signature = true,
                Use::UserAuthentication => uses.user_authentication = true,
            }
        }
        uses
    }
}

/// What carries a certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub enum Medium {
    /// The plastic card.
    Card,
    /// A phone's secure element.
    Phone,
}

impl Medium {
    /// Both.
    pub const ALL: [Medium; 2] = [Medium::Card, Medium::Phone];

    /// Its name in kebab case, as it is written wherever it is stored or sent.
    pub const fn as_str(self) -> &'static str {
        match self {
            Medium::Card => "card",
            Medium::Phone => "phone",
        }
    }
}

/// A certificate serial number (発行番号): positive, from one dense counter per issuer name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Serial(pub u64);

impl fmt::Display for Serial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:06X}", self.0)
    }
}

/// Names one certificate for good: the generations of an issuer share one name and one counter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct CertificateId {
    /// Which issuer.
    pub usage: Use,
    /// Its serial number there.
    pub serial: Serial,
}

/// A certificate in the resident's aggregate. *This type is stored.*
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Certificate {
    /// Which one.
    pub id: CertificateId,
    /// Card or phone.
    pub medium: Medium,
    /// The chip that holds its private key.
    pub chip: ChipId,
    /// First second of validity.
    pub not_before: Timestamp,
    /// Last second of validity: 23:59:59 Japan time of the last day.
    pub not_after: Timestamp,
    /// The version of the attributes at issuance (those in a signature certificate).
    pub record: RecordVersion,
    /// For a phone's certificate, the card certificate whose end is its own (VALID-1).
    pub source: Option<CertificateId>,
    /// Where it stands in its life; expiry is not recorded, it follows from `not_after`.
    pub status: CertificateStatus,
    /// The operation in which its holder was last asked to apply for another one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reapplication: Option<OperationId>,
}

impl Certificate {
    /// Whether its last second has passed.
    pub fn is_expired(&self, now: Timestamp) -> bool {
        now.as_second() > self.not_after.as_second()
    }

    /// Whether it is neither revoked nor expired. It may be on hold, or on its way to the chip.
    pub fn is_live(&self, now: Timestamp) -> bool {
        !self.is_revoked() && !self.is_expired(now)
    }

    /// Whether it can be used: on its chip, not on hold, neither revoked nor expired.
    pub fn is_usable(&self, now: Timestamp) -> bool {
        matches!(self.status, CertificateStatus::Active { .. }) && !self.is_expired(now)
    }

    /// Whether it is revoked for good.
    pub fn is_revoked(&self) -> bool {
        matches!(self.status, CertificateStatus::Revoked { .. })
    }

    /// Whether it is on hold.
    pub fn is_held(&self) -> bool {
        self.hold().is_some()
    }

    /// Why it is on hold; `None` if it is not.
    pub fn hold(&self) -> Option<HoldCause> {
        match self.status {
            CertificateStatus::Held { cause, .. } => Some(cause),
            _ => None,
        }
    }

    /// Whether it is not revoked and has never been on its chip (交付前).
    pub fn is_undelivered(&self) -> bool {
        matches!(
            self.status,
            CertificateStatus::Issued | CertificateStatus::Held { was_active: None, .. }
        )
    }
}

/// Where a certificate stands. *This type is stored.*
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "status", rename_all = "kebab-case")]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub enum CertificateStatus {
    /// Issued, not yet written to its chip: status services answer `unknown`.
    Issued,
    /// On its chip and usable.
    Active {
        /// When the chip's receipt came.
        #[cfg_attr(feature = "schema", schema(value_type = String, format = DateTime))]
        since: Timestamp,
    },
    /// Held (一時保留): fails every check from `since` on (LOSS-4).
    Held {
        /// When the hold was accepted.
        #[cfg_attr(feature = "schema", schema(value_type = String, format = DateTime))]
        since: Timestamp,
        /// Whether it had been active; if not, lifting the hold makes it `Issued` again.
        #[cfg_attr(feature = "schema", schema(value_type = Option<String>, format = DateTime))]
        was_active: Option<Timestamp>,
        /// Why; absent where a loss is the only cause.
        #[serde(default, skip_serializing_if = "HoldCause::is_loss")]
        cause: HoldCause,
    },
    /// Revoked for good.
    Revoked {
        /// When.
        #[cfg_attr(feature = "schema", schema(value_type = String, format = DateTime))]
        at: Timestamp,
        /// Why (VALID-5).
        reason: RevocationReason,
    },
}

/// Why a certificate is on hold. *This type is stored.*
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub enum HoldCause {
    /// A loss was reported (LOSS-1, CARD-11).
    #[default]
    Loss,
    /// The operator holds it, and lifts it alone.
    Operator,
    /// Both: each ends by itself.
    LossAndOperator,
}

impl HoldCause {
    /// Whether a loss is a cause.
    pub fn by_loss(self) -> bool {
        matches!(self, HoldCause::Loss | HoldCause::LossAndOperator)
    }

    /// Whether the operator is a cause.
    pub fn by_operator(self) -> bool {
        matches!(self, HoldCause::Operator | HoldCause::LossAndOperator)
    }

    /// Whether a loss is the only cause: that is not written.
    pub(crate) fn is_loss(&self) -> bool {
        *self == HoldCause::Loss
    }

    /// Both causes together.
    pub(crate) fn and(self, other: HoldCause) -> HoldCause {
        if self == other { self } else { HoldCause::LossAndOperator }
    }

    /// What is left of it once `ended` no longer holds; `None` if nothing is.
    pub(crate) fn without(self, ended: HoldCause) -> Option<HoldCause> {
        match (self.by_loss() && !ended.by_loss(), self.by_operator() && !ended.by_operator()) {
            (true, true) => Some(HoldCause::LossAndOperator),
            (true, false) => Some(HoldCause::Loss),
            (false, true) => Some(HoldCause::Operator),
            (false, false) => None,
        }
    }
}

/// Why a certificate was revoked, in the words of RFC 5280 §5.3.1 as the CPS uses them (VALID-5).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub enum RevocationReason {
    /// Discarded before it was handed over (交付前破棄).
    Unspecified,
    /// The holder's private key is compromised.
    KeyCompromise,
    /// An issuer's key is compromised.
    #[serde(rename = "cACompromise")]
    CaCompromise,
    /// Name, address, birth date or sex changed; death; moving abroad.
    AffiliationChanged,
    /// Renewed, or replaced by another phone's.
    Superseded,
    /// The holder stopped using it, or it is lost for good.
    CessationOfOperation,
}
