//! Reading a signature: what it claims, before anything about it is believed.

use axum::http::HeaderMap;
use inrou_pki::{PublicKey, SignatureAlgorithm};
use jiff::Timestamp;
use sfv::{BareItem, Dictionary, InnerList, ListEntry, ListSerializer, Parser, Version};

use super::base::{SIGNATURE, SIGNATURE_INPUT, component, required, signature_base};
use super::ecdsa::to_der;
use super::{ALGORITHM, TAG, Target, WINDOW, digest};
use crate::problem::{Code, Problem};

/// A signature that was read and covers what it has to, by the key it names as it says.
pub(super) struct Claim {
    key_id: String,
    nonce: String,
    created: Timestamp,
    expires: Option<Timestamp>,
    base: String,
    signature: Vec<u8>,
}

impl Claim {
    /// Reads the signature on a request.
    ///
    /// # Errors
    /// `signature-missing`; `signature-invalid` if it is malformed or covers too little;
    /// `content-digest-mismatch` if the body is another one.
    pub(super) fn read(
        target: &Target<'_>,
        headers: &HeaderMap,
        body: &[u8],
    ) -> Result<Self, Problem> {
        let (input, signature) = ours(headers)?;
        let names = component_names(&input)?;
        for needed in required(headers, body) {
            if !names.iter().any(|name| name == needed) {
                return Err(invalid("component-not-covered"));
            }
        }
        digest::check(headers, body)?;
        let mut components = Vec::new();
        for name in names {
            let value =
                component(&name, target, headers).ok_or_else(|| invalid("component-unknown"))?;
            components.push((name, value));
        }
        if text(&input, "alg")?.is_some_and(|name| name != ALGORITHM) {
            return Err(invalid("algorithm"));
        }
        let nonce = text(&input, "nonce")?.ok_or_else(|| invalid("nonce"))?;
        if !(1..=LONGEST_NONCE).contains(&nonce.len()) {
            return Err(invalid("nonce"));
        }
        Ok(Self {
            key_id: text(&input, "keyid")?
                .ok_or_else(|| invalid("key"))?
                .to_owned(),
            nonce: nonce.to_owned(),
            created: time(&input, "created")?.ok_or_else(|| invalid("time"))?,
            expires: time(&input, "expires")?,
            base: signature_base(&components, &serialized(input)?),
            signature: to_der(&signature).ok_or_else(|| invalid("length"))?,
        })
    }

    /// The name of the key that it claims to be by.
    pub(super) fn key_id(&self) -> &str {
        &self.key_id
    }

    /// The nonce, which has to be new.
    pub(super) fn nonce(&self) -> &str {
        &self.nonce
    }

    /// The last moment at which it is accepted.
    pub(super) fn ends(&self) -> Timestamp {
        let end = self
            .created
            .saturating_add(WINDOW)
            .unwrap_or(Timestamp::MAX);
        self.expires.map_or(end, |expires| expires.min(end))
    }

    /// Checks that it was made at about `now`.
    ///
    /// # Errors
    /// `signature-expired`.
    pub(super) fn check_time(&self, now: Timestamp) -> Result<(), Problem> {
        let begins = self
            .created
            .saturating_sub(WINDOW)
            .unwrap_or(Timestamp::MIN);
        if (begins..=self.ends()).contains(&now) {
            return Ok(());
        }
        Err(Problem::new(Code::SIGNATURE_EXPIRED)
            .with("created", self.created)
            .with("now", now))
    }

    /// Checks that it was made by `key`.
    ///
    /// # Errors
    /// `signature-invalid`.
    pub(super) fn check_signature(&self, key: &PublicKey) -> Result<(), Problem> {
        key.verify(
            SignatureAlgorithm::EcdsaWithSha256,
            self.base.as_bytes(),
            &self.signature,
        )
        .map_err(|_| invalid("signature"))
    }
}

const LONGEST_NONCE: usize = 128;

