//! What is said about an error: to the person, and to the developer.

use crate::catalogue::CATALOGUE;
use crate::loader::{ErrorFile, Loader, ParameterSource, Said};
use crate::text::{Entry, Parameter, Text};

/// The status of every refusal: the request was understood, and repeating it as it is would be refused
/// again.
const REFUSED: u16 = 422;

/// The error of this code; `None` if there is none.
pub fn error(code: &str) -> Option<&'static ErrorText> {
    CATALOGUE.error(code)
}

/// All errors, in the order of the documentation.
pub fn errors() -> impl Iterator<Item = &'static ErrorText> {
    CATALOGUE.errors.iter()
}

/// An error: its code, and what it says. All its texts take the same parameters.
#[derive(Debug)]
pub struct ErrorText {
    code: String,
    heading: &'static str,
    refusal: bool,
    status: Option<u16>,
    oauth: Option<String>,
    told_as_others: bool,
    rule: Option<String>,
    help: Vec<String>,
    title: Entry,
    what: Entry,
    now: Entry,
    cause: Entry,
    change: Entry,
}

impl ErrorText {
    /// The stable code, in kebab case.
    pub fn code(&self) -> &str {
        &self.code
    }

    /// The rule of the rulebook that it serves, such as `APPLY-2`.
    pub fn rule(&self) -> Option<&str> {
        self.rule.as_deref()
    }

    /// The HTTP status under which it is sent; `None` if it occurs on the command line alone.
    pub fn status(&self) -> Option<u16> {
        self.status
    }

    /// The word for it in OAuth 2.0 and its extensions, such as `invalid_grant`; `None` if it is told to
    /// no OAuth client.
    pub fn oauth(&self) -> Option<&str> {
        self.oauth.as_deref()
    }

    /// Whether a person is told of it what is told of every mistake of a site, `site-fault`.
    pub(crate) fn is_told_as_others(&self) -> bool {
        self.told_as_others
    }

    /// Whether it is a refusal of the rulebook, [`inrou_rules::Refusal`].
    pub fn is_refusal(&self) -> bool {
        self.refusal
    }

    /// What its texts take, in alphabetical order.
    pub fn parameters(&self) -> &[Parameter] {
        &self.title.parameters
    }

    /// In a few words, what is the matter: a heading.
    pub fn title(&'static self) -> Text<'static> {
        self.title.text()
    }

    /// What happened.
    pub fn what(&'static self) -> Text<'static> {
        self.what.text()
    }

    /// What the person can do now.
    pub fn now(&'static self) -> Text<'static> {
        self.now.text()
    }

    /// Where there is help, in the order in which it is shown, for errors at which a person may be
    /// stuck (HELP-1).
    pub fn help(&self) -> impl Iterator<Item = Text<'static>> {
        self.help_names().filter_map(|name| CATALOGUE.named("help", name)).map(Entry::text)
    }

    /// For the developer: why it came to this. English in every language.
    pub fn cause(&'static self) -> Text<'static> {
        self.cause.text()
    }

    /// For the developer: what to change. English in every language.
    pub fn change(&'static self) -> Text<'static> {
        self.change.text()
    }

    /// The names of those texts in the family `help`.
    pub(crate) fn help_names(&self) -> impl Iterator<Item = &str> {
        self.help.iter().map(String::as_str)
    }

    /// The heading under which the documentation lists it.
    pub(crate) fn heading(&self) -> &'static str {
        self.heading
    }

    /// The part that a code names.
    pub(crate) fn part(&self, part: &str) -> Option<&Entry> {
        match part {
            "title" => Some(&self.title),
            "what" => Some(&self.what),
            "now" => Some(&self.now),
            "cause" => Some(&self.cause),
            "change" => Some(&self.change),
            _ => None,
        }
    }

    pub(crate) fn load(
        loader: &mut Loader,
        file: &ErrorFile,
        code: String,
        source: ErrorSource,
    ) -> Self {
        if file.refusals && source.status.is_some() {
            loader.fault(code.clone(), "every refusal has the same status");
        }
        for help in &source.help {
            if !loader.has("help", help) {
                loader.fault(code.clone(), &format!("there is no help.{help}"));
            }
        }
        let name = |part: &str| format!("error.{code}.{part}");
        let params = &source.params;
        let mut said = |part: &str, own: Option<&Said>| match (own, file.of_sites) {
            (Some(said), _) => loader.entry(name(part), params, said),
            // A person can do the same about every mistake of a site's developer.
            (None, true) => loader.entry(name(part), params, &Said::reference("site-fault", part)),
            // A fault, of each language.
            (None, false) => loader.entry(name(part), params, &Said::default()),
        };
        Self {
            title: said("title", source.title.as_ref()),
            what: said("what", source.what.as_ref()),
            now: said("now", source.now.as_ref()),
            cause: loader.english(name("cause"), params, &source.developer.cause),
            change: loader.english(name("change"), params, &source.developer.change),
            code,
            heading: file.heading,
            refusal: file.refusals,
            status: if file.refusals { Some(REFUSED) } else { source.status },
            oauth: source.oauth,
            told_as_others: source.what.is_none(),
            rule: source.rule,
            help: source.help,
        }
    }
}

/// An error, as written in a data file.
#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ErrorSource {
    status: Option<u16>,
    oauth: Option<String>,
    rule: Option<String>,
    #[serde(default)]
    help: Vec<String>,
    #[serde(default)]
    params: ParameterSource,
    title: Option<Said>,
    what: Option<Said>,
    now: Option<Said>,
    developer: DeveloperSource,
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct DeveloperSource {
    cause: String,
    change: String,
}
