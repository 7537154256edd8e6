//! The files of Swagger UI, which all requests share.

use std::{collections::BTreeMap, io::Read, sync::Arc};

use actix_web::{
    http::header::{AcceptEncoding, Encoding},
    web::Bytes,
};
use flate2::read::GzDecoder;
use utoipa_swagger_ui::Config;

use crate::http::{Problem, Result};

/// The files that the page loads.
pub(super) const FILES: [&str; 6] = [
    "favicon-32x32.png",
    "index.css",
    "swagger-initializer.js",
    "swagger-ui-bundle.js",
    "swagger-ui-standalone-preset.js",
    "swagger-ui.css",
];

/// A file, in the forms in which it can be sent.
#[derive(Debug)]
pub(super) struct PageFile {
    pub(super) content_type: String,
    plain: Bytes,
    gzip: Option<Bytes>,
}

/// Reads the files, about 2 MiB in all.
///
/// # Errors
/// When a file is not part of this build, or damaged.
pub(super) fn read_files(config: &Config<'_>) -> Result<BTreeMap<&'static str, PageFile>> {
    FILES.into_iter().map(|name| Ok((name, read_file(name, config)?))).collect()
}

fn read_file(name: &str, config: &Config<'_>) -> Result<PageFile> {
    let file = utoipa_swagger_ui::serve(name, Arc::new(config.clone()));
    let file = file.map_err(|error| Problem::internal(error.to_string()))?;
    let file = file.ok_or_else(|| Problem::internal(format!("no file {name}")))?;
    let (bytes, content_type) = (Bytes::from(file.bytes.into_owned()), file.content_type);
    if !file.gzpipped {
        return Ok(PageFile { content_type, plain: bytes, gzip: None });
    }
    let mut plain = Vec::new();
    GzDecoder::new(&bytes[..]).read_to_end(&mut plain).map_err(Problem::internal)?;
    Ok(PageFile { content_type, plain: plain.into(), gzip: Some(bytes) })
}

impl PageFile {
    /// The content, and whether it is compressed, for a client that accepts these encodings.
    pub(super) fn content(&self, accepted: Option<&AcceptEncoding>) -> (Bytes, bool) {
        match &self.gzip {
            Some(gzip) if accepted.is_some_and(accepts_gzip) => (gzip.clone(), true),
            _ => (self.plain.clone(), false),
        }
    }
}

fn accepts_gzip(accepted: &AcceptEncoding) -> bool {
    let offered = [Encoding::gzip(), Encoding::identity()];
    accepted.negotiate(offered.iter()) == Some(Encoding::gzip())
}
