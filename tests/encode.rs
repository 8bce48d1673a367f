//! Every preset, written by the crate and judged by the FFmpeg command line. A missing command line fails the tests.
#![cfg(feature = "ffmpeg")]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod common;

use std::path::Path;
use std::process::Command;

use ffmpeg_next::format::Pixel;
use ffmpeg_next::frame::Video;
use otio_conflate::ErrorKind;
use otio_conflate::backend::ffmpeg::FormatRequest;
use otio_conflate::backend::ffmpeg::MovieWriter;
use otio_conflate::backend::ffmpeg::OutputSettings;
use otio_conflate::backend::ffmpeg::{Converter, SourcePicture, rgba8_frame};
use otio_conflate::backend::ffmpeg::{SequenceNames, SequenceWriter};
use otio_conflate::deliver::{EncoderSource, Preset};
use otio_conflate::picture::{Rect, draw_text};
use otio_conflate::plan::ColorTags;
use otio_conflate::time::{Rate, Ratio, Timecode};

const FRAMES: usize = 12;

fn run(program: &str, arguments: &[&str]) -> Vec<u8> {
    let output = Command::new(program).args(arguments).output();
    let output = output.unwrap_or_else(|error| panic!("{program} has to be installed for this test: {error:#}"));
    assert!(output.status.success(), "{program} {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    output.stdout
}

fn probe(path: &Path) -> serde_json::Value {
    let path = path.to_str().unwrap();
    let arguments = ["-v", "error", "-count_frames", "-show_streams", "-show_format", "-of", "json", path];
    serde_json::from_slice(&run("ffprobe", &arguments)).unwrap()
}

/// The samples of every frame of a file, in a pixel format, without padding.
fn decoded(path: &str, format: &str) -> Vec<u8> {
    let mut arguments = vec!["-v", "error"];
    arguments.extend([
        "-i",
        path,
        "-map",
        "0:v:0",
        "-fps_mode",
        "passthrough",
        "-f",
        "rawvideo",
        "-pix_fmt",
        format,
        "-",
    ]);
    run("ffmpeg", &arguments)
}

/// Frame `number`: a coloured gradient that moves, its number, and an alpha ramp if it is asked for.
fn picture(number: usize, width: u32, height: u32, alpha: bool) -> Video {
    let mut data = Vec::new();
    for y in 0..height as usize {
        for x in 0..width as usize {
            let byte = |value: usize| u8::try_from(value % 256).unwrap();
            let a = if alpha { byte(x * 255 / (width as usize - 1)) } else { 255 };
            data.extend([
                byte(x * 200 / width as usize + 4 * number),
                byte(y * 180 / height as usize),
                byte(40 + 8 * number),
                a,
            ]);
        }
    }
    draw_text(&mut data, width, height, 8.0, 8.0, 40.0, &format!("{number:04}"));
    rgba8_frame(&data, width, height).unwrap()
}

fn frames(settings: &OutputSettings, alpha: bool) -> Vec<Video> {
    let mut converter = Converter::new();
    let whole = Rect::whole(settings.width, settings.height);
    let target = settings.target();
    (0..FRAMES)
        .map(|number| {
            let frame = picture(number, settings.width, settings.height, alpha);
            let source = SourcePicture { frame: &frame, color: ColorTags::SRGB, premultiplied: false };
            converter.convert(&source, &target, whole).unwrap().unwrap_or(frame)
        })
        .collect()
}

/// A frame's samples without padding.
fn samples(frame: &Video) -> Vec<u8> {
    let size = match frame.format() {
        Pixel::RGB24 => 3,
        Pixel::RGBA => 4,
        Pixel::RGB48BE | Pixel::RGB48LE => 6,
        Pixel::RGBA64BE | Pixel::RGBA64LE => 8,
        Pixel::GBRPF32LE | Pixel::GBRAPF32LE => 4,
        Pixel::YUV420P | Pixel::YUV422P | Pixel::YUV444P | Pixel::GBRP => 1,
        _ => 2,
    };
    let mut bytes = Vec::new();
    for plane in 0..frame.planes() {
        // An alpha plane is the last of four, and as large as luma.
        let reference = if plane == 3 { 0 } else { plane };
        let line = frame.plane_width(reference) as usize * size;
        for y in 0..frame.plane_height(reference) as usize {
            bytes.extend_from_slice(&frame.data(plane)[y * frame.stride(plane)..][..line]);
        }
    }
    bytes
}

fn psnr(wanted: &[u8], got: &[u8], format: Pixel) -> f64 {
    assert_eq!(wanted.len(), got.len(), "not as many samples as were written");
    let read = |bytes: &[u8]| -> Vec<f64> {
        match format {
            Pixel::GBRPF32LE | Pixel::GBRAPF32LE => {
                bytes.as_chunks::<4>().0.iter().map(|b| f64::from(f32::from_le_bytes(*b))).collect()
            }
            Pixel::YUV422P10LE | Pixel::YUV444P10LE | Pixel::YUVA444P10LE => {
                bytes.as_chunks::<2>().0.iter().map(|b| f64::from(u16::from_le_bytes(*b)) / 1023.0).collect()
            }
            Pixel::RGB48BE | Pixel::RGBA64BE => {
                bytes.as_chunks::<2>().0.iter().map(|b| f64::from(u16::from_be_bytes(*b)) / 65535.0).collect()
            }
            Pixel::RGB48LE | Pixel::RGBA64LE => {
                bytes.as_chunks::<2>().0.iter().map(|b| f64::from(u16::from_le_bytes(*b)) / 65535.0).collect()
            }
            _ => bytes.iter().map(|&b| f64::from(b) / 255.0).collect(),
        }
    };
    let (wanted, got) = (read(wanted), read(got));
    #[allow(clippy::cast_precision_loss, reason = "a mean")]
    let error = wanted.iter().zip(&got).map(|(a, b)| (a - b) * (a - b)).sum::<f64>() / wanted.len() as f64;
    -10.0 * error.max(1e-20).log10()
}

fn settings(name: &str, source: Pixel, alpha: bool, (width, height): (u32, u32), rate: f64) -> OutputSettings {
    let preset = Preset::by_name(name).unwrap();
    let format = preset.pixel_format(FormatRequest { source, alpha }, width, height).unwrap();
    OutputSettings::new(preset, format, (width, height), Rate::new(rate).unwrap())
}

fn write_movie(path: &Path, settings: &OutputSettings, frames: &[Video]) {
    let mut writer = MovieWriter::create(path, settings).unwrap();
    for frame in frames {
        writer.write(frame).unwrap();
    }
    let written = writer.finish().unwrap();
    assert_eq!(written.frames, i64::try_from(frames.len()).unwrap());
    assert_eq!(written.bytes, std::fs::metadata(path).unwrap().len());
}

/// Writes a movie, looks at it from outside, and returns ffprobe's view of its picture, and the PSNR.
fn check_movie(settings: &OutputSettings, alpha: bool) -> (serde_json::Value, f64) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(".movie, with: odd name.part");
    let frames = frames(settings, alpha);
    write_movie(&path, settings, &frames);
    let probed = probe(&path);
    let streams = probed["streams"].as_array().unwrap();
    let video = streams.iter().find(|stream| stream["codec_type"] == "video").unwrap().clone();
    let name = &settings.preset.name;
    assert_eq!(video["nb_read_frames"], FRAMES.to_string(), "{name}");
    assert_eq!(video["width"], settings.width, "{name}");
    assert_eq!(video["height"], settings.height, "{name}");
    assert_eq!(video["codec_name"], settings.preset.codec.as_str(), "{name}");
    let rate = format!("{}/{}", settings.rate.num(), settings.rate.den());
    assert_eq!(video["r_frame_rate"], rate, "{name}");
    assert_eq!(video["avg_frame_rate"], rate, "{name}");
    if settings.preset.muxer.as_deref() != Some("matroska") {
        // Exact timestamps: so many whole ticks.
        let ticks = video["duration_ts"].as_i64().unwrap();
        let base: Vec<i64> = video["time_base"].as_str().unwrap().split('/').map(|v| v.parse().unwrap()).collect();
        let length = Ratio::new(ticks * base[0], base[1]);
        assert_eq!(length, Ratio::whole(i64::try_from(FRAMES).unwrap()) / settings.rate.nominal(), "{name}");
    }
    if let Some(timecode) = settings.timecode {
        let tags = [&video["tags"], &probed["format"]["tags"]];
        let found = tags.iter().find_map(|tags| {
            let tags = tags.as_object()?;
            tags.iter().find(|(key, _)| key.eq_ignore_ascii_case("timecode")).map(|(_, value)| value.clone())
        });
        assert_eq!(found, Some(timecode.to_string().into()), "{name}");
    }
    let path = path.to_str().unwrap();
    let format = video["pix_fmt"].as_str().unwrap().replace("yuvj", "yuv");
    // Without this, the command line would squeeze full range on the way to a plain format.
    let got = if settings.color.full_range && format.starts_with("yuv") {
        decoded(path, video["pix_fmt"].as_str().unwrap())
    } else {
        // Newer FFmpegs decode 4:4:4 ProRes to 12 bits.
        decoded(path, &if settings.preset.codec == "prores" { format.replace("12le", "10le") } else { format })
    };
    let wanted: Vec<u8> = frames.iter().flat_map(samples).collect();
    (video, psnr(&wanted, &got, settings.format))
}

