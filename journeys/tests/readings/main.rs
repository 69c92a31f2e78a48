//! The readings of easy Japanese, cross-checked against a dictionary (HELP-2): Sudachi's. Where the two
//! disagree, `answers.toml` says who is right and why; neither has anything that the other lacks.

#![allow(clippy::panic, clippy::unwrap_used, reason = "what helps a test fails by panicking")]

mod dictionary;
mod invented;
mod sample;

use std::collections::{BTreeMap, BTreeSet};

use inrou_words::{Form, Kind, Language, Term, Text, Value, places, texts};
use jiff::civil::{date, time};
use sample::{Disagreement, Sample};
use serde::Deserialize;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Answers {
    answer: Vec<Answer>,
}

/// A disagreement, and why ours stands.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Answer {
    words: String,
    ours: String,
    dictionary: String,
    because: String,
}

#[test]
fn help_2_readings_are_the_dictionarys_or_their_difference_is_answered() {
    let samples: Vec<Sample> = written().chain(named()).chain(invented::samples()).collect();
    let mut found: BTreeMap<Disagreement, String> = BTreeMap::new();
    for (sample, words) in samples.iter().zip(dictionary::words(&samples)) {
        for disagreement in sample.against(&words) {
            found.entry(disagreement).or_insert_with(|| sample.place.clone());
        }
    }
    let answers: Answers = toml::from_str(include_str!("answers.toml")).unwrap();
    let answered: BTreeSet<Disagreement> = answers.answer.iter().map(Answer::to).collect();
    let open: Vec<String> = found
        .iter()
        .filter(|(disagreement, _)| !answered.contains(disagreement))
        .map(|(disagreement, place)| format!("{place}: {disagreement:?}"))
        .collect();
    assert!(open.is_empty(), "without an answer:\n{}", open.join("\n"));
    let over: Vec<_> = answered.iter().filter(|answer| !found.contains_key(answer)).collect();
    assert!(over.is_empty(), "answered, and no longer so: {over:?}");
    assert!(answers.answer.iter().all(|answer| !answer.because.is_empty()));
}

#[test]
fn a_wrong_reading_is_found() {
    let wrong = Sample::of("here", "<ruby>市場<rt>いちじょう</rt></ruby>へ");
    let words = dictionary::words(std::slice::from_ref(&wrong));
    let found = wrong.against(&words[0]);
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!((found[0].words.as_str(), found[0].ours.as_str()), ("市場", "イチジョウ"));
}

impl Answer {
    fn to(&self) -> Disagreement {
        let Self { words, ours, dictionary, .. } = self;
        Disagreement { words: words.clone(), ours: ours.clone(), dictionary: dictionary.clone() }
    }
}

/// Every text.
fn written() -> impl Iterator<Item = Sample> {
    texts().map(|text| Sample::of(text.code(), &filled(text)))
}

/// A text with values, where its words depend on them.
fn filled(text: Text<'static>) -> String {
    let mut sentence = text.in_language(Language::JaEasy);
    for parameter in text.parameters() {
        let value = match parameter.kind {
            Kind::Number | Kind::Count | Kind::Minutes => Value::Number(7),
            Kind::Date => Value::Date(date(2026, 11, 24)),
            Kind::Time | Kind::Clock => Value::Time(time(8, 0, 0, 0)),
            Kind::Moment | Kind::Expected => Value::Moment("2026-11-24T01:00:00Z".parse().unwrap()),
            Kind::Term | Kind::Quote | Kind::Family(_) => continue,
        };
        sentence = sentence.with(&parameter.name, value);
    }
    sentence.render(Form::Html)
}

/// The prefectures and municipalities.
fn named() -> impl Iterator<Item = Sample> {
    places().iter().flat_map(|place| [place.prefecture, place.municipality]).map(|name| {
        let term = Term { text: name.kanji, reading: name.reading };
        Sample::of("places", &Value::Term(term).render(Language::JaEasy, Form::Html))
    })
}
