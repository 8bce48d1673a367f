//! What is written about a movie goes along into its pieces, copied or encoded.

use std::path::Path;

use otio_conflate::backend::ffmpeg::{MediaInfo, probe};
use otio_conflate::deliver::{CopyMode, Cut};
use serde_json::Value;

use crate::common::ffprobe;
use crate::support::{Media, assert_frames};

/// A piece from frame 12 on, by both ways.
fn pieces(media: &Media, name: &str, check: impl Fn(&Path)) {
    for copy in [CopyMode::Exact, CopyMode::Never] {
        let change = |trim: otio_conflate::deliver::Trim| trim.copy(copy).overwrite(true);
        let piece = media.piece(name, Cut::frames(12, 12), change).unwrap_or_else(|error| panic!("{name}: {error:#}"));
        assert_eq!(piece.copied, copy == CopyMode::Exact, "{piece:?}");
        check(&piece.path);
    }
}

fn picture(path: &Path) -> Value {
    let streams = ffprobe(path)["streams"].as_array().expect("streams").clone();
    streams.into_iter().find(|stream| stream["codec_type"] == "video").expect("a picture")
}

/// What a piece has to have in common with its movie, as this crate sees it.
fn shape(info: &MediaInfo) -> impl PartialEq + std::fmt::Debug + use<> {
    (
        (info.codec.clone(), info.pixel_format.clone()),
        (info.width, info.height, info.pixel_aspect, info.rotation, info.rate),
        (info.color, info.reel_name.clone()),
    )
}

const COLORS: &str = "-vf setparams=range=tv:color_primaries=bt2020:color_trc=smpte2084:colorspace=bt2020nc,setsar=4/3";
const H264: &str = "-c:v libx264 -preset veryfast -crf 12 -g 12 -flags +cgop -bf 2 -sc_threshold 0";

#[test]
fn timecode_reel_colour_and_aspect_go_along() {
    let prores = format!("{COLORS} -c:v prores_aw -profile:v 3 -metadata:s:v reel_name=A003");
    let h264 = format!("{COLORS} {H264} -metadata:s:v reel_name=A003");
    let xdcam = "-c:v mpeg2video -g 12 -bf 0 -q:v 2 -sc_threshold 1000000000 -vf setsar=4/3".to_owned();
    for (name, rate, start, label, arguments, targets) in [
        ("a.mov", "30000/1001", "00:59:59;20", "01:00:00;02", &prores, &["b.mov", "b.mkv", "b.mxf"][..]),
        ("a.mov", "24000/1001", "01:00:00:00", "01:00:00:12", &prores, &["b.mov"]),
        ("a.mp4", "25", "10:00:00:20", "10:00:01:07", &h264, &["b.mp4", "b.mov", "b.mkv"]),
        ("a.mxf", "25", "10:00:00:20", "10:00:01:07", &xdcam, &["b.mxf", "b.mov"]),
    ] {
        let media = Media::new(name, 36, rate, &format!("{arguments} -timecode {start}"));
        let (source, whole) = (probe(&media.movie).expect("a movie"), picture(&media.movie));
        assert_eq!(source.start_timecode.map(|label| label.to_string()).as_deref(), Some(start));
        for target in targets {
            pieces(&media, target, |path| {
                let info = probe(path).expect("a movie");
                assert_eq!(shape(&info), shape(&source), "{name} to {target}");
                // Matroska has no place for the profile of ProRes.
                if !target.ends_with("mkv") {
                    assert_eq!(info.profile, source.profile, "{name} to {target}");
                }
                assert_frames(path, 12, 12);
                assert_eq!(info.start_timecode.map(|label| label.to_string()).as_deref(), Some(label), "{target}");
                let piece = picture(path);
                assert_eq!(piece["nb_read_frames"], "12");
                assert_eq!(piece["r_frame_rate"], whole["r_frame_rate"], "{name} to {target}");
                let said = |tag: &&str| !whole[*tag].is_null();
                let tags = ["color_range", "color_primaries", "color_transfer", "color_space", "chroma_location"];
                for tag in tags.into_iter().filter(said) {
                    assert_eq!(piece[tag], whole[tag], "{name} to {target}: {tag}");
                }
                assert_eq!(piece["sample_aspect_ratio"], whole["sample_aspect_ratio"], "{name} to {target}");
            });
        }
    }
}

