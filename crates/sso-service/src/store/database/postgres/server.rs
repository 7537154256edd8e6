//! A PostgreSQL server, as the configuration names it.

use std::fmt;

use sqlx::postgres::PgConnectOptions;
use url::Url;

/// The parameters of a URL that have an effect.
const PARAMETERS: [&str; 10] = [
    "sslmode",
    "sslrootcert",
    "sslcert",
    "sslkey",
    "host",
    "port",
    "dbname",
    "user",
    "password",
    "application_name",
];

/// Where a PostgreSQL server is, and how to log in there. `Debug` shows no password.
#[derive(Clone)]
pub(crate) struct PostgresServer(PgConnectOptions);

impl PostgresServer {
    /// Reads `postgres://user:password@host:port/database?sslmode=verify-full&sslrootcert=ca.pem`.
    ///
    /// # Errors
    /// When the URL has another form, or a parameter is unknown or has a value that is not allowed.
    pub(crate) fn parse(url: &str) -> Result<Self, &'static str> {
        let url: Url = url.parse().map_err(|_| "must be a URL: postgres://user@host/database")?;
        let known = |(name, _): (_, _)| PARAMETERS.contains(&AsRef::<str>::as_ref(&name));
        if !url.query_pairs().all(known) {
            return Err("has an unknown parameter after the question mark");
        }
        let options: PgConnectOptions =
            url.as_str().parse().map_err(|_| "has a parameter with a wrong value")?;
        if options.get_database().is_none() {
            return Err("must name a database: postgres://user@host/database");
        }
        // Connection poolers refuse the parameters that they do not know.
        Ok(Self(options.extra_float_digits(None)))
    }

    pub(super) fn options(&self) -> &PgConnectOptions {
        &self.0
    }
}

impl fmt::Debug for PostgresServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Display for PostgresServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(options) = self;
        match options.get_socket() {
            Some(socket) => write!(f, "postgres at {}", socket.display())?,
            None => write!(f, "postgres://{}:{}", options.get_host(), options.get_port())?,
        }
        write!(f, "/{}", options.get_database().unwrap_or_default())
    }
}

impl PartialEq for PostgresServer {
    fn eq(&self, other: &Self) -> bool {
        self.to_string() == other.to_string()
    }
}

impl Eq for PostgresServer {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wrong_urls_are_refused() {
        for (url, fault) in [
            ("postgres://", "must name a database"),
            ("postgres://sso@db.example", "must name a database"),
            ("postgres://sso@db.example/sso?sslmod=verify-full", "has an unknown parameter"),
            ("postgres://sso@db.example/sso?options=-c%20fsync", "has an unknown parameter"),
            ("postgres://sso@db.example/sso?sslmode=verify", "has a parameter with a wrong value"),
        ] {
            let found = PostgresServer::parse(url).unwrap_err();
            assert!(found.starts_with(fault), "{url}: {found}");
        }
    }

    #[test]
    fn password_is_not_shown() {
        let server = PostgresServer::parse("postgres://sso:s3cret@db.example:5433/sso").unwrap();
        assert_eq!(format!("{server:?}"), "postgres://db.example:5433/sso");
    }
}
