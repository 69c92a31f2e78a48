//! Loading the texts from the data files that are built into the program.

use std::collections::BTreeMap;

use crate::catalogue::{Catalogue, Family};
use crate::error::{ErrorSource, ErrorText};
use crate::markup::{self, Piece};
use crate::notice::{NoticeSource, NoticeText};
use crate::text::{Entry, MAX_PARAMETERS, Parameter};
use crate::{Kind, Language};

/// A file of errors: the heading over them in the documentation, and its text.
pub(crate) struct ErrorFile {
    /// The heading.
    pub(crate) heading: &'static str,
    /// Whether these are the refusals of the rulebook, [`inrou_rules::Refusal`].
    pub(crate) refusals: bool,
    /// Whether these are mistakes of a site's developer: what a person is told of one is, unless it says
    /// otherwise, the same of all, the texts `site-fault`.
    pub(crate) of_sites: bool,
    /// TOML: one table an error, by its code.
    pub(crate) toml: &'static str,
}

/// What is wrong with a data file. Everything else is loaded all the same; tests make sure that there
/// is no fault.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Fault {
    /// Which text or file.
    pub(crate) at: String,
    /// What is wrong.
    pub(crate) why: String,
}

/// Loads the texts and tells what is wrong with them.
pub(crate) fn load(
    errors: &[ErrorFile],
    notices: &'static str,
    words: &[&'static str],
) -> (Catalogue, Vec<Fault>) {
    let mut loader = Loader::default();
    for toml in words {
        loader.words(toml);
    }
    loader.resolve_families();
    for file in errors {
        loader.errors(file);
    }
    loader.notices(notices);
    (loader.catalogue, loader.faults)
}

/// A text in the three languages, as written in a data file.
#[derive(Default, serde::Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct Said {
    ja: String,
    ja_easy: String,
    en: String,
}

impl Said {
    /// The words of another text.
    pub(crate) fn reference(family: &str, name: &str) -> Self {
        let reference = format!("{{{family}.{name}}}");
        Self { ja: reference.clone(), ja_easy: reference.clone(), en: reference }
    }
}

/// Names and kinds of parameters, as written in a data file.
pub(crate) type ParameterSource = BTreeMap<String, String>;

/// A text of a family, as written in a data file.
#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct WordsSource {
    #[serde(default)]
    params: ParameterSource,
    ja: String,
    ja_easy: String,
    en: String,
}

/// Loads data files, and collects what is wrong with them.
#[derive(Default)]
pub(crate) struct Loader {
    catalogue: Catalogue,
    faults: Vec<Fault>,
}

impl Loader {
    /// An entry in three languages, references resolved.
    pub(crate) fn entry(&mut self, code: String, params: &ParameterSource, said: &Said) -> Entry {
        let mut entry = self.raw_entry(code, params, said);
        resolve(&mut entry, &self.catalogue.families, &mut self.faults);
        entry
    }

    /// An entry that is said in English, whatever the language.
    pub(crate) fn english(&mut self, code: String, params: &ParameterSource, en: &str) -> Entry {
        let said = Said { ja: en.to_owned(), ja_easy: en.to_owned(), en: en.to_owned() };
        self.raw_entry(code, params, &said)
    }

    /// Whether a family has a text of this name.
    pub(crate) fn has(&self, family: &str, name: &str) -> bool {
        self.catalogue.named(family, name).is_some()
    }

    /// Notes what is wrong with a text.
    pub(crate) fn fault(&mut self, at: String, why: &str) {
        self.faults.push(Fault { at, why: why.to_owned() });
    }

    fn words(&mut self, toml: &'static str) {
        for (family, words) in self.parse::<BTreeMap<String, BTreeMap<String, WordsSource>>>(toml) {
            for (name, source) in words {
                let code = format!("{family}.{name}");
                let said = Said { ja: source.ja, ja_easy: source.ja_easy, en: source.en };
                let entry = self.raw_entry(code.clone(), &source.params, &said);
                let family = self.catalogue.families.entry(family.clone()).or_default();
                if family.insert(name, entry).is_some() {
                    self.fault(code, "this text is there twice");
                }
            }
        }
    }

    fn resolve_families(&mut self) {
        let raw = self.catalogue.families.clone();
        for entry in self.catalogue.families.values_mut().flat_map(BTreeMap::values_mut) {
            resolve(entry, &raw, &mut self.faults);
        }
    }

    fn errors(&mut self, file: &ErrorFile) {
        for (code, source) in self.parse::<BTreeMap<String, ErrorSource>>(file.toml) {
            let error = ErrorText::load(self, file, code.clone(), source);
            let index = self.catalogue.errors.len();
            self.catalogue.errors.push(error);
            if self.catalogue.error_index.insert(code.clone(), index).is_some() {
                self.fault(code, "this error is there twice");
            }
        }
    }

