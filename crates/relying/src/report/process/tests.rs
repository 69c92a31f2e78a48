//! The cases of a signature's life, each without and with a time-stamp from its first day.

use inrou_rules::RevocationReason;

use super::super::found::StampFound;
use super::super::words::Judged;
use super::*;

const FROM: &str = "2026-01-01T00:00:00Z";
const SIGNED: &str = "2026-02-01T00:00:00Z";
const STAMPED: &str = "2026-02-01T00:00:05Z";
const LATER: &str = "2026-06-01T00:00:00Z";
const TO: &str = "2026-12-31T23:59:59Z";
const AFTER: &str = "2027-06-01T00:00:00Z";

fn time(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// A signature in which nothing is wrong, with a certificate of which good was said just now.
fn good(now: &str) -> Found {
    Found {
        has_format: true,
        certificate: CertificateFound::Identified,
        content: ContentFound::Same,
        signature: SignatureFound::Holds,
        weak_since: None,
        chain: ChainFound::Valid,
        validity: (time(FROM), time(TO)),
        status: StatusFound::Good { as_of: time(now), is_fresh: true },
        claimed_time: Some(time(SIGNED)),
        needs_claimed_time: true,
        time_stamps: Vec::new(),
    }
}

fn stamped(found: Found, at: &str) -> Found {
    let stamp = StampFound { time: time(at), holds: true };
    Found { time_stamps: vec![stamp], ..found }
}

fn words(conclusion: Conclusion) -> String {
    let main = conclusion.indication(Judged::Signature);
    conclusion.sub_indication().map_or(main.to_owned(), |sub| format!("{main} {sub}"))
}

/// What it came to at a time.
fn said(found: &Found, now: &str) -> String {
    words(judge(found, &Rules::default(), time(now)).conclusion)
}

fn revoked(at: &str) -> StatusFound {
    StatusFound::Revoked { at: time(at), reason: RevocationReason::CessationOfOperation }
}

#[test]
fn every_case_has_its_words_without_and_with_a_time_stamp() {
    const PASSED: &str = "TOTAL-PASSED";
    const GENERAL: &str = "INDETERMINATE CERTIFICATE_CHAIN_GENERAL_FAILURE";
    const NO_SIGNER: &str = "INDETERMINATE NO_SIGNING_CERTIFICATE_FOUND";
    const NO_CHAIN: &str = "INDETERMINATE NO_CERTIFICATE_CHAIN_FOUND";
    const REVOKED: &str = "INDETERMINATE REVOKED_NO_POE";
    const LATER_PERHAPS: &str = "INDETERMINATE TRY_LATER";
    const WEAK: &str = "INDETERMINATE CRYPTO_CONSTRAINTS_FAILURE_NO_POE";
    const ATTRIBUTES: &str = "INDETERMINATE SIG_CONSTRAINTS_FAILURE";
    const OVER: &str = "INDETERMINATE OUT_OF_BOUNDS_NOT_REVOKED";
    let then = good(LATER);
    let good_as_of = |as_of| StatusFound::Good { as_of: time(as_of), is_fresh: false };
    let cases = [
        ("nothing is wrong", then.clone(), LATER, PASSED, PASSED),
        (
            "other content",
            Found { content: ContentFound::Another, ..then.clone() },
            LATER,
            "TOTAL-FAILED HASH_FAILURE",
            "TOTAL-FAILED HASH_FAILURE",
        ),
        (
            "a flipped byte of the signature, or of a signed attribute",
            Found { signature: SignatureFound::Broken, ..then.clone() },
            LATER,
            "TOTAL-FAILED SIG_CRYPTO_FAILURE",
            "TOTAL-FAILED SIG_CRYPTO_FAILURE",
        ),
        (
            "another certificate than the one named",
            Found { certificate: CertificateFound::Another, ..then.clone() },
            LATER,
            NO_SIGNER,
            NO_SIGNER,
        ),
        (
            "no certificate",
            Found { certificate: CertificateFound::Missing, ..then.clone() },
            LATER,
            NO_SIGNER,
            NO_SIGNER,
        ),
        (
            "unknown issuer",
            Found { chain: ChainFound::NoAnchor, ..then.clone() },
            LATER,
            NO_CHAIN,
            NO_CHAIN,
        ),
        (
            "issuers not to be had",
            Found { chain: ChainFound::AnchorsUnavailable, ..then.clone() },
            LATER,
            NO_CHAIN,
            NO_CHAIN,
        ),
        (
            "the issuer did not sign the certificate",
            Found { chain: ChainFound::Broken, ..then.clone() },
            LATER,
            GENERAL,
            GENERAL,
        ),
        (
            "revoked before signing",
            Found { status: revoked("2026-01-15T00:00:00Z"), ..then.clone() },
            LATER,
            REVOKED,
            REVOKED,
        ),
        (
            "revoked after signing",
            Found { status: revoked("2026-03-01T00:00:00Z"), ..then.clone() },
            LATER,
            REVOKED,
            PASSED,
        ),
        (
            "held before signing",
            Found { status: StatusFound::OnHold { since: time(FROM) }, ..then.clone() },
            LATER,
            LATER_PERHAPS,
            LATER_PERHAPS,
        ),
        (
            "held after signing",
            Found { status: StatusFound::OnHold { since: time(LATER) }, ..then.clone() },
            LATER,
            LATER_PERHAPS,
            PASSED,
        ),
        ("expired, known not revoked", good(AFTER), AFTER, OVER, PASSED),
        (
            "expired, known not revoked before the time-stamp alone",
            Found { status: good_as_of("2026-01-15T00:00:00Z"), ..then.clone() },
            AFTER,
            OVER,
            OVER,
        ),
        (
            "expired, status not known",
            Found { status: StatusFound::NotTold, ..then.clone() },
            AFTER,
            "INDETERMINATE OUT_OF_BOUNDS_NO_POE",
            "INDETERMINATE OUT_OF_BOUNDS_NO_POE",
        ),
        (
            "wrong kind",
            Found { chain: ChainFound::WrongKind, ..then.clone() },
            LATER,
            "INDETERMINATE CHAIN_CONSTRAINTS_FAILURE",
            "INDETERMINATE CHAIN_CONSTRAINTS_FAILURE",
        ),
        (
            "status not told",
            Found { status: StatusFound::NotTold, ..then.clone() },
            LATER,
            GENERAL,
            GENERAL,
        ),
        (
            "status unknown to the issuer",
            Found { status: StatusFound::Unknown, ..then.clone() },
            LATER,
            GENERAL,
            GENERAL,
        ),
        (
            "stale status, from after the time-stamp",
            Found { status: good_as_of("2026-02-02T00:00:00Z"), ..then.clone() },
            LATER,
            LATER_PERHAPS,
            PASSED,
        ),
        (
            "stale status, from before the time-stamp",
            Found { status: good_as_of("2026-01-15T00:00:00Z"), ..then.clone() },
            LATER,
            LATER_PERHAPS,
            LATER_PERHAPS,
        ),
        (
            "format broken",
            Found { has_format: false, ..then.clone() },
            LATER,
            "TOTAL-FAILED FORMAT_FAILURE",
            "TOTAL-FAILED FORMAT_FAILURE",
        ),
        (
            "content not given",
            Found { content: ContentFound::Missing, ..then.clone() },
            LATER,
            "INDETERMINATE SIGNED_DATA_NOT_FOUND",
            "INDETERMINATE SIGNED_DATA_NOT_FOUND",
        ),
        (
            "an algorithm that became weak after signing",
            Found { weak_since: Some(time("2026-05-01T00:00:00Z")), ..then.clone() },
            LATER,
            WEAK,
            PASSED,
        ),
        (
            "an algorithm that was weak when it signed",
            Found { weak_since: Some(time(FROM)), ..then.clone() },
            LATER,
            WEAK,
            "INDETERMINATE CRYPTO_CONSTRAINTS_FAILURE",
        ),
        (
            "an algorithm that cannot be verified",
            Found { signature: SignatureFound::NotSupported, ..then.clone() },
            LATER,
            "INDETERMINATE CRYPTO_CONSTRAINTS_FAILURE",
            "INDETERMINATE CRYPTO_CONSTRAINTS_FAILURE",
        ),
        (
            "no signing time",
            Found { claimed_time: None, ..then.clone() },
            LATER,
            ATTRIBUTES,
            ATTRIBUTES,
        ),
        (
            "no signing time, and none needed",
            Found { claimed_time: None, needs_claimed_time: false, ..then.clone() },
            LATER,
            PASSED,
            PASSED,
        ),
        (
            "claimed outside of the certificate",
            Found { claimed_time: Some(time(AFTER)), ..then.clone() },
            LATER,
            ATTRIBUTES,
            ATTRIBUTES,
        ),
    ];
    for (name, found, now, without, with) in cases {
        assert_eq!(said(&found, now), without, "{name}");
        assert_eq!(said(&stamped(found, STAMPED), now), with, "{name}, time-stamped");
    }
}

#[test]
fn what_is_not_yet_valid_fails() {
    let early = "2025-12-01T00:00:00Z";
    assert_eq!(said(&good(early), early), "TOTAL-FAILED NOT_YET_VALID");
    let before = stamped(good(AFTER), early);
    assert_eq!(said(&before, AFTER), "TOTAL-FAILED NOT_YET_VALID", "by a time-stamp before it");
    let blocks = judge(&good(early), &Rules::default(), time(early)).blocks;
    let certificate = blocks.iter().find(|(block, _)| *block == Block::Certificate).unwrap().1;
    assert_eq!(certificate.sub_indication(), Some("OUT_OF_BOUNDS_NOT_REVOKED"));
    assert_eq!(certificate.indication(Judged::Block), "INDETERMINATE");
}

#[test]
fn a_time_stamp_that_does_not_hold_proves_nothing() {
    let found = Found { status: revoked("2026-03-01T00:00:00Z"), ..good(LATER) };
    let broken = StampFound { time: time(STAMPED), holds: false };
    let found = Found { time_stamps: vec![broken], ..found };
    let verdict = judge(&found, &Rules::default(), time(LATER));
    assert_eq!(words(verdict.conclusion), "INDETERMINATE REVOKED_NO_POE");
    assert_eq!(verdict.best_signature_time, time(LATER));
    let good_all_the_same = Found { time_stamps: vec![broken], ..good(LATER) };
    assert_eq!(said(&good_all_the_same, LATER), "TOTAL-PASSED", "the signature needs none");
}

#[test]
fn the_earliest_time_stamp_counts() {
    let later = StampFound { time: time("2026-04-01T00:00:00Z"), holds: true };
    let mut found = stamped(good(LATER), STAMPED);
    found.time_stamps.insert(0, later);
    let verdict = judge(&found, &Rules::default(), time(LATER));
    assert_eq!(verdict.best_signature_time, time(STAMPED));
}

#[test]
fn content_and_signature_outrank_the_certificate() {
    let mut found = Found { status: revoked(FROM), chain: ChainFound::NoAnchor, ..good(LATER) };
    found.signature = SignatureFound::Broken;
    assert_eq!(said(&found, LATER), "TOTAL-FAILED SIG_CRYPTO_FAILURE");
    found.content = ContentFound::Another;
    assert_eq!(said(&found, LATER), "TOTAL-FAILED HASH_FAILURE");
}

#[test]
fn a_time_stamp_may_be_too_late_for_the_claimed_time() {
    let rules = Rules { stamp_delay: Some(SignedDuration::from_secs(5)), ..Rules::default() };
    let said = |found: &Found| words(judge(found, &rules, time(LATER)).conclusion);
    assert_eq!(said(&stamped(good(LATER), STAMPED)), "TOTAL-PASSED");
    let late = stamped(good(LATER), "2026-02-01T00:00:06Z");
    assert_eq!(said(&late), "INDETERMINATE SIG_CONSTRAINTS_FAILURE");
    assert_eq!(said(&good(LATER)), "TOTAL-PASSED", "without one there is nothing to be late");
}

#[test]
fn nothing_passes_without_content_signature_certificate_and_chain() {
    // Whatever time-stamps and statuses there are.
    let broken = [
        Found { has_format: false, ..good(LATER) },
        Found { certificate: CertificateFound::Missing, ..good(LATER) },
        Found { certificate: CertificateFound::Another, ..good(LATER) },
        Found { content: ContentFound::Another, ..good(LATER) },
        Found { content: ContentFound::Missing, ..good(LATER) },
        Found { signature: SignatureFound::Broken, ..good(LATER) },
        Found { signature: SignatureFound::NotSupported, ..good(LATER) },
        Found { signature: SignatureFound::NotChecked, ..good(LATER) },
        Found { chain: ChainFound::NoAnchor, ..good(LATER) },
        Found { chain: ChainFound::AnchorsUnavailable, ..good(LATER) },
        Found { chain: ChainFound::Broken, ..good(LATER) },
        Found { chain: ChainFound::WrongKind, ..good(LATER) },
    ];
    let statuses = [
        StatusFound::Good { as_of: time(LATER), is_fresh: true },
        StatusFound::Good { as_of: time(LATER), is_fresh: false },
        revoked(LATER),
        StatusFound::OnHold { since: time(LATER) },
        StatusFound::NotTold,
    ];
    for found in broken {
        for status in statuses {
            for weak_since in [None, Some(time(LATER))] {
                let found = Found { status, weak_since, ..found.clone() };
                assert_ne!(said(&found, AFTER), "TOTAL-PASSED", "{found:?}");
                let stamped = stamped(found, STAMPED);
                assert_ne!(said(&stamped, AFTER), "TOTAL-PASSED", "{stamped:?}");
            }
        }
    }
}

#[test]
fn what_was_revoked_while_on_hold_is_not_good_since_the_hold() {
    let (hold, end) = ("2026-03-01T00:00:00Z", "2026-04-01T00:00:00Z");
    let held = StatusFound::OnHold { since: time(hold) };
    let both = revoked(hold);
    assert_eq!(held.and(revoked(end)), both);
    assert_eq!(revoked(end).and(held), both, "whoever tells first");
    assert_eq!(revoked(hold).and(StatusFound::OnHold { since: time(end) }), both);
    let still = StatusFound::Good { as_of: time(LATER), is_fresh: true };
    assert_eq!(held.and(still), held, "who says that it is not good is heard");
    assert_eq!(StatusFound::NotTold.and(still), still);
    assert_eq!(StatusFound::Unknown.and(held), held);
    // A time-stamp from the hold proves nothing; one from before it does.
    let found = Found { status: both, ..good(LATER) };
    let stamped_at = |at| said(&stamped(found.clone(), at), LATER);
    assert_eq!(stamped_at("2026-02-28T23:59:59Z"), "TOTAL-PASSED");
    assert_eq!(stamped_at("2026-03-15T00:00:00Z"), "INDETERMINATE REVOKED_NO_POE");
}
