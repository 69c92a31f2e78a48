//! The proof of an entry of the use history (USE-7): shown, verified, and as files to keep.

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use inrou_api::problem::{Code, OrInternal, Problem};
use inrou_api::server::Path;
use inrou_api::wire::authority::LogProof;
use inrou_tlog::{Checkpoint, ProofDocument, VerifierKey};
use inrou_web::{Said, Visit, page};
use jiff::Timestamp;
use serde::Deserialize;

use super::Screens;
use super::applications::download;
use super::visitor::Resident;

#[derive(Template)]
#[template(path = "history_proof.html")]
struct Shown<'a> {
    v: &'a Visit,
    title: &'static str,
    index: u64,
    at: Timestamp,
    proof: &'a LogProof,
    checkpoint: Checkpoint,
}

impl Shown<'_> {
    /// Counted from 1, as people do.
    fn place(&self) -> Said<'static> {
        let place = Said::of("history-proof.place", self.v.language);
        place.with("number", self.index + 1).with("count", self.checkpoint.size)
    }
}

/// When it happened, as the entry itself says.
#[derive(Deserialize)]
struct Entry {
    at: Timestamp,
}

/// The proof of an entry, verified for this page.
pub(super) async fn show(
    State(screens): State<Screens>,
    Resident(session): Resident,
    Path(index): Path<u64>,
    v: Visit,
) -> Result<Response, Problem> {
    let proof = screens.portal.history_proof(&session, index).await?;
    let broken = || Problem::new(Code::LOG_BROKEN);
    let key: VerifierKey = proof.key.parse().map_err(|_| broken())?;
    let document = ProofDocument::read(&proof.proof).map_err(|_| broken())?;
    let checkpoint = document.verify(proof.entry.as_bytes(), &key).map_err(|_| broken())?;
    let Entry { at } = serde_json::from_str(&proof.entry).or_internal()?;
    page(&v, &Shown { v: &v, title: "history-proof.title", index, at, proof: &proof, checkpoint })
}

/// The entry as a file: its very bytes.
pub(super) async fn entry(
    State(screens): State<Screens>,
    Resident(session): Resident,
    Path(index): Path<u64>,
) -> Result<Response, Problem> {
    let proof = screens.portal.history_proof(&session, index).await?;
    Ok(download("application/json", &format!("entry-{index}.json"), proof.entry))
}

/// The proof as a file (C2SP tlog-proof).
pub(super) async fn document(
    State(screens): State<Screens>,
    Resident(session): Resident,
    Path(index): Path<u64>,
) -> Result<Response, Problem> {
    let proof = screens.portal.history_proof(&session, index).await?;
    let name = format!("entry-{index}.tlog-proof");
    Ok(download("text/plain; charset=utf-8", &name, proof.proof))
}
