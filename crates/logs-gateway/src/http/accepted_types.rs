//! The `Accept` header of a request (RFC 9110, section 12.5.1).

use actix_web::{
    HttpRequest,
    error::ParseError,
    http::header::{Accept, Header, Quality},
    mime::{Mime, STAR},
};

/// The media types and ranges that a caller wants, and those that it refuses (`q=0`).
pub(super) struct AcceptedTypes {
    /// The most wanted first.
    wanted: Vec<Mime>,
    refused: Vec<Mime>,
}

impl AcceptedTypes {
    /// # Errors
    /// When the header cannot be read.
    pub(super) fn of(request: &HttpRequest) -> Result<Self, ParseError> {
        let mut accept = Accept::parse(request)?;
        let refused = accept.0.extract_if(.., |accepted| accepted.quality == Quality::ZERO);
        let refused: Vec<Mime> = refused.map(|accepted| accepted.item).collect();
        // With a parameter only that variant of a type is refused.
        let refused = refused.into_iter().filter(|range| range.params().next().is_none()).collect();
        Ok(Self { wanted: accept.ranked(), refused })
    }

    /// Types and ranges, the most wanted first.
    pub(super) fn wanted(&self) -> &[Mime] {
        &self.wanted
    }

    /// Whether the header names nothing, neither wanted nor refused.
    pub(super) fn is_empty(&self) -> bool {
        self.wanted.is_empty() && self.refused.is_empty()
    }

    /// Which of these types is given: the first that the most wanted range includes.
    pub(super) fn first_of(&self, types: &[&str]) -> Option<usize> {
        self.wanted.iter().find_map(|range| {
            types.iter().position(|media_type| {
                includes(range, media_type) && !self.is_refused_from(range, media_type)
            })
        })
    }

    /// Whether a type is refused although a wanted range includes it: by a range that is more
    /// specific.
    pub(super) fn is_refused_from(&self, wanted: &Mime, media_type: &str) -> bool {
        let is_more_specific = |range: &Mime| specificity(range) > specificity(wanted);
        self.refused.iter().any(|range| is_more_specific(range) && includes(range, media_type))
    }
}

/// Whether a range includes a type. A parameter makes no difference.
fn includes(range: &Mime, media_type: &str) -> bool {
    let Some((kind, _)) = media_type.split_once('/') else {
        return false;
    };
    match specificity(range) {
        0 => true,
        1 => range.type_() == kind,
        _ => range.essence_str() == media_type,
    }
}

/// Of `*/*`, `text/*` and `text/plain`.
fn specificity(range: &Mime) -> u8 {
    u8::from(range.type_() != STAR) + u8::from(range.subtype() != STAR)
}
