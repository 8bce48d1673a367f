//! Frames whose times are not even: they are counted one by one, and keep the times they are shown at. R7.

use std::path::Path;
use std::process::Command;

use otio_conflate::deliver::{CopyMode, Cut};
use otio_conflate::time::Time;

use crate::support::{Media, assert_frames, numbered, shown};

/// When the frames of a movie are shown, in milliseconds after the first.
fn times(path: &Path) -> Vec<i64> {
    let arguments = ["-v", "error", "-select_streams", "v", "-show_entries", "frame=best_effort_timestamp_time"];
    let output = Command::new("ffprobe").args(arguments).args(["-of", "csv=p=0"]).arg(path).output().expect("ffprobe");
    let text = String::from_utf8(output.stdout).expect("text");
    let seconds: Vec<f64> = text.lines().filter_map(|line| line.trim_matches(',').parse().ok()).collect();
    seconds.iter().map(|second| ((second - seconds[0]) * 1000.0).round() as i64).collect()
}

/// A movie whose frames last one or three frame lengths, with key frames every ten.
fn uneven(name: &str, arguments: &str) -> Media {
    let uneven = "-vf setpts=(N+2*floor(N/3))/24/TB -fps_mode passthrough -video_track_timescale 24000";
    Media::new(
        name,
        40,
        "24",
        &format!(
            "{} {arguments}",
            if name.ends_with("mkv") { uneven.replace("-video_track_timescale 24000", "") } else { uneven.to_owned() }
        ),
    )
}

#[test]
fn frames_of_variable_rate_are_counted_and_keep_their_times() {
    let h264 = "-c:v libx264 -preset veryfast -crf 12 -bf 2 -x264-params keyint=10:min-keyint=10:scenecut=0:open-gop=0";
    for (name, arguments) in [("a.mp4", h264), ("a.mkv", h264), ("a.mov", "-c:v prores_aw")] {
        let media = uneven(name, arguments);
        let whole = times(&media.movie);
        assert_eq!(whole.len(), 40, "{name}");
        assert!(whole[3] - whole[2] > whole[2] - whole[1] + 50, "{name}: {whole:?}");
        for copy in [CopyMode::Exact, CopyMode::Never] {
            for (first, count) in [(10, 10), (20, 20), (13, 9)] {
                let cut = Cut::frames(first, count);
                let piece = media.piece(&format!("p-{name}"), cut, |trim| trim.copy(copy).overwrite(true));
                let piece = piece.unwrap_or_else(|error| panic!("{name} {first}+{count}: {error:#}"));
                let groups = first % 10 == 0;
                assert_eq!(piece.copied, copy == CopyMode::Exact && (groups || arguments != h264), "{piece:?}");
                let expected: Vec<_> = (first..first + count).map(|index| Some(numbered(index))).collect();
                assert_eq!(shown(&piece.path), expected, "{name} {first}+{count} {copy}");
                let range = first as usize..(first + count) as usize;
                let wanted: Vec<_> = whole[range.clone()].iter().map(|time| time - whole[range.start]).collect();
                let got = times(&piece.path);
                assert!(
                    got.len() == wanted.len() && got.iter().zip(&wanted).all(|(got, wanted)| (got - wanted).abs() <= 1),
                    "{name} {first}+{count} {copy}: {got:?}, not {wanted:?}"
                );
            }
        }
    }
}

/// Either end of a stretch of time goes to the nearest start of a frame.
#[test]
fn time_is_rounded_to_frames() {
    let seconds = |seconds: f64| Time::from_flicks((seconds * 705_600_000.0).round() as i64);
    let even = Media::new("a.mov", 30, "24", "-c:v prores_aw");
    let uneven = uneven("a.mov", "-c:v prores_aw");
    for (media, from, to, first, count) in [
        (&even, 0.0, 0.5, 0, 12),
        (&even, 0.5 - 0.02, 0.5 + 0.02, 12, 0),
        (&even, 0.5 - 0.022, 0.5 + 0.022, 11, 2),
        (&even, 1.0, 1.25, 24, 6),
        // Frames 0, 1, 2 start at 0, 1, 2 24ths, frame 3 at 5, frames 4, 5 at 6 and 7, frame 6 at 10.
        (&uneven, 0.0, 5.0 / 24.0, 0, 3),
        (&uneven, 3.4 / 24.0, 5.6 / 24.0, 2, 2),
        (&uneven, 3.6 / 24.0, 10.0 / 24.0, 3, 3),
    ] {
        let piece = media.piece("p.mov", Cut::time(seconds(from), seconds(to)), |trim| trim.overwrite(true));
        match piece {
            Ok(piece) => assert_eq!((piece.first, piece.count), (first, count), "{from} to {to}"),
            Err(error) => assert_eq!(count, 0, "{from} to {to}: {error:#}"),
        }
    }
}

