//! `admin role …`

use std::io;

use clap::{Args, Subcommand};

use crate::{
    administration::{Actor, Administration},
    shell::{
        error::AdminError,
        input::permissions::parse_permissions,
        pages::all,
        table::{listed, print_table, yes_or_no},
    },
    users::Role,
};

#[derive(Debug, Subcommand)]
pub(crate) enum RoleCommand {
    /// Make a role permit these and nothing else; create it when it is not there
    Set(SetRole),
    /// List all roles
    List,
}

#[derive(Debug, Args)]
pub(crate) struct SetRole {
    /// The name: a-z, 0-9, '.', '_' and '-', the first a letter or a digit
    name: String,
    /// A permission, like logs:read:shop/*; may be given several times
    #[arg(long = "permission", value_name = "PERMISSION")]
    permissions: Vec<String>,
}

impl RoleCommand {
    pub(in crate::shell) async fn run(
        self,
        administration: &Administration,
    ) -> Result<(), AdminError> {
        match self {
            Self::Set(set) => {
                let permissions = parse_permissions(&set.permissions)?;
                let role = set.name.parse()?;
                administration.set_role(Actor::Shell, role, permissions).await?;
                Ok(())
            }
            Self::List => {
                let roles = all(async |part| administration.roles(&part).await).await?;
                let head = ["ROLE", "PERMISSIONS", "BUILT IN"];
                Ok(print_table(head, roles.iter().map(row), &mut io::stdout().lock())?)
            }
        }
    }
}

fn row(role: &Role) -> [String; 3] {
    [role.name.clone(), listed(&role.permissions), yes_or_no(role.builtin)]
}
