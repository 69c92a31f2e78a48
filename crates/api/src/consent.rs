//! What a resident signs to let a site have the latest attributes: a document in words, which is shown
//! whole. Who judges it composes the words from the terms, so that nothing in it needs to be parsed.

use std::fmt;

use inrou_rules::InvalidId;
use inrou_words::{Form, Language, Sentence, Term, Value, text};
use jiff::ToSpan;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::unseen::is_unseen;
use crate::wire::transaction::Attribute;

/// For how many years a consent may be given.
const LONGEST: i64 = 10;

/// The longest purpose, in characters.
const LONGEST_PURPOSE: usize = 200;

/// Names a consent: a UUID (RFC 9562).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(try_from = "String")]
#[schema(value_type = String, pattern = "^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$", example = "1b4e28ba-2fa1-41d2-883f-0016d3cca427")]
pub struct ConsentId(String);

impl ConsentId {
    /// In its one written form.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for ConsentId {
    type Error = InvalidId;

    fn try_from(text: String) -> Result<Self, InvalidId> {
        let is_uuid = text.len() == 36
            && text.bytes().enumerate().all(|(place, c)| match place {
                8 | 13 | 18 | 23 => c == b'-',
                _ => c.is_ascii_digit() || (b'a'..=b'f').contains(&c),
            });
        if is_uuid { Ok(Self(text)) } else { Err(InvalidId) }
    }
}

impl fmt::Display for ConsentId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What a resident consents to: that a site may have the latest of these attributes. *This type is
/// stored*: fields are only ever added, with a default.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "consent": "1b4e28ba-2fa1-41d2-883f-0016d3cca427", "client": "RP00000001",
    "site": "見本銀行", "host": "bank.example", "attributes": ["name", "address"],
    "purpose": "お届けの住所を新しくするため", "from": "2026-11-24", "until": "2027-11-23"
}))]
pub struct ConsentTerms {
    /// Which consent.
    pub consent: ConsentId,
    /// The site, by its identifier at the provider.
    pub client: String,
    /// Its name.
    pub site: String,
    /// Its host.
    pub host: String,
    /// Which attributes.
    pub attributes: Vec<Attribute>,
    /// What for, in the words of the site.
    pub purpose: String,
    /// The first day, in Japan.
    #[schema(value_type = String, format = Date)]
    pub from: Date,
    /// The last day, in Japan: at most ten years later.
    #[schema(value_type = String, format = Date)]
    pub until: Date,
}

impl ConsentTerms {
    /// The first member that does not hold, if one does not.
    pub fn fault(&self) -> Option<&'static str> {
        fault(&self.attributes, &self.purpose, self.from, self.until)
    }

    /// The document that is signed: lines of text. Easy Japanese is written in kana, since text has no
    /// place for readings.
    pub fn document(&self, language: Language) -> String {
        let say = |code: &'static str| text(code).in_language(language);
        let term = |text| Term { text, reading: "" };
        let mut lines = vec![
            say("consent-document.title"),
            say("consent-document.site")
                .with("site", term(&self.site))
                .with("host", term(&self.host)),
            say("consent-document.attributes"),
        ];
        lines.extend(self.attributes.iter().map(|attribute| {
            say("consent-document.attribute").with("attribute", Value::Name(attribute.as_str()))
        }));
        lines.extend([
            say("consent-document.purpose").with("purpose", term(&self.purpose)),
            say("consent-document.period").with("from", self.from).with("until", self.until),
            say("consent-document.number").with("number", term(self.consent.as_str())),
            say("consent-document.consents"),
            say("consent-document.serial"),
            say("consent-document.withdraw"),
            say("consent-document.free"),
        ]);
        let line = |sentence: Sentence<'_>| format!("{}\n", sentence.render(form(language)));
        lines.into_iter().map(line).collect()
    }

    /// Whether these are the words of the document, in one of the languages.
    pub fn are_in(&self, document: &str) -> bool {
        Language::ALL.into_iter().any(|language| self.document(language) == document)
    }
}

