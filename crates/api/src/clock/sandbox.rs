//! The sandbox's clock: a file in the data directory, shared by the role processes.
//!
//! The file says what the clock showed at one moment of real time, and whether it runs since then or
//! stands. It is replaced as a whole (write, sync, rename, sync the directory), by one process at a
//! time. Each process keeps the file open that it read last: once that file has no name left, another
//! one stands in its place, so that looking for a turn is one `fstat`.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use tokio::sync::watch;

use super::{Clock, SystemClock, Turns, lock, remaining};

/// Why a sandbox's clock could not be opened or turned.
#[derive(Debug, thiserror::Error)]
pub enum ClockError {
    /// The clock goes forward only.
    #[error("the clock shows {now} and cannot be turned back to {asked}")]
    Backwards {
        /// What it shows.
        now: Timestamp,
        /// What was asked.
        asked: Timestamp,
    },
    /// The time asked for is not before [`SandboxClock::LATEST`].
    #[error("the time is beyond the year 9899")]
    OutOfRange,
    /// The file is there and does not hold a clock.
    #[error("{path} does not hold a clock")]
    Unreadable {
        /// The file.
        path: PathBuf,
    },
    /// The file could not be read or written.
    #[error("the clock's file: {0}")]
    Io(#[from] io::Error),
}

/// What a sandbox's clock shows, and whether it runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClockState {
    /// The time it shows.
    pub now: Timestamp,
    /// Whether it goes on with real time, or stands until it is turned.
    pub running: bool,
}

/// A clock that is turned forward by hand and may be stopped; it starts on real time.
///
/// Every process that opens the same directory shows the same time, and a turn in one wakes the
/// waiting in all others within [`SandboxClock::NOTICE`].
pub struct SandboxClock {
    real: Arc<dyn Clock>,
    directory: PathBuf,
    view: Mutex<View>,
    turned: watch::Sender<()>,
}

impl SandboxClock {
    /// How soon, in real time, a turn by another process is noticed.
    pub const NOTICE: Duration = Duration::from_millis(100);

    /// The clock is turned to times before this one: the year 9900. Calendars here end with the year
    /// 9999, which no certificate that is issued until then outlives.
    pub const LATEST: Timestamp = Timestamp::constant(250_246_627_200, 0);

    /// Opens the clock in `directory`, which exists; makes one that runs on real time if there is none.
    ///
    /// # Errors
    /// The file or directory cannot be read or written, or holds something else.
    pub fn open(directory: &Path) -> Result<Self, ClockError> {
        Self::open_over(directory, Arc::new(SystemClock::new()), None)
    }

    /// As [`SandboxClock::open`]; a clock that is made new starts at `start`, which may lie in the
    /// past or the future. One that is there already is left as it is.
    ///
    /// # Errors
    /// As [`SandboxClock::open`].
    pub fn open_starting_at(directory: &Path, start: Timestamp) -> Result<Self, ClockError> {
        Self::open_over(directory, Arc::new(SystemClock::new()), Some(start))
    }

    /// As [`SandboxClock::open_starting_at`], with `real` in the place of the machine's clock.
    ///
    /// # Errors
    /// As [`SandboxClock::open`].
    pub fn open_over(
        directory: &Path,
        real: Arc<dyn Clock>,
        start: Option<Timestamp>,
    ) -> Result<Self, ClockError> {
        let view = Mutex::new(View::open(directory, real.now(), start)?);
        Ok(Self { real, directory: directory.to_owned(), view, turned: watch::Sender::new(()) })
    }

    /// Takes the directory's clock for this one, after another state of the sandbox was put there; one
    /// that is made new starts at `start`. What was shown before counts no more, so that this is for a
    /// sandbox whose roles do not run.
    ///
    /// # Errors
    /// As [`SandboxClock::open`].
    pub fn begin_anew(&self, start: Timestamp) -> Result<(), ClockError> {
        let opened = View::open(&self.directory, self.real.now(), Some(start))?;
        *lock(&self.view) = opened;
        self.turned.send_replace(());
        Ok(())
    }

    /// What the clock shows, and whether it runs.
    pub fn state(&self) -> ClockState {
        let mut view = lock(&self.view);
        self.look(&mut view);
        ClockState { now: view.show(self.real.now()), running: view.setting.running }
    }

    /// Turns the clock forward to `time`. Answers what it then shows.
    ///
    /// # Errors
    /// [`ClockError::Backwards`] if it shows a later time already; [`ClockError::OutOfRange`]; the file
    /// cannot be written.
    pub fn advance_to(&self, time: Timestamp) -> Result<ClockState, ClockError> {
        self.change(|state| {
            if time < state.now {
                return Err(ClockError::Backwards { now: state.now, asked: time });
            }
            if time >= Self::LATEST {
                return Err(ClockError::OutOfRange);
            }
            Ok(ClockState { now: time, ..state })
        })
    }

    /// Turns the clock forward by `span`. Answers what it then shows.
    ///
    /// # Errors
    /// As [`SandboxClock::advance_to`].
    pub fn advance_by(&self, span: SignedDuration) -> Result<ClockState, ClockError> {
        self.change(|state| {
            let asked = state.now.checked_add(span).ok().filter(|asked| *asked < Self::LATEST);
            let asked = asked.ok_or(ClockError::OutOfRange)?;
            if span.is_negative() {
                return Err(ClockError::Backwards { now: state.now, asked });
            }
            Ok(ClockState { now: asked, ..state })
        })
    }

