//! The rule that an enabled user with a password can administer by a role: the roles of others are a
//! matter of the provider that they log in by.

use crate::store::{
    errors::ChangeError,
    sql::{SqlConnection, query},
};

/// Whether an enabled user with a password may administer by a role.
pub(super) async fn has_admin(connection: &mut SqlConnection) -> Result<bool, sqlx::Error> {
    // No user has this number.
    has_admin_besides(connection, 0).await
}

/// Whether an enabled user with a password, other than this one, may administer by a role.
pub(super) async fn has_admin_besides(
    connection: &mut SqlConnection,
    user: i64,
) -> Result<bool, sqlx::Error> {
    query(
        "SELECT EXISTS (
             SELECT 1 FROM users
             JOIN user_roles ON user_roles.user_number = users.number
             JOIN role_permissions USING (role)
             WHERE NOT disabled AND users.number <> $1
                 AND NOT EXISTS (SELECT 1 FROM upstream_identities WHERE user_number = users.number)
                 AND permission IN ('*', 'sso:admin', 'sso:admin:*/*')
         )",
    )
    .bind(user)
    .fetch_one(connection)
    .await
}

/// Makes a change, and refuses it when it took the last administrator. It has to be within a
/// transaction, which is rolled back then.
pub(super) async fn keep_administered<T>(
    connection: &mut SqlConnection,
    change: impl AsyncFnOnce(&mut SqlConnection) -> Result<T, ChangeError>,
) -> Result<T, ChangeError> {
    let before = has_admin(connection).await?;
    let changed = change(connection).await?;
    if before && !has_admin(connection).await? {
        return Err(ChangeError::LastAdmin);
    }
    Ok(changed)
}