/// Frames that an edit list hides are none of the movie's.
#[test]
fn hidden_frames_do_not_count() {
    let arguments =
        "-c:v libx264 -preset veryfast -crf 12 -bf 2 -x264-params keyint=12:min-keyint=12:scenecut=0:open-gop=0";
    let media = Media::new("whole.mp4", 48, "24", arguments);
    // Cut by the command line tool in the middle of a group: what lies in front of the place is there, and hidden.
    let hidden = media.path("hidden.mp4");
    let (from, to) = (media.movie.to_str().expect("plain"), hidden.to_str().expect("plain"));
    crate::common::ffmpeg(&["-ss", "0.75", "-i", from, "-c", "copy", to], None);
    let media = Media { movie: hidden, ..media };
    let all = shown(&media.movie);
    let first = i64::from(all[0].expect("a number") - 17) / 251;
    assert!(first > 12 && first < 24, "{first}");
    for (start, count) in [(0, 4), (0, 6), (3, 9), (6, 12), (10, 20)] {
        let piece = media.piece("p.mp4", Cut::frames(start, count), |trim| trim.overwrite(true)).expect("a piece");
        let range = start as usize..(start + count) as usize;
        assert_eq!(shown(&piece.path), all[range], "{start}+{count}");
        assert_frames(&piece.path, first + start, count);
    }
}

/// Files without timestamps are counted from their start.
#[test]
fn elementary_streams_are_counted() {
    for (name, arguments) in [
        ("a.h264", "-c:v libx264 -preset veryfast -crf 12 -g 12 -bf 2"),
        ("a.avi", "-c:v mpeg4 -q:v 2 -g 12 -bf 2"),
        ("a.m2v", "-c:v mpeg2video -q:v 2 -g 12 -bf 2"),
    ] {
        let media = Media::new(name, 30, "25", arguments);
        for (first, count) in [(0, 12), (5, 7), (12, 12), (0, 30)] {
            let piece = media.piece("p.mp4", Cut::frames(first, count), |trim| trim.overwrite(true));
            let piece = piece.unwrap_or_else(|error| panic!("{name} {first}+{count}: {error:#}"));
            assert_frames(&piece.path, first, count);
        }
        let error = media.refused("q.mp4", Cut::frames(20, 20), |trim| trim);
        assert_eq!(error.kind(), otio_conflate::ErrorKind::Overrun, "{name}: {error:#}");
    }
}

/// A place on the grid that no frame lies on shows the frame in front, and the report says so.
#[test]
fn holes_are_told() {
    let arguments = "-vf select='lt(n\\,250)+gte(n\\,253)' -fps_mode passthrough -c:v libx264 -preset ultrafast -g 50";
    let media = Media::new("a.mkv", 261, "24", arguments);
    let piece = media.piece("p.mkv", Cut::frames(247, 8), |trim| trim).expect("a piece");
    assert_eq!(piece.notes, ["3 frames are not in the movie: the one before each is shown"]);
    let frames = [247, 248, 249, 249, 249, 249, 253, 254].map(|index| Some(numbered(index)));
    assert_eq!(shown(&piece.path), frames);
}

/// VP8 keeps frames that nobody sees in packets of their own.
#[test]
fn hidden_packets_do_not_count() {
    let arguments = "-c:v libvpx -b:v 2M -g 20 -auto-alt-ref 1 -lag-in-frames 16 -cpu-used 8 -deadline good";
    let media = Media::new("a.webm", 40, "24", arguments);
    for (first, count) in [(0, 40), (15, 12), (33, 7)] {
        let piece = media.piece("p.webm", Cut::frames(first, count), |trim| trim.overwrite(true));
        let piece = piece.unwrap_or_else(|error| panic!("{first}+{count}: {error:#}"));
        assert_frames(&piece.path, first, count);
    }
}
