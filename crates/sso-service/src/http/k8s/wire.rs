//! `TokenReview` of `authentication.k8s.io`, whose versions v1 and v1beta1 have the same members.

use actix_web::http::StatusCode;
use serde::{Deserialize, Serialize};
use service_runtime::http::{JsonObject, Problem, Result};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{http::wire::json::parse_open_json, kubernetes::KubernetesUser};

const KIND: &str = "TokenReview";

/// The version of a review, which its answer has as well.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
pub(in crate::http) enum ReviewVersion {
    #[serde(rename = "authentication.k8s.io/v1")]
    V1,
    #[serde(rename = "authentication.k8s.io/v1beta1")]
    V1Beta1,
}

/// A question about a token.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct ReviewRequest {
    pub(super) version: ReviewVersion,
    /// Empty when the review has none.
    pub(super) token: String,
}

/// The members that are read. The API server sends others too, and may send more in a later
/// version.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(in crate::http) struct ReviewBody {
    api_version: ReviewVersion,
    #[schema(pattern = "^TokenReview$")]
    kind: String,
    #[serde(default)]
    #[schema(value_type = ReviewSpec)]
    spec: JsonObject<ReviewSpec>,
}

#[derive(Default, Deserialize, ToSchema)]
struct ReviewSpec {
    #[serde(default)]
    token: String,
}

impl ReviewRequest {
    /// Reads a review.
    ///
    /// # Errors
    /// 400 when the body is no `TokenReview` of a known version.
    pub(super) fn parse(body: &[u8]) -> Result<Self> {
        let review: ReviewBody = parse_open_json(body).map_err(|_| not_a_review())?;
        if review.kind != KIND {
            return Err(not_a_review());
        }
        Ok(Self { version: review.api_version, token: review.spec.0.token })
    }
}

fn not_a_review() -> Problem {
    let detail = "The body must be a TokenReview of authentication.k8s.io/v1 or v1beta1.";
    Problem::new(StatusCode::BAD_REQUEST, "bad_request", detail)
}

/// The answer. It has no audiences: a token is good for every audience, and the API server then
/// checks the audiences of the request against its own.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(in crate::http) struct ReviewAnswer {
    api_version: ReviewVersion,
    kind: &'static str,
    status: ReviewStatus,
}

#[derive(Debug, Serialize, ToSchema)]
struct ReviewStatus {
    authenticated: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    user: Option<UserInfo>,
}

#[derive(Debug, Serialize, ToSchema)]
struct UserInfo {
    username: String,
    uid: Uuid,
    groups: Vec<String>,
}

impl ReviewAnswer {
    /// The answer about the token of this user; of nobody when it is invalid.
    pub(super) fn new(version: ReviewVersion, user: Option<KubernetesUser>) -> Self {
        let user =
            user.map(|KubernetesUser { username, uid, groups }| UserInfo { username, uid, groups });
        let status = ReviewStatus { authenticated: user.is_some(), user };
        Self { api_version: version, kind: KIND, status }
    }
}
