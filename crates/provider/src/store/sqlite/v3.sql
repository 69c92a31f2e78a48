-- What the staff lets a client do stands beside what the site registers, which no longer has it.
ALTER TABLE clients ADD COLUMN limits TEXT;
UPDATE clients SET
    limits = json_extract(COALESCE(approved, registration), '$.limits'),
    approved = json_remove(approved, '$.limits'),
    registration = CASE
        WHEN json_extract(registration, '$.limits')
             IS json_extract(COALESCE(approved, registration), '$.limits')
        THEN json_remove(registration, '$.limits') ELSE registration END
-- They are the site's own where it changed them after the staff had set them, and that was approved.
WHERE EXISTS (
    SELECT 1 FROM events AS setting
    WHERE setting.client = clients.id AND setting.what = 'limits-set' AND NOT EXISTS (
        SELECT 1 FROM events AS change
        WHERE change.client = clients.id AND change.what = 'changed'
            AND change.number > setting.number
            AND (clients.standing = 'approved' OR clients.approved IS NULL OR EXISTS (
                SELECT 1 FROM events AS approval
                WHERE approval.client = clients.id AND approval.what IN ('approved', 'resumed')
                    AND approval.number > change.number))));

-- Since when a client stands as it does; absent where that was not noted: before the second form.
ALTER TABLE clients RENAME COLUMN since TO noted_since;
ALTER TABLE clients ADD COLUMN since INTEGER;
UPDATE clients SET since = NULLIF(noted_since, 0);
ALTER TABLE clients DROP COLUMN noted_since;
