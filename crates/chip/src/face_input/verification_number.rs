//! Verification number B (照合番号B), which a reader makes from what is printed on the card.

use inrou_rules::japan;
use jiff::civil::Date;

/// Fourteen digits: birth date as year of the era, month, day (six digits), year in which the card
/// expires (four), security code (four).
///
/// `None` if the security code is not four digits or the date is before the Meiji era.
pub fn verification_number_b(
    birth: Date,
    card_expires: Date,
    security_code: &str,
) -> Option<String> {
    let well_formed = security_code.len() == 4 && security_code.bytes().all(|b| b.is_ascii_digit());
    if !well_formed {
        return None;
    }
    let (_, era_year) = japan::era(birth)?;
    let (month, day, expires) = (birth.month(), birth.day(), card_expires.year());
    Some(format!("{era_year:02}{month:02}{day:02}{expires:04}{security_code}"))
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[test]
    fn the_birth_date_is_of_the_era() {
        for (birth, digits) in [
            (date(1980, 2, 17), "550217"),
            (date(1989, 1, 7), "640107"),
            (date(1989, 1, 8), "010108"),
            (date(2019, 4, 30), "310430"),
            (date(2019, 5, 1), "010501"),
            (date(1926, 12, 24), "151224"),
        ] {
            let number = verification_number_b(birth, date(2035, 2, 17), "1234").unwrap();
            assert_eq!(number, format!("{digits}20351234"));
        }
    }

    #[test]
    fn a_security_code_has_four_digits() {
        for code in ["", "123", "12345", "12a4", "１２３４"] {
            assert_eq!(verification_number_b(date(1980, 2, 17), date(2035, 2, 17), code), None);
        }
    }
}
