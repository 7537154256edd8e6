//! `admin role …`

use std::io;

use clap::{Args, Subcommand};

use super::{
    error::AdminError,
    table::{listed, print_table, yes_or_no},
    user::parse_permissions,
};
use crate::{
    database::Database,
    users::{Role, UserStore},
};

#[derive(Debug, Subcommand)]
pub(crate) enum RoleCommand {
    /// Make a role permit these and nothing else; create it when it is not there
    Set(Set),
    /// List all roles
    List,
}

#[derive(Debug, Args)]
pub(crate) struct Set {
    /// The name: a-z, 0-9, '.', '_' and '-', the first a letter or a digit
    name: String,
    /// A permission, like logs:read:shop/*; may be given several times
    #[arg(long = "permission", value_name = "PERMISSION")]
    permissions: Vec<String>,
}

impl RoleCommand {
    pub(super) async fn run(self, database: Database) -> Result<(), AdminError> {
        let store = UserStore::new(database);
        match self {
            Self::Set(Set { name, permissions }) => {
                let permissions = parse_permissions(&permissions)?;
                Ok(store.set_role(name.parse()?, permissions).await?)
            }
            Self::List => {
                let roles = store.roles().await?;
                let head = ["ROLE", "PERMISSIONS", "BUILT IN"];
                Ok(print_table(head, roles.iter().map(row), &mut io::stdout().lock())?)
            }
        }
    }
}

fn row(role: &Role) -> [String; 3] {
    [role.name.clone(), listed(&role.permissions()), yes_or_no(role.builtin)]
}
