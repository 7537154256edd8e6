//! Modules as browsers get them: comments are for readers of the source, and half of its size.

/// A script without the lines that hold nothing but a comment, and without empty lines.
///
/// A comment in a line of code stays. Texts of several lines must not hold lines that look like a
/// comment.
pub(super) fn without_comments(script: &str) -> String {
    let mut is_inside = false;
    let mut kept = String::with_capacity(script.len());
    for line in script.lines() {
        let text = line.trim_start();
        let is_comment = if is_inside {
            is_inside = !text.contains("*/");
            true
        } else if text.starts_with("/*") {
            let end = text.split_once("*/");
            is_inside = end.is_none();
            end.is_none_or(|(_, code)| code.trim().is_empty())
        } else {
            text.is_empty() || text.starts_with("//")
        };
        if !is_comment {
            kept.push_str(line);
            kept.push('\n');
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn code_stays_and_comments_go() {
        let script = "/** A module. */\n\n// eslint\nimport { a } from './a.js';\n/**\n * Adds.\n *\n \
                      * @param {number} b\n */\nexport function add(b) {\n  /** @type {number} */ this.b \
                      = '// b';\n  return /** @type {any} */ (a) + b; // sum\n  /* one */\n}\n";
        let expected = "import { a } from './a.js';\nexport function add(b) {\n  /** @type {number} */ \
                        this.b = '// b';\n  return /** @type {any} */ (a) + b; // sum\n}\n";
        assert_eq!(without_comments(script), expected);
    }

    #[test]
    fn a_comment_may_end_on_its_first_line() {
        assert_eq!(without_comments("  /* a */\nb\n/** c\n d */\ne"), "b\ne\n");
    }
}
