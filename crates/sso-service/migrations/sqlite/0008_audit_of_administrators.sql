-- What administrators did is kept apart: however many other events there are, it stays.

ALTER TABLE audit ADD COLUMN
    administrative INTEGER NOT NULL DEFAULT FALSE CHECK (administrative IN (0, 1));

UPDATE audit SET administrative = TRUE WHERE event ->> 'audit' IN (
    'user_changed', 'role_changed', 'grant_changed', 'key_changed', 'sessions_minted', 'admin_revoke'
);

CREATE INDEX audit_by_kind ON audit (administrative, number);