#[test]
fn every_movie_preset_comes_out_as_asked() {
    let wanted = [
        ("prores-proxy", "Proxy", "yuv422p10le", 36.0),
        ("prores-lt", "LT", "yuv422p10le", 38.0),
        ("prores-422", "Standard", "yuv422p10le", 40.0),
        ("prores-hq", "HQ", "yuv422p10le", 42.0),
        ("prores-4444", "4444", "yuv444p12le", 42.0),
        ("dnxhr-lb", "DNXHR LB", "yuv422p", 34.0),
        ("dnxhr-sq", "DNXHR SQ", "yuv422p", 38.0),
        ("dnxhr-hq", "DNXHR HQ", "yuv422p", 38.0),
        ("h264", "High", "yuv420p", 36.0),
        ("ffv1", "", "yuv444p", 190.0),
        ("mjpeg", "Baseline", "yuvj444p", 36.0),
    ];
    for (name, profile, format, least) in wanted {
        let source = if name == "ffv1" { Pixel::YUV444P } else { Pixel::RGBA };
        let mut settings = settings(name, source, false, (320, 180), 24.0);
        settings.timecode = Some(Timecode::from_frame(86_400, Rate::FPS_24, false));
        let (video, psnr) = check_movie(&settings, false);
        println!("{name}: {psnr:.1} dB, {}", video["pix_fmt"]);
        if !profile.is_empty() {
            assert_eq!(video["profile"], profile, "{name}");
        }
        // 4:4:4 ProRes is decoded with 12 bits by newer FFmpegs and with 10 by older ones.
        let got = video["pix_fmt"].as_str().unwrap().replace("12le", "10le");
        assert_eq!(got, format.replace("12le", "10le"), "{name}");
        assert!(psnr >= least, "{name}: {psnr:.1} dB");
        let color = &settings.color;
        if name != "mjpeg" {
            let matrix = if color.matrix == 0 { "gbr" } else { "bt709" };
            assert_eq!(video["color_space"], matrix, "{name}");
            assert_eq!(video["color_primaries"], "bt709", "{name}");
            assert_eq!(video["color_transfer"], "bt709", "{name}");
        }
        let range = if color.full_range { "pc" } else { "tv" };
        assert!(video["color_range"].is_null() || video["color_range"] == range, "{name}: {}", video["color_range"]);
    }
}

