-- The server that everything was moved to (`sso-service migrate`). This file is not served any more.
CREATE TABLE moved (target TEXT NOT NULL) STRICT;
