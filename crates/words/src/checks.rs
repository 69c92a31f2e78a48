//! What must hold for every text. Each check is shown to fail on a text that breaks it.

use std::collections::BTreeSet;

use inrou_rules::Refusal;

use crate::catalogue::{CATALOGUE, Catalogue, Family};
use crate::loader::{ErrorFile, load};
use crate::markup::{Piece, is_kana, is_kanji};
use crate::text::Entry;
use crate::{Kind, Language, sources};

/// More than this in one sentence of easy Japanese is not short; readings do not count.
const LONGEST_EASY_SENTENCE: usize = 48;

/// Everything that is wrong with the texts of a catalogue.
fn complaints(catalogue: &Catalogue) -> Vec<String> {
    let mut found = Vec::new();
    for error in &catalogue.errors {
        let parts: Vec<_> = ["title", "what", "now", "cause", "change"]
            .map(|part| error.part(part).unwrap())
            .into();
        for &entry in &parts[..3] {
            check_words(entry, &mut found);
        }
        check_heading(parts[0], &mut found);
        parts[1..3].iter().for_each(|entry| check_sentences(entry, &mut found));
        for &entry in &parts[3..] {
            check_english(entry, &mut found);
            check_end(entry, Language::En, '.', &mut found);
        }
        check_parameters(catalogue, &parts, &mut found);
        if error.status().is_some_and(|status| !(400..600).contains(&status)) {
            found.push(format!("error.{}: the status is none of an error", error.code()));
        }
        if !error.rule().is_none_or(is_rule) {
            found.push(format!("error.{}: the rule is none", error.code()));
        }
    }
    for notice in catalogue.notices.values() {
        let (title, body) = (notice.part("title").unwrap(), notice.part("body").unwrap());
        check_words(title, &mut found);
        check_words(body, &mut found);
        check_heading(title, &mut found);
        check_sentences(body, &mut found);
        check_parameters(catalogue, &[title, body], &mut found);
    }
    for entry in catalogue.families.values().flat_map(Family::values) {
        check_words(entry, &mut found);
        check_parameters(catalogue, &[entry], &mut found);
    }
    found
}

/// Each language has its own characters, and easy Japanese its readings and short sentences.
fn check_words(entry: &Entry, found: &mut Vec<String>) {
    let mut complain = |why: String| found.push(format!("{}: {why}", entry.code));
    for piece in entry.pieces(Language::Ja) {
        if matches!(piece, Piece::Ruby { .. }) {
            complain("readings belong to ja-easy".to_owned());
        }
    }
    let mut sentence = 0;
    for piece in entry.pieces(Language::JaEasy) {
        match piece {
            Piece::Plain(words) => {
                if let Some(kanji) = words.chars().find(|&c| is_kanji(c)) {
                    complain(format!("ja-easy: {kanji} has no reading"));
                }
                for c in words.chars() {
                    sentence = if "。！？".contains(c) { 0 } else { sentence + 1 };
                    if sentence == LONGEST_EASY_SENTENCE + 1 {
                        complain("ja-easy: a sentence is too long".to_owned());
                    }
                }
            }
            Piece::Ruby { base, .. } => sentence += base.chars().count(),
            _ => {}
        }
    }
    check_english(entry, found);
}

fn check_english(entry: &Entry, found: &mut Vec<String>) {
    let japanese = |words: &String| {
        words.contains(|c: char| is_kanji(c) || is_kana(c) || "。、「」（）".contains(c))
    };
    let mut words = entry.pieces(Language::En).iter().flat_map(|piece| match piece {
        Piece::Plain(words) | Piece::Ruby { base: words, .. } => vec![words],
        Piece::Counted { one, many, .. } => vec![one, many],
        _ => vec![],
    });
    if words.any(japanese) {
        found.push(format!("{}: en: Japanese characters", entry.code));
    }
}

fn check_heading(entry: &Entry, found: &mut Vec<String>) {
    for language in Language::ALL {
        if last_char(entry, language).is_some_and(|c| "。.".contains(c)) {
            found.push(format!("{}: {language}: a heading has no full stop", entry.code));
        }
    }
}

