//! Answers that are good news.

use actix_web::{HttpResponse, http::header::CACHE_CONTROL};
use serde::Serialize;

/// 200 with what concerns one caller alone: nobody on the way may keep it.
pub(super) fn private(answer: &impl Serialize) -> HttpResponse {
    HttpResponse::Ok().insert_header((CACHE_CONTROL, "no-store")).json(answer)
}
