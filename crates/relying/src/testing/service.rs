//! Status services over HTTP: right ones, and wrong ones.

use std::collections::BTreeMap;
use std::io::Cursor;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::{Request, State};
use axum::http::{HeaderName, StatusCode, header};
use axum::response::{IntoResponse, Response};
use inrou_api::clock::Clock;
use inrou_pki::Status;
use inrou_pki::certificate::Certificate;
use inrou_pki::crl::{CrlEntry, CrlPath, NewCrl, Partition};
use inrou_pki::digest::HashAlgorithm;
use inrou_pki::ocsp::{
    AnswerTimes, CertId, OcspRequest, Responder, request_from_path, write_request,
};
use inrou_pki::profile::Place;
use inrou_pki::status::Withdrawal;
use inrou_rules::{Serial, Use};
use jiff::{SignedDuration, Timestamp};

use super::Issuer;

/// How long an answer and a CRL are valid.
const LIFE: SignedDuration = SignedDuration::from_mins(15);

/// A way in which status services fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// They are out of order: HTTP status 503.
    Down,
    /// Only OCSP is out of order.
    OcspDown,
    /// What they answer is no DER.
    Garbage,
    /// What they answer goes on and on.
    Endless,
    /// They answer what was right a day ago.
    Stale,
    /// They answer under the key of another issuer.
    Forged,
    /// They leave out the nonce.
    NoNonce,
    /// They send the client elsewhere.
    Redirect,
}

pub(super) struct Service {
    clock: Arc<dyn Clock>,
    issuers: Vec<Issuer>,
    state: Mutex<Told>,
}

#[derive(Default)]
struct Told {
    statuses: BTreeMap<(Use, Vec<u8>), (Certificate, Status)>,
    fault: Option<Fault>,
    requests: Vec<String>,
    serial: u64,
    /// CRLs that were made, until a status changes.
    crls: BTreeMap<String, Vec<u8>>,
}

impl Service {
    pub(super) fn new(clock: Arc<dyn Clock>, issuers: Vec<Issuer>) -> Self {
        let state = Told { serial: 0x1E_E607, ..Told::default() };
        Self { clock, issuers, state: Mutex::new(state) }
    }

    pub(super) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    pub(super) fn next_serial(&self) -> Serial {
        let mut state = self.state.lock().unwrap();
        state.serial += 1;
        Serial(state.serial)
    }

    pub(super) fn set_status(&self, certificate: &Certificate, status: Status) {
        let issuer = self.issuers.iter().find(|issuer| issuer.is_named_by(certificate));
        let key = (issuer.unwrap().usage, certificate.serial_bytes().to_vec());
        let told = (certificate.clone(), status);
        let mut state = self.state.lock().unwrap();
        state.crls.clear();
        state.statuses.insert(key, told);
    }

    pub(super) fn set_fault(&self, fault: Option<Fault>) {
        let mut state = self.state.lock().unwrap();
        state.crls.clear();
        state.fault = fault;
    }

    pub(super) fn requests(&self, prefix: &str) -> usize {
        let state = self.state.lock().unwrap();
        state.requests.iter().filter(|path| path.starts_with(prefix)).count()
    }

    fn fault(&self) -> Option<Fault> {
        self.state.lock().unwrap().fault
    }

    fn status(&self, usage: Use, serial: &[u8]) -> Status {
        let state = self.state.lock().unwrap();
        let told = state.statuses.get(&(usage, serial.to_vec()));
        told.map_or(Status::Unknown, |(_, status)| *status)
    }

    fn made(&self) -> Timestamp {
        match self.fault() {
            Some(Fault::Stale) => self.now() - SignedDuration::from_hours(24),
            _ => self.now(),
        }
    }

    fn ocsp(&self, request: &[u8]) -> Vec<u8> {
        let request = OcspRequest::from_der(request).unwrap();
        let id = &request.certificates()[0];
        let issuer = self.issuers.iter().find(|issuer| issuer.responder().speaks_for(id)).unwrap();
        let times = AnswerTimes {
            produced_at: self.made(),
            this_update: self.made(),
            next_update: self.made() + LIFE,
        };
        let status = |id: &CertId<'_>| self.status(issuer.usage, id.serial_bytes());
        match self.fault() {
            Some(Fault::Forged) => {
                let forger = Issuer::new(issuer.settings.clone(), issuer.usage, self.now());
                // Its responder does not speak for that issuer, so it is asked about nothing; what it
                // signs would be believed only by who does not look.
                forger.responder().answer(&request, times, status).unwrap()
            }
            Some(Fault::NoNonce) => {
                let bare = self.without_nonce(issuer, id.serial_bytes());
                let request = OcspRequest::from_der(&bare).unwrap();
                issuer.responder().answer(&request, times, status).unwrap()
            }
            _ => issuer.responder().answer(&request, times, status).unwrap(),
        }
    }

