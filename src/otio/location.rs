//! From a media location, as a timeline wrote it, to an absolute path.
//!
//! Applications write paths, relative paths, `file:` URLs with and without a host, Windows drives and UNC shares,
//! encode what they should not and forget to encode what they should. Where a spelling can mean two things, the file
//! that exists decides; where none exists, the likelier meaning is told. The disk is asked only then.

use std::collections::HashSet;
use std::path::{Component, Path, PathBuf};
use std::sync::Mutex;

use super::pattern::Numbered;
use super::spellings::{
    Spellings, decoded, file_url, has_drive, rest_behind, scheme, slashes, to_path, without_end_slash,
};
use super::{bundle, pattern};
use crate::error::{Error, ErrorKind, Result};

/// Finds media: knows the timeline's folder, and the folders that moved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Locator {
    folder: PathBuf,
    /// Whether that is a bundle, which relative locations cannot leave.
    is_bundle: bool,
    /// From what to where, the longest first; what is moved has slashes, and none at its end.
    moved: Vec<(Vec<u8>, PathBuf)>,
    /// Which of them have been of use.
    used: UsedPairs,
}

/// Which pairs of a path map have been of use; that is no part of what a locator is.
#[derive(Debug, Default)]
struct UsedPairs(Mutex<HashSet<Vec<u8>>>);

impl UsedPairs {
    fn lock(&self) -> std::sync::MutexGuard<'_, HashSet<Vec<u8>>> {
        self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

impl Clone for UsedPairs {
    fn clone(&self) -> UsedPairs {
        UsedPairs(Mutex::new(self.lock().clone()))
    }
}

impl PartialEq for UsedPairs {
    fn eq(&self, _: &UsedPairs) -> bool {
        true
    }
}

impl Eq for UsedPairs {}

/// Where numbered frames lie: the file of a frame is `folder/prefix` + its number + `suffix`.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct SequenceLocation {
    /// The absolute path of the folder.
    pub folder: PathBuf,
    /// What stands before the number; it may lead into a folder below.
    pub prefix: String,
    /// What stands after it.
    pub suffix: String,
}

/// Numbered files that the location of one file stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct NumberedFiles {
    pub(crate) location: SequenceLocation,
    /// How many digits a number has at least.
    pub(crate) padding: u32,
    /// The first and the last number that the location says; both the same where it names one file.
    pub(crate) range: Option<(i64, i64)>,
    /// How many numbers lie from one frame to the next, where the location says it.
    pub(crate) step: i64,
    /// Whether the location is a pattern, and no file.
    pub(crate) is_pattern: bool,
    /// The numbers of the files that are there, in order.
    pub(crate) numbers: Vec<i64>,
}

impl Locator {
    /// A locator for the media of the timeline in the file `timeline`; without a file, relative locations start at
    /// the current folder. In a bundle they start at its root, and cannot lead out of it: where it was put is nothing
    /// that it knows of.
    ///
    /// A location that starts with the first part of a pair of `path_map` is looked for under the second. Only whole
    /// folder names match, the longest first part wins, and it may be a path, a `file:` URL, or the start of any
    /// other URL. Paths with a drive or a UNC share match in either case, with either kind of slash.
    pub fn new(timeline: Option<&Path>, path_map: &[(String, PathBuf)]) -> Locator {
        let absolute = |path: &Path| std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
        let folder = timeline.map(absolute).and_then(|path| match bundle::is_bundle(&path) {
            true => Some(path),
            false => path.parent().map(Path::to_owned),
        });
        let folder = folder.unwrap_or_else(|| std::env::current_dir().unwrap_or_default());
        let mut moved: Vec<_> = path_map
            .iter()
            .map(|(from, to)| {
                let from = match file_url(from) {
                    Some(rest) => Spellings::of_url(rest).map_or_else(|| from.clone().into(), Spellings::into_likely),
                    None => slashes(from.as_bytes()),
                };
                (without_end_slash(from), absolute(to))
            })
            .filter(|(from, _)| !from.is_empty())
            .collect();
        moved.sort_by_key(|(from, _)| std::cmp::Reverse(from.len()));
        let is_bundle = bundle::is_bundle(&folder);
        Locator { folder, is_bundle, moved, used: UsedPairs::default() }
    }

    /// What of the path map has not been of use so far: the first parts of its pairs, with slashes.
    pub(crate) fn unused(&self) -> Vec<String> {
        let used = self.used.lock();
        let unused = self.moved.iter().filter(|(from, _)| !used.contains(from));
        unused.map(|(from, _)| String::from_utf8_lossy(from).into_owned()).collect()
    }

