-- Moments are microseconds since 1970. What residents or clerks wrote stands in `transactions`,
-- `applications`, `receipts` and the reasons in `notices`, and nowhere else.

CREATE TABLE portal (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    -- Identifiers and tokens are derived from it.
    secret BLOB NOT NULL CHECK (length(secret) = 32),
    -- The number of the next application to be received.
    next_receipt INTEGER NOT NULL
) STRICT;

CREATE TABLE transactions (
    id TEXT PRIMARY KEY,
    purpose TEXT NOT NULL,
    asker TEXT NOT NULL,
    asker_name TEXT NOT NULL,
    text TEXT NOT NULL,
    challenge BLOB NOT NULL,
    expires INTEGER NOT NULL,
    -- How it was answered; all three are absent while it was not.
    state TEXT,
    result TEXT,
    answer BLOB
) STRICT, WITHOUT ROWID;

CREATE TABLE logins (
    -- SHA-256 of the asking page's secret.
    login BLOB PRIMARY KEY,
    transaction_id TEXT NOT NULL REFERENCES transactions (id) ON DELETE CASCADE,
    -- As in its transaction.
    expires INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX logins_by_end ON logins (expires);
CREATE UNIQUE INDEX login_of_transaction ON logins (transaction_id);

CREATE TABLE sessions (
    -- SHA-256 of the bearer token.
    token BLOB PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    -- The resident, as the authority lets this portal call one.
    subject TEXT NOT NULL,
    -- The user-authentication certificate that logged in.
    certificate BLOB NOT NULL,
    since INTEGER NOT NULL,
    expires INTEGER NOT NULL,
    used INTEGER NOT NULL,
    ended INTEGER
) STRICT, WITHOUT ROWID;
CREATE INDEX sessions_of_subject ON sessions (subject);
CREATE INDEX sessions_by_end ON sessions (expires);

CREATE TABLE applications (
    sequence INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    subject TEXT NOT NULL,
    procedure TEXT NOT NULL,
    fields TEXT NOT NULL,
    municipality TEXT NOT NULL,
    document TEXT NOT NULL,
    drawn_up INTEGER NOT NULL,
    transaction_id TEXT NOT NULL REFERENCES transactions (id)
) STRICT;
CREATE INDEX applications_of_subject ON applications (subject, sequence);
CREATE UNIQUE INDEX application_of_transaction ON applications (transaction_id);

CREATE TABLE receipts (
    receipt INTEGER PRIMARY KEY,
    application TEXT NOT NULL UNIQUE REFERENCES applications (id),
    municipality TEXT NOT NULL,
    received INTEGER NOT NULL,
    cms BLOB NOT NULL,
    certificate BLOB NOT NULL,
    evidence_kind TEXT NOT NULL,
    evidence BLOB NOT NULL,
    checked_at INTEGER NOT NULL,
    state TEXT NOT NULL,
    decided INTEGER,
    reason TEXT
) STRICT;
CREATE INDEX receipts_by_state ON receipts (state, receipt);

CREATE TABLE notices (
    subject TEXT NOT NULL,
    sequence INTEGER NOT NULL,
    at INTEGER NOT NULL,
    code TEXT NOT NULL,
    params TEXT NOT NULL,
    PRIMARY KEY (subject, sequence)
) STRICT, WITHOUT ROWID;

CREATE TABLE history (
    sequence INTEGER PRIMARY KEY AUTOINCREMENT,
    subject TEXT NOT NULL,
    -- Names the act, so that it is entered once.
    act TEXT NOT NULL UNIQUE,
    at INTEGER NOT NULL,
    code TEXT NOT NULL,
    params TEXT NOT NULL,
    actor TEXT NOT NULL
) STRICT;
CREATE INDEX history_of_subject ON history (subject, sequence);

CREATE TABLE requests (
    caller TEXT NOT NULL,
    key TEXT NOT NULL,
    fingerprint BLOB NOT NULL,
    expires INTEGER NOT NULL,
    PRIMARY KEY (caller, key)
) STRICT, WITHOUT ROWID;
CREATE INDEX requests_by_end ON requests (expires);

CREATE TABLE nonces (
    key_id TEXT NOT NULL,
    nonce TEXT NOT NULL,
    until INTEGER NOT NULL,
    PRIMARY KEY (key_id, nonce)
) STRICT, WITHOUT ROWID;
CREATE INDEX nonces_by_end ON nonces (until);
