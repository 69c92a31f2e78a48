-- The number of the last token, so that no two have the same (RFC 3161 §2.4.2).
CREATE TABLE counter (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    last INTEGER NOT NULL
) STRICT;
INSERT INTO counter (id, last) VALUES (1, 0);

-- Issuer and unit of each generation, DER.
CREATE TABLE generation (
    number INTEGER PRIMARY KEY,
    issuer BLOB NOT NULL,
    unit BLOB NOT NULL
) STRICT;
