//! Links by which a transaction is handed over to a phone: each is for one page, one text, one flow, and
//! as a QR code for one second. They are made and judged under a key that never leaves the asker.

use aws_lc_rs::hmac;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use inrou_api::problem::{Code, Problem};
use inrou_api::wire::transaction::{
    Afterwards, Flow, PhoneSecret, Purpose, Taking, TransactionState,
};
use jiff::{SignedDuration, Timestamp};

use crate::handover::{Standing, Taken, TransactionRecord};

/// Begins what is authenticated, so that no other use of the key gives the same.
const CONTEXT: &str = "inrou-handover-v1";

/// How many bytes of the MAC stand in a link: 128 bits.
const MAC_LENGTH: usize = 16;

/// Makes links, and judges what phones bring.
pub struct Links {
    key: hmac::Key,
    /// How old a QR code may be.
    freshness: SignedDuration,
}

impl Links {
    /// Under an asker's secret, which stays the same for good.
    pub fn new(secret: &[u8; 32], freshness: SignedDuration) -> Self {
        Self { key: hmac::Key::new(hmac::HMAC_SHA256, secret), freshness }
    }

    /// The link to a transaction that lies at `address`, to be pressed on the same device.
    pub fn to_press(&self, address: &str, record: &TransactionRecord) -> String {
        format!("{address}?m={}", URL_SAFE_NO_PAD.encode(self.mac(record, None)))
    }

    /// The link to a transaction that lies at `address`, to be shown as a QR code in this second.
    pub fn to_scan(&self, address: &str, record: &TransactionRecord, now: Timestamp) -> String {
        let second = record.handover.second(now);
        let mac = URL_SAFE_NO_PAD.encode(self.mac(record, Some(second)));
        format!("{address}?t={second}&m={mac}")
    }

    /// How a transaction comes to a phone by what it brings. The phone that has taken it may come again.
    ///
    /// # Errors
    /// `handover-forged`, `handover-taken`, `handover-stale`; `transaction-expired`, `transaction-done`,
    /// `transaction-refused` if it is not open and was not taken by that phone.
    pub fn judge(
        &self,
        record: &TransactionRecord,
        taking: &Taking,
        now: Timestamp,
    ) -> Result<Taken, Problem> {
        let brought = URL_SAFE_NO_PAD.decode(&taking.mac).unwrap_or_default();
        let expected = self.mac(record, taking.second);
        if aws_lc_rs::constant_time::verify_slices_are_equal(&brought, &expected).is_err() {
            return Err(Problem::new(Code::HANDOVER_FORGED));
        }
        let flow = if taking.second.is_some() { Flow::Qr } else { Flow::SameDevice };
        let taken = Taken::by(&taking.phone, flow);
        if record.handover.is_taken_by(&taking.phone) {
            return Ok(record.handover.taken.clone().unwrap_or(taken));
        }
        let code = match record.state(now) {
            TransactionState::Open if record.handover.taken.is_some() => return Ok(taken),
            TransactionState::Open if self.is_stale(record, taking.second, now) => {
                Code::HANDOVER_STALE
            }
            TransactionState::Open => return Ok(taken),
            TransactionState::Expired => Code::TRANSACTION_EXPIRED,
            TransactionState::Refused => Code::TRANSACTION_REFUSED,
            TransactionState::Done | TransactionState::Failed => Code::TRANSACTION_DONE,
        };
        Err(Problem::new(code))
    }

    fn is_stale(&self, record: &TransactionRecord, second: Option<u32>, now: Timestamp) -> bool {
        let now = i64::from(record.handover.second(now));
        second.is_some_and(|second| {
            !(0..=self.freshness.as_secs()).contains(&(now - i64::from(second)))
        })
    }

    /// What the person does after the answer, for the phone to show. `back` is the address to come back to.
    pub fn afterwards(
        &self,
        record: &TransactionRecord,
        back: &str,
        now: Timestamp,
    ) -> Option<Afterwards> {
        match record.standing(now) {
            Standing::AsksNumber { .. } => {
                Some(Afterwards::TypeNumber { number: self.number(record) })
            }
            Standing::AwaitsReturn => {
                let mark = if back.contains('?') { '&' } else { '?' };
                Some(Afterwards::Return { to: format!("{back}{mark}r={}", self.returns(record)) })
            }
            _ => None,
        }
    }

