//! Who of a role's staff acts, and why: what a desk says of its members with the acts that it passes on (the
//! header `Inrou-Acting`). The reason stands in the resident's journal; the member's name stands nowhere but
//! at the desk.

use std::fmt;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue};
use inrou_rules::MemberId;
use serde::{Deserialize, Serialize};
use sfv::{BareItem, Item, Parser};
use utoipa::{IntoParams, ToSchema};

use crate::problem::Problem;

/// The header's name.
pub(crate) const HEADER: &str = "inrou-acting";

/// A member of a desk's staff who acts, and why. *This type is stored.*
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Acting {
    /// Who, by a name that only the desk knows.
    pub member: MemberId,
    /// Why.
    pub reason: Reason,
}

/// Why a member of the staff acts. *This type is stored*: variants are only ever added.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Reason {
    /// It was lost.
    Lost,
    /// It was stolen.
    Stolen,
    /// It was found.
    Found,
    /// The resident asks for it.
    Asked,
    /// The resident notifies a change (届出).
    Notified,
    /// The record was wrong.
    Corrected,
    /// A PIN was forgotten, or is locked.
    Forgotten,
    /// It is about to expire, or has.
    Expiring,
    /// Something else, which the desk's own journal says.
    Other,
}

impl Reason {
    /// All of them, in the order in which they are offered.
    pub const ALL: [Reason; 9] = [
        Reason::Lost,
        Reason::Stolen,
        Reason::Found,
        Reason::Asked,
        Reason::Notified,
        Reason::Corrected,
        Reason::Forgotten,
        Reason::Expiring,
        Reason::Other,
    ];

    /// Its code.
    pub const fn as_str(self) -> &'static str {
        match self {
            Reason::Lost => "lost",
            Reason::Stolen => "stolen",
            Reason::Found => "found",
            Reason::Asked => "asked",
            Reason::Notified => "notified",
            Reason::Corrected => "corrected",
            Reason::Forgotten => "forgotten",
            Reason::Expiring => "expiring",
            Reason::Other => "other",
        }
    }

    /// The reason of that code.
    pub fn of(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|reason| reason.as_str() == code)
    }
}

impl Acting {
    /// The header's value: a string of RFC 9651 with the reason as its parameter.
    pub(crate) fn to_header(self) -> HeaderValue {
        HeaderValue::try_from(self.to_string()).expect("hexadecimal digits and a fixed word")
    }

    /// Reads the header; `None` if there is none.
    ///
    /// # Errors
    /// `bad-request`.
    fn read(headers: &HeaderMap) -> Result<Option<Self>, Problem> {
        let malformed = || Problem::bad_request(HEADER);
        let mut lines = headers.get_all(HEADER).iter();
        let Some(line) = lines.next() else { return Ok(None) };
        let item: Item = Parser::new(line.as_bytes()).parse().map_err(|_| malformed())?;
        let BareItem::String(member) = &item.bare_item else { return Err(malformed()) };
        let reason = item.params.get("reason").and_then(|reason| match reason {
            BareItem::Token(word) => Reason::of(word.as_str()),
            _ => None,
        });
        let member = member.as_str().parse().map_err(|_| malformed())?;
        let is_alone = lines.next().is_none() && item.params.len() == 1;
        let reason = reason.filter(|_| is_alone).ok_or_else(malformed)?;
        Ok(Some(Self { member, reason }))
    }
}

impl fmt::Display for Acting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{}\";reason={}", self.member, self.reason.as_str())
    }
}

/// Who acts for the role that calls, if it says so.
#[derive(Clone, Copy, Debug)]
pub struct SaidActing(pub Option<Acting>);

impl<S: Sync> FromRequestParts<S> for SaidActing {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        Acting::read(&parts.headers).map(Self)
    }
}

/// The header, as API documents describe it.
#[derive(IntoParams)]
#[into_params(parameter_in = Header)]
#[allow(dead_code, reason = "a description; the header is read by `Acting::read`")]
pub struct ActingHeader {
    /// Who of the caller's staff acts, by a name that only the caller knows, and why: `lost`, `stolen`,
    /// `found`, `asked`, `notified`, `corrected`, `forgotten`, `expiring` or `other`. The reason stands in the
    /// resident's journal. It is covered by the signature.
    #[param(
        rename = "Inrou-Acting",
        required = false,
        example = "\"0123456789abcdef0123456789abcdef\";reason=lost",
        pattern = r##"^"[0-9a-f]{32}";reason=(lost|stolen|found|asked|notified|corrected|forgotten|expiring|other)$"##
    )]
    acting: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(value: &str) -> Result<Option<Acting>, Problem> {
        let value = HeaderValue::try_from(value).unwrap();
        Acting::read(&HeaderMap::from_iter([(axum::http::HeaderName::from_static(HEADER), value)]))
    }

    #[test]
    fn who_acts_goes_through_the_header() {
        assert_eq!(Acting::read(&HeaderMap::new()).unwrap(), None);
        for reason in Reason::ALL {
            let acting = Acting { member: MemberId::from_bytes([7; 16]), reason };
            let value = acting.to_header();
            assert_eq!(read(value.to_str().unwrap()).unwrap(), Some(acting));
        }
    }

    #[test]
    fn what_is_no_member_or_no_reason_is_refused() {
        let member = "\"0123456789abcdef0123456789abcdef\"";
        for wrong in [
            "",
            "x",
            member,
            &format!("{member};reason=unknown"),
            &format!("{member};reason=\"lost\""),
            &format!("{member};reason=lost;more=1"),
            "\"01\";reason=lost",
        ] {
            assert!(read(wrong).unwrap_err().is(crate::problem::Code::BAD_REQUEST), "{wrong}");
        }
    }
}
