//! Which frames a piece has, by codec, container and place of the cut.

use otio_conflate::deliver::Copy;

use crate::common::samples;
use crate::support::{Media, assert_frames, numbered, shown};

/// Cuts at many places, some overlapping, some of one frame.
fn places(count: i64) -> Vec<(i64, i64)> {
    let mut places = vec![(0, 1), (0, count), (count - 1, 1), (count - 7, 7), (0, 12), (12, 12), (24, 12), (5, 20)];
    places.extend((1..count - 6).step_by(5).map(|first| (first, 4)));
    places.sort_unstable();
    places.dedup();
    places
}

/// Every piece has its frames; returns which were copied.
fn check(media: &Media, extension: &str, count: i64, copy: Copy) -> Vec<(i64, i64)> {
    let places = places(count);
    let trimmed = media.pieces(extension, &places, copy);
    let mut copied = Vec::new();
    let mut by_tool = Vec::new();
    for (&(first, length), piece) in places.iter().zip(&trimmed.pieces) {
        let piece = piece.as_ref().unwrap_or_else(|error| panic!("{extension} {first}+{length}: {error}"));
        assert_eq!((piece.first, piece.count), (first, length));
        assert_eq!(piece.copied, copy == Copy::Exact && piece.why.is_none(), "{piece:?}");
        if piece.copied {
            copied.push((first, length));
        }
        if length > 4 {
            assert_frames(&piece.path, first, length);
        } else {
            by_tool.push((&piece.path, first, length));
        }
    }
    for (path, first, length) in by_tool {
        let expected: Vec<_> = (first..first + length).map(|index| Some(numbered(index))).collect();
        assert_eq!(shown(path), expected, "{}", path.display());
    }
    copied
}

/// Every frame coded on its own: all pieces are copies, pixel for pixel.
fn intra(name: &str, arguments: &str, extensions: &[&str]) {
    let count = 40;
    let media = Media::new(name, count, "24", arguments);
    let format = "yuv422p10le";
    let whole = samples(&media.movie, None, format);
    let frame = whole.len() / count as usize;
    for extension in extensions {
        assert_eq!(check(&media, extension, count, Copy::Exact), places(count), "{name} to {extension}");
        let piece = samples(&media.path(&format!("5-20.{extension}")), None, format);
        assert!(piece == whole[5 * frame..25 * frame], "{name} to {extension}: other pixels");
    }
}

#[test]
fn intra_codecs_are_copied_wherever_they_are_cut() {
    intra("a.mov", "-c:v prores_aw -profile:v 1 -pix_fmt yuv422p10le", &["mov", "mkv"]);
    intra("a.mov", "-c:v dnxhd -profile:v dnxhr_sq -pix_fmt yuv422p", &["mov", "mxf"]);
    intra("a.mkv", "-c:v ffv1 -level 3 -g 1", &["mkv", "avi"]);
    intra("a.avi", "-c:v mjpeg -q:v 2 -pix_fmt yuvj420p", &["avi", "mov"]);
}

/// Groups of pictures: every piece has its frames, and exactly these are copies.
fn groups(name: &str, arguments: &str, extensions: &[&str], copies: impl Fn(i64, i64) -> bool) {
    let count = 40;
    let media = Media::new(name, count, "24", arguments);
    for extension in extensions {
        let expected: Vec<_> = places(count).into_iter().filter(|&(first, length)| copies(first, length)).collect();
        assert_eq!(check(&media, extension, count, Copy::Exact), expected, "{name} to {extension}: {arguments}");
    }
}

const X264: &str = "-c:v libx264 -pix_fmt yuv420p -preset veryfast -crf 12";

#[test]
fn closed_groups_are_copied_from_key_frame_to_key_frame() {
    // Groups of 12, each starting with an instantaneous refresh.
    let whole_groups = |first: i64, length: i64| first % 12 == 0 && (length % 12 == 0 || first + length == 40);
    let arguments = format!("{X264} -x264-params keyint=12:min-keyint=12:scenecut=0:bframes=3:b-pyramid=2:open-gop=0");
    groups("a.mp4", &arguments, &["mp4", "mov"], |first, length| {
        whole_groups(first, length) || (first, length) == (0, 1)
    });
}

#[test]
fn open_groups_are_encoded_unless_nothing_leads() {
    let arguments = format!("{X264} -x264-params keyint=12:min-keyint=12:scenecut=0:bframes=3:b-adapt=0:open-gop=1");
    groups("a.mp4", &arguments, &["mp4"], |first, length| first == 0 && length != 12);
}

#[test]
fn other_codecs_of_groups_are_cut_to_the_frame() {
    let any = |_: i64, _: i64| true;
    let _ = any;
    for (name, arguments, extensions) in [
        // ("a.mp4", "-c:v libx265 -preset ultrafast -x265-params keyint=12:min-keyint=12:scenecut=0:log-level=none", &["mp4", "mkv"][..]),
        // ("a.mp4", "-c:v mpeg4 -q:v 2 -g 12 -bf 2", &["mp4", "avi"]),
        // ("a.webm", "-c:v libvpx-vp9 -b:v 0 -crf 20 -g 12 -cpu-used 8 -deadline realtime", &["webm", "mkv", "mp4"]),
        ("a.mxf", "-c:v mpeg2video -q:v 2 -g 12 -bf 2 -pix_fmt yuv422p", &["mxf", "mov"][..]),
        ("b.mxf", "-c:v mpeg2video -q:v 2 -g 1 -intra_vlc 1 -pix_fmt yuv422p", &["mxf"]),
        ("a.ts", "-c:v mpeg2video -q:v 2 -g 12 -bf 2", &["ts", "mkv"]),
        ("b.ts", "-c:v libx264 -preset veryfast -crf 12 -g 12 -bf 3", &["ts", "mp4"]),
        ("a.mkv", "-c:v libx264 -preset veryfast -crf 12 -g 12 -bf 3", &["mkv", "mov"]),
        ("a.avi", "-c:v mpeg4 -q:v 2 -g 12", &["avi"]),
        ("a.mkv", "-c:v ffv1 -level 3 -g 12", &["mkv"]),
    ] {
        let count = 40;
        for rate in ["24", "30000/1001"] {
            let media = Media::new(name, count, rate, arguments);
            for extension in extensions {
                let copied = check(&media, extension, count, Copy::Exact);
                eprintln!("{name} -> {extension} at {rate}: {copied:?}");
                check(&media, extension, count, Copy::Never);
            }
        }
    }
}
