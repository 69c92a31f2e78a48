//! What a file or a chip says, as lines for people: a label and a value each.

use inrou_pki::Status;
use inrou_relying::Kind;
use inrou_relying::inspect::{Fact, FactValue};
use inrou_rules::{Medium, Sex, Use};
use inrou_words::{Form, Language, Term, Value, text};

use crate::terminal::words;

/// Facts as rows of a table.
pub(crate) fn rows(facts: &[Fact], language: Language) -> Vec<[String; 2]> {
    let row = |fact: &Fact| {
        let label = words(&format!("fact.{}", fact.name.code()), language);
        [label, value(&fact.value, language)]
    };
    facts.iter().map(row).collect()
}

/// The name of a certificate's use.
pub(crate) fn usage(usage: Use, language: Language) -> String {
    words(
        match usage {
            Use::Signature => "use.signature",
            Use::UserAuthentication => "use.user-authentication",
        },
        language,
    )
}

/// The name of what carries a certificate.
pub(crate) fn medium(medium: Medium, language: Language) -> String {
    words(
        match medium {
            Medium::Card => "medium.card",
            Medium::Phone => "medium.phone",
        },
        language,
    )
}

/// Words from outside for the terminal, without its control characters: a file may hold any.
pub(crate) fn printable(words: &str) -> String {
    words.chars().map(|c| if c.is_control() { '\u{FFFD}' } else { c }).collect()
}

fn value(value: &FactValue, language: Language) -> String {
    let plain = |value: Value<'_>| value.render(language, Form::Plain);
    match value {
        FactValue::Text(said) => printable(said),
        FactValue::Moment(moment) => plain(Value::Moment(*moment)),
        FactValue::Date(day) => plain(Value::Date(*day)),
        FactValue::Number(number) => number.to_string(),
        FactValue::Kind(kind) => kind_of(*kind, language),
        FactValue::Seal => words("signature.seal", language),
        FactValue::Sex(sex) => words(
            match sex {
                Sex::Male => "sex.male",
                Sex::Female => "sex.female",
                Sex::Unknown => "sex.unknown",
            },
            language,
        ),
        FactValue::Status(said) => status(*said, language),
        FactValue::Listed(serial, said) => format!("{serial}  {}", status(*said, language)),
    }
}

/// The name of a kind of certificate.
pub(crate) fn kind_of(kind: Kind, language: Language) -> String {
    let (usage, medium) = (usage(kind.usage, language), medium(kind.medium, language));
    let term = |text| Term { text, reading: "" };
    let both = text("cli.kind-of").in_language(language);
    both.with("usage", term(&usage)).with("medium", term(&medium)).render(Form::Plain)
}

/// What an issuer says of a certificate.
pub(crate) fn status(status: Status, language: Language) -> String {
    let sentence = |code| text(code).in_language(language);
    let sentence = match status {
        Status::Good => sentence("cli.status-good"),
        Status::Revoked { at, reason } => {
            sentence("cli.status-revoked").with("at", at).with("reason", reason)
        }
        Status::OnHold { since } => sentence("cli.status-on-hold").with("since", since),
        Status::Unknown => sentence("cli.status-unknown"),
    };
    sentence.render(Form::Plain)
}
