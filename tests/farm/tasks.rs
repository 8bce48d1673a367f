//! Single tasks: what they refuse and leave alone, how they are stopped, and what a later run makes of what they left.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::process::Child;

use crate::support::{World, files, leftovers, name, said};

fn job(world: &World, more: &[&str]) {
    world.done(&[&["farm", "cut.otio", "--out", "job", "--folder", "farm"][..], more].concat());
}

#[test]
fn a_worker_of_another_version_fails_with_a_sentence() {
    let world = World::new(2);
    world.done(&["task", "check", "--written-by", env!("CARGO_PKG_VERSION")]);
    let output = world.run(&["task", "check", "--written-by", "99.0.0"]);
    assert!(!output.status.success());
    let sentence = format!(
        "openjd_fail: this worker has otio-conflate {}, the job was written by 99.0.0",
        env!("CARGO_PKG_VERSION")
    );
    assert!(said(&output).contains(&sentence), "{}", said(&output));
    job(&world, &[]);
    let shots = world.path("job/data/shots.json");
    let text = fs::read_to_string(&shots).expect("a file");
    fs::write(&shots, text.replace(&format!("\"{}\"", env!("CARGO_PKG_VERSION")), "\"99.0.0\""))
        .expect("it can be written");
    let output = world.task((1, 2), &[]);
    assert!(!output.status.success() && said(&output).contains("written by 99.0.0"), "{}", said(&output));
    assert!(!world.path("farm").exists());
}

#[test]
fn what_is_not_ours_stays_whatever_tasks_do() {
    let world = World::new(3);
    job(&world, &["--existing", "overwrite"]);
    fs::create_dir(world.path("farm")).expect("a new folder");
    let foreign = world.path("farm").join(format!("{}.mov", name(0)));
    fs::write(&foreign, "of somebody else").expect("a new file");
    let refused = world.task((1, 3), &[]);
    assert_eq!(refused.status.code(), Some(3), "{}", said(&refused));
    assert!(said(&refused).contains("openjd_fail: "), "{}", said(&refused));
    assert_eq!(fs::read_to_string(&foreign).expect("a file"), "of somebody else");
    // What a task delivered and somebody changed is not ours any more, for tasks and for later runs.
    assert!(world.task((2, 3), &[]).status.success());
    let changed = world.path("farm").join(format!("{}.mov", name(1)));
    let shot =
        [name(0), name(1), name(2)].into_iter().find(|name| world.path("farm").join(format!("{name}.mov")).exists());
    assert!(shot.is_some());
    let delivered = if changed.exists() { changed } else { world.path("farm").join(format!("{}.mov", name(2))) };
    fs::write(&delivered, "changed by hand").expect("it can be written");
    let again = world.task((2, 3), &[]);
    assert!(!again.status.success() && said(&again).contains("changed since"), "{}", said(&again));
    let later = world.run(&["conflate", "cut.otio", "--out", "farm", "--existing", "overwrite"]);
    assert_eq!(later.status.code(), Some(3), "{}", said(&later));
    assert_eq!(fs::read_to_string(&delivered).expect("a file"), "changed by hand");
    assert_eq!(fs::read_to_string(&foreign).expect("a file"), "of somebody else");
}

/// Merging would have to replace it: tasks tell before anything is rendered.
#[test]
fn a_manifest_of_somebody_else_is_told_when_tasks_begin() {
    let world = World::new(2);
    for (existing, code) in [("error", 3), ("skip", 3), ("overwrite", 3), ("overwrite-foreign", 0)] {
        let _ = fs::remove_dir_all(world.path("job"));
        let _ = fs::remove_dir_all(world.path("farm"));
        job(&world, &["--existing", existing]);
        fs::create_dir(world.path("farm")).expect("a new folder");
        let foreign = world.path("farm/manifest.json");
        fs::write(&foreign, "of somebody else").expect("a new file");
        let output = world.task((1, 2), &[]);
        assert_eq!(output.status.code(), Some(code), "{existing}: {}", said(&output));
        assert_eq!(fs::read_to_string(&foreign).expect("a file"), "of somebody else");
        let is_movie = |path: &std::path::Path| path.extension().is_some_and(|extension| extension == "mov");
        let entries = fs::read_dir(world.path("farm")).expect("a folder").flatten();
        let movies = entries.filter(|entry| is_movie(&entry.path())).count();
        assert_eq!(movies, usize::from(code == 0), "{existing}");
    }
}

