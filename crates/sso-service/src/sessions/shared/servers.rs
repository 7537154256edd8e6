//! Which Redis servers the configuration names.

use std::fmt;

use redis::{ConnectionAddr, ConnectionInfo, IntoConnectionInfo, RedisConnectionInfo};
use url::Url;

/// The port of a Sentinel whose URL names none.
const SENTINEL_PORT: u16 = 26379;
const FORMS: &str = "must be memory, redis://host, rediss://host or \
                     redis-sentinel://host,host/name";

/// A Redis server, or Sentinels that know which one is the primary. `Debug` shows no password.
#[derive(Clone)]
pub(crate) enum RedisServers {
    One(Box<ConnectionInfo>),
    Sentinels {
        /// The hosts and ports of the Sentinels.
        addresses: Vec<(String, u16)>,
        /// The name by which they know the primary.
        name: String,
        /// How to log in to the primary.
        login: Box<RedisConnectionInfo>,
    },
}

impl RedisServers {
    /// Reads `redis://user:password@host:port/database`, `rediss://…` or
    /// `redis-sentinel://user:password@host:port,host:port/name/database`.
    ///
    /// # Errors
    /// When the URL has another form.
    pub(crate) fn parse(url: &str) -> Result<Self, &'static str> {
        match url.split_once("://") {
            Some(("redis" | "rediss", _)) => {
                let info = connection_info(url)?;
                Ok(Self::One(Box::new(info)))
            }
            Some(("redis-sentinel", rest)) => sentinels(rest),
            Some(("redis-cluster" | "rediss-cluster", _)) => {
                Err("must not be a Redis Cluster: name one server, or Sentinels")
            }
            _ => Err(FORMS),
        }
    }
}

fn connection_info(text: &str) -> Result<ConnectionInfo, &'static str> {
    let url: Url = text.parse().map_err(|_| FORMS)?;
    if url.query().is_some() || url.fragment().is_some() {
        return Err("must not have parameters");
    }
    if url.host_str().is_none_or(str::is_empty) {
        return Err("must name a host");
    }
    url.as_str().into_connection_info().map_err(|_| "must end with the number of a database")
}

/// A URL without its scheme. It has several hosts, so it is taken apart here; the rest is read as
/// that of a URL with one host.
fn sentinels(rest: &str) -> Result<RedisServers, &'static str> {
    let (login, rest) = rest.rsplit_once('@').map_or(("", rest), |(login, rest)| (login, rest));
    let (hosts, path) = rest.split_once('/').ok_or(NO_NAME)?;
    let (name, database) = path.split_once('/').unwrap_or((path, ""));
    if name.is_empty() || name.contains(['?', '#', '%']) {
        return Err(NO_NAME);
    }
    let addresses = hosts.split(',').map(address).collect::<Result<_, _>>()?;
    let at = if login.is_empty() { "" } else { "@" };
    let info = connection_info(&format!("redis://{login}{at}primary/{database}"))?;
    let login = Box::new(info.redis_settings().clone());
    Ok(RedisServers::Sentinels { addresses, name: name.to_owned(), login })
}

const NO_NAME: &str = "must name the primary: redis-sentinel://host,host/name";

fn address(text: &str) -> Result<(String, u16), &'static str> {
    let url: Url = format!("redis://{text}").parse().map_err(|_| "must name Sentinels")?;
    match (url.host(), url.path()) {
        (Some(host), "") => {
            let host = match host {
                url::Host::Ipv6(address) => address.to_string(),
                host => host.to_string(),
            };
            Ok((host, url.port().unwrap_or(SENTINEL_PORT)))
        }
        _ => Err("must name Sentinels"),
    }
}

impl fmt::Debug for RedisServers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Display for RedisServers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::One(info) => {
                let tls = matches!(info.addr(), ConnectionAddr::TcpTls { .. });
                write!(f, "{}://{}", if tls { "rediss" } else { "redis" }, info.addr())
            }
            Self::Sentinels { addresses, name, .. } => {
                f.write_str("redis-sentinel://")?;
                for (at, (host, port)) in addresses.iter().enumerate() {
                    write!(f, "{}{host}:{port}", if at == 0 { "" } else { "," })?;
                }
                write!(f, "/{name}")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn password_is_not_shown() {
        for (url, shown) in [
            ("redis://:s3cret@redis.example", "redis://redis.example:6379"),
            ("redis://sso:s3cret@redis.example:7000/3", "redis://redis.example:7000"),
            ("rediss://:s3cret@[::1]:7000", "rediss://::1:7000"),
            ("redis-sentinel://:s3@cret@a,b:1/name/2", "redis-sentinel://a:26379,b:1/name"),
        ] {
            assert_eq!(format!("{:?}", RedisServers::parse(url).unwrap()), shown, "{url}");
        }
    }

    #[test]
    fn login_and_database_of_sentinels_are_those_of_the_primary() {
        let servers = RedisServers::parse("redis-sentinel://sso:p%40ss@a,[::1]:7/name/5").unwrap();
        let RedisServers::Sentinels { addresses, name, login } = servers else { panic!() };
        assert_eq!(addresses, [("a".to_owned(), 26379), ("::1".to_owned(), 7)]);
        assert_eq!(name, "name");
        assert_eq!((login.username(), login.password()), (Some("sso"), Some("p@ss")));
        assert_eq!(login.db(), 5);
    }

    #[test]
    fn wrong_urls_are_refused() {
        for (url, fault) in [
            ("redis", "must be memory"),
            ("http://redis.example", "must be memory"),
            ("redis://", "must"),
            ("redis://redis.example/one", "must end with the number"),
            ("redis://redis.example?db=1", "must not have parameters"),
            ("rediss://redis.example#insecure", "must not have parameters"),
            ("redis-cluster://redis.example", "must not be a Redis Cluster"),
            ("redis-sentinel://a,b", "must name the primary"),
            ("redis-sentinel://a,b/", "must name the primary"),
            ("redis-sentinel://a,/name", "must name Sentinels"),
            ("redis-sentinel:///name", "must name Sentinels"),
        ] {
            let found = RedisServers::parse(url).unwrap_err();
            assert!(found.starts_with(fault), "{url}: {found}");
        }
    }
}
