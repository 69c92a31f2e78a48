-- Besides what the first form says: what residents and clerks typed and did not send yet stands in
-- `drafts`.

-- What a notice is about that is given once; absent where each act gives its own.
ALTER TABLE notices ADD COLUMN about TEXT;
CREATE UNIQUE INDEX notice_about ON notices (subject, about);

CREATE TABLE drafts (
    -- The resident, or `clerk:` and the municipality.
    owner TEXT NOT NULL,
    -- The procedure, or the application.
    form TEXT NOT NULL,
    fields TEXT NOT NULL,
    expires INTEGER NOT NULL,
    PRIMARY KEY (owner, form)
) STRICT, WITHOUT ROWID;
CREATE INDEX drafts_by_end ON drafts (expires);

CREATE TABLE clerks (
    -- SHA-256 of the token of a clerk's sign-in.
    token BLOB PRIMARY KEY,
    municipality TEXT NOT NULL,
    expires INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX clerks_by_end ON clerks (expires);
