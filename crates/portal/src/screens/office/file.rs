//! One application at the office: the document, who signed it, what the status evidence proved at the
//! moment of receipt, the file's history, and the decision.

use std::collections::BTreeMap;

use askama::Template;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{AppendHeaders, IntoResponse, Redirect, Response};
use inrou_api::idempotency::IdempotencyKey;
use inrou_api::problem::{Code, OrInternal, Problem};
use inrou_api::server::Path;
use inrou_api::wire::portal::{ApplicationState, Decision, EvidenceKind, OfficeFile, OfficeState};
use inrou_relying::inspect::{Beside, Fact, FactValue, Outcome, Report};
use inrou_relying::{StatusEvidence, StatusSource};
use inrou_web::{Form, Said, Trouble, Visit, page};
use inrou_words::{Term, Value};
use jiff::Timestamp;
use serde::Deserialize;

use super::Office;
use super::clerk::{Clerk, SignedIn, to_sign_in};
use crate::office::LONGEST_REASON;
use crate::screens::applications::{download, procedure, standing};
use crate::screens::keyed;
use crate::store::{Application, Received};

/// The name of the one field of a draft, and of the form.
const REASON: &str = "reason";

#[derive(Template)]
#[template(path = "office-file.html")]
struct Shown<'a> {
    v: &'a Visit,
    title: &'static str,
    application: &'a Application,
    received: &'a Received,
    state: &'a ApplicationState,
    report: &'a Report,
    key: &'a str,
    reason: &'a str,
    fault: Option<&'static str>,
}

/// One line of a report: what it is about, and what it says.
struct Line<'a> {
    name: String,
    said: LineValue<'a>,
}

enum LineValue<'a> {
    Text(&'a str),
    Said(Said<'a>),
}

impl Shown<'_> {
    fn procedure(&self) -> Said<'static> {
        procedure(self.v, self.application.procedure)
    }

    fn standing(&self) -> (&'static str, Said<'_>) {
        standing(self.v, self.state)
    }

    fn reference(&self) -> String {
        self.application.reference().unwrap_or_default()
    }

    fn at(&self, moment: &Timestamp) -> Said<'static> {
        Said::of("value.moment", self.v.language).with("value", *moment)
    }

    fn is_open(&self) -> bool {
        self.received.state == OfficeState::Received
    }

    fn holds(&self) -> bool {
        self.report.holds()
    }

    fn evidence(&self) -> &'static str {
        match self.received.receipt.evidence_kind {
            EvidenceKind::Ocsp => "OCSP (RFC 6960)",
            EvidenceKind::Crl => "CRL (RFC 5280)",
        }
    }

    /// What the signed message and the signer's certificate say.
    fn facts(&self) -> Vec<Line<'_>> {
        self.report.facts.iter().filter_map(|fact| self.line(fact)).collect()
    }

    fn line<'b>(&'b self, fact: &'b Fact) -> Option<Line<'b>> {
        let value = |code| Said::of(code, self.v.language);
        let said = match &fact.value {
            FactValue::Text(text) => LineValue::Text(text),
            FactValue::Moment(at) => LineValue::Said(value("value.moment").with("value", *at)),
            FactValue::Date(day) => LineValue::Said(value("value.date").with("value", *day)),
            FactValue::Number(count) => {
                LineValue::Said(value("value.number").with("value", *count))
            }
            FactValue::Sex(sex) => {
                let sex = match sex {
                    inrou_rules::Sex::Male => "male",
                    inrou_rules::Sex::Female => "female",
                    inrou_rules::Sex::Unknown => "unknown",
                };
                LineValue::Said(value("value.sex").with("value", Value::Name(sex)))
            }
            FactValue::Kind(kind) => LineValue::Said(
                value("value.kind").with("usage", kind.usage).with("medium", kind.medium),
            ),
            FactValue::Seal => LineValue::Said(value("signature.seal")),
            FactValue::Status(_) | FactValue::Listed(..) => return None,
        };
        Some(Line { name: format!("fact.{}", fact.name), said })
    }

    /// What was checked, and whether it held.
    fn checks(&self) -> Vec<(String, &'static str, &'static str)> {
        let told = |outcome: &Outcome| match outcome {
            Outcome::Passed => ("good", "office.check-passed"),
            Outcome::Failed { .. } | Outcome::NotGood(_) => ("bad", "office.check-failed"),
            Outcome::Unknown { .. } | Outcome::NotChecked(_) => ("waits", "office.not-checked"),
        };
        let check = |check: &inrou_relying::inspect::Check| {
            let (class, words) = told(&check.outcome);
            (format!("check.{}", check.name), class, words)
        };
        self.report.checks.iter().map(check).collect()
    }

    fn returned(&self) -> Option<Said<'_>> {
        let reason = self.received.reason.as_deref()?;
        let reason = Term { text: reason, reading: "" };
        Some(self.v.say("value.term").with("value", reason))
    }

    fn trouble(&self) -> Option<Trouble<'_>> {
        let params = [("field", "return_reason"), ("fault", self.fault?)];
        let trouble = Trouble::of(self.v, Code::FIELDS_INVALID.as_str(), params.into_iter());
        Some(trouble.leading_to(REASON, self.v.say("office-file.reason")))
    }

    fn fault(&self) -> Option<Said<'_>> {
        Some(self.v.say("apply.fault").with("fault", Value::Name(self.fault?)))
    }
}

