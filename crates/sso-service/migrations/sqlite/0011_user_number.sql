-- `user` is a reserved word of SQL, and PostgreSQL has the same columns.
ALTER TABLE user_roles RENAME COLUMN user TO user_number;
ALTER TABLE user_permissions RENAME COLUMN user TO user_number;
ALTER TABLE sessions RENAME COLUMN user TO user_number;
ALTER TABLE ended_sessions RENAME COLUMN user TO user_number;
ALTER TABLE grants RENAME COLUMN user TO user_number;
