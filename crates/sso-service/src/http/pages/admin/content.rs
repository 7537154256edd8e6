//! What a section of the page shows.

use service_runtime::http::{Problem, Query, Result};

use super::{
    rows::{ClientRow, EventRow, GrantRow, KeyRow, RoleRow, Sessions, UserRow},
    section::Section,
};
use crate::{
    administration::{Administration, AdministrationError},
    audit::{EventFilter, Kind},
    http::{error::no_such_user, pages::account::SessionRow},
    page::Part,
    users::Username,
};

/// How many items a page of a list has.
const LIMIT: u16 = 50;

/// Which section is asked for, and what of it.
#[derive(Debug)]
pub(super) struct ContentQuery {
    pub(super) section: Section,
    /// The user that is shown, or whose events are; of the list of users, how their names begin.
    pub(super) name: String,
    /// The kind of events that are shown.
    pub(super) kind: String,
    after: Option<String>,
}

/// What a section of the page shows.
pub(super) enum Content {
    Users(Vec<UserRow>),
    /// A user, and whether the user has a password here.
    User {
        user: UserRow,
        sessions: Sessions,
        has_password: bool,
    },
    Roles(Vec<RoleRow>),
    Grants(Vec<GrantRow>),
    Keys(Vec<KeyRow>),
    Clients(Vec<ClientRow>),
    /// Those of the user who is searched for. `None` if no user has the name.
    Sessions(Option<Sessions>),
    /// The events, and the names of all kinds.
    Audit(Vec<EventRow>, Vec<&'static str>),
}

impl ContentQuery {
    /// Other parameters are ignored, as on all pages.
    pub(super) fn read(mut query: Query) -> Self {
        let section = Section::named(query.take("section").as_deref());
        let mut text = |name: &str| query.take(name).unwrap_or_default().trim().to_owned();
        let (name, kind, after) = (text("name"), text("kind"), text("after"));
        Self { section, name, kind, after: Some(after).filter(|after| !after.is_empty()) }
    }

    /// The first page of a section.
    pub(super) fn of(section: Section, name: &str) -> Self {
        Self { section, name: name.to_owned(), kind: String::new(), after: None }
    }

    /// What is shown, and the key that the next page comes after.
    ///
    /// # Errors
    /// 404 for a user who does not exist, 503 when the database cannot be read.
    pub(super) async fn load(
        &self,
        administration: &Administration,
    ) -> Result<(Content, Option<String>)> {
        let now = administration.now();
        match self.section {
            Section::Users => {
                let page = administration.users(&self.users()).await?;
                let mut page = page.map(UserRow::from);
                let fits = |user: &UserRow| user.name.starts_with(&self.prefix());
                if !page.items.iter().all(fits) {
                    page.items.retain(fits);
                    page.next = None;
                }
                Ok((Content::Users(page.items), page.next))
            }
            Section::User => {
                let name: Username = self.name.parse().map_err(|_| no_such_user())?;
                let user = administration.user(&name).await?;
                let has_password = !administration.logs_in_upstream(&user).await?;
                let page = administration.sessions_of(&name, &self.part()?).await?;
                let page = page.map(|session| SessionRow::of_user(&session, now));
                let sessions = page.items;
                Ok((Content::User { user: user.into(), sessions, has_password }, page.next))
            }
            Section::Sessions => self.sessions(administration).await,
            Section::Roles => {
                let page = administration.roles(&self.part()?).await?.map(RoleRow::from);
                Ok((Content::Roles(page.items), page.next))
            }
            Section::Grants => {
                let page = administration.grants(&self.part()?).await?;
                let page = page.map(|grant| GrantRow::new(grant, now));
                Ok((Content::Grants(page.items), page.next))
            }
            Section::Keys => {
                let page = administration.keys(&self.part()?).await?;
                let page = page.map(|key| KeyRow::new(key, now));
                Ok((Content::Keys(page.items), page.next))
            }
            Section::Clients => {
                let page = administration.clients(&self.part()?).await?.map(ClientRow::from);
                Ok((Content::Clients(page.items), page.next))
            }
            Section::Audit => {
                let filter = EventFilter { kind: self.kind.clone(), name: self.name.clone() };
                let page = administration.audit(&self.part()?, filter).await?;
                let page = page.map(EventRow::from);
                Ok((Content::Audit(page.items, Kind::names()), page.next))
            }
        }
    }

    /// The sessions of the user who is searched for.
    async fn sessions(&self, administration: &Administration) -> Result<(Content, Option<String>)> {
        let Ok(name) = self.name.parse::<Username>() else {
            return Ok((Content::Sessions(None), None));
        };
        match administration.sessions_of(&name, &self.part()?).await {
            Ok(page) => {
                let now = administration.now();
                let page = page.map(|session| SessionRow::of_user(&session, now));
                Ok((Content::Sessions(Some(page.items)), page.next))
            }
            Err(AdministrationError::NoSuchUser(_)) => Ok((Content::Sessions(None), None)),
            Err(error) => Err(error.into()),
        }
    }

    /// How the names of the users begin that are searched for.
    fn prefix(&self) -> String {
        self.name.to_ascii_lowercase()
    }

    /// The part of the list of users that begins with those that are searched for.
    fn users(&self) -> Part {
        let mut before = self.prefix();
        // Nothing that a name can hold comes between this text and the prefix.
        let last = before.pop().map(|last| u8::try_from(last).unwrap_or(u8::MAX));
        let last = last.map(|last| last.saturating_sub(1).min(b'z'));
        before.extend(last.into_iter().flat_map(|last| [char::from(last), '\u{7f}']));
        let after = self.after.clone().or(Some(before).filter(|before| !before.is_empty()));
        Part { after, limit: LIMIT }
    }

    fn part<K: std::str::FromStr>(&self) -> Result<Part<K>> {
        let after = self.after.as_deref().map(str::parse).transpose();
        let after = after.map_err(|_| Problem::not_found("not_found", "No such page."))?;
        Ok(Part { after, limit: LIMIT })
    }
}
