//! What is signed: the components of a request and the signature base (RFC 9421 §2).

use axum::http::{HeaderMap, header};

use super::Target;
use crate::{acting, idempotency};

pub(super) const CONTENT_DIGEST: &str = "content-digest";
pub(super) const SIGNATURE: &str = "signature";
pub(super) const SIGNATURE_INPUT: &str = "signature-input";

/// The components that a signature has to cover.
pub(super) fn required(headers: &HeaderMap, body: &[u8]) -> Vec<&'static str> {
    let mut names = vec!["@method", "@authority", "@path", "@query"];
    if !body.is_empty() {
        names.push(CONTENT_DIGEST);
    }
    if headers.contains_key(idempotency::HEADER) {
        names.push(idempotency::HEADER);
    }
    if headers.contains_key(acting::HEADER) {
        names.push(acting::HEADER);
    }
    names
}

/// The value of a component: derived from the request (RFC 9421 §2.2) or that of a field (§2.1).
/// `None` if the request has no such component, or it is none that is known here.
pub(super) fn component(name: &str, target: &Target<'_>, headers: &HeaderMap) -> Option<String> {
    match name {
        "@method" => Some(target.method.as_str().to_owned()),
        "@authority" => Some(target.authority.to_owned()),
        "@path" => Some(if target.path.is_empty() { "/" } else { target.path }.to_owned()),
        "@query" => Some(format!("?{}", target.query.unwrap_or_default())),
        _ => field(name, headers),
    }
}

/// The signature base: a line for each component, then the parameters.
pub(super) fn signature_base(components: &[(String, String)], parameters: &str) -> String {
    let mut base = String::new();
    for (name, value) in components {
        base.push_str(&format!("\"{name}\": {value}\n"));
    }
    base.push_str(&format!("\"@signature-params\": {parameters}"));
    base
}

/// A field's value: its lines joined by `, `, without the white space around each.
fn field(name: &str, headers: &HeaderMap) -> Option<String> {
    // Before it is signed, a client's request does not show its Host header, and behind a proxy it may
    // be another one: @authority stands for it.
    if name != name.to_ascii_lowercase() || name == header::HOST.as_str() {
        return None;
    }
    let lines: Option<Vec<&str>> =
        headers.get_all(name).iter().map(|line| line.to_str().ok().map(str::trim)).collect();
    lines.filter(|lines| !lines.is_empty()).map(|lines| lines.join(", "))
}

#[cfg(test)]
mod tests {
    use axum::http::Method;

    use super::*;

    /// The request of RFC 9421 appendix B.2.
    fn request(query: &'static str) -> (Target<'static>, HeaderMap) {
        let target = Target {
            method: &Method::POST,
            authority: "example.com",
            path: "/foo",
            query: Some(query),
        };
        let mut headers = HeaderMap::new();
        for (name, value) in [
            ("date", "Tue, 20 Apr 2021 02:07:55 GMT"),
            ("content-type", "application/json"),
            ("content-length", "18"),
        ] {
            headers.insert(name, value.parse().unwrap());
        }
        (target, headers)
    }

    fn base(names: &[&str], target: &Target<'_>, headers: &HeaderMap, parameters: &str) -> String {
        let component = |&name: &&str| (name.to_owned(), component(name, target, headers).unwrap());
        signature_base(&names.iter().map(component).collect::<Vec<_>>(), parameters)
    }

    #[test]
    fn rfc_9421_b_2_3_full_coverage() {
        let (target, mut headers) = request("param=Value&Pet=dog");
        let digest = "sha-512=:WZDPaVn/7XgHaAy8pmojAkGWoRx2UFChF41A2svX+TaPm+AbwAgBWnrIiYllu7BNNyealdVLvRwEmTHWXvJwew==:";
        headers.insert(CONTENT_DIGEST, digest.parse().unwrap());
        let names = [
            "date",
            "@method",
            "@path",
            "@query",
            "@authority",
            "content-type",
            "content-digest",
            "content-length",
        ];
        let parameters = r#"("date" "@method" "@path" "@query" "@authority" "content-type" "content-digest" "content-length");created=1618884473;keyid="test-key-rsa-pss""#;
        let expected = [
            r#""date": Tue, 20 Apr 2021 02:07:55 GMT"#,
            r#""@method": POST"#,
            r#""@path": /foo"#,
            r#""@query": ?param=Value&Pet=dog"#,
            r#""@authority": example.com"#,
            r#""content-type": application/json"#,
            &format!(r#""content-digest": {digest}"#),
            r#""content-length": 18"#,
            &format!(r#""@signature-params": {parameters}"#),
        ]
        .join("\n");
        assert_eq!(base(&names, &target, &headers, parameters), expected);
    }

    #[test]
    fn rfc_9421_2_2_6_and_2_2_7_empty_path_and_query() {
        let target =
            Target { method: &Method::GET, authority: "example.com", path: "", query: None };
        let headers = HeaderMap::new();
        assert_eq!(component("@path", &target, &headers).unwrap(), "/");
        assert_eq!(component("@query", &target, &headers).unwrap(), "?");
        let target = Target { query: Some("queryString"), ..target };
        assert_eq!(component("@query", &target, &headers).unwrap(), "?queryString");
    }

    #[test]
    fn rfc_9421_2_1_fields_are_joined_and_trimmed() {
        let (target, mut headers) = request("");
        headers.append("cache-control", "max-age=60".parse().unwrap());
        headers.append("cache-control", "   must-revalidate ".parse().unwrap());
        headers.append("x-empty-header", "".parse().unwrap());
        let value = |name| component(name, &target, &headers);
        assert_eq!(value("cache-control").unwrap(), "max-age=60, must-revalidate");
        assert_eq!(value("x-empty-header").unwrap(), "");
        assert_eq!(value("x-absent"), None);
        assert_eq!(value("Date"), None);
        assert_eq!(value("@status"), None);
    }
}
