//! What a media location can mean, as a path: applications write URLs, drives, shares and backslashes, and encode what they
//! should not.

use std::path::PathBuf;

use percent_encoding::percent_decode;

/// What a location can mean.
#[derive(Debug)]
pub(super) struct Spellings {
    /// Paths, relative ones among them, in the order in which they are looked for.
    pub(super) paths: Vec<Vec<u8>>,
    /// Which of them is meant when none of them exists.
    pub(super) likely: usize,
}

impl Spellings {
    /// What a path that is no URL can mean: first what it says, then with slashes, then percent-decoded.
    pub(super) fn of_path(path: &str) -> Spellings {
        let bytes = path.as_bytes();
        let mut spellings = Spellings { paths: Vec::new(), likely: 0 };
        if is_windows(bytes) {
            spellings.add(slashes(bytes));
        } else {
            spellings.add(bytes.to_owned());
            // In an absolute Unix path, a backslash is more likely part of a name.
            spellings.likely = spellings.add(slashes(bytes)) * usize::from(!path.starts_with('/'));
        }
        for index in 0..spellings.paths.len() {
            spellings.add(decoded(&spellings.paths[index]));
        }
        spellings
    }

    /// What the part of a `file:` URL behind the colon can mean: first as it is, then percent-decoded, then without
    /// what would be a query and a fragment, had the names been encoded as they should. `None` when it has no path.
    pub(super) fn of_url(rest: &str) -> Option<Spellings> {
        let raw = match rest.strip_prefix("//") {
            None => rest.to_owned(),
            Some(rest) => {
                let (host, path) = rest.split_at(rest.find(['/', '\\']).unwrap_or(rest.len()));
                let local = host.is_empty() || host.eq_ignore_ascii_case("localhost") || host == "127.0.0.1";
                let in_path = has_drive(host.as_bytes()) || host == "." || host == "..";
                match (local, in_path) {
                    (true, _) => path.to_owned(),
                    (_, true) => rest.to_owned(),
                    _ => format!("//{host}{path}"),
                }
            }
        };
        if raw.is_empty() {
            return None;
        }
        let mut spellings = Spellings { paths: Vec::new(), likely: 0 };
        let path = raw.split(['#', '?']).next().unwrap_or_default();
        spellings.add(windows_form(raw.as_bytes()));
        spellings.likely = spellings.add(windows_form(&decoded(raw.as_bytes())));
        if !path.is_empty() {
            spellings.add(windows_form(&decoded(path.as_bytes())));
        }
        for index in 0..spellings.paths.len() {
            spellings.add(slashes(&spellings.paths[index]));
        }
        Some(spellings)
    }

    /// Adds a path, unless it is there or no file can be called so, and gives its place.
    fn add(&mut self, path: Vec<u8>) -> usize {
        let path = without_end_slash(path);
        if let Some(place) = self.paths.iter().position(|known| *known == path) {
            return place;
        }
        if path.contains(&0) {
            return 0;
        }
        self.paths.push(path);
        self.paths.len() - 1
    }

    /// Without those that lead out of the folder they start at; `None` where all do.
    pub(super) fn inside(mut self) -> Option<Spellings> {
        let likely = self.paths.get(self.likely).cloned();
        self.paths.retain(|path| !leads_out(path));
        self.likely = self.paths.iter().position(|path| Some(path) == likely.as_ref()).unwrap_or(0);
        (!self.paths.is_empty()).then_some(self)
    }

    pub(super) fn into_likely(mut self) -> Vec<u8> {
        self.paths.swap_remove(self.likely)
    }
}

/// Whether a relative path leaves the folder it starts at, if only for a part of the way.
fn leads_out(path: &[u8]) -> bool {
    if path.starts_with(b"/") || is_windows(path) {
        return false;
    }
    let mut depth = 0;
    path.split(|byte| matches!(byte, b'/' | b'\\')).any(|part| {
        depth += match part {
            b".." => -1,
            b"" | b"." => 0,
            _ => 1,
        };
        depth < 0
    })
}

/// What stands behind the colon of a `file:` URL.
pub(super) fn file_url(location: &str) -> Option<&str> {
    (scheme(location) == Some("file")).then(|| &location[5..])
}

/// The scheme of a URL, `file` in any case being `file`. One letter is a drive.
pub(super) fn scheme(location: &str) -> Option<&str> {
    let (scheme, _) = location.split_once(':')?;
    let legal = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.');
    let is_scheme = scheme.len() > 1 && scheme.as_bytes()[0].is_ascii_alphabetic() && scheme.bytes().all(legal);
    is_scheme.then_some(if scheme.eq_ignore_ascii_case("file") { "file" } else { scheme })
}

/// Whether it starts with `C:`.
pub(super) fn has_drive(path: &[u8]) -> bool {
    matches!(path, [letter, b':', rest @ ..]
        if letter.is_ascii_alphabetic() && rest.first().is_none_or(|byte| matches!(byte, b'/' | b'\\')))
}

/// Whether it starts with a drive or a share, as nothing but Windows writes it.
fn is_windows(path: &[u8]) -> bool {
    has_drive(path) || path.starts_with(b"\\\\")
}

/// The path of a URL as Windows means it: `/C:/x` is `C:/x`.
fn windows_form(path: &[u8]) -> Vec<u8> {
    let path = match path {
        [b'/', rest @ ..] if has_drive(rest) => rest,
        _ => path,
    };
    let share = path.strip_prefix(b"/").filter(|rest| rest.starts_with(b"\\\\"));
    let path = share.unwrap_or(path);
    if is_windows(path) { slashes(path) } else { path.to_owned() }
}

pub(super) fn slashes(path: &[u8]) -> Vec<u8> {
    path.iter().map(|&byte| if byte == b'\\' { b'/' } else { byte }).collect()
}

pub(super) fn decoded(path: &[u8]) -> Vec<u8> {
    percent_decode(path).collect()
}

pub(super) fn without_end_slash(mut path: Vec<u8>) -> Vec<u8> {
    while path.len() > 1 && path.ends_with(b"/") && !path.ends_with(b":/") {
        path.pop();
    }
    path
}

/// What is left of `path` behind the folder `from`, without a slash in front.
pub(super) fn rest_behind<'a>(from: &[u8], path: &'a [u8]) -> Option<&'a [u8]> {
    let (start, rest) = path.split_at_checked(from.len())?;
    let any_case = has_drive(from) || from.starts_with(b"//");
    let same = if any_case { start.eq_ignore_ascii_case(from) } else { start == from };
    let whole = rest.is_empty() || rest.starts_with(b"/") || from.ends_with(b"/");
    let slashes = rest.iter().take_while(|&&byte| byte == b'/').count();
    (same && whole).then_some(&rest[slashes..])
}

#[cfg(unix)]
pub(super) fn to_path(bytes: &[u8]) -> PathBuf {
    use std::os::unix::ffi::OsStrExt;
    PathBuf::from(std::ffi::OsStr::from_bytes(bytes))
}

#[cfg(not(unix))]
pub(super) fn to_path(bytes: &[u8]) -> PathBuf {
    PathBuf::from(String::from_utf8_lossy(bytes).into_owned())
}
