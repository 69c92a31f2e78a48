//! The forms of the procedures, checked field by field.

use std::collections::BTreeMap;

use inrou_api::problem::{Code, Problem};
use inrou_words::places;
use jiff::civil::Date;
use jiff::{Span, ToSpan};

/// Longest text that is taken, in characters, as an address in a certificate.
pub(crate) const LONGEST: u16 = 200;

/// A move can be notified from this many days before it on (assumption).
const DAYS_AHEAD: i64 = 30;

/// And up to this many days after it.
const DAYS_BACK: i64 = 14;

const NEW_ADDRESS: &str = "new_address";
const MOVING_DATE: &str = "moving_date";
const REASON: &str = "reason";

const CHILD_NAME: &str = "child_name";
const CHILD_BIRTH_DATE: &str = "child_birth_date";
const CHILD_LIVING: &str = "child_living";
const BANK: &str = "bank";
const ACCOUNT: &str = "account";

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
        let typed = |name: &str| typed(fields, name);
        let new_address = read_address(typed(NEW_ADDRESS), present_address);
        let moving_date =
            read_date(typed(MOVING_DATE)).and_then(|day| check_move(day, today).map(|()| day));
        let reason = match typed(REASON) {
            "" => Ok(None),
            reason => check_text(reason).map(|()| Some(reason.to_owned())),
        };
        let others = knows_all(fields, &[NEW_ADDRESS, MOVING_DATE, REASON]);
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

/// What a resident says who claims the child allowance (児童手当) for a child.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct ChildAllowance {
    /// The child's name.
    pub(super) child_name: String,
    /// Its birth date.
    pub(super) child_birth_date: Date,
    /// A text of the family `child-living`: whether it lives with who claims.
    pub(super) child_living: &'static str,
    /// The bank and its branch.
    pub(super) bank: String,
    /// The account's number.
    pub(super) account: String,
}

impl ChildAllowance {
    /// Reads the fields of the form as they are sent on `today`, Japan time.
    ///
    /// # Errors
    /// As [`MovingOut::read`].
    pub(super) fn read(fields: &BTreeMap<String, String>, today: Date) -> Result<Self, Problem> {
        let typed = |name: &str| typed(fields, name);
        let line = |name: &str| check_text(typed(name)).map(|()| typed(name).to_owned());
        let child_birth_date = read_date(typed(CHILD_BIRTH_DATE))
            .and_then(|born| check_child(born, today).map(|()| born));
        let child_living = match typed(CHILD_LIVING) {
            "together" => Ok("together"),
            "apart" => Ok("apart"),
            _ => Err("not-chosen"),
        };
        let account = line(ACCOUNT).and_then(|account| {
            let is_number = account.len() == 7 && account.bytes().all(|c| c.is_ascii_digit());
            if is_number { Ok(account) } else { Err("seven-digits") }
        });
        let known = [CHILD_NAME, CHILD_BIRTH_DATE, CHILD_LIVING, BANK, ACCOUNT];
        match (line(CHILD_NAME), child_birth_date, child_living, line(BANK), account) {
            (Ok(child_name), Ok(child_birth_date), Ok(child_living), Ok(bank), Ok(account))
                if knows_all(fields, &known) =>
            {
                Ok(Self { child_name, child_birth_date, child_living, bank, account })
            }
            (child_name, child_birth_date, child_living, bank, account) => Err(faults([
                (CHILD_NAME, child_name.err()),
                (CHILD_BIRTH_DATE, child_birth_date.err()),
                (CHILD_LIVING, child_living.err()),
                (BANK, bank.err()),
                (ACCOUNT, account.err()),
                ("other", (!knows_all(fields, &known)).then_some("unknown")),
            ])),
        }
    }
}

/// What stands in a field, without the white space around it.
fn typed<'a>(fields: &'a BTreeMap<String, String>, name: &str) -> &'a str {
    fields.get(name).map_or("", |typed| typed.trim())
}

fn knows_all(fields: &BTreeMap<String, String>, known: &[&str]) -> bool {
    fields.keys().all(|name| known.contains(&name.as_str()))
}

/// The problem that tells every fault, and the first of them in words.
fn faults<const N: usize>(found: [(&'static str, Option<Fault>); N]) -> Problem {
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

fn read_date(typed: &str) -> Result<Date, Fault> {
    if typed.is_empty() {
        return Err("missing");
    }
    // Other forms that ISO 8601 allows are not what the form asks for.
    let day: Date = typed.parse().map_err(|_| "form")?;
    if day.to_string() != typed {
        return Err("form");
    }
    Ok(day)
}

fn check_move(day: Date, today: Date) -> Result<(), Fault> {
    let days = |days: Span| today.saturating_add(days);
    if day < days(-DAYS_BACK.days()) {
        return Err("too-early");
    }
    if day > days(DAYS_AHEAD.days()) {
        return Err("too-late");
    }
    Ok(())
}

/// The allowance is paid up to the first 31 March after the child reached 18, which one does on the day
/// before the birthday.
fn check_child(born: Date, today: Date) -> Result<(), Fault> {
    if born > today {
        return Err("not-born");
    }
    let grown = if (born.month(), born.day()) <= (4, 1) { 18 } else { 19 };
    let last = born.year().checked_add(grown).and_then(|year| Date::new(year, 3, 31).ok());
    if last.is_some_and(|last| today > last) { Err("grown-up") } else { Ok(()) }
}

/// Something of one line.
fn check_text(typed: &str) -> Result<(), Fault> {
    if typed.is_empty() {
        return Err("missing");
    }
    if typed.chars().any(is_refused) {
        return Err("character");
    }
    if typed.chars().count() > LONGEST.into() {
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
