//! Forms of the page as bodies of the API: so one rule decides about both.

use std::{collections::BTreeMap, mem};

use actix_web::http::StatusCode;
use chrono::NaiveDateTime;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use service_runtime::http::{Problem, Query, Result};

use crate::users::{PasswordFault, PasswordRules};

/// A form that was sent. Empty fields count as absent.
pub(super) struct SentForm(Query);

/// What was typed into a form that is shown again. No password is in it.
#[derive(Debug, Default)]
pub(super) struct TypedFields(BTreeMap<&'static str, String>);

/// The body of a request, made of the fields of a form.
#[derive(Default)]
pub(super) struct FormBody {
    members: Map<String, Value>,
    pub(super) typed: TypedFields,
}

impl SentForm {
    /// # Errors
    /// 400 when a field is repeated or not UTF-8.
    pub(super) fn new(mut form: Query) -> Result<Self> {
        form.check()?;
        Ok(Self(form))
    }

    /// A field, unless it is empty.
    pub(super) fn text(&mut self, name: &str) -> Option<String> {
        self.0.take(name).filter(|text| !text.trim().is_empty())
    }
}

impl TypedFields {
    /// What was typed into a field.
    pub(super) fn get(&self, name: &str) -> &str {
        self.or(name, "")
    }

    /// The text typed into a field, possibly empty; `set` if the form was not sent.
    pub(super) fn or<'a>(&'a self, name: &str, set: &'a str) -> &'a str {
        self.0.get(name).map_or(set, String::as_str)
    }

    /// Whether a box was checked.
    pub(super) fn is_checked(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }
}

impl FormBody {
    /// Adds a line of text.
    pub(super) fn text(self, form: &mut SentForm, name: &'static str) -> Self {
        self.add(form, name, |text| Value::from(text.trim()))
    }

    /// Adds a text that is not shown again.
    pub(super) fn secret(mut self, form: &mut SentForm, name: &'static str) -> Self {
        if let Some(text) = form.text(name) {
            self.members.insert(name.to_owned(), text.into());
        }
        self
    }

    /// Adds a list of words, which blanks or commas separate.
    pub(super) fn words(self, form: &mut SentForm, name: &'static str) -> Self {
        let is_between = |character: char| character.is_whitespace() || character == ',';
        self.add(form, name, |text| {
            text.split(is_between).filter(|word| !word.is_empty()).collect()
        })
    }

    /// Adds a list of URLs, which blanks separate.
    pub(super) fn urls(self, form: &mut SentForm, name: &'static str) -> Self {
        self.add(form, name, |text| text.split_whitespace().collect())
    }

    /// Adds an instant. Browsers send one without seconds and offset: it is in UTC.
    pub(super) fn instant(self, form: &mut SentForm, name: &'static str) -> Self {
        self.add(form, name, |text| {
            let is_local = NaiveDateTime::parse_from_str(text, "%Y-%m-%dT%H:%M").is_ok();
            if is_local { format!("{text}:00Z").into() } else { text.into() }
        })
    }

    /// Adds whether a box is checked.
    pub(super) fn checked(mut self, form: &mut SentForm, name: &'static str) -> Self {
        let checked = form.text(name);
        self.members.insert(name.to_owned(), checked.is_some().into());
        self.typed.0.extend(checked.map(|value| (name, value)));
        self
    }

    /// Adds a flag.
    pub(super) fn flag(mut self, name: &'static str, flag: bool) -> Self {
        self.members.insert(name.to_owned(), flag.into());
        self
    }

    /// Calls a member otherwise than its field.
    pub(super) fn renamed(mut self, field: &str, name: &'static str) -> Self {
        if let Some(value) = self.members.remove(field) {
            self.members.insert(name.to_owned(), value);
        }
        self
    }

    /// Has a text shown again that is no member.
    pub(super) fn typed(mut self, name: &'static str, text: &str) -> Self {
        self.typed.0.insert(name, text.to_owned());
        self
    }

    /// Adds an empty list in place of a field that is empty: it takes everything away.
    pub(super) fn or_empty_list(mut self, name: &'static str) -> Self {
        self.members.entry(name).or_insert_with(|| Value::Array(Vec::new()));
        self.typed.0.entry(name).or_default();
        self
    }

    /// Adds null in place of a field that is empty: it removes the value.
    pub(super) fn or_null(mut self, name: &'static str) -> Self {
        self.members.entry(name).or_insert(Value::Null);
        self.typed.0.entry(name).or_default();
        self
    }

    /// What is wrong with a password by the rules, which are else applied to a faultless form.
    pub(super) fn password_fault(&self, rules: PasswordRules) -> Option<PasswordFault> {
        let text = |name| self.members.get(name).and_then(Value::as_str);
        let password = text("password")?.parse().ok()?;
        let user = text("username").and_then(|name| name.parse().ok());
        rules.check_for(&password, user.as_ref()).err()
    }

    /// The body of a request, and what was typed.
    ///
    /// # Errors
    /// 400, which a form of ours never is.
    pub(super) fn parse<T: DeserializeOwned>(self) -> Result<T> {
        serde_json::from_value(Value::Object(self.members)).map_err(|_| {
            let detail = "The form has fields that do not belong together.";
            Problem::new(StatusCode::BAD_REQUEST, "bad_request", detail)
        })
    }

    /// The same, and keeps what was typed for the case that the request is refused.
    ///
    /// # Errors
    /// As [`FormBody::parse`].
    pub(super) fn parse_keeping<T: DeserializeOwned>(
        mut self,
        typed: &mut TypedFields,
    ) -> Result<T> {
        *typed = mem::take(&mut self.typed);
        self.parse()
    }

    fn add(
        mut self,
        form: &mut SentForm,
        name: &'static str,
        value: impl FnOnce(&str) -> Value,
    ) -> Self {
        if let Some(text) = form.text(name) {
            self.members.insert(name.to_owned(), value(&text));
            self.typed.0.insert(name, text);
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_form_becomes_the_body_of_a_request() {
        let sent = "name=+ci+&permissions=a:b,+c:d%0D%0Ae:f&until=2027-01-15T08:00&flag=on&none=+\
                    &password=s3cret&uris=https://a/x,y+https://b";
        let mut form = SentForm::new(Query::parse(sent)).unwrap();
        let body = FormBody::default()
            .text(&mut form, "name")
            .words(&mut form, "permissions")
            .instant(&mut form, "until")
            .checked(&mut form, "flag")
            .checked(&mut form, "other")
            .words(&mut form, "none")
            .or_empty_list("none")
            .text(&mut form, "absent")
            .or_null("absent")
            .secret(&mut form, "password")
            .urls(&mut form, "uris");
        assert_eq!((body.typed.get("name"), body.typed.get("password")), (" ci ", ""));
        let expected = json!({
            "name": "ci",
            "permissions": ["a:b", "c:d", "e:f"],
            "until": "2027-01-15T08:00:00Z",
            "flag": true,
            "other": false,
            "none": [],
            "absent": null,
            "password": "s3cret",
            "uris": ["https://a/x,y", "https://b"],
        });
        assert_eq!(body.parse::<Value>().unwrap(), expected);
    }

    #[test]
    fn a_repeated_field_is_refused() {
        assert!(SentForm::new(Query::parse("name=a&name=b")).is_err());
    }
}
