//! Lists in pages.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::problem::Problem;

/// One page of a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Page<T> {
    /// What is on it, in the list's order.
    pub items: Vec<T>,
    /// Where the next page begins; absent on the last one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<Cursor>,
}

impl<T> Page<T> {
    /// Makes a page of the items that were found when one more than `limit` was asked for: the one too
    /// many shows that there is a next page, which begins after `position` of the last one kept.
    ///
    /// # Errors
    /// A position that cannot be written as JSON.
    pub fn of<P: Serialize>(
        mut found: Vec<T>,
        limit: Limit,
        position: impl Fn(&T) -> P,
    ) -> Result<Self, serde_json::Error> {
        let more = found.len() > limit.count();
        found.truncate(limit.count());
        let next = match found.last() {
            Some(last) if more => Some(Cursor::after(&position(last))?),
            _ => None,
        };
        Ok(Self { items: found, next })
    }
}

/// Where in a list a page begins. Opaque to clients; nothing secret is in it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(transparent)]
#[schema(value_type = String)]
pub struct Cursor(String);

impl Cursor {
    /// The place after the item at `position`.
    ///
    /// # Errors
    /// A position that cannot be written as JSON.
    pub fn after(position: &impl Serialize) -> Result<Self, serde_json::Error> {
        serde_json::to_vec(position).map(|json| Self(URL_SAFE_NO_PAD.encode(json)))
    }

    /// The position that it was made from.
    ///
    /// # Errors
    /// `bad-request` if it was not made for such a list.
    pub fn position<P: DeserializeOwned>(&self) -> Result<P, Problem> {
        let json = URL_SAFE_NO_PAD.decode(&self.0).ok();
        json.and_then(|json| serde_json::from_slice(&json).ok())
            .ok_or_else(|| Problem::bad_request("cursor"))
    }

    /// As it stands in a query.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Cursor({})", self.0)
    }
}

/// How many items a page has at most: 1 to 200, 50 if nothing is said. More counts as 200, 0 as 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(from = "u32")]
#[schema(value_type = u32, minimum = 1, maximum = 200, default = 50)]
pub struct Limit(u8);

impl Limit {
    /// The number.
    pub fn count(self) -> usize {
        self.0.into()
    }
}

impl Default for Limit {
    fn default() -> Self {
        Self(50)
    }
}

impl From<u32> for Limit {
    fn from(count: u32) -> Self {
        Self(u8::try_from(count).map_or(200, |count| count.clamp(1, 200)))
    }
}

/// Which page is asked for; for [`crate::server::Query`]. A query that asks for more has the same two
/// members.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct PageQuery {
    /// `next` of the page before; absent for the first page.
    #[param(value_type = Option<String>, pattern = "^[A-Za-z0-9_-]+$")]
    pub cursor: Option<Cursor>,
    /// How many items at most: 1 to 200, 50 if absent; more counts as 200, 0 as 1.
    #[serde(default)]
    #[param(value_type = Option<u32>)]
    pub limit: Limit,
}

impl PageQuery {
    /// The position after which the page begins; `None` for the first page.
    ///
    /// # Errors
    /// `bad-request` if the cursor was not made for such a list.
    pub fn position<P: DeserializeOwned>(&self) -> Result<Option<P>, Problem> {
        self.cursor.as_ref().map(Cursor::position).transpose()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::problem::Code;

    #[test]
    fn pages_follow_each_other_to_the_end() {
        let list: Vec<u32> = (0..7).collect();
        let (mut seen, mut query) = (Vec::new(), PageQuery { cursor: None, limit: 3.into() });
        loop {
            let after: Option<u32> = query.position().unwrap();
            let found = list
                .iter()
                .copied()
                .filter(|&item| after.is_none_or(|after| item > after))
                .take(query.limit.count() + 1)
                .collect();
            let page = Page::of(found, query.limit, |&item| item).unwrap();
            assert!(page.items.len() <= 3);
            seen.extend(page.items);
            match page.next {
                Some(next) => query.cursor = Some(next),
                None => break,
            }
        }
        assert_eq!(seen, list);
    }

    #[test]
    fn a_list_that_fills_its_page_has_no_next_one() {
        assert_eq!(Page::of(vec![1, 2], 2.into(), |&item| item).unwrap().next, None);
        assert_eq!(Page::of(Vec::<u8>::new(), 2.into(), |&item| item).unwrap().next, None);
    }

    #[test]
    fn a_cursor_of_another_list_is_a_bad_request() {
        let cursor = Cursor::after(&"a name").unwrap();
        assert_eq!(cursor.position::<String>().unwrap(), "a name");
        for wrong in [cursor, Cursor("!".into()), Cursor(String::new()), Cursor("A".repeat(9999))] {
            assert!(wrong.position::<u32>().unwrap_err().is(Code::BAD_REQUEST));
        }
    }

    #[test]
    fn a_limit_is_kept_within_bounds() {
        assert_eq!(Limit::default().count(), 50);
        let counts = [0, 1, 200, 201, 255, 256, u32::MAX].map(|count| Limit::from(count).count());
        assert_eq!(counts, [1, 1, 200, 200, 200, 200, 200]);
    }
}
