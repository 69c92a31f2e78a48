//! What the authority publishes to everyone: certificate status, its own certificates, its practice
//! statement, the log of its journal. No request is signed here.

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State as Shared};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use inrou_api::problem::{Code, Problem};
use inrou_api::server::{Access, Path, documented, with_access};
use inrou_api::wire::authority::TrustAnchor;
use inrou_api::wire::{Base64, Binary, Hex};
use inrou_pki::crl::CrlPath;
use inrou_pki::ocsp::{MAX_REQUEST, request_from_path};
use inrou_rules::{Medium, Use};
use jiff::Timestamp;
use tokio_util::io::ReaderStream;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::blocking;
use crate::Authority;
use crate::keys::CertifiedKey;
use crate::status::{Life, OcspAnswer, OpenCrl};

/// How many bytes of a CRL are read at a time.
const PIECE: usize = 64 * 1024;

const OCSP_REQUEST: &str = "application/ocsp-request";
const OCSP_RESPONSE: HeaderValue = HeaderValue::from_static("application/ocsp-response");

/// Where status services, trust anchors and the practice statement are found, at the paths that
/// `IssuerSettings::published_at` writes into certificates, described at `/ca/openapi.json`.
pub fn publication(authority: Arc<Authority>) -> Router {
    let all = OpenApiRouter::new()
        .routes(routes!(ocsp_post))
        .routes(routes!(ocsp_post_with_slash))
        .routes(routes!(ocsp_get))
        .routes(routes!(issuer_crl))
        .routes(routes!(holders_crl))
        .routes(routes!(anchors))
        .routes(routes!(anchors_pem))
        .routes(routes!(issuer_certificate))
        .routes(routes!(practice_statement))
        .merge(super::log::publication());
    let all = with_access(all, Access::Anybody).with_state(authority);
    documented(all, "Inrou certificate status, trust anchors and log", "/ca/openapi.json")
}

// --- OCSP ---

/// Asks for a certificate's status (RFC 6960).
///
/// Whatever the request is, the answer is an OCSP response: `malformedRequest` to one that is none. With
/// a nonce of 1 to 128 bytes (RFC 9654) it is signed for this request; without, it may be one that was
/// signed before.
#[utoipa::path(post, path = "/ocsp", tag = "status",
    request_body(content = Binary, content_type = "application/ocsp-request",
        description = "OCSPRequest, DER; at most 8 KiB."),
    extensions(("x-problems" = json!(["unsupported-media-type"]))),
    responses((status = 200, description = "OCSPResponse, DER.",
        body = Binary, content_type = "application/ocsp-response")))]
async fn ocsp_post(
    Shared(authority): Shared<Arc<Authority>>,
    request: Request,
) -> Result<Response, Problem> {
    if !is_media_type(request.headers(), OCSP_REQUEST) {
        return Err(Problem::new(Code::UNSUPPORTED_MEDIA_TYPE).with("expected", OCSP_REQUEST));
    }
    // What is longer is as malformed as can be: the rest of it is not read.
    let body = axum::body::to_bytes(request.into_body(), MAX_REQUEST).await.unwrap_or_default();
    Ok(ocsp_response(answer(authority, body.to_vec()).await?, None))
}

/// The same, for clients that add a slash.
#[utoipa::path(post, path = "/ocsp/", tag = "status",
    request_body(content = Binary, content_type = "application/ocsp-request",
        description = "OCSPRequest, DER; at most 8 KiB."),
    extensions(("x-problems" = json!(["unsupported-media-type"]))),
    responses((status = 200, description = "OCSPResponse, DER.",
        body = Binary, content_type = "application/ocsp-response")))]
async fn ocsp_post_with_slash(
    authority: Shared<Arc<Authority>>,
    request: Request,
) -> Result<Response, Problem> {
    ocsp_post(authority, request).await
}