#[test]
fn a_local_run_renders_what_no_task_delivered() {
    let world = World::new(4);
    job(&world, &[]);
    for chunk in [1, 3] {
        let output = world.task((chunk, 4), &[]);
        assert!(output.status.success(), "{}", said(&output));
    }
    // Nobody has joined what they say.
    assert!(!world.path("farm/manifest.json").exists());
    let preview = world.done(&["conflate", "cut.otio", "--out", "farm", "--existing", "skip", "--dry-run"]);
    assert!(said(&preview).contains("2 to render (12 frames), 2 to skip"), "{}", said(&preview));
    let output = world.done(&["conflate", "cut.otio", "--out", "farm", "--existing", "skip"]);
    assert!(said(&output).contains("2 done, 2 skipped, 0 failed"), "{}", said(&output));
    // The other way round: tasks keep what the local run delivered, if the job says so.
    fs::rename(world.path("job"), world.path("first")).expect("it can be renamed");
    job(&world, &["--existing", "skip"]);
    for chunk in 1..=4 {
        let output = world.task((chunk, 4), &[]);
        assert!(said(&output).contains("was delivered already (1 of 1 shots)"), "{}", said(&output));
    }
    world.done(&["task", "merge", "job/data"]);
    assert_eq!(world.manifest("farm")["shots"].as_array().map(Vec::len), Some(4));
    // And a job that may not replace anything is not even written.
    let refused = world.run(&["farm", "cut.otio", "--out", "third", "--folder", "farm"]);
    assert_eq!(refused.status.code(), Some(3), "{}", said(&refused));
    assert!(!world.path("third").exists());
}

#[test]
fn tasks_of_another_job_do_not_count() {
    let world = World::new(2);
    job(&world, &["--existing", "overwrite"]);
    for chunk in 1..=2 {
        assert!(world.task((chunk, 2), &[]).status.success());
    }
    fs::rename(world.path("job"), world.path("first")).expect("it can be renamed");
    job(&world, &["--existing", "overwrite"]);
    let merged = world.run(&["task", "merge", "job/data"]);
    assert!(!merged.status.success() && said(&merged).contains("no part manifest"), "{}", said(&merged));
    // It makes them anew, once.
    let output = world.task((1, 2), &[]);
    assert!(output.status.success() && said(&output).contains("done (1 of 1 shots)"), "{}", said(&output));
    let output = world.task((1, 2), &[]);
    assert!(output.status.success() && said(&output).contains("was delivered already"), "{}", said(&output));
}

#[test]
fn a_task_is_stopped_between_frames() {
    let world = World::new(2);
    world.done(&["farm", "cut.otio", "--out", "job", "--folder", "farm", "--preset", "png", "--size", "1600x1200"]);
    let mut task = world.start((1, 2), &[]);
    let mut lines = BufReader::new(task.stdout.take().expect("its output")).lines();
    let mut told = Vec::new();
    while !told.iter().any(|line: &String| line.starts_with("openjd_progress: ") && line != "openjd_progress: 0") {
        told.push(lines.next().expect("it goes on").expect("it can be read"));
    }
    terminate(&task);
    told.extend(lines.map(|line| line.expect("it can be read")));
    let output = task.wait_with_output().expect("it ends");
    assert_eq!(output.status.code(), Some(130), "{told:?}");
    assert!(told.iter().any(|line| line.starts_with("openjd_status: cancelled")), "{told:?}");
    assert!(!told.contains(&"openjd_progress: 100".to_owned()), "{told:?}");
    assert!(files(&world.path("farm")).is_empty() && leftovers(&world.path("farm")).is_empty());
    let output = world.task((1, 2), &[]);
    assert!(output.status.success(), "{}", said(&output));
}

#[test]
fn what_a_killed_task_left_goes_when_it_is_tried_again() {
    let world = World::new(2);
    world.done(&["farm", "cut.otio", "--out", "job", "--folder", "farm", "--preset", "ffv1", "--size", "1600x1200"]);
    let mut task = world.start((1, 2), &[]);
    let mut lines = BufReader::new(task.stdout.take().expect("its output")).lines();
    let is_begun = |line: &str| line.starts_with("openjd_progress: ") && line != "openjd_progress: 0";
    assert!(lines.any(|line| is_begun(&line.expect("it can be read"))));
    task.kill().expect("it can be killed");
    task.wait().expect("it ends");
    assert!(!leftovers(&world.path("farm")).is_empty());
    let output = world.task((1, 2), &[]);
    assert!(output.status.success(), "{}", said(&output));
    assert_eq!(leftovers(&world.path("farm")), Vec::<String>::new());
}

fn terminate(task: &Child) {
    let number = i32::try_from(task.id()).ok().and_then(rustix::process::Pid::from_raw).expect("a process");
    rustix::process::kill_process(number, rustix::process::Signal::TERM).expect("it is ours");
}
