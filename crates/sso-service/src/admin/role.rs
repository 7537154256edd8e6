//! `admin role …`

use std::io;

use clap::{Args, Subcommand};
use sqlx::SqliteConnection;

use super::{
    error::AdminError,
    table::{listed, print_table, yes_or_no},
    user::parse_permissions,
};
use crate::{
    audit::{AuditRecord, Kind},
    users::{Role, RoleName, UserStore, set_role},
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
    pub(super) async fn run(self, record: &mut AuditRecord) -> Result<(), AdminError> {
        match self {
            Self::Set(set) => set.run(record).await,
            Self::List => {
                let roles = UserStore::new(record.database().clone()).roles().await?;
                let head = ["ROLE", "PERMISSIONS", "BUILT IN"];
                Ok(print_table(head, roles.iter().map(row), &mut io::stdout().lock())?)
            }
        }
    }
}

impl Set {
    async fn run(self, record: &mut AuditRecord) -> Result<(), AdminError> {
        let permissions = parse_permissions(&self.permissions)?;
        let role: RoleName = self.name.parse()?;
        let event = record.event(Kind::RoleChanged).because("set").on(role.as_str());
        let set = async move |connection: &mut SqliteConnection| {
            set_role(connection, &role, &permissions).await?;
            Ok::<_, AdminError>(())
        };
        record.change(event, set).await
    }
}

fn row(role: &Role) -> [String; 3] {
    [role.name.clone(), listed(&role.permissions()), yes_or_no(role.builtin)]
}
