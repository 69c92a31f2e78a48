//! What did not go through, as a person sees it: what happened, what to do now, where there is help.

use askama::Template;
use askama::filters::HtmlSafe;
use inrou_api::problem::{Code, Problem};
use inrou_words::{ErrorText, error};

use crate::{Field, Said, Visit};

/// What did not go through, as a part of a page.
#[derive(Debug, Template)]
#[template(path = "trouble.html")]
pub struct Trouble<'a> {
    v: &'a Visit,
    /// In a few words.
    pub title: Said<'a>,
    what: Said<'a>,
    now: Said<'a>,
    help: Vec<Said<'a>>,
    code: &'a str,
    trace: Option<String>,
    heading: bool,
    /// Where in the form it is, by id, and what that is called.
    places: Vec<(String, Said<'a>)>,
}

impl<'a> Trouble<'a> {
    /// Tells an error by its code and parameters. One that is not known here is told as an internal
    /// error.
    pub fn of(
        v: &'a Visit,
        code: &'a str,
        params: impl Iterator<Item = (&'a str, &'a str)> + Clone,
    ) -> Self {
        let internal = Code::INTERNAL_ERROR.as_str();
        let text: &'static ErrorText = error(code)
            .or_else(|| error(internal))
            .expect("words has a text for every error of api's own");
        let say = |text: inrou_words::Text<'static>| {
            Said::from(text.in_language(v.language).with_all(params.clone()))
        };
        Self {
            v,
            title: say(text.title()),
            what: say(text.what()),
            now: say(text.now()),
            help: text.help().map(say).collect(),
            code,
            trace: None,
            heading: true,
            places: Vec::new(),
        }
    }

    /// Tells a problem.
    pub fn telling(v: &'a Visit, problem: &'a Problem) -> Self {
        let params: Vec<_> = problem.params().collect();
        Self::of(v, problem.code(), params.iter().copied())
    }

    /// With the trace id of the request.
    #[must_use]
    pub fn traced(mut self, trace: String) -> Self {
        self.trace = Some(trace);
        self
    }

    /// Without its title, which stands elsewhere.
    #[must_use]
    pub fn without_title(mut self) -> Self {
        self.heading = false;
        self
    }

    /// Leading to those of the form's fields that are faulty.
    #[must_use]
    pub fn about(self, fields: impl IntoIterator<Item = Field<'a>>) -> Self {
        let faulty = fields.into_iter().filter(Field::is_faulty);
        faulty.fold(self, |trouble, field| trouble.leading_to(field.name(), field.label()))
    }

    /// Leading to a part of the form, by its id.
    #[must_use]
    pub fn leading_to(mut self, id: impl Into<String>, label: Said<'a>) -> Self {
        self.places.push((id.into(), label));
        self
    }

    /// What happened, in a few words.
    pub fn title(&self) -> Said<'a> {
        self.title
    }

    /// What to do now.
    pub fn now(&self) -> Said<'a> {
        self.now
    }

    /// What happened, in a sentence.
    pub fn what(&self) -> Said<'a> {
        self.what
    }
}

impl HtmlSafe for Trouble<'_> {}
