//! What a form sends.

use axum::extract::{FromRequest, Request};
use inrou_api::problem::{Code, Problem};
use serde::de::DeserializeOwned;

/// A form that was sent, `application/x-www-form-urlencoded`.
#[derive(Clone, Copy, Debug, Default)]
pub struct Form<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Form<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
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
