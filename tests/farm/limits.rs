//! Threads and memory that a process may use.

use crate::support::{World, command, said};

#[test]
fn too_little_memory_is_an_error_and_leaves_nothing() {
    let world = World::new(2);
    let output = world.run(&["conflate", "cut.otio", "--out", "out", "--memory", "1M"]);
    assert!(!output.status.success(), "{}", said(&output));
    assert!(said(&output).contains("not enough memory"), "{}", said(&output));
    assert!(!world.path("out").join("manifest.json").exists());
    world.done(&["conflate", "cut.otio", "--out", "out", "--memory", "2G"]);
    for wrong in ["lots", "1X", "99999999999G"] {
        let output = world.run(&["conflate", "cut.otio", "--out", "other", "--memory", wrong]);
        assert_eq!(output.status.code(), Some(2), "{wrong}: {}", said(&output));
    }
}

/// Threads of ours that render, by the names the system has for them.
#[cfg(target_os = "linux")]
#[test]
fn no_more_threads_work_than_are_allowed() {
    let world = World::new(4);
    let most = |flags: &[&str], out: &str| {
        let arguments =
            [&["conflate", "cut.otio", "--preset", "png", "--size", "800x600", "--out", out][..], flags].concat();
        let mut run = command(&arguments).current_dir(world.path(".")).spawn().expect("the command starts");
        let mut most = 0;
        while run.try_wait().expect("it can be waited for").is_none() {
            let tasks = std::fs::read_dir(format!("/proc/{}/task", run.id())).into_iter().flatten().flatten();
            let names = tasks.filter_map(|task| std::fs::read_to_string(task.path().join("comm")).ok());
            most = names.filter(|name| name.starts_with("conflate-") || name.starts_with("still-")).count().max(most);
            std::thread::sleep(std::time::Duration::from_millis(2));
        }
        assert!(run.wait().expect("it ends").success());
        most
    };
    assert_eq!(most(&["--threads", "1"], "one"), 1);
    // More are asked for than allowed.
    assert_eq!(most(&["--threads", "1", "--jobs", "4"], "jobs"), 1);
    assert!(most(&["--threads", "3"], "three") >= 3);
}
