//! The wallets: what is in each, and what may be done with it.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

/// The most that a wallet holds, in yen.
pub const MOST: u64 = 100_000;

/// The amounts by which a wallet is topped up, in yen.
pub const TOP_UPS: [u64; 4] = [1_000, 3_000, 5_000, 10_000];

/// For how long a code pays.
pub const CODE_LIFE: SignedDuration = SignedDuration::from_mins(5);

/// All of the business's accounts, by what the provider calls each person here.
#[derive(Clone, Default, Serialize, Deserialize)]
pub struct Accounts(BTreeMap<String, Account>);

/// One person's account.
#[derive(Clone, Serialize, Deserialize)]
pub struct Account {
    /// The name, as it was told at the last log-in that was accepted.
    pub name: String,
    /// The address, likewise.
    pub address: String,
    /// When it was opened.
    pub opened: Timestamp,
    /// What is in the wallet, in yen.
    pub balance: u64,
    /// The name that was told at a log-in and is another one: until the staff accepts it, nothing is paid.
    pub other_name: Option<String>,
    /// What happened, newest last.
    pub entries: Vec<Entry>,
    code: Option<PayCode>,
}

/// A line of an account.
#[derive(Clone, Serialize, Deserialize)]
pub struct Entry {
    /// When.
    pub at: Timestamp,
    /// What.
    pub kind: EntryKind,
    /// How much, in yen.
    pub yen: u64,
    /// What the shop's receipt of a payment is called.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub receipt: Option<String>,
}

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum EntryKind {
    /// The wallet was topped up.
    ToppedUp,
    /// A shop was paid.
    Paid,
}

/// A code that pays once.
#[derive(Clone, Serialize, Deserialize)]
pub struct PayCode {
    /// Twelve digits.
    pub digits: String,
    /// Until when.
    pub until: Timestamp,
}

/// Why something is not done. The text `pay-refusal.CODE` says it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// There is no such account.
    #[error("account-unknown")]
    AccountUnknown,
    /// The name at the log-in was another one, and the staff has not accepted it.
    #[error("name-differs")]
    NameDiffers,
    /// More than a wallet holds.
    #[error("wallet-full")]
    WalletFull,
    /// No amount that is offered.
    #[error("amount-unknown")]
    AmountUnknown,
    /// No code that pays: mistyped, used, or replaced by a newer one.
    #[error("code-unknown")]
    CodeUnknown,
    /// The code's time is over.
    #[error("code-expired")]
    CodeExpired,
    /// There is too little in the wallet.
    #[error("balance-too-small")]
    BalanceTooSmall,
}

impl Accounts {
    /// Somebody has logged in: the account is opened, or found again. A person keeps the account when the
    /// phone, the certificate or the address is another one, since the subject stays the same.
    pub fn log_in(&mut self, subject: &str, name: &str, address: &str, now: Timestamp) {
        let account = self.0.entry(subject.to_owned()).or_insert_with(|| Account {
            name: name.to_owned(),
            address: address.to_owned(),
            opened: now,
            balance: 0,
            other_name: None,
            entries: Vec::new(),
            code: None,
        });
        account.other_name = (account.name != name).then(|| name.to_owned());
        address.clone_into(&mut account.address);
    }

    /// Somebody's account.
    pub fn of(&self, subject: &str) -> Option<&Account> {
        self.0.get(subject)
    }

    /// All of them, with their subjects.
    pub fn all(&self) -> impl Iterator<Item = (&str, &Account)> {
        self.0.iter().map(|(subject, account)| (subject.as_str(), account))
    }

    /// Puts money into a wallet.
    ///
    /// # Errors
    /// [`Refusal`].
    pub fn top_up(&mut self, subject: &str, yen: u64, now: Timestamp) -> Result<(), Refusal> {
        let account = self.in_order(subject)?;
        if !TOP_UPS.contains(&yen) {
            return Err(Refusal::AmountUnknown);
        }
        if account.balance + yen > MOST {
            return Err(Refusal::WalletFull);
        }
        account.balance += yen;
        account.entries.push(Entry { at: now, kind: EntryKind::ToppedUp, yen, receipt: None });
        Ok(())
    }

    /// Has a code of these digits pay from a wallet, in place of one that did.
    ///
    /// # Errors
    /// [`Refusal`].
    pub fn give_code(
        &mut self,
        subject: &str,
        digits: String,
        now: Timestamp,
    ) -> Result<(), Refusal> {
        let until = now.saturating_add(CODE_LIFE).unwrap_or(Timestamp::MAX);
        self.in_order(subject)?.code = Some(PayCode { digits, until });
        Ok(())
    }