    /// Stops the clock where it is. A stopped clock stays stopped.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn stop(&self) -> Result<ClockState, ClockError> {
        self.change(|state| Ok(ClockState { running: false, ..state }))
    }

    /// Lets the clock go on from where it is. A running clock stays running.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn run(&self) -> Result<ClockState, ClockError> {
        self.change(|state| Ok(ClockState { running: true, ..state }))
    }

    /// Reads, changes and writes the setting, alone among all processes.
    fn change(
        &self,
        to: impl FnOnce(ClockState) -> Result<ClockState, ClockError>,
    ) -> Result<ClockState, ClockError> {
        let _writing = writer_lock(&self.directory)?;
        let mut view = lock(&self.view);
        (view.file, view.setting) = read(&self.directory.join(FILE))?;
        let real = self.real.now();
        let now = view.show(real);
        let wanted = to(ClockState { now, running: view.setting.running })?;
        replace(&self.directory, &Setting { running: wanted.running, shown: wanted.now, real })?;
        (view.file, view.setting) = read(&self.directory.join(FILE))?;
        view.latest = wanted.now;
        drop(view);
        self.turned.send_replace(());
        Ok(wanted)
    }

    /// Reads the file anew if another one stands in its place. A file that cannot be read leaves the
    /// clock going as it went: the next look tries again.
    fn look(&self, view: &mut View) {
        if view.file.metadata().is_ok_and(|metadata| metadata.nlink() > 0) {
            return;
        }
        match read(&self.directory.join(FILE)) {
            Ok((file, setting)) => {
                view.file = file;
                view.setting = setting;
                self.turned.send_replace(());
            }
            Err(error) => tracing::warn!(%error, "the sandbox's clock cannot be read"),
        }
    }
}

impl Clock for SandboxClock {
    fn now(&self) -> Timestamp {
        self.state().now
    }

    fn turns(&self) -> Turns {
        Turns(Some(self.turned.subscribe()))
    }

    fn rest(&self, due: Timestamp) -> Option<Duration> {
        // Another process may turn the clock, and only a look at the file shows that.
        let ClockState { now, running } = self.state();
        Some(if running { remaining(now, due).min(Self::NOTICE) } else { Self::NOTICE })
    }
}

const FILE: &str = "clock.json";
const NEW_FILE: &str = "clock.json.new";
const LOCK_FILE: &str = "clock.lock";
/// A clock's file is about 100 bytes long.
const LONGEST_FILE: u64 = 1024;

/// What the file says. *This type is stored.*
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Setting {
    /// Whether the clock runs.
    running: bool,
    /// What it showed…
    shown: Timestamp,
    /// …when the machine's clock showed this.
    real: Timestamp,
}

/// What one process knows of the clock.
struct View {
    /// The file that `setting` was read from, held open.
    file: File,
    setting: Setting,
    /// The latest time shown here: the machine's clock may be set back, this one never goes back.
    latest: Timestamp,
}

impl View {
    fn open(
        directory: &Path,
        real: Timestamp,
        start: Option<Timestamp>,
    ) -> Result<Self, ClockError> {
        let _writing = writer_lock(directory)?;
        let path = directory.join(FILE);
        if !path.try_exists()? {
            replace(directory, &Setting { running: true, shown: start.unwrap_or(real), real })?;
        }
        let (file, setting) = read(&path)?;
        Ok(Self { file, setting, latest: setting.shown })
    }

    fn show(&mut self, real: Timestamp) -> Timestamp {
        let Setting { running, shown, real: then } = self.setting;
        let now = if running {
            shown.saturating_add(real.duration_since(then)).unwrap_or(Timestamp::MAX)
        } else {
            shown
        };
        self.latest = self.latest.max(now);
        self.latest
    }
}

/// Holds off other writers until it is dropped.
fn writer_lock(directory: &Path) -> io::Result<File> {
    let file = OpenOptions::new()
        .create(true)
        .truncate(false)
        .write(true)
        .open(directory.join(LOCK_FILE))?;
    file.lock()?;
    Ok(file)
}

fn read(path: &Path) -> Result<(File, Setting), ClockError> {
    let file = File::open(path)?;
    let mut text = Vec::new();
    (&file).take(LONGEST_FILE).read_to_end(&mut text)?;
    let setting = serde_json::from_slice(&text)
        .map_err(|_| ClockError::Unreadable { path: path.to_owned() })?;
    Ok((file, setting))
}

fn replace(directory: &Path, setting: &Setting) -> Result<(), ClockError> {
    let text = serde_json::to_vec(setting).map_err(io::Error::from)?;
    let new = directory.join(NEW_FILE);
    let mut file = File::create(&new)?;
    file.write_all(&text)?;
    file.sync_all()?;
    std::fs::rename(&new, directory.join(FILE))?;
    File::open(directory)?.sync_all()?;
    Ok(())
}

#[cfg(test)]
mod tests;
