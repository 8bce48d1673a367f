//! Configurations: what they are asked, what is refused, and what damage does.

use std::collections::BTreeMap;

use otio_conflate::ErrorKind;
use otio_conflate::color::{self, FileColor, Step, medium_space};
use otio_conflate::plan::{CdlStyle, ColorConfig, LookStep, OutputColor, SampleRange, SourceSpace, SpaceRule};

use crate::common::Dice;
use crate::support::*;

fn space(name: &str) -> SourceSpace {
    SourceSpace::Space(name.to_owned())
}

fn view(display: &str, view: &str) -> OutputColor {
    OutputColor::View { display: Some(display.to_owned()), view: Some(view.to_owned()) }
}

#[test]
fn names_are_told_apart_by_those_there_are() {
    let show = Show::new();
    let engine = color::open(&show.config()).expect("a configuration");
    let engine = &*engine;
    assert_eq!(color::read_view(engine, "PQ/TV/Plain").expect("one"), view("PQ/TV", "Plain"));
    assert_eq!(color::read_view(engine, "show").expect("the first that has it"), view("Rec.1886", "Show"));
    let error = color::read_view(engine, "PQ/TV/Sow").expect_err("none").to_string();
    assert!(error.contains("\"Sow\"") && error.contains("There are 2: Raw, Plain"), "{error:#}");
    let rule = color::read_rule(engine, "a=b*.exr=the log:limited").expect("a rule");
    assert_eq!(
        (rule.path.as_str(), rule.source, rule.range),
        ("a=b*.exr", Some(space("log")), Some(SampleRange::Limited))
    );
    let rule = color::read_rule(engine, "*.png=view:PQ/TV/Plain").expect("a rule");
    let wanted = SourceSpace::View { display: "PQ/TV".to_owned(), view: "Plain".to_owned() };
    assert_eq!(rule.source, Some(wanted));
    assert_eq!(color::read_source(engine, "data").expect("no colour").0, Some(SourceSpace::Data));
    assert_eq!(color::read_source(engine, ":full").expect("a range"), (None, Some(SampleRange::Full)));
    let error = color::read_rule(engine, "*.exr=lig").expect_err("none");
    assert_eq!(error.kind(), ErrorKind::Option);
    assert!(
        format!("{error:#}").contains("There are 5: lin, log, half, video, raw")
            || format!("{error:#}").contains("There are 7"),
        "{error:#}"
    );
    let grade = color::read_grade(engine, "/g/{shot}@x.ccc#a@b#{shot}@the log", CdlStyle::NoClamp).expect("a look");
    let LookStep::File { path, id, space, style } = grade else { panic!("{grade:?}") };
    assert_eq!((path.as_str(), id.as_deref()), ("/g/{shot}@x.ccc#a@b", Some("{shot}")));
    assert_eq!((space.as_str(), style), ("log", CdlStyle::NoClamp));
    assert!(color::read_grade(engine, "a.cube", CdlStyle::Asc).expect_err("where?").to_string().contains("@SPACE"));
}

#[test]
fn the_first_that_answers_says_which_space_a_medium_is_in() {
    let show = Show::new();
    let engine = color::open(&show.config()).expect("a configuration");
    let engine = &*engine;
    let ap1 = [0.713, 0.293, 0.165, 0.83, 0.128, 0.044, 0.32168, 0.33767];
    let written = |name: &str| {
        serde_json::from_value(serde_json::json!({"name": name, "key": "ayon.source.colorspace"})).expect("plain data")
    };
    let file = |change: &dyn Fn(&mut FileColor)| {
        let mut color = FileColor::default();
        change(&mut color);
        color
    };
    let mut plan = show.plan();
    plan.rules = vec![SpaceRule::new("*ruled*", space("the log"))];
    let nothing = FileColor::default();
    let interop = |id: &str| file(&|color| color.interop = Some(id.to_owned()));
    let chromatic = file(&|color| color.chromaticities = Some(ap1));
    for (path, written, file, wanted, by, warns) in [
        ("/a/ruled.exr", Some(written("video")), &nothing, space("log"), "rule *ruled*", false),
        (
            "/a/x.exr",
            Some(written("nonsense:Half")),
            &interop("lin_ap1_scene"),
            space("half"),
            "ayon.source.colorspace",
            false,
        ),
        ("/a/x.exr", None, &interop("lin_ap1_scene"), space("lin"), "colorInteropID lin_ap1_scene", false),
        ("/a/x.exr", None, &interop("data"), SourceSpace::Data, "colorInteropID data", false),
        ("/a/x.exr", None, &interop("unknown"), space("half"), "file rule OpenEXR", false),
        ("/a/x.exr", None, &interop("lin_ap0_scene"), space("half"), "file rule OpenEXR", true),
        ("/a/x.exr", None, &chromatic, space("lin"), "its chromaticities say lin_ap1_scene", true),
        ("/a/plate.exr", None, &chromatic, space("log"), "file rule plates", false),
        ("/a/x.exr", None, &nothing, space("half"), "file rule OpenEXR", false),
        ("/a/x.mov", None, &nothing, space("video"), "default rule", true),
    ] {
        let medium = medium_space(engine, &plan, path, written.as_ref(), file).expect(path);
        assert_eq!((medium.space, medium.by.as_str(), medium.warning.is_some()), (wanted, by, warns), "{path}");
    }
    let pq = otio_conflate::plan::ColorTags { primaries: 9, transfer: 16, ..otio_conflate::plan::ColorTags::BT709 };
    let tagged = medium_space(engine, &plan, "/a/x.mov", None, &file(&|color| color.tags = Some(pq))).expect("tagged");
    assert_eq!((tagged.space, tagged.warning.is_some()), (space("PQ/TV"), true));
    let error =
        medium_space(engine, &plan, "/a/x.mov", Some(&written("ACES - log")), &nothing).expect_err("none").to_string();
    assert!(error.contains("ayon.source.colorspace: ") && error.contains("Near: log"), "{error:#}");
}