    fn without_nonce(&self, issuer: &Issuer, serial: &[u8]) -> Vec<u8> {
        let state = self.state.lock().unwrap();
        let (certificate, _) = &state.statuses[&(issuer.usage, serial.to_vec())];
        write_request(&issuer.certificate, certificate, HashAlgorithm::Sha1, None).unwrap()
    }

    /// The CRL at a path: the one that was made before, while it is right.
    fn crl(&self, path: &str) -> Vec<u8> {
        let kept = self.state.lock().unwrap().crls.get(path).cloned();
        kept.unwrap_or_else(|| {
            let made = self.new_crl(path.parse().unwrap());
            self.state.lock().unwrap().crls.insert(path.to_owned(), made.clone());
            made
        })
    }

    fn new_crl(&self, path: CrlPath) -> Vec<u8> {
        let issuer = self.issuers.iter().find(|issuer| issuer.usage == path.usage).unwrap();
        let (medium, code) = path.holders.unwrap();
        let partition = Partition::Holders {
            usage: path.usage,
            medium,
            place: Place {
                code,
                prefecture: "Tokyo-to".to_owned(),
                municipality: "Kiyose-shi".to_owned(),
            },
        };
        let state = self.state.lock().unwrap();
        let mut entries: Vec<CrlEntry> = Vec::new();
        for ((usage, serial), (_, status)) in &state.statuses {
            let (at, withdrawal) = match *status {
                Status::Revoked { at, reason } => (at, Withdrawal::Revoked(reason)),
                Status::OnHold { since } => (since, Withdrawal::Hold),
                Status::Good | Status::Unknown => continue,
            };
            if *usage == path.usage {
                let serial = serial.iter().fold(0, |number, byte| number << 8 | u64::from(*byte));
                entries.push(CrlEntry { serial: Serial(serial), at, withdrawal });
            }
        }
        drop(state);
        let new = NewCrl {
            issuer: &issuer.certificate,
            scope: Some((&issuer.settings, &partition)),
            number: 1,
            this_update: self.made(),
            next_update: self.made() + LIFE,
        };
        let mut der = Cursor::new(Vec::new());
        new.write(entries.into_iter(), &*issuer.key, &mut der).unwrap();
        der.into_inner()
    }
}

impl Issuer {
    fn is_named_by(&self, certificate: &Certificate) -> bool {
        let key = self.certificate.public_key().unwrap();
        certificate.verify_signature(key).is_ok()
    }

    fn responder(&self) -> Responder {
        let (certificate, key) = (self.responder.clone(), self.responder_key.clone());
        Responder::new(&self.certificate, certificate, key).unwrap()
    }
}

pub(super) fn router(service: Arc<Service>) -> Router {
    Router::new().fallback(answer).with_state(service)
}

async fn answer(State(service): State<Arc<Service>>, request: Request) -> Response {
    let path = request.uri().path().to_owned();
    service.state.lock().unwrap().requests.push(path.clone());
    let etag = request.headers().get(header::IF_NONE_MATCH).cloned();
    let body = axum::body::to_bytes(request.into_body(), 100_000).await.unwrap();
    match service.fault() {
        Some(Fault::Down) => return StatusCode::SERVICE_UNAVAILABLE.into_response(),
        Some(Fault::OcspDown) if path.starts_with("/ocsp") => {
            return StatusCode::SERVICE_UNAVAILABLE.into_response();
        }
        Some(Fault::Garbage) => return "not what was asked for".into_response(),
        Some(Fault::Endless) => return vec![0; 1024 * 1024].into_response(),
        Some(Fault::Redirect) => {
            return (StatusCode::FOUND, [(header::LOCATION, "/elsewhere")]).into_response();
        }
        _ => {}
    }
    if let Some(path) = path.strip_prefix("/crl/") {
        return cacheable(&service, service.crl(path), etag.as_ref());
    }
    if let Some(path) = path.strip_prefix("/ocsp/") {
        let request = request_from_path(path).unwrap();
        return cacheable(&service, service.ocsp(&request), etag.as_ref());
    }
    match path.as_str() {
        "/ocsp" => service.ocsp(&body).into_response(),
        "/ca/anchors.pem" => {
            let all = service.issuers.iter().map(|issuer| issuer.certificate.to_pem());
            all.collect::<String>().into_response()
        }
        _ => StatusCode::NOT_FOUND.into_response(),
    }
}

/// To be asked again after a minute; the ETag is the content's.
fn cacheable(service: &Service, body: Vec<u8>, etag: Option<&header::HeaderValue>) -> Response {
    let digest = HashAlgorithm::Sha256.digest(&body);
    let tag = format!("\"{:02x?}\"", &digest.as_bytes()[..8]).replace([' ', ',', '[', ']'], "");
    let headers: [(HeaderName, String); 2] =
        [(header::ETAG, tag.clone()), (header::CACHE_CONTROL, "max-age=60".to_owned())];
    if etag.is_some_and(|etag| etag.as_bytes() == tag.as_bytes()) {
        service.state.lock().unwrap().requests.push("304".to_owned());
        return (StatusCode::NOT_MODIFIED, headers).into_response();
    }
    (headers, body).into_response()
}
