//! Finding a path: from the certificate in question up to an anchor.

use super::{ChainError, PathError, PathInputs, TrustAnchors, ValidPath, validate_chain};
use crate::certificate::Certificate;

/// Longest path that is looked for, in certificates.
const MAX_LENGTH: usize = 8;

/// How often a certificate is tried in one place or another before the search is given up: a pool can be
/// made in which there are more ways than anyone could go.
const MAX_TRIES: usize = 200;

/// Finds a valid path from an anchor to `target` through the certificates of `pool`, in any order.
///
/// # Errors
/// Why the last path that was tried is not valid; if none could be tried, that no issuer is known.
pub fn find_path(
    target: &Certificate,
    pool: &[Certificate],
    anchors: &TrustAnchors,
    inputs: &PathInputs<'_>,
) -> Result<ValidPath, ChainError> {
    let mut search = Search {
        pool,
        anchors,
        inputs,
        tries: MAX_TRIES,
        failure: ChainError { position: 0, cause: PathError::UnknownIssuer },
    };
    let mut upward = vec![target.clone()];
    search.go_up(&mut upward).ok_or(search.failure)
}

struct Search<'a> {
    pool: &'a [Certificate],
    anchors: &'a TrustAnchors,
    inputs: &'a PathInputs<'a>,
    tries: usize,
    failure: ChainError,
}

impl Search<'_> {
    /// Goes on from the last of `upward`, which was issued by whom is looked for.
    fn go_up(&mut self, upward: &mut Vec<Certificate>) -> Option<ValidPath> {
        let top = upward.last()?.clone();
        for anchor in self.anchors.certificates().iter().filter(|each| is_issuer_of(each, &top)) {
            self.tries = self.tries.checked_sub(1)?;
            let downward: Vec<_> = upward.iter().rev().cloned().collect();
            match validate_chain(anchor, &downward, self.inputs) {
                Ok(path) => return Some(path),
                Err(failure) => self.failure = failure,
            }
        }
        if upward.len() == MAX_LENGTH {
            return None;
        }
        for issuer in self.pool.iter().filter(|each| each.is_issuer() && is_issuer_of(each, &top)) {
            if upward.contains(issuer) {
                continue;
            }
            self.tries = self.tries.checked_sub(1)?;
            upward.push(issuer.clone());
            let found = self.go_up(upward);
            upward.pop();
            if found.is_some() {
                return found;
            }
        }
        None
    }
}

/// By name, and by key identifier where both have one.
fn is_issuer_of(issuer: &Certificate, certificate: &Certificate) -> bool {
    let named = certificate.authority_key_identifier().and_then(|id| id.key.as_deref());
    let is_key = match (named, issuer.subject_key_identifier()) {
        (Some(named), Some(key)) => named == key,
        _ => true,
    };
    is_key && issuer.subject().is_same(certificate.issuer())
}

#[cfg(test)]
mod tests {
    use inrou_rules::Serial;
    use jiff::Timestamp;

    use super::*;
    use crate::keys::Signer;
    use crate::{FreshKeys, IssuerSettings, KeyAlgorithm, KeySource};

    /// Certificates of one name, each of which might be the issuer of any other.
    fn issuer(serial: u64) -> Certificate {
        let key = FreshKeys.generate(KeyAlgorithm::EcP256).unwrap();
        let settings = IssuerSettings::default();
        let begin = Timestamp::UNIX_EPOCH;
        let unsigned = settings.time_stamp_issuer(key.public_key(), Serial(serial), begin);
        unsigned.unwrap().sign(&key).unwrap()
    }

    #[test]
    fn a_pool_with_more_ways_than_anyone_could_go_is_given_up() {
        let pool: Vec<_> = (1..=12).map(issuer).collect();
        let anchors = TrustAnchors::new(vec![issuer(20)]).unwrap();
        let mut search = Search {
            pool: &pool,
            anchors: &anchors,
            inputs: &PathInputs::at(Timestamp::UNIX_EPOCH),
            tries: MAX_TRIES,
            failure: ChainError { position: 0, cause: PathError::UnknownIssuer },
        };
        let mut upward = vec![issuer(21)];
        assert!(search.go_up(&mut upward).is_none());
        assert_eq!((search.tries, upward.len()), (0, 1), "there were twenty million ways");
    }
}
