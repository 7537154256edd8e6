//! What an operation takes and answers.

use std::collections::BTreeMap;

use serde_json::Value;
use utoipa::{
    ToSchema,
    openapi::{
        Content, Ref, RefOr, Required, Response, ResponseBuilder, Schema,
        path::{Operation, OperationBuilder, Parameter},
        request_body::RequestBody,
        schema::AdditionalProperties,
        security::SecurityRequirement,
    },
};

use super::{
    problems::problem,
    responses::{SharedResponse, json_content, schemas_of, uncached},
};

/// A kind of credential that an operation accepts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Credential {
    /// A token in `Authorization: Bearer`, or from the log-in with user name and password.
    Bearer,
    /// The cookie with the session token.
    SessionCookie,
    /// The cookie with the refresh token.
    RefreshCookie,
    /// An API key as the password of `Authorization: Basic`.
    Basic,
}

impl Credential {
    /// The security schemes, of which one is enough.
    pub(super) fn schemes(self) -> &'static [&'static str] {
        match self {
            Self::Bearer => &["password", "bearer"],
            Self::SessionCookie => &["session_cookie"],
            Self::RefreshCookie => &["refresh_cookie"],
            Self::Basic => &["basic"],
        }
    }
}

/// The description of an operation. Each can answer 400, 500 and 503.
pub struct ApiOperation {
    pub(super) id: &'static str,
    pub(super) operation: Operation,
    pub(super) credentials: Vec<Credential>,
    /// Whether one of them is needed.
    is_secured: bool,
    pub(super) shared: BTreeMap<String, Response>,
    pub(super) schemas: Vec<(String, RefOr<Schema>)>,
}

impl ApiOperation {
    /// An operation of this group: its id, unique in the service, and a summary.
    #[must_use]
    pub fn new(tag: &str, id: &'static str, summary: &str) -> Self {
        Self::bare(tag, id, summary).problems([400, 500, 503])
    }

    /// The same without an error of its own: its errors have another form than problems.
    #[must_use]
    pub fn bare(tag: &str, id: &'static str, summary: &str) -> Self {
        let operation = OperationBuilder::new().tag(tag).summary(Some(summary));
        Self {
            id,
            operation: operation.build(),
            credentials: Vec::new(),
            is_secured: false,
            shared: BTreeMap::new(),
            schemas: Vec::new(),
        }
    }

    /// What the summary leaves open, in CommonMark.
    #[must_use]
    pub fn description(mut self, text: &str) -> Self {
        self.operation.description = Some(text.to_owned());
        self
    }

    /// The credentials of which one is needed. It can answer 401 and 403.
    #[must_use]
    pub fn needs<const N: usize>(self, credentials: [Credential; N]) -> Self {
        self.needs_only(credentials).problems([401, 403])
    }

    /// The same for an operation whose errors have a form of their own.
    #[must_use]
    pub fn needs_only<const N: usize>(mut self, credentials: [Credential; N]) -> Self {
        self.is_secured = true;
        self.accepts(credentials)
    }

    /// The credentials of which one may be given, here or, as other ones, in the body.
    #[must_use]
    pub fn accepts<const N: usize>(mut self, credentials: [Credential; N]) -> Self {
        self.credentials.extend(credentials);
        self
    }

    /// A parameter.
    #[must_use]
    pub fn parameter(mut self, parameter: Parameter) -> Self {
        let parameters = self.operation.parameters.get_or_insert_default();
        parameters.push(RefOr::T(parameter));
        self
    }

    /// A JSON body without other members than those of `T`. It can be answered with 408, 413, 415
    /// and 422.
    #[must_use]
    pub fn json_body<T: ToSchema>(self, example: Value) -> Self {
        self.body::<T>("application/json", example).problems([408, 413, 415, 422])
    }

    /// The same for a body that may be absent.
    #[must_use]
    pub fn optional_json_body<T: ToSchema>(self, example: Value) -> Self {
        let mut operation = self.json_body::<T>(example);
        if let Some(RefOr::T(body)) = &mut operation.operation.request_body {
            body.required = Some(Required::False);
        }
        operation
    }

    /// A form. It can be answered with 408, 413, 415 and 422.
    #[must_use]
    pub fn form<T: ToSchema>(self, example: Value) -> Self {
        self.body::<T>("application/x-www-form-urlencoded", example).problems([408, 413, 415, 422])
    }

    /// A body of this media type, beside those of other types.
    #[must_use]
    pub fn body<T: ToSchema>(mut self, media_type: &str, example: Value) -> Self {
        let mut schemas = schemas_of::<T>();
        if media_type == "application/json" {
            schemas.iter_mut().for_each(|(_, schema)| close(schema));
        }
        self.schemas.extend(schemas);
        self.body_of(media_type, json_content(Ref::from_schema_name(T::name()), example))
    }

    /// The same with a content.
    #[must_use]
    pub fn body_of(mut self, media_type: &str, content: Content) -> Self {
        let body = self.operation.request_body.get_or_insert_with(|| RefOr::T(RequestBody::new()));
        if let RefOr::T(body) = body {
            body.required = Some(Required::True);
            body.content.insert(media_type.to_owned(), content.into());
        }
        self
    }

    /// An answer with a JSON object, for one caller.
    #[must_use]
    pub fn json<T: ToSchema>(self, status: u16, description: &str, example: Value) -> Self {
        let content = json_content(Ref::from_schema_name(T::name()), example);
        let answer = uncached(description).content("application/json", content);
        self.with_schema::<T>().answer(status, answer)
    }

    /// Schemas that an answer refers to.
    #[must_use]
    pub fn with_schema<T: ToSchema>(mut self) -> Self {
        self.schemas.extend(schemas_of::<T>());
        self
    }

    /// 204.
    #[must_use]
    pub fn no_content(self, description: &str) -> Self {
        self.answer(204, uncached(description))
    }

    /// An answer.
    #[must_use]
    pub fn answer(mut self, status: u16, response: ResponseBuilder) -> Self {
        let responses = &mut self.operation.responses.responses;
        responses.insert(status.to_string(), RefOr::T(response.build()));
        self
    }

    /// Problems of these statuses.
    #[must_use]
    pub fn problems<const N: usize>(self, statuses: [u16; N]) -> Self {
        statuses.into_iter().map(problem).fold(self, Self::shared)
    }

    /// An answer that several operations have in common.
    #[must_use]
    pub fn shared(mut self, shared: SharedResponse) -> Self {
        let reference = Ref::from_response_name(&shared.name);
        let responses = &mut self.operation.responses.responses;
        responses.insert(shared.status.to_string(), RefOr::Ref(reference));
        self.shared.insert(shared.name, shared.response);
        self.schemas.extend(shared.schemas);
        self
    }

    /// The security requirements: alternatives, of which the empty one stands for none.
    pub(super) fn security(&self) -> Vec<SecurityRequirement> {
        let schemes = self.credentials.iter().flat_map(|credential| credential.schemes());
        let requirement = |scheme: &&str| SecurityRequirement::new(*scheme, [""; 0]);
        let mut alternatives: Vec<_> = schemes.map(requirement).collect();
        if !self.is_secured && !alternatives.is_empty() {
            alternatives.push(SecurityRequirement::default());
        }
        alternatives
    }
}

/// Excludes other members.
fn close(schema: &mut RefOr<Schema>) {
    if let RefOr::T(Schema::Object(object)) = schema {
        object.additional_properties = Some(Box::new(AdditionalProperties::FreeForm(false)));
    }
}