/// The one signature that bears our tag: its input and its value.
fn ours(headers: &HeaderMap) -> Result<(InnerList, Vec<u8>), Problem> {
    let missing = || Problem::new(Code::SIGNATURE_MISSING);
    let inputs = dictionary(headers, SIGNATURE_INPUT)?;
    let mut tagged = inputs.into_iter().filter_map(|(label, entry)| match entry {
        ListEntry::InnerList(list) if tag(&list) == Some(TAG) => Some((label, list)),
        _ => None,
    });
    let (label, input) = tagged.next().ok_or_else(missing)?;
    if tagged.next().is_some() {
        return Err(invalid("more-than-one"));
    }
    match dictionary(headers, SIGNATURE)?.swap_remove(&label) {
        Some(ListEntry::Item(item)) => match item.bare_item {
            BareItem::ByteSequence(signature) => Ok((input, signature)),
            _ => Err(invalid("form")),
        },
        Some(ListEntry::InnerList(_)) => Err(invalid("form")),
        None => Err(missing()),
    }
}

/// A field that is a dictionary; an empty one if it is absent. RFC 9421 knows the types of RFC 8941.
fn dictionary(headers: &HeaderMap, name: &str) -> Result<Dictionary, Problem> {
    let lines: Vec<&[u8]> = headers
        .get_all(name)
        .iter()
        .map(|line| line.as_bytes())
        .collect();
    let text = lines.join(&b',');
    Parser::new(&text)
        .with_version(Version::Rfc8941)
        .parse()
        .map_err(|_| invalid("form"))
}

/// The names of the covered components: strings without parameters, each once.
fn component_names(input: &InnerList) -> Result<Vec<String>, Problem> {
    let mut names: Vec<String> = Vec::new();
    for item in &input.items {
        match &item.bare_item {
            BareItem::String(name)
                if item.params.is_empty() && !names.iter().any(|known| known == name.as_str()) =>
            {
                names.push(name.as_str().to_owned());
            }
            _ => return Err(invalid("component-unknown")),
        }
    }
    Ok(names)
}

fn tag(input: &InnerList) -> Option<&str> {
    text(input, "tag").ok().flatten()
}

fn text<'a>(input: &'a InnerList, name: &str) -> Result<Option<&'a str>, Problem> {
    match input.params.get(name) {
        Some(BareItem::String(text)) => Ok(Some(text.as_str())),
        Some(_) => Err(invalid("form")),
        None => Ok(None),
    }
}

fn time(input: &InnerList, name: &str) -> Result<Option<Timestamp>, Problem> {
    match input.params.get(name) {
        Some(BareItem::Integer(seconds)) => Timestamp::from_second((*seconds).into())
            .map(Some)
            .map_err(|_| invalid("time")),
        Some(_) => Err(invalid("form")),
        None => Ok(None),
    }
}

fn serialized(input: InnerList) -> Result<String, Problem> {
    let mut list = ListSerializer::new();
    list.members([&ListEntry::InnerList(input)]);
    list.finish().ok_or_else(|| invalid("form"))
}

fn invalid(reason: &'static str) -> Problem {
    Problem::new(Code::SIGNATURE_INVALID).with("reason", reason)
}

#[cfg(test)]
mod tests {
    use axum::http::{HeaderName, HeaderValue, Method};
    use base64::Engine;
    use base64::engine::general_purpose::STANDARD;
    use inrou_pki::{FreshKeys, KeyAlgorithm, KeySource, SeededEntropy, Signer};
    use proptest::prelude::*;

    use super::super::{RoleKey, sign};
    use super::*;