#[test]
fn configurations_that_are_none_are_refused_with_those_there_are() {
    let show = Show::new();
    let refused = |config: &ColorConfig| color::open(config).expect_err("no configuration");
    assert_eq!(refused(&ColorConfig::File(show.path("none.ocio"))).kind(), ErrorKind::Io);
    let broken = show.write("broken.ocio", &CONFIG.replace("colorspace: log}", "colorspace: lag}"));
    let error = refused(&ColorConfig::File(broken));
    assert!(error.kind() == ErrorKind::Option && format!("{error:#}").contains("broken.ocio"), "{error:#}");
    let error = color::named("ocio://studio-config-v9").expect_err("none").to_string();
    assert!(error.contains("Near: studio-config-v") && error.contains("There are 8"), "{error:#}");
    let latest = color::named("ocio://studio-config-latest").expect("the newest");
    assert!(matches!(&latest, ColorConfig::Builtin(name) if name.starts_with("studio-config-v")), "{latest:?}");
}

/// What is damaged is an error, and never the end of the program.
#[test]
fn damage_is_an_error() {
    let show = Show::new();
    let cases = std::env::var("COLOUR_CASES").ok().and_then(|text| text.parse().ok()).unwrap_or(60);
    let mut dice = Dice::new(7);
    let cube = "LUT_3D_SIZE 2\n0 0 0\n1 0 0\n0 1 0\n1 1 0\n0 0 1\n1 0 1\n0 1 1\n1 1 1\n";
    let clf = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<ProcessList id=\"a\" compCLFversion=\"3\"><Matrix inBitDepth=\"32f\" \
               outBitDepth=\"32f\"><Array dim=\"3 3\">1 0 0 0 1 0 0 0 1</Array></Matrix></ProcessList>\n";
    let (cc, ctf) = (decision([1.0, 0.5, 2.0], 0.5), "<?xml version=\"1.0\" encoding=");
    let texts = [("c.ocio", CONFIG), ("l.cube", cube), ("l.clf", clf), ("l.cc", &cc), ("l.ctf", ctf)];
    let mut kept = 0;
    for case in 0..cases {
        let (name, text) = texts[case % texts.len()];
        let mut bytes = text.as_bytes().to_vec();
        for _ in 0..dice.roll(6) {
            let at = usize::try_from(dice.roll(i64::try_from(bytes.len()).expect("small"))).expect("small");
            match dice.roll(4) {
                0 => bytes.truncate(at.max(1)),
                1 => bytes[at] = u8::try_from(dice.roll(256)).expect("a byte"),
                2 => bytes.insert(at, b"0<>:{}[]-! \n"[usize::try_from(dice.roll(12)).expect("small")]),
                _ => {
                    let part = bytes[at..].iter().take(20).copied().collect::<Vec<u8>>();
                    bytes.extend(part);
                }
            }
        }
        let path = show.path(&format!("{case}/{name}"));
        std::fs::write(&path, &bytes).expect("a file");
        let config = if name == "c.ocio" { ColorConfig::File(path.clone()) } else { ColorConfig::Raw };
        let Ok(engine) = color::open(&config) else { continue };
        let step = match name {
            "c.ocio" => Step::Convert { from: "log".to_owned(), to: "video".to_owned() },
            _ => Step::File { path: path.display().to_string(), id: None, style: CdlStyle::Asc },
        };
        let Ok(made) = engine.transform(&[step], &BTreeMap::new()) else { continue };
        made.transform.apply(&mut [[0.5; 4]; 3]);
        kept += 1;
    }
    assert!(kept > 0, "something is left whole");
}

#[test]
fn variables_that_matter_are_told_with_the_files_that_were_read() {
    let show = Show::new();
    let file = show.write("luts/sh1.cc", &decision([0.5, 1.0, 1.0], 1.0));
    let engine = color::open(&show.config()).expect("a configuration");
    let looks = |looks: &str| vec![Step::Looks { looks: looks.to_owned(), space: "log".to_owned() }];
    let vars = BTreeMap::from([("SHOT".to_owned(), "sh1".to_owned()), ("OTHER".to_owned(), "x".to_owned())]);
    let made = engine.transform(&looks("+shot"), &vars).expect("a look");
    assert_eq!(made.vars, BTreeMap::from([("SHOT".to_owned(), "sh1".to_owned())]));
    assert_eq!(
        made.files.iter().map(|path| path.canonicalize().expect("there")).collect::<Vec<_>>(),
        [file.canonicalize().expect("there")]
    );
    let mut pixels = [[0.5, 0.5, 0.5, 0.25]];
    made.transform.apply(&mut pixels);
    assert_eq!(pixels, [[0.25, 0.5, 0.5, 0.25]]);
    let plain = engine.transform(&looks("+show"), &vars).expect("a look");
    assert!(plain.vars.is_empty() && plain.files.is_empty(), "{plain:?}");
    let error = engine.transform(&looks("+shot"), &BTreeMap::new()).expect_err("no file").to_string();
    assert!(error.contains("none.cc"), "{error:#}");
    let same =
        engine.transform(&[Step::Convert { from: "lin".to_owned(), to: "lin".to_owned() }], &vars).expect("nothing");
    assert!(same.transform.is_identity());
}
