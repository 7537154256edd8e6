//! The headers of answers, each described once.

use utoipa::openapi::{Components, HeaderBuilder, Ref, RefOr, schema::Type};

/// The headers: the name of the component, the header, what it says, an example.
const HEADERS: [(&str, &str, &str, &str); 17] = [
    (
        "AllowedOrigin",
        "Access-Control-Allow-Origin",
        "The origin whose scripts may read the answer.",
        "*",
    ),
    ("AcceptedMethods", "Allow", "The methods that the path answers.", "GET, HEAD"),
    ("CacheControl", "Cache-Control", "Whether the answer may be kept.", "no-store"),
    (
        "ContentDisposition",
        "Content-Disposition",
        "A name for the file.",
        "attachment; filename=\"web-0.log\"",
    ),
    (
        "ContentSecurityPolicy",
        "Content-Security-Policy",
        "What the page may load, run and call.",
        "default-src 'none'",
    ),
    ("EntityTag", "ETag", "Names this content of the file.", "\"3f0c8a1b2c3d\""),
    ("Location", "Location", "Where to go on.", "/login"),
    ("ReferrerPolicy", "Referrer-Policy", "What other sites learn of the page.", "same-origin"),
    (
        "RequestId",
        "X-Request-Id",
        "The id of the request, which finds it in the logs: that of the request if it is 1 to 128 \
         visible ASCII characters, else a new UUIDv7.",
        "019b2f62-7d3c-7a51-9d0e-3f0c8a1b2c3d",
    ),
    ("RetryAfter", "Retry-After", "After how many seconds to try again.", "1"),
    (
        "SessionCookies",
        "Set-Cookie",
        "The cookies `session_id` and `refresh_token`, each in a header of its own: given, renewed \
         or taken back.",
        "session_id=…; Path=/; HttpOnly; SameSite=Lax",
    ),
    (
        "Challenge",
        "WWW-Authenticate",
        "How to authenticate (RFC 6750, section 3), where the credential is the fault.",
        "Bearer realm=\"sso\", error=\"invalid_token\"",
    ),
    ("AuthUser", "X-Auth-User", "The name of the user.", "alice"),
    ("AuthUserId", "X-Auth-User-Id", "The id of the user.", "019b2f62-7d3c-7a51-9d0e-3f0c8a1b2c3d"),
    ("AuthRoles", "X-Auth-Roles", "The roles, separated by commas.", "reader,user"),
    ("AuthPermissions", "X-Auth-Permissions", "The permissions, separated by commas.", "logs:read"),
    ("Sniffing", "X-Content-Type-Options", "Always `nosniff`.", "nosniff"),
];

/// The component that describes a header.
///
/// # Panics
/// When the header is not in the list above.
#[must_use]
pub fn header_ref(name: &str) -> Ref {
    let found = HEADERS.iter().find(|(_, header, ..)| *header == name);
    let Some((component, ..)) = found else { panic!("the header {name} is not described") };
    Ref::new(format!("#/components/headers/{component}"))
}

/// Adds the headers that this text, a part of the document in JSON, refers to.
pub(super) fn describe(components: &mut Components, text: &str) {
    for (component, _, description, example) in HEADERS {
        if !text.contains(&format!("#/components/headers/{component}\"")) {
            continue;
        }
        let header = HeaderBuilder::new()
            .schema(Some(utoipa::openapi::Object::with_type(Type::String)))
            .description(Some(description))
            .example(Some(example.into()))
            .build();
        components.headers.insert(component.to_owned(), RefOr::T(header));
    }
}
