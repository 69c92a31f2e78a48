//! Secure-channel sessions with chips, over HTTP: a session lives in memory, and is opened anew after
//! it was lost.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use inrou_api::problem::{Code, Problem};
use inrou_api::server::{Openings, Source};
use inrou_api::wire::Hex;
use inrou_api::wire::authority::{SessionAnswer, SessionStep, SessionWork};
use inrou_chip::issuer::{ScriptError, Session, Step};
use jiff::{SignedDuration, Timestamp};

use crate::Authority;
use crate::problem::Failed;
use crate::tasks::{Caller, Planned, Task};

/// How long a session waits for the next answer.
const LIFE: SignedDuration = SignedDuration::from_mins(10);
/// How many sessions may be open at a time; past that the longest idle one is given up, first of those for
/// which nobody signed.
const MOST: usize = 10_000;

/// How many of them may be opened by who has not signed, and are not done: they push out no others.
const MOST_UNSIGNED: usize = 1000;

/// The sessions that are open.
pub(crate) struct Sessions {
    open: Mutex<HashMap<String, Open>>,
    unsigned: Openings<String>,
}

impl Default for Sessions {
    fn default() -> Self {
        Self { open: Mutex::default(), unsigned: Openings::new(MOST_UNSIGNED) }
    }
}

struct Open {
    touched: Timestamp,
    is_signed: bool,
    session: Arc<Mutex<Live>>,
}

struct Live {
    caller: Caller,
    task: Box<dyn Task>,
    script: Session,
    /// The last answer and what came of it: an answer that is sent again gets the same step.
    last: Option<(SessionAnswer, SessionStep)>,
}

impl Authority {
    /// Opens a session for some work, for whoever asks from `source`.
    ///
    /// # Errors
    /// Why the work cannot be done; `too-many-requests` for who has not signed.
    pub(crate) fn open_session(
        &self,
        caller: Caller,
        source: Source,
        work: &SessionWork,
    ) -> Result<SessionStep, Failed> {
        let task = match self.plan_work(&caller, work)? {
            Planned::Task(task) => task,
            Planned::Done(outcome) => return Ok(SessionStep::Done { outcome }),
        };
        let (chip, keys) = (task.chip(), self.channel_master.diversify(&task.chip()));
        let (script, commands) = Session::new(chip, keys, &*self.entropy, task.operations());
        let mut id = [0; 16];
        self.entropy.fill(&mut id);
        let id = format!("{:032x}", u128::from_be_bytes(id));
        if caller == Caller::Anybody {
            let (now, until) = (self.clock.now(), self.deadline(LIFE));
            self.sessions.unsigned.open(id.clone(), source, now, until)?;
        }
        let live = Live { caller, task, script, last: None };
        self.sessions.put(id.clone(), live, self.clock.now());
        Ok(step(id, commands))
    }

    /// Takes a chip's answers.
    pub(crate) fn answer_session(
        &self,
        caller: &Caller,
        id: &str,
        answer: SessionAnswer,
    ) -> Result<SessionStep, Failed> {
        let session = self.sessions.get(id, self.clock.now());
        let session = session.ok_or(Code::SESSION_LOST)?;
        let mut live = session.lock().unwrap_or_else(PoisonError::into_inner);
        if live.caller != *caller {
            return Err(Code::SESSION_LOST.into());
        }
        if let Some((last, step)) = &live.last
            && *last == answer
        {
            return Ok(step.clone());
        }
        let answers: Vec<Vec<u8>> =
            answer.responses.iter().map(|response| response.0.clone()).collect();
        let next = match live.script.next(&answers) {
            Ok(Step::Send(commands)) => step(id.to_owned(), commands),
            Ok(Step::Done(outcomes)) => match live.task.finish(self, outcomes) {
                Ok(outcome) => {
                    self.sessions.unsigned.close(&id.to_owned());
                    SessionStep::Done { outcome }
                }
                Err(failed) => {
                    self.sessions.end(id);
                    return Err(failed);
                }
            },
            Err(error) => {
                self.sessions.end(id);
                return Err(Problem::new(Code::SESSION_ANSWER_INVALID)
                    .with("reason", reason(&error))
                    .caused_by(error)
                    .into());
            }
        };
        live.last = Some((answer, next.clone()));
        Ok(next)
    }
}

impl Sessions {
    fn put(&self, id: String, live: Live, now: Timestamp) {
        let mut open = self.lock();
        open.retain(|_, found| now.duration_since(found.touched) < LIFE);
        if open.len() >= MOST {
            let idle = open.iter().min_by_key(|(_, found)| (found.is_signed, found.touched));
            if let Some(idle) = idle.map(|(id, _)| id.clone()) {
                open.remove(&idle);
            }
        }
        let is_signed = live.caller != Caller::Anybody;
        open.insert(id, Open { touched: now, is_signed, session: Arc::new(Mutex::new(live)) });
    }

    fn get(&self, id: &str, now: Timestamp) -> Option<Arc<Mutex<Live>>> {
        let mut open = self.lock();
        let found = open.get_mut(id).filter(|found| now.duration_since(found.touched) < LIFE)?;
        found.touched = now;
        Some(found.session.clone())
    }

    fn end(&self, id: &str) {
        self.unsigned.close(&id.to_owned());
        self.lock().remove(id);
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Open>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn step(session: String, commands: Vec<Vec<u8>>) -> SessionStep {
    SessionStep::Commands { session, commands: commands.into_iter().map(Hex).collect() }
}

fn reason(error: &ScriptError) -> &'static str {
    match error {
        ScriptError::Answers => "answers",
        ScriptError::NoChannel(_) => "no-channel",
        ScriptError::Channel(_) => "channel",
        ScriptError::Refused { .. } => "refused",
        ScriptError::Ended => "ended",
    }
}

#[cfg(test)]
mod tests {
    use inrou_api::wire::authority::SessionOutcome;
    use inrou_chip::issuer::{Operation, Outcome};
    use inrou_chip::scp03::MasterKey;
    use inrou_pki::SeededEntropy;
    use inrou_rules::ChipId;

    use super::*;

    const CHIP: ChipId = ChipId::from_bytes([7; 16]);

    struct Nothing;

    impl Task for Nothing {
        fn chip(&self) -> ChipId {
            CHIP
        }

        fn operations(&self) -> Vec<Operation> {
            Vec::new()
        }

        fn finish(&self, _: &Authority, _: Vec<Outcome>) -> Result<SessionOutcome, Failed> {
            Ok(SessionOutcome::PhoneRegistered)
        }
    }

    #[test]
    fn what_nobody_signed_for_is_given_up_before_what_somebody_did() {
        let (sessions, now) = (Sessions::default(), Timestamp::UNIX_EPOCH);
        let (keys, entropy) = (MasterKey::from_bytes([1; 16]), SeededEntropy::new(1));
        let put = |id: String, caller| {
            let (script, _) = Session::new(CHIP, keys.diversify(&CHIP), &entropy, Vec::new());
            sessions.put(id, Live { caller, task: Box::new(Nothing), script, last: None }, now);
        };
        put("signed".to_owned(), Caller::Phone(CHIP));
        for number in 0..MOST {
            put(number.to_string(), Caller::Anybody);
            // It is not idle: it was asked for again.
            sessions.get(&number.to_string(), now + SignedDuration::from_secs(1));
        }
        assert_eq!(sessions.lock().len(), MOST);
        assert!(sessions.get("signed", now).is_some());
    }
}