    /// Whether this is the number that the phone shows.
    pub fn is_number(&self, record: &TransactionRecord, typed: &str) -> bool {
        // In digits of either width: Japanese keyboards make both.
        let narrow = |c: char| match c {
            '０'..='９' => char::from_u32(c as u32 - '０' as u32 + '0' as u32).unwrap_or(c),
            c => c,
        };
        let typed: String = typed.trim().chars().map(narrow).collect();
        typed == self.number(record)
    }

    /// Whether this is the value with which the person comes back.
    pub fn is_return(&self, record: &TransactionRecord, value: &str) -> bool {
        let expected = self.returns(record);
        aws_lc_rs::constant_time::verify_slices_are_equal(value.as_bytes(), expected.as_bytes())
            .is_ok()
    }

    fn number(&self, record: &TransactionRecord) -> String {
        let derived = self.derive("number", record);
        let [a, b, c, d, ..] = derived;
        format!("{:04}", u32::from_be_bytes([a, b, c, d]) % 10_000)
    }

    fn returns(&self, record: &TransactionRecord) -> String {
        URL_SAFE_NO_PAD.encode(self.derive("return", record))
    }

    /// From the hand-over and the phone that has taken it.
    fn derive(&self, what: &str, record: &TransactionRecord) -> [u8; 32] {
        let phone = record.handover.taken.as_ref().map(|taken| taken.phone).unwrap_or_default();
        authenticated(&self.key, &[what.as_bytes(), record.id.as_str().as_bytes(), &phone])
    }

    /// `second` is that of a QR code; a link that is pressed has none.
    fn mac(&self, record: &TransactionRecord, second: Option<u32>) -> [u8; MAC_LENGTH] {
        let flow = if second.is_some() { Flow::Qr } else { Flow::SameDevice };
        let purpose = match record.purpose {
            Purpose::LogIn => "log-in",
            Purpose::Sign => "sign",
            Purpose::SignDigest => "sign-digest",
        };
        let key = hmac::Key::new(
            hmac::HMAC_SHA256,
            &authenticated(&self.key, &[b"key", record.id.as_str().as_bytes(), &[]]),
        );
        let shares = record.shares.iter().map(|share| share.as_str()).collect::<Vec<_>>().join(" ");
        let second = second.unwrap_or_default().to_be_bytes();
        let [mac @ .., _, _, _, _, _, _, _, _, _, _, _, _, _, _, _, _] = authenticated(
            &key,
            &[
                CONTEXT.as_bytes(),
                &record.handover.session,
                record.id.as_str().as_bytes(),
                record.asker.as_bytes(),
                record.asker_name.as_bytes(),
                record.site.as_deref().unwrap_or_default().as_bytes(),
                purpose.as_bytes(),
                record.text.as_bytes(),
                record.digest.as_ref().map(|digest| digest.as_slice()).unwrap_or_default(),
                record.reason.as_deref().unwrap_or_default().as_bytes(),
                shares.as_bytes(),
                &record.challenge,
                flow.as_str().as_bytes(),
                &second,
            ],
        );
        mac
    }
}

/// The phone that answers must be the one that has taken the transaction.
///
/// # Errors
/// `handover-taken`.
pub fn check_phone(record: &TransactionRecord, phone: &PhoneSecret) -> Result<(), Problem> {
    match record.handover.is_taken_by(phone) {
        true => Ok(()),
        false => Err(Problem::new(Code::HANDOVER_TAKEN)),
    }
}

/// HMAC-SHA256 over parts.
fn authenticated(key: &hmac::Key, parts: &[&[u8]]) -> [u8; 32] {
    let mut context = hmac::Context::with_key(key);
    for part in parts {
        // Lengths keep the parts from running into each other.
        context.update(&(part.len() as u64).to_be_bytes());
        context.update(part);
    }
    let mut mac = [0; 32];
    mac.copy_from_slice(context.sign().as_ref());
    mac
}
