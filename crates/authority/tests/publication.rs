//! What is published, over real connections: to any client, to OpenSSL, to GnuTLS.
#![allow(clippy::panic, clippy::unwrap_used)]

#[path = "support/house.rs"]
mod house;

use std::process::Command;

use house::{CARD_PASSWORD, House, hanako};
use inrou_api::clock::{Clock, SystemClock};
use inrou_api::wire::authority::{ReportLoss, ResidentView, TrustAnchor};
use inrou_chip::client::{JpkiClient, Pin};
use inrou_pki::digest::HashAlgorithm;
use inrou_pki::ocsp::{MAX_REQUEST, OcspResponse, request_to_path, write_request};
use inrou_pki::path::{Evidence, TrustAnchors};
use inrou_pki::status::Moment;
use inrou_pki::{Certificate, Status};
use inrou_rules::{Medium, ResidentId, SignaturePassword, Use, Uses};
use jiff::SignedDuration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

const MALFORMED: [u8; 5] = [0x30, 3, 0x0A, 1, 1];

/// A resident with a card, and what a stranger knows of it.
struct Published {
    house: House,
    resident: ResidentId,
    /// The card's, signature first.
    certificates: [Certificate; 2],
    anchors: TrustAnchors,
}

impl Published {
    async fn new() -> Self {
        // OpenSSL and GnuTLS go by the machine's time.
        let house = House::at(&SystemClock::new().now().to_string()).await;
        let hanako = hanako();
        let resident = house.admit(&hanako).await;
        let card = house.issue_card(resident, &hanako, Uses::BOTH).await;
        let certificates = {
            let mut card = card.lock().unwrap();
            let mut client = JpkiClient::select(&mut *card).unwrap();
            client
                .verify(Pin::Signature(&SignaturePassword::parse(CARD_PASSWORD).unwrap()))
                .unwrap();
            Use::ALL
                .map(|usage| Certificate::from_der(&client.certificate(usage).unwrap()).unwrap())
        };
        let pem = house.get("/ca/anchors.pem").await.text();
        let anchors = pem.split_inclusive("-----END CERTIFICATE-----\n");
        let anchors = anchors.map(|one| Certificate::from_pem(one).unwrap()).collect();
        let anchors = TrustAnchors::new(anchors).unwrap();
        Self { house, resident, certificates, anchors }
    }

    fn request(&self, certificate: &Certificate, nonce: Option<&[u8]>) -> Vec<u8> {
        let issuer = self.anchors.issuer_of(certificate).unwrap();
        write_request(issuer, certificate, HashAlgorithm::Sha1, nonce).unwrap()
    }

    fn status(&self, certificate: &Certificate, evidence: Evidence<'_>) -> Status {
        let moment = Moment::new(self.house.clock.now());
        inrou_pki::path::status(certificate, &self.anchors, evidence, moment).unwrap()
    }

    /// A lost card (CARD-11).
    async fn hold(&self) {
        let path = format!("/residents/{}/hold", self.resident);
        let loss = ReportLoss { medium: Medium::Card };
        self.house.counter.post(&path).json(&loss).answer::<ResidentView>().await.unwrap();
    }
}

/// An answer over HTTP, as it came.
#[derive(Debug, PartialEq)]
struct Answer {
    status: u16,
    head: String,
    body: Vec<u8>,
}

impl Answer {
    fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().find_map(|line| {
            let (found, value) = line.split_once(": ")?;
            found.eq_ignore_ascii_case(name).then_some(value)
        })
    }

    fn text(self) -> String {
        assert_eq!(self.status, 200);
        String::from_utf8(self.body).unwrap()
    }
}

impl House {
    async fn get(&self, path: &str) -> Answer {
        self.send("GET", path, "", &[]).await
    }

    async fn post_ocsp(&self, body: &[u8]) -> Answer {
        self.send("POST", "/ocsp", "content-type: application/ocsp-request\r\n", body).await
    }