fn check_sentences(entry: &Entry, found: &mut Vec<String>) {
    for (language, stop) in [(Language::Ja, '。'), (Language::JaEasy, '。'), (Language::En, '.')]
    {
        check_end(entry, language, stop, found);
    }
}

fn check_end(entry: &Entry, language: Language, stop: char, found: &mut Vec<String>) {
    if last_char(entry, language).is_some_and(|c| c != stop) {
        found.push(format!("{}: {language}: a sentence ends with {stop}", entry.code));
    }
}

/// The last character, unless a value stands at the end.
fn last_char(entry: &Entry, language: Language) -> Option<char> {
    match entry.pieces(language).last()? {
        Piece::Plain(words) => words.chars().last(),
        Piece::Ruby { base, .. } => base.chars().last(),
        _ => None,
    }
}

/// Placeholders and parameters of the parts of one error, notice or text fit each other.
fn check_parameters(catalogue: &Catalogue, parts: &[&Entry], found: &mut Vec<String>) {
    let mut used = BTreeSet::new();
    for entry in parts {
        let names: Vec<BTreeSet<&str>> = Language::ALL
            .iter()
            .map(|&language| {
                let placeholders = entry.pieces(language).iter().filter_map(placeholder_name);
                placeholders.collect()
            })
            .collect();
        if names.iter().any(|other| *other != names[0]) {
            found.push(format!("{}: the languages say different parameters", entry.code));
        }
        used.extend(names.into_iter().flatten());
        for language in Language::ALL {
            for piece in entry.pieces(language) {
                if let Err(why) = check_placeholder(catalogue, entry, language, piece) {
                    found.push(format!("{}: {language}: {why}", entry.code));
                }
            }
        }
    }
    for parameter in parts.iter().flat_map(|entry| &entry.parameters) {
        if !used.contains(parameter.name.as_str()) {
            found.push(format!("{}: {{{}}} is not used", parts[0].code, parameter.name));
        }
    }
}

fn placeholder_name(piece: &Piece) -> Option<&str> {
    match piece {
        Piece::Param(name) | Piece::Chosen { name, .. } | Piece::Counted { name, .. } => Some(name),
        _ => None,
    }
}

fn check_placeholder(
    catalogue: &Catalogue,
    entry: &Entry,
    language: Language,
    piece: &Piece,
) -> Result<(), String> {
    let Some(name) = placeholder_name(piece) else {
        return Ok(());
    };
    let Some((_, parameter)) = entry.parameter(name) else {
        return Err(format!("{{{name}}} is unknown"));
    };
    match (piece, &parameter.kind) {
        (Piece::Counted { .. }, Kind::Count) if language == Language::En => Ok(()),
        (Piece::Counted { .. }, _) => Err(format!("{{{name}}} is no count in English")),
        (Piece::Param(_), Kind::Count) if language == Language::En => {
            Err(format!("{{{name}}} counts something"))
        }
        (Piece::Chosen { family, .. }, Kind::Family(names)) => {
            let (family, names) =
                (literal_family(catalogue, family)?, literal_family(catalogue, names)?);
            match names.keys().find(|name| !family.contains_key(*name)) {
                Some(missing) => Err(format!("the family of {{{name}}} lacks {missing}")),
                None => Ok(()),
            }
        }
        (Piece::Chosen { .. }, _) => Err(format!("{{{name}}} chooses no text")),
        (_, Kind::Family(family)) if family == "error" => literal_titles(catalogue),
        (_, Kind::Family(family)) => literal_family(catalogue, family).map(|_| ()),
        _ => Ok(()),
    }
}

/// A family whose texts can stand inside another text: they take no parameters.
fn literal_family<'c>(catalogue: &'c Catalogue, name: &str) -> Result<&'c Family, String> {
    let family = catalogue.families.get(name).ok_or(format!("there is no family {name}"))?;
    match family.values().find(|entry| !entry.parameters.is_empty()) {
        Some(entry) => Err(format!("{} takes parameters", entry.code)),
        None => Ok(family),
    }
}