    fn notices(&mut self, toml: &'static str) {
        for (code, source) in self.parse::<BTreeMap<String, NoticeSource>>(toml) {
            let notice = NoticeText::load(self, code.clone(), source);
            self.catalogue.notices.insert(code, notice);
        }
    }

    fn parse<T: serde::de::DeserializeOwned + Default>(&mut self, toml: &'static str) -> T {
        toml::from_str(toml).unwrap_or_else(|error| {
            let first_line = toml.lines().next().unwrap_or_default();
            self.fault(first_line.to_owned(), &error.to_string());
            T::default()
        })
    }

    fn raw_entry(&mut self, code: String, params: &ParameterSource, said: &Said) -> Entry {
        let parameters: Vec<Parameter> = params
            .iter()
            .map(|(name, kind)| Parameter { name: name.clone(), kind: Kind::named(kind) })
            .collect();
        if parameters.len() > MAX_PARAMETERS {
            self.fault(code.clone(), "too many parameters");
        }
        let pieces = [&said.ja, &said.ja_easy, &said.en].map(|text| {
            markup::parse(text).unwrap_or_else(|malformed| {
                self.fault(code.clone(), &format!("{malformed}: {text}"));
                vec![Piece::Plain(text.clone())]
            })
        });
        Entry { code, parameters, pieces }
    }
}

/// Puts the words of other texts in the place of references to them.
fn resolve(entry: &mut Entry, families: &BTreeMap<String, Family>, faults: &mut Vec<Fault>) {
    for language in Language::ALL {
        let pieces = &mut entry.pieces[language as usize];
        if !pieces.iter().any(|piece| matches!(piece, Piece::Reference(_))) {
            continue;
        }
        let mut resolved = Vec::with_capacity(pieces.len() + 4);
        for piece in pieces.drain(..) {
            let Piece::Reference(code) = &piece else {
                resolved.push(piece);
                continue;
            };
            let target = code
                .split_once('.')
                .and_then(|(family, name)| families.get(family)?.get(name))
                .map(|target| target.pieces(language))
                .filter(|words| words.iter().all(is_literal));
            match target {
                Some(words) => resolved.extend_from_slice(words),
                None => faults.push(Fault {
                    at: entry.code.clone(),
                    why: format!("{{{code}}} is no text, or one with placeholders of its own"),
                }),
            }
        }
        *pieces = resolved;
    }
}

