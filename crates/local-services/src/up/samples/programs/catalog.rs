//! A Spring Boot service.

use chrono::{DateTime, FixedOffset};
use fastrand::Rng;

use crate::samples::cri::Line;

/// A Spring Boot service, in colour as on a terminal, with stack traces on standard error.
pub(crate) fn catalog(rng: &mut Rng, at: DateTime<FixedOffset>) -> Vec<Line> {
    let time = at.to_utc().format("%Y-%m-%dT%H:%M:%S%.3fZ");
    let thread = format!("nio-8080-exec-{}", rng.u8(1..9));
    let entry = |colour: u8, level: &str, logger: &str, message: &str| {
        format!(
            "\x1b[2m{time}\x1b[0;39m \x1b[{colour}m{level:>5}\x1b[0;39m \x1b[35m1\x1b[0;39m \
             \x1b[2m--- [{thread}]\x1b[0;39m \x1b[36m{logger:<40}\x1b[0;39m \
             \x1b[2m:\x1b[0;39m {message}"
        )
    };
    let product = rng.u16(1..2000);
    match rng.u8(0..24) {
        0 => {
            let message = format!("Cannot read product {product}");
            let error = entry(31, "ERROR", "c.e.shop.catalog.ProductController", &message);
            let mut lines = vec![Line::out(error)];
            lines.extend(java_stack_trace(rng.u16(30_000..31_000)));
            lines
        }
        1 | 2 => vec![Line::out(entry(
            33,
            "WARN",
            "com.zaxxer.hikari.pool.PoolBase",
            "HikariPool-1 - Failed to validate connection (This connection has been closed.)",
        ))],
        3..=5 => vec![Line::out(entry(
            32,
            "INFO",
            "c.e.shop.catalog.SearchIndex",
            &format!("Reindexed {} products in {} ms", rng.u16(50..900), rng.u16(20..700)),
        ))],
        _ => vec![Line::out(entry(
            32,
            "INFO",
            "c.e.shop.catalog.ProductController",
            &format!("GET /products/{product} 200 in {} ms", rng.u8(1..90)),
        ))],
    }
}

fn java_stack_trace(waited: u16) -> impl Iterator<Item = Line> {
    [
        "org.springframework.jdbc.CannotGetJdbcConnectionException: Failed to obtain JDBC Connection",
        "\tat org.springframework.jdbc.datasource.DataSourceUtils.getConnection(DataSourceUtils.java:84)",
        "\tat org.springframework.jdbc.core.JdbcTemplate.execute(JdbcTemplate.java:653)",
        "\tat com.example.shop.catalog.ProductRepository.find(ProductRepository.java:41)",
        "\tat com.example.shop.catalog.ProductController.product(ProductController.java:29)",
        "\tat java.base/java.lang.Thread.run(Thread.java:1583)",
        &format!(
            "Caused by: java.sql.SQLTransientConnectionException: HikariPool-1 - Connection is not \
             available, request timed out after {waited}ms (total=10, active=10, idle=0, waiting=7)"
        ),
        "\tat com.zaxxer.hikari.pool.HikariPool.createTimeoutException(HikariPool.java:686)",
        "\t... 4 common frames omitted",
    ]
    .map(Line::err)
    .into_iter()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples::programs::testing::{contents, output};

    #[test]
    fn stack_traces_and_colours_occur() {
        let lines = output(catalog);
        assert!(contents(&lines).any(|line| line.1.starts_with("\tat ")));
        assert!(contents(&lines).any(|line| line.1.contains("\x1b[31mERROR")));
    }
}
