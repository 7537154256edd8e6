-- The greatest instant that a running service has seen. Time goes on from it: what has expired
-- stays so when the machine's clock is wrong after a restart.
CREATE TABLE greatest_instant (seen_at INTEGER NOT NULL) STRICT;

INSERT INTO greatest_instant (seen_at) VALUES (0);
