//! What a form sends, and a value in the query of an address.

use axum::body::Body;
use axum::extract::{FromRequest, Request};
use inrou_api::problem::{Code, Problem};
use inrou_api::server::read_body;
use serde::de::DeserializeOwned;

/// A form that was sent, `application/x-www-form-urlencoded`.
#[derive(Clone, Copy, Debug, Default)]
pub struct Form<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Form<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let (parts, body) = request.into_parts();
        let whole = Request::from_parts(parts.clone(), body);
        let bytes = read_body(whole, state).await?;
        let request = Request::from_parts(parts, Body::from(bytes));
        // What the framework says of a malformed form may repeat what was typed.
        match axum::Form::from_request(request, state).await {
            Ok(axum::Form(form)) => Ok(Self(form)),
            Err(axum::extract::rejection::FormRejection::InvalidFormContentType(_)) => {
                let expected = "application/x-www-form-urlencoded";
                Err(Problem::new(Code::UNSUPPORTED_MEDIA_TYPE).with("expected", expected))
            }
            Err(_) => Err(Problem::bad_request("form")),
        }
    }
}

/// A value in a query: everything but what is plain (RFC 3986, section 2.3) is written in percent.
pub fn percent(value: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    let write = |byte: u8| match plain(byte) {
        true => char::from(byte).to_string(),
        false => format!("%{byte:02X}"),
    };
    value.bytes().map(write).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_in_a_query_stays_one_value() {
        assert_eq!(percent("plain-Text_1.~"), "plain-Text_1.~");
        assert_eq!(percent("a b&c=d#é"), "a%20b%26c%3Dd%23%C3%A9");
    }
}
