//! Parts of forms, as the Digital Agency Design System wires them: a label with what is required in
//! words, what helps, what is wrong, and the field that names both (`aria-describedby`).

use askama::Template;
use askama::filters::HtmlSafe;
use std::fmt;

use crate::{Said, Visit};

/// What a field takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A line of text.
    Text,
    /// A password of capital letters and digits (CARD-4). Never filled in by the page.
    Password,
    /// A PIN of digits (CARD-5). Never filled in by the page.
    Digits,
    /// A day.
    Date,
    /// A time of day.
    Time,
    /// A number.
    Number,
    /// The address of a page.
    Address,
}

/// A field of a form with its label.
#[derive(Clone, Debug)]
pub struct Field<'a> {
    visit: &'a Visit,
    name: &'static str,
    kind: Kind,
    label: Said<'a>,
    support: Vec<Said<'a>>,
    fault: Option<Said<'a>>,
    value: &'a str,
    rules: &'static [&'static str],
    new: bool,
    required: bool,
}

impl<'a> Field<'a> {
    /// A field that must be filled in.
    pub fn new(visit: &'a Visit, name: &'static str, kind: Kind, label: Said<'a>) -> Self {
        Self {
            visit,
            name,
            kind,
            label,
            support: Vec::new(),
            fault: None,
            value: "",
            rules: &[],
            new: false,
            required: true,
        }
    }

    /// With a line that helps to fill it in.
    #[must_use]
    pub fn support(mut self, line: Said<'a>) -> Self {
        self.support.push(line);
        self
    }

    /// With what is wrong with what was entered, if something is.
    #[must_use]
    pub fn fault(mut self, fault: Option<Said<'a>>) -> Self {
        self.fault = fault;
        self
    }

    /// With what stands in it at first.
    #[must_use]
    pub fn value(mut self, value: &'a str) -> Self {
        self.value = value;
        self
    }

    /// For a password that is chosen now, not one that a password manager knows.
    #[must_use]
    pub fn chosen_anew(mut self) -> Self {
        self.new = true;
        self
    }

    /// With the rules of a new PIN, which are ticked as one types.
    #[must_use]
    pub fn rules(mut self, rules: &'static [&'static str]) -> Self {
        self.rules = rules;
        self
    }

    /// That may stay empty.
    #[must_use]
    pub fn optional(mut self) -> Self {
        self.required = false;
        self
    }

    /// The field's id.
    pub(crate) fn name(&self) -> &'static str {
        self.name
    }

    pub(crate) fn label(&self) -> Said<'a> {
        self.label
    }

    pub(crate) fn is_faulty(&self) -> bool {
        self.fault.is_some()
    }

    fn input_type(&self) -> &'static str {
        match self.kind {
            Kind::Text | Kind::Number => "text",
            Kind::Password | Kind::Digits => "password",
            Kind::Date => "date",
            Kind::Time => "time",
            Kind::Address => "url",
        }
    }

    fn is_secret(&self) -> bool {
        matches!(self.kind, Kind::Password | Kind::Digits)
    }

    fn is_numeric(&self) -> bool {
        matches!(self.kind, Kind::Digits | Kind::Number)
    }

    fn autocomplete(&self) -> &'static str {
        match (self.is_secret(), self.new) {
            (true, true) => "new-password",
            (true, false) => "current-password",
            (false, _) => "off",
        }
    }

    /// What describes the field, by id.
    fn described_by(&self) -> String {
        let name = self.name;
        let mut ids = Vec::new();
        if self.fault.is_some() {
            ids.push(format!("{name}-fault"));
        }
        if !self.support.is_empty() {
            ids.push(format!("{name}-support"));
        }
        if !self.rules.is_empty() {
            ids.push(format!("{name}-rules"));
        }
        ids.join(" ")
    }
}

#[derive(Template)]
#[template(path = "field.html")]
struct FieldTemplate<'f, 'a> {
    v: &'a Visit,
    field: &'f Field<'a>,
}

impl fmt::Display for Field<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let template = FieldTemplate { v: self.visit, field: self };
        template.render_into(&mut Fmt(f)).map_err(|_| fmt::Error)
    }
}

impl HtmlSafe for Field<'_> {}

struct Fmt<'f, 'g>(&'f mut fmt::Formatter<'g>);

impl fmt::Write for Fmt<'_, '_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.0.write_str(text)
    }
}

/// A box to tick, or one of several to choose. Its id is `NAME-VALUE`.
#[derive(Clone, Debug, Template)]
#[template(path = "choice.html")]
pub struct Choice<'a> {
    /// The field's name.
    pub name: &'static str,
    /// What is sent if it is chosen.
    pub value: &'static str,
    /// What stands beside it.
    pub label: Said<'a>,
    /// What it means.
    pub support: Option<Said<'a>>,
    /// Whether it is chosen at first.
    pub checked: bool,
    /// Whether only one of its name can be chosen.
    pub one_of_several: bool,
    /// Whether something is wrong with it; by the id `NAME-fault`.
    pub faulty: bool,
}

impl HtmlSafe for Choice<'_> {}
