//! The service.

use std::sync::Arc;

use inrou_api::clock::Clock;
use inrou_api::problem::Problem;
use inrou_relying::Validator;
use inrou_relying::report::{
    CertificateReport, Given, SignatureFormat, SignedFile, ValidationReport, When,
};
use jiff::Timestamp;
use tokio::runtime::Handle;

use crate::Settings;
use crate::request::{Validate, ValidateCertificate, ValidateHash};
use crate::work::{Place, Work};

/// A validation service.
pub struct Validation {
    validator: Validator,
    clock: Arc<dyn Clock>,
    work: Work,
}

impl Validation {
    /// A service that judges by this validator. What may be used again of statuses is kept if the validator's
    /// settings ask without a nonce.
    pub fn new(validator: Validator, clock: Arc<dyn Clock>, settings: &Settings) -> Self {
        Self { validator, clock, work: Work::new(settings) }
    }

    /// A place among the requests that are under way.
    pub(crate) fn admit(&self) -> Result<Place, Problem> {
        self.work.admit()
    }

    pub(crate) async fn validate(
        self: Arc<Self>,
        place: Place,
        asked: Validate,
    ) -> Result<ValidationReport, Problem> {
        self.judge(place, move |service, runtime| {
            let format = asked.format()?;
            let given = asked.content.as_ref().map(|content| content.0.as_slice());
            let file = SignedFile {
                file: &asked.document.0,
                given: given.map_or(Given::Nothing, Given::Content),
                status: &[],
                filename: asked.filename.as_ref().map(|name| name.as_str()),
                detailed: asked.report_type.is_detailed(),
            };
            service.report(runtime, format, &file, asked.validation_time)
        })
        .await
    }

    pub(crate) async fn validate_hash(
        self: Arc<Self>,
        place: Place,
        asked: ValidateHash,
    ) -> Result<ValidationReport, Problem> {
        self.judge(place, move |service, runtime| {
            let digest = asked.digest()?;
            let file = SignedFile {
                file: &asked.signature.0,
                given: Given::Digest(digest),
                status: &[],
                filename: asked.filename.as_ref().map(|name| name.as_str()),
                detailed: asked.report_type.is_detailed(),
            };
            service.report(runtime, SignatureFormat::Cms, &file, asked.validation_time)
        })
        .await
    }

    pub(crate) async fn validate_certificate(
        self: Arc<Self>,
        place: Place,
        asked: ValidateCertificate,
    ) -> Result<CertificateReport, Problem> {
        self.judge(place, move |service, runtime| {
            let certificate = asked.read()?;
            let when = service.when(asked.validation_time);
            let detailed = asked.report_type.is_detailed();
            let validator = &service.validator;
            let report = validator.report_certificate(&certificate, asked.purpose, when, detailed);
            Ok(runtime.block_on(report))
        })
        .await
    }

    async fn judge<T: Send + 'static>(
        self: Arc<Self>,
        place: Place,
        judge: impl FnOnce(&Self, &Handle) -> Result<T, Problem> + Send + 'static,
    ) -> Result<T, Problem> {
        let (service, runtime) = (self.clone(), Handle::current());
        self.work.run(place, move || judge(&service, &runtime)).await?
    }

    fn report(
        &self,
        runtime: &Handle,
        format: SignatureFormat,
        file: &SignedFile<'_>,
        at: Option<Timestamp>,
    ) -> Result<ValidationReport, Problem> {
        let report = self.validator.report_file(format, file, self.when(at));
        runtime.block_on(report).map_err(Problem::internal)
    }

    fn when(&self, at: Option<Timestamp>) -> When {
        let present = self.clock.now();
        When { at: at.unwrap_or(present), present }
    }
}

#[cfg(test)]
mod tests {
    use axum::body::Body;
    use axum::http::Request;
    use inrou_api::clock::TestClock;
    use inrou_pki::KeyAlgorithm;
    use inrou_relying::testing::TestAuthority;
    use serde_json::Value;
    use tower::ServiceExt;

    use super::*;

    /// Status, `Retry-After` and code of the answer to a request that is good.
    async fn ask(service: &Arc<Validation>) -> (u16, String, Value) {
        let request = Request::post("/validation/v1/validate")
            .header("content-type", "application/json")
            .body(Body::from(r#"{"document": "MAA="}"#));
        let response = crate::router(service.clone()).oneshot(request.unwrap()).await.unwrap();
        let header = response.headers().get("retry-after").map(|value| value.to_str().unwrap());
        let (status, retry) = (response.status().as_u16(), header.unwrap_or_default().to_owned());
        let body = axum::body::to_bytes(response.into_body(), 100_000).await.unwrap();
        (status, retry, serde_json::from_slice(&body).unwrap())
    }

    #[tokio::test]
    async fn a_service_that_has_its_fill_says_when_to_come_again() {
        let clock = Arc::new(TestClock::at("2026-11-21T01:00:00Z".parse().unwrap()));
        let authority = TestAuthority::open(clock.clone(), KeyAlgorithm::EcP256).await;
        let settings = Settings {
            workers: std::num::NonZeroUsize::MIN,
            waiting: 0,
            patience: jiff::SignedDuration::ZERO,
        };
        let validator = authority.validator(authority.relying_settings());
        let service = Arc::new(Validation::new(validator, clock, &settings));
        let place = service.admit().unwrap();
        let (status, retry, problem) = ask(&service).await;
        assert_eq!((status, retry.as_str()), (503, "5"));
        assert_eq!(problem["code"], "validation-busy");
        drop(place);
        // Somebody else's work has the one worker.
        let worker = service.work.take_worker().await;
        let (status, retry, problem) = ask(&service).await;
        assert_eq!((status, retry.as_str()), (503, "5"));
        assert_eq!(problem["code"], "validation-timed-out");
        drop(worker);
    }
}
