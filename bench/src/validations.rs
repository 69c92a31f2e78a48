//! Validations of CMS signatures whose certificates' statuses are kept, beside the bare verifications in
//! them: of the signature and of its certificate, on one thread.

use std::hint::black_box;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Body;
use axum::http::{Request, StatusCode};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use inrou_api::clock::{Clock, TestClock};
use inrou_pki::{Certificate, KeyAlgorithm, Signer};
use inrou_relying::report::{CmsFile, Given};
use inrou_relying::testing::{Holder, TestAuthority, resident};
use inrou_relying::{Settings, Validator};
use inrou_rules::{Medium, Use};
use inrou_validation::{Validation, router};
use jiff::Timestamp;
use serde_json::json;
use tokio::runtime::{Builder, Runtime};
use tower::ServiceExt;

use crate::report::Row;
use crate::rounds::{Compared, rate};

const ROUNDS: usize = 60;
const TIME: Duration = Duration::from_millis(100);
/// Holders whose signatures come in, one after the other.
const HOLDERS: usize = 40;
/// What each signs.
const CONTENT: [u8; 1000] = [7; 1000];
/// About as long as the signed attributes of a message.
const ATTRIBUTES: [u8; 220] = [7; 220];

pub fn run() -> Vec<Row> {
    println!(
        "validations: {ROUNDS} rounds of {TIME:?} each, one thread; {HOLDERS} signers, statuses kept"
    );
    [KeyAlgorithm::Rsa2048, KeyAlgorithm::EcP256].into_iter().flat_map(measure).collect()
}

fn measure(algorithm: KeyAlgorithm) -> Vec<Row> {
    let bench = Bench::new(algorithm);
    let mut next = (0..HOLDERS).cycle();
    let mut turn = move || next.next().unwrap();
    let mut own_turn = turn.clone();
    let judged = Compared::measure(
        ROUNDS,
        TIME,
        |time| rate(time, || bench.verify_bare(turn())),
        |time| rate(time, || bench.judge(own_turn())),
    );
    let mut own_turn = turn.clone();
    let served = Compared::measure(
        ROUNDS / 3,
        TIME,
        |time| rate(time, || bench.verify_bare(turn())),
        |time| rate(time, || bench.serve(own_turn())),
    );
    let size = bench.messages[0].len();
    let case = format!("{algorithm:?}, CMS of {size} bytes");
    let mut row = judged.row("validations", case.clone(), "≥ 0.8");
    row.measured += &times(|at| bench.judge(at));
    let mut whole = served.row("validations", format!("{case}, as JSON through the service"), "");
    whole.measured += &times(|at| bench.serve(at));
    vec![row, whole]
}

/// How long single ones take.
fn times(one: impl Fn(usize)) -> String {
    let time = |at| {
        let begun = Instant::now();
        one(at % HOLDERS);
        begun.elapsed()
    };
    let mut all: Vec<Duration> = (0..10_000).map(time).collect();
    all.sort();
    let [p50, p95, p99] =
        [50, 95, 99].map(|percent| all[all.len() * percent / 100].as_secs_f64() * 1e6);
    let told = format!("; p50 {p50:.0} µs, p95 {p95:.0} µs, p99 {p99:.0} µs");
    println!("  {}", told.trim_start_matches("; "));
    told
}

struct Bench {
    runtime: Runtime,
    now: Timestamp,
    issuer: Certificate,
    holders: Vec<(Holder, Vec<u8>)>,
    messages: Vec<Vec<u8>>,
    bodies: Vec<String>,
    validator: Validator,
    router: Router,
    _authority: TestAuthority,
}

impl Bench {
    fn new(algorithm: KeyAlgorithm) -> Self {
        let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let clock = Arc::new(TestClock::at("2026-11-21T01:00:00Z".parse().unwrap()));
        let authority = runtime.block_on(TestAuthority::open(clock.clone(), algorithm));
        let now = clock.now();
        let her = resident("印籠　花子", "東京都清瀬市中里１－２－３");
        let holder = |_| {
            let holder = authority.issue(Use::Signature, Medium::Card, &her);
            let signature = holder.key.sign(&ATTRIBUTES).unwrap();
            (holder, signature)
        };
        let holders: Vec<_> = (0..HOLDERS).map(holder).collect();
        let messages = holders.iter().map(|(holder, _)| holder.sign_content(&CONTENT, true, now));
        let messages: Vec<_> = messages.collect();
        let bodies = messages
            .iter()
            .map(|message| json!({"document": STANDARD.encode(message)}).to_string());
        let settings = || Settings { nonce: false, ..authority.relying_settings() };
        let service =
            Validation::new(authority.validator(settings()), clock.clone(), &Default::default());
        let bench = Self {
            now,
            issuer: authority.issuer(Use::Signature).certificate.clone(),
            bodies: bodies.collect(),
            holders,
            messages,
            validator: authority.validator(settings()),
            router: router(Arc::new(service)),
            runtime,
            _authority: authority,
        };
        // Each status is asked for once.
        (0..HOLDERS).for_each(|at| {
            bench.judge(at);
            bench.serve(at);
        });
        bench
    }

    /// The verifications in a validation, and nothing else.
    fn verify_bare(&self, at: usize) {
        let (holder, signature) = &self.holders[at];
        let key = holder.key.public_key();
        key.verify(key.algorithm().signature(), &ATTRIBUTES, signature).unwrap();
        holder.certificate.verify_signature(self.issuer.public_key().unwrap()).unwrap();
    }

    fn judge(&self, at: usize) {
        let message = &self.messages[at];
        let given = Given::Nothing;
        let file = CmsFile { message, given, status: &[], filename: None, detailed: false };
        let report = self.runtime.block_on(self.validator.report_cms(&file, self.now));
        assert_eq!(black_box(report).validation_conclusion.valid_signatures_count, 1);
    }

    fn serve(&self, at: usize) {
        let request = Request::post("/validation/v1/validate")
            .header("content-type", "application/json")
            .body(Body::from(self.bodies[at].clone()));
        let answer = self.runtime.block_on(self.router.clone().oneshot(request.unwrap()));
        assert_eq!(answer.unwrap().status(), StatusCode::OK);
    }
}