/// What nobody said about the colour of the movie, nobody says about the piece.
#[test]
fn what_is_not_said_stays_unsaid() {
    let media = Media::new("a.mp4", 36, "24", H264);
    let whole = picture(&media.movie);
    pieces(&media, "b.mp4", |path| {
        let piece = picture(path);
        for tag in ["color_primaries", "color_transfer", "color_space"] {
            assert_eq!(piece[tag], whole[tag], "{tag}");
        }
        assert_eq!(probe(path).expect("a movie").start_timecode, None);
    });
}

#[test]
fn metadata_goes_along_but_for_what_speaks_of_the_file() {
    let metadata = "-metadata title=Reel -metadata project=otter -metadata creation_time=2024-05-06T07:08:09Z \
        -metadata:s:v title=Camera -movflags +use_metadata_tags";
    for (name, target, keys) in [
        ("a.mov", "b.mov", &["title", "project", "creation_time"][..]),
        ("a.mkv", "b.mkv", &["title", "PROJECT"]),
        ("a.mov", "b.mkv", &["title"]),
    ] {
        let metadata =
            if name == "a.mkv" { metadata.replace("-movflags +use_metadata_tags", "") } else { metadata.into() };
        let media = Media::new(name, 36, "24", &format!("{H264} {metadata}"));
        let whole = ffprobe(&media.movie)["format"]["tags"].clone();
        pieces(&media, target, |path| {
            let made = ffprobe(path);
            let piece = &made["format"]["tags"];
            for key in keys {
                assert!(!whole[key].is_null(), "{name}: {key} in {whole}");
                assert_eq!(piece[key], whole[key], "{name} to {target}: {key}");
            }
            if name == "a.mkv" {
                let tags = &made["streams"][0]["tags"];
                assert_eq!(tags["title"], "Camera");
                // A piece is not as long as its movie.
                assert!(!tags["DURATION"].to_string().contains("01.5"), "{tags}");
            }
        });
    }
}

/// Sounds keep their languages and which of them is played first.
#[test]
fn streams_of_sound_keep_what_is_said_about_them() {
    let sounds = "-f lavfi -i sine=r=48000:d=2 -f lavfi -i sine=r=44100:d=2 -map 0:v -map 1:a -map 2:a -ac:a:1 2 \
        -metadata:s:a:0 language=fra -metadata:s:a:1 language=jpn -disposition:a:0 0 -disposition:a:1 default";
    let media = Media::new("a.mov", 36, "24", &format!("{sounds} {H264} -c:a:0 pcm_s24le -c:a:1 pcm_s16be"));
    pieces(&media, "b.mov", |path| {
        let facts = |path: &Path| -> Vec<String> {
            let streams = ffprobe(path)["streams"].as_array().expect("streams").clone();
            let sounds = streams.iter().filter(|stream| stream["codec_type"] == "audio");
            sounds
                .map(|s| {
                    let (language, default) = (&s["tags"]["language"], &s["disposition"]["default"]);
                    format!("{} {} {} {language} {default}", s["codec_name"], s["sample_rate"], s["channels"])
                })
                .collect()
        };
        assert_eq!(facts(path), facts(&media.movie));
        assert_eq!(facts(path).len(), 2);
    });
}

/// Looks for a box by the path of its kind in a QuickTime file, and calls `change` with the place of its header.
fn find(data: &[u8], (mut at, end): (usize, usize), path: &[&[u8; 4]]) -> Vec<usize> {
    let mut places = Vec::new();
    while at + 8 <= end {
        let size = u32::from_be_bytes([data[at], data[at + 1], data[at + 2], data[at + 3]]) as usize;
        if &data[at + 4..at + 8] == path[0] {
            places.push(at);
            let inside = match path[0] {
                b"stsd" => 16,
                b"avc1" => 86,
                _ => 8,
            };
            if path.len() > 1 {
                places.extend(find(data, (at + inside, at + size), &path[1..]));
            }
            return places;
        }
        at += size.max(8);
    }
    panic!("no {path:?}");
}

#[test]
fn rotation_goes_along() {
    for (matrix, rotation) in [([0i32, 1, -1, 0], 90), ([-1, 0, 0, -1], 180), ([0, -1, 1, 0], 270)] {
        let media = Media::new("a.mp4", 36, "24", H264);
        let mut data = std::fs::read(&media.movie).expect("a movie");
        let whole = (0, data.len());
        let header = *find(&data, whole, &[b"moov", b"trak", b"tkhd"]).last().expect("a track");
        let cells = [matrix[0], matrix[1], 0, matrix[2], matrix[3], 0].map(|cell| (cell << 16).to_be_bytes());
        data[header + 48..header + 72].copy_from_slice(cells.as_flattened());
        std::fs::write(&media.movie, data).expect("room");
        assert_eq!(probe(&media.movie).expect("a movie").rotation, rotation);
        pieces(&media, "b.mp4", |path| assert_eq!(probe(path).expect("a movie").rotation, rotation));
    }
}

