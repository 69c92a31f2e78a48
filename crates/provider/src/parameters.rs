//! What a request says, each parameter once (RFC 6749 §3.1).

use std::collections::BTreeSet;
use std::fmt;

use inrou_api::problem::Code;

use crate::refused::Refused;

/// How much of a name that is not known here is repeated.
const LONGEST_NAME: usize = 40;

/// The parameters of a query or a form, in their order.
#[derive(Clone, Default)]
pub(crate) struct Parameters(Vec<(String, String)>);

/// Among the values are codes, tokens, assertions, and hints at people.
impl fmt::Debug for Parameters {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = self.0.iter().map(|(name, _)| name.chars().take(LONGEST_NAME));
        f.debug_list().entries(names.map(|name| name.collect::<String>())).finish()
    }
}

impl Parameters {
    /// Reads `application/x-www-form-urlencoded`. One without a value counts as absent (RFC 6749 §3.1).
    pub(crate) fn parse(encoded: &[u8]) -> Self {
        let pairs = url::form_urlencoded::parse(encoded).into_owned();
        Self(pairs.filter(|(_, value)| !value.is_empty()).collect())
    }

    /// Parameters that were sent in another form.
    pub(crate) fn of(pairs: impl IntoIterator<Item = (String, String)>) -> Self {
        Self(pairs.into_iter().filter(|(_, value)| !value.is_empty()).collect())
    }

    /// That none is there twice, known here or not (RFC 6749 §3.1).
    ///
    /// # Errors
    /// `parameter-repeated`.
    pub(crate) fn check_each_once(&self) -> Result<(), Refused> {
        let mut names = BTreeSet::new();
        match self.0.iter().find(|(name, _)| !names.insert(name)) {
            Some((name, _)) => {
                let name = name.chars().filter(|c| c.is_ascii_graphic()).take(LONGEST_NAME);
                Err(Refused::new(Code::PARAMETER_REPEATED)
                    .with("parameter", &name.collect::<String>()))
            }
            None => Ok(()),
        }
    }

    /// The value of a parameter.
    ///
    /// # Errors
    /// `parameter-repeated`.
    pub(crate) fn one(&self, name: &'static str) -> Result<Option<&str>, Refused> {
        let mut values = self.0.iter().filter(|(known, _)| known == name);
        let first = values.next();
        if values.next().is_some() {
            return Err(Refused::new(Code::PARAMETER_REPEATED).with("parameter", name));
        }
        Ok(first.map(|(_, value)| value.as_str()))
    }

    /// The value of a parameter that must be there.
    ///
    /// # Errors
    /// `parameter-missing`, `parameter-repeated`.
    pub(crate) fn needed(&self, name: &'static str) -> Result<&str, Refused> {
        let value = self.one(name)?;
        value.ok_or_else(|| Refused::new(Code::PARAMETER_MISSING).with("parameter", name))
    }

    /// A printable value of at most so many characters.
    ///
    /// # Errors
    /// `parameter-malformed`, `parameter-repeated`.
    pub(crate) fn printable(
        &self,
        name: &'static str,
        longest: usize,
    ) -> Result<Option<&str>, Refused> {
        let value = self.one(name)?;
        let is_plain = |value: &str| {
            value.len() <= longest && value.bytes().all(|c| (0x20..=0x7e).contains(&c))
        };
        match value {
            Some(value) if !is_plain(value) => {
                Err(Refused::new(Code::PARAMETER_MALFORMED).with("parameter", name))
            }
            value => Ok(value),
        }
    }
}
