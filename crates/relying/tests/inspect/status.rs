//! Status information, as a file: who tells it, of which time, about whose certificates.

use inrou_api::clock::Clock;
use inrou_pki::digest::HashAlgorithm;
use inrou_pki::ocsp::{OcspRequest, write_request};
use inrou_pki::{Certificate, Signer, Status};
use inrou_relying::inspect::{
    Beside, CheckName, FactName, FactValue, FileKind, Outcome, Unchecked,
};
use inrou_relying::testing::Issuer;
use inrou_relying::{StatusEvidence, StatusSource};
use inrou_rules::{RevocationReason, Use};
use jiff::SignedDuration;

use crate::{World, fact, hex, outcomes};

const SOURCES: [StatusSource; 2] = [StatusSource::Ocsp, StatusSource::Crl];

#[tokio::test]
async fn status_information_is_judged_by_its_signer_and_its_time() {
    let world = World::new().await;
    let holder = world.holder(Use::Signature);
    let at = world.clock.now();
    let serial = holder.certificate.serial_bytes();
    let asking = Beside { serial: Some(serial), ..Beside::default() };
    let all = |trusted, timely, status| {
        [(CheckName::Trusted, trusted), (CheckName::Timely, timely), (CheckName::Status, status)]
    };
    let file = async |source| world.status_file(&holder.certificate, Use::Signature, source).await;
    let files = [file(SOURCES[0]).await, file(SOURCES[1]).await];
    for (file, kind) in files.iter().zip([FileKind::OcspResponse, FileKind::Crl]) {
        let report = world.inspect_with(file, &asking).await;
        assert_eq!(report.file, kind);
        assert_eq!(outcomes(&report), all("passed", "passed", "passed"));
        assert_eq!(fact(&report, FactName::MadeAt), Some(&FactValue::Moment(at)));
        let mut forged = file.clone();
        *forged.last_mut().unwrap() ^= 1;
        if let Ok(report) = world
            .authority
            .validator(world.authority.relying_settings())
            .inspect(&forged, &asking, at)
            .await
        {
            assert!(!report.holds());
            let status = report.outcome(CheckName::Status);
            assert_eq!(status, Some(&Outcome::NotChecked(Unchecked::EarlierCheck)));
        }
    }
    let report = world.inspect(&files[0], None).await;
    assert_eq!(fact(&report, FactName::Status), Some(&FactValue::Status(Status::Good)));
    assert_eq!(fact(&report, FactName::Serial), Some(&FactValue::Text(hex(serial))));
    world.clock.advance_by(SignedDuration::from_mins(21));
    for file in files {
        let report = world.inspect_with(&file, &asking).await;
        assert_eq!(outcomes(&report), all("passed", "status-unavailable", "earlier-check"));
    }
}

#[tokio::test]
async fn a_genuine_answer_that_says_revoked_does_not_hold_for_the_certificate() {
    let world = World::new().await;
    let (holder, other) = (world.holder(Use::Signature), world.holder(Use::Signature));
    let (at, reason) = (world.clock.now(), RevocationReason::KeyCompromise);
    let [asked, of_other] =
        [&holder, &other].map(|holder| holder.certificate.serial_bytes().to_vec());
    for status in [Status::Revoked { at, reason }, Status::OnHold { since: at }, Status::Unknown] {
        world.authority.set_status(&holder.certificate, status);
        let file =
            async |source| world.status_file(&holder.certificate, Use::Signature, source).await;
        let ocsp = world.inspect(&file(StatusSource::Ocsp).await, None).await;
        assert_eq!(ocsp.outcome(CheckName::Trusted), Some(&Outcome::Passed));
        assert_eq!(ocsp.not_good(), Some(status));

        let crl = file(StatusSource::Crl).await;
        let listed = (status != Status::Unknown).then_some(status);
        let alone = world.inspect(&crl, None).await;
        assert!(alone.holds(), "a list that nothing is asked about is genuine, or not");
        assert_eq!(fact(&alone, FactName::CrlNumber), Some(&FactValue::Text("01".to_owned())));
        let count = u64::from(listed.is_some());
        assert_eq!(fact(&alone, FactName::ListedCount), Some(&FactValue::Number(count)));
        let entry = listed.map(|status| FactValue::Listed(hex(&asked), status));
        assert_eq!(fact(&alone, FactName::Listed), entry.as_ref());
        for (serial, not_good) in [(&asked, listed), (&of_other, None)] {
            let beside = Beside { serial: Some(serial), ..Beside::default() };
            let report = world.inspect_with(&crl, &beside).await;
            assert_eq!((report.not_good(), report.holds()), (not_good, not_good.is_none()));
        }
    }
    let ocsp = world.status_file(&holder.certificate, Use::Signature, StatusSource::Ocsp).await;
    let beside = Beside { serial: Some(&of_other), ..Beside::default() };
    let report = world.inspect_with(&ocsp, &beside).await;
    assert!(!report.holds() && report.not_good().is_none(), "it says nothing of that one");
}

/// A DER element.
fn element(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    let content = parts.concat();
    let head = match u16::try_from(content.len()).unwrap().to_be_bytes() {
        [0, short @ ..0x80] => vec![tag, short],
        [0, byte] => vec![tag, 0x81, byte],
        [high, low] => vec![tag, 0x82, high, low],
    };
    [head, content].concat()
}

