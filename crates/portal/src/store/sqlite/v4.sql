-- Besides what the third form says: how a transaction is handed over to a phone, as JSON; absent in those of
-- before.

ALTER TABLE transactions ADD COLUMN handover TEXT;
