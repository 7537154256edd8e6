//! `GET /` and its files: the page on which people read logs. Both need no credential and contain
//! no data; the page calls the other endpoints with the cookie of its browser.
//!
//! The files are in `web/` of this crate.

mod assets;
mod page;
mod without_comments;

pub(crate) use page::ViewerPage;
pub(super) use page::{file, file_in_folder, page};
