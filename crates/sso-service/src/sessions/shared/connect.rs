//! Connections to Redis.

use std::time::Duration;

use redis::{
    AsyncConnectionConfig, Client, ConnectionAddr, ConnectionInfo, FromRedisValue,
    IntoConnectionInfo, aio::MultiplexedConnection, cmd,
};
use tokio::time::timeout;

use super::servers::RedisServers;

/// How long Redis may take to accept a connection, and to answer.
pub(super) const REDIS_TIME: Duration = Duration::from_millis(500);

/// Redis cannot be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RedisError {
    /// It refuses, or the connection broke.
    #[error(transparent)]
    Redis(#[from] redis::RedisError),
    /// It did not answer in time.
    #[error("no answer within {REDIS_TIME:?}")]
    TimedOut,
    /// No Sentinel knows a primary.
    #[error("no Sentinel names a primary that accepts writes")]
    NoPrimary,
    /// Its keys are spread over several servers.
    #[error("a Redis Cluster is not supported: name one server, or Sentinels")]
    Cluster,
}

/// A connection to the primary.
pub(super) struct Connected {
    pub(super) connection: MultiplexedConnection,
    /// What Redis does when its memory is full, if it says so.
    pub(super) policy: Option<String>,
}

/// Connects to the server, or the primary that the first Sentinel to answer names.
///
/// # Errors
/// When there is none within the time.
pub(super) async fn connect(servers: &RedisServers) -> Result<Connected, RedisError> {
    match servers {
        RedisServers::One(info) => connect_to(info).await,
        RedisServers::Sentinels { addresses, name, login } => {
            for (host, port) in addresses {
                let Ok(primary) = primary_of(host, *port, name).await else { continue };
                let primary = primary.set_redis_settings((**login).clone());
                if let Ok(connected) = connect_to(&primary).await {
                    return Ok(connected);
                }
            }
            Err(RedisError::NoPrimary)
        }
    }
}

async fn connect_to(info: &ConnectionInfo) -> Result<Connected, RedisError> {
    let mut connection = open(info).await?;
    // An account without this permission may use the keys all the same.
    let info: String = ask(&mut connection, &["INFO"]).await.unwrap_or_default();
    if field(&info, "redis_mode") == Some("cluster") {
        return Err(RedisError::Cluster);
    }
    if field(&info, "role") == Some("slave") {
        return Err(RedisError::NoPrimary);
    }
    let policy = field(&info, "maxmemory_policy").map(str::to_owned);
    let _: String = ask(&mut connection, &["PING"]).await?;
    Ok(Connected { connection, policy })
}

async fn open(info: &ConnectionInfo) -> Result<MultiplexedConnection, RedisError> {
    let settings = AsyncConnectionConfig::new()
        .set_connection_timeout(Some(REDIS_TIME))
        .set_response_timeout(Some(REDIS_TIME));
    let client = Client::open(info.clone())?;
    let opened = client.get_multiplexed_async_connection_with_config(&settings);
    // Name resolution and log-in included.
    Ok(timeout(REDIS_TIME, opened).await.map_err(|_| RedisError::TimedOut)??)
}

async fn primary_of(host: &str, port: u16, name: &str) -> Result<ConnectionInfo, RedisError> {
    let mut sentinel = open(&(host, port).into_connection_info()?).await?;
    let words = ["SENTINEL", "GET-MASTER-ADDR-BY-NAME", name];
    let (host, port): (String, u16) = ask(&mut sentinel, &words).await?;
    Ok((host.as_str(), port).into_connection_info()?.set_addr(ConnectionAddr::Tcp(host, port)))
}

async fn ask<T: FromRedisValue>(
    connection: &mut MultiplexedConnection,
    words: &[&str],
) -> Result<T, redis::RedisError> {
    let [command, arguments @ ..] = words else { unreachable!("no command") };
    cmd(command).arg(arguments).query_async(connection).await
}

/// A field of the answer to `INFO`.
fn field<'a>(info: &'a str, name: &str) -> Option<&'a str> {
    let mut fields = info.lines().filter_map(|line| line.split_once(':'));
    fields.find(|(field, _)| *field == name).map(|(_, value)| value.trim_end())
}
