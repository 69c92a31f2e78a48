//! PINs and passwords: forms (CARD-4, CARD-5), parsed once, wiped when dropped, never shown.

use std::fmt;

use jiff::civil::Date;
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

impl UserAuthenticationPin {
    /// Whether somebody who finds the phone would try it early: one digit or two in turn, digits that
    /// follow each other, or the day or year of birth where it is known. Such a PIN is advised
    /// against, not refused (assumption).
    pub fn is_easily_guessed(&self, birth_date: Option<Date>) -> bool {
        let Ok(digits) = <[u8; 4]>::try_from(self.as_bytes()) else { return false };
        let [a, b, c, d] = digits.map(|digit| digit.wrapping_sub(b'0'));
        let steps = [(a, b), (b, c), (c, d)].map(|(from, to)| (to + 10 - from) % 10);
        let in_turn = a == c && b == d;
        let in_a_row = steps == [1; 3] || steps == [9; 3];
        let of_birth = birth_date.is_some_and(|born| {
            let (year, month, day) = (born.year(), born.month(), born.day());
            let dates = [
                format!("{year:04}"),
                format!("{month:02}{day:02}"),
                format!("{day:02}{month:02}"),
                format!("{:02}{month:02}", year.rem_euclid(100)),
            ];
            dates.iter().any(|date| date.as_bytes() == digits)
        });
        in_turn || in_a_row || of_birth
    }
}

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
