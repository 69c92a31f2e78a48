//! What the end of a card's certificate does to the phone's certificates that stand on it: VALID-4, as
//! one table. Plain expiry needs no row: a phone's certificate ends no later than its source (VALID-1).

use crate::{RevocationReason, Settings, Use};

/// What befalls a card's certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SourceEnd {
    /// It is renewed (CARD-9).
    Renewed,
    /// Its card is replaced by another one while in force.
    CardReplaced,
    /// Its card is lost, and replaced by another one.
    LostCardReplaced,
    /// The resident stops using it (CARD-10), or the card that was lost is found (CARD-12).
    Stopped,
    /// Name, address, birth date or sex changed (CARD-7).
    RecordChanged,
    /// The person died or moved abroad (CARD-13).
    Departed,
    /// The operator revokes it.
    RevokedByOperator(RevocationReason),
    /// Its card is reported lost (CARD-11).
    Held,
}

/// What becomes of a phone's certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PhoneFate {
    /// Nothing.
    Stays,
    /// It is put on hold.
    Held,
    /// It is revoked.
    Revoked(RevocationReason),
}

impl SourceEnd {
    /// Why the card's own certificate is revoked (VALID-5); `None` if it is not.
    pub fn on_card(self) -> Option<RevocationReason> {
        match self {
            Self::Renewed | Self::CardReplaced => Some(RevocationReason::Superseded),
            Self::LostCardReplaced | Self::Stopped => Some(RevocationReason::CessationOfOperation),
            Self::RecordChanged | Self::Departed => Some(RevocationReason::AffiliationChanged),
            Self::RevokedByOperator(reason) => Some(reason),
            Self::Held => None,
        }
    }

    /// What becomes of a phone's certificate for `usage` that stands on it (VALID-4).
    pub fn on_phone(self, usage: Use, settings: &Settings) -> PhoneFate {
        match (self, usage) {
            (Self::Renewed | Self::CardReplaced | Self::LostCardReplaced, _) => {
                PhoneFate::Revoked(RevocationReason::Superseded)
            }
            (Self::Stopped, _) => PhoneFate::Revoked(RevocationReason::CessationOfOperation),
            // VALID-3: it names none of the four attributes.
            (Self::RecordChanged, Use::UserAuthentication) => PhoneFate::Stays,
            (Self::RecordChanged, Use::Signature) | (Self::Departed, _) => {
                PhoneFate::Revoked(RevocationReason::AffiliationChanged)
            }
            (Self::RevokedByOperator(RevocationReason::Superseded), _) => {
                PhoneFate::Revoked(RevocationReason::Superseded)
            }
            (Self::RevokedByOperator(RevocationReason::AffiliationChanged), _) => {
                PhoneFate::Revoked(RevocationReason::AffiliationChanged)
            }
            // A compromised key is the card's, not the phone's own.
            (Self::RevokedByOperator(_), _) => {
                PhoneFate::Revoked(RevocationReason::CessationOfOperation)
            }
            (Self::Held, _) if settings.card_hold_includes_phone => PhoneFate::Held,
            (Self::Held, _) => PhoneFate::Stays,
        }
    }
}

#[cfg(test)]
mod tests {
    use RevocationReason::{
        AffiliationChanged, CaCompromise, CessationOfOperation, KeyCompromise, Superseded,
    };

    use super::*;

    #[test]
    fn valid_4_each_end_of_a_source_has_its_consequence() {
        let settings = Settings::default();
        let by_operator = SourceEnd::RevokedByOperator;
        for (end, on_card, on_phone) in [
            (SourceEnd::Renewed, Superseded, Superseded),
            (SourceEnd::CardReplaced, Superseded, Superseded),
            (SourceEnd::LostCardReplaced, CessationOfOperation, Superseded),
            (SourceEnd::Stopped, CessationOfOperation, CessationOfOperation),
            (SourceEnd::Departed, AffiliationChanged, AffiliationChanged),
            (by_operator(KeyCompromise), KeyCompromise, CessationOfOperation),
            (by_operator(CaCompromise), CaCompromise, CessationOfOperation),
            (by_operator(Superseded), Superseded, Superseded),
            (by_operator(CessationOfOperation), CessationOfOperation, CessationOfOperation),
        ] {
            assert_eq!(end.on_card(), Some(on_card), "{end:?}");
            for usage in Use::ALL {
                assert_eq!(end.on_phone(usage, &settings), PhoneFate::Revoked(on_phone), "{end:?}");
            }
        }
    }

    #[test]
    fn valid_3_a_change_ends_the_phones_signature_certificate_alone() {
        let (end, settings) = (SourceEnd::RecordChanged, Settings::default());
        assert_eq!(end.on_card(), Some(AffiliationChanged));
        let lapsed = PhoneFate::Revoked(AffiliationChanged);
        assert_eq!(end.on_phone(Use::Signature, &settings), lapsed);
        assert_eq!(end.on_phone(Use::UserAuthentication, &settings), PhoneFate::Stays);
    }

    #[test]
    fn valid_4_what_the_hold_of_the_card_does_is_a_setting() {
        let mut settings = Settings::default();
        assert_eq!(SourceEnd::Held.on_card(), None);
        for (included, fate) in [(false, PhoneFate::Stays), (true, PhoneFate::Held)] {
            settings.card_hold_includes_phone = included;
            assert_eq!(SourceEnd::Held.on_phone(Use::Signature, &settings), fate);
        }
    }
}
