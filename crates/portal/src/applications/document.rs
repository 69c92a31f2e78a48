//! The documents that residents sign: plain lines of Japanese, the same for the same words.

use inrou_rules::Attributes;
use inrou_words::{Form, Language, Place, Term, Value, text};
use jiff::civil::Date;

use super::form::{ChildAllowance, MovingOut};

/// The moving-out notification (転出届): who, what, when, to which municipality. UTF-8, a line feed
/// after each line.
pub(super) fn moving_out(
    number: &str,
    form: &MovingOut,
    applicant: &Attributes,
    place: &Place,
    today: Date,
) -> String {
    let municipality = municipality(place);
    let mut lines = vec![
        line("document.moving-out", None),
        line("document.to", said("municipality", &municipality)),
        line("document.date", Some(("date", today.into()))),
        line("document.number", said("number", number)),
        line("document.name", said("name", &applicant.name)),
        line("document.birth-date", Some(("date", applicant.birth_date.into()))),
        line("document.address", said("address", &applicant.address)),
        line("document.new-address", said("address", &form.new_address)),
        line("document.moving-date", Some(("date", form.moving_date.into()))),
    ];
    if let Some(reason) = &form.reason {
        lines.push(line("document.reason", said("reason", reason)));
    }
    lines.push(line("document.closing", None));
    lines.concat()
}

/// The claim of the child allowance (児童手当の認定請求), in the same form.
pub(super) fn child_allowance(
    number: &str,
    form: &ChildAllowance,
    applicant: &Attributes,
    place: &Place,
    today: Date,
) -> String {
    let municipality = municipality(place);
    [
        line("document.child-allowance", None),
        line("document.to", said("municipality", &municipality)),
        line("document.claimed-on", Some(("date", today.into()))),
        line("document.number", said("number", number)),
        line("document.claimant", said("name", &applicant.name)),
        line("document.birth-date", Some(("date", applicant.birth_date.into()))),
        line("document.address", said("address", &applicant.address)),
        line("document.child-name", said("name", &form.child_name)),
        line("document.child-birth-date", Some(("date", form.child_birth_date.into()))),
        line("document.child-living", Some(("living", Value::Name(form.child_living)))),
        line("document.bank", said("bank", &form.bank)),
        line("document.account", said("account", &form.account)),
        line("document.claimed", None),
    ]
    .concat()
}

fn municipality(place: &Place) -> String {
    format!("{}{}", place.prefecture.kanji, place.municipality.kanji)
}

fn said<'a>(name: &'static str, words: &'a str) -> Option<(&'static str, Value<'a>)> {
    let term = Term { text: words, reading: "" };
    Some((name, Value::Term(term)))
}

fn line(code: &str, value: Option<(&'static str, Value<'_>)>) -> String {
    let words = text(code).in_language(Language::Ja);
    let words = match value {
        Some((name, value)) => words.with(name, value),
        None => words,
    };
    format!("{}\n", words.render(Form::Plain))
}
