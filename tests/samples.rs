//! The sample timelines, planned and rendered: every frame delivered is the one the plan says.
#![cfg(feature = "ffmpeg")]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

#[path = "../examples/make_samples/strip.rs"]
mod strip;

use std::path::{Path, PathBuf};

use ffmpeg_next::format::Pixel;
use otio_conflate::backend::ffmpeg::{
    ChromaSite, Converter, DecodeOptions, FfmpegBackend, FfmpegLookup, MovieReader, SourcePicture, TargetFormat,
};
use otio_conflate::deliver::Preset;
use otio_conflate::picture::Rect;
use otio_conflate::plan::{
    ColorTags, FrameLayer, FrameRow, HandleMode, Handles, MissingPolicy, Plan, PlanOptions, ShotSelection,
};
use otio_conflate::timeline::Child;
use otio_conflate::{Conflation, Delivery, NoObserver, Report, Timeline};

/// Small, so that the test is quick: every frame goes through scaling as well.
const CANVAS: (u32, u32) = (320, 180);

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("otio-samples")
}

fn sample(name: &str) -> Timeline {
    Timeline::open(folder().join(name)).unwrap()
}

fn plan(timeline: &Timeline, options: &PlanOptions) -> Plan {
    Plan::with_media(timeline, options, &FfmpegLookup::new()).unwrap()
}

fn options(handles: u32) -> PlanOptions {
    let mut options = PlanOptions::default();
    options.handles = Handles::both(handles);
    options.canvas.size = Some(CANVAS);
    options
}

/// A delivered frame as 4:4:4 video of 8 bits: luma, blue difference, red difference.
struct Picture([Vec<u8>; 3]);

impl Picture {
    fn pixel(&self, x: usize, y: usize) -> [u8; 3] {
        [0, 1, 2].map(|plane: usize| self.0[plane][y * CANVAS.0 as usize + x])
    }

    /// How bright each block is, from 0 to 1.
    fn blocks(&self) -> [f64; strip::BLOCKS] {
        let (width, height) = (CANVAS.0 as usize, CANVAS.1 as usize);
        let wide = width / strip::BLOCKS;
        std::array::from_fn(|block| {
            let columns = block * wide + wide / 2 - 2..block * wide + wide / 2 + 2;
            let lines = height - strip::lines(height) + 2..height - 1;
            let samples: Vec<f64> =
                lines.flat_map(|y| columns.clone().map(move |x| f64::from(self.pixel(x, y)[0]))).collect();
            let mean = samples.iter().sum::<f64>() / f64::from(u32::try_from(samples.len()).unwrap());
            (mean - 16.0) / 219.0
        })
    }
}

/// Renders every shot of `plan`, and hands its pictures to `look`, shot by shot.
fn render(plan: &Plan, timeline: &Timeline, mut look: impl FnMut(usize, &[Picture])) -> Report {
    let folder = tempfile::tempdir().unwrap();
    let delivery = Delivery::new(folder.path()).preset(Preset::by_name("ffv1").unwrap());
    let report = Conflation::new(FfmpegBackend::new(), delivery).timeline(timeline).run(plan, &NoObserver).unwrap();
    assert_eq!(report.shots.len(), plan.shots.len());
    for (index, shot) in report.shots.iter().enumerate() {
        let Some(output) = &shot.output else { continue };
        assert_eq!(shot.frame_count, plan.shots[index].frame_count);
        let mut reader = MovieReader::open(folder.path().join(&output.path), &DecodeOptions::default()).unwrap();
        let mut converter = Converter::new();
        let (width, height) = CANVAS;
        let (color, chroma) = (ColorTags::BT709, ChromaSite::default());
        let target = TargetFormat { format: Pixel::YUV444P, width, height, color, premultiplied: false, chroma };
        let pictures: Vec<Picture> = (0..shot.frame_count)
            .map(|number| {
                let picked = reader.frame(number, plan.rate).unwrap();
                assert!(picked.outside.is_none(), "{}: {number}", shot.shot);
                assert_eq!((picked.frame.width(), picked.frame.height()), CANVAS);
                let source =
                    SourcePicture { frame: picked.frame.as_av(), color: picked.frame.color(), premultiplied: false };
                let converted = converter.convert(&source, &target, Rect::whole(width, height)).unwrap();
                let plain = converted.as_ref().unwrap_or(picked.frame.as_av());
                Picture([0, 1, 2].map(|plane: usize| {
                    let lines = plain.data(plane).chunks(plain.stride(plane)).take(height as usize);
                    lines.flat_map(|samples| samples[..width as usize].to_vec()).collect()
                }))
            })
            .collect();
        let beyond = reader.frame(shot.frame_count, plan.rate).unwrap();
        assert!(beyond.outside.is_some(), "{} is longer than its report says", shot.shot);
        look(index, &pictures);
    }
    report
}

