-- Besides what the second form says: on what a log-in was begun, as JSON; absent where that was not noted.

ALTER TABLE transactions ADD COLUMN origin TEXT;
ALTER TABLE sessions ADD COLUMN origin TEXT;