/// The file.
pub(super) async fn show(
    State(office): State<Office>,
    clerk: Clerk,
    Path(id): Path<String>,
    v: Visit,
) -> Result<Response, Problem> {
    let typed = office.portal.draft(&clerk.owner(), &id).await?;
    let reason = typed.as_ref().and_then(|fields| fields.get(REASON));
    office.shown(clerk, id, &v, reason.map_or("", String::as_str), None).await
}

impl Office {
    async fn shown(
        &self,
        clerk: Clerk,
        id: String,
        v: &Visit,
        reason: &str,
        fault: Option<&'static str>,
    ) -> Result<Response, Problem> {
        let found = self.portal.addressed(Some(clerk.municipality), id).await?;
        let (application, received) = (&found.0, &found.1);
        let key = IdempotencyKey::new(&*self.portal.entropy);
        let report = self.proved(application, received).await?;
        let shown = Shown {
            v,
            title: "office-file.title",
            application,
            received,
            state: &crate::applications::state(application, self.portal.now()),
            report: &report,
            key: key.as_str(),
            reason,
            fault,
        };
        page(v, &shown)
    }

    /// What signature, certificate and kept evidence prove, judged at the moment of receipt: nobody is
    /// asked anew.
    async fn proved(
        &self,
        application: &Application,
        received: &Received,
    ) -> Result<Report, Problem> {
        let receipt = &received.receipt;
        let source = match receipt.evidence_kind {
            EvidenceKind::Ocsp => StatusSource::Ocsp,
            EvidenceKind::Crl => StatusSource::Crl,
        };
        let evidence = StatusEvidence::new(source, receipt.evidence.clone(), receipt.checked_at);
        let content = Some(application.document.as_bytes());
        let beside = Beside { content, status: vec![evidence], ..Beside::default() };
        let report = self.portal.validator.inspect(&receipt.cms, &beside, receipt.checked_at);
        report.await.or_internal()
    }

    /// Keeps a reason that was typed, for an application that the clerk may see.
    async fn keep(&self, clerk: Clerk, id: &str, reason: &str) -> Result<(), Problem> {
        self.portal.addressed(Some(clerk.municipality), id.to_owned()).await?;
        let fields = BTreeMap::from([(REASON.to_owned(), reason.to_owned())]);
        self.portal.keep_draft(&clerk.owner(), id, &fields).await
    }

    /// The clerk who is signed in. Else the way to the sign-in, with the reason kept for the municipality
    /// whose clerk sent it.
    async fn clerk_or_kept(
        &self,
        headers: &HeaderMap,
        id: &str,
        reason: &str,
    ) -> Result<Result<Clerk, Response>, Problem> {
        Ok(match self.signed_in(headers).await? {
            SignedIn::Now(clerk) => Ok(clerk),
            SignedIn::Before(clerk) => {
                self.keep(clerk, id, reason).await?;
                Err(to_sign_in(&address(id)))
            }
            SignedIn::Never => Err(to_sign_in(&address(id))),
        })
    }

    async fn file(&self, clerk: Clerk, id: String) -> Result<OfficeFile, Problem> {
        self.portal.office_file(Some(clerk.municipality), id).await
    }

