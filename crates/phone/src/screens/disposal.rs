//! Before a phone leaves one's hands (END-1): what is to be done with it, the way to end what is on it, and a
//! proof on paper that it holds nothing. And what comes first in a change of phone (S2 4-A).

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use inrou_api::problem::Problem;
use inrou_api::server::{Path, Query};
use inrou_api::wire::authority::EnrolmentStage;
use inrou_api::wire::phone::{Deleted, DeletionProof, NextStep, PhoneState, StepProblem};
use inrou_rules::{CertificateStatus, Platform, Use};
use inrou_web::{Qr, Said, Visit, page, percent};
use inrou_words::Value;
use jiff::Timestamp;
use serde::Deserialize;

use super::parts::Fault;
use super::{Tells, find, home, to, to_be_told, working};
use crate::fleet::Fleet;

/// What is to become of the phone (S3).
#[derive(Clone, Copy, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "kebab-case")]
enum Purpose {
    /// 下取・買取
    TradeIn,
    /// 回収・廃棄
    Scrapping,
    /// 修理
    Repair,
    /// 機種変更
    Change,
}

impl Purpose {
    const ALL: [Self; 4] = [Self::TradeIn, Self::Scrapping, Self::Repair, Self::Change];

    fn name(self) -> &'static str {
        match self {
            Self::TradeIn => "trade-in",
            Self::Scrapping => "scrapping",
            Self::Repair => "repair",
            Self::Change => "change",
        }
    }

    /// The text that names it.
    fn text(self) -> &'static str {
        match self {
            Self::TradeIn => "disposal.trade-in",
            Self::Scrapping => "disposal.scrapping",
            Self::Repair => "disposal.repair",
            Self::Change => "disposal.change",
        }
    }
}

/// What is asked for, if anything was chosen.
#[derive(Deserialize)]
pub(super) struct Chosen {
    purpose: Option<Purpose>,
}

/// How things stand on the phone, and so what is to be done next: each has a way on.
enum Way {
    /// A procedure is under way: it is gone on with, or given up.
    Unfinished,
    /// Certificates are there, usable by the phone's password or not.
    Revoke { by_password: bool },
    /// An application is on its way: it cannot be called back, what comes of it can be revoked.
    Wait { due: Timestamp },
    /// What is in the chip has to be deleted.
    Delete,
    /// The chip has proved that it is empty.
    Proven,
    /// Nothing was ever there, or nobody knows of it.
    Nothing,
}

impl Way {
    fn of(phone: &PhoneState, v: &Visit) -> Self {
        let next = phone.procedure.as_ref().map(|procedure| &procedure.next);
        let stage = phone.enrolment.as_ref().map(|enrolment| &enrolment.stage);
        let inside = |status| !matches!(status, CertificateStatus::Revoked { .. });
        if matches!(next, Some(NextStep::Delete)) || phone.deletion_due.is_some() {
            Self::Delete
        } else if home::under_way(phone) {
            Self::Unfinished
        } else if phone.certificates.iter().any(|view| inside(view.status)) {
            Self::Revoke { by_password: home::is_active(phone, Use::Signature, v) }
        } else if let Some(&EnrolmentStage::Completed { due, .. }) = stage {
            Self::Wait { due }
        } else if phone.deleted.is_some() {
            Self::Proven
        } else {
            Self::Nothing
        }
    }
}

#[derive(Template)]
#[template(path = "disposal.html")]
struct Disposal<'a> {
    v: &'a Visit,
    title: &'static str,
    phone: &'a PhoneState,
    purpose: Option<Purpose>,
    way: Way,
    told: Option<StepProblem>,
}

impl Disposal<'_> {
    fn purposes(&self) -> [(&'static str, &'static str); 4] {
        Purpose::ALL.map(|purpose| (purpose.name(), purpose.text()))
    }

    fn fault(&self) -> Fault<'_> {
        Fault::new(self.v, self.told.as_ref())
    }

    fn expected(&self, due: &Timestamp) -> Said<'_> {
        self.v.say("step.notice-comes").with("due", Value::Expected { due: *due, now: self.v.now })
    }
}

