//! Reading a signature: what it claims, before anything about it is believed.

use axum::http::HeaderMap;
use inrou_pki::keys::ecdsa::to_der;
use inrou_pki::{PublicKey, SignatureAlgorithm};
use jiff::Timestamp;
use sfv::{BareItem, Dictionary, InnerList, ListEntry, ListSerializer, Parser, Version};

use super::base::{SIGNATURE, SIGNATURE_INPUT, component, required, signature_base};
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
            key_id: text(&input, "keyid")?.ok_or_else(|| invalid("key"))?.to_owned(),
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
        let end = self.created.saturating_add(WINDOW).unwrap_or(Timestamp::MAX);
        self.expires.map_or(end, |expires| expires.min(end))
    }

    /// Checks that it was made at about `now`.
    ///
    /// # Errors
    /// `signature-expired`.
    pub(super) fn check_time(&self, now: Timestamp) -> Result<(), Problem> {
        let begins = self.created.saturating_sub(WINDOW).unwrap_or(Timestamp::MIN);
        if (begins..=self.ends()).contains(&now) {
            return Ok(());
        }
        Err(Problem::new(Code::SIGNATURE_EXPIRED).with("created", self.created).with("now", now))
    }

    /// Checks that it was made by `key`.
    ///
    /// # Errors
    /// `signature-invalid`.
    pub(super) fn check_signature(&self, key: &PublicKey) -> Result<(), Problem> {
        key.verify(SignatureAlgorithm::EcdsaWithSha256, self.base.as_bytes(), &self.signature)
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
    let lines: Vec<&[u8]> = headers.get_all(name).iter().map(|line| line.as_bytes()).collect();
    let text = lines.join(&b',');
    Parser::new(&text).with_version(Version::Rfc8941).parse().map_err(|_| invalid("form"))
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
        Some(BareItem::Integer(seconds)) => {
            Timestamp::from_second((*seconds).into()).map(Some).map_err(|_| invalid("time"))
        }
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
mod tests;
