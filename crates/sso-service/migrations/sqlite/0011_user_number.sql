-- `user` is a reserved word of SQL, and PostgreSQL has the same columns.
ALTER TABLE user_roles RENAME COLUMN user TO user_number;
ALTER TABLE user_permissions RENAME COLUMN user TO user_number;
ALTER TABLE sessions RENAME COLUMN user TO user_number;
ALTER TABLE ended_sessions RENAME COLUMN user TO user_number;
ALTER TABLE grants RENAME COLUMN user TO user_number;

-- PostgreSQL tells by it whether a history is the one that was read before.
ALTER TABLE changes ADD COLUMN tag TEXT NOT NULL DEFAULT '';
