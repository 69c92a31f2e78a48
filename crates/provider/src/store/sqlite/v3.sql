-- What the staff lets a client do stands beside what the site registers, which no longer has it.
ALTER TABLE clients ADD COLUMN limits TEXT;
UPDATE clients SET
    limits = json_extract(COALESCE(approved, registration), '$.limits'),
    approved = json_remove(approved, '$.limits'),
    registration = CASE
        WHEN json_extract(registration, '$.limits')
             IS json_extract(COALESCE(approved, registration), '$.limits')
        THEN json_remove(registration, '$.limits') ELSE registration END
WHERE id IN (SELECT client FROM events WHERE what = 'limits-set');

-- Since when a client stands as it does; absent where that was not noted: before the second form.
ALTER TABLE clients RENAME COLUMN since TO noted_since;
ALTER TABLE clients ADD COLUMN since INTEGER;
UPDATE clients SET since = NULLIF(noted_since, 0);
ALTER TABLE clients DROP COLUMN noted_since;