/// The titles of errors, too, stand inside other texts.
fn literal_titles(catalogue: &Catalogue) -> Result<(), String> {
    let titles = catalogue.errors.iter().filter_map(|error| error.part("title"));
    match titles.flat_map(|title| title.pieces.iter().flatten()).find_map(placeholder_name) {
        Some(name) => Err(format!("{{{name}}} stands in the title of an error")),
        None => Ok(()),
    }
}

fn is_rule(rule: &str) -> bool {
    rule.split_once('-').is_some_and(|(family, number)| {
        !family.is_empty()
            && family.chars().all(|c| c.is_ascii_uppercase())
            && number.parse::<u8>().is_ok()
    })
}

#[test]
fn the_data_files_have_no_fault() {
    let (_, faults) = load(sources::ERRORS, sources::NOTICES, sources::WORDS);
    assert_eq!(faults, []);
}

#[test]
fn every_text_holds_what_a_text_must() {
    let found = complaints(&CATALOGUE);
    assert!(found.is_empty(), "{found:#?}");
}

#[test]
fn every_refusal_has_its_text_and_every_such_text_its_refusal() {
    for refusal in Refusal::CODES {
        let error = crate::error(refusal.code);
        let error = error.unwrap_or_else(|| panic!("{} has no text", refusal.code));
        assert!(error.is_refusal(), "{}", refusal.code);
        assert_eq!(error.rule(), Some(refusal.rule), "{}", refusal.code);
        assert!(error.status().is_some(), "{}", refusal.code);
        let parameters: BTreeSet<_> =
            error.parameters().iter().map(|parameter| parameter.name.as_str()).collect();
        assert_eq!(parameters, refusal.params.iter().copied().collect(), "{}", refusal.code);
    }
    for error in crate::errors().filter(|error| error.is_refusal()) {
        let known = Refusal::CODES.iter().any(|refusal| refusal.code == error.code());
        assert!(known, "{} is no refusal", error.code());
    }
}

#[test]
fn every_value_of_the_rules_has_its_words() {
    use inrou_rules::{Departure, Medium, PinForm, Platform, RevocationReason, Standing, Use};

    use crate::Value;

    let named = |family: &str, value: Value<'_>| {
        let Value::Name(name) = value else { panic!("{value:?} is no name") };
        assert!(CATALOGUE.named(family, name).is_some(), "{family}.{name}");
    };
    Use::ALL.into_iter().for_each(|usage| named("use", usage.into()));
    [Medium::Card, Medium::Phone].into_iter().for_each(|medium| named("medium", medium.into()));
    for platform in [Platform::Android, Platform::Iphone] {
        named("platform", platform.into());
    }
    for standing in [Standing::Resident, Standing::Died, Standing::MovedAbroad] {
        named("standing", standing.into());
    }
    for departure in [Departure::Died, Departure::MovedAbroad] {
        named("departure", Value::Name(departure.as_str()));
    }
    for reason in [
        RevocationReason::Unspecified,
        RevocationReason::KeyCompromise,
        RevocationReason::CaCompromise,
        RevocationReason::AffiliationChanged,
        RevocationReason::Superseded,
        RevocationReason::CessationOfOperation,
    ] {
        named("revocation-reason", reason.into());
    }
    for fault in [PinForm::Length, PinForm::Character, PinForm::NoLetter, PinForm::NoDigit] {
        named("pin-fault", fault.into());
    }
}

/// The complaints about one text of a family, given its three languages and parameters.
fn about(params: &str, ja: &str, easy: &str, en: &str) -> Vec<String> {
    let toml = format!(
        "[use.signature]\nja = \"署名\"\nja-easy = \"しょめい\"\nen = \"signature\"\n\
         [pin.other]\nja = \"x\"\nja-easy = \"x\"\nen = \"x\"\n\
         [a.b]\n{params}\nja = \"{ja}\"\nja-easy = \"{easy}\"\nen = \"{en}\"\n"
    );
    let (catalogue, faults) = load(&[], "", &[toml.leak()]);
    assert_eq!(faults, []);
    complaints(&catalogue)
}

