//! What happened to a transaction or to a registration, for the developer of the site (REG-4): when, and
//! why, in stable codes and fixed words, or in those of the staff. Nothing of a resident is noted in it.

use inrou_api::page::{Page, PageQuery};
use inrou_api::problem::{Code, OrInternal, Problem};
use inrou_api::wire::transaction::TransactionId;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::Provider;
use crate::clients::ClientId;
use crate::parameters::Parameters;
use crate::refused::Refused;
use crate::secrets::sha256;

/// Something that happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// When.
    pub at: Timestamp,
    /// To whose transaction.
    pub client: ClientId,
    /// To which: a log-in, or the asking for a signature. What a server sends need not belong to one.
    pub transaction: Option<TransactionId>,
    /// What it is about that is to be signed: `sign_transaction_id`.
    pub sign_transaction: Option<String>,
    /// What.
    pub what: What,
    /// Why: a stable code.
    pub code: Option<String>,
    /// More of it, in fixed words, or the name of a parameter that was sent twice; of what the staff did, its
    /// reason.
    pub detail: Option<String>,
    /// Who of the staff did it, if it was done by the staff: the name of the key.
    pub by: Option<String>,
}

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum What {
    /// A signature was ordered.
    Ordered,
    /// An order was refused.
    OrderRefused,
    /// A browser came with the request, and a phone is asked.
    Asked,
    /// A browser came with the request, and its log-in of before was used again.
    Repeated,
    /// A phone took it: by `qr` or `same-device`.
    Taken,
    /// Another phone came after that, and was turned away.
    Contested,
    /// A phone came with a link that does not hold.
    LinkRefused,
    /// The resident consented, by `card` or `phone`.
    Granted,
    /// The resident signed, by `card` or `phone`.
    Signed,
    /// The resident refused.
    Refused,
    /// The resident could not, and said so.
    Hindered,
    /// The answer did not pass.
    Failed,
    /// The number that the phone showed was typed.
    NumberRight,
    /// Another number was typed.
    NumberWrong,
    /// The resident came back from the app.
    Returned,
    /// Nobody answered, typed the number or came back in time.
    Expired,
    /// The browser was led back with a code.
    LedBack,
    /// The code was exchanged.
    Exchanged,
    /// A refresh token was used.
    Refreshed,
    /// Tokens were refused.
    TokensRefused,
    /// The signature was fetched.
    Fetched,
    /// A token was given back.
    GivenBack,
    /// The resident logged out.
    LoggedOut,
    /// The client was registered.
    Registered,
    /// The site changed its registration.
    Changed,
    /// The site put a key beside the others.
    KeyAdded,
    /// The site took a key away.
    KeyRemoved,
    /// The staff approved the registration.
    Approved,
    /// The staff did not approve the registration.
    NotApproved,
    /// The staff suspended the client.
    Suspended,
    /// The staff lifted the suspension.
    Resumed,
    /// The staff set how often the client may have residents asked.
    LimitsSet,
    /// The client has had residents asked as often as it may, for the moment.
    LimitReached,
}

impl What {
    /// Its word.
    pub const fn as_str(self) -> &'static str {
        match self {
            What::Ordered => "ordered",
            What::OrderRefused => "order-refused",
            What::Asked => "asked",
            What::Repeated => "repeated",
            What::Taken => "taken",
            What::Contested => "contested",
            What::LinkRefused => "link-refused",
            What::Granted => "granted",
            What::Signed => "signed",
            What::Refused => "refused",
            What::Hindered => "hindered",
            What::Failed => "failed",
            What::NumberRight => "number-right",
            What::NumberWrong => "number-wrong",
            What::Returned => "returned",
            What::Expired => "expired",
            What::LedBack => "led-back",
            What::Exchanged => "exchanged",
            What::Refreshed => "refreshed",
            What::TokensRefused => "tokens-refused",
            What::Fetched => "fetched",
            What::GivenBack => "given-back",
            What::LoggedOut => "logged-out",
            What::Registered => "registered",
            What::Changed => "changed",
            What::KeyAdded => "key-added",
            What::KeyRemoved => "key-removed",
            What::Approved => "approved",
            What::NotApproved => "not-approved",
            What::Suspended => "suspended",
            What::Resumed => "resumed",
            What::LimitsSet => "limits-set",
            What::LimitReached => "limit-reached",
        }
    }
}

/// What a list is to have.
pub(crate) struct Wanted {
    pub(crate) client: ClientId,
    /// Of this transaction alone, by either of its names.
    pub(crate) transaction: Option<String>,
    pub(crate) page: PageQuery,
}

impl Event {
    /// Something that happened to no transaction.
    pub(crate) fn new(client: ClientId, what: What, at: Timestamp) -> Self {
        let (transaction, sign_transaction, code, detail) = (None, None, None, None);
        Self { at, client, transaction, sign_transaction, what, code, detail, by: None }
    }

    /// With what a refusal says.
    pub(crate) fn because(self, refused: &Refused) -> Self {
        let detail = refused.detail().map(str::to_owned);
        Self { code: Some(refused.code().to_owned()), detail, ..self }
    }
}

impl Provider {
    /// A client's events, the latest first.
    ///
    /// # Errors
    /// `bad-request` for a cursor that is none; the store's.
    pub(crate) async fn events(&self, wanted: Wanted) -> Result<Page<Event>, Problem> {
        let before: Option<i64> = wanted.page.position()?;
        let limit = wanted.page.limit.count() + 1;
        let Wanted { client, transaction, page } = wanted;
        let now = self.now();
        let found = self.store(move |store| {
            store.note_ends(&client, now)?;
            let before = before.unwrap_or(i64::MAX);
            store.events(&client, transaction.as_deref(), before, limit)
        });
        let Page { items, next } =
            Page::of(found.await?, page.limit, |(number, _)| *number).or_internal()?;
        Ok(Page { items: items.into_iter().map(|(_, event)| event).collect(), next })
    }

    /// Notes something that happened.
    ///
    /// # Errors
    /// The store's.
    pub(crate) async fn note(&self, event: Event) -> Result<(), Problem> {
        self.store(move |store| store.note(&event)).await
    }

    /// Notes why a client was given no tokens. A nonce that a proof is still to have is no failure.
    pub(crate) async fn note_tokens_refused(
        &self,
        client: ClientId,
        parameters: &Parameters,
        refused: &Refused,
    ) -> Result<(), Problem> {
        if refused.code() == Code::DPOP_NONCE_NEEDED.as_str() {
            return Ok(());
        }
        let code = parameters.one("code").ok().flatten().map(|code| sha256(code.as_bytes()));
        let event = Event::new(client, What::TokensRefused, self.now()).because(refused);
        self.store(move |store| {
            let of = match code {
                Some(code) => store.transaction_of(&event.client, &code)?,
                None => None,
            };
            let (transaction, sign_transaction) = of.unzip();
            let sign_transaction = sign_transaction.flatten();
            store.note(&Event { transaction, sign_transaction, ..event })
        })
        .await
    }
}
