//! The new PINs of an application (APPLY-5).

use crate::{PinForm, Refusal, SignaturePassword, Use, UserAuthenticationPin, Uses};

/// A new PIN as typed, twice.
#[derive(Clone, Copy)]
pub struct TypedTwice<'a> {
    /// The first entry.
    pub first: &'a str,
    /// The second entry.
    pub second: &'a str,
}

/// New PINs for exactly what was applied for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewPins {
    signature: Option<SignaturePassword>,
    user_authentication: Option<UserAuthenticationPin>,
}

impl NewPins {
    /// Takes what was typed for an application for `uses`.
    ///
    /// # Errors
    /// The first thing that is wrong, signature first: a PIN is missing, or was not asked for; its
    /// form is wrong; its two entries differ.
    pub fn parse(
        uses: Uses,
        signature: Option<TypedTwice<'_>>,
        user_authentication: Option<TypedTwice<'_>>,
    ) -> Result<Self, Refusal> {
        Ok(Self {
            signature: parse_one(uses, Use::Signature, signature, SignaturePassword::parse)?,
            user_authentication: parse_one(
                uses,
                Use::UserAuthentication,
                user_authentication,
                UserAuthenticationPin::parse,
            )?,
        })
    }

    /// The signature password, if the signature certificate was applied for.
    pub fn signature(&self) -> Option<&SignaturePassword> {
        self.signature.as_ref()
    }

    /// The user-authentication PIN, if that certificate was applied for.
    pub fn user_authentication(&self) -> Option<&UserAuthenticationPin> {
        self.user_authentication.as_ref()
    }
}

fn parse_one<P>(
    uses: Uses,
    usage: Use,
    typed: Option<TypedTwice<'_>>,
    parse: impl Fn(&str) -> Result<P, PinForm>,
) -> Result<Option<P>, Refusal> {
    match (uses.contains(usage), typed) {
        (false, None) => Ok(None),
        (true, None) => Err(Refusal::PinMissing { usage }),
        (false, Some(_)) => Err(Refusal::PinNotAskedFor { usage }),
        (true, Some(TypedTwice { first, second })) => {
            let pin = parse(first).map_err(|form| wrong_form(usage, form))?;
            if first == second { Ok(Some(pin)) } else { Err(Refusal::PinEntriesDiffer { usage }) }
        }
    }
}

fn wrong_form(usage: Use, form: PinForm) -> Refusal {
    match form {
        PinForm::Length => Refusal::PinLength { usage },
        PinForm::Character => Refusal::PinCharacter { usage },
        PinForm::NoLetter => Refusal::PinNoLetter { usage },
        PinForm::NoDigit => Refusal::PinNoDigit { usage },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PASSWORD: TypedTwice<'_> = TypedTwice { first: "ABC123", second: "ABC123" };
    const PIN: TypedTwice<'_> = TypedTwice { first: "0417", second: "0417" };
    const AUTHENTICATION: Uses = Uses { signature: false, user_authentication: true };

    fn signature_refused(first: &str, second: &str) -> Refusal {
        NewPins::parse(Uses::BOTH, Some(TypedTwice { first, second }), Some(PIN)).unwrap_err()
    }

    #[test]
    fn apply_5_pins_are_set_for_what_was_applied_for() {
        let both = NewPins::parse(Uses::BOTH, Some(PASSWORD), Some(PIN)).unwrap();
        assert_eq!(both.signature().unwrap().as_bytes(), b"ABC123");
        assert_eq!(both.user_authentication().unwrap().as_bytes(), b"0417");
        let one = NewPins::parse(AUTHENTICATION, None, Some(PIN)).unwrap();
        assert_eq!(one.signature(), None);
        assert!(one.user_authentication().is_some());
    }

    #[test]
    fn apply_5_a_pin_is_neither_missing_nor_unasked_for() {
        let usage = Use::UserAuthentication;
        assert_eq!(
            NewPins::parse(Uses::BOTH, Some(PASSWORD), None),
            Err(Refusal::PinMissing { usage })
        );
        let usage = Use::Signature;
        assert_eq!(
            NewPins::parse(AUTHENTICATION, Some(PASSWORD), Some(PIN)),
            Err(Refusal::PinNotAskedFor { usage })
        );
    }

    #[test]
    fn apply_5_both_entries_are_equal() {
        let usage = Use::Signature;
        assert_eq!(signature_refused("ABC123", "ABC124"), Refusal::PinEntriesDiffer { usage });
    }

    #[test]
    fn apply_5_the_form_is_that_of_the_card() {
        let usage = Use::Signature;
        for (typed, refusal) in [
            ("ABC12", Refusal::PinLength { usage }),
            ("abc123", Refusal::PinCharacter { usage }),
            ("123456", Refusal::PinNoLetter { usage }),
            ("ABCDEF", Refusal::PinNoDigit { usage }),
        ] {
            assert_eq!(signature_refused(typed, typed), refusal);
        }
    }
}
