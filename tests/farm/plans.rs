//! Plans that were stored are run and farmed as the timelines that they were made of.

use std::fs;

use crate::support::{World, files, said};

#[test]
fn a_stored_plan_gives_the_files_of_its_timeline() {
    let world = World::new(3);
    let plan = world.done(&["plan", "cut.otio", "--handles", "2"]);
    fs::write(world.path("plan.json"), &plan.stdout).expect("a new file");
    let document = world.done(&["--json", "plan", "cut.otio", "--handles", "2"]);
    fs::write(world.path("document.json"), &document.stdout).expect("a new file");
    world.done(&["conflate", "cut.otio", "--handles", "2", "--audio", "none", "--out", "timeline"]);
    let mut expected = files(&world.path("timeline"));
    assert!(expected.remove("conflated.otio").is_some());
    for file in ["plan.json", "document.json"] {
        let out = format!("of-{file}");
        world.done(&["conflate", file, "--audio", "none", "--out", &out]);
        assert_eq!(files(&world.path(&out)), expected, "{file}");
    }
    world.done(&["farm", "plan.json", "--audio", "none", "--out", "job"]);
    for chunk in 1..=3 {
        let output = world.task((chunk, 3), &[]);
        assert!(output.status.success(), "{}", said(&output));
    }
    world.done(&["task", "merge", "job/data"]);
    assert_eq!(files(&world.path("job/shots")), expected);
    // What would change the plan is not silently left out.
    for flags in [
        &["--handles", "4"][..],
        &["--size", "64x64"],
        &["--rate", "25"],
        &["--prefer", "x"],
        // As it is by default, but not in this plan.
        &["--handles", "0"],
        &["--shots", "hero"],
        &["--short-media", "refuse"],
        &["--allow-empty"],
    ] {
        let output = world.run(&[&["conflate", "plan.json", "--out", "refused"][..], flags].concat());
        assert_eq!(output.status.code(), Some(2), "{flags:?}: {}", said(&output));
        assert!(said(&output).contains(&format!("found {}", flags[0])), "{}", said(&output));
        assert!(!world.path("refused").exists());
    }
    world.done(&["conflate", "plan.json", "--audio", "none", "--out", "taken", "--max-pixels", "1000000"]);
    // A job of a plan that another version wrote would be refused by every worker.
    let version = format!("\"version\": \"{}\"", env!("CARGO_PKG_VERSION"));
    let text = fs::read_to_string(world.path("plan.json")).expect("a plan");
    assert!(text.contains(&version), "{text}");
    fs::write(world.path("old.json"), text.replace(&version, "\"version\": \"0.0.{{x}}\"")).expect("a new file");
    let output = world.run(&["farm", "old.json", "--audio", "none", "--out", "old"]);
    assert!(!output.status.success() && said(&output).contains("expected the same version"), "{}", said(&output));
    assert!(!world.path("old").exists());
    fs::write(world.path("none.json"), "{}").expect("a new file");
    let output = world.run(&["conflate", "none.json", "--out", "refused"]);
    assert!(said(&output).contains("neither a timeline nor a plan"), "{}", said(&output));
}
