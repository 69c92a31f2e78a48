-- By what residents are found: the first 16 bytes of SHA-256 over birth date, a zero byte, and a name in its
-- plainest form, of the present record. The values stand in `attributes` alone.
CREATE TABLE found_by (
    key BLOB NOT NULL,
    resident BLOB NOT NULL REFERENCES residents (id),
    PRIMARY KEY (key, resident)
) STRICT, WITHOUT ROWID;
CREATE INDEX found_by_resident ON found_by (resident);
