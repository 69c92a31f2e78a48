//! What is written of records into logs: nothing that opens a door, and nothing of a person.

use std::fmt::Debug;

use inrou_api::wire::Base64;
use inrou_api::wire::transaction::{Answering, LoginProof, PhoneSecret, Taking, TransactionAnswer};
use inrou_provider::clients::ClientId;
use inrou_provider::signing::{Content, SignTransaction, Signed};
use inrou_provider::store::{
    AccessToken, Authorization, AuthorizationRequest, Grant, Pushed, Seen, TokenForClient,
};
use inrou_relying::testing::resident;
use jiff::Timestamp;
use serde_json::json;

use crate::samples;

/// What must be read nowhere; each stands in a record below.
const SECRET: &str = "swordfish";

fn says_nothing(what: &impl Debug) {
    let said = format!("{what:?} {what:#?}");
    for secret in [SECRET, "水野", "清瀬", "c3dvcmRmaXNo"] {
        assert!(!said.contains(secret), "{said}");
    }
}

fn request() -> AuthorizationRequest {
    serde_json::from_value(json!({"redirect_uri": samples::CALLBACK, "scope": "openid",
        "state": SECRET, "nonce": SECRET, "code_challenge": SECRET, "tells_session_state": false,
        "dpop_jkt": SECRET, "again": "no", "subject": SECRET, "login_hint": "persona:swordfish",
        "sign_transaction": SECRET, "language": null}))
    .unwrap()
}

#[test]
fn records_of_log_ins_and_of_what_they_grant_tell_no_secret() {
    says_nothing(&request());
    let pushed = Pushed { request: request(), ..samples::pushed(1) };
    says_nothing(&pushed);
    let mut begun = samples::begun(1);
    begun.transaction.text = format!("{SECRET} 水野　花");
    says_nothing(&begun.transaction);
    says_nothing(&Authorization { request: request(), ..begun });
    let attributes = resident("水野　花", "東京都清瀬市中里１－２－３");
    let grant = Grant {
        subject: SECRET.to_owned(),
        nonce: Some(SECRET.to_owned()),
        attributes: Some(attributes),
        ..samples::grant(1)
    };
    let scope = grant.scope;
    says_nothing(&grant);
    says_nothing(&AccessToken { grant, scope, jkt: None });
    says_nothing(&TokenForClient {
        hash: [7; 32],
        client: ClientId::numbered(1),
        assertion: Seen { what: "assertion:RP00000001:1".to_owned(), until: Timestamp::MAX },
        jkt: None,
        expires: Timestamp::MAX,
    });
}

#[test]
fn what_is_signed_and_answered_tells_no_secret() {
    let signed =
        Signed {
            signature: SECRET.into(), certificate: "水野".into(), at: Timestamp::UNIX_EPOCH
        };
    says_nothing(&SignTransaction {
        id: "00000000-0000-4000-8000-000000000000".to_owned(),
        client: ClientId::numbered(1),
        content: Content::Document(SECRET.to_owned()),
        purpose: "契約".to_owned(),
        expires: Timestamp::MAX,
        asked: None,
        signed: Some(signed),
    });
    let secret = || Base64(SECRET.into());
    let proof = || LoginProof { certificate: secret(), signature: secret() };
    for answer in [
        TransactionAnswer::LogIn { certificate: secret(), signature: secret() },
        TransactionAnswer::Sign { cms: secret(), proof: Some(proof()) },
        TransactionAnswer::SignDigest {
            certificate: secret(),
            signature: secret(),
            proof: Some(proof()),
        },
    ] {
        says_nothing(&Answering { phone: PhoneSecret([b's'; 32]), answer });
    }
    let phone = PhoneSecret([b's'; 32]);
    says_nothing(&Taking { second: Some(7), mac: SECRET.to_owned(), phone });
}