    /// The absolute path of the file at `location`, a path or a `file:` URL as a timeline wrote it.
    ///
    /// A path with a Windows drive is given with slashes, and is absolute on Windows alone: nothing else has drives,
    /// unless the path map says where they are. Whether the file exists is left to the caller.
    ///
    /// # Errors
    /// [`ErrorKind::Location`] when it is empty, leads out of a bundle, or is of another scheme than `file:` and the path
    /// map does not name it.
    pub fn file(&self, location: &str) -> Result<PathBuf> {
        if location.is_empty() {
            return Err(Error::new(ErrorKind::Location, "the media location is empty"));
        }
        if location.contains('\0') {
            return Err(unusable(location, "has a NUL in it"));
        }
        let ambiguous = location.contains(['%', '#', '?', '\\', ':']) || (self.is_bundle && location.contains(".."));
        if self.moved.is_empty() && !ambiguous {
            return Ok(tidy(&self.folder.join(location)));
        }
        let scheme = scheme(location);
        let spellings = match scheme {
            None => Spellings::of_path(location),
            Some("file") => Spellings::of_url(&location[5..]).ok_or_else(|| unusable(location, "names no file"))?,
            Some(_) => Spellings { paths: vec![location.into(), decoded(location.as_bytes())], likely: 1 },
        };
        if let Some(path) = self.moved_path(&spellings) {
            return Ok(path);
        }
        // Relative locations are printed as absolute paths, and may be mapped as such.
        if !self.moved.is_empty() && matches!(scheme, None | Some("file")) {
            let absolute = spellings.paths.iter().map(|path| self.resolve(path).into_os_string().into_encoded_bytes());
            let absolute = Spellings { paths: absolute.collect(), likely: spellings.likely };
            if let Some(path) = self.moved_path(&absolute) {
                return Ok(path);
            }
        }
        match scheme {
            None | Some("file") => {
                let spellings = match self.is_bundle {
                    true => spellings.inside().ok_or_else(|| unusable(location, LEADS_OUT))?,
                    false => spellings,
                };
                Ok(choose(spellings.paths.iter().map(|path| self.resolve(path)), spellings.likely))
            }
            // A colon may stand in a name.
            Some(name) if !location[name.len()..].starts_with("://") => {
                let path = self.folder.join(location);
                if bundle::exists(&path) { Ok(path) } else { Err(foreign(location)) }
            }
            Some(_) => Err(foreign(location)),
        }
    }

    /// The absolute path of the folder at `location`, a path or a `file:` URL as a timeline wrote it. An empty one is
    /// the timeline's folder.
    ///
    /// # Errors
    /// As [`Locator::file`].
    pub fn folder(&self, location: &str) -> Result<PathBuf> {
        if location.is_empty() {
            let own = Spellings { paths: vec![self.folder.as_os_str().as_encoded_bytes().to_owned()], likely: 0 };
            return Ok(self.moved_path(&own).unwrap_or_else(|| self.folder.clone()));
        }
        self.file(location)
    }

    /// Where numbered frames lie whose reference says `target_url_base`, `name_prefix` and `name_suffix`; `number` is
    /// that of one of them, padded.
    ///
    /// Names may be percent-encoded as the folder is. Behind a `file:` URL they are decoded unless the frame `number`
    /// exists under its name as written, behind a path only where it exists under its decoded name alone.
    ///
    /// # Errors
    /// As [`Locator::file`].
    pub fn sequence(&self, base: &str, prefix: &str, suffix: &str, number: &str) -> Result<SequenceLocation> {
        let folder = self.folder(base)?;
        if self.is_bundle && prefix.split(['/', '\\']).any(|part| part == "..") {
            return Err(unusable(prefix, LEADS_OUT));
        }
        let as_written = SequenceLocation { folder, prefix: prefix.to_owned(), suffix: suffix.to_owned() };
        if !(prefix.contains('%') || suffix.contains('%')) {
            return Ok(as_written);
        }
        let text = |text: &str| String::from_utf8(decoded(text.as_bytes())).ok().filter(|text| printable(text));
        let (Some(prefix), Some(suffix)) = (text(prefix), text(suffix)) else { return Ok(as_written) };
        let decoded = SequenceLocation { folder: as_written.folder.clone(), prefix, suffix };
        let exists =
            |at: &SequenceLocation| bundle::exists(&at.folder.join(format!("{}{number}{}", at.prefix, at.suffix)));
        let is_decoded = !exists(&as_written) && (file_url(base).is_some() || exists(&decoded));
        Ok(if is_decoded { decoded } else { as_written })
    }