/// What the blocks of a frame have to be, from its row of the plan; `None` where they are covered by a card.
fn expected(row: &FrameRow<'_>, shown: impl Fn(&FrameLayer<'_>) -> Option<[f64; strip::BLOCKS]>) -> Option<Vec<f64>> {
    let mut sum = vec![0.0; strip::BLOCKS];
    for layer in &row.layers {
        let blocks = shown(layer)?;
        sum.iter_mut().zip(blocks).for_each(|(sum, block)| *sum += block * layer.weight);
    }
    Some(sum)
}

/// The blocks of the frame that the plan names.
fn named(layer: &FrameLayer<'_>) -> Option<[f64; strip::BLOCKS]> {
    let blocks = strip::blocks(&layer.media, layer.source);
    let blocks = blocks.unwrap_or_else(|| panic!("{} is no numbered medium", layer.media));
    Some(blocks.map(|white| if white { 1.0 } else { 0.0 }))
}

fn check(row: &FrameRow<'_>, picture: &Picture, wanted: &[f64]) {
    let seen = picture.blocks();
    for (block, (seen, wanted)) in seen.iter().zip(wanted).enumerate() {
        let place = format!("{} frame {}, block {block}: {:?}", row.shot, row.frame, row.layers);
        assert!((seen - wanted).abs() < 0.06, "{seen:.3}, not {wanted:.3}, in {place}");
    }
}

/// Renders the plan, and compares every frame with its row. Returns how many frames were compared.
fn check_all(plan: &Plan, timeline: &Timeline) -> i64 {
    let mut frames = 0;
    let report = render(plan, timeline, |index, pictures| {
        let rows: Vec<_> = plan.frames(&plan.shots[index]).collect();
        assert_eq!(rows.len(), pictures.len());
        for (row, picture) in rows.iter().zip(pictures) {
            check(row, picture, &expected(row, named).unwrap());
            frames += 1;
        }
    });
    assert!(report.succeeded(), "{:?}", report.shots);
    assert_eq!(frames, plan.shots.iter().map(|shot| shot.frame_count).sum::<i64>());
    frames
}

#[test]
fn first_cut() {
    let timeline = sample("first-cut.otio");
    let plan = plan(&timeline, &options(8));
    assert_eq!(plan.warnings, []);
    let names: Vec<_> = plan.shots.iter().map(|shot| shot.name.as_str()).collect();
    assert_eq!(names, ["sh010", "sh020", "sh030", "sh040", "sh050", "sh060"]);
    assert_eq!((plan.global_start, plan.duration), (86_400, 236));
    assert_eq!(check_all(&plan, &timeline), 236 - 12 + 8 * 10);
}

#[test]
fn the_insert_is_a_shot_where_its_track_is_asked_for() {
    let timeline = sample("first-cut.otio");
    let mut options = options(0);
    options.shots = ShotSelection::Track("V2".to_owned());
    let plan = plan(&timeline, &options);
    assert_eq!(check_all(&plan, &timeline), 16);
}

#[test]
fn dissolves() {
    let timeline = sample("dissolves.otio");
    let plan = plan(&timeline, &options(0));
    assert_eq!(plan.warnings.len(), 1, "the wipe alone: {:?}", plan.warnings);
    let mixed = plan.shots.iter().flat_map(|shot| plan.frames(shot)).filter(|row| row.layers.len() > 1).count();
    // The first frame of each of the three dissolves between clips shows one of them alone.
    assert_eq!(mixed, 15 + 9 + 11);
    check_all(&plan, &timeline);
}

