-- Besides what the fourth form says: by which transaction a session was begun; absent in those of before.

ALTER TABLE sessions ADD COLUMN transaction_id TEXT;
CREATE INDEX session_of_transaction ON sessions (transaction_id);
