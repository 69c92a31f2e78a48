//! The codes of problems that are not refusals of the rulebook. Both share one name space; statuses
//! and texts are in `words`, and a test here keeps the two lists in step.

use std::fmt;

use axum::http::StatusCode;
use inrou_words::error;

/// The code of a problem that is not a refusal of the rulebook.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Code(&'static str);

impl Code {
    /// The code, in kebab case.
    pub const fn as_str(self) -> &'static str {
        self.0
    }

    /// The HTTP status under which it is answered.
    pub fn status(self) -> StatusCode {
        status_of(self.0)
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

/// The status of a code, a refusal's too.
pub(crate) fn status_of(code: &str) -> StatusCode {
    error(code)
        .and_then(|text| StatusCode::from_u16(text.status()?).ok())
        .unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
}

macro_rules! codes {
    ($( $(#[$doc:meta])* $name:ident = $code:literal; )+) => {
        impl Code {
            $(
                $(#[$doc])*
                pub const $name: Code = Code($code);
            )+

            /// Every one of them.
            pub const ALL: &'static [Code] = &[$(Code::$name),+];
        }
    };
}

codes! {
    /// The request does not have its form; `reason` says where, in fixed words.
    BAD_REQUEST = "bad-request";
    /// The JSON is broken or not of its form, for a `reason`, at a `member`, `line` and `column`.
    BODY_MALFORMED = "body-malformed";
    /// The body is longer than is taken here.
    BODY_TOO_LARGE = "body-too-large";
    /// The body did not arrive in time.
    REQUEST_TIMEOUT = "request-timeout";
    /// The body is of another media type than the one `expected`.
    UNSUPPORTED_MEDIA_TYPE = "unsupported-media-type";
    /// There is nothing at this path, or nothing of this identifier.
    NOT_FOUND = "not-found";
    /// The method is not for this path.
    METHOD_NOT_ALLOWED = "method-not-allowed";
    /// No service here bears this name (RFC 9110 §15.5.20).
    HOST_UNKNOWN = "host-unknown";
    /// A page of another origin had a browser send a request that changes something.
    CROSS_ORIGIN_REFUSED = "cross-origin-refused";
    /// Somebody else changed the same thing at the same time.
    CONFLICT = "conflict";
    /// The request needs the header Idempotency-Key.
    IDEMPOTENCY_KEY_MISSING = "idempotency-key-missing";
    /// The header Idempotency-Key does not have its form.
    IDEMPOTENCY_KEY_MALFORMED = "idempotency-key-malformed";
    /// A different request was made under this idempotency key before.
    IDEMPOTENCY_KEY_REUSED = "idempotency-key-reused";
    /// The session token is missing, unknown or expired.
    LOGIN_REQUIRED = "login-required";
    /// The session in which a page was looked at is over.
    SESSION_ENDED = "session-ended";
    /// No log-in is under way in this browser.
    LOGIN_NOT_BEGUN = "login-not-begun";
    /// The caller has no right to this.
    PERMISSION_DENIED = "permission-denied";
    /// The calling role is not one that is set up here.
    CALLER_UNKNOWN = "caller-unknown";
    /// A `member` of a resident's attributes does not have its form.
    ATTRIBUTES_MALFORMED = "attributes-malformed";
    /// A passkey could not be verified, or is nobody's who works here.
    SIGN_IN_REFUSED = "sign-in-refused";
    /// The member of the staff is suspended.
    MEMBER_SUSPENDED = "member-suspended";
    /// The invitation was used, is over, or a newer one has taken its place.
    INVITATION_OVER = "invitation-over";
    /// A `member` of what is said of somebody of the staff does not have its form.
    MEMBER_INVALID = "member-invalid";
    /// Nobody changes the own duties.
    OWN_DUTIES = "own-duties";
    /// An act of the staff has no reason.
    REASON_MISSING = "reason-missing";
    /// A note has more than `most` characters.
    NOTE_TOO_LONG = "note-too-long";
    /// A note repeats what the resident's record says.
    NOTE_NAMES_RESIDENT = "note-names-resident";
    /// A `field` of what a caller says is not filled in.
    CALLER_INCOMPLETE = "caller-incomplete";
    /// What a caller says is true of no resident, or of several; for the `failures`th time.
    CALLER_NOT_RECOGNISED = "caller-not-recognised";
    /// What was typed twice for the `pin` of a card differs.
    CARD_PINS_DIFFER = "card-pins-differ";
    /// No card is being written under this name any more.
    WRITING_OVER = "writing-over";
    /// The call is over, or another member's.
    CALL_OVER = "call-over";
    /// There is no municipality of this code.
    MUNICIPALITY_UNKNOWN = "municipality-unknown";

    /// More than may be open at a time was begun without proof of who asks; `wait` seconds help.
    TOO_MANY_REQUESTS = "too-many-requests";
    /// A service that is needed does not answer.
    SERVICE_UNAVAILABLE = "service-unavailable";
    /// The store does not answer, or has no room.
    STORE_UNAVAILABLE = "store-unavailable";
    /// The log of the journal does not fit what was published of it.
    LOG_BROKEN = "log-broken";
    /// Something went wrong that is no fault of the caller's.
    INTERNAL_ERROR = "internal-error";
    /// The sandbox's clock shows `now` and is not turned back to the time `asked`.
    CLOCK_BACKWARDS = "clock-backwards";

    /// The request has to be signed and is not.
    SIGNATURE_MISSING = "signature-missing";
    /// The signature is malformed, covers too little, or is not by the key it names: `reason`.
    SIGNATURE_INVALID = "signature-invalid";
    /// The signature was made too long ago, or in the future: at `created`, while it is `now`.
    SIGNATURE_EXPIRED = "signature-expired";
    /// The body is not the one whose digest the request carries.
    CONTENT_DIGEST_MISMATCH = "content-digest-mismatch";
    /// A request with this nonce was received before.
    NONCE_REPLAYED = "nonce-replayed";
    /// No phone with this device key is registered.
    PHONE_UNKNOWN = "phone-unknown";

    /// The phone has no enrolment of this identifier.
    ENROLMENT_UNKNOWN = "enrolment-unknown";
    /// A newer application has taken the place of this one.
    APPLICATION_WITHDRAWN = "application-withdrawn";
    /// The session that makes the keys has not ended.
    KEYS_NOT_MADE = "keys-not-made";
    /// The phone has no request of this identifier.
    REQUEST_UNKNOWN = "request-unknown";
    /// A session would have nothing to send to the chip.
    NOTHING_TO_DO = "nothing-to-do";

    /// The secure-channel session is gone: begin a new one.
    SESSION_LOST = "session-lost";
    /// The chip's answers do not pass the secure channel's check: `reason`.
    SESSION_ANSWER_INVALID = "session-answer-invalid";
    /// The challenge's time is over.
    CHALLENGE_EXPIRED = "challenge-expired";
    /// The signature on a statement is not valid.
    APPLICATION_SIGNATURE_INVALID = "application-signature-invalid";
    /// The statement is not the one that was asked for.
    APPLICATION_CONTENT_MISMATCH = "application-content-mismatch";
    /// The chip's attestation is not valid: `reason`.
    ATTESTATION_INVALID = "attestation-invalid";
    /// The chip's receipt is not valid: `reason`.
    RECEIPT_INVALID = "receipt-invalid";

    /// No transaction has this identifier.
    TRANSACTION_UNKNOWN = "transaction-unknown";
    /// The transaction was not answered in time.
    TRANSACTION_EXPIRED = "transaction-expired";
    /// The transaction has been answered.
    TRANSACTION_DONE = "transaction-done";
    /// The person refused.
    TRANSACTION_REFUSED = "transaction-refused";
    /// A site's order for a signature does not hold: `member`.
    SIGN_TRANSACTION_INVALID = "sign-transaction-invalid";
    /// The client ordered no such signature.
    SIGN_TRANSACTION_UNKNOWN = "sign-transaction-unknown";
    /// The time to sign is over.
    SIGN_TRANSACTION_EXPIRED = "sign-transaction-expired";
    /// It is signed already, or asked for anew.
    SIGN_TRANSACTION_USED = "sign-transaction-used";
    /// The scope `sign` and `sign_transaction_id` do not go together, or go with other scopes.
    SIGN_SCOPE_INVALID = "sign-scope-invalid";
    /// The client has no key to which results could be encrypted.
    ENCRYPTION_KEY_MISSING = "encryption-key-missing";
    /// Nothing can be encrypted to the client's key for results.
    ENCRYPTION_KEY_UNUSABLE = "encryption-key-unusable";
    /// The access token does not open this.
    ACCESS_TOKEN_SCOPE = "access-token-scope";
    /// What a site wants to have consent for does not hold: `member`.
    CONSENT_INVALID = "consent-invalid";
    /// The client has no such consent.
    CONSENT_UNKNOWN = "consent-unknown";
    /// The resident was not asked yet, or did not consent.
    CONSENT_NOT_GIVEN = "consent-not-given";
    /// The consent's time is over.
    CONSENT_EXPIRED = "consent-expired";
    /// The resident withdrew the consent.
    CONSENT_WITHDRAWN = "consent-withdrawn";
    /// The resident's latest signature certificate has expired.
    LATEST_CERTIFICATE_EXPIRED = "latest-certificate-expired";
    /// It is revoked or on hold, and no new one is issued.
    LATEST_CERTIFICATE_REVOKED_OR_ON_HOLD = "latest-certificate-revoked-or-on-hold";
    /// There is none yet, or it is not on its chip.
    LATEST_CERTIFICATE_UNKNOWN = "latest-certificate-unknown";
    /// The issuer has issued no such certificate.
    CERTIFICATE_NOT_ISSUED = "certificate-not-issued";
    /// The person has no certificate of the other use: nothing links the two.
    CERTIFICATE_NOT_LINKED = "certificate-not-linked";
    /// The link was not made by its asker, or was changed.
    HANDOVER_FORGED = "handover-forged";
    /// The QR code is too old.
    HANDOVER_STALE = "handover-stale";
    /// Another phone has taken the transaction.
    HANDOVER_TAKEN = "handover-taken";
    /// Wrong numbers were typed after the answer.
    HANDOVER_NUMBER_WRONG = "handover-number-wrong";
    /// The person came back in another browser than the one that began.
    HANDOVER_OTHER_BROWSER = "handover-other-browser";
    /// After the answer neither was the number typed nor did the person come back in time.
    HANDOVER_TIMED_OUT = "handover-timed-out";
    /// A wrong PIN was typed at the transaction, and the person gave up.
    HOLDER_PIN_WRONG = "holder-pin-wrong";
    /// The PIN that the transaction needs is locked.
    HOLDER_PIN_BLOCKED = "holder-pin-blocked";
    /// The person has no certificate for the transaction.
    HOLDER_WITHOUT_CERTIFICATE = "holder-without-certificate";
    /// The person's phone carries no certificates.
    HOLDER_PHONE_NOT_SUPPORTED = "holder-phone-not-supported";
    /// The link is of a site that is not registered as safe.
    ASKER_NOT_SAFE = "asker-not-safe";
    /// The signature in the answer is not by the certificate's key over the digest.
    DIGEST_SIGNATURE_INVALID = "digest-signature-invalid";
    /// The signature in the answer to a log-in is not by the certificate's key over what was asked.
    LOGIN_SIGNATURE_INVALID = "login-signature-invalid";
    /// The answer to a request to sign does not prove as well who signs.
    LOGIN_PROOF_MISSING = "login-proof-missing";
    /// Somebody else than the person who is logged in has signed.
    SIGNER_OTHER_PERSON = "signer-other-person";
    /// A form's fields have faults: the first `field` and its `fault`, and each fault by its field.
    FIELDS_INVALID = "fields-invalid";
    /// The office has decided about the application, or it is signed already.
    APPLICATION_SETTLED = "application-settled";

    /// A `member` of a registration does not hold.
    REGISTRATION_INVALID = "registration-invalid";
    /// The limits of a registration are not sound, by their `member`.
    LIMITS_INVALID = "limits-invalid";
    /// A private key was sent to be registered.
    PRIVATE_KEY_SENT = "private-key-sent";
    /// A public key cannot be used, for a `reason`.
    KEY_UNSOUND = "key-unsound";
    /// No key of that name is registered.
    KEY_UNKNOWN = "key-unknown";
    /// The registration is another `version` by now than the one that was looked at.
    REGISTRATION_CHANGED = "registration-changed";
    /// The registration has none of the entity tags that the change names.
    REGISTRATION_NOT_AS_READ = "registration-not-as-read";
    /// As many registrations wait for a decision as may; seconds to `wait`.
    REGISTRATIONS_FULL = "registrations-full";
    /// The client has had residents asked as often as a `member` of its limits lets be; seconds to `wait`.
    CLIENT_LIMIT_REACHED = "client-limit-reached";
    /// An address of a registration is not encrypted, which a service does not take.
    REDIRECT_URI_LOCAL = "redirect-uri-local";
    /// The token does not open the registration of this client.
    REGISTRATION_TOKEN_INVALID = "registration-token-invalid";
    /// A decision about a client is none, or lacks its reason.
    APPROVAL_INVALID = "approval-invalid";
    /// `client_id` names no registered client.
    CLIENT_UNKNOWN = "client-unknown";
    /// The client is not approved, or is suspended.
    CLIENT_NOT_APPROVED = "client-not-approved";
    /// The request lacks `parameter`.
    PARAMETER_MISSING = "parameter-missing";
    /// `parameter` is there twice.
    PARAMETER_REPEATED = "parameter-repeated";
    /// `parameter` is too long, or has characters that it may not have.
    PARAMETER_MALFORMED = "parameter-malformed";
    /// The address to lead back to is not registered.
    REDIRECT_URI_UNREGISTERED = "redirect-uri-unregistered";
    /// Another answer than a code is asked for.
    RESPONSE_TYPE_UNSUPPORTED = "response-type-unsupported";
    /// `openid` is not asked for, or something that is not registered is.
    SCOPE_INVALID = "scope-invalid";
    /// There is no code challenge by SHA-256.
    PKCE_REQUIRED = "pkce-required";
    /// The client sends no request objects.
    REQUEST_OBJECT_UNSUPPORTED = "request-object-unsupported";
    /// The client's requests must be signed.
    REQUEST_OBJECT_NEEDED = "request-object-needed";
    /// The request object does not hold, for a `reason`.
    REQUEST_OBJECT_INVALID = "request-object-invalid";
    /// Requests are fetched from nowhere.
    REQUEST_URI_UNSUPPORTED = "request-uri-unsupported";
    /// No request was pushed under that name, or not by that client, or its time is over.
    REQUEST_URI_INVALID = "request-uri-invalid";
    /// The client's requests must be pushed.
    PUSH_NEEDED = "push-needed";
    /// Clients do not register by a request.
    REGISTRATION_PARAMETER_UNSUPPORTED = "registration-parameter-unsupported";
    /// There is no log-in that can be used again without asking.
    PROMPT_NONE_IMPOSSIBLE = "prompt-none-impossible";
    /// The ID token that is to say who logs in is none of the provider's for that client.
    ID_TOKEN_HINT_INVALID = "id-token-hint-invalid";
    /// Somebody else than the ID token says has logged in.
    OTHER_PERSON_LOGGED_IN = "other-person-logged-in";
    /// The assurance that the request insists on is not given here.
    ACR_UNREACHABLE = "acr-unreachable";
    /// The body is no form.
    FORM_EXPECTED = "form-expected";
    /// The client proves itself in a way that is not served.
    CLIENT_SECRET_UNSUPPORTED = "client-secret-unsupported";
    /// The client proves itself in two ways.
    CLIENT_AUTHENTICATION_REPEATED = "client-authentication-repeated";
    /// `login_hint` names a persona that the sandbox does not have.
    PERSONA_UNKNOWN = "persona-unknown";
    /// The persona's phone needs new certificates, and applications wait for the morning (HOURS-1).
    PERSONA_AT_NIGHT = "persona-at-night";
    /// The client does not say who it is.
    CLIENT_ASSERTION_MISSING = "client-assertion-missing";
    /// The client's assertion does not hold, for a `reason`.
    CLIENT_ASSERTION_INVALID = "client-assertion-invalid";
    /// Tokens are asked for by something that is not served.
    GRANT_TYPE_UNSUPPORTED = "grant-type-unsupported";
    /// The code does not hold, for a `reason`.
    CODE_INVALID = "code-invalid";
    /// The code verifier is another.
    CODE_VERIFIER_INVALID = "code-verifier-invalid";
    /// The refresh token is unknown, expired or revoked.
    REFRESH_TOKEN_INVALID = "refresh-token-invalid";
    /// More is asked for than was granted.
    SCOPE_WIDENED = "scope-widened";
    /// The token that is to be revoked is another client's.
    TOKEN_OF_ANOTHER_CLIENT = "token-of-another-client";
    /// There is no access token.
    ACCESS_TOKEN_MISSING = "access-token-missing";
    /// The access token is not sent as it is to be, for a `reason`.
    ACCESS_TOKEN_MISPLACED = "access-token-misplaced";
    /// The access token is unknown, expired or revoked.
    ACCESS_TOKEN_INVALID = "access-token-invalid";
    /// The access token and the key that is proven do not belong together, for a `reason`.
    ACCESS_TOKEN_KEY_WRONG = "access-token-key-wrong";
    /// A key must be proven.
    DPOP_PROOF_MISSING = "dpop-proof-missing";
    /// The proof of a key does not hold, for a `reason`.
    DPOP_PROOF_INVALID = "dpop-proof-invalid";
    /// The proof of a key lacks the provider's present nonce.
    DPOP_NONCE_NEEDED = "dpop-nonce-needed";
    /// A request to log out does not hold, for a `reason`.
    LOG_OUT_INVALID = "log-out-invalid";

    /// The file has no signatures of a format that is known.
    SIGNATURE_FORMAT_UNKNOWN = "signature-format-unknown";
    /// What was signed is sent beside a file that has it inside.
    CONTENT_INSIDE = "content-inside";
    /// A hash alone does for CMS signatures alone.
    HASH_FOR_CMS_ALONE = "hash-for-cms-alone";
    /// The hash is not as long as its algorithm makes it.
    HASH_MALFORMED = "hash-malformed";
    /// What is sent as a certificate is none.
    CERTIFICATE_MALFORMED = "certificate-malformed";
    /// As much is being validated as may be.
    VALIDATION_BUSY = "validation-busy";
    /// The validation took too long.
    VALIDATION_TIMED_OUT = "validation-timed-out";

    /// No path leads from the certificate to a trust anchor.
    CERTIFICATE_UNTRUSTED = "certificate-untrusted";
    /// The certificate has expired.
    CERTIFICATE_EXPIRED = "certificate-expired";
    /// The certificate is not valid yet.
    CERTIFICATE_NOT_YET_VALID = "certificate-not-yet-valid";
    /// The certificate is revoked.
    CERTIFICATE_REVOKED = "certificate-revoked";
    /// The certificate is on hold.
    CERTIFICATE_ON_HOLD = "certificate-on-hold";
    /// The certificate is of another kind than the one needed.
    CERTIFICATE_WRONG_KIND = "certificate-wrong-kind";
    /// The certificate's status cannot be found out.
    STATUS_UNAVAILABLE = "status-unavailable";

    /// No card lies on the phone or reader.
    CARD_NOT_PRESENT = "card-not-present";
    /// On the page with the cards, none was chosen.
    CARD_NOT_CHOSEN = "card-not-chosen";
    /// The card was moved away in the middle.
    CARD_REMOVED = "card-removed";
    /// The card is no My Number card.
    NOT_A_MY_NUMBER_CARD = "not-a-my-number-card";
    /// The card is not the one with which the procedure began.
    WRONG_CARD = "wrong-card";
    /// The card is in use elsewhere.
    CARD_BUSY = "card-busy";
    /// What the authenticator answered does not stand in for the PIN.
    PASSKEY_REFUSED = "passkey-refused";
    /// The phone's model cannot carry certificates.
    PHONE_NOT_SUPPORTED = "phone-not-supported";
    /// Another operation runs on the phone.
    PHONE_BUSY = "phone-busy";
    /// There is a phone called `name` already.
    PHONE_NAME_TAKEN = "phone-name-taken";
    /// A `procedure` is under way on the phone, and waits for the step `next`.
    PROCEDURE_OPEN = "procedure-open";
    /// The step is not the one that the procedure waits for: `next`.
    STEP_OUT_OF_TURN = "step-out-of-turn";
    /// The tick that confirms a revocation is missing.
    REVOCATION_NOT_CONFIRMED = "revocation-not-confirmed";
    /// The card reader cannot be used.
    READER_UNAVAILABLE = "reader-unavailable";
    /// Neither copy in the chip's file `path` is whole.
    CHIP_FILE_DAMAGED = "chip-file-damaged";

    /// Not the `pin`: `left` tries are left.
    WRONG_PIN = "wrong-pin";
    /// The `pin` is locked.
    PIN_BLOCKED = "pin-blocked";
    /// The `pin` was not tried: it has only `left` tries left, and the card is a person's own.
    LAST_TRIES = "last-tries";
    /// What was typed cannot be the `pin`, by its `fault`.
    PIN_FORM = "pin-form";
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use inrou_rules::Refusal;
    use inrou_words::errors;

    use super::*;

    #[test]
    fn every_code_has_its_text_and_every_text_its_code() {
        let codes: BTreeSet<&str> = Code::ALL.iter().map(|code| code.as_str()).collect();
        assert_eq!(codes.len(), Code::ALL.len(), "a code stands twice");
        let texts: BTreeSet<&str> = errors()
            .filter(|text| !text.is_refusal() && text.status().is_some())
            .map(|text| text.code())
            .collect();
        assert_eq!(codes, texts);
    }

    #[test]
    fn every_refusal_has_the_status_of_a_refused_request() {
        for refusal in Refusal::CODES {
            let status = status_of(refusal.code);
            assert!(status.is_client_error(), "{}: {status}", refusal.code);
        }
    }
}
