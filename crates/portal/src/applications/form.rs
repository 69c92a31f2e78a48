//! The form of the moving-out notification (転出届), checked field by field.

use std::collections::BTreeMap;

use inrou_api::problem::{Code, Problem};
use inrou_words::places;
use jiff::civil::Date;
use jiff::{Span, ToSpan};

/// Longest text that is taken, in characters, as an address in a certificate.
const LONGEST: usize = 200;

/// A move can be notified from this many days before it on (assumption).
const DAYS_AHEAD: i64 = 30;

/// And up to this many days after it.
const DAYS_BACK: i64 = 14;

const NEW_ADDRESS: &str = "new_address";
const MOVING_DATE: &str = "moving_date";
const REASON: &str = "reason";

/// What a resident who moves out says.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct MovingOut {
    /// Where to, prefecture first.
    pub(super) new_address: String,
    /// When.
    pub(super) moving_date: Date,
    /// Why, if that is said.
    pub(super) reason: Option<String>,
}

/// A text of the family `field-fault`.
type Fault = &'static str;

impl MovingOut {
    /// Reads the fields of the form, by who lives at `present_address` and sends it on `today`, Japan
    /// time. White space around a field does not count.
    ///
    /// # Errors
    /// `fields-invalid` with the fault of each field that has one; never what was typed.
    pub(super) fn read(
        fields: &BTreeMap<String, String>,
        present_address: &str,
        today: Date,
    ) -> Result<Self, Problem> {
        let typed = |name: &str| fields.get(name).map_or("", |typed| typed.trim());
        let new_address = read_address(typed(NEW_ADDRESS), present_address);
        let moving_date = read_date(typed(MOVING_DATE), today);
        let reason = match typed(REASON) {
            "" => Ok(None),
            reason => check_text(reason).map(|()| Some(reason.to_owned())),
        };
        let known = [NEW_ADDRESS, MOVING_DATE, REASON];
        let others = fields.keys().all(|name| known.contains(&name.as_str()));
        match (new_address, moving_date, reason, others) {
            (Ok(new_address), Ok(moving_date), Ok(reason), true) => {
                Ok(Self { new_address, moving_date, reason })
            }
            (new_address, moving_date, reason, others) => Err(faults([
                (NEW_ADDRESS, new_address.err()),
                (MOVING_DATE, moving_date.err()),
                (REASON, reason.err()),
                ("other", (!others).then_some("unknown")),
            ])),
        }
    }
}

/// The problem that tells every fault, and the first of them in words.
fn faults(found: [(&'static str, Option<Fault>); 4]) -> Problem {
    let found = found.into_iter().filter_map(|(field, fault)| Some((field, fault?)));
    let mut problem = Problem::new(Code::FIELDS_INVALID).by_rule("USE-2");
    for (field, fault) in found {
        if problem.param("field").is_none() {
            problem = problem.with("field", field).with("fault", fault);
        }
        problem = problem.with(field, fault);
    }
    problem
}

fn read_address(typed: &str, present: &str) -> Result<String, Fault> {
    check_text(typed)?;
    if !places().iter().any(|place| typed.starts_with(place.prefecture.kanji)) {
        return Err("no-prefecture");
    }
    if typed == present {
        return Err("unchanged");
    }
    Ok(typed.to_owned())
}

fn read_date(typed: &str, today: Date) -> Result<Date, Fault> {
    if typed.is_empty() {
        return Err("missing");
    }
    // Other forms that ISO 8601 allows are not what the form asks for.
    let day: Date = typed.parse().map_err(|_| "form")?;
    if day.to_string() != typed {
        return Err("form");
    }
    let days = |days: Span| today.saturating_add(days);
    if day < days(-DAYS_BACK.days()) {
        return Err("too-early");
    }
    if day > days(DAYS_AHEAD.days()) {
        return Err("too-late");
    }
    Ok(day)
}

/// Something of one line.
fn check_text(typed: &str) -> Result<(), Fault> {
    if typed.is_empty() {
        return Err("missing");
    }
    if typed.chars().any(is_refused) {
        return Err("character");
    }
    if typed.chars().count() > LONGEST {
        return Err("too-long");
    }
    Ok(())
}

/// Control characters and line separators could make a document look like another; so could marks
/// that turn the direction of writing.
fn is_refused(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{2028}' | '\u{2029}' | '\u{200E}' | '\u{200F}' | '\u{061C}')
        || matches!(c, '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
}