    /// The numbered files that `location`, which a timeline wrote as that of one file, stands for: by a pattern in its
    /// name, unless a file is called so; or as the name of an image file with numbered files beside it. The disk is asked
    /// where either is in play.
    ///
    /// # Errors
    /// As [`Locator::file`].
    pub(crate) fn numbered(&self, location: &str) -> Result<Option<NumberedFiles>> {
        let place = location.rfind('/').or_else(|| location.rfind('\\'));
        let (folder, name) = match place {
            Some(place) => (&location[..=place], &location[place + 1..]),
            None => ("", file_url(location).unwrap_or(location)),
        };
        let is_file = |path: &Path| bundle::exists(path) && !path.is_dir();
        let written = pattern::pattern(name);
        let text = || String::from_utf8(decoded(name.as_bytes())).ok().filter(|text| printable(text));
        let read = written.clone().or_else(|| text().as_deref().and_then(pattern::pattern));
        if let Some(read) = read
            && !self.file(location).is_ok_and(|path| is_file(&path))
        {
            let number = crate::time::padded(read.range.map_or(1, |range| range.0), read.padding as usize);
            let location = match written {
                Some(_) => self.sequence(folder, &read.prefix, &read.suffix, &number)?,
                None => SequenceLocation {
                    folder: self.folder(folder)?,
                    prefix: read.prefix.clone(),
                    suffix: read.suffix.clone(),
                },
            };
            return Ok(Some(NumberedFiles::new(location, &read, true)));
        }
        if !pattern::is_image(name) {
            return Ok(None);
        }
        let path = self.file(location)?;
        let (Some(folder), Some(name)) = (path.parent(), path.file_name().and_then(|name| name.to_str())) else {
            return Ok(None);
        };
        let readings = pattern::frames(name);
        if readings.is_empty() || !is_file(&path) {
            return Ok(None);
        }
        let files = readings.iter().map(|read| {
            let (prefix, suffix) = (read.prefix.clone(), read.suffix.clone());
            NumberedFiles::new(SequenceLocation { folder: folder.to_owned(), prefix, suffix }, read, false)
        });
        Ok(files.into_iter().find(|files| files.numbers.len() > 1))
    }

    /// Where the location has moved to, if the path map knows one of its spellings.
    fn moved_path(&self, spellings: &Spellings) -> Option<PathBuf> {
        let mut paths = Vec::new();
        let mut likely = 0;
        for (index, path) in spellings.paths.iter().enumerate() {
            let slashed = slashes(path);
            let found = self.moved.iter().find_map(|(from, to)| Some((rest_behind(from, &slashed)?, from, to)));
            if let Some((rest, from, to)) = found {
                self.used.lock().insert(from.clone());
                if index == spellings.likely {
                    likely = paths.len();
                }
                paths.push(if rest.is_empty() { to.clone() } else { to.join(to_path(rest)) });
            }
        }
        if paths.is_empty() { None } else { Some(choose(paths.into_iter(), likely)) }
    }

    fn resolve(&self, path: &[u8]) -> PathBuf {
        if has_drive(path) { to_path(path) } else { tidy(&self.folder.join(to_path(path))) }
    }
}

/// `path` without `.`, and without `..` where what stands before it is a folder that may be left out: behind a symbolic
/// link, `..` leads elsewhere.
fn tidy(path: &Path) -> PathBuf {
    let dots = |part: &[u8]| part == b"." || part == b"..";
    if !path.as_os_str().as_encoded_bytes().split(|&byte| byte == b'/').any(dots) {
        return path.to_owned();
    }
    let mut tidy = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir if tidy.file_name().is_some() && !tidy.is_symlink() => {
                tidy.pop();
            }
            part => tidy.push(part),
        }
    }
    tidy
}

impl NumberedFiles {
    fn new(location: SequenceLocation, read: &pattern::Numbered, is_pattern: bool) -> NumberedFiles {
        // A prefix may lead into a folder below.
        let (folder, prefix) = match location.prefix.rsplit_once('/') {
            Some((below, prefix)) => (location.folder.join(below), prefix),
            None => (location.folder.clone(), location.prefix.as_str()),
        };
        let named = pattern::Numbered { prefix: prefix.to_owned(), suffix: location.suffix.clone(), ..read.clone() };
        let names = bundle::list(&folder, prefix).unwrap_or_default();
        let mut numbers: Vec<i64> = names.iter().filter_map(|name| pattern::number_in(name, &named)).collect();
        numbers.sort_unstable();
        let Numbered { padding, range, step, .. } = named;
        NumberedFiles { location, padding, range, step, is_pattern, numbers }
    }
}

