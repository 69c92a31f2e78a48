//! The seeds reach what they are for: each is verified, looked up or answered.

use inrou_chip::apdu::{Response, StatusWord};
use inrou_fuzz::card::{powered_card, steps};
use inrou_fuzz::pki::{
    CONTENT, HOLDER, HOLDER_SERIAL, ISSUER, SIGNED_AT, STAMP_UNIT, certificate, settings,
};
use inrou_pdf::Pdf;
use inrou_pki::cms::SignedMessage;
use inrou_pki::crl::Crl;
use inrou_pki::ocsp::OcspRequest;
use inrou_pki::tsp::{TimeStampRequest, TimeStampToken, read_response};
use inrou_rules::{Medium, Use};

#[test]
fn the_holders_certificate_is_recognised_and_listed() {
    let (issuer, holder) = (certificate(ISSUER), certificate(HOLDER));
    assert_eq!(holder.recognise(&settings()), Some((Use::Signature, Medium::Card)));
    assert_eq!(holder.verify_signature(issuer.public_key().unwrap()), Ok(()));
    let crl = Crl::from_der(include_bytes!("../../seeds/crl/card").to_vec()).unwrap();
    assert!(crl.verify(&issuer).unwrap().crl().find(holder.serial_bytes()).is_some());
}

#[test]
fn the_messages_are_signed() {
    let attached = SignedMessage::from_der(include_bytes!("../../seeds/cms/attached")).unwrap();
    assert_eq!(attached.verify().unwrap().signing_time, Some(SIGNED_AT));
    let detached = SignedMessage::from_der(include_bytes!("../../seeds/cms/detached")).unwrap();
    assert_eq!(detached.verify_detached(CONTENT).unwrap().signing_time, Some(SIGNED_AT));
}

#[test]
fn the_requests_ask_about_the_holder() {
    for request in [
        &include_bytes!("../../seeds/ocsp_request/sha1")[..],
        include_bytes!("../../seeds/ocsp_request/sha256-nonce"),
    ] {
        let request = OcspRequest::from_der(request).unwrap();
        assert_eq!(request.certificates()[0].serial(), Some(HOLDER_SERIAL));
    }
}

#[test]
fn the_files_are_sealed_and_the_tokens_are_over_the_message() {
    for (seed, covers_all) in [
        (&include_bytes!("../../seeds/pdf/sealed")[..], true),
        (include_bytes!("../../seeds/pdf/stored"), false),
    ] {
        let pdf = Pdf::read(seed.to_vec()).unwrap();
        let seal = pdf.signatures().unwrap().remove(0).unwrap();
        let message = SignedMessage::from_der(&seal.contents).unwrap();
        let covered = pdf.signed_bytes(&seal).concat();
        assert_eq!(message.verify_detached(&covered).unwrap().signer, &certificate(HOLDER));
        assert_eq!(pdf.check_changes_after(&seal), Ok(()));
        assert_eq!(pdf.covers_all(&seal), covers_all);
    }
    let request = TimeStampRequest::from_der(include_bytes!("../../seeds/tsp/request")).unwrap();
    let answer = read_response(include_bytes!("../../seeds/tsp/answer")).unwrap();
    answer.verify_answer(&request).unwrap();
    assert!(read_response(include_bytes!("../../seeds/tsp/rejection")).is_err());
    let token = TimeStampToken::from_der(include_bytes!("../../seeds/tsp/token")).unwrap();
    let message = SignedMessage::from_der(include_bytes!("../../seeds/cms/attached")).unwrap();
    let digest = token.info().imprint.algorithm().digest(message.signature());
    assert_eq!(token.verify(&digest).unwrap(), &certificate(STAMP_UNIT));
    assert_eq!(token.info().time, SIGNED_AT);
}

#[test]
fn the_recorded_sessions_open_the_channel_and_sign() {
    for (session, last) in [
        (&include_bytes!("../../seeds/apdu/jpki")[..], [0x00, 0x24]),
        (include_bytes!("../../seeds/apdu/face-input"), [0x00, 0x24]),
        (include_bytes!("../../seeds/apdu/issuer"), [0x84, 0xCA]),
    ] {
        let (mut card, _) = powered_card();
        let answers: Vec<_> = steps(session)
            .map(|command| (command, Response::parse(&card.process(command)).unwrap().status))
            .collect();
        let (command, status) = answers.last().unwrap();
        assert!(command.starts_with(&last), "{command:02X?}");
        assert_eq!(*status, StatusWord::SUCCESS);
    }
}