#[test]
fn a_good_text_has_no_complaint() {
    let good = about(
        "params = { left = \"count\", usage = \"use\" }",
        "{usage}は、あと{left}回",
        "{usage}は あと {left}[回|かい]",
        "{left|try|tries} for the {usage}",
    );
    assert_eq!(good, [""; 0]);
}

#[test]
fn a_bad_text_has_its_complaint() {
    let long = "あ".repeat(LONGEST_EASY_SENTENCE + 1);
    let samples = [
        (about("", "[本|ほん]", "x", "x"), "readings belong to ja-easy"),
        (about("", "x", "本", "x"), "本 has no reading"),
        (about("", "x", "3ヶ[月|げつ]", "x"), "ヶ has no reading"),
        (about("", "x", &long, "x"), "a sentence is too long"),
        (about("", "x", "x", "the メニュー"), "Japanese characters"),
        (about("params.x = \"count\"", "{x}", "{x}", "{x|try|回}"), "Japanese characters"),
        (about("", "{x}", "{x}", "{x}"), "{x} is unknown"),
        (about("params.x = \"number\"", "a", "a", "a"), "{x} is not used"),
        (about("params.x = \"number\"", "{x}", "{x}", "a"), "different parameters"),
        (about("params.x = \"count\"", "{x}", "{x}", "{x}"), "{x} counts something"),
        (about("params.x = \"count\"", "{x|a|b}", "{x}", "{x|a|b}"), "no count in English"),
        (about("params.x = \"number\"", "{x}", "{x}", "{x|a|b}"), "no count in English"),
        (about("params.x = \"nil\"", "{x}", "{x}", "{x}"), "there is no family nil"),
        (about("params.x = \"use\"", "{x:pin}", "{x}", "{x}"), "lacks signature"),
        (about("params.x = \"use\"", "{x:nil}", "{x}", "{x}"), "there is no family nil"),
        (about("params.x = \"date\"", "{x:pin}", "{x}", "{x}"), "{x} chooses no text"),
        (about("params.x = \"a\"", "{x}", "{x}", "{x}"), "a.b takes parameters"),
    ];
    for (found, complaint) in samples {
        assert!(found.iter().any(|line| line.contains(complaint)), "{complaint}: {found:?}");
    }
}

#[test]
fn a_bad_error_has_its_complaint() {
    let good = "[some-code]\nstatus = 400\nrule = \"APPLY-2\"\n\
                title = { ja = \"題\", ja-easy = \"だい\", en = \"Title\" }\n\
                what = { ja = \"文。\", ja-easy = \"ぶん。\", en = \"What.\" }\n\
                now = { ja = \"文。\", ja-easy = \"ぶん。\", en = \"Now.\" }\n\
                developer = { cause = \"Cause.\", change = \"Change.\" }\n";
    let about = |toml: String| {
        let file =
            ErrorFile { heading: "Test", refusals: false, of_sites: false, toml: toml.leak() };
        let words = "[h.x]\nparams.r = \"error\"\nja = \"{r}\"\nja-easy = \"{r}\"\nen = \"{r}\"\n";
        let (catalogue, faults) = load(&[file], "", &[words]);
        assert_eq!(faults, []);
        complaints(&catalogue)
    };
    assert_eq!(about(good.to_owned()), [""; 0]);
    let samples = [
        ("Title", "Title.", "a heading has no full stop"),
        ("だい", "だい。", "a heading has no full stop"),
        ("だい", "{x}", "{x} stands in the title of an error"),
        ("What.", "What", "a sentence ends with ."),
        ("ja-easy = \"ぶん。\"", "ja-easy = \"ぶん\"", "a sentence ends with 。"),
        ("Cause.", "Cause", "a sentence ends with ."),
        ("Cause.", "原因.", "Japanese characters"),
        ("400", "200", "the status is none of an error"),
        ("APPLY-2", "apply", "the rule is none"),
        ("rule", "params.x = \"date\"\nrule", "{x} is not used"),
    ];
    for (from, to, complaint) in samples {
        let found = about(good.replace(from, to));
        assert!(found.iter().any(|line| line.contains(complaint)), "{complaint}: {found:?}");
    }
}
