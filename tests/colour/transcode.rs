//! One file: its space, looks, views and tags.

use std::path::Path;

use otio_conflate::backend::Control;
use otio_conflate::deliver::{Representation, TranscodeOptions, Transcoded, transcode};
use otio_conflate::plan::{
    CdlStyle, ColorConfig, ColorPlan, LookStep, OutputColor, OutputLook, Precision, SourceSpace, SpaceRule,
};
use otio_conflate::{CancelToken, ErrorKind, NoObserver, Result};

use crate::common::{color_tags, raw_movie};
use crate::support::*;

fn run(path: &Path, wanted: &[Representation], out: &Path, plan: ColorPlan) -> Result<Transcoded> {
    let mut options = TranscodeOptions::default();
    options.color = Some(plan);
    options.overwrite = true;
    transcode(path, wanted, out, &options, &Control { observer: &NoObserver, cancel: &CancelToken::new() })
}

fn space(name: &str) -> SpaceRule {
    SpaceRule::new("*", SourceSpace::Space(name.to_owned()))
}

/// A file of a look, in `space`.
fn file(path: &Path, id: Option<&str>, space: &str) -> LookStep {
    let (path, id) = (path.display().to_string(), id.map(str::to_owned));
    LookStep::File { path, id, space: space.to_owned(), style: CdlStyle::Asc }
}

fn shown(display: &str, view: &str) -> OutputLook {
    OutputLook::graded(OutputColor::View { display: Some(display.to_owned()), view: Some(view.to_owned()) })
}

#[test]
fn spaces_and_views_are_what_their_formulas_say() {
    let show = Show::new();
    let (path, source) = show.noise("a/a.%04d.png", 2, 1);
    let out = show.path("out");
    let mut plan = show.plan();
    plan.rules = vec![space("log")];
    plan.representations = shown("Rec.1886", "Plain");
    let wanted = [
        pictures("view", ""),
        pictures("show", "color = { view = \"Show\" }"),
        pictures("pq", "color = { display = \"PQ/TV\", view = \"Plain\" }"),
        pictures("default", "color = { default_view = true }"),
        pictures("half", "color = { space = \"half\" }"),
        pictures("own", "color = { space = \"THE LOG\" }"),
        pictures("proxy-plain", ""),
    ];
    let made = run(&path, &wanted, &out, plan).expect("a transcode");
    assert_eq!(made.warnings, Vec::<String>::new());
    let color = made.color.as_ref().expect("colours");
    assert_eq!((color.space.as_str(), color.by.as_str()), ("log", "rule *"));
    let show_look = |[r, g, b]: [f64; 3]| [r * 0.5, g, b];
    let display = |power: f64, pixel: [f64; 3]| pixel.map(|value| (value * value * 0.5).powf(1.0 / power));
    for (index, name) in ["view", "show", "pq", "default", "half", "own", "proxy-plain"].into_iter().enumerate() {
        let got = numbers(&out.join(&made.representations[index].output.path), 1001);
        assert_made(&got, &source, 1.0, name, |pixel| match name {
            "view" => display(2.4, pixel),
            // The first of the first display's.
            "show" | "default" => display(2.4, show_look(pixel)),
            "pq" => display(2.0, pixel),
            "half" => pixel.map(|value| value * value / 2.0),
            _ => pixel,
        });
    }
    let values = made.representations[2].color.as_ref().expect("colours");
    assert_eq!((values.display.as_deref(), values.view.as_deref()), (Some("PQ/TV"), Some("Plain")));
    assert_eq!(values.colorspace.as_deref(), Some("PQ/TV"));
    assert_eq!(made.representations[6].color.as_ref().and_then(|color| color.colorspace.as_deref()), Some("log"));
}

#[test]
fn a_view_is_taken_back_and_data_is_left_alone() {
    let show = Show::new();
    let (path, source) = show.noise("a/a.%04d.png", 1, 2);
    let out = show.path("out");
    for (rule, make) in [
        (SourceSpace::View { display: "Rec.1886".to_owned(), view: "Plain".to_owned() }, 2.0),
        (SourceSpace::Data, 0.0),
    ] {
        let mut plan = show.plan();
        plan.rules = vec![SpaceRule::new("*", rule)];
        let wanted =
            [pictures("half", "color = { space = \"half\" }"), pictures("back", "color = { view = \"Plain\" }")];
        let made = run(&path, &wanted, &out, plan).expect("a transcode");
        let read = |index: usize| numbers(&out.join(&made.representations[index].output.path), 1001);
        // Light is twice what the display shows, and half of that is half of it.
        assert_made(&read(0), &source, 1.0, "half", |pixel| match make {
            0.0 => pixel,
            factor => pixel.map(|value| value.powf(2.4) * factor / 2.0),
        });
        assert_made(&read(1), &source, 1.0, "back", |pixel| pixel);
    }
}

