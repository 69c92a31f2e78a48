-- Moments are microseconds since 1970. A resident's attributes stand in `grants`, and nowhere else.

CREATE TABLE provider (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    -- Codes and identifiers are derived from it.
    secret BLOB NOT NULL CHECK (length(secret) = 32)
) STRICT;

CREATE TABLE clients (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT UNIQUE,
    registration TEXT NOT NULL,
    standing TEXT NOT NULL,
    -- Why the staff decided so.
    reason TEXT,
    -- SHA-256 of what opens the registration.
    token BLOB NOT NULL
) STRICT;

CREATE TABLE grants (
    id TEXT PRIMARY KEY,
    client TEXT NOT NULL REFERENCES clients (id),
    subject TEXT NOT NULL,
    scope TEXT NOT NULL,
    nonce TEXT,
    at INTEGER NOT NULL,
    medium TEXT NOT NULL,
    -- How the request came to the phone.
    flow TEXT NOT NULL,
    attributes TEXT,
    -- What was signed by it.
    sign_transaction TEXT,
    -- By which transaction it was granted first.
    transaction_id TEXT NOT NULL,
    -- SHA-256 of the browser's secret.
    browser BLOB NOT NULL,
    redirect_uri TEXT NOT NULL,
    -- SHA-256 of the code verifier, base64url.
    challenge TEXT NOT NULL,
    -- The thumbprint of the key to which the code is bound.
    jkt TEXT,
    -- SHA-256 of the code, from when the browser was led back.
    code BLOB UNIQUE,
    code_expires INTEGER,
    exchanged INTEGER,
    revoked INTEGER,
    expires INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX grants_by_end ON grants (expires);
CREATE INDEX grants_of_browser ON grants (browser, client);

-- Requests that clients pushed, until somebody logged in by them.
CREATE TABLE pushed (
    name BLOB PRIMARY KEY,
    client TEXT NOT NULL REFERENCES clients (id),
    request TEXT NOT NULL,
    expires INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX pushed_by_end ON pushed (expires);

CREATE TABLE authorizations (
    -- The transaction's.
    id TEXT PRIMARY KEY,
    client TEXT NOT NULL REFERENCES clients (id),
    -- SHA-256 of the browser's secret.
    browser BLOB NOT NULL,
    request TEXT NOT NULL,
    -- SHA-256 of the name under which the request was pushed.
    pushed BLOB,
    purpose TEXT NOT NULL,
    asker TEXT NOT NULL,
    asker_name TEXT NOT NULL,
    site TEXT NOT NULL,
    text TEXT NOT NULL,
    digest BLOB,
    reason TEXT,
    shares TEXT NOT NULL,
    challenge BLOB NOT NULL,
    expires INTEGER NOT NULL,
    -- On what it was begun, and how it is handed over to a phone: JSON.
    origin TEXT NOT NULL,
    handover TEXT NOT NULL,
    -- How it was answered; all three are absent while it was not.
    state TEXT,
    result TEXT,
    answer BLOB,
    grant_id TEXT REFERENCES grants (id) ON DELETE SET NULL,
    -- Whether it is over, and the event of that is noted.
    ended INTEGER NOT NULL DEFAULT 0 CHECK (ended IN (0, 1))
) STRICT, WITHOUT ROWID;
CREATE INDEX authorizations_that_are_open ON authorizations (client) WHERE ended = 0;
CREATE INDEX authorizations_by_end ON authorizations (expires);
CREATE INDEX authorization_of_grant ON authorizations (grant_id);

CREATE TABLE tokens (
    hash BLOB PRIMARY KEY,
    grant_id TEXT NOT NULL REFERENCES grants (id) ON DELETE CASCADE,
    kind TEXT NOT NULL,
    -- What it opens, if that is less than what was granted.
    scope TEXT,
    -- The thumbprint of the key to which it is bound.
    jkt TEXT,
    expires INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX tokens_by_end ON tokens (expires);
CREATE INDEX tokens_of_grant ON tokens (grant_id);

-- What must not come twice.
CREATE TABLE seen (
    what TEXT PRIMARY KEY,
    until INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX seen_by_end ON seen (until);

-- What sites want signed. Documents and certificates have attribute values in them.
CREATE TABLE sign_transactions (
    -- A UUID.
    id TEXT PRIMARY KEY,
    client TEXT NOT NULL REFERENCES clients (id),
    -- A digest or a document: JSON.
    content TEXT NOT NULL,
    purpose TEXT NOT NULL,
    expires INTEGER NOT NULL,
    -- The authorization by which it was last asked of a resident.
    asked TEXT,
    -- All three are absent while it is not signed.
    signature BLOB,
    certificate BLOB,
    signed_at INTEGER
) STRICT, WITHOUT ROWID;
CREATE INDEX sign_transactions_by_end ON sign_transactions (expires);
CREATE INDEX sign_transactions_by_asking ON sign_transactions (asked);

-- Tokens that clients are given for themselves.
CREATE TABLE client_tokens (
    hash BLOB PRIMARY KEY,
    client TEXT NOT NULL REFERENCES clients (id),
    -- The thumbprint of the key to which it is bound.
    jkt TEXT,
    expires INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX client_tokens_by_end ON client_tokens (expires);

-- What happened to transactions, in codes and fixed words.
CREATE TABLE events (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    at INTEGER NOT NULL,
    client TEXT NOT NULL REFERENCES clients (id),
    -- The authorization's, which may be forgotten before.
    transaction_id TEXT,
    -- What it is about that is to be signed.
    sign_transaction TEXT,
    what TEXT NOT NULL,
    code TEXT,
    detail TEXT
) STRICT;
CREATE INDEX events_of_client ON events (client);
CREATE INDEX events_of_transaction ON events (transaction_id);
CREATE INDEX events_of_signature ON events (sign_transaction) WHERE sign_transaction IS NOT NULL;
