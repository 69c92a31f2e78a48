//! Processor time that this process has used, as Linux counts it.

use std::fs;
use std::path::Path;
use std::time::Duration;

/// A tick of `/proc`, of which there are a hundred a second on every Linux.
const TICK: Duration = Duration::from_millis(10);

/// Processor time: all of it, and what of it the store's writer used.
#[derive(Clone, Copy, Default)]
pub struct Cpu {
    pub all: Duration,
    pub writer: Duration,
}

impl Cpu {
    /// Since the process began.
    pub fn now() -> Self {
        let writers = fs::read_dir("/proc/self/task").unwrap().filter_map(|task| {
            let task = task.unwrap().path();
            // A thread may end while the list is read.
            let name = fs::read_to_string(task.join("comm")).ok()?;
            (name.trim() == "store-writer").then(|| used(&task.join("stat")))
        });
        Self { all: used(Path::new("/proc/self/stat")), writer: writers.sum() }
    }

    /// What was used since then is added.
    pub fn add_since(&mut self, then: &Self) {
        let now = Self::now();
        self.all += now.all - then.all;
        self.writer += now.writer - then.writer;
    }
}

/// `utime` and `stime`, the fourteenth and fifteenth field (proc(5)).
fn used(stat: &Path) -> Duration {
    let stat = fs::read_to_string(stat).unwrap_or_default();
    // The second field is the name, in brackets, and may contain anything.
    let fields = stat.rsplit(')').next().unwrap_or_default().split_whitespace();
    let ticks = fields.skip(11).take(2).map(|ticks| ticks.parse::<u32>().unwrap());
    TICK * ticks.sum()
}