    /// One request on a connection of its own. No client in between mends the path.
    async fn send(&self, method: &str, path: &str, headers: &str, body: &[u8]) -> Answer {
        let host = self.base.strip_prefix("http://").unwrap();
        let mut stream = TcpStream::connect(host).await.unwrap();
        let length = body.len();
        let head = format!(
            "{method} {path} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n\
             content-length: {length}\r\n{headers}\r\n"
        );
        let mut answer = Vec::new();
        let (mut reading, mut writing) = stream.split();
        // What is refused early is answered before the whole body was sent.
        let (_, read) = tokio::join!(
            async {
                writing.write_all(head.as_bytes()).await?;
                writing.write_all(body).await
            },
            async { reading.read_to_end(&mut answer).await },
        );
        let end = answer.windows(4).position(|window| window == b"\r\n\r\n");
        let end = end.unwrap_or_else(|| panic!("{method} {path}: no answer, {read:?}"));
        let head = String::from_utf8(answer[..end].to_vec()).unwrap();
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        Answer { status, head, body: answer[end + 4..].to_vec() }
    }
}

fn path_of(uri: &str) -> &str {
    let (_, rest) = uri.split_once("://").unwrap();
    &rest[rest.find('/').unwrap()..]
}

#[tokio::test(flavor = "multi_thread")]
async fn ocsp_by_get_and_by_post_is_the_same() {
    let published = Published::new().await;
    let house = &published.house;
    for certificate in &published.certificates {
        let request = published.request(certificate, None);
        let post = house.post_ocsp(&request).await;
        assert_eq!(post.status, 200);
        assert_eq!(post.header("content-type"), Some("application/ocsp-response"));
        assert_eq!(post.header("cache-control"), Some("no-store"));
        let evidence = Evidence::Ocsp { response: &post.body, nonce: None };
        assert_eq!(published.status(certificate, evidence), Status::Good);

        // Encoded in every way that clients have.
        let encoded = request_to_path(&request);
        let bare = encoded.replace("%2F", "/").replace("%2B", "+").replace("%3D", "=");
        let lower = encoded.replace("%2F", "%2f").replace("%2B", "%2b").replace("%3D", "%3d");
        let unpadded = bare.trim_end_matches('=');
        for path in [encoded.as_str(), &bare, &lower, unpadded] {
            let get = house.get(&format!("/ocsp/{path}")).await;
            assert_eq!((get.status, &get.body), (200, &post.body), "{path}");
            assert_eq!(get.header("content-type"), Some("application/ocsp-response"));
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn caches_on_the_way_are_told_how_long_an_answer_to_get_holds() {
    let published = Published::new().await;
    let house = &published.house;
    let certificate = &published.certificates[0];
    let path = format!("/ocsp/{}", request_to_path(&published.request(certificate, None)));
    let first = house.get(&path).await;
    let cache = "max-age=450, public, no-transform, must-revalidate";
    assert_eq!(first.header("cache-control"), Some(cache));
    let date = |time: jiff::Timestamp| time.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string();
    let now = house.clock.now();
    assert_eq!(first.header("last-modified"), Some(date(now).as_str()));
    let end = now + SignedDuration::from_mins(15);
    assert_eq!(first.header("expires"), Some(date(end).as_str()));

    house.clock.advance_by(SignedDuration::from_secs(50));
    let tag = first.header("etag").unwrap();
    let ask = format!("if-none-match: \"other\", {tag}\r\n");
    let again = house.send("GET", &path, &ask, &[]).await;
    assert_eq!((again.status, again.body.len()), (304, 0));
    let cache = "max-age=400, public, no-transform, must-revalidate";
    assert_eq!(again.header("cache-control"), Some(cache));
    assert_eq!(again.header("etag"), Some(tag));

    published.hold().await;
    let changed = house.send("GET", &path, &ask, &[]).await;
    assert_eq!(changed.status, 200, "a change shows at once (LOSS-4)");
    assert_ne!(changed.header("etag"), Some(tag));

    let nonce = published.request(certificate, Some(&[7; 32]));
    let answer = house.get(&format!("/ocsp/{}", request_to_path(&nonce))).await;
    assert_eq!(answer.header("cache-control"), Some("no-store"), "it answers one request alone");
    OcspResponse::from_der(&answer.body).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn loss_4_a_hold_shows_at_once_over_http() {
    let published = Published::new().await;
    let house = &published.house;
    let ask = async |certificate: &Certificate| {
        let ocsp = house.post_ocsp(&published.request(certificate, None)).await.body;
        let uri = certificate.distribution_points()[0].uri().unwrap();
        let crl = house.get(path_of(uri)).await.body;
        [
            published.status(certificate, Evidence::Ocsp { response: &ocsp, nonce: None }),
            published.status(certificate, Evidence::Crl(&crl)),
        ]
    };
    for certificate in &published.certificates {
        assert_eq!(ask(certificate).await, [Status::Good; 2]);
    }
    published.hold().await;
    for certificate in &published.certificates {
        for status in ask(certificate).await {
            assert!(matches!(status, Status::OnHold { .. }), "{status:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_request_gets_a_clear_answer() {
    let published = Published::new().await;
    let house = &published.house;
    for length in [0, 1, 100, MAX_REQUEST, MAX_REQUEST + 1, 100_000, 3_000_000] {
        let answer = house.post_ocsp(&vec![0x30; length]).await;
        assert_eq!((answer.status, answer.body.as_slice()), (200, &MALFORMED[..]), "{length}");
    }
    let long = "A".repeat(5 * MAX_REQUEST);
    for path in ["A", "%", "%zz", "MA==", "日本", "/", &long] {
        let answer = house.get(&format!("/ocsp/{path}")).await;
        assert_eq!((answer.status, answer.body.as_slice()), (200, &MALFORMED[..]), "{path}");
    }
    let longer = format!("/ocsp/{}", "A".repeat(12 * MAX_REQUEST));
    assert_eq!(house.get(&longer).await.status, 414);
    let form = "content-type: application/x-www-form-urlencoded\r\n";
    let answer = house.send("POST", "/ocsp", form, b"x").await;
    assert_eq!(answer.status, 415);
    let answer = house.send("PUT", "/ocsp", "", b"x").await;
    assert_eq!(answer.status, 405);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_crl_is_kept_by_its_number() {
    let published = Published::new().await;
    let house = &published.house;
    let point = &published.certificates[1].distribution_points()[0];
    let path = path_of(point.uri().unwrap());
    let first = house.get(path).await;
    assert_eq!(first.header("content-type"), Some("application/pkix-crl"));
    let cache = "max-age=0, public, no-transform, must-revalidate";
    assert_eq!(first.header("cache-control"), Some(cache));
    let ask = format!("if-none-match: {}\r\n", first.header("etag").unwrap());
    assert_eq!(house.send("GET", path, &ask, &[]).await.status, 304);
    let head = house.send("HEAD", path, "", &[]).await;
    assert_eq!(head.body.len(), 0);
    assert_eq!(head.header("content-length"), Some(first.body.len().to_string().as_str()));
    published.hold().await;
    assert_eq!(house.send("GET", path, &ask, &[]).await.status, 200);
    for wrong in ["/crl/", "/crl/x", "/crl/signature/00000000/card/13221.crl", "/crl/..%2F..%2Fx"] {
        assert_eq!(house.get(wrong).await.status, 404, "{wrong}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_authoritys_own_certificates_are_there_in_every_form() {
    let published = Published::new().await;
    let house = &published.house;
    let list = house.get("/ca/anchors").await;
    assert_eq!(list.header("content-type"), Some("application/json"));
    let list: Vec<TrustAnchor> = serde_json::from_slice(&list.body).unwrap();
    assert_eq!(list.len(), 2);
    for (anchor, name) in list.iter().zip(["signature", "user-authentication"]) {
        let certificate = Certificate::from_der(&anchor.certificate.0).unwrap();
        assert_eq!(anchor.sha256.0, certificate.fingerprint().as_bytes());
        let der = house.get(&format!("/ca/{name}/1.cer")).await;
        assert_eq!(der.body, certificate.as_der());
        assert_eq!(der.header("content-type"), Some("application/pkix-cert"));
        let pem = house.get(&format!("/ca/{name}/1.pem")).await;
        assert_eq!(pem.text(), certificate.to_pem());
        for wrong in ["2.cer", "0.cer", "1.txt", "1", "one.cer", "-1.cer"] {
            assert_eq!(house.get(&format!("/ca/{name}/{wrong}")).await.status, 404, "{wrong}");
        }
    }
    assert_eq!(house.get("/ca/seal/1.cer").await.status, 404);
    let statement = house.get("/cps").await.text();
    assert!(statement.contains("サンドボックス") && statement.contains("sandbox"));
    let document: serde_json::Value =
        serde_json::from_str(&house.get("/ca/openapi.json").await.text()).unwrap();
    assert!(document["paths"]["/ca/anchors"]["get"].is_object());
}

#[tokio::test(flavor = "multi_thread")]
async fn openssl_and_gnutls_see_what_we_see() {
    let published = Published::new().await;
    let house = &published.house;
    let folder = tempfile::tempdir().unwrap();
    let put = |name: &str, content: &[u8]| {
        let path = folder.path().join(name);
        std::fs::write(&path, content).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let ocsp = format!("{}/ocsp", house.base);
    let anchors: String = published.anchors.certificates().iter().map(|a| a.to_pem()).collect();
    let anchors = put("anchors.pem", anchors.as_bytes());
    for (held, openssl_says, verify_says, gnutls_says) in [
        (false, "good", "OK", "Certificate Status: good"),
        (true, "certificateHold", "certificate revoked", "Certificate Status: revoked"),
    ] {
        if held {
            published.hold().await;
        }
        for certificate in &published.certificates {
            let pem = put("certificate.pem", certificate.to_pem().as_bytes());
            let issuer = published.anchors.issuer_of(certificate).unwrap();
            let issuer = put("issuer.pem", issuer.to_pem().as_bytes());
            for hash in ["-sha1", "-sha256"] {
                let said = run(
                    "openssl",
                    &[
                        "ocsp", hash, "-issuer", &issuer, "-cert", &pem, "-CAfile", &anchors,
                        "-url", &ocsp,
                    ],
                );
                assert!(
                    said.contains("Response verify OK") && said.contains(openssl_says),
                    "{said}"
                );
                assert!(!said.contains("WARNING"), "{said}");
            }
            let ask = format!("--ask={ocsp}");
            let said = run(
                "ocsptool",
                &[
                    &ask,
                    "--nonce",
                    "--load-cert",
                    &pem,
                    "--load-issuer",
                    &issuer,
                    "--load-trust",
                    &anchors,
                ],
            );
            assert!(said.contains("Success") && said.contains(gnutls_says), "{said}");

            let uri = certificate.distribution_points()[0].uri().unwrap();
            let crl = put("list.crl", &house.get(path_of(uri)).await.body);
            let said = run(
                "openssl",
                &["verify", "-crl_check", "-CRLfile", &crl, "-CAfile", &anchors, &pem],
            );
            assert!(said.contains(verify_says), "{said}");
        }
    }
}

/// Everything that a program writes; whether it ends well is in what it says.
fn run(program: &str, arguments: &[&str]) -> String {
    let output = Command::new(program).args(arguments).output().unwrap();
    let text = [output.stdout, output.stderr].concat();
    String::from_utf8_lossy(&text).into_owned()
}
