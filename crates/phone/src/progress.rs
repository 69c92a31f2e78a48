//! How far the work under way is, for the page that shows it.

use crate::flow::Work;
use crate::phone::Phone;

/// How far a piece of work is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Progress {
    /// How much is behind, of 100.
    pub(crate) percent: u8,
    /// The code of the text that says what is being done.
    pub(crate) doing: &'static str,
    /// Where this piece of work ends, of 100.
    end: u8,
}

impl Progress {
    /// A piece of work begins. A procedure's pieces follow each other; the making of keys and the
    /// writing of certificates are the long ones.
    pub(crate) fn at(work: &Work) -> Self {
        let (percent, end, doing) = match work {
            Work::RegisterPhone => (0, 10, "progress.register-phone"),
            Work::BeginEnrolment { .. } | Work::BeginRequest(_) => (10, 15, "progress.begin"),
            Work::MakeKeys(_) => (15, 70, "progress.make-keys"),
            Work::Sign { .. } => (70, 85, "progress.sign"),
            Work::Send { .. } => (85, 95, "progress.send"),
            Work::AllowPin(_) => (95, 99, "progress.allow-pin"),
            Work::SetPin(_) => (20, 60, "progress.set-pin"),
            Work::Complete(_) => (60, 95, "progress.send"),
            Work::Store(_) => (0, 99, "progress.store"),
            Work::Delete => (95, 99, "progress.delete"),
        };
        Self { percent, doing, end }
    }

    /// Another command goes to the chip. How many there will be is not known beforehand, so a part of
    /// what is left is taken each time: it never stands still, and never is early at the end.
    fn advance(&mut self) {
        let left = self.end.saturating_sub(self.percent);
        self.percent += left.div_ceil(8).min(left);
    }
}

impl Phone {
    /// Notes how far the work is, and tells who waits for it.
    pub(crate) fn goes_on(&self, progress: Progress) {
        self.live().progress = Some(progress);
        self.changed.send_replace(());
    }

    /// Notes that a command of a session goes to the chip.
    pub(crate) fn plays_a_command(&self) {
        if let Some(progress) = &mut self.live().progress {
            progress.advance();
        }
        self.changed.send_replace(());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use inrou_rules::EnrolmentId;

    #[test]
    fn reg_1_progress_grows_with_every_command_and_ends_with_its_work() {
        let mut progress = Progress::at(&Work::Store(EnrolmentId::from_bytes([1; 16])));
        let mut before = progress.percent;
        for _ in 0..20 {
            progress.advance();
            assert!(progress.percent > before || progress.percent == progress.end);
            before = progress.percent;
        }
        for _ in 0..200 {
            progress.advance();
        }
        assert_eq!(progress.percent, 99);
    }
}