#[test]
fn files_of_looks_need_no_configuration() {
    let show = Show::new();
    let (path, source) = show.noise("sh1/sh1.%04d.png", 1, 3);
    let out = show.path("out");
    show.write("sh1.cc", &decision([0.5, 1.0, 0.25], 1.0));
    let (head, body) = (decision([0.5, 1.0, 0.25], 1.0), decision([1.0, 0.5, 1.0], 0.0));
    let both = [&head, &body].map(|text| text.lines().nth(1).expect("one").to_owned());
    let collection = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<ColorCorrectionCollection xmlns=\"urn:ASC:CDL:v1.2\">{}{}</ColorCorrectionCollection>\n",
        both[0],
        both[1].replace("\"one\"", "\"sh1\"")
    );
    let collection = show.write("all.ccc", &collection);
    let swapped = "LUT_3D_SIZE 2\n0 0 0\n0 1 0\n1 0 0\n1 1 0\n0 0 1\n0 1 1\n1 0 1\n1 1 1\n";
    let swapped = show.write("swap.cube", swapped);
    let one = show.path("{shot}.cc");
    for (what, looks) in [
        ("cc", vec![file(&one, None, "raw")]),
        ("ccc", vec![file(&collection, Some("{shot}"), "raw")]),
        ("cube", vec![file(&swapped, None, "raw")]),
        ("both", vec![file(&swapped, None, "raw"), file(&one, None, "raw")]),
    ] {
        let mut plan = ColorPlan::default();
        plan.config = ColorConfig::Raw;
        plan.looks = looks;
        plan.representations.graded = true;
        let made = run(&path, &[pictures("p", "")], &out, plan).expect(what);
        let got = numbers(&out.join(&made.representations[0].output.path), 1001);
        assert_made(&got, &source, 1.0, what, |[r, g, b]| match what {
            "cc" => [r * 0.5, g, b * 0.25],
            "ccc" => [0.2126 * r + 0.7152 * g * 0.5 + 0.0722 * b; 3],
            "cube" => [g, r, b],
            _ => [g * 0.5, r, b * 0.25],
        });
    }
}

