//! The operation of each route. A new route does not compile until it has one.

use service_runtime::http::openapi::{
    ApiOperation, asset_operation, document_operation, page_operation,
};

use super::{
    account, administration, authz, clients, kubernetes, oauth, oidc, pages, tokens, well_known,
};
use crate::http::routes::Route;

/// The operation of a route.
pub(super) fn operation(route: Route) -> ApiOperation {
    match route {
        Route::Validate => tokens::validate(),
        Route::ValidateBatch => tokens::validate_batch(),

        Route::Introspect => oauth::introspect(),
        Route::ReviewToken => kubernetes::review_token(),
        Route::Revoke => oauth::revoke(),
        Route::Token => oauth::token(),
        Route::Authorize => oidc::authorize(),
        Route::AuthorizeForm => oidc::authorize_form(),
        Route::UserInfo => oidc::show_user_info(),
        Route::UserInfoForm => oidc::post_user_info(),
        Route::EndSessionForClient => oidc::log_out(),
        Route::EndSessionForClientForm => oidc::log_out_form(),
        Route::AuthorizeDevice => oauth::authorize_device(),
        Route::DevicePage => oidc::device_page(),
        Route::DeviceForm => oidc::device_form(),
        Route::PublicKeys => well_known::public_keys(),
        Route::AuthorizationServerMetadata => well_known::metadata("authorization_server"),
        Route::ProviderMetadata => well_known::metadata("provider"),
        Route::AuthorizeForNginx => authz::nginx(),
        Route::AuthorizeForward => authz::forward(),
        Route::AuthorizeForEnvoy => authz::envoy(),

        Route::Register => account::register(),
        Route::LogIn => account::log_in(),
        Route::LogInUpstream => pages::log_in_upstream(),
        Route::LogInCallback => pages::log_in_callback(),
        Route::VerifyEmail => account::verify_email(),
        Route::SendCode => account::send_code(),
        Route::ForgotPassword => account::forgot_password(),
        Route::ResetPassword => account::reset_password(),
        Route::ChangePassword => account::change_password(),
        Route::Renew => pages::renew(),
        Route::Refresh => account::refresh(),
        Route::LogOut => account::log_out(),
        Route::ShowSession => account::show_session(),
        Route::ShowAccount => account::show_account(),
        Route::ListSessions => account::list_sessions(),
        Route::EndOtherSessions => account::end_other_sessions(),
        Route::EndSession => account::end_session(),

        Route::StartPage => pages::start_page(),
        Route::LogInPage => pages::log_in_page(),
        Route::LogInForm => pages::log_in_form(),
        Route::LogOutPage => pages::log_out_page(),
        Route::LogOutForm => pages::log_out_form(),
        Route::AccountPage => pages::account_page(),
        Route::AccountForm => pages::account_form(),
        Route::AdminPage => pages::admin_page(),
        Route::AdminForm => pages::admin_form(),
        Route::RegisterPage => pages::register_page(),
        Route::RegisterForm => pages::register_form(),
        Route::ResetPage => pages::reset_page(),
        Route::ResetForm => pages::reset_form(),

        Route::ListUsers => administration::list_users(),
        Route::CreateUser => administration::create_user(),
        Route::ShowUser => administration::show_user(),
        Route::UpdateUser => administration::update_user(),
        Route::DeleteUser => administration::delete_user(),
        Route::ListUserSessions => administration::list_user_sessions(),
        Route::EndUserSessions => administration::end_user_sessions(),
        Route::ListRoles => administration::list_roles(),
        Route::SetRole => administration::set_role(),
        Route::DeleteRole => administration::delete_role(),
        Route::ListGrants => administration::list_grants(),
        Route::CreateGrant => administration::create_grant(),
        Route::DeleteGrant => administration::delete_grant(),
        Route::ListKeys => administration::list_keys(),
        Route::CreateKey => administration::create_key(),
        Route::DeleteKey => administration::delete_key(),
        Route::ListClients => clients::list_clients(),
        Route::CreateClient => clients::create_client(),
        Route::UpdateClient => clients::update_client(),
        Route::DeleteClient => clients::delete_client(),
        Route::ListEvents => administration::list_events(),

        Route::ApiDocument => document_operation(),
        Route::ApiPage => page_operation(),
        Route::ApiPageFile => asset_operation(),
    }
}