/// The bytes of the first frame of a movie.
fn first_packet(path: &Path) -> Vec<u8> {
    let path = path.to_str().unwrap();
    run("ffmpeg", &["-v", "error", "-i", path, "-map", "0:v", "-c", "copy", "-frames:v", "1", "-f", "data", "-"])
}

#[test]
fn prores_frames_say_who_made_them() {
    let folder = tempfile::tempdir().unwrap();
    let made = |name: &str, change: &dyn Fn(&mut OutputSettings)| {
        let mut settings = settings(name, Pixel::RGBA, false, (320, 180), 25.0);
        change(&mut settings);
        let path = folder.path().join("made.mov");
        let mut writer = MovieWriter::create(&path, &settings).unwrap();
        let encoder = writer.encoder().unwrap().to_owned();
        for frame in frames(&settings, false) {
            writer.write(&frame).unwrap();
        }
        writer.finish().unwrap();
        (encoder, first_packet(&path))
    };
    for name in ["prores-proxy", "prores-lt", "prores-422", "prores-hq"] {
        let (encoder, own) = made(name, &|_| {});
        assert_eq!(encoder, Preset::OWN_PRORES, "{name}");
        assert_eq!((&own[4..8], &own[12..16]), (&b"icpf"[..], &b"otcf"[..]), "{name}");
        // Size, 4:2:2 progressive, square pixels at 25 a second, BT.709.
        assert_eq!(own[16..25], [1, 64, 0, 180, 128, 0x13, 1, 1, 1], "{name}");
        let (encoder, ffmpeg) = made(name, &|settings| settings.preset.encoder = EncoderSource::Ffmpeg);
        assert!(encoder.starts_with("prores") && encoder != Preset::OWN_PRORES, "{name}: {encoder}");
        assert_eq!(ffmpeg[12..16], *b"apl0", "{name}");
        let (_, named) = made(name, &|settings| settings.preset.vendor = Some("abcd".into()));
        assert_eq!((&named[12..16], &named[16..]), (&b"abcd"[..], &own[16..]), "{name}");
    }
    // Whoever makes the slices, they are the same.
    let (_, one) = made("prores-lt", &|_| {});
    assert!(made("prores-lt", &|settings| settings.threads = 3).1 == one);
    assert!(made("prores-lt", &|settings| settings.idle_cores = true).1 == one);
    let (encoder, own) = made("prores-4444", &|_| {});
    assert_eq!(encoder, Preset::OWN_PRORES);
    // 4:4:4, and no alpha where the picture has none.
    assert_eq!((own[20], own[25]), (0xC0, 0));
    let (encoder, _) = made("prores-4444", &|settings| settings.preset.encoder = EncoderSource::Ffmpeg);
    assert!(encoder.starts_with("prores") && encoder != Preset::OWN_PRORES, "{encoder}");
    let mut settings = settings("prores-lt", Pixel::RGBA, false, (320, 180), 25.0);
    settings.preset.vendor = Some("abc".into());
    let error = MovieWriter::create(folder.path().join("none.mov"), &settings).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Option);
    assert!(format!("{error:#}").contains("four letters"), "{error:#}");
}

#[test]
fn prores_of_any_even_size_decodes_without_a_complaint() {
    let folder = tempfile::tempdir().unwrap();
    for (width, height) in [(2, 2), (18, 1), (34, 17), (130, 98), (720, 576), (4098, 16), (16, 2050)] {
        for name in ["prores-proxy", "prores-hq"] {
            let settings = settings(name, Pixel::YUV420P, false, (width, height), 24.0);
            let path = folder.path().join("made.mov");
            let mut writer = MovieWriter::create(&path, &settings).unwrap();
            let mut frame = Video::new(settings.format, width, height);
            for (index, step) in [(0, 3), (1, 5), (2, 7)] {
                for (number, sample) in frame.data_mut(index).as_chunks_mut::<2>().0.iter_mut().enumerate() {
                    *sample = u16::try_from(number * step % 1024).unwrap().to_le_bytes();
                }
            }
            writer.write(&frame).unwrap();
            assert_eq!(writer.finish().unwrap().frames, 1);
            let strict = ["-v", "warning", "-xerror", "-err_detect", "explode", "-i", path.to_str().unwrap()];
            let output = Command::new("ffmpeg").args(strict).args(["-f", "null", "-"]).output().unwrap();
            let said = String::from_utf8_lossy(&output.stderr);
            assert!(output.status.success() && said.is_empty(), "{name} {width}×{height}: {said}");
        }
    }
}

