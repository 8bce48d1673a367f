//! What is joined: what lies in the folder as the job's own tasks left it, and nothing else.

use std::fs;
use std::time::{Duration, SystemTime};

use crate::support::{World, name, said};

/// A world of `shots` shots and the job `job` of it, whose tasks have all been done.
fn done(shots: usize, more: &[&str]) -> World {
    let world = World::new(shots);
    job(&world, "cut.otio", more);
    render(&world, shots);
    world
}

fn job(world: &World, cut: &str, more: &[&str]) {
    world.done(&[&["farm", cut, "--out", "job", "--folder", "farm"][..], more].concat());
}

fn render(world: &World, shots: usize) {
    for chunk in 1..=shots {
        let output = world.task((chunk, shots), &[]);
        assert!(output.status.success(), "{}", said(&output));
    }
}

/// Merges, which fails and says all of `expected`.
#[track_caller]
fn refused(world: &World, expected: &[&str]) {
    let merged = world.run(&["task", "merge", "job/data"]);
    assert_eq!(merged.status.code(), Some(1), "{}", said(&merged));
    for text in expected {
        assert!(said(&merged).contains(text), "{text:?} is not in {}", said(&merged));
    }
}

/// Names and states of the shots in the manifest.
fn shots(world: &World) -> Vec<(String, String)> {
    let manifest = world.manifest("farm");
    let shots = manifest["shots"].as_array().expect("shots");
    let text = |value: &serde_json::Value| value.as_str().expect("a text").to_owned();
    shots.iter().map(|shot| (text(&shot["shot"]), text(&shot["status"]))).collect()
}

#[test]
fn files_that_were_removed_or_changed_fail_it() {
    let world = done(3, &[]);
    world.done(&["task", "merge", "job/data"]);
    let file = |index: usize| world.path("farm").join(format!("{}.mov", name(index)));
    fs::remove_file(file(0)).expect("it can be removed");
    // Neither its size nor what is in it: only that somebody wrote it since.
    let later = SystemTime::now() + Duration::from_secs(60);
    fs::File::options().write(true).open(file(1)).and_then(|file| file.set_modified(later)).expect("a time");
    refused(&world, &["no longer exists", "was changed since", "2 of 3 shots"]);
    let state = |index: usize, state: &str| (name(index), state.to_owned());
    assert_eq!(shots(&world), [state(0, "failed"), state(1, "failed"), state(2, "done")]);
    assert!(file(1).exists());
}

#[test]
fn pictures_of_another_job_are_not_kept_though_they_have_as_many_bytes() {
    let exr = ["--preset", "exr", "--compression", "none", "--audio", "none", "--existing", "overwrite"];
    let world = done(2, &exr);
    let pictures = |world: &World| fs::read(world.path("farm").join(name(0)).join(format!("{}.1001.exr", name(0))));
    let own = pictures(&world).expect("a frame");
    fs::rename(world.path("job"), world.path("first")).expect("it can be renamed");
    let cut = fs::read_to_string(world.path("cut.otio")).expect("a cut");
    fs::write(world.path("other.otio"), cut.replace("\"value\":20", "\"value\":32")).expect("a new file");
    assert!(cut.contains("\"value\":20"), "{cut}");
    job(&world, "other.otio", &exr);
    render(&world, 2);
    let others = pictures(&world).expect("a frame");
    assert!(own.len() == others.len() && own != others);
    // The first job's tasks and merge see that this is not what they delivered.
    fs::rename(world.path("job"), world.path("second")).expect("it can be renamed");
    fs::rename(world.path("first"), world.path("job")).expect("it can be renamed");
    refused(&world, &[&name(0), "was changed since"]);
    let again = world.done(&["task", "render", "job/data", "--shots", &name(0)]);
    assert!(said(&again).contains("done (1 of 1 shots)"), "{}", said(&again));
    assert!(pictures(&world).expect("a frame") == own);
}

