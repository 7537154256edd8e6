//! How values are spelled in the environment.

use std::{
    fmt::Display,
    net::{IpAddr, SocketAddr},
    str::FromStr,
    time::Duration,
};

use ipnet::IpNet;
use tracing::level_filters::LevelFilter;
use url::Url;

use crate::telemetry::LogFormat;

/// `127.0.0.1:8001`, `[::]:0`. Port 0 binds a free port.
///
/// # Errors
/// When the text is no IP address with a port.
pub fn socket_address(text: &str) -> Result<SocketAddr, &'static str> {
    text.parse().map_err(|_| "must be an address with a port, like 127.0.0.1:8001 or [::]:8001")
}

/// The longest duration. Much longer ones would leave the calendar when they are added to an
/// instant.
const LONGEST_DURATION: Duration = Duration::from_secs(366 * 24 * 60 * 60);
/// The most threads of a kind.
const MOST_THREADS: usize = 1024;

/// `90s`, `30m`, `12h`; longer than nothing, at most 366 days.
///
/// # Errors
/// When the text is not a duration.
pub fn duration(text: &str) -> Result<Duration, &'static str> {
    match humantime::parse_duration(text) {
        Ok(duration) if duration > LONGEST_DURATION => Err("is longer than 366 days"),
        Ok(duration) if !duration.is_zero() => Ok(duration),
        Ok(_) => Err("must be longer than zero, like 90s, 30m or 12h"),
        Err(_) => Err("must be a duration like 90s, 30m or 12h"),
    }
}

/// A whole number above 0, of 32 bits.
///
/// # Errors
/// When it is not.
pub fn positive(text: &str) -> Result<usize, &'static str> {
    match text.parse::<u32>() {
        Ok(number) if number > 0 => Ok(number as usize),
        _ => Err("must be an integer from 1 to 4294967295"),
    }
}

/// A number of threads: 1 to 1024.
///
/// # Errors
/// When it is not.
pub fn threads(text: &str) -> Result<usize, &'static str> {
    let number = text.parse().ok().filter(|number| (1..=MOST_THREADS).contains(number));
    number.ok_or("must be an integer from 1 to 1024")
}

/// `http://host[:port][/path]` or the same with https: no user, no query, no fragment.
///
/// # Errors
/// When it is something else.
pub fn http_url(text: &str) -> Result<Url, &'static str> {
    let url = Url::parse(text).map_err(|_| "must be a URL")?;
    if !matches!(url.scheme(), "http" | "https") || !url.has_host() {
        return Err("must be an http:// or https:// URL");
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err("must not contain a user name or password");
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err("must not contain a query or fragment");
    }
    Ok(url)
}

/// Comma-separated values, blanks around them dropped.
///
/// # Errors
/// When one of them does not parse, or is empty.
pub fn list<T, E: Display>(
    text: &str,
    parse: impl Fn(&str) -> Result<T, E>,
) -> Result<Vec<T>, String> {
    let one = |item: (usize, &str)| {
        parse(item.1.trim()).map_err(|fault| format!("entry {}: {fault}", item.0 + 1))
    };
    text.split(',').enumerate().map(one).collect()
}

/// Comma-separated networks (`10.0.0.0/8`) and addresses (`192.0.2.1`).
///
/// # Errors
/// When one of them is neither.
pub fn networks(text: &str) -> Result<Vec<IpNet>, String> {
    list(text, |item| {
        IpNet::from_str(item)
            .or_else(|_| item.parse::<IpAddr>().map(IpNet::from))
            .map_err(|_| "must be a network like 10.0.0.0/8 or an IP address")
    })
}

/// `text` or `json`.
///
/// # Errors
/// When it is neither.
pub fn log_format(text: &str) -> Result<LogFormat, &'static str> {
    match text {
        "text" => Ok(LogFormat::Text),
        "json" => Ok(LogFormat::Json),
        _ => Err("must be text or json"),
    }
}

/// `error`, `warn`, `info`, `debug` or `trace`.
///
/// # Errors
/// When it is none of them.
pub fn log_level(text: &str) -> Result<LevelFilter, &'static str> {
    match text {
        "error" => Ok(LevelFilter::ERROR),
        "warn" => Ok(LevelFilter::WARN),
        "info" => Ok(LevelFilter::INFO),
        "debug" => Ok(LevelFilter::DEBUG),
        "trace" => Ok(LevelFilter::TRACE),
        _ => Err("must be one of error, warn, info, debug, trace"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations() {
        assert_eq!(duration("90s"), Ok(Duration::from_secs(90)));
        assert_eq!(duration("1h30m"), Ok(Duration::from_secs(5400)));
        assert!(duration("366days").is_ok());
        for wrong in ["", "0s", "-1s", "30", "soon", "367days", "18446744073709551615s"] {
            assert!(duration(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn numbers() {
        assert_eq!((positive("1"), positive("4294967295")), (Ok(1), Ok(4_294_967_295)));
        for wrong in ["", "0", "-1", "1.5", "4294967296", "many"] {
            assert!(positive(wrong).is_err(), "{wrong}");
        }
        assert_eq!(threads("1024"), Ok(1024));
        for wrong in ["0", "1025", "many"] {
            assert!(threads(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn urls() {
        assert!(http_url("https://sso.example:8443/base").is_ok());
        for wrong in ["", "sso.example", "ftp://x", "http://u:p@x", "http://x?a", "http://x#a"] {
            assert!(http_url(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn networks_and_lone_addresses() {
        assert_eq!(networks("10.0.0.0/8, ::1").unwrap().len(), 2);
        assert_eq!(networks("10.0.0.0/8,x").unwrap_err().split(':').next(), Some("entry 2"));
    }
}
