//! OCSP answers that are kept, to be given again while they are young and true.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use bytes::Bytes;
use inrou_pki::Status;
use inrou_rules::CertificateId;
use jiff::Timestamp;

use super::{Life, StatusIndex};

/// How many answers are kept in each half, of about 2 kB.
const HALF: usize = 8192;

/// An OCSP answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OcspAnswer {
    /// The whole response, DER.
    pub der: Bytes,
    /// How long it speaks; `None` for an answer that must not be kept: one with a nonce, about
    /// several certificates, or about one that is unknown.
    pub life: Option<Arc<Life>>,
}

/// Answers by the DER of the `CertID` asked about, which names issuer, hash and serial number. An
/// answer is given again as long as the certificate's status is the one it tells.
///
/// There are two halves: when the newer one is full, it takes the place of the older.
#[derive(Default)]
pub(crate) struct KeptAnswers(RwLock<Halves>);

#[derive(Default)]
struct Halves {
    newer: HashMap<Box<[u8]>, Kept>,
    older: HashMap<Box<[u8]>, Kept>,
}

struct Kept {
    id: CertificateId,
    status: Status,
    life: Arc<Life>,
    der: Bytes,
}

impl KeptAnswers {
    /// The answer about a certificate, if one is kept that is young and true.
    pub(super) fn find(
        &self,
        cert_id: &[u8],
        index: &StatusIndex,
        now: Timestamp,
    ) -> Option<OcspAnswer> {
        let halves = self.0.read().unwrap_or_else(PoisonError::into_inner);
        let kept = halves.newer.get(cert_id).or_else(|| halves.older.get(cert_id))?;
        let holds = kept.life.is_young(now) && index.status(kept.id) == kept.status;
        holds.then(|| OcspAnswer { der: kept.der.clone(), life: Some(kept.life.clone()) })
    }

    pub(super) fn keep(
        &self,
        cert_id: &[u8],
        id: CertificateId,
        status: Status,
        life: Arc<Life>,
        der: Bytes,
    ) {
        let mut halves = self.0.write().unwrap_or_else(PoisonError::into_inner);
        if halves.newer.len() >= HALF {
            halves.older = std::mem::take(&mut halves.newer);
        }
        halves.newer.insert(cert_id.into(), Kept { id, status, life, der });
    }
}

#[cfg(test)]
mod tests {
    use inrou_rules::{Serial, Use};

    use super::*;

    #[test]
    fn the_latest_answers_are_kept_and_no_more_than_both_halves_hold() {
        let (kept, index) = (KeptAnswers::default(), StatusIndex::default());
        let now: Timestamp = "2026-11-21T01:00:00Z".parse().unwrap();
        let next_update = "2026-11-21T01:15:00Z".parse().unwrap();
        let life = Arc::new(Life::of(now, next_update, &[]));
        let keep = |number: u64| {
            let id = CertificateId { usage: Use::Signature, serial: Serial(number) };
            // An index without certificates knows none.
            kept.keep(&number.to_be_bytes(), id, Status::Unknown, life.clone(), Bytes::new());
        };
        let all = 5 * HALF as u64 / 2;
        (0..all).for_each(keep);
        let is_kept = |number: u64| kept.find(&number.to_be_bytes(), &index, now).is_some();
        assert!((all - HALF as u64..all).all(is_kept));
        let count = (0..all).filter(|&number| is_kept(number)).count();
        assert!(count <= 2 * HALF, "{count}");
    }
}