/// Each plane has content of its own, so that none can take another's place, and odd sizes.
#[test]
fn every_plane_of_prores_4444_is_where_it_was() {
    let folder = tempfile::tempdir().unwrap();
    for (width, height) in [(1, 1), (17, 3), (33, 17), (130, 98), (369, 209)] {
        let settings = settings("prores-4444", Pixel::RGBA, true, (width, height), 24.0);
        let path = folder.path().join("made.mov");
        let mut writer = MovieWriter::create(&path, &settings).unwrap();
        assert_eq!(writer.encoder(), Some(Preset::OWN_PRORES));
        let mut frame = Video::new(settings.format, width, height);
        let zigzag = |at: u32| i64::from(at % 512).min(i64::from(511 - at % 512));
        let at = |plane: u32, x: u32, y: u32| 200 + 2 * zigzag(x * (plane + 1) + y * (5 - plane) + plane * 97);
        for (plane, index) in (0..4).zip(0..4) {
            let stride = frame.stride(index);
            for (y, row) in (0..height).zip(frame.data_mut(index).chunks_exact_mut(stride)) {
                for (x, sample) in (0..width).zip(row.as_chunks_mut::<2>().0) {
                    *sample = u16::try_from(at(plane, x, y)).unwrap().to_le_bytes();
                }
            }
        }
        writer.write(&frame).unwrap();
        writer.finish().unwrap();
        let strict = ["-v", "warning", "-xerror", "-err_detect", "explode", "-i", path.to_str().unwrap()];
        let output = Command::new("ffmpeg").args(strict).args(["-f", "rawvideo", "-"]).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success() && said.is_empty(), "{width} × {height}: {said}");
        // Twelve bits, four planes of the same size.
        let samples: Vec<u16> = output.stdout.as_chunks::<2>().0.iter().map(|&two| u16::from_le_bytes(two)).collect();
        assert_eq!(samples.len(), (width * height * 4) as usize);
        for (plane, samples) in (0..).zip(samples.chunks_exact((width * height) as usize)) {
            for (index, &sample) in (0..).zip(samples) {
                let wanted = at(plane, index % width, index / width);
                // Alpha is exact; of colour, a few of 4096 codes may differ.
                let off = if plane == 3 {
                    (wanted << 2 | wanted >> 8).abs_diff(sample.into())
                } else {
                    (wanted * 4).abs_diff(sample.into())
                };
                let most = if plane == 3 { 0 } else { 24 };
                assert!(off <= most, "{width} × {height}: sample {index} of plane {plane} is off by {off}");
            }
        }
        let stream = probe(&path)["streams"][0].clone();
        assert_eq!((&stream["profile"], &stream["bits_per_raw_sample"]), (&"4444".into(), &"12".into()), "{stream}");
    }
}

#[test]
fn lossless_keeps_every_depth_bit_by_bit() {
    for (source, format) in [
        (Pixel::YUV420P, "yuv420p"),
        (Pixel::YUV422P10LE, "yuv422p10le"),
        (Pixel::YUV444P12LE, "yuv444p12le"),
        (Pixel::RGB48LE, "gbrp16le"),
        (Pixel::YUVA444P10LE, "yuva444p10le"),
    ] {
        let alpha = format.contains("yuva");
        let settings = settings("ffv1", source, alpha, (321, 183), 25.0);
        let (video, psnr) = check_movie(&settings, alpha);
        assert_eq!(video["pix_fmt"], format);
        assert!(psnr > 190.0, "{format}: {psnr}");
    }
}

#[test]
fn ntsc_rates_and_drop_frame_timecode_are_exact() {
    for (name, rate, start, drop) in [
        ("prores-lt", 23.976, 86_400, false),
        ("prores-lt", 29.97, 107_892, true),
        ("h264", 29.97, 1800, true),
        ("dnxhr-sq", 59.94, 12_345, true),
        ("ffv1", 23.976, 1001, false),
        ("ffv1", 29.97, 17_982, true),
        ("mjpeg", 25.0, 90_000, false),
    ] {
        let mut settings = settings(name, Pixel::YUV420P, false, (320, 180), rate);
        settings.timecode = Some(Timecode::from_frame(start, settings.rate, drop));
        settings.reel = Some("A001C003".into());
        settings.metadata.insert("com.example.shot".into(), "sh010".into());
        let (video, _) = check_movie(&settings, false);
        assert!(video["start_pts"] == 0, "{name}: {}", video["start_pts"]);
    }
}

