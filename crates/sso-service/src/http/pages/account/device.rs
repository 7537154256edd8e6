//! What kind of device a session is on, as its client describes itself.

/// Programs, by what their `User-Agent` contains: the first that fits counts, since browsers also
/// name those that they descend from.
const PROGRAMS: [(&str, &str); 12] = [
    ("Edg/", "Edge"),
    ("OPR/", "Opera"),
    ("SamsungBrowser/", "Samsung Internet"),
    ("Firefox/", "Firefox"),
    ("FxiOS/", "Firefox"),
    ("CriOS/", "Chrome"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
    ("kubectl-sso/", "kubectl sso"),
    ("curl/", "curl"),
    ("Wget/", "Wget"),
    ("python", "Python"),
];
const SYSTEMS: [(&str, &str); 7] = [
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Windows", "Windows"),
    ("Mac OS X", "macOS"),
    ("CrOS", "ChromeOS"),
    ("Linux", "Linux"),
];

/// The device in a few words: `Firefox on Linux`.
pub(super) fn device(user_agent: Option<&str>) -> String {
    let Some(user_agent) = user_agent.filter(|user_agent| !user_agent.is_empty()) else {
        return "Unknown program".to_owned();
    };
    let find = |known: &[(&str, &'static str)]| {
        known.iter().find(|(part, _)| user_agent.contains(part)).map(|(_, name)| *name)
    };
    match (find(&PROGRAMS), find(&SYSTEMS)) {
        (Some(program), Some(system)) => format!("{program} on {system}"),
        (Some(program), None) => program.to_owned(),
        (None, Some(system)) => format!("Unknown program on {system}"),
        (None, None) => "Unknown program".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(user_agent: &str, expected: &str) {
        assert_eq!(device(Some(user_agent)), expected, "{user_agent}");
    }

    #[test]
    fn browsers_and_programs_are_named_with_their_system() {
        let chrome = "(KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36";
        let linux = "Mozilla/5.0 (X11; Linux x86_64";
        check(&format!("{linux}; rv:143.0) Gecko/20100101 Firefox/143.0"), "Firefox on Linux");
        check(&format!("{linux}) AppleWebKit/537.36 {chrome}"), "Chrome on Linux");
        check(
            &format!("Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 {chrome} Edg/1"),
            "Edge on Windows",
        );
        check(
            "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like \
             Gecko) Version/18.6 Safari/605.1.15",
            "Safari on macOS",
        );
        check(
            "Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15 Version/18 \
             Mobile/15E148 Safari/604.1",
            "Safari on iPhone",
        );
        check(
            &format!("Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 {chrome}"),
            "Chrome on Android",
        );
        check("kubectl-sso/0.1.0 linux", "kubectl sso");
        check("curl/8.14.1", "curl");
    }

    #[test]
    fn an_unknown_client_is_told_as_unknown() {
        check("", "Unknown program");
        check("<script>alert(1)</script>", "Unknown program");
        check("Lynx/2.9 (Linux)", "Unknown program on Linux");
        assert_eq!(device(None), "Unknown program");
    }
}
