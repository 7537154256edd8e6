//! The files of Swagger UI, which all requests share.

use std::{collections::BTreeMap, sync::Arc};

use actix_web::web::Bytes;
use utoipa_swagger_ui::Config;

use crate::http::{Problem, Result, StaticFile};

/// The files that the page loads.
pub(super) const FILES: [&str; 6] = [
    "favicon-32x32.png",
    "index.css",
    "swagger-initializer.js",
    "swagger-ui-bundle.js",
    "swagger-ui-standalone-preset.js",
    "swagger-ui.css",
];

/// Reads the files, about 2 MiB in all.
///
/// # Errors
/// When a file is not part of this build, or damaged.
pub(super) fn read_files(config: &Config<'_>) -> Result<BTreeMap<&'static str, StaticFile>> {
    FILES.into_iter().map(|name| Ok((name, read_file(name, config)?))).collect()
}

fn read_file(name: &str, config: &Config<'_>) -> Result<StaticFile> {
    let file = utoipa_swagger_ui::serve(name, Arc::new(config.clone()));
    let file = file.map_err(|error| Problem::internal(error.to_string()))?;
    let file = file.ok_or_else(|| Problem::internal(format!("no file {name}")))?;
    let (bytes, content_type) = (Bytes::from(file.bytes.into_owned()), file.content_type);
    if !file.gzpipped {
        return Ok(StaticFile::plain(content_type, bytes));
    }
    StaticFile::of_gzip(content_type, bytes).map_err(Problem::internal)
}