#[test]
fn two_tracks_and_a_still_with_alpha() {
    let timeline = sample("two-tracks.otio");
    // The still has no blocks, and is transparent where they are: the plan without it says what shows through.
    let mut bare = timeline.clone();
    let Some(Child::Composition(titles)) = bare.tracks.children.last_mut() else { panic!("V3 is a track") };
    titles.item.enabled = false;
    let (plan, bare) = (plan(&timeline, &options(0)), plan(&bare, &options(0)));
    let mut titled = 0;
    let report = render(&plan, &timeline, |index, pictures| {
        let rows = plan.frames(&plan.shots[index]).zip(bare.frames(&bare.shots[index]));
        for ((row, below), picture) in rows.zip(pictures) {
            check(&below, picture, &expected(&below, named).unwrap());
            // In the middle of the badge.
            let [luma, blue, red] = picture.pixel(40, 142);
            let badge = luma.abs_diff(181) < 8 && blue.abs_diff(68) < 8 && red.abs_diff(157) < 8;
            let wanted = row.layers.iter().any(|layer| layer.media.ends_with("lower_third.png"));
            assert_eq!(badge, wanted, "{} frame {}: {luma} {blue} {red}", row.shot, row.frame);
            titled += usize::from(wanted);
        }
    });
    assert!(report.succeeded(), "{:?}", report.shots);
    assert_eq!(titled, 30);
}

#[test]
fn both_kinds_of_handles() {
    let timeline = sample("handles.otio");
    let mut options = options(8);
    let of_the_cut = plan(&timeline, &options);
    let ends = |plan: &Plan| plan.shots.iter().map(|shot| (shot.head, shot.tail)).collect::<Vec<_>>();
    assert_eq!(ends(&of_the_cut), [(0, 8), (8, 8), (8, 0)], "the cut has ends");
    check_all(&of_the_cut, &timeline);
    options.handle_mode = HandleMode::Source;
    let of_the_source = plan(&timeline, &options);
    assert_eq!(ends(&of_the_source), [(8, 8), (3, 8), (8, 4)], "the media have ends");
    check_all(&of_the_source, &timeline);
}

#[test]
fn odd_media() {
    let timeline = sample("odd-media.otio");
    let mut options = options(0);
    let refused = plan(&timeline, &options);
    let out = tempfile::tempdir().unwrap();
    let run = Conflation::new(FfmpegBackend::new(), Delivery::new(out.path())).run(&refused, &NoObserver);
    let error = run.unwrap_err().to_string();
    assert!(error.contains("tug_t1.mp4"), "{error:#}");

    options.media_missing = MissingPolicy::Slate;
    let plan = plan(&timeline, &options);
    let (mut compared, mut cards) = (0, 0);
    let report = render(&plan, &timeline, |index, pictures| {
        let rows: Vec<_> = plan.frames(&plan.shots[index]).collect();
        for (row, picture) in rows.iter().zip(pictures) {
            let holes_are_black = row.shot.contains("holes_black");
            match expected(row, |layer| really_there(layer, holes_are_black)) {
                Some(wanted) => {
                    check(row, picture, &wanted);
                    compared += 1;
                }
                None => {
                    let [luma, blue, red] = picture.pixel(4, CANVAS.1 as usize - 3);
                    assert!(luma < 90 && blue < 125 && red > 170, "{}: no slate's red bar", row.shot);
                    cards += 1;
                }
            }
        }
    });
    let failed: Vec<_> = report.shots.iter().filter(|shot| shot.output.is_none()).collect();
    assert_eq!(failed.iter().map(|shot| shot.shot.as_str()).collect::<Vec<_>>(), ["sh440_holes_error"]);
    assert!(failed[0].error.join(": ").contains("fog.1009.png"), "{:?}", failed[0].error);
    assert_eq!((compared, cards), (18 + 18 + 24 + 24 + 12, 24 + 12));
}

/// The blocks of what is seen where a frame is not there; `None` where a card is.
fn really_there(layer: &FrameLayer<'_>, holes_are_black: bool) -> Option<[f64; strip::BLOCKS]> {
    let mut layer = layer.clone();
    if layer.media.contains("%04d") {
        let exists = |number: i64| Path::new(&layer.media.replace("%04d", &number.to_string())).exists();
        if !exists(layer.source) && holes_are_black {
            return Some([0.0; strip::BLOCKS]);
        }
        while !exists(layer.source) {
            layer.source -= 1;
        }
    } else if !Path::new(&layer.media).exists() {
        return None;
    } else if layer.media.ends_with("lamp_insert.mp4") {
        // The timeline says it has 60 frames.
        layer.source = layer.source.min(35);
    }
    named(&layer)
}

/// Every file under a folder.
fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}

