//! What is called ours in a project of Resolve: names that are told from all others, and tell what they stand for.

/// What every name of ours begins with.
const OWN: &str = "otio-conflate ";
/// What stands between a name of ours and that of the version it lies over, and in front of a remote one's.
const OVER: &str = " over ";
const REMOTE: &str = "remote ";

/// A name for what we make in a project, which nothing in it has: what is called so is removed again.
pub(super) fn own_name() -> String {
    let moment = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).map_or(0, |time| time.as_nanos());
    format!("{OWN}{}-{moment}", std::process::id())
}

/// The name of our version of a grade, in place of version `name` of this kind. Should all else be lost, it still tells
/// which version the clip had.
pub(super) fn own_version(ours: &str, name: &str, kind: i64) -> String {
    format!("{ours}{OVER}{}{name}", if kind == 1 { REMOTE } else { "" })
}

/// Whether a version is one of ours.
pub(super) fn is_own(version: &str) -> bool {
    let number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let name = version.strip_prefix(OWN).map(|rest| rest.split_once(OVER).map_or(rest, |(name, _)| name));
    name.and_then(|name| name.split_once('-')).is_some_and(|(process, moment)| number(process) && number(moment))
}

/// The version that a version of ours lies over, by name and kind; `None` where it does not tell.
pub(super) fn version_under(version: &str) -> Option<(String, i64)> {
    let (_, under) = version.split_once(OVER).filter(|_| is_own(version))?;
    Some(under.strip_prefix(REMOTE).map_or((under.to_owned(), 0), |name| (name.to_owned(), 1)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_ours_are_told_from_others() {
        let ours = own_name();
        assert!(is_own(&ours));
        assert_eq!(version_under(&own_version(&ours, "Version 1", 0)), Some(("Version 1".to_owned(), 0)));
        assert_eq!(version_under(&own_version(&ours, "a over b", 1)), Some(("a over b".to_owned(), 1)));
        for name in
            ["", "Version 1", "otio-conflate", "otio-conflate test", "otio-conflate 1-", "otio-conflate a-b over c"]
        {
            assert!(!is_own(name) && version_under(name).is_none(), "{name}");
        }
    }
}