/// Asks for a certificate's status by GET (RFC 6960 appendix A, RFC 5019 §5).
///
/// The answer to a request without a nonce may be kept for `max-age`.
#[utoipa::path(get, path = "/ocsp/{*request}", tag = "status",
    params(
        ("request" = String, Path, description = "OCSPRequest: DER in base64, percent-encoded. \
            A slash of base64 is taken unescaped, too.",
            example = "MEIwQDA-MDwwOjAJBgUrDgMCGgUABBQ"),
        ("If-None-Match" = Option<String>, Header, description = "`ETag` of the answer at hand.")),
    responses(
        (status = 200, description = "OCSPResponse, DER.",
            body = Binary, content_type = "application/ocsp-response",
            headers(
                ("cache-control" = String,
        description = "`max-age` to the moment of the next answer."),
                ("etag" = String, description = "Names this very answer."),
                ("last-modified" = String, description = "thisUpdate."),
                ("expires" = String, description = "nextUpdate."))),
        (status = 304, description = "The answer at hand is still the one.")))]
async fn ocsp_get(
    Shared(authority): Shared<Arc<Authority>>,
    request: Request,
) -> Result<Response, Problem> {
    // The path as it was sent: decoded, a Base64 slash is not told from one between segments.
    let path = request.uri().path();
    let encoded = path.split_once("/ocsp/").map_or("", |(_, encoded)| encoded);
    let der = request_from_path(encoded).unwrap_or_default();
    let now = authority.clock.now();
    let answer = answer(authority, der).await?;
    Ok(ocsp_response(answer, Some((now, request.headers()))))
}

/// Answers at once what is ready; what has to be signed is signed elsewhere.
async fn answer(authority: Arc<Authority>, request: Vec<u8>) -> Result<OcspAnswer, Problem> {
    match authority.ready_ocsp_answer(&request) {
        Some(answer) => Ok(answer),
        None => blocking(authority, move |authority| Ok(authority.answer_ocsp(&request))).await,
    }
}

/// An answer to GET may be kept by caches on the way until the next one is given (RFC 5019 §6.2).
fn ocsp_response(answer: OcspAnswer, get: Option<(Timestamp, &HeaderMap)>) -> Response {
    let mut headers = HeaderMap::with_capacity(8);
    headers.insert(header::CONTENT_TYPE, OCSP_RESPONSE);
    if let (Some(life), Some((now, asked))) = (&answer.life, get) {
        let young = life.renewed_at().duration_since(now).as_secs().max(0);
        if describe(life, young, &mut headers, asked) {
            return (StatusCode::NOT_MODIFIED, headers).into_response();
        }
    }
    (headers, answer.der).into_response()
}

// --- CRLs ---

/// The revocation list of an issuer's own name (RFC 5280 §5).
///
/// Its address stands in the certificates themselves: cRLDistributionPoints.
#[utoipa::path(get, path = "/crl/{issuer}/{key}/{file}", tag = "status",
    params(
        ("issuer" = inline(Use), Path, description = "Which issuer."),
        ("key" = String, Path, description = "The first four bytes of the issuer's key identifier.",
            pattern = "^[0-9a-f]{8}$", example = "3f21c09a"),
        ("file" = String, Path, description = "`issuer.crl`.", pattern = r"^issuer\.crl$",
            example = "issuer.crl"),
        ("If-None-Match" = Option<String>, Header, description = "`ETag` of the list at hand.")),
    responses(
        (status = 200, description = "CertificateList, DER.",
            body = Binary, content_type = "application/pkix-crl",
            headers(
                ("cache-control" = String,
        description = "`max-age=0`: a change brings a new list."),
                ("etag" = String, description = "Names this very list."),
                ("last-modified" = String, description = "thisUpdate."),
                ("expires" = String, description = "nextUpdate."))),
        (status = 304, description = "The list at hand is still the one.")))]
async fn issuer_crl(
    Shared(authority): Shared<Arc<Authority>>,
    Path((issuer, key, file)): Path<(String, String, String)>,
    asked: HeaderMap,
) -> Result<Response, Problem> {
    crl(authority, &format!("{issuer}/{key}/{file}"), asked).await
}

