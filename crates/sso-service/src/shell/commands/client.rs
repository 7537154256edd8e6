//! `admin client …`

use std::io::{self, Write};

use clap::{Args, Subcommand};

use crate::{
    administration::{Actor, Administration, RequestedClient},
    oidc::{CallbackUri, ClientSettings, ClientUri, OidcClient},
    shell::{
        error::AdminError,
        pages::all,
        table::{instant, listed, print_table, yes_or_no},
    },
    signing_keys::SigningAlgorithm,
};

#[derive(Debug, Subcommand)]
pub(crate) enum ClientCommand {
    /// Create a client of OpenID Connect; print its id, and its secret, which cannot be shown again
    Create(CreateClient),
    /// List all clients, the oldest first
    List,
    /// Delete a client
    Delete {
        /// The name
        name: String,
    },
}

#[derive(Debug, Args)]
pub(crate) struct CreateClient {
    /// The name that users read
    name: String,
    /// Where browsers come back to, an https URL; may be given several times
    #[arg(long = "redirect-uri", value_name = "URI", required = true)]
    redirect_uris: Vec<ClientUri>,
    /// Where browsers go after a log-out; may be given several times
    #[arg(long = "post-logout-redirect-uri", value_name = "URI")]
    post_logout_redirect_uris: Vec<ClientUri>,
    /// Where the client is told that a session has ended, an https URL
    #[arg(long, value_name = "URI")]
    backchannel_logout_uri: Option<CallbackUri>,
    /// A role that a user must have, this one or another; may be given several times
    #[arg(long = "role", value_name = "ROLE")]
    roles: Vec<String>,
    /// The client cannot keep a secret: an app on the device of its user
    #[arg(long)]
    public: bool,
    /// The algorithm of ID tokens: ES256 or RS256 [default: that of the service]
    #[arg(long, value_name = "ALGORITHM")]
    id_token_alg: Option<SigningAlgorithm>,
}

impl ClientCommand {
    pub(in crate::shell) async fn run(
        self,
        administration: &Administration,
    ) -> Result<(), AdminError> {
        match self {
            Self::Create(create) => create.run(administration).await,
            Self::List => {
                let clients = all(async |part| administration.clients(&part).await).await?;
                let head = ["NAME", "PUBLIC", "REDIRECT URIS", "ROLES", "CREATED", "BY", "ID"];
                Ok(print_table(head, clients.iter().map(row), &mut io::stdout().lock())?)
            }
            Self::Delete { name } => {
                Ok(administration.delete_client_named(Actor::Shell, name.parse()?).await?)
            }
        }
    }
}

impl CreateClient {
    /// Prints id and secret once they are on the disk, even if the audit log was not written.
    async fn run(self, administration: &Administration) -> Result<(), AdminError> {
        let settings = ClientSettings {
            name: self.name.parse()?,
            redirect_uris: self.redirect_uris,
            post_logout_redirect_uris: self.post_logout_redirect_uris,
            backchannel_logout_uri: self.backchannel_logout_uri,
            roles: self.roles.iter().map(|role| role.parse()).collect::<Result<_, _>>()?,
            id_token_alg: self.id_token_alg,
        };
        let wish = RequestedClient { settings, is_public: self.public };
        let (secret, client) = administration.create_client(Actor::Shell, wish).await?;
        let mut out = io::stdout().lock();
        writeln!(out, "{}", client.id)?;
        if let Some(secret) = secret {
            writeln!(out, "{}", secret.expose())?;
        }
        Ok(())
    }
}

fn row(client: &OidcClient) -> [String; 7] {
    let texts = |items: &[ClientUri]| items.iter().map(ToString::to_string).collect::<Vec<_>>();
    let roles: Vec<_> = client.settings.roles.iter().map(ToString::to_string).collect();
    [
        client.settings.name.to_string(),
        yes_or_no(client.is_public()),
        listed(&texts(&client.settings.redirect_uris)),
        listed(&roles),
        instant(client.created_at),
        client.created_by.clone(),
        client.id.to_string(),
    ]
}
