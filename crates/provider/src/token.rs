//! Codes and refresh tokens become tokens (RFC 6749 §4.1.3 and §6, OpenID Connect Core §3.1.3 and §12).

use inrou_api::problem::{Code, Problem};
use inrou_api::wire::transaction::{Flow, TransactionId};
use inrou_rules::Medium;
use serde::Serialize;
use utoipa::ToSchema;

use crate::Provider;
use crate::authorize::{ACR, Scope, Wanted};
use crate::client_auth::{Proven, Sent};
use crate::dpop::Proved;
use crate::jwt::numeric_date;
use crate::parameters::Parameters;
use crate::refused::Refused;
use crate::secrets::{Digest, base64url, sha256};
use crate::store::{
    CodeFault, Exchange, Grant, Refresh, RefreshFault, Token, TokenForClient, TokenKind,
};

/// What is given for a code.
#[derive(Serialize, ToSchema)]
pub(crate) struct Tokens {
    /// Opens `userinfo`.
    pub access_token: String,
    /// `Bearer`, or `DPoP` if it is bound to a key.
    pub token_type: &'static str,
    /// For how many seconds the access token is good.
    pub expires_in: i64,
    /// Is used for new access tokens, as often as need be while the grant lasts. It stays the same.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refresh_token: Option<String>,
    /// What was granted.
    pub scope: String,
    /// Who logged in: a JWT signed by ES256.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id_token: Option<String>,
}

/// What an ID token says (OpenID Connect Core §2).
#[derive(Serialize)]
struct IdToken<'a> {
    iss: String,
    sub: &'a str,
    aud: &'a str,
    exp: i64,
    iat: i64,
    auth_time: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    nonce: Option<&'a str>,
    at_hash: String,
    acr: &'static str,
    amr: [&'static str; 3],
    /// What carried the certificate: our own.
    medium: Medium,
    /// How the request came to the phone: our own.
    flow: Flow,
    /// How the event log calls it: our own.
    transaction: &'a TransactionId,
}

/// A token, and what is kept of it.
struct NewToken {
    text: String,
    kept: Token,
}

impl Provider {
    /// Gives tokens to the client that sends this.
    ///
    /// # Errors
    /// The client is not proven, or what it brings does not hold.
    pub(crate) async fn tokens(&self, sent: Sent<'_>) -> Result<Tokens, Refused> {
        let endpoint = self.settings.endpoint("token");
        let proven = self.prove_client(sent, &endpoint).await?;
        let client = proven.client.id.clone();
        let given = self.tokens_for(sent, proven, &endpoint).await;
        if let Err(refused) = &given {
            self.note_tokens_refused(client, sent.parameters, refused).await?;
        }
        given
    }

    async fn tokens_for(
        &self,
        sent: Sent<'_>,
        proven: Proven,
        endpoint: &str,
    ) -> Result<Tokens, Refused> {
        let jkt = self.proven_key(sent, &proven, endpoint)?;
        match sent.parameters.needed("grant_type")? {
            "authorization_code" => self.exchange(sent.parameters, proven, jkt).await,
            "refresh_token" => self.refresh(sent.parameters, proven, jkt).await,
            "client_credentials" => self.for_itself(sent.parameters, proven, jkt).await,
            _ => Err(Refused::new(Code::GRANT_TYPE_UNSUPPORTED)),
        }
    }

    /// The thumbprint of the key to which the tokens will be bound, if they will.
    fn proven_key(
        &self,
        sent: Sent<'_>,
        proven: &Proven,
        endpoint: &str,
    ) -> Result<Option<String>, Refused> {
        let proved = Proved { method: "POST", endpoint, access_token: None };
        let Some(proof) = self.proof(sent.headers, &proved)? else {
            return match proven.client.registration.profile.wants_bound_tokens() {
                true => Err(Refused::new(Code::DPOP_PROOF_MISSING)),
                false => Ok(None),
            };
        };
        self.take_proof(&proof)?;
        Ok(Some(proof.jkt))
    }

    async fn exchange(
        &self,
        parameters: &Parameters,
        proven: Proven,
        jkt: Option<String>,
    ) -> Result<Tokens, Refused> {
        let verifier = parameters.needed("code_verifier")?;
        if !is_verifier(verifier) {
            return Err(Refused::new(Code::PARAMETER_MALFORMED).with("parameter", "code_verifier"));
        }
        let access = self.new_token(TokenKind::Access, None, jkt.as_deref());
        // Bound to its client, which proves itself whenever it uses it (RFC 9449 §5).
        let refresh = self.new_token(TokenKind::Refresh, None, None);
        let exchange = Exchange {
            code: sha256(parameters.needed("code")?.as_bytes()),
            client: proven.client.id.clone(),
            assertion: proven.assertion,
            redirect_uri: parameters.needed("redirect_uri")?.to_owned(),
            challenge: base64url(&sha256(verifier.as_bytes())),
            jkt,
            at: self.now(),
            tokens: vec![access.kept.clone(), refresh.kept],
        };
        let exchanged = self.change(move |store| store.exchange(&exchange)).await?;
        let grant = exchanged.map_err(refused)?;
        let nonce = grant.nonce.clone();
        self.issued(&grant, nonce.as_deref(), access, refresh.text)
    }