/// The revocation list of holders' certificates: one for cards or phones of one municipality.
///
/// Its address stands in the certificates that it covers: cRLDistributionPoints.
#[utoipa::path(get, path = "/crl/{issuer}/{key}/{medium}/{file}", tag = "status",
    params(
        ("issuer" = inline(Use), Path, description = "Which issuer."),
        ("key" = String, Path, description = "The first four bytes of the issuer's key identifier.",
            pattern = "^[0-9a-f]{8}$", example = "3f21c09a"),
        ("medium" = inline(Medium), Path, description = "What carries the certificates."),
        ("file" = String, Path,
        description = "The five-digit code of the municipality at issuance, \
            and `.crl`.", pattern = r"^[0-9]{5}\.crl$", example = "13221.crl"),
        ("If-None-Match" = Option<String>, Header, description = "`ETag` of the list at hand.")),
    responses(
        (status = 200, description = "CertificateList, DER.",
            body = Binary, content_type = "application/pkix-crl",
            headers(
                ("cache-control" = String,
        description = "`max-age=0`: a change brings a new list."),
                ("etag" = String, description = "Names this very list."),
                ("last-modified" = String, description = "thisUpdate."),
                ("expires" = String, description = "nextUpdate."))),
        (status = 304, description = "The list at hand is still the one.")))]
async fn holders_crl(
    Shared(authority): Shared<Arc<Authority>>,
    Path((issuer, key, medium, file)): Path<(String, String, String, String)>,
    asked: HeaderMap,
) -> Result<Response, Problem> {
    crl(authority, &format!("{issuer}/{key}/{medium}/{file}"), asked).await
}

async fn crl(authority: Arc<Authority>, path: &str, asked: HeaderMap) -> Result<Response, Problem> {
    let path: CrlPath = path.parse().map_err(|_| not_found())?;
    let OpenCrl { about, file } =
        blocking(authority, move |authority| authority.crl(&path)).await?;
    let mut headers = HeaderMap::new();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/pkix-crl"));
    // A change brings a new one at any time: caches ask each time whether there is one.
    if describe(&about.life, 0, &mut headers, &asked) {
        return Ok((StatusCode::NOT_MODIFIED, headers).into_response());
    }
    headers.insert(header::CONTENT_LENGTH, HeaderValue::from(about.bytes));
    let pieces = ReaderStream::with_capacity(tokio::fs::File::from_std(file), PIECE);
    Ok((headers, Body::from_stream(pieces)).into_response())
}

// --- the authority's own certificates ---

/// The issuers' certificates: every generation of both issuers, oldest first.
#[utoipa::path(get, path = "/ca/anchors", tag = "publication",
    responses((status = 200, body = Vec<TrustAnchor>)))]
async fn anchors(
    Shared(authority): Shared<Arc<Authority>>,
) -> Result<axum::Json<Vec<TrustAnchor>>, Problem> {
    let anchors = blocking(authority, Authority::trust_anchors).await?;
    Ok(axum::Json(anchors.iter().map(|(usage, key)| trust_anchor(*usage, key)).collect()))
}

/// The issuers' certificates in one PEM file, oldest first.
#[utoipa::path(get, path = "/ca/anchors.pem", tag = "publication",
    responses((status = 200, description = "Certificates, PEM.",
        body = String, content_type = "application/x-pem-file")))]
async fn anchors_pem(Shared(authority): Shared<Arc<Authority>>) -> Result<Response, Problem> {
    let anchors = blocking(authority, Authority::trust_anchors).await?;
    let pem: String = anchors.iter().map(|(_, key)| key.certificate.to_pem()).collect();
    Ok(pem_response(pem))
}

