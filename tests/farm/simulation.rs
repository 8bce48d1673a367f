//! A farm that goes wrong: eight processes at once, every third task killed at some moment and tried again, some run twice at
//! the same time, a part manifest lost, media elsewhere than where they were planned. What comes out is what a local run makes.

use std::collections::VecDeque;
use std::fs;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use serde_json::json;

use crate::common::Dice;
use crate::support::{World, files, lasting, leftovers, name, said};

const PROCESSES: usize = 8;

fn shots() -> usize {
    std::env::var("FARM_SHOTS").map_or(24, |count| count.parse().expect("FARM_SHOTS is a number"))
}

#[test]
fn whatever_becomes_of_tasks_the_folder_is_that_of_a_local_run() {
    let shots = shots();
    let world = World::new(shots);
    let delivery = ["--handles", "2", "--preset", "ffv1", "--representation", "poster"];
    world.done(&[&["conflate", "cut.otio", "--out", "local"][..], &delivery].concat());
    let chunks = (shots * 2 / 3).max(1);
    let count = chunks.to_string();
    let flags = ["farm", "cut.otio", "--out", "job", "--folder", "farm", "--chunks", &count];
    world.done(&[&flags[..], &delivery].concat());
    // Another machine has the media elsewhere.
    fs::rename(world.path("media"), world.path("elsewhere")).expect("it can be renamed");
    let rules = json!({"version": "pathmapping-1.0", "path_mapping_rules": [{"source_path_format": "POSIX",
        "source_path": world.path("media"), "destination_path": world.path("elsewhere")}]});
    fs::write(world.path("rules.json"), rules.to_string()).expect("a new file");
    let more = ["--path-rules", "rules.json", "--jobs", "1"];

    let queue = Mutex::new((1..=chunks).map(|chunk| (chunk, 0)).collect::<VecDeque<(usize, usize)>>());
    let (attempts, killed, twice) = (AtomicUsize::new(0), AtomicUsize::new(0), AtomicUsize::new(0));
    thread::scope(|scope| {
        for process in 0..PROCESSES {
            let (world, queue, attempts, killed, twice) = (&world, &queue, &attempts, &killed, &twice);
            scope.spawn(move || {
                let mut dice = Dice::new(process as u64);
                loop {
                    let next = queue.lock().expect("nobody panics").pop_front();
                    let Some((chunk, tried)) = next else { break };
                    let attempt = attempts.fetch_add(1, Ordering::Relaxed);
                    let mut task = world.start((chunk, chunks), &more);
                    if attempt % 3 == 2 && tried < 4 {
                        thread::sleep(Duration::from_millis(u64::try_from(dice.roll(400)).expect("small")));
                        // It may be over already; then its twin finds everything there.
                        let _ = task.kill();
                        let _ = task.wait();
                        killed.fetch_add(1, Ordering::Relaxed);
                        queue.lock().expect("nobody panics").push_back((chunk, tried + 1));
                        continue;
                    }
                    let twin = (attempt.is_multiple_of(5)).then(|| world.start((chunk, chunks), &more));
                    for task in [Some(task), twin].into_iter().flatten() {
                        let output = task.wait_with_output().expect("the task runs to its end");
                        assert!(output.status.success(), "task {chunk}: {}", said(&output));
                        assert!(said(&output).contains("openjd_progress: 100"), "task {chunk}: {}", said(&output));
                    }
                    twice.fetch_add(usize::from(attempt.is_multiple_of(5)), Ordering::Relaxed);
                }
            });
        }
    });
    let (killed, twice) = (killed.into_inner(), twice.into_inner());
    assert!(killed >= chunks / 4 && twice >= chunks / 8, "{killed} were killed, {twice} run twice");
    let farm = world.path("farm");
    assert_eq!(leftovers(&farm), Vec::<String>::new());

    // A part manifest is lost: its shot is named, and the task that is run again delivers it anew.
    let lost = farm.join(format!(".otio-conflate-parts/{}.mkv", name(shots / 2)));
    let reports = fs::read_dir(&lost).expect("the shot's parts").map(|entry| entry.expect("an entry").path());
    let reports = reports.filter(|path| path.extension().is_some_and(|extension| extension == "json"));
    let removed = reports.map(|path| fs::remove_file(path).expect("it can be removed")).count();
    assert!(removed > 0);
    let merged = world.run(&["task", "merge", "job/data"]);
    assert_eq!(merged.status.code(), Some(1), "{}", said(&merged));
    let fail = said(&merged).lines().find(|line| line.starts_with("openjd_fail: ")).map(str::to_owned);
    let fail = fail.expect("it says why it failed");
    assert!(fail.contains(&name(shots / 2)) && fail.contains("no part manifest"), "{fail}");
    for chunk in 1..=chunks {
        // Those that are there are kept.
        let output = world.task((chunk, chunks), &more);
        assert!(output.status.success(), "task {chunk}: {}", said(&output));
    }
    world.done(&["task", "merge", "job/data"]);

    let (local, ours) = (files(&world.path("local")), files(&farm));
    assert_eq!(local.len(), shots * 2 + 1);
    assert!(local.keys().eq(ours.keys()), "{:?} against {:?}", local.keys(), ours.keys());
    for (name, bytes) in &local {
        assert!(*bytes == ours[name], "{name} differs");
    }
    let (expected, found) = (lasting(world.manifest("local")), lasting(world.manifest("farm")));
    for (one, other) in
        expected["shots"].as_array().expect("shots").iter().zip(found["shots"].as_array().expect("shots"))
    {
        assert_eq!(one, other);
    }
    assert_eq!(expected, found);

    // Once more, and a local run over the folder: nothing is rendered again, and parts are in the manifest.
    world.done(&["task", "merge", "job/data"]);
    assert_eq!(lasting(world.manifest("farm")), expected);
    fs::rename(world.path("elsewhere"), world.path("media")).expect("it can be renamed");
    let skip = world.done(&[&["conflate", "cut.otio", "--out", "farm", "--existing", "skip"][..], &delivery].concat());
    assert!(said(&skip).contains(&format!("0 done, {shots} skipped, 0 failed")), "{}", said(&skip));
    assert_eq!(lasting(world.manifest("farm")), expected);
    // The local run has not taken away what the job needs to be joined once more.
    world.done(&["task", "merge", "job/data"]);
    assert_eq!(lasting(world.manifest("farm")), expected);
    assert_eq!(files(&farm), local);
}
