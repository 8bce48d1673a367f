//! Pieces whose pictures are encoded anew: every frame is decoded once, for all the pieces that show it.

use super::super::frame::Frame;
use super::super::media::Broken;
use super::source::TrimSource;
use super::writer::PieceWriter;
use super::{PieceJob, TrimRun};
use crate::error::Result;

/// Encodes `jobs`, which lie in the order of their first frames.
pub(super) fn run(jobs: Vec<PieceJob>, source: &mut TrimSource, run: &mut TrimRun<'_>) -> Result<()> {
    let mut waiting = jobs.into_iter().peekable();
    let mut active: Vec<(PieceJob, Option<PieceWriter>)> = Vec::new();
    let mut index = 0;
    loop {
        run.check()?;
        if active.is_empty() {
            let Some(job) = waiting.next() else { return Ok(()) };
            index = job.first;
            active.push((job, None));
        }
        while let Some(job) = waiting.next_if(|job| job.first == index) {
            active.push((job, None));
        }
        let (frame, own) = match source.frame(index) {
            Ok(found) => found,
            Err(error) => {
                let lost = Broken::new(&error);
                active.drain(..).for_each(|(job, _)| run.done(&job, Err(lost.error())));
                continue;
            }
        };
        for (job, mut writer) in std::mem::take(&mut active) {
            let step = write(&job, &mut writer, (&frame, own), source, run);
            match (step, writer) {
                (Err(error), _) => run.done(&job, Err(error)),
                (Ok(()), Some(writer)) if index + 1 == job.end() => {
                    let piece = writer.finish(&job, source, run.files);
                    run.done(&job, piece);
                }
                (Ok(()), writer) => active.push((job, writer)),
            }
        }
        index += 1;
    }
}

/// Writes a frame of a piece, which may be the one in front of it, and what is heard beside it.
fn write(
    job: &PieceJob,
    writer: &mut Option<PieceWriter>,
    (frame, own): (&Frame, bool),
    source: &mut TrimSource,
    run: &TrimRun<'_>,
) -> Result<()> {
    let writer = match writer {
        Some(writer) => writer,
        None => {
            let threads = u32::try_from(run.threads).unwrap_or(0);
            writer.insert(PieceWriter::encoding(job, source, run.preset, frame, threads)?)
        }
    };
    writer.write_frame(frame, own, &job.times(source))?;
    writer.accompany(job, &mut source.sounds, &source.grid)
}
