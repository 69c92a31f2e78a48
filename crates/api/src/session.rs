//! The client's part of a secure-channel session: commands go from the authority to a chip, answers
//! back.

use crate::client::{Client, ClientError};
use crate::problem::Code;
use crate::wire::Hex;
use crate::wire::authority::{SessionAnswer, SessionOutcome, SessionStep, SessionWork};

/// How often a session that the authority has lost is opened anew.
const ATTEMPTS: u32 = 3;

/// Why a session brought no outcome. It may be opened again: what was done is found done.
#[derive(Debug, thiserror::Error)]
pub enum SessionError<E> {
    /// The authority answered with a problem, or not at all.
    #[error(transparent)]
    Client(#[from] ClientError),
    /// The chip did not answer.
    #[error("the chip did not answer")]
    Chip(E),
}

/// Opens a session for `work` and plays it to the end. `transmit` sends one command to the chip and
/// gives its whole answer.
///
/// # Errors
/// [`SessionError`].
pub async fn play<E>(
    client: &Client,
    work: &SessionWork,
    mut transmit: impl FnMut(&[u8]) -> Result<Vec<u8>, E>,
) -> Result<SessionOutcome, SessionError<E>> {
    let mut attempt = 1;
    loop {
        match play_once(client, work, &mut transmit).await {
            Err(SessionError::Client(error))
                if attempt < ATTEMPTS
                    && error.problem().is_some_and(|problem| problem.is(Code::SESSION_LOST)) =>
            {
                attempt += 1;
            }
            other => return other,
        }
    }
}

async fn play_once<E>(
    client: &Client,
    work: &SessionWork,
    transmit: &mut impl FnMut(&[u8]) -> Result<Vec<u8>, E>,
) -> Result<SessionOutcome, SessionError<E>> {
    let mut step: SessionStep = client.post("/sessions").json(work).answer().await?;
    loop {
        let (session, commands) = match step {
            SessionStep::Done { outcome } => return Ok(outcome),
            SessionStep::Commands { session, commands } => (session, commands),
        };
        let mut responses = Vec::with_capacity(commands.len());
        for Hex(command) in commands {
            let response = transmit(&command).map_err(SessionError::Chip)?;
            let success = response.ends_with(&[0x90, 0x00]);
            responses.push(Hex(response));
            if !success {
                break;
            }
        }
        let path = format!("/sessions/{session}");
        step = client.post(&path).json(&SessionAnswer { responses }).answer().await?;
    }
}
