-- A certificate's key is one number, `id`: its serial number, plus 2^62 for user-authentication. Rows are
-- appended, and need no index of their own. `usage` is written out.

DROP TABLE challenges;

-- A row whose issuance has ended without a certificate stays as the record of its serial.
CREATE TABLE new_intents (
    id INTEGER NOT NULL PRIMARY KEY,
    subject TEXT NOT NULL,
    usage TEXT NOT NULL,
    partition TEXT NOT NULL,
    not_after INTEGER NOT NULL,
    body BLOB NOT NULL,
    is_open INTEGER NOT NULL
) STRICT;
INSERT INTO new_intents
    SELECT usage << 62 | serial, subject, iif(usage = 0, 'signature', 'user-authentication'),
           partition, not_after, body, is_open
    FROM intents
    WHERE is_open = 1 OR (usage, serial) NOT IN (SELECT usage, serial FROM certificates);
DROP TABLE intents;
ALTER TABLE new_intents RENAME TO intents;
CREATE UNIQUE INDEX intents_open ON intents (subject, usage) WHERE is_open = 1;

CREATE TABLE new_certificates (
    id INTEGER NOT NULL PRIMARY KEY,
    generation INTEGER NOT NULL,
    partition TEXT NOT NULL,
    resident BLOB REFERENCES residents (id),
    chip BLOB,
    not_after INTEGER NOT NULL,
    der BLOB NOT NULL
) STRICT;
INSERT INTO new_certificates
    SELECT usage << 62 | serial, generation, partition, resident, chip, not_after, der
    FROM certificates ORDER BY usage, serial;
DROP TABLE certificates;
ALTER TABLE new_certificates RENAME TO certificates;
CREATE INDEX certificates_by_chip ON certificates (chip) WHERE chip IS NOT NULL;

-- Reserved serial numbers that are not good, and those that became good of late.
CREATE TABLE new_statuses (
    id INTEGER NOT NULL PRIMARY KEY,
    partition TEXT NOT NULL,
    not_after INTEGER NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('pending', 'good', 'held', 'revoked')),
    at INTEGER CHECK ((at IS NOT NULL) = (state IN ('held', 'revoked'))),
    reason TEXT CHECK ((reason IS NOT NULL) = (state = 'revoked')),
    version INTEGER NOT NULL
) STRICT;
INSERT INTO new_statuses
    SELECT usage << 62 | serial, partition, not_after, state, at, reason, version
    FROM statuses ORDER BY usage, serial;
DROP TABLE statuses;
ALTER TABLE new_statuses RENAME TO statuses;
CREATE UNIQUE INDEX statuses_by_version ON statuses (version);
CREATE INDEX statuses_good ON statuses (version) WHERE state = 'good';

ALTER TABLE crls DROP COLUMN sha256;

-- The row's number is in an index anyway.
DROP INDEX journal_by_resident;
CREATE INDEX journal_by_resident ON journal (resident);

-- Leases end when the store is opened: then the few jobs there are can be gone through.
DROP INDEX jobs_leased;

-- Messages to phones; those to residents were read by nobody. Each phone's latest are kept.
CREATE TABLE new_outbox (
    chip BLOB NOT NULL,
    sequence INTEGER NOT NULL,
    code TEXT NOT NULL,
    params TEXT NOT NULL,
    at INTEGER NOT NULL,
    PRIMARY KEY (chip, sequence)
) STRICT, WITHOUT ROWID;
INSERT INTO new_outbox
    SELECT unhex(substr(addressee, 7)), sequence, code, params, at
    FROM outbox WHERE addressee LIKE 'phone/%' ORDER BY addressee, sequence;
DROP TABLE outbox;
ALTER TABLE new_outbox RENAME TO outbox;
