//! The issuer's end: operations become batches of commands, answers become outcomes. There is no
//! I/O here; the caller carries the bytes.

mod operation;

use inrou_pki::Entropy;
use inrou_rules::ChipId;
use thiserror::Error;

pub use operation::{Operation, Outcome};

use self::operation::Plain;
use super::AID;
use crate::apdu::{Command, Response, StatusWord};
use crate::scp03::{ChannelError, Handshake, HostChannel, StaticKeys};

/// Why a session ended without its outcomes. A new session may repeat the same operations: each is
/// idempotent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum ScriptError {
    /// There are fewer answers than commands, though all went well; or more, or one is no answer.
    #[error("the answers do not match the commands")]
    Answers,
    /// The chip has no issuer security domain that can be spoken to, or does not open a channel.
    #[error("the chip did not open a channel: {0}")]
    NoChannel(StatusWord),
    /// The channel broke.
    #[error(transparent)]
    Channel(#[from] ChannelError),
    /// The chip refused an operation.
    #[error("the chip refused operation {operation}: {status}")]
    Refused {
        /// Which, counted from 0.
        operation: usize,
        /// Its status word.
        status: StatusWord,
    },
    /// The session has already ended.
    #[error("the session has ended")]
    Ended,
}

/// What comes next in a session.
pub enum Step {
    /// Commands to play to the chip in order. Play stops at the first status word that is not
    /// `9000`; the answers up to there are what [`Session::next`] wants.
    Send(Vec<Vec<u8>>),
    /// Everything is done: an outcome for each operation.
    Done(Vec<Outcome>),
}

/// A session with the issuer security domain of one chip. Two batches of commands do for any number
/// of operations.
pub struct Session {
    operations: Vec<Operation>,
    state: State,
}

enum State {
    /// SELECT and INITIALIZE UPDATE are out.
    Opening(Handshake),
    /// EXTERNAL AUTHENTICATE and everything else is out; for each further command, the operation
    /// that it belongs to.
    Working(HostChannel, Vec<usize>),
    Ended,
}

impl Session {
    /// Begins a session with `chip`, whose channel keys are `keys`; gives the first commands.
    pub fn new(
        chip: ChipId,
        keys: StaticKeys,
        entropy: &dyn Entropy,
        operations: Vec<Operation>,
    ) -> (Self, Vec<Vec<u8>>) {
        let mut challenge = [0; 8];
        entropy.fill(&mut challenge);
        let (handshake, initialize_update) = Handshake::new(chip, keys, challenge);
        let select = Command::new(0x00, 0xA4, 0x04, 0x0C).with_data(&AID).to_bytes();
        (Self { operations, state: State::Opening(handshake) }, vec![select, initialize_update])
    }

    /// Takes the answers to the commands that were given last.
    ///
    /// # Errors
    /// [`ScriptError`]. The session is over then.
    pub fn next(&mut self, answers: &[Vec<u8>]) -> Result<Step, ScriptError> {
        match std::mem::replace(&mut self.state, State::Ended) {
            State::Opening(handshake) => self.open(handshake, answers),
            State::Working(channel, owners) => self.finish(channel, &owners, answers),
            State::Ended => Err(ScriptError::Ended),
        }
    }

    fn open(&mut self, handshake: Handshake, answers: &[Vec<u8>]) -> Result<Step, ScriptError> {
        let answers = answers.iter().map(|answer| bare(answer)).collect::<Result<Vec<_>, _>>()?;
        let [_, Response { data, .. }] = answers.as_slice() else {
            return Err(ScriptError::Answers);
        };
        let (mut channel, authenticate) = handshake.finish(data)?;
        let mut commands = vec![authenticate];
        let mut owners = Vec::new();
        for (owner, operation) in self.operations.iter().enumerate() {
            for Plain { instruction, p1, p2, data } in operation.commands() {
                commands.push(channel.protect(instruction, p1, p2, &data));
                owners.push(owner);
            }
        }
        self.state = State::Working(channel, owners);
        Ok(Step::Send(commands))
    }

    fn finish(
        &self,
        mut channel: HostChannel,
        owners: &[usize],
        answers: &[Vec<u8>],
    ) -> Result<Step, ScriptError> {
        let (authenticated, answers) = answers.split_first().ok_or(ScriptError::Answers)?;
        bare(authenticated)?;
        let mut read = vec![Vec::new(); self.operations.len()];
        for (&owner, answer) in owners.iter().zip(answers) {
            let Response { data, status } = channel.accept(answer)?;
            if status != StatusWord::SUCCESS {
                return Err(ScriptError::Refused { operation: owner, status });
            }
            read[owner].push(data);
        }
        if answers.len() != owners.len() {
            return Err(ScriptError::Answers);
        }
        let outcomes = self.operations.iter().zip(read);
        Ok(Step::Done(outcomes.map(|(operation, read)| operation.outcome(read)).collect()))
    }
}

/// An answer from outside of the channel, which must be `9000`.
fn bare(answer: &[u8]) -> Result<Response, ScriptError> {
    let response = Response::parse(answer).ok_or(ScriptError::Answers)?;
    match response.status {
        StatusWord::SUCCESS => Ok(response),
        status => Err(ScriptError::NoChannel(status)),
    }
}