#[test]
fn every_mistake_is_told_before_anything_is_made() {
    let show = Show::new();
    let (path, _) = show.noise("a/a.%04d.png", 1, 4);
    let out = show.path("out").join("of/it");
    let plan = |change: &dyn Fn(&mut ColorPlan)| {
        let mut plan = show.plan();
        plan.rules = vec![space("log")];
        change(&mut plan);
        plan
    };
    let broken = show.write("broken.cube", "LUT_3D_SIZE 2\n0 0 0\n");
    let collection = "<ColorCorrectionCollection xmlns=\"urn:ASC:CDL:v1.2\"></ColorCorrectionCollection>";
    let empty = show.write("empty.ccc", &format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n{collection}\n"));
    for (what, wanted, plan) in [
        ("", pictures("p", "color = { space = \"lag\" }"), plan(&|_| ())),
        ("Near: Plain", pictures("p", "color = { display = \"PQ/TV\", view = \"Plan\" }"), plan(&|_| ())),
        ("There are 2: Rec.1886, PQ/TV", pictures("p", "color = { display = \"TV set\" }"), plan(&|_| ())),
        ("need a view", pictures("p", "color = { space = \"Rec.1886\" }"), plan(&|_| ())),
        ("Near: log", pictures("p", "color = { view = \"Plain\" }"), plan(&|plan| plan.rules = vec![space("logs")])),
        ("\"shut\"", pictures("p", ""), plan(&|plan| plan.looks = vec![LookStep::Look("+shut".into())])),
        ("gone.cube", pictures("p", ""), plan(&|plan| plan.looks = vec![file(Path::new("gone.cube"), None, "raw")])),
        ("broken.cube", pictures("p", ""), plan(&|plan| plan.looks = vec![file(&broken, None, "raw")])),
        ("empty.ccc", pictures("p", ""), plan(&|plan| plan.looks = vec![file(&empty, Some("x"), "raw")])),
        ("lag", pictures("p", ""), plan(&|plan| plan.looks = vec![file(&broken, None, "lag")])),
    ] {
        let mut plan = plan;
        plan.representations.graded = true;
        let error = run(&path, &[wanted], &out, plan).expect_err(what);
        assert_eq!(error.kind(), ErrorKind::Option, "{error:#}");
        assert!(format!("{error:#}").contains(what), "{what}: {error:#}");
        assert!(!show.path("out").join("of").exists(), "{what}: something was made");
    }
    // Eight bits are too few for PQ.
    let mut wanted = Representation::by_name("h264").expect("built in");
    wanted.color = Some(OutputColor::View { display: Some("PQ/TV".to_owned()), view: Some("Plain".to_owned()) });
    let error = run(&path, &[wanted], &out, plan(&|_| ())).expect_err("8 bits");
    assert!(format!("{error:#}").contains("PQ"), "{error:#}");
}

#[test]
fn outputs_are_tagged_as_what_was_baked() {
    let show = Show::new();
    let data = (0..SIZE.0 * SIZE.1 * 3).map(|at| u8::try_from(at % 251).expect("a byte")).collect();
    let path = raw_movie(&show.path("a.mkv"), "rgb24", SIZE, "24", data, "-c:v ffv1 -pix_fmt gbrp");
    let mut plan = ColorPlan::default();
    plan.config = otio_conflate::color::named("ocio://studio-config-v4.0.0_aces-v2.0_ocio-v2.5").expect("built in");
    plan.rules = vec![space("sRGB - Texture")];
    for (display, view, tags) in [
        ("sRGB - Display", "ACES 2.0 - SDR 100 nits (Rec.709)", ["bt709", "bt709", "iec61966-2-1"]),
        ("Rec.1886 Rec.709 - Display", "ACES 2.0 - SDR 100 nits (Rec.709)", ["bt709", "bt709", "bt709"]),
        ("Rec.2100-PQ - Display", "ACES 2.0 - HDR 1000 nits (Rec.2020)", ["bt2020nc", "bt2020", "smpte2084"]),
        ("Rec.2100-HLG - Display", "ACES 2.0 - HDR 1000 nits (P3 D65)", ["bt2020nc", "bt2020", "arib-std-b67"]),
    ] {
        let mut plan = plan.clone();
        plan.representations = shown(display, view);
        let out = show.path("out");
        let wanted = [Representation::by_name("prores-4444").expect("built in")];
        let made = match run(&path, &wanted, &out, plan) {
            Ok(made) => made,
            Err(error) => panic!("{display}: {error:#}"),
        };
        let got = color_tags(&out.join(&made.representations[0].output.path));
        // ProRes has no code for sRGB's curve.
        let transfer = if tags[2] == "iec61966-2-1" { "unknown" } else { tags[2] };
        let named = |value: &serde_json::Value| value.as_str().unwrap_or("unknown").to_owned();
        assert_eq!(got[1..].iter().map(named).collect::<Vec<_>>(), [tags[0], tags[1], transfer], "{display}");
    }
}

/// Half floats in a file whose header says what they are, written by this program and read again.
#[test]
fn light_says_what_it_is_and_is_taken_at_its_word() {
    let show = Show::new();
    let (path, source) = show.noise("a/a.%04d.png", 1, 6);
    let mut plan = show.plan();
    plan.rules = vec![space("log")];
    let mut wanted = pictures("light", "color = { space = \"lin\" }");
    wanted.preset = otio_conflate::deliver::Preset::by_name("exr").expect("built in");
    let out = show.path("out");
    let made = run(&path, &[wanted], &out, plan).expect("a transcode");
    let light = out.join(&made.representations[0].output.path);
    let first = out.join("a_light/a_light.1001.exr");
    let header = std::fs::read(&first).expect("a file");
    let text = String::from_utf8_lossy(&header[..1024.min(header.len())]).into_owned();
    assert!(text.contains("colorInteropID\0string\0") && text.contains("lin_ap1_scene"), "{text:?}");
    // Without a rule the header counts, not the configuration's rule for the file's ending.
    let mut plan = show.plan();
    plan.representations = shown("Rec.1886", "Plain");
    let made = run(&light, &[pictures("view", "")], &show.path("again"), plan).expect("a transcode");
    let color = made.color.as_ref().expect("colours");
    assert_eq!((color.space.as_str(), color.by.as_str()), ("lin", "colorInteropID lin_ap1_scene"));
    let got = numbers(&show.path("again").join(&made.representations[0].output.path), 1001);
    // Half floats have eleven bits, of which the display's curve makes more in the dark.
    assert_made(&got, &source, 40.0, "view", |pixel| pixel.map(|value| (value * value * 0.5).powf(1.0 / 2.4)));
}

#[test]
fn what_is_left_as_it_is_keeps_its_own_space_and_takes_the_tags_asked_for() {
    let show = Show::new();
    let data = (0..SIZE.0 * SIZE.1 * 3).map(|at| u8::try_from(at % 251).expect("a byte")).collect();
    let path = raw_movie(&show.path("a.mkv"), "rgb24", SIZE, "24", data, "-c:v ffv1 -pix_fmt gbrp");
    let mut plan = ColorPlan::default();
    plan.config = otio_conflate::color::named("ocio://studio-config-v4.0.0_aces-v2.0_ocio-v2.5").expect("built in");
    let shown = ("sRGB - Display".to_owned(), "ACES 2.0 - SDR 100 nits (Rec.709)".to_owned());
    for source in [SourceSpace::View { display: shown.0.clone(), view: shown.1.clone() }, SourceSpace::Data] {
        plan.rules = vec![SpaceRule::new("*", source.clone())];
        let mut wanted = Representation::by_name("prores-4444").expect("built in");
        wanted.color = Some(OutputColor::Canvas);
        wanted.tags = Some(otio_conflate::plan::ColorTags { matrix: 9, primaries: 9, transfer: 16, full_range: false });
        let out = show.path(if source == SourceSpace::Data { "data" } else { "view" });
        let made = run(&path, &[wanted], &out, plan.clone()).expect("it is written");
        let got = color_tags(&out.join(&made.representations[0].output.path));
        assert_eq!(
            got[1..].iter().map(|tag| tag.as_str().unwrap_or("unknown")).collect::<Vec<_>>(),
            ["bt2020nc", "bt2020", "smpte2084"]
        );
        let color = made.representations[0].color.clone().expect("colours are managed");
        let is_view = source != SourceSpace::Data;
        assert_eq!((color.display, color.view), (is_view.then(|| shown.0.clone()), is_view.then(|| shown.1.clone())));
        assert_eq!(color.colorspace.is_some(), is_view, "{:?}", color.colorspace);
    }
}

/// A cube stands for a view in 8 bits, near enough; what has more bits is exact.
#[test]
fn fast_views_are_near_in_eight_bits_and_exact_in_more() {
    let show = Show::new();
    let (path, _) = show.noise("a/a.%04d.png", 3, 7);
    let eight = "preset = { base = \"png\", name = \"png8\", encoders = [{ encoder = \"png\", formats = [\"rgb24\"], options = [] }] }";
    let wanted = || {
        let shallow: Representation = toml::from_str(&format!("name = \"shallow\"\n{eight}")).expect("one");
        [shallow, pictures("deep", "")]
    };
    let made = |precision: Precision, folder: &str| {
        let mut plan = show.plan();
        plan.rules = vec![space("log")];
        plan.representations = shown("Rec.1886", "Show");
        plan.precision = precision;
        let out = show.path(folder);
        run(&path, &wanted(), &out, plan).expect("a transcode");
        ["shallow", "deep"].map(|name| numbers(&out.join(format!("a_{name}/a_{name}.%04d.png")), 1001))
    };
    let (exact, fast) = (made(Precision::Exact, "exact"), made(Precision::Fast, "fast"));
    assert_eq!(exact[1], fast[1], "16 bits");
    // One code of 8 bits is 257 of 16, give or take what ffmpeg makes of it.
    let off = exact[0].iter().zip(&fast[0]).flat_map(|(a, b)| (0..3).map(|channel| (a[channel] - b[channel]).abs()));
    let off: Vec<f64> = off.collect();
    assert!(off.iter().all(|off| *off <= 300.0), "{:?}", off.iter().fold(0.0f64, |most, off| most.max(*off)));
    let same = off.iter().filter(|off| **off == 0.0).count();
    assert!(same * 20 > off.len() * 19 && same < off.len(), "{same} of {} are the same", off.len());
    assert_eq!(made(Precision::Fast, "again"), fast);
}