/// How bright the screen of the master was, and how bright the pictures are: SMPTE ST 2086 and CTA-861.3.
#[test]
fn brightness_of_the_master_goes_along() {
    let media = Media::new("a.mp4", 36, "24", &format!("{COLORS} {H264}"));
    let mut data = std::fs::read(&media.movie).expect("a movie");
    let path: [&[u8; 4]; 7] = [b"moov", b"trak", b"mdia", b"minf", b"stbl", b"stsd", b"avc1"];
    let places = find(&data, (0, data.len()), &path);
    let mut boxes = [&32u32.to_be_bytes()[..], b"mdcv"].concat();
    for primary in [13_250u16, 34_500, 7500, 3000, 34_000, 16_000, 15_635, 16_450] {
        boxes.extend(primary.to_be_bytes());
    }
    boxes.extend([10_000_000u32, 50].iter().flat_map(|light| light.to_be_bytes()));
    boxes.extend([&12u32.to_be_bytes()[..], b"clli", &[3, 232, 1, 144]].concat());
    // They lie behind all others in the sample's entry; the index lies behind the samples, whose places stay.
    for &place in &places {
        let size = u32::from_be_bytes([data[place], data[place + 1], data[place + 2], data[place + 3]]);
        data[place..place + 4].copy_from_slice(&(size + boxes.len() as u32).to_be_bytes());
    }
    let entry = *places.last().expect("an entry");
    let size = u32::from_be_bytes([data[entry], data[entry + 1], data[entry + 2], data[entry + 3]]) as usize;
    let end = entry + size - boxes.len();
    data.splice(end..end, boxes);
    std::fs::write(&media.movie, data).expect("room");
    let said = |path: &Path| picture(path)["side_data_list"].to_string();
    let whole = said(&media.movie);
    assert!(whole.contains("max_luminance") && whole.contains("max_content"), "{whole}");
    for target in ["b.mp4", "b.mkv"] {
        pieces(&media, target, |path| {
            let piece = said(path);
            for fact in ["\"max_content\":1000", "\"max_average\":400", "Mastering display"] {
                assert!(piece.contains(fact), "{target}: {fact} of {whole} in {piece}");
            }
        });
    }
}

#[test]
fn fields_keep_their_order() {
    for (name, arguments) in [
        ("a.mxf", "-c:v mpeg2video -q:v 2 -g 1 -pix_fmt yuv422p -flags +ildct+ilme -vf setfield=tff"),
        ("a.mov", "-c:v prores_ks -profile:v 1 -flags +ildct -vf setfield=tff -field_order tt"),
    ] {
        let media = Media::new(name, 36, "25", arguments);
        let fields = |path: &Path| {
            let arguments =
                ["-v", "error", "-show_entries", "frame=top_field_first,interlaced_frame", "-of", "csv=p=0"];
            let output = std::process::Command::new("ffprobe").args(arguments).arg(path).output().expect("ffprobe");
            String::from_utf8(output.stdout).expect("text").lines().next().map(str::to_owned)
        };
        let order = picture(&media.movie)["field_order"].clone();
        assert!(order == "tt" || order == "tb", "{name}: {order}");
        pieces(&media, name.replace('a', "b").as_str(), |path| {
            assert_eq!(picture(path)["field_order"], order, "{name}");
            assert_eq!(fields(path), fields(&media.movie), "{name}");
        });
    }
}

/// What is neither the picture nor its sound stays behind, and the report says so.
#[test]
fn streams_that_stay_behind_are_told() {
    let folder = tempfile::tempdir().expect("a folder");
    let text = folder.path().join("a.srt");
    std::fs::write(&text, "1\n00:00:00,000 --> 00:00:01,000\nhello\n").expect("a file");
    let arguments = format!("-i {} -map 0:v -map 1:s -map 0:v -c:s srt {H264}", text.display());
    let media = Media::new("a.mkv", 36, "24", &arguments);
    let piece = media.piece("b.mkv", Cut::frames(12, 12), |trim| trim).expect("a piece");
    let told = ["stream 1 is left out: subtitles or data (subrip)", "stream 2 is left out: a further picture (h264)"];
    assert_eq!(piece.notes, told);
    assert_frames(&piece.path, 12, 12);
}
