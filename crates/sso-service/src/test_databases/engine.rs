//! The engines, and tests that run on each of them.

/// A kind of database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Engine {
    Sqlite,
    Postgres,
}

/// Functions that take an [`Engine`] as tests of each. Those on PostgreSQL are ignored, and counted
/// so, where it is not installed.
macro_rules! on_both_engines {
    ($($test:ident),* $(,)?) => {
        mod sqlite {
            $(#[actix_web::test]
            async fn $test() {
                super::$test($crate::test_databases::Engine::Sqlite).await;
            })*
        }

        mod postgres {
            use $crate::test_databases::Engine::Postgres;
            $($crate::test_databases::on_postgres! { @ $test(Postgres) })*
        }

        mod sqlite_and_redis {
            $(#[actix_web::test]
            #[cfg_attr(not(tests_on_redis), ignore = "Redis not found: run cargo xtask peers")]
            async fn $test() {
                let test = super::$test($crate::test_databases::Engine::Sqlite);
                $crate::test_databases::with_redis(test).await;
            })*
        }

        mod postgres_and_redis {
            $(#[actix_web::test]
            #[cfg_attr(
                not(all(tests_on_postgres, tests_on_redis)),
                ignore = "PostgreSQL or Redis not found: run cargo xtask peers"
            )]
            async fn $test() {
                let test = super::$test($crate::test_databases::Engine::Postgres);
                $crate::test_databases::with_redis(test).await;
            })*
        }
    };
}
pub(crate) use on_both_engines;

/// Functions as tests that need PostgreSQL.
macro_rules! on_postgres {
    ($($test:ident),* $(,)?) => {
        mod postgres_alone {
            $($crate::test_databases::on_postgres! { @ $test() })*
        }
    };
    (@ $test:ident($($engine:ident)?)) => {
        #[actix_web::test]
        #[cfg_attr(
            not(tests_on_postgres),
            ignore = "PostgreSQL not found: run cargo xtask peers"
        )]
        async fn $test() {
            super::$test($($engine)?).await;
        }
    };
}
pub(crate) use on_postgres;
