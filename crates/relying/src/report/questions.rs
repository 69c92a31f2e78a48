//! What is asked in each building block, with the answers.

use jiff::Timestamp;

use super::document::{Constraint, ConstraintStatus};
use super::found::{
    CertificateFound, ChainFound, ContentFound, Found, SignatureFound, StatusFound,
};
use super::process::Block;

/// The questions of a block in their order, answered up to the first that does not hold.
pub(super) fn questions(block: Block, found: &Found, now: Timestamp) -> Vec<Constraint> {
    let mut is_open = true;
    let answer = |Question { key, question, holds, error }: Question| {
        let status = match (is_open, holds) {
            (false, _) => ConstraintStatus::Ignored,
            (true, true) => ConstraintStatus::Ok,
            (true, false) => ConstraintStatus::NotOk,
        };
        is_open &= holds;
        let error = (status == ConstraintStatus::NotOk).then(|| error.to_owned());
        Constraint { key: key.to_owned(), question: question.to_owned(), status, error }
    };
    of_block(block, found, now).into_iter().map(answer).collect()
}

struct Question {
    key: &'static str,
    question: &'static str,
    holds: bool,
    error: &'static str,
}

fn ask(key: &'static str, question: &'static str, holds: bool, error: &'static str) -> Question {
    Question { key, question, holds, error }
}

fn of_block(block: Block, found: &Found, now: Timestamp) -> Vec<Question> {
    match block {
        Block::Format => vec![ask(
            "BBB_FC_IEFF",
            "Is the signature of a format that is known?",
            found.has_format,
            "The file cannot be read as a signature.",
        )],
        Block::SigningCertificate => vec![
            ask(
                "BBB_ICS_ISCI",
                "Is the signer's certificate there?",
                found.certificate != CertificateFound::Missing,
                "The signer's certificate is missing.",
            ),
            ask(
                "BBB_ICS_ICDVV",
                "Is it the one that the signature names by its hash?",
                found.certificate == CertificateFound::Identified,
                "The signature names another certificate.",
            ),
        ],
        Block::Cryptography => vec![
            ask(
                "BBB_CV_IRDOF",
                "Is there what was signed?",
                found.content != ContentFound::Missing,
                "What was signed is not given.",
            ),
            ask(
                "BBB_CV_IRDOI",
                "Is it what was signed?",
                found.content == ContentFound::Same,
                "Something else was signed.",
            ),
            ask(
                "BBB_CV_ISI",
                "Was the signature made by the certificate's key?",
                found.signature == SignatureFound::Holds,
                match found.signature {
                    SignatureFound::NotSupported => "The signature's algorithm is not supported.",
                    _ => "The signature was not made by the certificate's key.",
                },
            ),
        ],
        Block::Certificate => of_certificate(found, now),
        Block::Acceptance => vec![
            ask(
                "BBB_SAV_ISQPSTP",
                "Does the signer claim a signing time within the certificate's validity?",
                found.claims_within_validity(),
                "The claimed signing time is missing, or outside of the certificate's validity.",
            ),
            ask(
                "ASCCM_AR",
                "Is the algorithm strong enough?",
                found.weak_since.is_none(),
                "The algorithm has become too weak.",
            ),
        ],
    }
}

fn of_certificate(found: &Found, now: Timestamp) -> Vec<Question> {
    let (from, to) = found.validity;
    let is_told = !matches!(found.status, StatusFound::NotTold | StatusFound::Unknown);
    vec![
        ask(
            "BBB_XCV_CCCBB",
            "Does a path lead to a trust anchor?",
            !matches!(found.chain, ChainFound::NoAnchor | ChainFound::AnchorsUnavailable),
            match found.chain {
                ChainFound::AnchorsUnavailable => "The trust anchors are not to be had.",
                _ => "The certificate's issuer is not trusted.",
            },
        ),
        ask(
            "BBB_XCV_ICSI",
            "Is the path sound?",
            found.chain != ChainFound::Broken,
            "The certificate's path is broken.",
        ),
        ask(
            "BBB_XCV_ISCGKU",
            "Is the certificate of the kind that is needed?",
            found.chain != ChainFound::WrongKind,
            "The certificate is of another kind than the one needed.",
        ),
        ask(
            "BBB_XCV_ISCR",
            "Is the certificate not revoked?",
            !matches!(found.status, StatusFound::Revoked { .. }),
            "The certificate is revoked.",
        ),
        ask(
            "BBB_XCV_ISCOH",
            "Is the certificate not on hold?",
            !matches!(found.status, StatusFound::OnHold { .. }),
            "The certificate is on hold.",
        ),
        ask(
            "BBB_XCV_ICTIVRSC",
            "Is the certificate valid at this time?",
            now >= from && now.as_second() <= to.as_second(),
            "The certificate is not valid at this time.",
        ),
        ask(
            "BBB_XCV_IRDPFC",
            "Is the certificate's status known?",
            is_told,
            match found.status {
                StatusFound::Unknown => "The issuer does not know the certificate.",
                _ => "The certificate's status cannot be found out.",
            },
        ),
        ask(
            "BBB_RFC_IRIF",
            "Is what tells the status of this time?",
            !matches!(found.status, StatusFound::Good { is_fresh: false, .. }),
            "What tells the certificate's status is too old.",
        ),
    ]
}
