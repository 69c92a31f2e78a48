//! How far work is that a page waits for (`data-waits`), as the script asks and is answered.

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};

use crate::Visit;

/// How far the page shows the work, as the script says when it asks.
#[derive(Clone, Copy, Debug, Deserialize)]
pub struct Seen {
    /// In percent.
    #[serde(default)]
    pub seen: u8,
}

/// How far the work is.
#[derive(Clone, Copy, Debug)]
pub struct Further {
    /// In percent.
    pub percent: u8,
    /// The code of the text that says what is being done.
    pub doing: &'static str,
}

/// What the script is told.
#[derive(Serialize)]
struct Told {
    /// Where to ask next.
    next: String,
    percent: u8,
    text: String,
}

/// The answer to the script that asks at `address`: nothing happened (`None`, 204), the work is over and
/// the page is to be loaded anew (`Some(None)`, 200), or what is to be shown in its place.
pub fn further(v: &Visit, address: &str, found: Option<Option<Further>>) -> Response {
    match found {
        None => StatusCode::NO_CONTENT.into_response(),
        Some(None) => StatusCode::OK.into_response(),
        Some(Some(Further { percent, doing })) => {
            let next = format!("{address}?seen={percent}");
            Json(Told { next, percent, text: v.attr(doing) }).into_response()
        }
    }
}
