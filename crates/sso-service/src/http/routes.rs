//! The route table: every method of every path, and its handler.

use service_runtime::http::{RouteRow, openapi};
use shared_types::paths;
use strum::VariantArray;

use super::{
    admin::{audit, clients, grants, keys, roles, sessions as user_sessions, users},
    auth::{
        forgotten_password, login, logout, oidc as upstream, password, refresh, register, session,
        sessions, user,
        validation::{validate, validate_batch},
        verify_email,
    },
    authz, k8s,
    oauth::{device, introspect, revoke, token},
    oidc, pages,
    well_known::{jwks, metadata},
};
use crate::site::{AUTHORIZATION_PATH, DEVICE_PATH};

/// A method of a path. The router and the test of authorisation both read the table, so that a new
/// route cannot be left out of either.
#[derive(Debug, Clone, Copy, PartialEq, Eq, VariantArray)]
pub(super) enum Route {
    // Services check the tokens that they were sent.
    Validate,
    ValidateBatch,
    Introspect,
    ReviewToken,

    // Holders of tokens revoke them, and exchange them for JWTs, which services verify. Clients log
    // users in.
    Revoke,
    Token,
    Authorize,
    AuthorizeForm,
    UserInfo,
    UserInfoForm,
    EndSessionForClient,
    EndSessionForClientForm,
    AuthorizeDevice,
    DevicePage,
    DeviceForm,
    PublicKeys,
    AuthorizationServerMetadata,
    ProviderMetadata,

    // Proxies ask whether a request may pass to its backend.
    AuthorizeForNginx,
    AuthorizeForward,
    AuthorizeForEnvoy,

    // Users log in, and manage their own account.
    Register,
    LogIn,
    LogInUpstream,
    LogInCallback,
    VerifyEmail,
    SendCode,
    ForgotPassword,
    ResetPassword,
    ChangePassword,
    Renew,
    Refresh,
    LogOut,
    ShowSession,
    ShowAccount,
    ListSessions,
    EndOtherSessions,
    EndSession,

    // Browsers show pages.
    StartPage,
    LogInPage,
    LogInForm,
    LogOutPage,
    LogOutForm,
    AccountPage,
    AccountForm,
    AdminPage,
    AdminForm,
    RegisterPage,
    RegisterForm,
    ResetPage,
    ResetForm,

    // Administrators manage users, roles, grants, keys and clients.
    ListUsers,
    CreateUser,
    ShowUser,
    UpdateUser,
    DeleteUser,
    ListUserSessions,
    EndUserSessions,
    ListRoles,
    SetRole,
    DeleteRole,
    ListGrants,
    CreateGrant,
    DeleteGrant,
    ListKeys,
    CreateKey,
    DeleteKey,
    ListClients,
    CreateClient,
    UpdateClient,
    DeleteClient,
    ListEvents,

    // The documentation of this table.
    ApiDocument,
    ApiPage,
    ApiPageFile,
}