/// The helper: asks what is to become of the phone, then leads on from how things stand.
pub(super) async fn show(
    State(fleet): State<Arc<Fleet>>,
    Path(name): Path<String>,
    Query(Chosen { purpose }): Query<Chosen>,
    Query(tells): Query<Tells>,
    v: Visit,
) -> Result<Response, Problem> {
    let phone = find(fleet, name.clone()).await?;
    if phone.is_busy() {
        return working::show(&phone, &name, &v);
    }
    let told = phone.told(&tells.told);
    let state = phone.blocking(|phone| Ok(phone.state())).await?;
    let way = Way::of(&state, &v);
    let title = "disposal.title";
    page(&v, &Disposal { v: &v, title, phone: &state, purpose, way, told })
}

/// Deletes now what the phone would delete by itself when it hears of it (MOVE-3).
pub(super) async fn delete(
    State(fleet): State<Arc<Fleet>>,
    Path(name): Path<String>,
) -> Result<Response, Problem> {
    let phone = find(fleet, name.clone()).await?;
    let deleted = phone.clone().delete_by_itself().await;
    Ok(match deleted {
        Ok(()) => to(&name, "/proof").into_response(),
        Err(problem) => to_be_told(&phone, &name, "/disposal", &problem).into_response(),
    })
}

#[derive(Template)]
#[template(path = "proof.html")]
struct Proof<'a> {
    v: &'a Visit,
    title: &'static str,
    phone: &'a PhoneState,
    deleted: &'a Deleted,
    /// Where anybody may have the receipt judged.
    judged_at: Option<String>,
    code: Option<Qr>,
}

impl Proof<'_> {
    /// What the chip signed, in base64.
    fn receipt(&self, proof: &DeletionProof) -> String {
        proof.receipt.clone().into()
    }
}

/// The proof that the phone holds nothing: the chip's receipt, to be printed. Where there is none, the helper
/// says how one comes to it.
pub(super) async fn proof(
    State(fleet): State<Arc<Fleet>>,
    Path(name): Path<String>,
    v: Visit,
) -> Result<Response, Problem> {
    let phone = find(fleet.clone(), name.clone()).await?;
    if phone.is_busy() {
        return working::show(&phone, &name, &v);
    }
    let state = phone.blocking(|phone| Ok(phone.state())).await?;
    let Some(deleted) = &state.deleted else {
        return Ok(to(&name, "/disposal").into_response());
    };
    let judged_at = deleted.proof.as_ref().zip(fleet.portal()).map(|(proof, portal)| {
        let [receipt, certificate] =
            [&proof.receipt, &proof.certificate].map(|bytes| percent(&String::from(bytes.clone())));
        let chip = state.chip;
        format!("{portal}/deletion-receipt?chip={chip}&receipt={receipt}&certificate={certificate}")
    });
    let code = judged_at.as_ref().map(|address| Qr::new(address, v.attr("proof.code")));
    let code = code.transpose()?;
    let (title, phone) = ("proof.title", &state);
    page(&v, &Proof { v: &v, title, phone, deleted, judged_at, code })
}

#[derive(Template)]
#[template(path = "moving.html")]
struct Moving<'a> {
    v: &'a Visit,
    title: &'static str,
    phone: &'a PhoneState,
}

impl Moving<'_> {
    fn is_android(&self) -> bool {
        self.phone.platform == Platform::Android
    }
}

/// 機種変更する時の手続き: what is done first on which old phone (MOVE-1, MOVE-4, MOVE-5).
pub(super) async fn moving(
    State(fleet): State<Arc<Fleet>>,
    Path(name): Path<String>,
    v: Visit,
) -> Result<Response, Problem> {
    let phone = find(fleet, name.clone()).await?;
    if phone.is_busy() {
        return working::show(&phone, &name, &v);
    }
    let state = phone.blocking(|phone| Ok(phone.state())).await?;
    page(&v, &Moving { v: &v, title: "moving.title", phone: &state })
}
