-- Moments are microseconds since 1970-01-01T00:00:00Z. `usage` is 0 for signature, 1 for
-- user-authentication.

-- Serial numbers, CRL numbers, changes of status: the last value given out.
CREATE TABLE counters (
    name TEXT NOT NULL PRIMARY KEY,
    value INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE residents (
    id BLOB NOT NULL PRIMARY KEY,
    version INTEGER NOT NULL,
    state TEXT NOT NULL
) STRICT;

-- The only table with names, addresses, birth dates and sexes.
CREATE TABLE attributes (
    resident BLOB NOT NULL REFERENCES residents (id),
    record INTEGER NOT NULL,
    attributes TEXT NOT NULL,
    salt BLOB NOT NULL,
    PRIMARY KEY (resident, record)
) STRICT, WITHOUT ROWID;

-- `leaf` is SHA-256 of a zero byte and `entry`, which is never written anew.
CREATE TABLE journal (
    sequence INTEGER NOT NULL PRIMARY KEY,
    resident BLOB NOT NULL REFERENCES residents (id),
    leaf BLOB NOT NULL,
    entry TEXT NOT NULL
) STRICT;
CREATE INDEX journal_by_resident ON journal (resident, sequence);

CREATE TABLE phones (
    chip BLOB NOT NULL PRIMARY KEY,
    version INTEGER NOT NULL,
    device_key BLOB NOT NULL,
    model TEXT NOT NULL,
    platform TEXT NOT NULL,
    resident BLOB REFERENCES residents (id)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX phones_by_resident ON phones (resident) WHERE resident IS NOT NULL;

CREATE TABLE documents (
    kind TEXT NOT NULL,
    id TEXT NOT NULL,
    version INTEGER NOT NULL,
    owner TEXT,
    expires INTEGER,
    body BLOB NOT NULL,
    PRIMARY KEY (kind, id)
) STRICT;
CREATE INDEX documents_by_owner ON documents (kind, owner, id) WHERE owner IS NOT NULL;
CREATE INDEX documents_by_expiry ON documents (expires) WHERE expires IS NOT NULL;

-- `is_open` falls to 0 when the issuance has ended; the row stays as the record of its serial.
CREATE TABLE intents (
    usage INTEGER NOT NULL,
    serial INTEGER NOT NULL,
    subject TEXT NOT NULL,
    partition TEXT NOT NULL,
    not_after INTEGER NOT NULL,
    body BLOB NOT NULL,
    is_open INTEGER NOT NULL,
    PRIMARY KEY (usage, serial)
) STRICT;
CREATE UNIQUE INDEX intents_open ON intents (subject, usage) WHERE is_open = 1;

CREATE TABLE certificates (
    usage INTEGER NOT NULL,
    serial INTEGER NOT NULL,
    generation INTEGER NOT NULL,
    partition TEXT NOT NULL,
    resident BLOB REFERENCES residents (id),
    chip BLOB,
    not_after INTEGER NOT NULL,
    der BLOB NOT NULL,
    PRIMARY KEY (usage, serial)
) STRICT;
CREATE INDEX certificates_by_resident ON certificates (resident, usage, serial)
    WHERE resident IS NOT NULL;
CREATE INDEX certificates_by_chip ON certificates (chip, usage, serial) WHERE chip IS NOT NULL;

-- Reserved serial numbers that are not good, and those that became good of late.
CREATE TABLE statuses (
    usage INTEGER NOT NULL,
    serial INTEGER NOT NULL,
    partition TEXT NOT NULL,
    not_after INTEGER NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('pending', 'good', 'held', 'revoked')),
    at INTEGER CHECK ((at IS NOT NULL) = (state IN ('held', 'revoked'))),
    reason TEXT CHECK ((reason IS NOT NULL) = (state = 'revoked')),
    version INTEGER NOT NULL,
    PRIMARY KEY (usage, serial)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX statuses_by_version ON statuses (version);
CREATE INDEX statuses_good ON statuses (version) WHERE state = 'good';

CREATE TABLE crls (
    partition TEXT NOT NULL PRIMARY KEY,
    number INTEGER NOT NULL,
    this_update INTEGER NOT NULL,
    next_update INTEGER NOT NULL,
    entries INTEGER NOT NULL,
    status_version INTEGER NOT NULL,
    sha256 BLOB NOT NULL
) STRICT, WITHOUT ROWID;

-- AUTOINCREMENT: a lease names a job by its number, which must not be given out again.
CREATE TABLE jobs (
    id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    kind TEXT NOT NULL,
    key TEXT NOT NULL,
    due INTEGER NOT NULL,
    payload BLOB NOT NULL,
    attempts INTEGER NOT NULL,
    leased_until INTEGER,
    UNIQUE (kind, key)
) STRICT;
CREATE INDEX jobs_by_readiness ON jobs (coalesce(leased_until, due), id);
CREATE INDEX jobs_leased ON jobs (id) WHERE leased_until IS NOT NULL;

CREATE TABLE outbox (
    addressee TEXT NOT NULL,
    sequence INTEGER NOT NULL,
    code TEXT NOT NULL,
    params TEXT NOT NULL,
    at INTEGER NOT NULL,
    delivered INTEGER NOT NULL,
    PRIMARY KEY (addressee, sequence)
) STRICT, WITHOUT ROWID;
CREATE INDEX outbox_undelivered ON outbox (addressee, sequence) WHERE delivered = 0;

CREATE TABLE challenges (
    value BLOB NOT NULL PRIMARY KEY,
    purpose TEXT NOT NULL,
    expires INTEGER NOT NULL,
    body BLOB NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX challenges_by_expiry ON challenges (expires);

CREATE TABLE nonces (
    caller TEXT NOT NULL,
    value TEXT NOT NULL,
    expires INTEGER NOT NULL,
    PRIMARY KEY (caller, value)
) STRICT, WITHOUT ROWID;
CREATE INDEX nonces_by_expiry ON nonces (expires);

CREATE TABLE idempotency (
    caller TEXT NOT NULL,
    key TEXT NOT NULL,
    fingerprint BLOB NOT NULL,
    status INTEGER NOT NULL,
    body BLOB NOT NULL,
    expires INTEGER NOT NULL,
    PRIMARY KEY (caller, key)
) STRICT;
CREATE INDEX idempotency_by_expiry ON idempotency (expires);