/// The elements within a DER element.
fn elements(der: &[u8]) -> Vec<&[u8]> {
    let head = |der: &[u8]| match der[1] {
        0x82 => (4, usize::from(u16::from_be_bytes([der[2], der[3]]))),
        0x81 => (3, usize::from(der[2])),
        short => (2, usize::from(short)),
    };
    let mut rest = &der[head(der).0..];
    let mut found = Vec::new();
    while !rest.is_empty() {
        let (start, length) = head(rest);
        let (first, after) = rest.split_at(start + length);
        found.push(first);
        rest = after;
    }
    found
}

/// The answer of an issuer's responder, signed anew as one about another issuer's certificate of that serial.
fn about_another(response: &[u8], (own, other): (&Issuer, &Issuer), of: &Certificate) -> Vec<u8> {
    let [own_request, other_request] = [own, other]
        .map(|issuer| write_request(&issuer.certificate, of, HashAlgorithm::Sha256, None).unwrap());
    let named = |request: &[u8]| {
        let request = OcspRequest::from_der(request).unwrap();
        let id = request.certificates().first().unwrap();
        [id.issuer_name_hash().to_vec(), id.issuer_key_hash().to_vec()]
    };
    let outer = elements(response);
    let [kind, octets]: [_; 2] = elements(elements(outer[1])[0]).try_into().unwrap();
    let basic = elements(octets)[0];
    let [data, algorithm, _, certificates]: [_; 4] = elements(basic).try_into().unwrap();
    let mut data = data.to_vec();
    for (from, to) in named(&own_request).iter().zip(named(&other_request)) {
        let at = data.windows(from.len()).position(|found| found == from).unwrap();
        data[at..at + to.len()].copy_from_slice(&to);
    }
    let signature = own.responder_key.sign(&data).unwrap();
    let signature = element(0x03, &[&[0], &signature]);
    let basic = element(0x30, &[&data, algorithm, &signature, certificates]);
    let bytes = element(0x30, &[kind, &element(0x04, &[&basic])]);
    element(0x30, &[outer[0], &element(0xA0, &[&bytes])])
}

#[tokio::test]
async fn rfc_6960_4_1_1_an_answer_counts_for_certificates_of_whom_it_speaks_for() {
    let world = World::new().await;
    let holder = world.holder(Use::Signature);
    let of = &holder.certificate;
    let asked = Beside { serial: Some(of.serial_bytes()), ..Beside::default() };
    let own = world.authority.issuer(Use::Signature);
    let genuine = world.status_file(of, Use::Signature, StatusSource::Ocsp).await;
    let issuer = FactValue::Text(own.certificate.subject().to_string());
    let report = world.inspect_with(&genuine, &asked).await;
    assert!(report.holds());
    assert_eq!(fact(&report, FactName::Issuer), Some(&issuer));

    let same = about_another(&genuine, (own, own), of);
    assert!(world.inspect_with(&same, &asked).await.holds(), "what is put together anew is sound");
    let other = world.authority.issuer(Use::UserAuthentication);
    let foreign = about_another(&genuine, (own, other), of);
    for beside in [asked, Beside::default()] {
        let report = world.inspect_with(&foreign, &beside).await;
        assert_eq!(
            report.outcome(CheckName::Trusted),
            Some(&Outcome::Passed),
            "who signed is known"
        );
        let status = report.outcome(CheckName::Status);
        assert!(matches!(status, Some(Outcome::Unknown { .. })), "{report:?}");
        assert_eq!(fact(&report, FactName::Issuer), Some(&issuer));
        assert_eq!(
            (fact(&report, FactName::Serial), fact(&report, FactName::Status)),
            (None, None)
        );
    }
}

#[tokio::test]
async fn status_that_is_given_is_the_status_and_nobody_is_asked() {
    let world = World::new().await;
    let (signer, other) = (world.holder(Use::Signature), world.holder(Use::Signature));
    let now = world.clock.now();
    let message = signer.sign_content(b"text", true, now);
    let before = [
        world.status_file(&signer.certificate, Use::Signature, SOURCES[0]).await,
        world.status_file(&signer.certificate, Use::Signature, SOURCES[1]).await,
    ];
    let revoked = Status::Revoked { at: now, reason: RevocationReason::Superseded };
    world.authority.set_status(&signer.certificate, revoked);
    let after = [
        world.status_file(&signer.certificate, Use::Signature, SOURCES[0]).await,
        world.status_file(&signer.certificate, Use::Signature, SOURCES[1]).await,
    ];
    let of_other = world.status_file(&other.certificate, Use::Signature, SOURCES[0]).await;
    let asked = world.authority.requests("/");
    let judge = async |file: &[u8], given: &[&Vec<u8>]| {
        let read = |der: &&Vec<u8>| StatusEvidence::read(der, now).unwrap();
        let beside = Beside { status: given.iter().map(read).collect(), ..Beside::default() };
        world.inspect_with(file, &beside).await
    };
    for file in [signer.certificate.as_der(), &message] {
        for given in [&[&before[0]][..], &[&before[1]], &[&before[0], &before[1]]] {
            assert!(judge(file, given).await.holds());
        }
        for given in [&[&after[0]][..], &[&after[1]], &[&before[0], &after[1]]] {
            assert_eq!(judge(file, given).await.not_good(), Some(revoked));
        }
        let about_another = judge(file, &[&of_other]).await;
        assert!(!about_another.holds() && about_another.not_good().is_none());
        assert_eq!(
            judge(file, &[&of_other, &after[0]]).await.outcome(CheckName::Status),
            Some(&Outcome::NotGood(revoked))
        );
    }
    assert_eq!(world.authority.requests("/"), asked);
    for no_status in [signer.certificate.as_der(), &message, b"rubbish"] {
        assert!(StatusEvidence::read(no_status, now).is_err());
    }
}
