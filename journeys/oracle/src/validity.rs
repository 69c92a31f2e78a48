//! How long cards and certificates are valid: S4 §4, S0 Q1 (CARD-8, CARD-9); S2 Q4 (VALID-1).

use jiff::civil::Date;
use jiff::{Timestamp, ToSpan};

use super::japan;

/// CARD-8: the card itself: the tenth birthday after the issue, the fifth for who is under 18 then.
pub fn card_ends(birth: Date, issued: Timestamp) -> Timestamp {
    let birthdays = if japan::has_age(birth, 18, issued) { 10 } else { 5 };
    japan::end_of(japan::birthday_after(birth, japan::day_of(issued), birthdays))
}

/// CARD-8: a card's certificate: the fifth birthday after the issue, or the card's last day.
pub fn card_certificate_ends(birth: Date, issued: Timestamp, card_ends: Timestamp) -> Timestamp {
    japan::end_of(japan::birthday_after(birth, japan::day_of(issued), 5)).min(card_ends)
}

/// CARD-9: renewal opens the day after the day three months before the certificate's last day.
pub fn renewal_opens(not_after: Timestamp) -> Timestamp {
    let three_months_before =
        japan::day_of(not_after).checked_sub(3.months()).expect("a day of this century");
    japan::at(three_months_before.tomorrow().expect("a day of this century"), 0, 0, 0)
}

/// VALID-1: a phone's certificate ends with its source, and never later than the card's signature
/// certificate that signed the application.
pub fn phone_certificate_ends(source: Timestamp, signed_by: Timestamp) -> Timestamp {
    source.min(signed_by)
}

/// Whether something has ended: it is valid through the whole of its last second.
pub fn is_over(not_after: Timestamp, moment: Timestamp) -> bool {
    moment.as_second() > not_after.as_second()
}
