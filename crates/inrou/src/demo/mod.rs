//! `inrou demo`: the whole job on a throw-away sandbox, every step of which checks what it promises.
//!
//! - [`play`]: the job, in [`Step`]s; [`Failed`] says which did not hold
//! - [`Files`]: what a stranger needs to check it; [`OutFolder`]: where it is written
//! - [`Transcript`]: what card and phone were told and answered

mod files;
mod job;
mod statuses;
mod step;
mod transcript;

use std::path::Path;
use std::sync::Arc;

use inrou_api::clock::{Clock, SystemClock};
use inrou_rules::japan;
use inrou_words::{Form, Language, Term, text};
use jiff::civil::time;
use jiff::{SignedDuration, Timestamp};

pub use files::{Files, OutFolder};
pub use job::play;
pub use step::{Failed, Step};
pub use transcript::Transcript;

pub use crate::person::{PHONE_PASSWORD, PHONE_PIN, WRONG_PIN};
pub use crate::unmet::Unmet;

use crate::fault::Fault;
use crate::sandbox::{DataFolder, Extras, Options, Sandbox};
use crate::terminal::{interrupted, say};

/// The test resident who does it all.
pub const RESIDENT: &str = "hana";

/// How long the statuses hold that the demo writes: whoever looks at the files within days finds them
/// fresh.
const STATUS_LIFE: SignedDuration = SignedDuration::from_hours(7 * 24);

/// Runs the demo, and writes what it brought to `out`.
///
/// # Errors
/// `demo-step-failed` if a step did not hold, `folder-not-empty`, `file-access-denied`, `interrupted`,
/// and what keeps a sandbox from starting.
pub fn run(language: Language, out: Option<&Path>) -> Result<(), Fault> {
    let out = out.map(OutFolder::claim).transpose()?;
    let folder = tempfile::Builder::new().prefix("inrou-demo-").tempdir();
    let folder = folder.map_err(|_| denied(&std::env::temp_dir()))?;
    let runtime = tokio::runtime::Runtime::new().map_err(|_| Fault::new("internal-error"))?;
    let transcript = Arc::new(Transcript::of(folder.path()));
    let files = runtime.block_on(async {
        tokio::select! {
            // First, so that it listens before there is anything to clear away.
            biased;
            () = interrupted() => Err(Fault::new("interrupted")),
            files = in_sandbox(language, folder.path(), &transcript) => files,
        }
    })?;
    if let Some(out) = out {
        out.write(&files, &transcript)?;
        let path = out.path().display().to_string();
        let path = Term { text: &path, reading: "" };
        say(&text("demo.written").in_language(language).with("path", path).render(Form::Plain));
    }
    Ok(())
}

async fn in_sandbox(
    language: Language,
    folder: &Path,
    transcript: &Arc<Transcript>,
) -> Result<Files, Fault> {
    let start = last_ten_o_clock(SystemClock::new().now());
    let options = Options {
        folder: DataFolder::create(folder)?,
        port: 0,
        start: Some(start),
        residents: Some(vec![RESIDENT.to_owned()]),
    };
    let extras = Extras {
        observer: Some(transcript.clone()),
        status_life: Some(STATUS_LIFE),
        ..Extras::default()
    };
    let begins = text("demo.begins").in_language(language).with("now", start);
    say(&begins.render(Form::Plain));
    let sandbox = Sandbox::start_with(options, extras).await?;
    let mut steps = 0_u64;
    let mut tell = |step: Step, at: Timestamp| {
        steps += 1;
        say(&step.line(at, language));
    };
    let played = play(&sandbox, &mut tell).await;
    sandbox.stop().await;
    let files = played?;
    let held = text("demo.held").in_language(language).with("count", steps);
    say(&held.render(Form::Plain));
    Ok(files)
}

/// The last ten o'clock in the morning in Japan: applications are worked on at once (HOURS-1), and no
/// stamp that is made from then on lies in anybody's future.
fn last_ten_o_clock(now: Timestamp) -> Timestamp {
    let ten = |day: jiff::civil::Date| japan::moment(day.to_datetime(time(10, 0, 0, 0)));
    let today = japan::day(now);
    let last = ten(today);
    if last <= now { last } else { ten(today.saturating_sub(jiff::Span::new().days(1))) }
}

fn denied(path: &Path) -> Fault {
    Fault::new("file-access-denied").with("path", path.display())
}

#[cfg(test)]
mod tests;