#[test]
fn pixel_aspect_reel_and_metadata_are_in_the_file() {
    for name in ["prores-lt", "h264", "ffv1"] {
        let mut settings = settings(name, Pixel::YUV420P, false, (720, 576), 25.0);
        settings.pixel_aspect = Ratio::new(16, 15);
        settings.color = settings.preset.color_tags(settings.format, ColorTags::BT601_625);
        settings.reel = Some("TAPE7".into());
        settings.timecode = Some(Timecode::from_frame(90_000, Rate::FPS_25, false));
        settings.metadata.insert("comment".into(), "sh010 from the cut".into());
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("movie.part");
        write_movie(&path, &settings, &frames(&settings, false));
        let probed = probe(&path);
        let video = &probed["streams"][0];
        assert_eq!(video["sample_aspect_ratio"], "16:15", "{name}");
        // 5 and 6 are both BT.601's matrix; QuickTime knows 6 alone.
        assert!(video["color_space"] == "bt470bg" || video["color_space"] == "smpte170m", "{name}: {video}");
        let text = probed.to_string();
        assert!(text.contains("sh010 from the cut"), "{name}: {text}");
        // MP4 has no place for it.
        assert!(text.contains("TAPE7") || name == "h264", "{name}: {text}");
        assert!(!text.contains("creation_time"), "{name}: the same frames have to make the same file");
    }
}

#[test]
fn the_same_frames_make_the_same_file() {
    for name in ["prores-lt", "ffv1", "dnxhr-sq", "mjpeg", "h264"] {
        // Where a line has no multiple of 8 macroblocks, x264's code for AVX-512 weighs them (mbtree) by memory that
        // nothing was written to, and the same frames can make another file, as good as the first.
        let size = if name == "h264" { (640, 360) } else { (320, 180) };
        let settings = settings(name, Pixel::YUV420P, false, size, 24.0);
        let folder = tempfile::tempdir().unwrap();
        let frames = frames(&settings, false);
        let files: Vec<_> = ["a", "b"].map(|name| folder.path().join(name)).into();
        for file in &files {
            write_movie(file, &settings, &frames);
        }
        let [a, b] = [0, 1].map(|index| std::fs::read(&files[index]).unwrap());
        let first = a.iter().zip(&b).position(|(a, b)| a != b);
        assert!(a == b, "{name}: {} and {} bytes, first difference at {first:?}", a.len(), b.len());
    }
}

#[test]
fn odd_sizes_work_where_the_codec_knows_them() {
    for (name, width) in [("prores-lt", 322), ("prores-4444", 322), ("dnxhr-sq", 321), ("ffv1", 321), ("mjpeg", 321)] {
        let settings = settings(name, Pixel::YUV420P, false, (width, 181), 24.0);
        let (_, psnr) = check_movie(&settings, false);
        assert!(psnr > 34.0, "{name}: {psnr}");
    }
    let settings = OutputSettings::new(Preset::by_name("h264").unwrap(), Pixel::YUV420P, (321, 181), Rate::FPS_24);
    let folder = tempfile::tempdir().unwrap();
    let error = MovieWriter::create(folder.path().join("x"), &settings).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Option, "{error:#}");
}

#[test]
fn alpha_survives_prores_4444() {
    let settings = settings("prores-4444", Pixel::RGBA, true, (320, 180), 24.0);
    let (video, psnr) = check_movie(&settings, true);
    assert!(video["pix_fmt"].as_str().unwrap().starts_with("yuva444p"), "{}", video["pix_fmt"]);
    assert!(psnr > 40.0, "{psnr}");
}

fn check_sequence(settings: &OutputSettings, alpha: bool, start: i64) -> (serde_json::Value, f64) {
    let folder = tempfile::tempdir().unwrap();
    let suffix = format!(".{}", settings.preset.extension);
    let names = SequenceNames::new(folder.path(), "sh010_", &suffix, start);
    let mut writer = SequenceWriter::create(names.clone(), settings).unwrap();
    let frames = frames(settings, alpha);
    for frame in &frames {
        writer.write(frame).unwrap();
    }
    let written = writer.finish().unwrap();
    assert_eq!(written.frames, i64::try_from(FRAMES).unwrap());
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), FRAMES);
    let first = probe(&names.file(0))["streams"][0].clone();
    assert_eq!(first["width"], settings.width);
    assert_eq!(first["height"], settings.height);
    let format = first["pix_fmt"].as_str().unwrap().to_owned();
    let mut got = Vec::new();
    for index in 0..FRAMES {
        let file = names.file(i64::try_from(index).unwrap());
        let samples = decoded(file.to_str().unwrap(), &format);
        // FFmpeg 9 reads floats of 16 bits as such, older versions as floats of 32.
        got.extend(if format.ends_with("f16le") { common::widened(&samples) } else { samples });
    }
    let wanted: Vec<u8> = frames.iter().flat_map(samples).collect();
    (first, psnr(&wanted, &got, settings.format))
}