    /// A token for the client itself: for the signing API, and nothing else.
    async fn for_itself(
        &self,
        parameters: &Parameters,
        proven: Proven,
        jkt: Option<String>,
    ) -> Result<Tokens, Refused> {
        let sign = Wanted::Sign.word();
        let may = proven.client.registration.may_ask(sign);
        if !may || parameters.one("scope")?.is_some_and(|scope| scope != sign) {
            return Err(Refused::new(Code::SCOPE_INVALID));
        }
        let access = self.new_token(TokenKind::Access, None, jkt.as_deref());
        let token_type = if jkt.is_some() { "DPoP" } else { "Bearer" };
        let given = TokenForClient {
            hash: access.kept.hash,
            client: proven.client.id,
            assertion: proven.assertion,
            jkt,
            expires: access.kept.expires,
        };
        self.change(move |store| store.give_client_token(&given)).await?;
        Ok(Tokens {
            access_token: access.text,
            token_type,
            expires_in: self.settings.access_token_life.as_secs(),
            refresh_token: None,
            scope: sign.to_owned(),
            id_token: None,
        })
    }

    async fn refresh(
        &self,
        parameters: &Parameters,
        proven: Proven,
        jkt: Option<String>,
    ) -> Result<Tokens, Refused> {
        let token = parameters.needed("refresh_token")?;
        // RFC 6749 §6: a word that was never granted is none of what was.
        let widened = || Refused::new(Code::SCOPE_WIDENED);
        let scope = parameters.one("scope")?;
        let scope = scope.map(|text| Scope::of_known(text).ok_or_else(widened)).transpose()?;
        let access = self.new_token(TokenKind::Access, scope, jkt.as_deref());
        let refresh = Refresh {
            token: sha256(token.as_bytes()),
            client: proven.client.id,
            assertion: proven.assertion,
            at: self.now(),
            issued: access.kept.clone(),
        };
        let refreshed = self.change(move |store| store.refresh(&refresh)).await?;
        let grant = refreshed.map_err(|fault| match fault {
            RefreshFault::Unknown => Refused::new(Code::REFRESH_TOKEN_INVALID),
            RefreshFault::Scope => widened(),
        })?;
        // OpenID Connect Core §12.2: no `nonce`, which belongs to the authorization request. The refresh
        // token is not changed for another (FAPI 2.0 §5.3.2.1-9).
        self.issued(&grant, None, access, token.to_owned())
    }

    fn new_token(&self, kind: TokenKind, scope: Option<Scope>, jkt: Option<&str>) -> NewToken {
        let text = base64url(&self.random::<32>());
        let life = match kind {
            TokenKind::Access => self.settings.access_token_life,
            TokenKind::Refresh => self.settings.grant_life,
        };
        let kept = Token {
            hash: sha256(text.as_bytes()),
            kind,
            scope,
            jkt: jkt.map(str::to_owned),
            expires: self.until(life),
        };
        NewToken { text, kept }
    }

    fn issued(
        &self,
        grant: &Grant,
        nonce: Option<&str>,
        access: NewToken,
        refresh_token: String,
    ) -> Result<Tokens, Refused> {
        // It ends with the grant at the latest.
        let expires = access.kept.expires.min(grant.expires);
        let id_token = match grant.scope.has(Wanted::OpenId) {
            true => Some(self.id_token(grant, nonce, &access.kept.hash)?),
            false => None,
        };
        Ok(Tokens {
            id_token,
            access_token: access.text,
            token_type: if access.kept.jkt.is_some() { "DPoP" } else { "Bearer" },
            expires_in: expires.duration_since(self.now()).as_secs(),
            refresh_token: Some(refresh_token),
            scope: grant.scope.into(),
        })
    }

    fn id_token(
        &self,
        grant: &Grant,
        nonce: Option<&str>,
        access_token: &Digest,
    ) -> Result<String, Problem> {
        let expires = self.until(self.settings.access_token_life);
        let (half, _) = access_token.split_at(16);
        self.issuer.sign(&IdToken {
            iss: self.settings.issuer(),
            sub: &grant.subject,
            aud: grant.client.as_str(),
            exp: numeric_date(expires),
            iat: numeric_date(self.now()),
            auth_time: numeric_date(grant.at),
            nonce,
            at_hash: base64url(half),
            acr: ACR,
            amr: ["hwk", "pin", "mfa"],
            medium: grant.medium,
            flow: grant.flow,
            transaction: &grant.transaction,
        })
    }
}

fn refused(fault: CodeFault) -> Refused {
    let reason = match fault {
        CodeFault::Verifier => return Refused::new(Code::CODE_VERIFIER_INVALID),
        CodeFault::Unknown => "it is none of this client's",
        CodeFault::Expired => "it came too late",
        CodeFault::Spent => "it was exchanged before, and what it gave is taken back",
        CodeFault::Key => "it is bound to another key",
        CodeFault::RedirectUri => "`redirect_uri` is another",
    };
    Refused::new(Code::CODE_INVALID).with("reason", reason)
}

/// RFC 7636 §4.1.
fn is_verifier(text: &str) -> bool {
    let is_plain = |c: u8| c.is_ascii_alphanumeric() || b"-._~".contains(&c);
    (43..=128).contains(&text.len()) && text.bytes().all(is_plain)
}
