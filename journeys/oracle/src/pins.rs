//! PINs and passwords: S4 §1, §2② (CARD-4, CARD-5, CARD-6), S0 2-D (APPLY-5); assumption PIN-1.

/// CARD-4: 6 to 16 characters, half-width upper-case letters and digits, at least one of each.
pub fn is_signature_password(text: &str) -> bool {
    let length = text.chars().count();
    (6..=16).contains(&length)
        && text.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit())
        && text.chars().any(|c| c.is_ascii_uppercase())
        && text.chars().any(|c| c.is_ascii_digit())
}

/// CARD-5: exactly four half-width digits.
pub fn is_four_digits(text: &str) -> bool {
    text.chars().count() == 4 && text.chars().all(|c| c.is_ascii_digit())
}

/// What somebody enters for a PIN that is set: wrong ones first, as many as said, then perhaps the
/// right one. Nothing at all is a person who gives up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry {
    pub wrong: u8,
    pub then_right: bool,
}

impl Entry {
    pub const RIGHT: Entry = Entry { wrong: 0, then_right: true };

    pub const fn wrong(times: u8) -> Entry {
        Entry { wrong: times, then_right: false }
    }

    pub const fn right_after(wrong: u8) -> Entry {
        Entry { wrong, then_right: true }
    }
}

/// The tries that a key has left. PIN-1: a phone's keys bear as many wrong ones as the card's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tries {
    pub left: u8,
    pub most: u8,
}

impl Tries {
    pub const SIGNATURE: Tries = Tries { left: 5, most: 5 };
    pub const AUTHENTICATION: Tries = Tries { left: 3, most: 3 };
    /// The card-face input PIN (J §2.5).
    pub const CARD_FACE: Tries = Tries { left: 3, most: 3 };

    pub fn locked(self) -> bool {
        self.left == 0
    }

    pub fn full(self) -> bool {
        self.left == self.most
    }

    pub fn reset(&mut self) {
        self.left = self.most;
    }

    /// Enters PINs; whether the right one opened the key. Wrong ones in a row lock it, a right one
    /// before that resets the count, and nothing opens a locked key (CARD-6).
    pub fn enter(&mut self, entry: Entry) -> bool {
        self.left = self.left.saturating_sub(entry.wrong);
        if !entry.then_right || self.locked() {
            return false;
        }
        self.reset();
        true
    }

    /// Whether such an entry would open the key.
    pub fn would_open(mut self, entry: Entry) -> bool {
        self.enter(entry)
    }
}

/// A new PIN, entered twice (APPLY-5).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Twice {
    pub first: String,
    pub second: String,
}

impl Twice {
    pub fn same(text: &str) -> Twice {
        Twice { first: text.to_owned(), second: text.to_owned() }
    }

    pub fn different(first: &str, second: &str) -> Twice {
        Twice { first: first.to_owned(), second: second.to_owned() }
    }

    pub fn is_signature_password(&self) -> bool {
        self.first == self.second && is_signature_password(&self.first)
    }

    pub fn is_four_digits(&self) -> bool {
        self.first == self.second && is_four_digits(&self.first)
    }
}
