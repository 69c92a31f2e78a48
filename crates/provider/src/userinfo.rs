//! What a site is told of who logged in (OpenID Connect Core §5.3).

use axum::http::{HeaderMap, header};
use inrou_api::problem::Code;
use inrou_api::wire::authority::SharedAttributes;
use inrou_api::wire::transaction::Attribute;
use inrou_rules::Sex;
use jiff::civil::Date;
use serde_json::{Map, Value, json};

use crate::Provider;
use crate::authorize::Wanted;
use crate::clients::{ClaimsFormat, Client, ClientId};
use crate::dpop::Proved;
use crate::parameters::Parameters;
use crate::refused::Refused;
use crate::secrets::sha256;
use crate::store::AccessToken;

/// How an access token came.
pub(crate) struct Shown<'a> {
    pub(crate) method: &'a str,
    pub(crate) headers: &'a HeaderMap,
    pub(crate) query: &'a Parameters,
    pub(crate) form: &'a Parameters,
    /// The address at which it is shown.
    pub(crate) endpoint: String,
}

/// The scheme under which a token stands in the header.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Scheme {
    Bearer,
    Dpop,
}

impl Provider {
    /// The claims that an access token opens.
    ///
    /// # Errors
    /// `access-token-missing`, `access-token-misplaced`, `access-token-invalid`, `access-token-key-wrong`,
    /// `access-token-scope`, those of proofs; the store's.
    pub(crate) async fn userinfo(&self, shown: Shown<'_>) -> Result<Map<String, Value>, Refused> {
        let opened = self.open_userinfo(shown).await;
        opened.map_err(Refused::at_resource)
    }

    async fn open_userinfo(&self, shown: Shown<'_>) -> Result<Map<String, Value>, Refused> {
        let (found, client) = self.opened_for(&shown, Wanted::OpenId).await?;
        Ok(claims(&found, client.registration.claims_format()))
    }

    /// What an access token opens that a person granted, with this in its scope; whose it is.
    ///
    /// # Errors
    /// As [`Provider::userinfo`].
    pub(crate) async fn opened_for(
        &self,
        shown: &Shown<'_>,
        wanted: Wanted,
    ) -> Result<(AccessToken, Client), Refused> {
        let found = self.opened(shown).await?;
        let client = self.approved(&found.grant.client).await?;
        match found.scope.has(wanted) {
            true => Ok((found, client)),
            false => Err(Refused::new(Code::ACCESS_TOKEN_SCOPE)),
        }
    }

    async fn opened(&self, shown: &Shown<'_>) -> Result<AccessToken, Refused> {
        let (scheme, token) = shown.token()?;
        let (hash, now) = (sha256(token.as_bytes()), self.now());
        let found = self.store(move |store| store.access(&hash, now)).await?;
        let found = found.ok_or_else(|| Refused::new(Code::ACCESS_TOKEN_INVALID))?;
        self.check_key(shown, scheme, token, found.jkt.as_deref())?;
        Ok(found)
    }

    /// The client that shows a token of its own, for the signing API.
    ///
    /// # Errors
    /// As [`Provider::userinfo`]; `access-token-scope`.
    pub(crate) async fn signing_client(&self, shown: Shown<'_>) -> Result<Client, Refused> {
        self.own_token(shown).await.map_err(Refused::at_resource)
    }

    async fn own_token(&self, shown: Shown<'_>) -> Result<Client, Refused> {
        let (scheme, token) = shown.token()?;
        let (hash, now) = (sha256(token.as_bytes()), self.now());
        let found = self.store(move |store| store.client_token(&hash, now)).await?;
        let Some(found) = found else {
            // A person's opens nothing here, as who can show it is told.
            self.opened(&shown).await?;
            return Err(Refused::new(Code::ACCESS_TOKEN_SCOPE));
        };
        self.check_key(&shown, scheme, token, found.jkt.as_deref())?;
        self.approved(&found.client).await
    }

    /// The client of a token, if it may still ask.
    async fn approved(&self, client: &ClientId) -> Result<Client, Refused> {
        let client = self.client(client).await?;
        let approved = client.filter(Client::may_ask);
        approved.ok_or_else(|| Refused::new(Code::ACCESS_TOKEN_INVALID))
    }