/// The first member of what consent is asked for that does not hold, if one does not.
pub fn fault(
    attributes: &[Attribute],
    purpose: &str,
    from: Date,
    until: Date,
) -> Option<&'static str> {
    let is_repeated = |place, one| attributes.iter().take(place).any(|before| before == one);
    let once = !attributes.iter().enumerate().any(|(place, one)| is_repeated(place, one));
    let is_shown = !purpose.trim().is_empty()
        && purpose.chars().count() <= LONGEST_PURPOSE
        && !purpose.chars().any(|c| c.is_control() || is_unseen(c));
    let latest = from.checked_add(LONGEST.years()).unwrap_or(Date::MAX);
    let checks = [
        (!attributes.is_empty() && once, "attributes"),
        (is_shown, "purpose"),
        ((from..=latest).contains(&until), "until"),
    ];
    checks.into_iter().find(|(holds, _)| !holds).map(|(_, member)| member)
}

fn form(language: Language) -> Form {
    match language {
        Language::JaEasy => Form::Kana,
        Language::Ja | Language::En => Form::Plain,
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    fn terms() -> ConsentTerms {
        ConsentTerms {
            consent: "1b4e28ba-2fa1-41d2-883f-0016d3cca427".to_owned().try_into().unwrap(),
            client: "RP00000001".to_owned(),
            site: "見本銀行".to_owned(),
            host: "bank.example".to_owned(),
            attributes: vec![Attribute::Name, Attribute::Address],
            purpose: "お届けの住所を新しくするため".to_owned(),
            from: date(2026, 11, 24),
            until: date(2027, 11, 23),
        }
    }

    #[test]
    fn the_document_says_all_of_the_terms_in_each_language() {
        for language in Language::ALL {
            let document = terms().document(language);
            for part in ["見本銀行", "bank.example", "お届けの住所", "1b4e28ba", "2026", "2027"]
            {
                assert!(document.contains(part), "{language}: {document}");
            }
            assert!(terms().are_in(&document));
        }
        let document = terms().document(Language::Ja);
        assert!(
            document.contains("氏名") && document.contains("住所") && !document.contains("性別")
        );
    }

    #[test]
    fn a_change_of_any_term_changes_the_document() {
        let document = terms().document(Language::Ja);
        for other in [
            ConsentTerms {
                consent: "2b4e28ba-2fa1-41d2-883f-0016d3cca427".to_owned().try_into().unwrap(),
                ..terms()
            },
            ConsentTerms { site: "別の銀行".to_owned(), ..terms() },
            ConsentTerms { host: "other.example".to_owned(), ..terms() },
            ConsentTerms { attributes: vec![Attribute::Name], ..terms() },
            ConsentTerms { purpose: "広告".to_owned(), ..terms() },
            ConsentTerms { until: date(2028, 11, 23), ..terms() },
        ] {
            assert!(!other.are_in(&document), "{other:?}");
        }
    }

    #[test]
    fn a_consent_lasts_ten_years_at_most_and_names_each_attribute_once() {
        assert_eq!(terms().fault(), None);
        assert_eq!(ConsentTerms { until: date(2036, 11, 24), ..terms() }.fault(), None);
        assert_eq!(ConsentTerms { until: terms().from, ..terms() }.fault(), None);
        for (bad, member) in [
            (ConsentTerms { until: date(2036, 11, 25), ..terms() }, "until"),
            (ConsentTerms { until: date(2026, 11, 23), ..terms() }, "until"),
            (ConsentTerms { attributes: Vec::new(), ..terms() }, "attributes"),
            (ConsentTerms { attributes: vec![Attribute::Name; 2], ..terms() }, "attributes"),
            (ConsentTerms { purpose: " ".to_owned(), ..terms() }, "purpose"),
            (ConsentTerms { purpose: "a\nb".to_owned(), ..terms() }, "purpose"),
            (ConsentTerms { purpose: "あ".repeat(201), ..terms() }, "purpose"),
        ] {
            assert_eq!(bad.fault(), Some(member), "{bad:?}");
        }
    }

    #[test]
    fn an_identifier_has_one_written_form() {
        for bad in ["", "1B4E28BA-2FA1-41D2-883F-0016D3CCA427", "1b4e28ba2fa141d2883f0016d3cca427"]
        {
            assert!(ConsentId::try_from(bad.to_owned()).is_err(), "{bad}");
        }
    }
}