    const PATH: Target<'static> = Target {
        method: &Method::POST,
        authority: "a.example",
        path: "/p",
        query: Some("q=1"),
    };
    const BODY: &[u8] = b"{}";

    fn noon() -> Timestamp {
        "2026-04-01T03:00:00Z".parse().unwrap()
    }

    async fn signed(body: &[u8]) -> (HeaderMap, PublicKey) {
        let key = FreshKeys.generate(KeyAlgorithm::EcP256).unwrap();
        let public = key.public_key().clone();
        let key = RoleKey::new("role", std::sync::Arc::new(key));
        let mut headers = HeaderMap::new();
        headers.insert("idempotency-key", HeaderValue::from_static("\"k\""));
        sign(
            &PATH,
            &mut headers,
            body,
            &key,
            noon(),
            &SeededEntropy::new(1),
        )
        .await
        .unwrap();
        (headers, public)
    }

    fn outcome(target: &Target<'_>, headers: &HeaderMap, body: &[u8], key: &PublicKey) -> String {
        let checked = Claim::read(target, headers, body)
            .and_then(|claim| claim.check_signature(key).map(|()| claim));
        match checked {
            Ok(claim) => claim.key_id().to_owned(),
            Err(problem) => problem.to_string(),
        }
    }

    #[test]
    fn rfc_9421_b_2_4_ecdsa_p256_sha256() {
        let spki = "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEqIVYZVLCrPZHGHjP17CTW0/+D9Lf\
                    w0EkjqF7xB4FivAxzic30tMM4GF+hR6Dxh71Z50VGGdldkkDXZCnTNnoXQ==";
        let key = PublicKey::from_spki(&STANDARD.decode(spki).unwrap()).unwrap();
        let signature = "wNmSUAhwb5LxtOtOpNa6W5xj067m5hFrj0XQ4fvpaCLx0NKocgPquLgyahnzDnDAUy5eCdlYUEkLIj+32oiasw==";
        let component = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
        let components = [
            ("@status", "200"),
            ("content-type", "application/json"),
            (
                "content-digest",
                "sha-512=:mEWXIS7MaLRuGgxOBdODa3xqM1XdEvxoYhvlCFJ41QJgJc4GTsPp29l5oGX69wWdXymyU0rjJuahq4l5aGgfLQ==:",
            ),
            ("content-length", "23"),
        ]
        .map(component);
        let parameters = r#"("@status" "content-type" "content-digest" "content-length");created=1618884473;keyid="test-key-ecc-p256""#;
        let mut claim = Claim {
            key_id: "test-key-ecc-p256".into(),
            nonce: String::new(),
            created: Timestamp::from_second(1_618_884_473).unwrap(),
            expires: None,
            base: signature_base(&components, parameters),
            signature: to_der(&STANDARD.decode(signature).unwrap()).unwrap(),
        };
        claim.check_signature(&key).unwrap();
        claim.base.push(' ');
        assert!(
            claim
                .check_signature(&key)
                .unwrap_err()
                .is(Code::SIGNATURE_INVALID)
        );
    }

    /// Signed by the Python package http-message-signatures 3.0.0.
    #[test]
    fn a_signature_by_another_implementation_is_accepted() {
        let spki = "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEYW2i2yLdm0HvIS2Un73qViEVhA9fgzyPB2FS3ey2f2zn\
                    sTquKyGn5at1AgHkNAANRPew98x4kGaPwN/zKmjO3Q==";
        let key = PublicKey::from_spki(&STANDARD.decode(spki).unwrap()).unwrap();
        let headers = [
            ("content-type", "application/json"),
            ("idempotency-key", "\"8e03978e\""),
            (
                "content-digest",
                "sha-256=:X48E9qOokqqrvdts8nOJRJN3OWDUoyWxBf7kbu9DBPE=:",
            ),
            (
                "signature-input",
                r#"sig1=("@method" "@authority" "@path" "@query" "content-digest" "idempotency-key" "content-type");created=1775012400;keyid="phone-1";alg="ecdsa-p256-sha256";nonce="bm9uY2U";tag="inrou""#,
            ),
            (
                "signature",
                "sig1=:kEy5sAhkc81yGPB1nEb9RfZ4Nsnp1xJPu++7hWOO7SPLehRNKempAZwXc8Qf2kaEdIFg5XrmcCSRaPoUP8gR3A==:",
            ),
        ];
        let headers = HeaderMap::from_iter(headers.map(|(name, value)| {
            (
                HeaderName::from_static(name),
                HeaderValue::from_static(value),
            )
        }));
        let target = Target {
            method: &Method::POST,
            authority: "authority.example",
            path: "/v1/phones",
            query: Some("a=b&c=%20d"),
        };
        let body = br#"{"hello": "world"}"#;
        assert_eq!(outcome(&target, &headers, body, &key), "phone-1");
        let claim = Claim::read(&target, &headers, body).unwrap();
        claim.check_time(noon()).unwrap();
        assert_eq!(claim.nonce(), "bm9uY2U");
    }

    #[tokio::test]
    async fn what_was_signed_is_accepted() {
        let (headers, key) = signed(BODY).await;
        assert_eq!(outcome(&PATH, &headers, BODY, &key), "role");
        let (headers, key) = signed(b"").await;
        assert!(!headers.contains_key("content-digest"));
        assert_eq!(outcome(&PATH, &headers, b"", &key), "role");
    }

    #[tokio::test]
    async fn every_component_is_bound() {
        const SIGNATURE: &str = "signature-invalid reason=signature";
        let (headers, key) = signed(BODY).await;
        for target in [
            Target {
                method: &Method::PUT,
                ..PATH
            },
            Target {
                authority: "b.example",
                ..PATH
            },
            Target { path: "/P", ..PATH },
            Target {
                query: Some("q=2"),
                ..PATH
            },
            Target {
                query: None,
                ..PATH
            },
        ] {
            assert_eq!(
                outcome(&target, &headers, BODY, &key),
                SIGNATURE,
                "{target:?}"
            );
        }
        assert_eq!(
            outcome(&PATH, &headers, b"[]", &key),
            "content-digest-mismatch"
        );
        let mut changed = headers.clone();
        changed.insert("content-digest", digest::content_digest(b"[]"));
        assert_eq!(outcome(&PATH, &changed, b"[]", &key), SIGNATURE);
        let mut changed = headers.clone();
        changed.insert("idempotency-key", HeaderValue::from_static("\"another\""));
        assert_eq!(outcome(&PATH, &changed, BODY, &key), SIGNATURE);
        let (_, another) = signed(BODY).await;
        assert_eq!(outcome(&PATH, &headers, BODY, &another), SIGNATURE);
    }

    #[tokio::test]
    async fn a_body_or_key_that_was_added_later_is_refused() {
        const NOT_COVERED: &str = "signature-invalid reason=component-not-covered";
        let (mut headers, key) = signed(b"").await;
        assert_eq!(outcome(&PATH, &headers, BODY, &key), NOT_COVERED);
        headers.insert("content-digest", digest::content_digest(BODY));
        assert_eq!(outcome(&PATH, &headers, BODY, &key), NOT_COVERED);
        let input = headers["signature-input"].to_str().unwrap();
        let input = input.replace(" \"idempotency-key\"", "");
        headers.insert("signature-input", input.parse().unwrap());
        assert_eq!(outcome(&PATH, &headers, b"", &key), NOT_COVERED);
    }

    #[tokio::test]
    async fn every_parameter_is_bound_and_needed() {
        let (headers, key) = signed(BODY).await;
        let input = headers["signature-input"].to_str().unwrap().to_owned();
        let with = |from: &str, to: &str| {
            assert!(input.contains(from), "{from} in {input}");
            let mut headers = headers.clone();
            headers.insert(
                "signature-input",
                input.replacen(from, to, 1).parse().unwrap(),
            );
            outcome(&PATH, &headers, BODY, &key)
        };
        for (from, to, reason) in [
            ("created=1", "created=2", "signature"),
            ("keyid=\"role\"", "keyid=\"Role\"", "signature"),
            ("nonce=\"", "nonce=\"A", "signature"),
            (";tag", ";expires=9999999999;tag", "signature"),
            (";alg=\"ecdsa-p256-sha256\"", "", "signature"),
            ("ecdsa-p256-sha256", "hmac-sha256", "algorithm"),
            (";created=", ";other=", "time"),
            (";created=", ";created=\"now\";other=", "form"),
            (";created=", ";created=999999999999999;other=", "time"),
            (";keyid=", ";other=", "key"),
            (";keyid=\"role\"", ";keyid=role", "form"),
            (";nonce=", ";other=", "nonce"),
            (";nonce=", ";nonce=\"\";other=", "nonce"),
            (
                "\"@method\"",
                "\"@method\" \"@method\"",
                "component-unknown",
            ),
            (
                "\"@method\"",
                "\"@method\" \"@status\"",
                "component-unknown",
            ),
            ("\"@method\"", "\"@method\" \"absent\"", "component-unknown"),
            ("\"@method\"", "\"@method\" host", "component-unknown"),
            ("\"@method\"", "\"@method\";req", "component-unknown"),
        ] {
            assert_eq!(
                with(from, to),
                format!("signature-invalid reason={reason}"),
                "{to}"
            );
        }
        assert_eq!(with("tag=\"inrou\"", "tag=\"other\""), "signature-missing");
        assert_eq!(with("inrou=(", "other=("), "signature-missing");
        let twice = format!("{input}, b{}", input.trim_start_matches("inrou"));
        assert_eq!(
            with(&input, &twice),
            "signature-invalid reason=more-than-one"
        );
    }

    #[tokio::test]
    async fn a_signature_of_somebody_else_beside_ours_is_passed_over() {
        let (mut headers, key) = signed(BODY).await;
        headers.append(
            "signature-input",
            r#"proxy=("@path");tag="proxy""#.parse().unwrap(),
        );
        headers.append("signature", "proxy=:AAAA:".parse().unwrap());
        assert_eq!(outcome(&PATH, &headers, BODY, &key), "role");
    }

    #[tokio::test]
    async fn it_is_accepted_for_five_minutes_either_way() {
        let (headers, _) = signed(BODY).await;
        let claim = Claim::read(&PATH, &headers, BODY).unwrap();
        let second = jiff::SignedDuration::from_secs(1);
        for now in [noon() - WINDOW, noon(), noon() + WINDOW] {
            claim.check_time(now).unwrap();
        }
        for now in [noon() - WINDOW - second, noon() + WINDOW + second] {
            assert!(
                claim
                    .check_time(now)
                    .unwrap_err()
                    .is(Code::SIGNATURE_EXPIRED)
            );
        }
        let claim = Claim {
            expires: Some(noon() + second),
            ..claim
        };
        claim.check_time(noon() + second).unwrap();
        assert!(claim.check_time(noon() + second + second).is_err());
    }

    #[test]
    fn an_unsigned_request_lacks_its_signature() {
        let problem = Claim::read(&PATH, &HeaderMap::new(), b"").err().unwrap();
        assert!(problem.is(Code::SIGNATURE_MISSING));
        assert_eq!(problem.status(), axum::http::StatusCode::UNAUTHORIZED);
    }

    proptest! {
        #[test]
        fn no_header_panics(
            input in r#"inrou=\(("@method"|"@path"|" |;|1|:AA==:){0,5}\)(;tag="inrou"|;created=[0-9]{1,16}|;nonce="n"|;keyid="k"){0,5}"#,
            signature in "inrou=:[A-Za-z0-9+/=]{0,100}:",
            digest in "\\PC{0,40}",
        ) {
            let headers = [("signature-input", input), ("signature", signature), ("content-digest", digest)];
            let headers = HeaderMap::from_iter(headers.into_iter().filter_map(|(name, value)| {
                Some((HeaderName::from_static(name), HeaderValue::try_from(value).ok()?))
            }));
            prop_assert!(Claim::read(&PATH, &headers, BODY).is_err());
        }
    }
}
