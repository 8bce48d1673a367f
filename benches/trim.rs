//! What cutting a movie costs: packets copied, frames encoded anew, many pieces in one pass; beside it the command line
//! tool, which copies the same packets, one call a piece.
#![allow(clippy::unwrap_used, reason = "a bench that cannot go on has failed")]

use criterion::{Criterion, criterion_group, criterion_main};

#[cfg(feature = "ffmpeg")]
fn trims(criterion: &mut Criterion) {
    use std::path::Path;
    use std::process::Command;

    use otio_conflate::CancelToken;
    use otio_conflate::deliver::{CopyMode, Cut, Trim, trim};

    const FRAMES: i64 = 96;
    const PIECES: i64 = 4;
    const LENGTH: i64 = FRAMES / PIECES;

    let ffmpeg = |arguments: &[&str]| {
        let status = Command::new("ffmpeg").args(["-v", "error", "-nostdin", "-y"]).args(arguments).status();
        assert!(status.unwrap().success(), "{arguments:?}");
    };
    let folder = tempfile::tempdir().unwrap();
    let text = |path: &Path| path.to_str().unwrap().to_owned();
    let at = |name: &str| folder.path().join(name);
    let picture = format!("testsrc2=size=1920x1080:rate=24:duration={}", FRAMES / 24);
    let mut group = criterion.benchmark_group(format!("{PIECES} pieces of {LENGTH} frames, 1080p"));
    for (name, codec, format) in [
        ("ProRes HQ", &["prores_aw", "-profile:v", "3"], "yuv422p10le"),
        ("DNxHR SQ", &["dnxhd", "-profile:v", "dnxhr_sq"], "yuv422p"),
    ] {
        let movie = at(&format!("{}.mov", codec[0]));
        let sound =
            ["-f", "lavfi", "-i", &picture, "-f", "lavfi", "-i", "sine=r=48000", "-shortest", "-c:a", "pcm_s24le"];
        ffmpeg(&[&sound[..], &["-pix_fmt", format, "-c:v"], codec, &[&text(&movie)]].concat());
        let pieces = |copy| {
            let empty = Trim::new(&movie).copy(copy).overwrite(true);
            let cut = |piece: i64| Cut::frames(piece * LENGTH, LENGTH);
            (0..PIECES).fold(empty, |request, piece| request.piece(cut(piece), at(&format!("{piece}.mov"))))
        };
        for (how, copy) in [("copied", CopyMode::Exact), ("encoded", CopyMode::Never)] {
            let request = pieces(copy);
            group.bench_function(format!("{name}, {how}"), |bencher| {
                bencher.iter(|| {
                    let trimmed = trim(&request, &CancelToken::new()).unwrap();
                    assert!(
                        trimmed.pieces.iter().all(|piece| piece.as_ref().unwrap().copied == (copy == CopyMode::Exact))
                    );
                });
            });
        }
        group.bench_function(format!("{name}, copied by {PIECES} calls of ffmpeg"), |bencher| {
            bencher.iter(|| {
                for piece in 0..PIECES {
                    let (start, length) = (piece * LENGTH / 24, LENGTH / 24);
                    let place =
                        ["-ss", &start.to_string(), "-t", &length.to_string(), "-i", &text(&movie)].map(str::to_owned);
                    let place: Vec<_> = place.iter().map(String::as_str).collect();
                    ffmpeg(&[&place[..], &["-c", "copy", &text(&at("by-ffmpeg.mov"))]].concat());
                }
            });
        });
    }
}

#[cfg(not(feature = "ffmpeg"))]
fn trims(_: &mut Criterion) {}

criterion_group! {
    name = benches;
    config = Criterion::default().sample_size(10).warm_up_time(std::time::Duration::from_millis(500))
        .measurement_time(std::time::Duration::from_secs(3));
    targets = trims
}
criterion_main!(benches);
