//! Movies to be cut, cuts, and what is in the pieces.

use std::path::{Path, PathBuf};

use otio_conflate::backend::ffmpeg::{DecodeOptions, MovieReader};
use otio_conflate::deliver::{CopyMode, Cut, Trim, Trimmed, TrimmedPiece, trim};
use otio_conflate::{CancelToken, Error, Result};
use tempfile::TempDir;

use crate::common::{HEIGHT, WIDTH, ffmpeg, movie, number, number_in};

/// The number that frame `index` of every movie here carries.
pub(crate) fn numbered(index: i64) -> u16 {
    u16::try_from(index * 251 + 17).expect("a short movie")
}

/// A folder with a movie in it.
pub(crate) struct Media {
    pub(crate) folder: TempDir,
    pub(crate) movie: PathBuf,
}

impl Media {
    /// A movie of `count` numbered frames.
    pub(crate) fn new(name: &str, count: i64, rate: &str, arguments: &str) -> Media {
        let folder = tempfile::tempdir().expect("a folder");
        let movie = movie(&folder.path().join(name), (0..count).map(numbered), rate, arguments);
        Media { folder, movie }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// One piece of the movie.
    pub(crate) fn piece(&self, name: &str, cut: Cut, change: impl FnOnce(Trim) -> Trim) -> Result<TrimmedPiece> {
        let request = change(Trim::new(&self.movie).piece(cut, self.path(name)));
        let mut trimmed = trim(&request, &CancelToken::new())?;
        assert_eq!(trimmed.pieces.len(), 1);
        trimmed.pieces.remove(0)
    }

    /// The error of a piece, which has to leave nothing behind.
    pub(crate) fn refused(&self, name: &str, cut: Cut, change: impl FnOnce(Trim) -> Trim) -> Error {
        let before = self.files();
        let error = self.piece(name, cut, change).expect_err("refused");
        assert_eq!(self.files(), before, "{error:#}");
        error
    }

    /// Everything in the folder, hidden or not.
    pub(crate) fn files(&self) -> Vec<PathBuf> {
        let entries = std::fs::read_dir(self.folder.path()).expect("a folder");
        let mut files: Vec<_> = entries.map(|entry| entry.expect("an entry").path()).collect();
        files.sort();
        files
    }

    /// Pieces of the movie, frames `(first, count)` each, as files of this extension.
    pub(crate) fn pieces(&self, extension: &str, pieces: &[(i64, i64)], copy: CopyMode) -> Trimmed {
        let mut request = Trim::new(&self.movie).copy(copy).overwrite(true);
        for &(first, count) in pieces {
            request = request.piece(Cut::frames(first, count), self.path(&format!("{first}-{count}.{extension}")));
        }
        trim(&request, &CancelToken::new()).expect("a movie that can be cut")
    }
}

/// Asserts that a piece has exactly frames `first..first + count` of a numbered movie, by this crate and by the command
/// line tool.
#[track_caller]
pub(crate) fn assert_frames(path: &Path, first: i64, count: i64) {
    assert_all(&[(path, first, count)]);
}

/// The same of many pieces.
#[track_caller]
pub(crate) fn assert_all(pieces: &[(&Path, i64, i64)]) {
    let paths: Vec<_> = pieces.iter().map(|(path, ..)| *path).collect();
    for ((path, first, count), shown) in pieces.iter().zip(shown_all(&paths)) {
        let expected: Vec<_> = (*first..first + count).map(|index| Some(numbered(index))).collect();
        assert_eq!(read(path), expected, "{}", path.display());
        assert_eq!(shown, expected, "{} by the command line tool", path.display());
    }
}

/// The numbers of all frames of a movie, as this crate reads it.
fn read(path: &Path) -> Vec<Option<u16>> {
    let mut reader = MovieReader::open(path, &DecodeOptions::default()).expect("a movie");
    let rate = reader.info().rate.unwrap_or(otio_conflate::time::Rate::FPS_24);
    let frames = (0..).map(|index| {
        reader.frame(index, rate).unwrap_or_else(|error| panic!("{}, frame {index}: {error:#}", path.display()))
    });
    frames.take_while(|picked| picked.outside.is_none()).map(|picked| number(&picked.frame)).collect()
}

/// The numbers of all frames of a movie, as the command line tool decodes it.
pub(crate) fn shown(path: &Path) -> Vec<Option<u16>> {
    shown_all(&[path]).remove(0)
}

/// The same of many movies, decoded by one call of the tool.
fn shown_all(paths: &[&Path]) -> Vec<Vec<Option<u16>>> {
    let folder = tempfile::tempdir().expect("a folder");
    let text = |path: &Path| path.to_str().expect("temporary folders have plain names").to_owned();
    let outputs: Vec<_> = (0..paths.len()).map(|index| folder.path().join(format!("{index}.raw"))).collect();
    let inputs = paths.iter().flat_map(|path| ["-i".to_owned(), text(path)]);
    let settings = "-fps_mode passthrough -f rawvideo -pix_fmt gray";
    let decoded = outputs.iter().enumerate().flat_map(|(index, output)| {
        let map = format!("-map {index}:v:0 {settings} {}", text(output));
        map.split(' ').map(str::to_owned).collect::<Vec<_>>()
    });
    let arguments: Vec<String> = inputs.chain(decoded).collect();
    ffmpeg(&arguments.iter().map(String::as_str).collect::<Vec<_>>(), None);
    outputs
        .iter()
        .map(|output| {
            let data = std::fs::read(output).expect("it was just written");
            assert_eq!(data.len() % (WIDTH * HEIGHT), 0, "{}", output.display());
            let frames = data.chunks_exact(WIDTH * HEIGHT);
            frames.map(|frame| number_in(|x, y| f64::from(frame[y * WIDTH + x]), (0, 0), (WIDTH, HEIGHT))).collect()
        })
        .collect()
}
