//! Days, hours, forms: what can be checked by eye.

use jiff::civil::date;

use super::super::japan::{self, Hotline};
use super::super::pins::{is_four_digits, is_signature_password};
use super::super::validity;
use super::*;

#[test]
fn j_1_1_the_test_card_ends_on_the_fifth_birthday() {
    let birth = date(1980, 2, 17);
    let issued = jst(2025, 10, 27, 10, 0);
    let card = validity::card_ends(birth, issued);
    assert_eq!(card, "2035-02-17T14:59:59Z".parse().unwrap());
    let certificate = validity::card_certificate_ends(birth, issued, card);
    assert_eq!(certificate, "2030-02-17T14:59:59Z".parse().unwrap());
}

#[test]
fn card_8_a_birthday_on_the_day_of_issue_does_not_count() {
    let birth = date(1980, 10, 1);
    let day = date(2025, 10, 1);
    assert_eq!(japan::birthday_after(birth, day, 5), date(2030, 10, 1));
    assert_eq!(japan::birthday_after(birth, date(2025, 9, 30), 5), date(2029, 10, 1));
}

#[test]
fn card_8_born_on_29_february() {
    let birth = date(2004, 2, 29);
    assert_eq!(japan::birthday_after(birth, date(2025, 10, 1), 5), date(2030, 2, 28));
    assert_eq!(japan::birthday_after(birth, date(2023, 10, 1), 5), date(2028, 2, 29));
    // On 28 February of a common year that day is the birthday, and does not count.
    assert_eq!(japan::birthday_after(birth, date(2025, 2, 28), 1), date(2026, 2, 28));
}

#[test]
fn card_8_a_child_has_a_card_for_five_birthdays() {
    let birth = date(2010, 5, 5);
    let issued = jst(2025, 10, 1, 10, 0);
    assert_eq!(validity::card_ends(birth, issued), japan::end_of(date(2030, 5, 5)));
    let eighteen = jst(2028, 5, 5, 0, 0);
    assert_eq!(validity::card_ends(birth, eighteen), japan::end_of(date(2038, 5, 5)));
    let the_day_before = jst(2028, 5, 4, 23, 59);
    assert_eq!(validity::card_ends(birth, the_day_before), japan::end_of(date(2032, 5, 5)));
}

#[test]
fn card_9_renewal_opens_the_day_after_three_months_before() {
    let opens = |day| validity::renewal_opens(japan::end_of(day));
    assert_eq!(opens(date(2030, 2, 17)), jst(2029, 11, 18, 0, 0));
    assert_eq!(opens(date(2030, 5, 31)), jst(2030, 3, 1, 0, 0));
}

#[test]
fn card_3_fifteen_from_the_start_of_the_birthday() {
    let birth = date(2010, 10, 2);
    assert!(!japan::has_age(birth, 15, jst(2025, 10, 1, 23, 59)));
    assert!(japan::has_age(birth, 15, jst(2025, 10, 2, 0, 0)));
}

#[test]
fn hours_1_from_8_to_half_past_19() {
    let from = |moment| japan::ready_between(moment).0;
    assert_eq!(from(jst(2025, 10, 1, 7, 59)), jst(2025, 10, 1, 8, 0));
    assert_eq!(from(jst(2025, 10, 1, 8, 0)), jst(2025, 10, 1, 8, 0));
    assert_eq!(from(jst(2025, 10, 1, 19, 29)), jst(2025, 10, 1, 19, 29));
    assert_eq!(from(jst(2025, 10, 1, 19, 30)), jst(2025, 10, 2, 8, 0));
    // Any day: a Sunday, and New Year's Eve.
    assert_eq!(from(jst(2025, 10, 5, 12, 0)), jst(2025, 10, 5, 12, 0));
    assert_eq!(from(jst(2025, 12, 31, 20, 0)), jst(2026, 1, 1, 8, 0));
}

#[test]
fn hours_4_the_hotline() {
    let holidays = [date(2025, 10, 13)];
    let at = |moment| japan::hotline(moment, &holidays);
    assert_eq!(at(jst(2025, 10, 1, 9, 29)), Hotline::Closed);
    assert_eq!(at(jst(2025, 10, 1, 9, 30)), Hotline::Open);
    assert_eq!(at(jst(2025, 10, 1, 19, 59)), Hotline::Open);
    assert_eq!(at(jst(2025, 10, 1, 20, 0)), Hotline::Closing);
    assert_eq!(at(jst(2025, 10, 1, 20, 1)), Hotline::Closed);
    for day in [date(2025, 10, 4), date(2025, 10, 5), date(2025, 10, 13)] {
        assert_eq!(at(japan::at(day, 17, 29, 59)), Hotline::Open);
        assert_eq!(at(japan::at(day, 17, 30, 1)), Hotline::Closed);
    }
    for day in [date(2025, 12, 29), date(2025, 12, 31), date(2026, 1, 1), date(2026, 1, 3)] {
        assert_eq!(at(japan::at(day, 12, 0, 0)), Hotline::Closed);
    }
    assert_eq!(at(jst(2025, 12, 28, 12, 0)), Hotline::Open);
    assert_eq!(at(jst(2026, 1, 4, 12, 0)), Hotline::Open);
}

#[test]
fn card_4_card_5_forms_of_pins() {
    for good in ["ABC123", "A1B2C3D4E5F6G7H8", "00000Z"] {
        assert!(is_signature_password(good), "{good}");
    }
    for bad in ["AB123", "A1B2C3D4E5F6G7H89", "ABCDEF", "123456", "abc123", "ABC12３", "ABC 123"] {
        assert!(!is_signature_password(bad), "{bad}");
    }
    assert!(is_four_digits("0000"));
    for bad in ["123", "12345", "12a4", "１２３４"] {
        assert!(!is_four_digits(bad), "{bad}");
    }
}
