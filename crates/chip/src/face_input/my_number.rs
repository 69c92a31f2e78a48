//! The My Number, and EF 0001, which holds it.

use std::fmt;

use zeroize::Zeroizing;

use crate::tlv;

const TAG: u16 = 0xFF10;

/// A My Number (個人番号): twelve digits. Never shown, wiped when dropped.
#[derive(Clone, PartialEq, Eq)]
pub struct MyNumber(Zeroizing<[u8; 12]>);

/// The text is not twelve digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a My Number has twelve digits")]
pub struct InvalidMyNumber;

impl MyNumber {
    /// Takes twelve ASCII digits. The check digit is not looked at.
    ///
    /// # Errors
    /// They are not twelve digits.
    pub fn parse(digits: &[u8]) -> Result<Self, InvalidMyNumber> {
        let digits: [u8; 12] = digits.try_into().map_err(|_| InvalidMyNumber)?;
        if digits.iter().all(u8::is_ascii_digit) {
            Ok(Self(Zeroizing::new(digits)))
        } else {
            Err(InvalidMyNumber)
        }
    }

    /// The twelve ASCII digits.
    pub fn as_bytes(&self) -> &[u8] {
        &*self.0
    }

    /// Whether the check digit is right (order on the My Number, article 5): such a number may be a
    /// person's, so no sandbox uses it.
    pub fn has_right_check_digit(&self) -> bool {
        let [digits @ .., check] = &*self.0;
        // From the right: the weights 2 to 7, then 2 to 6.
        let weights = (2..=7).chain(2..=6);
        let sum: u32 =
            digits.iter().rev().zip(weights).map(|(digit, weight)| value(*digit) * weight).sum();
        let right = match sum % 11 {
            0 | 1 => 0,
            remainder => 11 - remainder,
        };
        value(*check) == right
    }
}

impl fmt::Debug for MyNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MyNumber(..)")
    }
}

/// EF 0001: `FF10 { digits }` and two bytes of filler, 17 bytes in all.
pub(crate) fn my_number_file(number: &MyNumber) -> Vec<u8> {
    let mut file = tlv::object(TAG, number.as_bytes());
    file.extend([0xFF, 0xFF]);
    file
}

/// The number in EF 0001; `None` if the file has another form.
pub(crate) fn parse_my_number_file(file: &[u8]) -> Option<MyNumber> {
    let (object, _filler) = tlv::take(file)?;
    MyNumber::parse(object.value).ok().filter(|_| object.tag == TAG)
}

fn value(digit: u8) -> u32 {
    u32::from(digit - b'0')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_has_the_observed_form() {
        let number = MyNumber::parse(b"123456789012").unwrap();
        let file = my_number_file(&number);
        assert_eq!(file, [b"\xFF\x10\x0C".as_slice(), b"123456789012", b"\xFF\xFF"].concat());
        assert_eq!(parse_my_number_file(&file), Some(number));
        assert_eq!(parse_my_number_file(&file[..14]), None);
        assert_eq!(parse_my_number_file(b"\xFF\x20\x0C123456789012"), None);
    }

    #[test]
    fn the_check_digit_tells_a_possible_number_from_a_made_up_one() {
        // 1·6 + 2·5 + 3·4 + 4·3 + 5·2 + 6·7 + 7·6 + 8·5 + 9·4 + 0·3 + 1·2 = 212 = 19·11 + 3; 11 − 3 = 8.
        let right = |digits: &[u8]| MyNumber::parse(digits).unwrap().has_right_check_digit();
        let checks = (b'0'..=b'9').filter(|&check| {
            let mut digits = *b"123456789010";
            digits[11] = check;
            right(&digits)
        });
        assert_eq!(checks.collect::<Vec<_>>(), b"8");
        assert!(right(b"000000000000"), "a remainder of 0 means the digit 0");
    }

    #[test]
    fn only_twelve_digits_are_a_number() {
        for wrong in [b"".as_slice(), b"12345678901", b"1234567890123", b"12345678901x"] {
            assert_eq!(MyNumber::parse(wrong), Err(InvalidMyNumber));
        }
        assert_eq!(format!("{:?}", MyNumber::parse(&[b'7'; 12]).unwrap()), "MyNumber(..)");
    }
}
