//! Frame-exact pieces of one movie, in one pass over it: packets where those are the frames asked for, else frames that are
//! decoded once and encoded for every piece that shows them.

mod about;
mod container;
mod cut;
mod frames;
mod grid;
mod own;
mod packets;
mod sound;
mod source;
mod writer;

pub(super) use about::of_piece;

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use crate::backend::CancelToken;
use crate::deliver::{
    CopyMode, Existing, OutputPlace, Piece, Preset, Protected, SingleFiles, Trim, Trimmed, TrimmedPiece,
};
use crate::error::{Error, ErrorKind, Result};
use crate::report::OutputKind;
use crate::trace;
use grid::PresentationTimes;
use source::TrimSource;

/// A piece that is to be made.
struct PieceJob {
    /// Its number in the request.
    number: usize,
    first: i64,
    count: i64,
    place: OutputPlace,
    /// FFmpeg's name of the muxer.
    muxer: &'static str,
    /// Why it is not copied.
    why: Option<String>,
}

impl PieceJob {
    fn because(mut self, why: &str) -> PieceJob {
        self.why = Some(why.to_owned());
        self
    }

    fn end(&self) -> i64 {
        self.first + self.count
    }

    fn times<'s>(&self, source: &'s TrimSource) -> PresentationTimes<'s> {
        source.grid.times(self.first, &source.facts)
    }
}

/// What all pieces have in common, and what came of them so far.
struct TrimRun<'a> {
    cancel: &'a CancelToken,
    files: &'a SingleFiles<'a>,
    preset: Option<&'a Preset>,
    threads: usize,
    results: Vec<Option<Result<TrimmedPiece>>>,
    packets: u64,
}

impl TrimRun<'_> {
    fn check(&self) -> Result<()> {
        if self.cancel.is_cancelled() { Err(Error::new(ErrorKind::Cancelled, "cancelled")) } else { Ok(()) }
    }

    fn done(&mut self, job: &PieceJob, result: Result<TrimmedPiece>) {
        trace::event!(
            INFO,
            "a piece is done",
            target_file = trace::shown(job.place.path.display()),
            copied = result.as_ref().is_ok_and(|piece| piece.copied),
            encoded_because = job.why.as_deref().unwrap_or_default(),
            failed = result.is_err()
        );
        self.results[job.number] = Some(result.map_err(|error| error.at_file(&job.place.path)));
    }
}

/// See [`crate::deliver::trim`](crate::deliver::trim()).
pub(crate) fn trim(request: &Trim, cancel: &CancelToken) -> Result<Trimmed> {
    if request.pieces.is_empty() {
        return Err(Error::new(ErrorKind::Option, "no piece is asked for"));
    }
    if let Some(preset) = request.preset.as_ref().filter(|preset| preset.is_sequence()) {
        let what = format!("{} makes one file per frame, and pieces are movies", preset.name);
        return Err(Error::new(ErrorKind::Option, what));
    }
    let cores = || crate::threads::available();
    let threads = if request.threads == 0 { cores() } else { request.threads };
    let mut source = TrimSource::open(&request.source, threads)?;
    let mut protected = Protected::default();
    protected.add("the medium", &request.source);
    let existing = match (request.overwrite, request.overwrite_foreign) {
        (_, true) => Existing::OverwriteForeign,
        (true, false) => Existing::Overwrite,
        (false, false) => Existing::Error,
    };
    let mut files = SingleFiles::new(&protected, existing);
    let mut results: Vec<Option<Result<TrimmedPiece>>> = request.pieces.iter().map(|_| None).collect();
    let mut targets = Targets::new(&request.source);
    let mut jobs = Vec::new();
    for (number, piece) in request.pieces.iter().enumerate() {
        match job(number, piece, request, &source, (&mut targets, &mut files)) {
            Ok(job) => jobs.push(job),
            Err(error) => results[number] = Some(Err(error)),
        }
    }
    let mut run = TrimRun { cancel, files: &files, preset: request.preset.as_ref(), threads, results, packets: 0 };
    let made = make(jobs, request, &mut source, &mut run);
    let unlisted = files.finish();
    made?;
    let lost = || Err(Error::new(ErrorKind::Encode, "the piece was not made"));
    let mut pieces: Vec<Result<TrimmedPiece>> =
        run.results.into_iter().map(|result| result.unwrap_or_else(lost)).collect();
    pieces.iter_mut().flatten().for_each(|piece| piece.notes.extend(unlisted.iter().cloned()));
    Ok(Trimmed { pieces, packets: run.packets + source.reader.packets_read() })
}

/// Makes all of `jobs`.
fn make(mut jobs: Vec<PieceJob>, request: &Trim, source: &mut TrimSource, run: &mut TrimRun<'_>) -> Result<()> {
    jobs.sort_by_key(|job| job.first);
    if request.copy == CopyMode::Exact {
        let (held, others): (Vec<PieceJob>, Vec<PieceJob>) =
            jobs.into_iter().partition(|job| container::holds(job.muxer, &source.info.codec));
        let codec = source.info.codec.clone();
        jobs = packets::run(held, source, run)?;
        jobs.extend(others.into_iter().map(|job| {
            let why = format!("{} files cannot hold {codec}", job.muxer);
            job.because(&why)
        }));
        jobs.sort_by_key(|job| job.first);
    }
    frames::run(jobs, source, run)
}

/// What has to be done for a piece.
fn job(
    number: usize,
    piece: &Piece,
    request: &Trim,
    source: &TrimSource,
    (targets, files): (&mut Targets, &mut SingleFiles<'_>),
) -> Result<PieceJob> {
    let muxer = container::muxer_of(&piece.target)?;
    let codec = request.preset.as_ref().map_or(source.info.codec.as_str(), |preset| preset.codec.as_str());
    if !container::holds(muxer, codec) {
        return Err(container::refuse(&piece.target, codec));
    }
    let (first, count) = cut::resolve(&piece.cut, source)?;
    targets.take(&piece.target)?;
    let place = OutputPlace::of_file(&piece.target, OutputKind::Movie);
    files.check(&place)?;
    Ok(PieceJob { number, first, count, place, muxer, why: None })
}

/// The files that are written, each once, and not the one that is read.
struct Targets {
    source: PathBuf,
    taken: HashSet<PathBuf>,
}

impl Targets {
    fn new(source: &Path) -> Targets {
        Targets { source: real(source), taken: HashSet::new() }
    }

    fn take(&mut self, target: &Path) -> Result<()> {
        let path = real(target);
        let clash = if path == self.source {
            "the movie that is cut"
        } else if self.taken.contains(&path) {
            "the file of another piece"
        } else {
            self.taken.insert(path);
            return Ok(());
        };
        Err(Error::new(ErrorKind::Option, format!("{} is {clash}", target.display())).at_file(target))
    }
}

/// A path as the file system knows it, whatever of it is there.
fn real(path: &Path) -> PathBuf {
    if let Ok(real) = path.canonicalize() {
        return real;
    }
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    match (folder.canonicalize(), path.file_name()) {
        (Ok(folder), Some(name)) => folder.join(name),
        _ => path.to_owned(),
    }
}
