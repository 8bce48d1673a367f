//! Colours of a job: on a worker that has media, looks and variables elsewhere, the pictures are those of a local run.

use std::fs;

use serde_json::json;

use crate::support::{World, command, files, lasting, said};

const CC: &str = r#"<ColorCorrection id="a"><SOPNode><Slope>0.5 0.7 0.9</Slope><Offset>0.05 0 0</Offset>
<Power>1 1 1</Power></SOPNode></ColorCorrection>"#;

/// A configuration that does not say which variables there are: those of the environment count.
const CONFIG: &str = r#"ocio_profile_version: 2
strictparsing: false
roles: {default: lin, scene_linear: lin}
file_rules:
  - !<Rule> {name: Default, colorspace: lin}
displays:
  screen:
    - !<View> {name: plain, colorspace: lin}
colorspaces:
  - !<ColorSpace>
    name: lin
"#;

/// A local run with `flags` in `local`, and the same as a job in `farm`, whose tasks run in another folder, where the media,
/// the looks and the environment are not.
fn both(world: &World, flags: &[&str], variable: Option<&str>) {
    let exr = [&["--preset", "exr", "--audio", "none"][..], flags].concat();
    let run = |arguments: &[&str]| {
        let mut command = command(arguments);
        command.current_dir(world.path("")).envs(variable.map(|value| ("CONFLATE_TEST_GRADE", value)));
        let output = command.output().expect("the command starts");
        assert!(output.status.success(), "{arguments:?}: {}", said(&output));
    };
    run(&[&["conflate", "cut.otio", "--out", "local"][..], &exr].concat());
    run(&[&["farm", "cut.otio", "--out", "job", "--folder", "farm"][..], &exr].concat());
    fs::create_dir(world.path("worker")).expect("a new folder");
    let mut rules = Vec::new();
    for name in ["media", "looks"] {
        let there = world.path("worker").join(format!("its-{name}"));
        if world.path(name).is_dir() {
            fs::rename(world.path(name), &there).expect("it can be renamed");
        }
        rules.push(json!({
            "source_path_format": "POSIX", "source_path": world.path(name), "destination_path": there,
        }));
    }
    let document = json!({ "version": "pathmapping-1.0", "path_mapping_rules": rules });
    fs::write(world.path("rules.json"), document.to_string()).expect("a new file");
    for chunk in ["1", "2"] {
        let arguments =
            ["task", "render", "../job/data", "--chunk", chunk, "--chunks", "2", "--path-rules", "../rules.json"];
        let mut command = command(&arguments);
        let output = command.current_dir(world.path("worker")).env_remove("CONFLATE_TEST_GRADE").output();
        let output = output.expect("the command starts");
        assert!(output.status.success(), "{}", said(&output));
    }
    world.done(&["task", "merge", "job/data"]);
    let (local, farm) = (files(&world.path("local")), files(&world.path("farm")));
    assert!(local.keys().eq(farm.keys()), "{:?} against {:?}", local.keys(), farm.keys());
    for (name, bytes) in local.iter().filter(|(name, _)| *name != "conflated.otio") {
        assert!(*bytes == farm[name], "{name} differs");
    }
    // Rules, spaces, looks, variables and fingerprints are told as a local run tells them.
    let shots = |folder: &str| lasting(world.manifest(folder))["shots"].clone();
    assert_eq!(shots("local"), shots("farm"));
}

fn looks(world: &World, names: &[&str]) {
    fs::create_dir(world.path("looks")).expect("a new folder");
    names.iter().for_each(|name| fs::write(world.path("looks").join(name), CC).expect("a new file"));
}

#[test]
fn rules_about_media_go_by_the_paths_of_the_plan() {
    let world = World::new(2);
    let rule = format!("{}/a*=ACEScct", world.path("media").display());
    both(&world, &["--ocio", "ocio://default", "--space", &rule, "--canvas-space", "ACEScg"], None);
    let manifest = world.manifest("farm");
    let source = &manifest["shots"][0]["color"]["sources"][0];
    assert_eq!(source["space"], "ACEScct", "{source}");
    assert_eq!(source["media"], world.path("media/a.mp4").to_string_lossy().as_ref());
}

#[test]
fn looks_with_relative_paths_are_found() {
    let world = World::new(2);
    looks(&world, &["all.cc", "sh0010.cc", "sh0020.cc"]);
    let colour = ["--ocio", "ocio://default", "--canvas-space", "ACEScg", "--bake", "intermediate"];
    let grades = ["--grade", "looks/all.cc@raw", "--grade", "looks/{shot}.cc@ACEScct"];
    both(&world, &[&colour[..], &grades].concat(), None);
}

#[test]
fn variables_of_the_environment_go_along() {
    let world = World::new(2);
    looks(&world, &["dark.cc"]);
    fs::write(world.path("show.ocio"), CONFIG).expect("a new file");
    let colour = ["--ocio", "show.ocio", "--canvas-space", "lin", "--bake", "intermediate"];
    let grade = ["--grade", "looks/${CONFLATE_TEST_GRADE}.cc@raw"];
    both(&world, &[&colour[..], &grade].concat(), Some("dark"));
    let plan = fs::read_to_string(world.path("job/data/plan.json")).expect("a plan");
    assert!(plan.contains(r#""CONFLATE_TEST_GRADE":"dark""#), "{plan}");
}