#[test]
fn every_sequence_preset_comes_out_as_asked() {
    for (name, source, alpha, format, least) in [
        ("png", Pixel::RGBA, false, "rgb24", 190.0),
        ("png", Pixel::RGBA, true, "rgba", 190.0),
        ("png", Pixel::YUV422P10LE, false, "rgb48be", 190.0),
        ("png", Pixel::YUV422P10LE, true, "rgba64be", 190.0),
        ("tiff", Pixel::YUV422P10LE, false, "rgb48le", 190.0),
        ("tiff", Pixel::YUV422P10LE, true, "rgba64le", 190.0),
        ("jpg", Pixel::YUV420P, false, "yuvj420p", 36.0),
        ("exr", Pixel::RGBA, false, "gbrpf32le", 70.0),
        ("exr", Pixel::RGBA, true, "gbrapf32le", 70.0),
    ] {
        let mut settings = settings(name, source, alpha, (161, 91), 24.0);
        settings.threads = 2;
        let (probed, psnr) = check_sequence(&settings, alpha, 998);
        println!("{name} {format}: {psnr:.1} dB");
        assert_eq!(probed["pix_fmt"].as_str().unwrap().replace("f16le", "f32le"), format, "{name}");
        assert!(psnr >= least, "{name} {format}: {psnr:.1} dB");
    }
}

/// The file of one frame.
fn still(settings: &OutputSettings, frame: &Video) -> (tempfile::TempDir, std::path::PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let names = SequenceNames::new(folder.path(), "a.", &format!(".{}", settings.preset.extension), 1);
    let mut writer = SequenceWriter::create(names.clone(), settings).unwrap();
    writer.write(frame).unwrap();
    writer.finish().unwrap();
    (folder, names.file(0))
}

/// What FFmpeg decodes, without a complaint.
fn strictly(path: &Path, format: &str) -> Vec<u8> {
    let path = path.to_str().unwrap();
    let strict = ["-v", "warning", "-xerror", "-err_detect", "explode", "-i", path, "-f", "rawvideo"];
    let output = Command::new("ffmpeg").args(strict).args(["-pix_fmt", format, "-"]).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && said.is_empty(), "{path}: {said}");
    output.stdout
}

/// A frame whose samples come from `sample`: its plane, its place in the line, its line.
fn made_of<const N: usize>(format: Pixel, size: (u32, u32), sample: impl Fn(usize, usize, usize) -> [u8; N]) -> Video {
    let mut frame = Video::new(format, size.0, size.1);
    for plane in 0..frame.planes() {
        let stride = frame.stride(plane);
        for (y, line) in frame.data_mut(plane).chunks_mut(stride).enumerate() {
            for (x, bytes) in line.as_chunks_mut::<N>().0.iter_mut().enumerate() {
                *bytes = sample(plane, x, y);
            }
        }
    }
    frame
}

#[test]
fn exr_has_the_pixels_of_ffmpegs_encoder_in_every_compression() {
    for (source, size) in [(Pixel::GBRPF32LE, (161, 91)), (Pixel::GBRAPF32LE, (64, 33)), (Pixel::GBRPF32LE, (3, 1))] {
        // Floats of every exponent and both signs.
        let frame = made_of(source, size, |plane, x, y| {
            let bits = u32::try_from((plane * 7919 + y * 104_729 + x * 15_485_863) % (1 << 32)).unwrap();
            bits.wrapping_mul(2_654_435_761).to_le_bytes()
        });
        let alpha = source == Pixel::GBRAPF32LE;
        let mut settings = settings("exr", source, alpha, size, 24.0);
        settings.preset.encoder = EncoderSource::Ffmpeg;
        let format = if alpha { "gbrapf32le" } else { "gbrpf32le" };
        let (_folder, file) = still(&settings, &frame);
        let wanted = strictly(&file, format);
        assert_eq!(wanted.len(), size.0 as usize * size.1 as usize * if alpha { 16 } else { 12 });
        settings.preset.encoder = EncoderSource::Own;
        for compression in ["none", "zips", "zip16", "piz"] {
            settings.preset.compression = Some(compression.parse().unwrap());
            let (_folder, file) = still(&settings, &frame);
            assert!(strictly(&file, format) == wanted, "{compression}, {source:?}");
        }
    }
}

#[test]
fn png_has_the_pixels_and_tags_of_ffmpegs_encoder() {
    let tags = |path: &Path| {
        let stream = probe(path)["streams"][0].clone();
        ["pix_fmt", "color_range", "color_space", "color_primaries", "color_transfer", "sample_aspect_ratio"]
            .map(|key| stream[key].clone())
    };
    for (format, name) in
        [(Pixel::RGB24, "rgb24"), (Pixel::RGBA, "rgba"), (Pixel::RGB48BE, "rgb48be"), (Pixel::RGBA64BE, "rgba64be")]
    {
        let frame = made_of(format, (161, 91), |_, x, y| [u8::try_from((x * x / 5 + y * 31) % 256).unwrap()]);
        for color in [ColorTags::SRGB, ColorTags::BT709, ColorTags { primaries: 9, transfer: 16, ..ColorTags::SRGB }] {
            let mut settings = OutputSettings::new(Preset::by_name("png").unwrap(), format, (161, 91), Rate::FPS_24);
            settings.color = settings.preset.color_tags(format, color);
            settings.pixel_aspect = Ratio::new(16, 15);
            let made = |encoder, level| {
                let mut settings = settings.clone();
                (settings.preset.encoder, settings.preset.level) = (encoder, level);
                let (_folder, file) = still(&settings, &frame);
                (strictly(&file, name), tags(&file))
            };
            let wanted = made(EncoderSource::Ffmpeg, None);
            assert_eq!(wanted.1[5], "16:15");
            for level in [None, Some(1), Some(9)] {
                let (pixels, tags) = made(EncoderSource::Own, level);
                assert_eq!(tags, wanted.1, "{name} {color:?} {level:?}");
                assert!(pixels == wanted.0, "{name} {color:?} {level:?}");
            }
        }
    }
}