/// What is wrong with a location that leaves its bundle.
const LEADS_OUT: &str = "leads out of the bundle";

/// The only path, else the first that exists, else the likely one.
fn choose(paths: impl ExactSizeIterator<Item = PathBuf>, likely: usize) -> PathBuf {
    let mut paths: Vec<_> = paths.collect();
    let chosen = match paths.len() {
        1 => 0,
        _ => paths.iter().position(|path| bundle::exists(path)).unwrap_or(likely),
    };
    paths.swap_remove(chosen)
}

/// Whether a location starts at the folder of its timeline.
pub(crate) fn is_relative(location: &str) -> bool {
    scheme(location).is_none() && !location.starts_with(['/', '\\']) && !has_drive(location.as_bytes())
}

/// The folder that relative locations of the timeline in the file `timeline` start at: the bundle it lies in, or its own.
pub(crate) fn base_folder(timeline: &Path) -> Option<PathBuf> {
    let timeline = std::path::absolute(timeline).ok()?;
    if bundle::is_bundle(&timeline) { Some(timeline) } else { timeline.parent().map(Path::to_owned) }
}

fn printable(text: &str) -> bool {
    !text.contains(char::is_control)
}

fn unusable(location: &str, why: &str) -> Error {
    Error::new(ErrorKind::Location, format!("the media location {location:?} {why}"))
}

