//! The tries of a PIN, as far as a person can know them.

/// Between how many and how many are left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tries {
    most: u8,
    least: u8,
    all: u8,
    wrongs_seen: u8,
}

impl Tries {
    /// All are left.
    pub fn new(all: u8) -> Self {
        Self { most: all, least: all, all, wrongs_seen: 0 }
    }

    /// A wrong PIN is typed: it may be counted from now on.
    pub fn wrong_is_typed(&mut self) {
        self.least = self.least.saturating_sub(1);
    }

    /// The chip says that it was wrong, and how many are left: from now on it is counted for good.
    pub fn wrong_is_seen(&mut self, left: u8) {
        self.wrongs_seen += 1;
        self.check(left);
        assert!(left < self.all, "a wrong PIN cost nothing");
        (self.most, self.least) = (left, left);
    }

    /// The right PIN is typed: all may be left from now on, or one less.
    pub fn right_is_typed(&mut self) {
        self.least = self.least.saturating_sub(1);
        self.most = self.all;
    }

    /// The right PIN was taken.
    pub fn right_was_seen(&mut self) {
        (self.most, self.least) = (self.all, self.all);
    }

    pub fn wrong_was_seen(&self) -> bool {
        self.wrongs_seen > 0
    }

    pub fn wrongs_seen(&self) -> u8 {
        self.wrongs_seen
    }

    /// No try was given back, and none was taken for nothing.
    pub fn check(&self, left: u8) {
        assert!((self.least..=self.most).contains(&left), "{left} tries are left of {self:?}");
    }
}