/// The certificate of one generation of an issuer.
#[utoipa::path(get, path = "/ca/{issuer}/{file}", tag = "publication",
    params(
        ("issuer" = inline(Use), Path, description = "Which issuer."),
        ("file" = String, Path,
        description = "The generation, from 1, with `.cer` for DER or `.pem`.",
            pattern = r"^[1-9][0-9]*\.(cer|pem)$", example = "1.cer")),
    responses((status = 200, description = "The certificate.", content(
        (Binary = "application/pkix-cert"), (String = "application/x-pem-file")))))]
async fn issuer_certificate(
    Shared(authority): Shared<Arc<Authority>>,
    Path((issuer, file)): Path<(String, String)>,
) -> Result<Response, Problem> {
    let usage = usage(&issuer)?;
    let (number, form) = file.split_once('.').ok_or_else(not_found)?;
    let number: u32 = number.parse().map_err(|_| not_found())?;
    let anchors = blocking(authority, Authority::trust_anchors).await?;
    let found = anchors.iter().find(|(of, key)| (*of, key.generation) == (usage, number));
    let certificate = &found.ok_or_else(not_found)?.1.certificate;
    match form {
        "cer" => {
            let media_type = [(header::CONTENT_TYPE, "application/pkix-cert")];
            Ok((media_type, certificate.as_der().to_vec()).into_response())
        }
        "pem" => Ok(pem_response(certificate.to_pem())),
        _ => Err(not_found()),
    }
}

/// The certification practice statement (CPS) of the sandbox.
#[utoipa::path(get, path = "/cps", tag = "publication",
    responses((status = 200, description = "Text in Japanese and English.",
        body = String, content_type = "text/plain; charset=utf-8")))]
async fn practice_statement() -> impl IntoResponse {
    let media_type = [(header::CONTENT_TYPE, "text/plain; charset=utf-8")];
    (media_type, include_str!("practice-statement.txt"))
}

fn trust_anchor(usage: Use, key: &CertifiedKey) -> TrustAnchor {
    let certificate = &key.certificate;
    TrustAnchor {
        usage,
        generation: key.generation,
        subject: certificate.subject().to_string(),
        not_before: certificate.not_before(),
        not_after: certificate.not_after(),
        sha256: Hex(certificate.fingerprint().as_bytes().to_vec()),
        certificate: Base64(certificate.as_der().to_vec()),
    }
}

fn pem_response(pem: String) -> Response {
    ([(header::CONTENT_TYPE, "application/x-pem-file")], pem).into_response()
}

// --- headers and paths ---

/// Tells caches on the way how long something lives, and that they may give it again for so many
/// seconds without asking. Says whether the caller has this very one.
fn describe(life: &Life, seconds: i64, headers: &mut HeaderMap, asked: &HeaderMap) -> bool {
    let control = format!("max-age={seconds}, public, no-transform, must-revalidate");
    if let Ok(control) = HeaderValue::try_from(control) {
        headers.insert(header::CACHE_CONTROL, control);
    }
    headers.insert(header::ETAG, life.headers.etag.clone());
    headers.insert(header::LAST_MODIFIED, life.headers.last_modified.clone());
    headers.insert(header::EXPIRES, life.headers.expires.clone());
    let is_ours = |tag: &str| tag.trim().trim_start_matches("W/") == life.headers.etag;
    let mut tags = asked.get_all(header::IF_NONE_MATCH).iter();
    tags.any(|tags| tags.to_str().is_ok_and(|tags| tags.split(',').any(is_ours)))
}

/// Whether the body is of that media type, or of none that is said.
fn is_media_type(headers: &HeaderMap, expected: &str) -> bool {
    let Some(said) = headers.get(header::CONTENT_TYPE) else { return true };
    let essence = said.to_str().ok().and_then(|said| said.split(';').next());
    essence.is_some_and(|essence| essence.trim().eq_ignore_ascii_case(expected))
}

fn usage(issuer: &str) -> Result<Use, Problem> {
    Use::ALL.into_iter().find(|usage| usage.as_str() == issuer).ok_or_else(not_found)
}

fn not_found() -> Problem {
    Problem::new(Code::NOT_FOUND)
}
