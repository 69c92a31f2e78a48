-- Moments are microseconds since 1970. No table holds a resident's attributes; names are those of the staff.

CREATE TABLE members (
    id BLOB NOT NULL PRIMARY KEY,
    office TEXT NOT NULL,
    name TEXT NOT NULL,
    name_reading TEXT NOT NULL,
    duties TEXT NOT NULL,
    standing TEXT NOT NULL,
    since INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX members_by_office ON members (office, name_reading);

CREATE TABLE invitations (
    -- SHA-256 of what the link holds.
    token BLOB NOT NULL PRIMARY KEY,
    member BLOB NOT NULL UNIQUE REFERENCES members (id),
    expires INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE passkeys (
    credential BLOB NOT NULL PRIMARY KEY,
    member BLOB NOT NULL REFERENCES members (id),
    key BLOB NOT NULL,
    since INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX passkeys_of_member ON passkeys (member, since);

CREATE TABLE sign_ins (
    -- SHA-256 of the token in the cookie.
    token BLOB NOT NULL PRIMARY KEY,
    member BLOB NOT NULL REFERENCES members (id),
    since INTEGER NOT NULL,
    until INTEGER NOT NULL,
    practice INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX sign_ins_by_end ON sign_ins (until);

-- `outcome` is `begun`, `done`, or the code of the problem by which it was refused.
CREATE TABLE journal (
    number INTEGER PRIMARY KEY,
    at INTEGER NOT NULL,
    by BLOB NOT NULL REFERENCES members (id),
    office TEXT NOT NULL,
    act TEXT NOT NULL,
    resident BLOB,
    of BLOB,
    reason TEXT,
    note TEXT NOT NULL,
    outcome TEXT NOT NULL
) STRICT;
CREATE INDEX journal_of_office ON journal (office, number);
CREATE INDEX journal_of_resident ON journal (resident, number) WHERE resident IS NOT NULL;

-- Callers who were not recognised, by a digest of the name and birth date that they gave.
CREATE TABLE failures (
    caller BLOB NOT NULL,
    at INTEGER NOT NULL
) STRICT;
CREATE INDEX failures_of_caller ON failures (caller, at);
CREATE INDEX failures_by_time ON failures (at);

CREATE TABLE calls (
    id TEXT NOT NULL PRIMARY KEY,
    member BLOB NOT NULL REFERENCES members (id),
    resident BLOB NOT NULL,
    about TEXT NOT NULL,
    reason TEXT NOT NULL,
    note TEXT NOT NULL,
    failures INTEGER NOT NULL,
    expires INTEGER NOT NULL,
    done INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX calls_by_end ON calls (expires);

-- Losses that municipalities are told of.
CREATE TABLE reports (
    number INTEGER PRIMARY KEY,
    resident BLOB NOT NULL,
    municipality TEXT NOT NULL,
    medium TEXT NOT NULL,
    reason TEXT NOT NULL,
    at INTEGER NOT NULL,
    closed INTEGER
) STRICT;
CREATE UNIQUE INDEX reports_open ON reports (resident, medium) WHERE closed IS NULL;
CREATE INDEX reports_of_municipality ON reports (municipality, number) WHERE closed IS NULL;