    /// A shop is paid by a code, which is of no more use then, and has a receipt of this name.
    ///
    /// # Errors
    /// [`Refusal`].
    pub fn pay(
        &mut self,
        digits: &str,
        yen: u64,
        receipt: String,
        now: Timestamp,
    ) -> Result<(), Refusal> {
        let of_code = |account: &&mut Account| {
            account.code.as_ref().is_some_and(|code| code.digits == digits)
        };
        let account = self.0.values_mut().find(of_code).ok_or(Refusal::CodeUnknown)?;
        if account.code.as_ref().is_some_and(|code| code.until <= now) {
            return Err(Refusal::CodeExpired);
        }
        if account.other_name.is_some() {
            return Err(Refusal::NameDiffers);
        }
        if yen == 0 {
            return Err(Refusal::AmountUnknown);
        }
        account.balance = account.balance.checked_sub(yen).ok_or(Refusal::BalanceTooSmall)?;
        account.code = None;
        let receipt = Some(receipt);
        account.entries.push(Entry { at: now, kind: EntryKind::Paid, yen, receipt });
        Ok(())
    }

    /// What was paid by the receipt of this name.
    pub fn receipt(&self, name: &str) -> Option<&Entry> {
        let mut entries = self.0.values().flat_map(|account| &account.entries);
        entries.find(|entry| entry.receipt.as_deref() == Some(name))
    }

    /// The staff has seen that it is the same person under another name.
    ///
    /// # Errors
    /// [`Refusal::AccountUnknown`].
    pub fn accept_name(&mut self, subject: &str) -> Result<(), Refusal> {
        let account = self.0.get_mut(subject).ok_or(Refusal::AccountUnknown)?;
        if let Some(name) = account.other_name.take() {
            account.name = name;
        }
        Ok(())
    }

    fn in_order(&mut self, subject: &str) -> Result<&mut Account, Refusal> {
        let account = self.0.get_mut(subject).ok_or(Refusal::AccountUnknown)?;
        if account.other_name.is_some() { Err(Refusal::NameDiffers) } else { Ok(account) }
    }
}

impl Account {
    /// The code that pays now.
    pub fn code(&self, now: Timestamp) -> Option<&PayCode> {
        self.code.as_ref().filter(|code| code.until > now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DIGITS: &str = "012345678901";

    fn with_one() -> (Accounts, Timestamp) {
        let (mut accounts, now) = (Accounts::default(), Timestamp::UNIX_EPOCH);
        accounts.log_in("a", "水野　花", "東京都", now);
        (accounts, now)
    }

    fn pay(accounts: &mut Accounts, yen: u64, now: Timestamp) -> Result<(), Refusal> {
        accounts.pay(DIGITS, yen, "R1".to_owned(), now)
    }

    #[test]
    fn a_code_pays_once_and_in_its_time() {
        let (mut accounts, now) = with_one();
        accounts.top_up("a", 3_000, now).unwrap();
        accounts.give_code("a", DIGITS.to_owned(), now).unwrap();
        assert_eq!(pay(&mut accounts, 3_001, now), Err(Refusal::BalanceTooSmall));
        assert_eq!(pay(&mut accounts, 0, now), Err(Refusal::AmountUnknown));
        pay(&mut accounts, 2_900, now).unwrap();
        assert_eq!(accounts.of("a").unwrap().balance, 100);
        assert_eq!(accounts.receipt("R1").map(|entry| entry.yen), Some(2_900));
        assert!(accounts.receipt("R2").is_none());
        assert_eq!(pay(&mut accounts, 100, now), Err(Refusal::CodeUnknown));
        accounts.give_code("a", DIGITS.to_owned(), now).unwrap();
        assert_eq!(pay(&mut accounts, 1, now + CODE_LIFE), Err(Refusal::CodeExpired));
        assert!(accounts.of("a").unwrap().code(now + CODE_LIFE).is_none());
    }

    #[test]
    fn a_wallet_takes_what_is_offered_until_it_is_full() {
        let (mut accounts, now) = with_one();
        assert_eq!(accounts.top_up("a", 2_000, now), Err(Refusal::AmountUnknown));
        assert_eq!(accounts.top_up("b", 1_000, now), Err(Refusal::AccountUnknown));
        for _ in 0..10 {
            accounts.top_up("a", 10_000, now).unwrap();
        }
        assert_eq!(accounts.top_up("a", 1_000, now), Err(Refusal::WalletFull));
        assert_eq!(accounts.of("a").unwrap().balance, MOST);
    }

    #[test]
    fn another_name_stops_the_wallet_until_the_staff_accepts_it() {
        let (mut accounts, now) = with_one();
        accounts.top_up("a", 3_000, now).unwrap();
        accounts.give_code("a", DIGITS.to_owned(), now).unwrap();
        accounts.log_in("a", "田中　花", "大阪府", now);
        let account = accounts.of("a").unwrap();
        assert_eq!((&*account.name, &*account.address), ("水野　花", "大阪府"));
        assert_eq!(pay(&mut accounts, 1, now), Err(Refusal::NameDiffers));
        assert_eq!(accounts.top_up("a", 1_000, now), Err(Refusal::NameDiffers));
        accounts.accept_name("a").unwrap();
        assert_eq!(accounts.of("a").unwrap().name, "田中　花");
        pay(&mut accounts, 1, now).unwrap();
        // Who logs in by the name of before is not taken for granted either.
        accounts.log_in("a", "水野　花", "大阪府", now);
        assert_eq!(accounts.top_up("a", 1_000, now), Err(Refusal::NameDiffers));
    }
}
