//! `--shot-name`, `--field` and `--per-shot`: what shots and their files are called, and what differs for one of them.

use serde_json::{Value, json};

use crate::support::{World, document, said};

/// A world whose clips `a` and `b` have metadata, and `c` has none.
fn world() -> World {
    let world = World::new();
    let text = std::fs::read_to_string(world.path("cut.otio")).expect("it was just written");
    let mut cut: Value = serde_json::from_str(&text).expect("JSON");
    for (index, shot) in ["sh010", "sh020"].into_iter().enumerate() {
        let clip = &mut cut["tracks"]["children"][0]["children"][index];
        clip["metadata"] = json!({"ayon": {"shot": shot, "seq.name": "sq01"}});
    }
    std::fs::write(world.path("cut.otio"), cut.to_string()).expect("the folder can be written to");
    world
}

#[test]
fn shots_are_called_by_metadata_with_fields_and_options_of_their_own() {
    let world = world();
    let own =
        "[sh010]\nhandles = \"2:1\"\nfirst_frame = 1\n[c]\nfile = \"extra/titles\"\nfields = { sequence = \"none\" }\n";
    std::fs::write(world.path("shots.toml"), own).expect("the folder can be written to");
    let arguments = |out| {
        [
            "conflate",
            "cut.otio",
            "--out",
            out,
            "--shot-name",
            "metadata:ayon.shot",
            "--field",
            r"sequence=ayon.seq\.name",
        ]
        .to_vec()
    };
    let more = ["--name", "{fields.sequence}/{shot}", "--per-shot", "shots.toml", "--preset", "jpg", "--json"];
    let run = world.run(&[&arguments("out")[..], &more].concat());
    assert!(run.status.success(), "{}", said(&run));
    let report = &document(&run)["result"]["report"];
    let told: Vec<String> = report["shots"]
        .as_array()
        .expect("shots")
        .iter()
        .map(|shot| format!("{} {} {} {}", shot["shot"], shot["output"]["path"], shot["fields"], shot["first_frame"]))
        .collect();
    let path = |name: &str| name.replace("NUMBER", "%04d").replace('\'', "\"");
    assert_eq!(
        told,
        [
            path("'sh010' 'sq01/sh010/sh010.NUMBER.jpg' {'sequence':'sq01'} 1"),
            path("'sh020' 'sq01/sh020/sh020.NUMBER.jpg' {'sequence':'sq01'} 1001"),
            path("'c' 'extra/titles/titles.NUMBER.jpg' {'sequence':'none'} 1001"),
        ]
    );
    assert_eq!(report["shots"][0]["frame_count"], 11);
    let warnings = said(&world.run(&[&["plan", "cut.otio"][..], &arguments("x")[4..]].concat()));
    assert!(warnings.contains("tracks[0].children[2]: has no name by metadata:ayon.shot"), "{warnings}");
    // What was read is never written to.
    std::fs::create_dir(world.path("shots")).expect("a folder");
    std::fs::write(world.path("shots/c.toml"), own).expect("the folder can be written to");
    let refused = world.run(&["conflate", "cut.otio", "--out", "shots/c.toml", "--per-shot", "shots/c.toml"]);
    assert_eq!(refused.status.code(), Some(3), "{}", said(&refused));
    assert_eq!(std::fs::read_to_string(world.path("shots/c.toml")).expect("it is still there"), own);
}

#[test]
fn shots_are_called_by_a_pattern_and_the_same_name_twice_is_refused() {
    let world = world();
    let plan = document(&world.run(&["plan", "cut.otio", "--shot-name", "regex:^(.)$", "--json"]));
    assert_eq!(plan["result"]["plan"]["shots"][1]["name"], "b");
    let refused = world.run(&["plan", "cut.otio", "--shot-name", "metadata:ayon.\"seq.name\""]);
    let text = said(&refused);
    assert_eq!(refused.status.code(), Some(2), "{text}");
    assert!(text.contains("tracks[0].children[0]") && text.contains("tracks[0].children[1]"), "{text}");
    for wrong in [["--shot-name", "regex:x"], ["--shot-name", "name"], ["--field", "x"], ["--field", "x=.."]] {
        let refused = world.run(&[&["plan", "cut.otio"][..], &wrong].concat());
        assert_eq!(refused.status.code(), Some(2), "{wrong:?}: {}", said(&refused));
    }
}

#[test]
fn shots_with_commas_in_their_names_can_be_asked_for() {
    let world = World::new();
    let text = std::fs::read_to_string(world.path("cut.otio")).expect("it was just written");
    let mut cut: Value = serde_json::from_str(&text).expect("JSON");
    cut["tracks"]["children"][0]["children"][1]["name"] = "b, wide".into();
    std::fs::write(world.path("cut.otio"), cut.to_string()).expect("the folder can be written to");
    for (only, shots) in [
        (&["--only", "b, wide"][..], &["b, wide"][..]),
        (&["--only", "a,b, wide"], &["a", "b, wide"]),
        (&["--only", "b, wide", "--only", "c"], &["b, wide", "c"]),
        (&["--only", "a,c"], &["a", "c"]),
    ] {
        let run = world.run(&[&["conflate", "cut.otio", "--out", "out", "--dry-run", "--json"][..], only].concat());
        let told = document(&run);
        let names: Vec<&Value> =
            told["result"]["shots"].as_array().expect("shots").iter().map(|shot| &shot["shot"]).collect();
        assert_eq!(names, shots, "{only:?}");
    }
    let refused = world.run(&["conflate", "cut.otio", "--out", "out", "--dry-run", "--only", "b,wide"]);
    assert_eq!(refused.status.code(), Some(2), "{}", said(&refused));
    let job = world.run(&["farm", "cut.otio", "--out", "job", "--folder", "out", "--preset", "jpg"]);
    assert!(job.status.success(), "{}", said(&job));
    let task = world.run(&["task", "render", "job/data", "--shots", "b, wide,c", "--json"]);
    assert!(task.status.success(), "{}", said(&task));
    assert!(world.path("out/b, wide").is_dir() && world.path("out/c").is_dir() && !world.path("out/a").exists());
}