    async fn decide(
        &self,
        clerk: Clerk,
        id: String,
        key: Option<&str>,
        decision: Decision,
    ) -> Result<Response, Problem> {
        let municipality = clerk.municipality;
        let address = address(&id);
        let content = serde_json::to_vec(&decision).or_internal()?;
        let caller = format!("clerk:{municipality}");
        let request = keyed(&caller, key, &address, &content)?;
        self.portal.decide(Some(municipality), request, id.clone(), decision).await?;
        self.portal.forget_draft(&clerk.owner(), &id).await?;
        Ok(Redirect::to(&address).into_response())
    }
}

/// What the button to accept sends.
#[derive(Deserialize)]
pub(super) struct AcceptForm {
    key: Option<String>,
}

/// Accepts.
pub(super) async fn accept(
    State(office): State<Office>,
    clerk: Clerk,
    Path(id): Path<String>,
    Form(form): Form<AcceptForm>,
) -> Result<Response, Problem> {
    office.decide(clerk, id, form.key.as_deref(), Decision::Accept).await
}

/// Why an application goes back.
#[derive(Deserialize)]
pub(super) struct ReturnForm {
    key: Option<String>,
    #[serde(default)]
    reason: String,
}

impl ReturnForm {
    /// The reason; browsers send its line breaks as CR LF.
    fn reason(&self) -> String {
        self.reason.replace("\r\n", "\n")
    }
}

/// Returns, with a reason. One that is faulty is kept to be mended; one that comes after the end of the
/// sign-in, until a clerk is back.
pub(super) async fn give_back(
    State(office): State<Office>,
    headers: HeaderMap,
    Path(id): Path<String>,
    mut v: Visit,
    Form(form): Form<ReturnForm>,
) -> Result<Response, Problem> {
    let reason = form.reason();
    let reason = reason.trim();
    let clerk = match office.clerk_or_kept(&headers, &id, reason).await? {
        Ok(clerk) => clerk,
        Err(to_sign_in) => return Ok(to_sign_in),
    };
    v.stay = Some(clerk.stay());
    let fault = match reason.chars().count() {
        0 => Some("missing"),
        count if count > LONGEST_REASON => Some("reason-too-long"),
        _ => None,
    };
    if fault.is_some() {
        office.keep(clerk, &id, reason).await?;
        let shown = office.shown(clerk, id, &v, reason, fault).await?;
        return Ok((StatusCode::UNPROCESSABLE_ENTITY, shown).into_response());
    }
    let decision = Decision::Return { reason: reason.to_owned() };
    office.decide(clerk, id, form.key.as_deref(), decision).await
}

/// Puts the end of the sign-in off; a reason that was typed meanwhile is kept.
pub(super) async fn extend(
    State(office): State<Office>,
    headers: HeaderMap,
    Path(id): Path<String>,
    Form(form): Form<ReturnForm>,
) -> Result<Response, Problem> {
    let reason = form.reason();
    let clerk = match office.clerk_or_kept(&headers, &id, &reason).await? {
        Ok(clerk) => clerk,
        Err(to_sign_in) => return Ok(to_sign_in),
    };
    office.keep(clerk, &id, &reason).await?;
    let cookie = office.extend(&headers).await?;
    Ok((AppendHeaders([cookie]), Redirect::to(&address(&id))).into_response())
}

/// Where an application stands.
fn address(id: &str) -> String {
    format!("/applications/{id}")
}

/// The document: the very bytes that were signed.
pub(super) async fn document(
    State(office): State<Office>,
    clerk: Clerk,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let file = office.file(clerk, id).await?;
    let bytes = file.signed.document.into_bytes();
    Ok(download("text/plain; charset=utf-8", "document.txt", bytes))
}

/// The signature over it.
pub(super) async fn signature(
    State(office): State<Office>,
    clerk: Clerk,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let file = office.file(clerk, id).await?;
    Ok(download("application/pkcs7-signature", "document.txt.p7s", file.signed.cms.0))
}

/// The signer's certificate.
pub(super) async fn certificate(
    State(office): State<Office>,
    clerk: Clerk,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let file = office.file(clerk, id).await?;
    Ok(download("application/pkix-cert", "certificate.cer", file.certificate.0))
}

/// What told its status at the moment of receipt.
pub(super) async fn evidence(
    State(office): State<Office>,
    clerk: Clerk,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let file = office.file(clerk, id).await?;
    let (media_type, name) = match file.evidence_kind {
        EvidenceKind::Ocsp => ("application/ocsp-response", "status.ors"),
        EvidenceKind::Crl => ("application/pkix-crl", "status.crl"),
    };
    Ok(download(media_type, name, file.status_evidence.0))
}