#[test]
fn reviews_and_local_runs_leave_what_a_job_needs() {
    for policy in ["error", "overwrite"] {
        let world = done(3, &["--existing", policy]);
        world.done(&["task", "merge", "job/data"]);
        let expected = shots(&world);
        world.done(&["review", "farm/manifest.json", "--out", "farm"]);
        world.done(&["task", "merge", "job/data"]);
        // A task that is tried again keeps its shot.
        let again = world.task((2, 3), &[]);
        assert!(again.status.success() && said(&again).contains("was delivered already"), "{policy}: {}", said(&again));
        world.done(&["conflate", "cut.otio", "--out", "farm", "--existing", "skip"]);
        let again = world.task((1, 3), &[]);
        assert!(again.status.success() && said(&again).contains("was delivered already"), "{policy}: {}", said(&again));
        world.done(&["task", "merge", "job/data"]);
        let names = |shots: &[(String, String)]| shots.iter().map(|(name, _)| name.clone()).collect::<Vec<String>>();
        assert!(names(&shots(&world)).starts_with(&names(&expected)[..3]), "{policy}: {:?}", shots(&world));
        assert!(shots(&world).iter().all(|(_, state)| state == "done" || state == "skipped"), "{:?}", shots(&world));
    }
}

#[test]
fn what_a_local_run_rendered_for_a_job_is_joined() {
    let world = World::new(3);
    job(&world, "cut.otio", &[]);
    assert!(world.task((1, 3), &[]).status.success());
    world.done(&["conflate", "cut.otio", "--out", "farm", "--existing", "skip"]);
    world.done(&["task", "merge", "job/data"]);
    assert_eq!(shots(&world).len(), 3);
    fs::remove_file(world.path("farm").join(format!("{}.mov", name(2)))).expect("it can be removed");
    refused(&world, &["no part manifest says what became of it", "1 of 3 shots"]);
}

#[test]
fn another_preset_is_another_job() {
    let world = done(2, &["--preset", "prores-proxy", "--audio", "none"]);
    let file = world.path("farm").join(format!("{}.mov", name(0)));
    let before = fs::read(&file).expect("a movie");
    // The folder holds what the job delivered as another preset: that is in the way, as --existing error says.
    let refused = world.task((1, 2), &["--preset", "prores-hq"]);
    assert_eq!(refused.status.code(), Some(3), "{}", said(&refused));
    assert!(fs::read(&file).expect("a movie") == before);
    for chunk in 1..=2 {
        let output = world.task((chunk, 2), &["--preset", "prores-hq", "--folder", "other"]);
        assert!(output.status.success(), "{}", said(&output));
    }
    world.done(&["task", "merge", "job/data", "--folder", "other", "--preset", "prores-hq"]);
    world.done(&["task", "merge", "job/data"]);
    assert_eq!(world.manifest("other")["preset"], "prores-hq");
    assert_eq!(world.manifest("farm")["preset"], "prores-proxy");
}

#[test]
fn a_preset_that_replaced_another_can_be_joined() {
    let world = done(2, &["--preset", "prores-proxy", "--audio", "none", "--existing", "overwrite"]);
    for chunk in 1..=2 {
        let output = world.task((chunk, 2), &["--preset", "prores-hq"]);
        assert!(output.status.success(), "{}", said(&output));
    }
    world.done(&["task", "merge", "job/data", "--preset", "prores-hq"]);
    assert_eq!(world.manifest("farm")["preset"], "prores-hq");
    assert_eq!(shots(&world).len(), 2);
}

#[test]
fn names_longer_than_those_of_files_stop_no_task() {
    let world = World::new(2);
    let folder = "long".repeat(40);
    let template = format!("{folder}/{folder}/{{shot}}");
    job(&world, "cut.otio", &["--name", &template]);
    render(&world, 2);
    let again = world.task((1, 2), &[]);
    assert!(again.status.success() && said(&again).contains("was delivered already"), "{}", said(&again));
    world.done(&["task", "merge", "job/data"]);
    assert_eq!(shots(&world).len(), 2);
}