    /// That a token that is bound to a key comes with a proof of it, and no other does (RFC 9449 §7).
    fn check_key(
        &self,
        shown: &Shown<'_>,
        scheme: Scheme,
        token: &str,
        bound_to: Option<&str>,
    ) -> Result<(), Refused> {
        let wrong = |reason| Refused::new(Code::ACCESS_TOKEN_KEY_WRONG).with("reason", reason);
        let jkt = match (scheme, bound_to) {
            (Scheme::Bearer, None) => return Ok(()),
            (Scheme::Bearer, Some(_)) => return Err(wrong("it is bound, and sent as `Bearer`")),
            (Scheme::Dpop, None) => return Err(wrong("it is bound to no key")),
            (Scheme::Dpop, Some(jkt)) => jkt,
        };
        let endpoint = &shown.endpoint;
        let proved = Proved { method: shown.method, endpoint, access_token: Some(token) };
        let proof = self.proof(shown.headers, &proved)?;
        let proof = proof.ok_or_else(|| Refused::new(Code::DPOP_PROOF_MISSING))?;
        if proof.jkt != jkt {
            return Err(wrong("the proof is by another key"));
        }
        self.take_proof(&proof)
    }
}

impl Shown<'_> {
    /// The token, which stands in one place (RFC 6750 §2).
    fn token(&self) -> Result<(Scheme, &str), Refused> {
        if self.query.one("access_token")?.is_some() {
            return Err(misplaced("it is in the query"));
        }
        let in_form = self.form.one("access_token")?;
        let mut headers = self.headers.get_all(header::AUTHORIZATION).into_iter();
        match (headers.next(), headers.next(), in_form) {
            (None, _, None) => Err(Refused::new(Code::ACCESS_TOKEN_MISSING)),
            (None, _, Some(token)) => Ok((Scheme::Bearer, token)),
            (Some(credentials), None, None) => {
                let credentials = credentials.to_str().unwrap_or_default();
                let parsed = parse(credentials);
                parsed.ok_or_else(|| misplaced("`Authorization` has another form"))
            }
            _ => Err(misplaced("it is there twice")),
        }
    }
}

/// RFC 6750 §2.1, RFC 9449 §7.1.
fn parse(credentials: &str) -> Option<(Scheme, &str)> {
    let (scheme, token) = credentials.split_once(' ')?;
    let scheme = match scheme.to_ascii_lowercase().as_str() {
        "bearer" => Scheme::Bearer,
        "dpop" => Scheme::Dpop,
        _ => return None,
    };
    let is_plain = |c: u8| c.is_ascii_alphanumeric() || b"-._~+/=".contains(&c);
    (!token.is_empty() && token.bytes().all(is_plain)).then_some((scheme, token))
}

fn misplaced(reason: &'static str) -> Refused {
    Refused::new(Code::ACCESS_TOKEN_MISPLACED).with("reason", reason)
}

fn claims(opened: &AccessToken, format: ClaimsFormat) -> Map<String, Value> {
    let AccessToken { grant, scope, .. } = opened;
    let mut claims = Map::new();
    claims.insert("sub".to_owned(), json!(grant.subject));
    if let Some(attributes) = &grant.attributes {
        let shared = SharedAttributes::of(attributes, &scope.attributes());
        claims.extend(attribute_claims(&shared, format));
    }
    claims
}

/// Attributes, as a site is told them.
pub(crate) fn attribute_claims(of: &SharedAttributes, format: ClaimsFormat) -> Map<String, Value> {
    let claims = [
        (Attribute::Name, of.name.as_ref().map(|name| json!(name))),
        (Attribute::Address, of.address.as_ref().map(|address| address_claim(address, format))),
        (Attribute::Birthdate, of.birth_date.map(|date| birthdate_claim(date, format))),
        (Attribute::Gender, of.sex.map(|sex| gender_claim(sex, format))),
    ];
    let told = claims.into_iter();
    told.filter_map(|(name, claim)| Some((name.as_str().to_owned(), claim?))).collect()
}

fn address_claim(address: &str, format: ClaimsFormat) -> Value {
    match format {
        ClaimsFormat::Card => json!(address),
        ClaimsFormat::Oidc => json!({"formatted": address}),
    }
}

fn birthdate_claim(date: Date, format: ClaimsFormat) -> Value {
    match format {
        ClaimsFormat::Card => json!(date.strftime("%Y%m%d").to_string()),
        ClaimsFormat::Oidc => json!(date.to_string()),
    }
}

fn gender_claim(sex: Sex, format: ClaimsFormat) -> Value {
    json!(match (sex, format) {
        (Sex::Male, ClaimsFormat::Card) => "1",
        (Sex::Female, ClaimsFormat::Card) => "2",
        (Sex::Unknown, ClaimsFormat::Card) => "9",
        (Sex::Male, ClaimsFormat::Oidc) => "male",
        (Sex::Female, ClaimsFormat::Oidc) => "female",
        (Sex::Unknown, ClaimsFormat::Oidc) => "unknown",
    })
}