fn is_literal(piece: &Piece) -> bool {
    matches!(piece, Piece::Plain(_) | Piece::Ruby { .. })
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD_ERROR: &str = "[some-code]\nstatus = 400\n\
        title = { ja = \"x\", ja-easy = \"x\", en = \"x\" }\n\
        what = { ja = \"x\", ja-easy = \"x\", en = \"x\" }\n\
        now = { ja = \"x\", ja-easy = \"x\", en = \"x\" }\n\
        developer = { cause = \"x\", change = \"x\" }\n";

    fn faults(errors: &'static str, notices: &'static str, words: &'static str) -> Vec<String> {
        let file = ErrorFile { heading: "Test", refusals: false, of_sites: false, toml: errors };
        let (_, faults) = load(&[file], notices, &[words]);
        faults.into_iter().map(|fault| format!("{}: {}", fault.at, fault.why)).collect()
    }

    fn the_one_fault(words: &'static str) -> String {
        let mut faults = faults("", "", words);
        assert_eq!(faults.len(), 1, "{faults:?}");
        faults.remove(0)
    }

    #[test]
    fn a_text_that_lacks_a_language_is_a_fault() {
        let fault = the_one_fault("[button.next]\nja = \"次へ\"\nen = \"Next\"\n");
        assert!(fault.contains("missing field `ja-easy`"), "{fault}");
    }

    #[test]
    fn an_unknown_language_is_a_fault() {
        let fault = the_one_fault(
            "[button.next]\nja = \"次へ\"\nja-easy = \"つぎへ\"\nen = \"Next\"\nfr = \"Suivant\"\n",
        );
        assert!(fault.contains("unknown field `fr`"), "{fault}");
    }

    #[test]
    fn malformed_markup_is_a_fault_and_the_words_are_kept() {
        let words = "[button.next]\nja = \"次へ\"\nja-easy = \"[次|つぎへ\"\nen = \"Next\"\n";
        let (catalogue, faults) = load(&[], "", &[words]);
        assert_eq!(faults.len(), 1);
        assert_eq!(faults[0].at, "button.next");
        assert!(catalogue.entry("button.next").is_some());
    }

    #[test]
    fn a_reference_takes_the_words_of_its_own_language() {
        let words = "[a.b]\nja = \"次へ\"\nja-easy = \"[次|つぎ]へ\"\nen = \"Next\"\n\
                     [a.c]\nja = \"「{a.b}」\"\nja-easy = \"「{a.b}」\"\nen = \"“{a.b}”\"\n";
        let (catalogue, faults) = load(&[], "", &[words]);
        assert_eq!(faults, []);
        let entry = catalogue.entry("a.c").unwrap();
        let ruby = Piece::Ruby { base: "次".into(), reading: "つぎ".into() };
        assert_eq!(entry.pieces(Language::JaEasy)[1], ruby);
        assert_eq!(entry.pieces(Language::En)[1], Piece::Plain("Next".into()));
    }

    #[test]
    fn a_reference_to_nothing_or_in_a_circle_is_a_fault() {
        let dangling = "[a.b]\nja = \"{a.x}\"\nja-easy = \"x\"\nen = \"x\"\n";
        assert!(the_one_fault(dangling).contains("{a.x} is no text"));
        let circle = "[a.b]\nja = \"{a.b}\"\nja-easy = \"x\"\nen = \"x\"\n";
        assert!(the_one_fault(circle).contains("placeholders of its own"));
    }

    #[test]
    fn a_file_that_is_no_toml_is_a_fault_and_the_others_are_loaded() {
        let good = "[a.b]\nja = \"x\"\nja-easy = \"x\"\nen = \"x\"\n";
        let (catalogue, faults) = load(&[], "nonsense", &["# first\n[", good]);
        assert_eq!(
            faults.iter().map(|f| f.at.as_str()).collect::<Vec<_>>(),
            ["# first", "nonsense"]
        );
        assert!(catalogue.entry("a.b").is_some());
    }

    #[test]
    fn an_error_without_a_part_is_a_fault() {
        let faults = faults("[some-code]\nstatus = 400\n", "[some-notice]\nparams = {}\n", "");
        assert!(faults[0].contains("missing field `developer`"), "{faults:?}");
        assert!(faults[1].contains("missing field `title`"), "{faults:?}");
    }

    #[test]
    fn only_of_a_site_s_mistake_a_person_may_be_told_what_is_told_of_all() {
        let error = "[some-code]\nstatus = 400\noauth = \"invalid_request\"\n\
            developer = { cause = \"x\", change = \"x\" }\n";
        let words = "[site-fault.title]\nja = \"x\"\nja-easy = \"x\"\nen = \"A mistake\"\n\
            [site-fault.what]\nja = \"x\"\nja-easy = \"x\"\nen = \"x\"\n\
            [site-fault.now]\nja = \"x\"\nja-easy = \"x\"\nen = \"x\"\n";
        let load_as = |of_sites| {
            let file = ErrorFile { heading: "Test", refusals: false, of_sites, toml: error };
            load(&[file], "", &[words])
        };
        let (catalogue, faults) = load_as(true);
        assert_eq!(faults, []);
        let error = catalogue.error("some-code").unwrap();
        let title = error.part("title").unwrap().pieces(Language::En);
        assert_eq!(title, [Piece::Plain("A mistake".to_owned())]);
        assert!(error.is_told_as_others());
        let (_, faults) = load_as(false);
        assert_eq!(faults.len(), 9, "one for each part and language: {faults:?}");
    }

    #[test]
    fn a_text_that_is_there_twice_is_a_fault() {
        let words = "[a.b]\nja = \"x\"\nja-easy = \"x\"\nen = \"x\"\n";
        let (_, faults) = load(&[], "", &[words, words]);
        assert_eq!(faults.len(), 1);
        assert_eq!(faults[0].why, "this text is there twice");
        let file =
            || ErrorFile { heading: "Test", refusals: false, of_sites: false, toml: GOOD_ERROR };
        let (_, faults) = load(&[file(), file()], "", &[]);
        assert_eq!(faults.len(), 1);
        assert_eq!(faults[0].why, "this error is there twice");
    }

    #[test]
    fn a_refusal_with_a_status_of_its_own_is_a_fault() {
        let file = ErrorFile { heading: "Test", refusals: true, of_sites: false, toml: GOOD_ERROR };
        let (catalogue, faults) = load(&[file], "", &[]);
        assert_eq!(faults[0].why, "every refusal has the same status");
        assert_eq!(catalogue.error("some-code").unwrap().status(), Some(422));
    }

    #[test]
    fn a_help_that_does_not_exist_is_a_fault() {
        let toml = GOOD_ERROR.replace("status", "help = [\"x\"]\nstatus");
        assert_eq!(faults(toml.leak(), "", ""), ["some-code: there is no help.x"]);
    }

    #[test]
    fn more_parameters_than_a_sentence_holds_are_a_fault() {
        let params: String =
            (0..=MAX_PARAMETERS).map(|n| format!("params.p{n} = \"date\"\n")).collect();
        let words = format!("[a.b]\n{params}ja = \"x\"\nja-easy = \"x\"\nen = \"x\"\n");
        assert_eq!(the_one_fault(words.leak()), "a.b: too many parameters");
    }
}
