-- What is registered has a number, and what was approved last is kept beside it.
ALTER TABLE clients ADD COLUMN version INTEGER NOT NULL DEFAULT 1;
ALTER TABLE clients ADD COLUMN approved TEXT;
-- Since when it stands so; 1970 for those that were registered before this was noted.
ALTER TABLE clients ADD COLUMN since INTEGER NOT NULL DEFAULT 0;
UPDATE clients SET approved = registration WHERE standing = 'approved';
CREATE INDEX clients_by_standing ON clients (standing, number);

-- How often something was done in the window that began last: a minute, a day.
CREATE TABLE uses (
    client TEXT NOT NULL REFERENCES clients (id) ON DELETE CASCADE,
    what TEXT NOT NULL,
    span TEXT NOT NULL,
    begun INTEGER NOT NULL,
    count INTEGER NOT NULL,
    PRIMARY KEY (client, what, span)
) STRICT, WITHOUT ROWID;

-- Which of the staff did it. Such events are kept as long as the client is.
ALTER TABLE events ADD COLUMN done_by TEXT;
CREATE INDEX limits_reached ON events (client, number) WHERE what = 'limit-reached';
CREATE INDEX events_of_registrations ON events (client, number) WHERE what IN
    ('registered', 'changed', 'key-added', 'key-removed', 'approved', 'not-approved', 'suspended',
     'resumed', 'limits-set');

-- What goes with a client.
CREATE INDEX grants_of_client ON grants (client);
CREATE INDEX pushed_of_client ON pushed (client);
CREATE INDEX authorizations_of_client ON authorizations (client);
CREATE INDEX sign_transactions_of_client ON sign_transactions (client);
CREATE INDEX client_tokens_of_client ON client_tokens (client);