#[test]
fn samples_are_small_and_can_be_moved() {
    let files = files(&folder());
    let bytes: u64 = files.iter().map(|file| file.metadata().unwrap().len()).sum();
    assert!(bytes < 5_000_000, "{bytes} bytes");
    let timelines: Vec<_> = files.iter().filter(|file| file.extension().is_some_and(|end| end == "otio")).collect();
    assert_eq!(timelines.len(), 5, "each has a test above");
    let readme = std::fs::read_to_string(folder().join("README.md")).unwrap();
    for file in timelines {
        let text = std::fs::read_to_string(file).unwrap();
        let urls: Vec<_> = text.lines().filter(|line| line.contains("\"target_url")).collect();
        assert!(!urls.is_empty(), "{}", file.display());
        for url in urls {
            assert!(url.contains(": \"media/"), "{}: {url}", file.display());
        }
        let name = file.file_name().unwrap().to_str().unwrap();
        assert!(readme.contains(name), "README.md does not tell of {name}");
    }
}

/// The samples of every plane of every frame of a movie, without what pads its lines.
fn frames(path: &Path, count: i64, plan: &Plan) -> Vec<Vec<u8>> {
    let mut reader = MovieReader::open(path, &DecodeOptions::default()).unwrap();
    (0..count)
        .map(|number| {
            let picked = reader.frame(number, plan.rate).unwrap();
            assert!(picked.outside.is_none(), "{}: {number}", path.display());
            let frame = picked.frame.as_av();
            // FFV1 keeps what it is given: 4:2:2 or 4:4:4 of 8 or more bits, whose planes' lines all count.
            let mut samples = Vec::new();
            for plane in 0..frame.planes() {
                let (width, height) = (frame.plane_width(plane) as usize, frame.plane_height(plane) as usize);
                let bytes = width * if frame.stride(plane) >= 2 * width { 2 } else { 1 };
                let lines = frame.data(plane).chunks(frame.stride(plane)).take(height);
                lines.for_each(|line| samples.extend_from_slice(&line[..bytes]));
            }
            samples
        })
        .collect()
}

/// What was delivered and opened again is what was delivered: through a lossless codec, sample by sample.
#[test]
fn conflated_again_every_sample_is_the_same() {
    let names: Vec<PathBuf> = std::fs::read_dir(folder()).unwrap().map(|entry| entry.unwrap().path()).collect();
    let mut cuts: Vec<_> =
        names.iter().filter(|path| path.extension().is_some_and(|ending| ending == "otio")).collect();
    cuts.sort();
    assert!(cuts.len() >= 4, "{cuts:?}");
    let (mut compared, mut baked) = (0, 0);
    for path in cuts {
        let mut options = options(1);
        options.canvas.size = Some((64, 36));
        options.media_missing = MissingPolicy::Slate;
        options.sound.enabled = false;
        let out = tempfile::tempdir().unwrap();
        let run = |timeline: &Timeline, folder: PathBuf| {
            let plan = plan(timeline, &options);
            let delivery = Delivery::new(folder).preset(Preset::by_name("ffv1").unwrap());
            let report = Conflation::new(FfmpegBackend::new(), delivery).timeline(timeline).run(&plan, &NoObserver);
            (plan, report.unwrap())
        };
        let timeline = Timeline::open(path).unwrap();
        let (first_plan, first) = run(&timeline, out.path().join("first"));
        let conflated = Timeline::open(out.path().join("first/conflated.otio")).unwrap();
        baked += otio_conflate::otio::to_json(&conflated).matches("\"baked\": true").count();
        let (_, second) = run(&conflated, out.path().join("second"));
        assert_eq!(first.shots.len(), second.shots.len(), "{}", path.display());
        for (a, b) in first.shots.iter().zip(&second.shots) {
            assert_eq!((&a.shot, a.head, a.tail), (&b.shot, b.head, b.tail));
            let (Some(from), Some(to)) = (&a.output, &b.output) else {
                assert_eq!(a.output.is_some(), b.output.is_some(), "{}: {:?} {:?}", a.shot, a.error, b.error);
                continue;
            };
            let from = frames(&out.path().join("first").join(&from.path), a.frame_count, &first_plan);
            let to = frames(&out.path().join("second").join(&to.path), b.frame_count, &first_plan);
            let differing: Vec<usize> = (0..from.len()).filter(|&index| from[index] != to[index]).collect();
            assert!(differing.is_empty(), "{} {}: frames {differing:?}", path.display(), a.shot);
            compared += from.len();
        }
    }
    assert!(compared > 100 && baked > 5, "{compared} frames, {baked} baked");
    println!("{compared} frames compared, {baked} clips baked");
}
