//! `--json`: one document on the standard output, with the keys that docs/cli.md lists; progress and warnings go to the
//! standard error, and with `--quiet` nowhere.

use serde_json::Value;

use crate::support::{World, document, said};

/// What docs/cli.md lists: the keys of every document, and for each subcommand those of its result.
fn listed() -> (Vec<String>, Vec<(String, Vec<String>)>) {
    let text = include_str!("../../docs/cli.md");
    let section =
        text.split("## What `--json` prints").nth(1).expect("a section").split("\n## ").next().expect("its end");
    let names = |cell: &str| -> Vec<String> { cell.split('`').skip(1).step_by(2).map(str::to_owned).collect() };
    let rows: Vec<Vec<&str>> = section
        .lines()
        .filter(|line| line.starts_with("| `"))
        .map(|line| line.trim_matches('|').split(" | ").collect())
        .collect();
    let (results, keys): (Vec<_>, Vec<_>) = rows.into_iter().partition(|row| row.len() == 3);
    let keys = keys.iter().flat_map(|row| names(row[0])).collect();
    (keys, results.iter().map(|row| (names(row[0])[0].clone(), names(row[1]))).collect())
}

fn keys(value: &Value) -> Vec<String> {
    let mut keys: Vec<String> = value.as_object().expect("an object").keys().cloned().collect();
    keys.sort();
    keys
}

#[test]
fn every_subcommand_prints_one_document_with_the_keys_that_are_listed() {
    let world = World::new();
    let (mut all, results) = listed();
    all.sort();
    assert!(all.len() >= 6, "{all:?}");
    for arguments in [
        &["inspect", "cut.otio"][..],
        &["inspect", "--ocio", "ocio://default"],
        &["plan", "cut.otio"],
        &["plan", "cut.otio", "--explain"],
        &["conflate", "cut.otio", "--out", "out", "--dry-run"],
        &["conflate", "cut.otio", "--out", "out"],
        &["farm", "cut.otio", "--out", "job"],
        &["task", "check", "--written-by", env!("CARGO_PKG_VERSION")],
        &["task", "render", "job/data", "--chunk", "1", "--chunks", "3"],
        &["transcode", "media.mp4", "--out", "other", "--representation", "poster"],
        &["trim", "media.mp4", "piece.mov=0-9"],
        &["review", "out/manifest.json", "--out", "review"],
        &["diff", "cut.otio", "cut.otio"],
        &["completions", "bash"],
        &["man"],
    ] {
        let output = world.run(&[&["--json"][..], arguments].concat());
        assert!(output.status.success(), "{arguments:?}: {}", said(&output));
        let document = document(&output);
        assert_eq!(keys(&document), all, "{arguments:?}");
        assert_eq!((&document["schema"], &document["exit"]), (&1.into(), &0.into()));
        assert_eq!(document["command"], arguments[0]);
        assert_eq!(document["version"], env!("CARGO_PKG_VERSION"));
        assert!(document["error"].is_null() && document["warnings"].is_array());
        let own: Vec<&Vec<String>> = results
            .iter()
            .filter(|(command, _)| command.split(' ').next() == Some(arguments[0]))
            .map(|(_, own)| own)
            .collect();
        let found = keys(&document["result"]);
        let is_listed = own.iter().any(|own| {
            let mut own = (*own).clone();
            own.sort();
            own == found
        });
        assert!(is_listed, "{arguments:?}: {found:?} is none of {own:?}");
    }
    assert!(results.len() >= 10, "{results:?}");
}

#[test]
fn a_run_is_told_with_its_shots_and_an_error_with_its_kind() {
    let world = World::new();
    let run = document(&world.run(&["conflate", "cut.otio", "--out", "out", "--json"]));
    let shots = run["result"]["report"]["shots"].as_array().expect("shots");
    assert_eq!(shots.iter().map(|shot| &shot["shot"]).collect::<Vec<_>>(), ["a", "b", "c"]);
    assert!(shots.iter().all(|shot| shot["status"] == "done"));
    let folder = std::path::Path::new(run["result"]["folder"].as_str().expect("a folder"));
    let first = shots[0]["output"]["path"].as_str().expect("a path");
    assert!(folder.join(first).is_file());
    let output = world.run(&["conflate", "cut.otio", "--out", "out", "--json"]);
    let refused = document(&output);
    assert_eq!((output.status.code(), &refused["exit"]), (Some(3), &3.into()));
    assert_eq!(refused["error"]["kind"], "Exists");
    assert!(refused["error"]["message"].as_str().expect("a text").contains("a.mov") && refused["result"].is_null());
    let unreadable = document(&world.run(&["--json", "plan", "no.otio"]));
    assert_eq!((&unreadable["error"]["kind"], &unreadable["exit"]), (&"Io".into(), &3.into()));
    let cut = document(&world.run(&["--json", "inspect", "cut.otio"]));
    let media: Vec<&Value> =
        cut["result"]["objects"].as_array().expect("objects").iter().map(|object| &object["media"]["state"]).collect();
    assert_eq!(media, [&Value::Null, &"found".into(), &"found".into(), &"found".into()]);
}

#[test]
fn quiet_prints_errors_alone() {
    let world = World::new();
    let run = world.run(&["--quiet", "conflate", "cut.otio", "--out", "out"]);
    assert!(run.status.success());
    assert_eq!(said(&run), "");
    let told = world.run(&["conflate", "cut.otio", "--out", "told"]);
    assert!(said(&told).contains("3 done"), "{}", said(&told));
    let refused = world.run(&["conflate", "cut.otio", "--out", "out", "--quiet"]);
    assert!(refused.stdout.is_empty() && said(&refused).starts_with("error: "), "{}", said(&refused));
    assert_eq!(said(&world.run(&["diff", "cut.otio", "cut.otio"])), "nothing has changed\n");
    // Results are no notes.
    assert!(!world.run(&["-q", "inspect", "cut.otio"]).stdout.is_empty());
}

#[test]
fn texts_for_shells_and_readers_name_every_subcommand() {
    let world = World::new();
    let names = [
        "inspect",
        "plan",
        "conflate",
        "farm",
        "task",
        "transcode",
        "trim",
        "review",
        "resolve",
        "diff",
        "completions",
        "man",
    ];
    for arguments in [["completions", "bash"], ["completions", "zsh"], ["completions", "fish"], ["man", "--quiet"]] {
        let text = said(&world.run(&arguments));
        for name in names {
            assert!(text.contains(name), "{arguments:?}: {name}");
        }
        let dashed = |flag: &str| text.contains(flag) || text.contains(&flag.replace('-', "\\-"));
        assert!(dashed("handle-mode") && dashed("representation") && dashed("slate"), "{arguments:?}");
    }
    assert!(said(&world.run(&["man"])).contains(".TH otio-conflate 1"));
}
