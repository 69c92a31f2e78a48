//! The acts of log-ins' whole stories, told apart by their numbers. Each test takes what it needs of them.
#![allow(dead_code)]

use inrou_api::wire::transaction::{Flow, Purpose, TransactionId};
use inrou_provider::clients::{ClientId, Counted, Limits, NewClient, Registration, Use};
use inrou_provider::signing::{Content, SignTransaction, Signed};
use inrou_provider::store::{
    Authorization, AuthorizationRequest, Exchange, Grant, Outcome, Pushed, Refresh, Revocation,
    Seen, Settlement, Token, TokenForClient, TokenKind,
};
use inrou_relying::{Checks, Handover, Taken, TransactionRecord};
use inrou_rules::Medium;
use jiff::Timestamp;
use serde_json::json;

pub const NOW: Timestamp = Timestamp::UNIX_EPOCH;
pub const UNTIL: Timestamp = Timestamp::MAX;

pub fn client() -> ClientId {
    ClientId::numbered(1)
}

pub fn registration() -> Registration {
    serde_json::from_value(json!({"client_name": "見本銀行", "redirect_uris": [CALLBACK],
        "jwks": {"keys": []}, "scope": "openid", "sector": "bank.example"}))
    .unwrap()
}

pub fn new_client() -> NewClient {
    let (registration, is_approved, token, at) = (registration(), true, [0; 32], NOW);
    NewClient { registration, is_approved, token, at, most_pending: 0 }
}

/// One more log-in, of as many as one likes.
pub fn log_in() -> Use {
    let most = u32::MAX;
    let limits = Limits {
        log_ins_a_minute: most,
        log_ins_a_day: most,
        signatures_a_minute: most,
        signatures_a_day: most,
    };
    Use { client: client(), what: Counted::LogIns, limits, at: NOW }
}

/// One more signature.
pub fn signature() -> Use {
    Use { what: Counted::Signatures, ..log_in() }
}

pub const CALLBACK: &str = "https://bank.example/callback";

pub fn name(what: &str, number: u64) -> [u8; 32] {
    let text = format!("{what:>20}{number:>12}");
    text.as_bytes().try_into().unwrap()
}

pub fn transaction(number: u64) -> TransactionId {
    TransactionId::try_from(format!("{number:032x}")).unwrap()
}

pub fn seen(what: &str, number: u64) -> Seen {
    Seen { what: format!("{what}:{number}"), until: UNTIL }
}

pub fn request() -> AuthorizationRequest {
    serde_json::from_value(json!({"redirect_uri": CALLBACK, "scope": "openid", "state": null,
        "nonce": null, "code_challenge": "challenge", "tells_session_state": false,
        "dpop_jkt": null, "again": "no", "subject": null, "login_hint": null, "language": null}))
    .unwrap()
}

pub fn pushed(number: u64) -> Pushed {
    let name = name("pushed", number);
    Pushed { name, client: client(), request: request(), expires: UNTIL }
}

pub fn begun(number: u64) -> Authorization {
    Authorization {
        transaction: TransactionRecord {
            id: transaction(number),
            purpose: Purpose::LogIn,
            asker: "http://localhost:8080".to_owned(),
            asker_name: "見本銀行".to_owned(),
            site: Some("bank.example".to_owned()),
            text: "text".to_owned(),
            digest: None,
            reason: None,
            shares: Vec::new(),
            challenge: vec![7; 32],
            expires: UNTIL,
            origin: None,
            handover: Handover::new(NOW, name("browser", number), Checks::default()),
            answered: None,
        },
        client: client(),
        browser: name("browser", number),
        request: request(),
        pushed: Some(name("pushed", number)),
        grant: None,
    }
}

pub fn grant(number: u64) -> Grant {
    Grant {
        id: format!("grant-{number}"),
        client: client(),
        subject: "subject".to_owned(),
        scope: request().scope,
        nonce: None,
        at: NOW,
        medium: Medium::Phone,
        flow: Flow::Qr,
        attributes: None,
        sign_transaction: None,
        transaction: transaction(number),
        expires: UNTIL,
    }
}

pub fn settled(number: u64) -> Settlement {
    Settlement {
        transaction: transaction(number),
        answer: name("answer", number),
        at: NOW,
        outcome: Outcome::Granted(Box::new(grant(number))),
    }
}

pub fn token(what: &str, kind: TokenKind, number: u64) -> Token {
    Token { hash: name(what, number), kind, scope: None, jkt: None, expires: UNTIL }
}

pub fn exchange(number: u64) -> Exchange {
    Exchange {
        code: name("code", number),
        client: client(),
        assertion: seen("exchange", number),
        redirect_uri: CALLBACK.to_owned(),
        challenge: "challenge".to_owned(),
        jkt: None,
        at: NOW,
        tokens: vec![
            token("access", TokenKind::Access, number),
            token("refresh", TokenKind::Refresh, number),
        ],
    }
}

pub fn refresh(number: u64) -> Refresh {
    Refresh {
        token: name("refresh", number),
        client: client(),
        assertion: seen("refresh", number),
        at: NOW,
        issued: token("refreshed", TokenKind::Access, number),
    }
}

pub fn given_back(number: u64) -> Revocation {
    Revocation {
        token: name("refresh", number),
        client: client(),
        assertion: seen("revoke", number),
        at: NOW,
    }
}

/// What is to be signed by a log-in of that number.
pub fn ordered(number: u64) -> SignTransaction {
    SignTransaction {
        id: sign_id(number),
        client: client(),
        content: Content::Document("document".to_owned()),
        purpose: "purpose".to_owned(),
        expires: UNTIL,
        asked: None,
        signed: None,
    }
}

pub fn sign_id(number: u64) -> String {
    format!("00000000-0000-4000-8000-{number:012}")
}

/// A log-in that asks for the signature, with a number to be typed afterwards, until that time.
pub fn begun_to_sign(number: u64, expires: Timestamp) -> Authorization {
    let checks = Checks { number: true, proof: true, ..Checks::default() };
    let begun = begun(number);
    Authorization {
        transaction: TransactionRecord {
            purpose: Purpose::Sign,
            handover: Handover::new(NOW, name("browser", number), checks),
            expires,
            ..begun.transaction
        },
        request: AuthorizationRequest { sign_transaction: Some(sign_id(number)), ..begun.request },
        pushed: None,
        ..begun
    }
}

pub fn taken(number: u64) -> Taken {
    Taken { phone: name("phone", number), flow: Flow::Qr }
}

pub fn signed(number: u64, at: Timestamp) -> Settlement {
    let grant = Grant { sign_transaction: Some(sign_id(number)), at, ..grant(number) };
    let signed = Signed { signature: vec![1], certificate: vec![2], at };
    let outcome = Outcome::Signed(Box::new(grant), Box::new(signed));
    Settlement { at, outcome, ..settled(number) }
}

/// A token of the client's own.
pub fn own_token(number: u64) -> TokenForClient {
    TokenForClient {
        hash: name("own", number),
        client: client(),
        assertion: seen("own", number),
        jkt: None,
        expires: UNTIL,
    }
}
