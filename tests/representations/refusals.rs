//! What cannot be is refused before anything is written, and the message says what would be right.

use otio_conflate::ErrorKind;
use otio_conflate::deliver::Representation;
use serde_json::json;

use crate::made::*;

fn load(name: &str, text: &str) -> otio_conflate::Result<Representation> {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join(name);
    std::fs::write(&path, text).expect("a file");
    Representation::load(path)
}

#[test]
fn what_a_file_says_is_read() {
    let toml = r##"
        name = "review"
        preset = "h264"
        rate = 23.976
        letterbox = 2.39
        size = { width = 1280 }
        content = "all"
        [[burn_ins]]
        text = "{shot}  {frame}"
        at = "bottom-left"
        color = "#ffcc00"
    "##;
    let json = json!({"name": "review", "preset": "h264", "rate": 23.976, "letterbox": 2.39, "size": {"width": 1280},
        "burn_ins": [{"text": "{shot}  {frame}", "at": "bottom-left", "color": "#ffcc00"}]});
    let read = load("review.toml", toml).expect("a representation");
    assert_eq!(read, load("review.JSON", &json.to_string()).expect("the same"));
    let small = "name='a'\n[preset]\nbase='h264'\nname='small'\nencoders=[{encoder='libx264', formats=['yuv420p'], \
        options=[['crf', '28']], multiple_of=[2, 2]}]";
    let small = load("small.toml", small).expect("a representation").preset;
    assert_eq!((small.name.as_str(), small.codec.as_str(), small.encoders[0].options.len()), ("small", "h264", 1));
    // A preset may be said in full, and everything is written as it is read.
    let text = serde_json::to_string(&read).expect("plain data");
    assert_eq!(load("again.json", &text).expect("it was written"), read);
    let text = toml::to_string(&read).expect("plain data");
    assert_eq!(load("again.toml", &text).expect("it was written"), read);
    for name in Representation::NAMES {
        let built_in = Representation::by_name(name).expect("built in");
        built_in.check().expect("it can be");
        assert_eq!(built_in.name, name);
        assert_eq!(load("a.toml", &toml::to_string(&built_in).expect("plain data")).expect("it was written"), built_in);
    }
}