#[test]
fn exr_headers_say_what_is_known_of_each_frame() {
    let mut settings = settings("exr", Pixel::RGBA, false, (64, 36), 23.976);
    settings.timecode = Some(Timecode::from_frame(86_415, settings.rate, false));
    settings.reel = Some("A001C003".into());
    settings.pixel_aspect = Ratio::whole(2);
    settings.metadata = [("owner", "a studio"), ("shot", "sh010"), ("channels", "none")]
        .map(|(key, value)| (key.to_owned(), value.to_owned()))
        .into();
    let folder = tempfile::tempdir().unwrap();
    let names = SequenceNames::new(folder.path(), "a.", ".exr", 1);
    let mut writer = SequenceWriter::create(names.clone(), &settings).unwrap();
    assert_eq!(writer.encoder(), Preset::OWN_EXR);
    for frame in frames(&settings, false) {
        writer.write(&frame).unwrap();
    }
    writer.finish().unwrap();
    for (index, seconds_and_frame) in [(0, 0x0015), (9, 0x0100)] {
        let all = common::exr_attributes(&names.file(index));
        let value = |name: &str, kind: &str| {
            let known = all.iter().find(|attribute| attribute.0 == name).unwrap_or_else(|| panic!("no {name}"));
            assert_eq!(known.1, kind, "{name}");
            known.2.clone()
        };
        let timecode = [0x0100_0000_u32 | seconds_and_frame, 0].map(u32::to_le_bytes).concat();
        assert_eq!(value("timeCode", "timecode"), timecode, "frame {index}");
        assert_eq!(value("reelName", "string"), b"A001C003");
        assert_eq!(value("framesPerSecond", "rational"), [24_000_u32, 1001].map(u32::to_le_bytes).concat());
        let points = [0.64f32, 0.33, 0.3, 0.6, 0.15, 0.06, 0.3127, 0.329].map(f32::to_le_bytes).concat();
        assert_eq!(value("chromaticities", "chromaticities"), points);
        assert_eq!(value("pixelAspectRatio", "float"), 2f32.to_le_bytes());
        assert!(value("software", "string").starts_with(b"otio-conflate "));
        assert_eq!((value("owner", "string"), value("shot", "string")), (b"a studio".into(), b"sh010".into()));
        value("channels", "chlist");
    }
}

#[test]
fn compression_and_level_are_checked_before_anything_is_written() {
    let refused = |name: &str, change: &dyn Fn(&mut Preset)| {
        let mut preset = Preset::by_name(name).unwrap();
        change(&mut preset);
        let error = preset.candidates(64, 36).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Option);
        format!("{error:#}")
    };
    let piz = Some("piz".parse().unwrap());
    for (said, wanted) in [
        (refused("h264", &|preset| preset.compression = piz), "\"compression\" is for EXR files"),
        (refused("tiff", &|preset| preset.level = Some(1)), "\"level\" is for EXR and PNG files"),
        (refused("exr", &|preset| preset.level = Some(13)), "expected 1 to 12"),
        (refused("png", &|preset| preset.level = Some(10)), "expected 1 to 9"),
        (refused("exr", &|preset| (preset.compression, preset.level) = (piz, Some(1))), "has no levels"),
        (refused("exr", &|preset| (preset.compression, preset.encoder) = (piz, EncoderSource::Ffmpeg)), "none, zips"),
        (refused("exr", &|preset| (preset.level, preset.encoder) = (Some(1), EncoderSource::Ffmpeg)), "no levels"),
        (refused("png", &|preset| preset.timecode = "source".parse().unwrap()), "\"timecode\" is for movies"),
    ] {
        assert!(said.contains(wanted), "{said}");
    }
    assert!(
        "zip"
            .parse::<otio_conflate::codec::exr::ExrCompression>()
            .unwrap_err()
            .to_string()
            .contains("none, zips, zip16")
    );
    let text = r#"{"base": "exr", "compression": "dwaa", "level": 100}"#;
    let representation = format!(r#"{{"name": "small", "preset": {text}}}"#);
    let small: otio_conflate::deliver::Representation = serde_json::from_str(&representation).unwrap();
    assert!(small.preset.candidates(64, 36).is_ok());
}

#[test]
fn the_same_frames_make_the_same_stills_on_any_number_of_threads() {
    for name in ["exr", "png"] {
        let mut settings = settings(name, Pixel::YUV422P10LE, true, (161, 91), 24.0);
        let frames = frames(&settings, true);
        let mut made = |threads: u32, idle_cores: bool| -> Vec<Vec<u8>> {
            (settings.threads, settings.idle_cores) = (threads, idle_cores);
            let folder = tempfile::tempdir().unwrap();
            let names = SequenceNames::new(folder.path(), "a.", ".x", 1);
            let mut writer = SequenceWriter::create(names.clone(), &settings).unwrap();
            frames.iter().for_each(|frame| writer.write(frame).unwrap());
            writer.finish().unwrap();
            (0..FRAMES).map(|index| std::fs::read(names.file(i64::try_from(index).unwrap())).unwrap()).collect()
        };
        let one = made(1, false);
        assert!(one == made(3, false) && one == made(1, true), "{name}");
    }
}

