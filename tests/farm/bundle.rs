//! What `farm` writes and tells.

use std::fs;

use otio_conflate::farm::{Job, JobOptions};
use serde_json::Value;

use crate::support::{World, said};

#[test]
fn a_bundle_has_a_template_its_data_and_every_file_that_tasks_read() {
    let world = World::new(5);
    world.done(&["farm", "cut.otio", "--out", "job", "--review", "--ffmpeg", "/opt/ffmpeg/lib", "--threads", "4"]);
    let template = fs::read_to_string(world.path("job/template.yaml")).expect("a template");
    for line in [
        "specificationVersion: jobtemplate-2023-09",
        "name: cut",
        "  objectType: DIRECTORY",
        "  dataFlow: OUT",
        "  default: shots",
        "  default: data",
        "  default: /opt/ffmpeg/lib",
        "    LD_LIBRARY_PATH: \"{{Param.FfmpegLibraries}}\"",
        "      range: 1-{{Param.Chunks}}",
        "  - dependsOn: Render",
        "  - dependsOn: Merge",
        "          mode: NOTIFY_THEN_TERMINATE",
        "    - name: amount.worker.vcpu",
    ] {
        assert!(template.lines().any(|found| found == line), "{line:?} is not in\n{template}");
    }
    let assets = fs::read_to_string(world.path("job/asset_references.yaml")).expect("a file");
    for media in ["media/a.mp4", "media/b.mp4"] {
        assert!(assets.contains(&format!("    - {}\n", world.path(media).display())), "{assets}");
    }
    for name in ["plan.json", "delivery.json", "shots.json", "cut.otio"] {
        assert!(world.path("job/data").join(name).is_file(), "{name}");
    }
    // The output folder lies in the bundle: everything has a default.
    assert!(!world.path("job/parameter_values.yaml").exists());
    let told = world.done(&["farm", "cut.otio", "--out", "other", "--folder", "elsewhere"]);
    assert!(said(&told).contains(&format!("submit {}\n", world.path("other").display())), "{}", said(&told));
    // What a shell would take apart is quoted.
    let told = world.done(&["farm", "cut.otio", "--out", "it's here; now", "--job-name", "{{{x}}}"]);
    let bundle = world.path("it'\\''s here; now");
    let submit = format!("deadline bundle submit '{}'\n", bundle.display());
    assert!(said(&told).contains(&submit), "{submit:?} is not in {}", said(&told));
    let odd = fs::read_to_string(world.path("it's here; now/template.yaml")).expect("a template");
    assert!(odd.contains("name: \"{ { {x} } }\"\n"), "{odd}");
    let values = fs::read_to_string(world.path("other/parameter_values.yaml")).expect("a file");
    assert!(values.contains(&format!("value: {}\n", world.path("elsewhere").display())), "{values}");
    // Nothing that is there is replaced.
    let again = world.run(&["farm", "cut.otio", "--out", "job"]);
    assert_eq!(again.status.code(), Some(3), "{}", said(&again));
    assert_eq!(fs::read_to_string(world.path("job/template.yaml")).expect("a template"), template);
}

/// Whoever makes the folder of a job's data writes the job: of two at once, one is refused, and none is mixed with another.
#[test]
fn a_bundle_that_another_process_is_writing_is_left_alone() {
    let world = World::new(2);
    fs::create_dir_all(world.path("job/data")).expect("a new folder");
    let refused = world.run(&["farm", "cut.otio", "--out", "job"]);
    assert_eq!(refused.status.code(), Some(3), "{}", said(&refused));
    assert!(said(&refused).contains("nothing was written"), "{}", said(&refused));
    let names = |folder: &str| fs::read_dir(world.path(folder)).expect("a folder").count();
    assert_eq!((names("job"), names("job/data")), (1, 0));
}

/// A job that could not be written is not in the way of the next try, and what lay beside it stays.
#[cfg(unix)]
#[test]
fn a_bundle_that_cannot_be_written_leaves_only_what_was_there() {
    let world = World::new(30);
    fs::create_dir(world.path("job")).expect("a new folder");
    fs::write(world.path("job/notes.txt"), "an artist's").expect("a new file");
    // No file may be longer than 8 KiB: the plan is.
    let script = "ulimit -f 8; exec \"$0\" farm cut.otio --out job";
    let output = std::process::Command::new("bash")
        .args(["-c", script, env!("CARGO_BIN_EXE_otio-conflate")])
        .current_dir(world.path("."))
        .output()
        .expect("bash starts");
    assert!(!output.status.success(), "{}", said(&output));
    let entries = fs::read_dir(world.path("job")).expect("a folder").flatten();
    let left: Vec<String> = entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
    assert_eq!(left, ["notes.txt"], "{}", said(&output));
    world.done(&["farm", "cut.otio", "--out", "job"]);
}

#[test]
fn a_dry_run_tells_tasks_costs_and_files_and_writes_nothing() {
    let world = World::new(7);
    let output = world.done(&["farm", "cut.otio", "--out", "job", "--chunks", "3", "--dry-run"]);
    let text = said(&output);
    assert_eq!(text.lines().filter(|line| line.starts_with("task ")).count(), 3, "{text}");
    assert_eq!(text.lines().filter(|line| line.starts_with("needs ")).count(), 2, "{text}");
    assert!(text.contains("7 shots in 3 tasks"), "{text}");
    assert!(!world.path("job").exists());
    let output = world.done(&["--json", "farm", "cut.otio", "--out", "job", "--chunks", "3", "--dry-run"]);
    let document: Value = serde_json::from_slice(&output.stdout).expect("a document");
    let tasks = document["result"]["tasks"].as_array().expect("tasks");
    let names: Vec<&Value> = tasks.iter().flat_map(|task| task["shots"].as_array().expect("names")).collect();
    assert_eq!(names.len(), 7);
    assert!(tasks.iter().all(|task| task["cpu_seconds"].as_f64().expect("a number") > 0.0), "{tasks:?}");
    // Shots of one medium lie together: of the two media, that of every other shot comes first.
    let names: Vec<&str> = names.iter().filter_map(|name| name.as_str()).collect();
    let (first, second) = names.split_at(4);
    assert!(first.iter().all(|name| "1357".contains(&name[4..5])), "{names:?}");
    assert!(second.iter().all(|name| "246".contains(&name[4..5])), "{names:?}");
}

/// Without `--chunks`, a task takes at least some seconds, as starting one takes some, too.
#[test]
fn by_default_tasks_are_worth_their_start() {
    let world = World::new(7);
    world.done(&["farm", "cut.otio", "--out", "job"]);
    let template = fs::read_to_string(world.path("job/template.yaml")).expect("a template");
    // Seven shots of a few frames take less than the least of one task.
    let from = template.find("name: Chunks").expect("the parameter");
    let line = template[from..].lines().find(|line| line.trim().starts_with("default:")).expect("its default");
    assert_eq!(line.trim(), "default: 1");
    let mut job = Job::open(world.path("job/data")).expect("a job");
    let mut count = |seconds: f64, chunks: Option<usize>| {
        job.costs.iter_mut().for_each(|cost| cost.cpu_seconds = seconds);
        let mut options = JobOptions::default();
        options.chunks = chunks;
        job.task_count(&options)
    };
    // In all 7, 8.4, 14, 28 and 700 seconds; what was not estimated is a task a shot.
    assert_eq!([1.0, 1.2, 2.0, 4.0, 100.0, 0.0].map(|seconds| count(seconds, None)), [1, 2, 3, 7, 7, 7]);
    assert_eq!([1, 5, 50].map(|chunks| count(1.0, Some(chunks))), [1, 5, 7]);
}
