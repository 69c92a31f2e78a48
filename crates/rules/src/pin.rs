//! PINs and passwords: forms (CARD-4, CARD-5), parsed once, wiped when dropped, never shown.

use std::fmt;

use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

/// Why a text is not a PIN or password of the kind asked for. Never carries the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PinForm {
    /// The length is out of range.
    Length,
    /// A character is not allowed.
    Character,
    /// A signature password without a letter.
    NoLetter,
    /// A signature password without a digit.
    NoDigit,
}

macro_rules! secret {
    ($(#[$doc:meta])* $name:ident, $tries:literal, $check:path) => {
        $(#[$doc])*
        #[derive(Clone)]
        pub struct $name(Zeroizing<String>);

        impl $name {
            /// Wrong entries in a row that lock the key (CARD-6, PIN-1).
            pub const TRIES: u8 = $tries;

            /// Checks the form of what was typed.
            ///
            /// # Errors
            /// The first thing that is wrong with the form.
            pub fn parse(typed: &str) -> Result<Self, PinForm> {
                $check(typed)?;
                Ok(Self(Zeroizing::new(typed.to_owned())))
            }

            /// The ASCII characters, as a chip compares them.
            pub fn as_bytes(&self) -> &[u8] {
                self.0.as_bytes()
            }
        }

        impl PartialEq for $name {
            fn eq(&self, other: &Self) -> bool {
                self.0 == other.0
            }
        }

        impl Eq for $name {}

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(concat!(stringify!($name), "(..)"))
            }
        }
    };
}

secret!(
    /// Password of a signature certificate: 6 to 16 half-width upper-case letters and digits, at
    /// least one of each (CARD-4).
    SignaturePassword,
    5,
    check_signature_password
);
secret!(
    /// PIN of a user-authentication certificate: exactly four digits (CARD-5).
    UserAuthenticationPin,
    3,
    check_four_digits
);
secret!(
    /// Card-face input PIN (券面入力用暗証番号): exactly four digits (CARD-5). Its three tries are
    /// those of genuine cards.
    CardFacePin,
    3,
    check_four_digits
);

fn check_signature_password(typed: &str) -> Result<(), PinForm> {
    let characters = typed.chars().count();
    if !typed.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit()) {
        Err(PinForm::Character)
    } else if !(6..=16).contains(&characters) {
        Err(PinForm::Length)
    } else if !typed.chars().any(|c| c.is_ascii_uppercase()) {
        Err(PinForm::NoLetter)
    } else if !typed.chars().any(|c| c.is_ascii_digit()) {
        Err(PinForm::NoDigit)
    } else {
        Ok(())
    }
}

fn check_four_digits(typed: &str) -> Result<(), PinForm> {
    if !typed.chars().all(|c| c.is_ascii_digit()) {
        Err(PinForm::Character)
    } else if typed.chars().count() != 4 {
        Err(PinForm::Length)
    } else {
        Ok(())
    }
}