impl Route {
    /// The row of this route.
    pub(super) fn row(self) -> RouteRow {
        match self {
            Self::Validate => RouteRow::post(paths::VALIDATE, validate::validate),
            Self::ValidateBatch => {
                RouteRow::post(paths::VALIDATE_BATCH, validate_batch::validate_batch)
            }
            Self::Introspect => RouteRow::post("/oauth/introspect", introspect::introspect),
            Self::Revoke => RouteRow::post("/oauth/revoke", revoke::revoke),
            Self::Token => RouteRow::post("/oauth/token", token::token),
            Self::Authorize => RouteRow::get(AUTHORIZATION_PATH, oidc::authorize),
            Self::AuthorizeForm => RouteRow::post(AUTHORIZATION_PATH, oidc::authorize_by_form),
            Self::UserInfo => RouteRow::get("/oauth/userinfo", oidc::userinfo),
            Self::UserInfoForm => RouteRow::post("/oauth/userinfo", oidc::userinfo),
            Self::EndSessionForClient => RouteRow::get("/oauth/logout", oidc::log_out),
            Self::EndSessionForClientForm => RouteRow::post("/oauth/logout", oidc::log_out_by_form),
            Self::AuthorizeDevice => RouteRow::post("/oauth/device", device::authorize_device),
            Self::DevicePage => RouteRow::get(DEVICE_PATH, oidc::show_device_form),
            Self::DeviceForm => RouteRow::post(DEVICE_PATH, oidc::decide_on_device),
            Self::PublicKeys => RouteRow::get(jwks::PATH, jwks::public_keys),
            Self::AuthorizationServerMetadata => {
                RouteRow::get("/.well-known/oauth-authorization-server", metadata::metadata)
            }
            Self::ProviderMetadata => {
                RouteRow::get("/.well-known/openid-configuration", metadata::metadata)
            }
            Self::ReviewToken => RouteRow::post("/k8s/tokenreview", k8s::token_review),
            Self::AuthorizeForNginx => RouteRow::get("/authz/nginx", authz::nginx),
            Self::AuthorizeForward => RouteRow::get("/authz/forward", authz::forward),
            Self::AuthorizeForEnvoy => {
                RouteRow::any("/authz/envoy/{permission}/{target}*", authz::envoy)
            }

            Self::Register => RouteRow::post("/auth/register", register::register),
            Self::LogIn => RouteRow::post(paths::LOG_IN, login::login),
            Self::LogInUpstream => RouteRow::get("/auth/oidc/start", upstream::start),
            Self::LogInCallback => RouteRow::get("/auth/oidc/callback", upstream::callback),
            Self::VerifyEmail => RouteRow::post("/auth/verify-email", verify_email::verify),
            Self::SendCode => RouteRow::post("/auth/verify-email/send", verify_email::send),
            Self::ForgotPassword => {
                RouteRow::post("/auth/password/forgot", forgotten_password::forgot)
            }
            Self::ResetPassword => {
                RouteRow::post("/auth/password/reset", forgotten_password::reset)
            }
            Self::ChangePassword => RouteRow::post("/auth/password", password::change),
            Self::Renew => RouteRow::get(paths::REFRESH, pages::renew),
            Self::Refresh => RouteRow::post(paths::REFRESH, refresh::refresh),
            Self::LogOut => RouteRow::post(paths::LOG_OUT, logout::logout),
            Self::ShowSession => RouteRow::get("/auth/session", session::session),
            Self::ShowAccount => RouteRow::get("/auth/user", user::user),
            Self::ListSessions => RouteRow::get("/auth/sessions", sessions::list),
            Self::EndOtherSessions => RouteRow::delete("/auth/sessions", sessions::end_others),
            Self::EndSession => RouteRow::delete("/auth/sessions/{id}", sessions::end_one),

            Self::StartPage => RouteRow::get("/", pages::start),
            Self::LogInPage => RouteRow::get("/login", pages::login),
            Self::LogInForm => RouteRow::post("/login", pages::log_in),
            Self::LogOutPage => RouteRow::get("/logout", pages::logout),
            Self::LogOutForm => RouteRow::post("/logout", pages::log_out),
            Self::AccountPage => RouteRow::get("/account", pages::account),
            Self::AccountForm => RouteRow::post("/account", pages::change_account),
            Self::AdminPage => RouteRow::get("/admin", pages::admin),
            Self::AdminForm => RouteRow::post("/admin", pages::change_by_admin),
            Self::RegisterPage => RouteRow::get("/register", pages::registration),
            Self::RegisterForm => RouteRow::post("/register", pages::register),
            Self::ResetPage => RouteRow::get("/reset", pages::password_reset),
            Self::ResetForm => RouteRow::post("/reset", pages::reset_password),

            Self::ListUsers => RouteRow::get("/admin/users", users::list),
            Self::CreateUser => RouteRow::post("/admin/users", users::create),
            Self::ShowUser => RouteRow::get("/admin/users/{username}", users::show),
            Self::UpdateUser => RouteRow::patch("/admin/users/{username}", users::update),
            Self::DeleteUser => RouteRow::delete("/admin/users/{username}", users::delete),
            Self::ListUserSessions => {
                RouteRow::get("/admin/users/{username}/sessions", user_sessions::list)
            }
            Self::EndUserSessions => {
                RouteRow::delete("/admin/users/{username}/sessions", user_sessions::end)
            }
            Self::ListRoles => RouteRow::get("/admin/roles", roles::list),
            Self::SetRole => RouteRow::put("/admin/roles/{role}", roles::set),
            Self::DeleteRole => RouteRow::delete("/admin/roles/{role}", roles::delete),
            Self::ListGrants => RouteRow::get("/admin/grants", grants::list),
            Self::CreateGrant => RouteRow::post("/admin/grants", grants::create),
            Self::DeleteGrant => RouteRow::delete("/admin/grants/{id}", grants::delete),
            Self::ListKeys => RouteRow::get("/admin/keys", keys::list),
            Self::CreateKey => RouteRow::post("/admin/keys", keys::create),
            Self::DeleteKey => RouteRow::delete("/admin/keys/{id}", keys::delete),
            Self::ListClients => RouteRow::get("/admin/clients", clients::list),
            Self::CreateClient => RouteRow::post("/admin/clients", clients::create),
            Self::UpdateClient => RouteRow::patch("/admin/clients/{client_id}", clients::update),
            Self::DeleteClient => RouteRow::delete("/admin/clients/{client_id}", clients::delete),
            Self::ListEvents => RouteRow::get("/admin/audit", audit::list),

            Self::ApiDocument => RouteRow::get("/openapi.json", openapi::served_document),
            Self::ApiPage => RouteRow::get("/docs", openapi::page),
            Self::ApiPageFile => RouteRow::get("/docs/{file}", openapi::asset),
        }
    }

    /// Whether the route is one of the hot paths, which read no cookie for a change and so need no
    /// record of refused foreign pages.
    pub(super) fn is_hot(self) -> bool {
        matches!(
            self,
            Self::Validate
                | Self::ValidateBatch
                | Self::AuthorizeForNginx
                | Self::AuthorizeForward
                | Self::AuthorizeForEnvoy
        )
    }

    /// Whether the route is there only where users log in by a provider.
    pub(super) fn needs_upstream(self) -> bool {
        matches!(self, Self::LogInUpstream | Self::LogInCallback)
    }

    /// Whether the route is there only where mail is sent.
    pub(super) fn needs_mail(self) -> bool {
        matches!(self, Self::VerifyEmail | Self::SendCode | Self::ForgotPassword)
    }

    /// Whether the route is there only where strangers may create accounts.
    pub(super) fn needs_open_registration(self) -> bool {
        matches!(self, Self::RegisterPage | Self::RegisterForm)
    }
}
