//! What the sound of a cut costs: ten minutes, sixty clips on eight tracks, sixty shots. Beside it, the commands that
//! pipelines start for the same: one per clip, one that lays all of them into one long file, one per shot.
#![allow(clippy::unwrap_used, reason = "a bench that cannot go on has failed")]

use criterion::{Criterion, criterion_group, criterion_main};

#[cfg(feature = "ffmpeg")]
#[path = "../tests/common/otio.rs"]
mod otio;

#[cfg(feature = "ffmpeg")]
fn sounds(criterion: &mut Criterion) {
    use std::path::{Path, PathBuf};
    use std::process::Command;

    use otio_conflate::backend::CancelToken;
    use otio_conflate::backend::ffmpeg::write_shot_mixes;
    use otio_conflate::plan::{Shot, ShotSelection};
    use otio_conflate::{Plan, PlanOptions};
    use serde_json::Value;

    const RATE: u32 = 24;
    const TRACKS: u32 = 8;
    const CLIPS: u32 = 60;
    const SHOTS: u32 = 60;
    const SECONDS: u32 = 600;
    /// Every clip lasts a minute, of media of three.
    const LENGTH: u32 = 60;

    let ffmpeg = |arguments: &[&str]| {
        let status = Command::new("ffmpeg").args(["-v", "error", "-nostdin", "-y"]).args(arguments).status();
        assert!(status.unwrap().success(), "{arguments:?}");
    };
    let text = |path: &Path| path.to_str().unwrap().to_owned();
    let folder = tempfile::tempdir().unwrap();
    let at = |name: String| folder.path().join(name);
    // A third each: WAV, other sample rates, compressed.
    let media: Vec<PathBuf> = [("wav", "48000", "pcm_s16le"), ("wav", "44100", "pcm_s24le"), ("m4a", "48000", "aac")]
        .into_iter()
        .enumerate()
        .map(|(index, (extension, rate, codec))| {
            let path = at(format!("media{index}.{extension}"));
            let source = format!("sine=frequency={}:sample_rate={rate}:duration=180", 220 * (index + 1));
            ffmpeg(&["-f", "lavfi", "-i", &source, "-ac", "2", "-c:a", codec, &text(&path)]);
            path
        })
        .collect();
    // Clip n lies on track n % 8, behind a gap.
    let start_of = |clip: u32| (clip / TRACKS) * 78 + clip % TRACKS;
    let place = |clip: u32| (&media[clip as usize % media.len()], start_of(clip), 7 + clip % 100);
    let range = |start: u32, length: u32| otio::range(start * RATE, length * RATE, RATE);
    let track = |track: u32| -> Value {
        let mut end = 0;
        let mut children = Vec::new();
        for clip in (track..CLIPS).step_by(TRACKS as usize) {
            let (media, start, from) = place(clip);
            children.push(otio::gap_at((start - end) * RATE, RATE));
            let media = otio::external(&text(media), range(0, 180));
            children.push(otio::clip_of(&format!("clip{clip}"), range(from, LENGTH), media));
            end = start + LENGTH;
        }
        otio::audio_track("", children)
    };
    let tracks: Vec<Value> = (0..TRACKS).map(track).collect();
    let timeline = otio::read(&otio::timeline_at(otio::time(86_400, RATE), tracks));
    let shot_length = SECONDS / SHOTS;
    let mut options = PlanOptions::default();
    let shots =
        (0..SHOTS).map(|shot| (format!("sh{shot}"), (shot * shot_length * RATE).into(), (shot_length * RATE).into()));
    options.shots = ShotSelection::Ranges(shots.collect());
    let plan = Plan::new(&timeline, &options).unwrap();

    let mut group = criterion.benchmark_group("60 shots of ten minutes, 60 clips on 8 tracks");
    group.bench_function("mixed here", |bencher| {
        bencher.iter(|| {
            let path = |shot: &Shot| at(format!("{}.wav", shot.name));
            for report in write_shot_mixes(&plan, path, &CancelToken::new()).unwrap() {
                assert_eq!(report.samples, i64::from(shot_length) * 48_000);
            }
        });
    });
    group.finish();
    // Once: they take too long for samples.
    let started = std::time::Instant::now();
    let silence = format!("anullsrc=r=48000:cl=stereo:d={SECONDS}");
    let mut inputs = vec!["-f".to_owned(), "lavfi".to_owned(), "-i".to_owned(), silence];
    let mut filters = Vec::new();
    for clip in 0..CLIPS {
        let (media, start, from) = place(clip);
        let own = text(&at(format!("clip{clip}.wav")));
        let (from, length) = (from.to_string(), LENGTH.to_string());
        ffmpeg(&["-ss", &from, "-t", &length, "-i", &text(media), "-ar", "48000", &own]);
        inputs.extend(["-i".to_owned(), own]);
        filters.push(format!("[{}]adelay={start}000|{start}000[c{clip}];", clip + 1));
    }
    let names: String = (0..CLIPS).map(|clip| format!("[c{clip}]")).collect();
    let graph = format!(
        "{}[0]{names}amix=inputs={}:duration=first:dropout_transition=0,volume={}[a]",
        filters.concat(),
        CLIPS + 1,
        CLIPS + 1
    );
    let whole = text(&at("whole.wav".to_owned()));
    let mut all: Vec<&str> = inputs.iter().map(String::as_str).collect();
    all.extend(["-filter_complex", &graph, "-map", "[a]", "-c:a", "pcm_s24le", &whole]);
    ffmpeg(&all);
    for shot in 0..SHOTS {
        let (start, length) = ((shot * shot_length).to_string(), shot_length.to_string());
        let own = text(&at(format!("cut{shot}.wav")));
        ffmpeg(&["-ss", &start, "-t", &length, "-i", &whole, "-c:a", "pcm_s24le", &own]);
    }
    println!("the ffmpeg commands, once: {:.1} s", started.elapsed().as_secs_f64());
}

#[cfg(not(feature = "ffmpeg"))]
fn sounds(_: &mut Criterion) {}

criterion_group! {
    name = benches;
    config = Criterion::default().sample_size(10).warm_up_time(std::time::Duration::from_millis(500))
        .measurement_time(std::time::Duration::from_secs(3));
    targets = sounds
}
criterion_main!(benches);
