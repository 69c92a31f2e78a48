//! The texts, by code.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use crate::error::{ErrorText, errors};
use crate::loader::load;
use crate::notice::{NoticeText, notices};
use crate::sources;
use crate::text::{Entry, Text};

/// The texts of this program.
pub(crate) static CATALOGUE: LazyLock<Catalogue> =
    LazyLock::new(|| load(sources::ERRORS, sources::NOTICES, sources::WORDS).0);

/// Every text that a person reads in her language, for who checks them all.
pub fn texts() -> impl Iterator<Item = Text<'static>> {
    let errors = errors().flat_map(|error| [error.title(), error.what(), error.now()]);
    let notices = notices().flat_map(|notice| [notice.title(), notice.body()]);
    let others = CATALOGUE.families.values().flat_map(Family::values).map(Entry::text);
    errors.chain(notices).chain(others)
}

/// All texts, by code.
#[derive(Default)]
pub(crate) struct Catalogue {
    /// Errors in the order of the files, by code within a file.
    pub(crate) errors: Vec<ErrorText>,
    /// Where each error is in `errors`.
    pub(crate) error_index: BTreeMap<String, usize>,
    pub(crate) notices: BTreeMap<String, NoticeText>,
    /// All other texts: by family, then by name.
    pub(crate) families: BTreeMap<String, Family>,
}

/// The texts of one family, by name.
pub(crate) type Family = BTreeMap<String, Entry>;

impl Catalogue {
    /// The text of a full code: `error.CODE.PART`, `notice.CODE.PART` or `FAMILY.NAME`.
    pub(crate) fn entry(&self, code: &str) -> Option<&Entry> {
        let (family, name) = code.split_once('.')?;
        match family {
            "error" => name.split_once('.').and_then(|(code, part)| self.error(code)?.part(part)),
            "notice" => {
                name.split_once('.').and_then(|(code, part)| self.notices.get(code)?.part(part))
            }
            _ => self.named(family, name),
        }
    }

    /// The text of a family by its name. The titles of the errors are a family, `error`.
    pub(crate) fn named(&self, family: &str, name: &str) -> Option<&Entry> {
        match family {
            "error" => self.error(name)?.part("title"),
            _ => self.families.get(family)?.get(name),
        }
    }

    /// The error of this code.
    pub(crate) fn error(&self, code: &str) -> Option<&ErrorText> {
        self.errors.get(*self.error_index.get(code)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_of_no_text_gives_nothing() {
        for code in ["", "x", "error", "error.", "error.x", "error.x.title", "notice.x", "button."]
        {
            assert!(CATALOGUE.entry(code).is_none(), "{code:?}");
        }
    }
}