fn foreign(location: &str) -> Error {
    unusable(location, "is neither a path nor a file: URL")
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    fn locator(map: &[(&str, &str)]) -> Locator {
        let map: Vec<_> = map.iter().map(|(from, to)| ((*from).to_owned(), PathBuf::from(to))).collect();
        Locator::new(Some(Path::new("/cut/v1/edit.otio")), &map)
    }

    fn file(location: &str) -> String {
        locator(&[]).file(location).expect(location).display().to_string()
    }

    #[test]
    fn locations_become_absolute_paths() {
        for (location, path) in [
            ("/m/a.mov", "/m/a.mov"),
            ("a.mov", "/cut/v1/a.mov"),
            ("../a.mov", "/cut/a.mov"),
            ("./x/a.mov", "/cut/v1/x/a.mov"),
            ("file:///m/b%20c.mov", "/m/b c.mov"),
            ("FILE:///m/a.mov", "/m/a.mov"),
            ("file://localhost/m/a.mov", "/m/a.mov"),
            ("file://LOCALHOST/m/a.mov", "/m/a.mov"),
            ("file:/m/a.mov", "/m/a.mov"),
            ("file:m/a%25.mov", "/cut/v1/m/a%.mov"),
            ("file://./m/a.mov", "/cut/v1/m/a.mov"),
            ("file:///m/%C3%A9.mov", "/m/é.mov"),
            ("file:///m/a#1.mov", "/m/a#1.mov"),
            ("C:\\m\\a.mov", "C:/m/a.mov"),
            ("C:/m/a.mov", "C:/m/a.mov"),
            ("file:///C:/m/a.mov", "C:/m/a.mov"),
            ("file://localhost/C%3a/m/a.mov", "C:/m/a.mov"),
            ("file://C:/m/a.mov", "C:/m/a.mov"),
            ("file:///C:\\m\\a.mov", "C:/m/a.mov"),
            ("\\\\srv\\share\\a.mov", "//srv/share/a.mov"),
            ("file://srv/share/a.mov", "//srv/share/a.mov"),
            ("file:////srv/share/a.mov", "//srv/share/a.mov"),
            ("file://\\\\srv\\share\\a.mov", "//srv/share/a.mov"),
            ("m\\a.mov", "/cut/v1/m/a.mov"),
            ("/m/a\\b.mov", "/m/a\\b.mov"),
            ("12:30 talk.mov", "/cut/v1/12:30 talk.mov"),
            ("a%20b.mov", "/cut/v1/a%20b.mov"),
            ("50%.mov", "/cut/v1/50%.mov"),
            ("/m/a/", "/m/a/"),
        ] {
            assert_eq!(file(location), path, "{location}");
        }
    }

    #[test]
    fn other_schemes_are_errors_that_name_the_location() {
        for location in ["http://h/a.mov", "s3://bucket/a.mov", "urn:a:b", "", "file:", "file://", "a\0b"] {
            let error = locator(&[]).file(location).expect_err(location);
            assert_eq!(error.kind(), ErrorKind::Location, "{location}");
        }
        assert!(locator(&[]).file("http://h/a.mov").expect_err("foreign").to_string().contains("http://h/a.mov"));
    }

    #[test]
    fn the_path_map_knows_every_spelling() {
        let map = locator(&[
            ("/old", "/new"),
            ("/old/deep dir/", "/deep"),
            ("C:\\media", "/mnt/c"),
            ("\\\\srv\\share", "/mnt/share"),
            ("s3://bucket/proj", "/mnt/s3"),
            ("file:///url%20dir", "/mnt/url"),
            ("rel", "/mnt/rel"),
        ]);
        for (location, path) in [
            ("/old/a.mov", "/new/a.mov"),
            ("/older/a.mov", "/older/a.mov"),
            ("file:///old/b%20c.mov", "/new/b c.mov"),
            ("file:///old/deep%20dir/a.mov", "/deep/a.mov"),
            ("/old/deep dir/a.mov", "/deep/a.mov"),
            ("/old", "/new"),
            ("c:/Media/x/a.mov", "/mnt/c/x/a.mov"),
            ("C:\\media\\a.mov", "/mnt/c/a.mov"),
            ("file://localhost/C%3a/media/a.mov", "/mnt/c/a.mov"),
            ("file://SRV/share/a.mov", "/mnt/share/a.mov"),
            ("\\\\srv\\share\\x\\a.mov", "/mnt/share/x/a.mov"),
            ("s3://bucket/proj/a%20b.mov", "/mnt/s3/a b.mov"),
            ("/url dir/a.mov", "/mnt/url/a.mov"),
            ("rel\\a.mov", "/mnt/rel/a.mov"),
            ("relative/a.mov", "/cut/v1/relative/a.mov"),
        ] {
            assert_eq!(map.file(location).expect(location).display().to_string(), path, "{location}");
        }
        assert!(map.file("s3://bucket/project/a.mov").is_err());
        assert_eq!(locator(&[("/", "/mnt")]).file("/a/b.mov").expect("mapped"), Path::new("/mnt/a/b.mov"));
        assert_eq!(locator(&[("C:", "/mnt")]).file("C:\\b.mov").expect("mapped"), Path::new("/mnt/b.mov"));
        assert_eq!(locator(&[("C:\\", "/mnt")]).file("C:\\b.mov").expect("mapped"), Path::new("/mnt/b.mov"));
    }

    #[test]
    fn what_exists_decides_what_an_ambiguous_name_means() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let locator = Locator::new(Some(&folder.path().join("edit.otio")), &[]);
        let create = |name: &str| std::fs::write(folder.path().join(name), b"").expect("a file");
        std::fs::create_dir(folder.path().join("sub")).expect("a folder");
        let url = |name: &str| format!("file://{}/{name}", folder.path().display());
        let found = |location: &str| {
            let path = locator.file(location).expect(location);
            path.strip_prefix(folder.path()).expect("in the folder").display().to_string()
        };

        create("b c.mov");
        assert_eq!(found("b%20c.mov"), "b c.mov");
        create("b%20c.mov");
        assert_eq!(found("b%20c.mov"), "b%20c.mov");
        assert_eq!(found(&url("b%20c.mov")), "b%20c.mov");

        assert_eq!(found(&url("q.mov?x=1#t")), "q.mov?x=1#t");
        create("q.mov");
        assert_eq!(found(&url("q.mov?x=1#t")), "q.mov");
        create("q.mov?x=1#t");
        assert_eq!(found(&url("q.mov?x=1#t")), "q.mov?x=1#t");

        create("sub\\d.mov");
        assert_eq!(found("sub\\d.mov"), "sub\\d.mov");
        create("sub/e.mov");
        assert_eq!(found("sub\\e.mov"), "sub/e.mov");

        create("scene:1.mov");
        assert_eq!(found("scene:1.mov"), "scene:1.mov");
        assert!(locator.file("scene:2.mov").is_err());
    }

    #[test]
    fn sequences_have_a_folder_and_names() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let locator = Locator::new(Some(&folder.path().join("edit.otio")), &[]);
        let sequence = |base: &str| locator.sequence(base, "s%20h.", ".exr", "0001").expect(base);
        for base in ["/seq", "/seq/"] {
            let found = sequence(base);
            assert_eq!(found.folder.join("x"), Path::new("/seq/x"));
            assert_eq!(found.prefix, "s%20h.");
        }
        assert_eq!(sequence("").folder, folder.path());
        assert_eq!(sequence("file:///seq%20a/").folder, Path::new("/seq a"));
        assert_eq!(sequence("file:///seq").prefix, "s h.");
        std::fs::write(folder.path().join("s%20h.0001.exr"), b"").expect("a file");
        assert_eq!(sequence(&format!("file://{}", folder.path().display())).prefix, "s%20h.");
    }
}