#[test]
fn linear_files_hold_linear_light() {
    let settings = settings("exr", Pixel::RGBA, false, (64, 64), 24.0);
    let grey = rgba8_frame(&[128, 128, 128, 255].repeat(64 * 64), 64, 64).unwrap();
    let source =
        SourcePicture { frame: &grey, color: ColorTags { transfer: 1, ..ColorTags::SRGB }, premultiplied: false };
    let mut converter = Converter::new();
    let frame = converter.convert(&source, &settings.target(), Rect::whole(64, 64)).unwrap().unwrap();
    let value = f32::from_le_bytes(*frame.data(0).first_chunk().unwrap());
    // 128 of 255, that is, not exactly half.
    let wanted = ((128.0 / 255.0 + 0.099_296_8) / 1.099_296_8_f64).powf(1.0 / 0.45);
    assert!((f64::from(value) - wanted).abs() < 1e-4, "{value} is not {wanted}");
}

#[test]
fn files_are_numbered_as_asked() {
    let names = SequenceNames::new("/tmp", "a.", ".png", -1);
    assert_eq!(names.file(0), Path::new("/tmp/a.-0001.png"));
    assert_eq!(names.file(1), Path::new("/tmp/a.0000.png"));
    assert_eq!(names.file(12_346), Path::new("/tmp/a.12345.png"));
}

#[test]
fn packets_pass_through_untouched() {
    let folder = tempfile::tempdir().unwrap();
    let (first, second) = (folder.path().join("a.mov"), folder.path().join("b.part"));
    let mut settings = settings("prores-lt", Pixel::YUV420P, false, (320, 180), 23.976);
    write_movie(&first, &settings, &frames(&settings, false));
    settings.timecode = Some(Timecode::from_frame(1000, settings.rate, false));
    let mut input = ffmpeg_next::format::input(&first).unwrap();
    let stream = input.streams().best(ffmpeg_next::media::Type::Video).unwrap();
    let (index, parameters) = (stream.index(), stream.parameters());
    let mut writer = MovieWriter::create_copy(&second, &settings, &parameters).unwrap();
    let packets: Vec<_> = input.packets().map(|(stream, packet)| (stream.index(), packet)).collect();
    for (_, packet) in packets.iter().filter(|(stream, _)| *stream == index).skip(2).take(7) {
        writer.write_packet(packet).unwrap();
    }
    assert_eq!(writer.finish().unwrap().frames, 7);
    let probed = probe(&second);
    let video = &probed["streams"][0];
    assert_eq!(video["nb_read_frames"], "7");
    assert_eq!(video["r_frame_rate"], "24000/1001");
    assert_eq!(video["codec_tag_string"], "apcs");
    assert_eq!(video["tags"]["timecode"], "00:00:41:16");
    let (a, b) = (first.to_str().unwrap(), second.to_str().unwrap());
    let (all, part) = (decoded(a, "yuv422p10le"), decoded(b, "yuv422p10le"));
    let size = 320 * 180 * 2 * 2;
    assert!(part == all[2 * size..9 * size]);
}

#[test]
fn wrong_frames_and_wrong_calls_are_errors() {
    let folder = tempfile::tempdir().unwrap();
    let settings = settings("prores-lt", Pixel::YUV420P, false, (320, 180), 24.0);
    let mut writer = MovieWriter::create(folder.path().join("a.mov"), &settings).unwrap();
    let error = writer.write(&Video::new(Pixel::YUV422P10LE, 64, 64)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Encode);
    assert!(format!("{error:#}").contains("320"), "{error:#}");
    assert!(writer.write_packet(&ffmpeg_next::Packet::empty()).is_err());
    drop(writer);
    let error = MovieWriter::create(folder.path().join("no/such/folder/a.mov"), &settings).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Io, "{error:#}");
    let names = SequenceNames::new(folder.path().join("missing"), "a", ".png", 1);
    let png = self::settings("png", Pixel::RGBA, false, (64, 64), 24.0);
    let mut writer = SequenceWriter::create(names, &png).unwrap();
    let error = frames(&png, false).iter().try_for_each(|frame| writer.write(frame)).and_then(|()| writer.finish());
    assert_eq!(error.unwrap_err().kind(), ErrorKind::Io);
}

#[test]
#[cfg(target_os = "linux")]
fn a_full_disk_is_reported() {
    for name in ["prores-lt", "ffv1", "h264"] {
        let settings = settings(name, Pixel::YUV420P, false, (320, 180), 24.0);
        let outcome = MovieWriter::create("/dev/full", &settings).and_then(|mut writer| {
            for frame in &frames(&settings, false) {
                writer.write(frame)?;
            }
            writer.finish()
        });
        let error = outcome.expect_err("nothing can be written to /dev/full");
        assert_eq!(error.kind(), ErrorKind::Io, "{name}: {error:#}");
    }
}
