//! Notices to residents, such as "registration is ready" (HOURS-2).

use crate::catalogue::CATALOGUE;
use crate::loader::{Loader, ParameterSource, Said};
use crate::text::{Entry, Parameter, Text};

/// The notice of this code; `None` if there is none.
pub fn notice(code: &str) -> Option<&'static NoticeText> {
    CATALOGUE.notices.get(code)
}

/// All notices, by code.
pub fn notices() -> impl Iterator<Item = &'static NoticeText> {
    CATALOGUE.notices.values()
}

/// A notice. Title and body take the same parameters.
#[derive(Debug)]
pub struct NoticeText {
    code: String,
    title: Entry,
    body: Entry,
}

impl NoticeText {
    /// The stable code, in kebab case.
    pub fn code(&self) -> &str {
        &self.code
    }

    /// What its texts take, in alphabetical order.
    pub fn parameters(&self) -> &[Parameter] {
        &self.title.parameters
    }

    /// The line that a phone shows first.
    pub fn title(&'static self) -> Text<'static> {
        self.title.text()
    }

    /// What it says.
    pub fn body(&'static self) -> Text<'static> {
        self.body.text()
    }

    /// The part that a code names.
    pub(crate) fn part(&self, part: &str) -> Option<&Entry> {
        match part {
            "title" => Some(&self.title),
            "body" => Some(&self.body),
            _ => None,
        }
    }

    pub(crate) fn load(loader: &mut Loader, code: String, source: NoticeSource) -> Self {
        let title = loader.entry(format!("notice.{code}.title"), &source.params, &source.title);
        let body = loader.entry(format!("notice.{code}.body"), &source.params, &source.body);
        Self { code, title, body }
    }
}

/// A notice, as written in a data file.
#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct NoticeSource {
    #[serde(default)]
    params: ParameterSource,
    title: Said,
    body: Said,
}
