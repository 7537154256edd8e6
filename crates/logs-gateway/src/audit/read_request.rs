//! A request for a log, as its record describes it.

use std::{net::IpAddr, sync::Arc};

use chrono::{DateTime, Utc};
use pod_logs::mask_tokens;
use uuid::Uuid;

use super::options::ReadOptions;

/// How much of a text that a client chose is recorded, in bytes.
const MAX_TEXT_BYTES: usize = 1024;

/// Who asked for which log, and how.
#[derive(Debug, Clone)]
pub(crate) struct ReadRequest {
    /// When the request arrived.
    pub(crate) arrived: DateTime<Utc>,
    pub(crate) request_id: Arc<str>,
    pub(crate) user: Arc<str>,
    /// The id of the user, or of the key.
    pub(crate) user_id: Option<Uuid>,
    /// A key has none.
    pub(crate) session_id: Option<Uuid>,
    pub(crate) ip: IpAddr,
    pub(crate) user_agent: Option<String>,
    pub(crate) kubectl_command: Option<String>,
    pub(crate) kubectl_session: Option<String>,
    pub(crate) target: ReadTarget,
    pub(crate) options: ReadOptions,
}

/// The log that is asked for.
#[derive(Debug, Clone, Default)]
pub(crate) struct ReadTarget {
    /// The namespace, or the globs.
    pub(crate) namespace: String,
    /// The pod, or the globs.
    pub(crate) pod: String,
    /// How many pods the globs match. `None` for one that is named.
    pub(crate) pods: Option<u64>,
    /// `*` if there are several. `None` if the read did not come that far.
    pub(crate) container: Option<String>,
    /// The node that was asked, by a front.
    pub(crate) node: Option<Arc<str>>,
    /// The incarnation of the pod.
    pub(crate) uid: Option<String>,
}

/// A text that a client chose, with its tokens masked, cut to 1 KiB.
pub(crate) fn bounded(text: &[u8]) -> String {
    let mut masked = text.to_vec();
    mask_tokens(&mut masked);
    let cut = masked.len() > MAX_TEXT_BYTES;
    let mut shown = String::from_utf8_lossy(&masked).into_owned();
    if cut {
        shown.truncate(shown.floor_char_boundary(MAX_TEXT_BYTES));
        shown.push('…');
    }
    shown
}

#[cfg(test)]
mod tests {
    use shared_types::{TokenKind, encode_token};

    use super::*;

    #[test]
    fn a_long_text_is_cut_and_a_token_across_the_cut_is_masked() {
        let token = encode_token(TokenKind::Session, &[7; 32]);
        let text = format!("{}{}{}", "a".repeat(MAX_TEXT_BYTES - 20), *token, "ä".repeat(1000));
        let shown = bounded(text.as_bytes());
        assert_eq!(shown, format!("{}sso_{}…", "a".repeat(MAX_TEXT_BYTES - 20), "*".repeat(16)));
        assert_eq!(bounded("ä".as_bytes()), "ä");
        assert_eq!(bounded(b"\xff"), "\u{fffd}");
    }
}
