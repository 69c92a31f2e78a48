//! What the status services tell anybody: OCSP and CRLs, asked by serial number.

use inrou_api::client::{Client, ClientError};
use inrou_api::wire::authority::TrustAnchor;
use inrou_oracle::Municipality;
use inrou_pki::crl::Crl;
use inrou_pki::digest::HashAlgorithm;
use inrou_pki::ocsp::{OcspResponse, request_to_path};
use inrou_pki::status::Moment;
use inrou_pki::{Certificate, Status};
use inrou_rules::{Medium, Use};
use jiff::Timestamp;

use crate::doing::read;
use crate::town::PLACES;

/// The issuers of one moment, and how to ask of their certificates.
pub struct Services<'c> {
    published: &'c Client,
    issuers: Vec<(TrustAnchor, Certificate)>,
}

impl<'c> Services<'c> {
    pub async fn of(published: &'c Client) -> Self {
        let anchors: Vec<TrustAnchor> = read(|| published.get("/ca/anchors")).await;
        let mut issuers = Vec::new();
        for anchor in anchors {
            let certificate = Certificate::from_der(&anchor.certificate.0).unwrap();
            issuers.push((anchor, certificate));
        }
        Self { published, issuers }
    }

    /// The issuers of a use, the one first that was there last when something was issued.
    fn issuers(&self, usage: Use, issued: Timestamp) -> Vec<&Certificate> {
        let mut all: Vec<_> = self
            .issuers
            .iter()
            .filter(|(anchor, _)| anchor.usage == usage && anchor.not_before <= issued)
            .collect();
        all.sort_by_key(|(anchor, _)| anchor.generation);
        all.into_iter().rev().map(|(_, certificate)| certificate).collect()
    }

    /// What is published there; a request that gets lost is made again.
    async fn bytes(&self, path: &str) -> Vec<u8> {
        for _ in 0..4 {
            match self.published.get(path).bytes().await {
                Err(ClientError::Unavailable(_)) => {}
                read => return read.unwrap().to_vec(),
            }
        }
        panic!("{path} brings no answer")
    }

    /// What OCSP says.
    pub async fn ocsp(
        &self,
        usage: Use,
        serial: u64,
        issued: Timestamp,
        now: Timestamp,
    ) -> Option<Status> {
        let issuer = self.issuers(usage, issued)[0];
        // Nobody answers any more for an issuer that is over.
        if issuer.not_after() < now {
            return None;
        }
        let request = request(issuer, serial);
        let path = format!("/ocsp/{}", request_to_path(&request));
        let answer = self.bytes(&path).await;
        let answer = OcspResponse::from_der(&answer).unwrap();
        let trusted = answer.verify(issuer, Moment::new(now)).unwrap();
        let mut answers = trusted.answers().map(|answer| (number(answer.serial), answer.status));
        let (told_of, status) = answers.next().expect("it answers what it was asked");
        assert_eq!(told_of, serial, "it answers what it was asked");
        Some(status)
    }

    /// The lists of a use and a medium as they are now.
    pub async fn lists(&self, usage: Use, medium: Medium, now: Timestamp) -> Lists {
        let mut lists = Vec::new();
        let there = |anchor: &TrustAnchor| anchor.usage == usage && now <= anchor.not_after;
        for (_, issuer) in self.issuers.iter().filter(|(anchor, _)| there(anchor)) {
            let key: String = issuer.subject_key_identifier().expect("an issuer has one")[..4]
                .iter()
                .map(|byte| format!("{byte:02x}"))
                .collect();
            for Municipality(place) in PLACES {
                let path = format!("/crl/{}/{key}/{}/{place}.crl", usage.as_str(), medium.as_str());
                let list = self.bytes(&path).await;
                let list = Crl::from_der(list).unwrap().verify(issuer).unwrap();
                let entries = list.crl().entries();
                lists.extend(entries.map(|(serial, at, why)| (number(serial), why.status(at))));
            }
        }
        Lists(lists)
    }
}

/// What is listed, by serial number.
pub struct Lists(Vec<(u64, Status)>);

impl Lists {
    /// What they say of a certificate: good is what stands nowhere.
    pub fn status(&self, serial: u64) -> Status {
        let found = self.0.iter().find(|(listed, _)| *listed == serial);
        found.map_or(Status::Good, |(_, status)| *status)
    }
}

fn number(octets: &[u8]) -> u64 {
    octets.iter().fold(0, |number, octet| number << 8 | u64::from(*octet))
}

/// OCSPRequest (RFC 6960 §4.1.1), for one certificate, without a nonce; written here, so that not
/// only the service's own code asks it.
fn request(issuer: &Certificate, serial: u64) -> Vec<u8> {
    let hash = HashAlgorithm::Sha256;
    let algorithm =
        [0x30, 0x0B, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01].to_vec();
    let name = hash.digest(issuer.subject().as_der());
    let key = hash.digest(issuer.public_key().unwrap().subject_public_key());
    let mut octets: Vec<u8> = serial.to_be_bytes().into_iter().skip_while(|b| *b == 0).collect();
    if octets.first().is_none_or(|first| *first >= 0x80) {
        octets.insert(0, 0);
    }
    let parts = [
        algorithm,
        tagged(0x04, name.as_bytes()),
        tagged(0x04, key.as_bytes()),
        tagged(0x02, &octets),
    ];
    let nest = |inner: Vec<u8>| tagged(0x30, &inner);
    nest(nest(nest(nest(nest(parts.concat())))))
}

fn tagged(tag: u8, content: &[u8]) -> Vec<u8> {
    let mut whole = vec![tag];
    match u8::try_from(content.len()) {
        Ok(length) if length < 0x80 => whole.push(length),
        Ok(length) => whole.extend([0x81, length]),
        Err(_) => unreachable!("a request about one certificate is short"),
    }
    whole.extend_from_slice(content);
    whole
}