#[test]
fn mistakes_in_a_file_are_named() {
    for (name, text, told) in [
        (
            "a.toml",
            "name = 'a'\npreset = 'h264'\nleterbox = 2.39",
            &["leterbox", "letterbox", "burn_ins", "line 3"][..],
        ),
        ("a.json", r#"{"name": "a", "preset": "h264", "sise": {}}"#, &["sise", "size"]),
        ("a.json", r#"{"name": "a", "preset": "h264", "size": {"with": 3}}"#, &["with", "width", "placement"]),
        ("a.toml", "name='a'\npreset='h264'\nburn_ins=[{text='{shot}', where='top'}]", &["where", "at", "color"]),
        ("a.toml", "name='a'\npreset='h264'\nburn_ins=[{text='{shto}'}]", &["{shto}", "{shot}", "{source_timecode}"]),
        ("a.toml", "name='a'\npreset='h264'\nburn_ins=[{text='x', at='left'}]", &["left", "top-left", "center"]),
        ("a.toml", "name='a'\npreset='h264'\nburn_ins=[{text='x', color='red'}]", &["red", "#ffcc00"]),
        ("a.toml", "name='a'\npreset='h265'", &["h265", "hevc"]),
        ("a.toml", "name='a'\npreset={name='b', codec='h264', bitrate=3}", &["bitrate", "encoders"]),
        ("a.toml", "name='a'\npreset={base='h264', bitrate=3}", &["bitrate", "encoders"]),
        ("a.toml", "name='a'\npreset={base='h265'}", &["h265", "hevc"]),
        ("a.toml", "name='a'\npreset=3", &["3"]),
        ("a.toml", "name='a'\npreset='h264'\ncontent='sheet'", &["sheet", "contact_sheet"]),
        ("a.toml", "name='a'\npreset='h264'\nrate=0", &["rate"]),
        ("a.toml", "name='a'\npreset='h264'\nrate=nan", &["rate"]),
        ("a.toml", "preset='h264'", &["name"]),
        ("a.toml", "name='a'", &["preset"]),
        ("a.toml", "name=3", &["line 1"]),
        ("a.json", "{", &["line 1"]),
        ("a.yaml", "name: a", &[".toml", ".json"]),
    ] {
        let error = load(name, text).expect_err(text);
        assert_eq!(error.kind(), ErrorKind::Option, "{text}: {error:#}");
        assert!(error.place().file.is_some(), "{text}");
        for word in told {
            assert!(format!("{error:#}").contains(word), "{text}: {word:?} is not in: {error:#}");
        }
    }
    assert_eq!(Representation::load("/nowhere/a.toml").expect_err("not there").kind(), ErrorKind::Io);
    let error = Representation::by_name_or_file("h263").expect_err("no such name").to_string();
    assert!(error.contains("contact-sheet") && error.contains("hevc"), "{error:#}");
}

#[test]
fn numbers_that_cannot_be_are_named() {
    for (change, told) in [
        (json!({"letterbox": 0}), "letterbox"),
        (json!({"letterbox": -1.85}), "letterbox"),
        (json!({"letterbox": 1e300}), "letterbox"),
        (json!({"size": {"width": 0}}), "width"),
        (json!({"size": {"height": 4_000_000_000u32}}), "height"),
        (json!({"size": {"scale": 0}}), "times"),
        (json!({"size": {"scale": -0.5}}), "times"),
        (json!({"size": {"scale": 0.5, "width": 100}}), "not both"),
        (json!({"rate": 100_000}), "1000"),
        (json!({"name": " "}), "name"),
        (json!({"burn_ins": [{"text": "x", "size": 0}]}), "burn-in"),
        (json!({"burn_ins": [{"text": "x", "size": 1e9}]}), "burn-in"),
        (json!({"burn_ins": [{"text": "x", "back_opacity": 2}]}), "opacity"),
        (json!({"content": {"poster": {}}}), "png, jpg"),
        (json!({"preset": "jpg", "rate": 12, "content": {"poster": {}}}), "rate"),
        (json!({"preset": "jpg", "content": {"contact_sheet": {"columns": 0}}}), "columns"),
        (json!({"preset": "jpg", "content": {"contact_sheet": {"rows": 65}}}), "rows"),
    ] {
        let mut value = json!({"name": "a", "preset": "h264"});
        value.as_object_mut().expect("an object").extend(change.as_object().expect("an object").clone());
        let error = representation(value).check().expect_err(&change.to_string());
        assert_eq!(error.kind(), ErrorKind::Option);
        assert!(format!("{error:#}").contains(told), "{change}: {error:#}");
    }
    // What JSON cannot say.
    let mut wrong = named("h264");
    wrong.letterbox = Some(f64::NAN);
    assert!(wrong.check().is_err());
    (wrong.letterbox, wrong.size.scale) = (None, Some(f64::INFINITY));
    assert!(wrong.check().is_err());
}

#[test]
fn nothing_is_rendered_where_a_representation_cannot_be_made() {
    let cut = cut(3, "0", PRORES);
    let changed = |base: &str, change: serde_json::Value| {
        let mut preset = serde_json::to_value(crate::support::preset(base)).expect("plain data");
        preset.as_object_mut().expect("an object").extend(change.as_object().expect("an object").clone());
        representation(json!({"name": "a", "preset": preset}))
    };
    let huge = json!({"name": "a", "preset": "jpg", "size": {"width": 3000},
        "content": {"contact_sheet": {"columns": 64, "rows": 64}}});
    let cases = [
        (changed("h264", json!({"muxer": "webm"})), vec!["webm cannot hold", "libx264", "mp4", "libvpx-vp9"]),
        (changed("vp9", json!({"audio": "aac"})), vec!["aac", "webm", "libopus"]),
        (changed("prores-lt", json!({"muxer": "mp4", "extension": "mp4"})), vec!["mp4", "mov"]),
        (changed("h264", json!({"muxer": "mp5"})), vec!["mp5"]),
        (changed("hevc", json!({"encoders": [{"encoder": "x", "formats": [], "options": []}]})), vec!["\"a\"", "x"]),
        (representation(json!({"name": "a", "preset": "dnxhr-lb", "size": {"scale": 0.25}})), vec!["256 × 120"]),
        (representation(json!({"name": "a", "preset": "png", "size": {"height": 32_768}})), vec!["52429 × 32768"]),
        (representation(huge), vec!["contact sheet", "16384"]),
    ];
    for (wanted, told) in cases {
        let error = try_make(&cut.plan, "prores-lt", vec![named("poster"), wanted]).err().expect("refused");
        assert!(matches!(error.kind(), ErrorKind::Option | ErrorKind::Unsupported), "{error:#}");
        for word in told {
            assert!(format!("{error:#}").contains(word), "{word:?} is not in: {error:#}");
        }
        assert_eq!(format!("{error:#}").matches("representation \"a\"").count(), 1, "{error:#}");
    }
    let twice = try_make(
        &cut.plan,
        "prores-lt",
        vec![named("poster"), representation(json!({"name": "Poster", "preset": "h264"}))],
    );
    assert!(twice.err().expect("refused").to_string().contains("two representations"));
}

#[test]
fn opus_gets_a_rate_that_it_has() {
    let mut cut = cut(3, "0", PRORES);
    let mut sound = serde_json::to_value(cut.plan.sound.take()).expect("plain data");
    if sound.is_null() {
        sound = json!({"layout": "stereo", "clips": []});
    }
    sound["rate"] = json!(44_100);
    cut.plan.sound = Some(serde_json::from_value(sound).expect("sound"));
    let made = make(&cut.plan, "prores-lt", vec![named("vp9")]);
    let said = format!("{:?}", made.report);
    assert!(said.contains("sound is converted to 48000"), "{said}");
}

#[test]
fn a_size_that_the_codec_does_not_take_is_rounded_and_told() {
    let cut = cut(2, "0", PRORES);
    let odd = representation(json!({"name": "odd", "preset": "h264", "size": {"width": 101}}));
    let made = make(&cut.plan, "ffv1", vec![odd]);
    assert_eq!(numbers_of(&made.path("c", "odd"), None, (100, 62)), cut.numbers(10, 2));
    let warnings = &made.report.warnings;
    assert!(warnings.iter().any(|warning| warning.message.contains("odd is 100 × 62")), "{warnings:?}");
}
