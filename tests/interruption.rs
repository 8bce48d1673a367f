//! Runs that are killed, interrupted, or have nowhere to write: what lies in the output folder is whole or is not there.
//!
//! The command runs as a program of its own, since nothing else can be killed.
#![cfg(unix)]

mod common;
#[path = "common/otio.rs"]
mod otio;

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Read as _};
use std::os::unix::fs::MetadataExt as _;
use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use common::{Dice, movie};
use otio_conflate::{Report, Status};
use serde_json::Value;
use tempfile::TempDir;

const SHOTS: usize = 16;
const FRAMES: usize = 10;
const KILLS: usize = 10;

/// The command.
fn conflate() -> PathBuf {
    env!("CARGO_BIN_EXE_otio-conflate").into()
}

/// A cut of [`SHOTS`] shots of [`FRAMES`] frames each, and the folder that everything lies in.
struct Cut {
    folder: TempDir,
    timeline: PathBuf,
}

impl Cut {
    fn new() -> Cut {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let frames = u16::try_from(SHOTS * FRAMES + 40).expect("a short movie");
        let media = movie(&folder.path().join("media.mp4"), 0..frames, "24", "-c:v libx264 -g 12 -preset veryfast");
        let external = otio::external(&media.to_string_lossy(), otio::range(0, frames, 24));
        let source = |index: usize| otio::range(20 + index * FRAMES, FRAMES, 24);
        let clip = |index: usize| otio::clip_of(&format!("sh{:03}", index * 10 + 10), source(index), external.clone());
        let clips: Vec<Value> = (0..SHOTS).map(clip).collect();
        let cut = otio::timeline_at(otio::time(86_400, 24), [otio::track("V1", clips)]);
        let timeline = folder.path().join("cut.otio");
        std::fs::write(&timeline, cut.to_string()).expect("the folder can be written to");
        Cut { folder, timeline }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn command(&self, out: &Path, flags: &[&str]) -> Command {
        let mut command = Command::new(conflate());
        command.arg("conflate").arg(&self.timeline).arg("--out").arg(out).args(["--jobs", "2"]).args(flags);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
        command
    }

    /// Runs to the end.
    fn run(&self, out: &Path, flags: &[&str]) -> Output {
        self.command(out, flags).output().expect("the command starts")
    }

    /// A whole run into the folder `name`, to compare with.
    fn reference(&self, name: &str, flags: &[&str]) -> Shots {
        let out = self.path(name);
        let output = self.run(&out, flags);
        assert!(output.status.success(), "{}", said(&output));
        let shots = shots(&out);
        assert_eq!(shots.len(), SHOTS);
        shots
    }
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// What is delivered, by the shot's name; a movie's file or a sequence's files by their names.
type Shots = BTreeMap<String, BTreeMap<String, Vec<u8>>>;

fn name(path: &Path) -> String {
    path.file_name().expect("an entry has a name").to_string_lossy().into_owned()
}

fn entries(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten();
    let mut entries: Vec<PathBuf> = entries.map(|entry| entry.expect("an entry").path()).collect();
    entries.sort();
    entries
}

fn read(path: &Path) -> Vec<u8> {
    std::fs::read(path).unwrap_or_else(|error| panic!("{}: {error:#}", path.display()))
}

/// Everything under final names but the manifest and the cut.
fn shots(folder: &Path) -> Shots {
    let mut shots = Shots::new();
    for path in entries(folder) {
        let entry = name(&path);
        if entry.starts_with('.') || entry == "manifest.json" || entry == "conflated.otio" {
            continue;
        }
        let files = if path.is_dir() { entries(&path) } else { vec![path.clone()] };
        let files = files.iter().map(|file| (name(file), read(file))).collect();
        shots.insert(path.file_stem().expect("a name").to_string_lossy().into_owned(), files);
    }
    shots
}

/// Every delivered shot has to be one of those in `wanted`, to the byte.
fn assert_whole(folder: &Path, wanted: &[&Shots]) -> usize {
    let shots = shots(folder);
    for (shot, files) in &shots {
        let sizes = || files.iter().map(|(name, data)| format!("{name} of {} bytes", data.len())).collect::<Vec<_>>();
        assert!(wanted.iter().any(|wanted| wanted.get(shot) == Some(files)), "{shot} is not whole: {:?}", sizes());
    }
    shots.len()
}

fn manifest(folder: &Path) -> Option<Report> {
    let path = folder.join("manifest.json");
    path.exists().then(|| serde_json::from_slice(&read(&path)).expect("a manifest that is there is whole"))
}

/// Nothing that starts with a dot, at any depth.
fn assert_no_strays(folder: &Path) {
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for path in entries(&folder) {
            assert!(!name(&path).starts_with('.'), "{} was left behind", path.display());
            if path.is_dir() {
                folders.push(path);
            }
        }
    }
}

/// What tells whether a file was written anew.
type Identity = (u64, i64, i64);

fn identities(folder: &Path, report: &Report) -> BTreeMap<String, Identity> {
    let done = report.shots.iter().filter(|shot| shot.status != Status::Failed);
    done.filter_map(|shot| {
        let path = &shot.output.as_ref()?.path;
        let file = folder.join(path.replace("%04d", &format!("{:04}", shot.first_frame)));
        let metadata =
            file.metadata().unwrap_or_else(|error| panic!("{} is in the manifest: {error:#}", file.display()));
        Some((shot.shot.clone(), (metadata.ino(), metadata.mtime(), metadata.mtime_nsec())))
    })
    .collect()
}

/// Kills a run a moment after it has said that some shots are done. Whether it was still running then.
fn kill_somewhere(mut child: Child, dice: &mut Dice) -> bool {
    let lines = usize::try_from(dice.roll(3)).expect("small");
    let delay = Duration::from_micros(u64::try_from(dice.roll(40_000)).expect("small"));
    let mut stderr = BufReader::new(child.stderr.take().expect("it is piped"));
    let mut line = String::new();
    let mut seen = 0;
    while seen < lines && stderr.read_line(&mut line).expect("text") > 0 {
        seen += usize::from(line.starts_with("done"));
        line.clear();
    }
    sleep(delay);
    child.kill().expect("a child can be killed");
    let status = child.wait().expect("a child ends");
    assert!(status.signal() == Some(9) || status.success(), "{status}");
    status.signal() == Some(9)
}

fn killed_and_taken_up_again(preset: &str, seed: u64) {
    let cut = Cut::new();
    let wanted = cut.reference("reference", &["--preset", preset]);
    let out = cut.path("out");
    let flags = ["--preset", preset, "--existing", "skip"];
    let mut dice = Dice::new(seed);
    let mut known = BTreeMap::new();
    let (mut struck, mut grew) = (0, Vec::new());
    for _ in 0..KILLS {
        let child = cut.command(&out, &flags).spawn().expect("the command starts");
        struck += usize::from(kill_somewhere(child, &mut dice));
        grew.push(assert_whole(&out, &[&wanted]));
        if let Some(report) = manifest(&out) {
            let now = identities(&out, &report);
            for (shot, identity) in &known {
                assert_eq!(now.get(shot), Some(identity), "{shot} was finished, and was rendered again or lost");
            }
            known = now;
        }
    }
    assert!(struck >= KILLS / 2, "only {struck} of {KILLS} runs were still at work when they were killed");
    assert!(grew.windows(2).all(|pair| pair[0] <= pair[1]), "finished shots were lost: {grew:?}");
    assert!(!known.is_empty(), "no run got as far as a first shot: {grew:?}");

    let output = cut.run(&out, &flags);
    assert!(output.status.success(), "{}", said(&output));
    assert_eq!(shots(&out), wanted);
    assert_no_strays(&out);
    let report = manifest(&out).expect("a manifest");
    assert_eq!(report.shots.len(), SHOTS);
    assert_eq!(report.count(Status::Failed), 0);
    assert_eq!(report.count(Status::Skipped), known.len(), "what the last kill left in the manifest is not done again");
    let now = identities(&out, &report);
    assert_eq!(now.len(), SHOTS);
    known.iter().for_each(|(shot, identity)| assert_eq!(now[shot], *identity, "{shot} was rendered again"));
}

#[test]
fn a_killed_run_of_movies_is_taken_up_where_it_was() {
    killed_and_taken_up_again("prores-lt", 11);
}

#[test]
fn a_killed_run_of_frame_sequences_is_taken_up_where_it_was() {
    killed_and_taken_up_again("png", 12);
}

/// New shots have two frames more on either side than the old ones.
fn killed_while_overwriting(preset: &str, seed: u64) {
    let cut = Cut::new();
    let old = cut.reference("old", &["--preset", preset]);
    let flags = ["--preset", preset, "--existing", "overwrite", "--handles", "2"];
    let new = cut.reference("new", &flags);
    assert!(old.iter().all(|(shot, files)| new[shot] != *files), "old and new can be told apart");
    let out = cut.path("out");
    cut.reference("out", &["--preset", preset]);
    let mut dice = Dice::new(seed);
    let mut struck = 0;
    for _ in 0..KILLS {
        let child = cut.command(&out, &flags).spawn().expect("the command starts");
        struck += usize::from(kill_somewhere(child, &mut dice));
        assert_eq!(assert_whole(&out, &[&old, &new]), SHOTS, "no shot is ever missing");
        manifest(&out).expect("there is always a manifest");
    }
    assert!(struck >= KILLS / 2, "only {struck} of {KILLS} runs were still at work when they were killed");
    let output = cut.run(&out, &flags);
    assert!(output.status.success(), "{}", said(&output));
    assert_eq!(shots(&out), new);
    assert_no_strays(&out);
}

#[test]
fn a_run_killed_while_overwriting_movies_leaves_the_old_or_the_new() {
    killed_while_overwriting("prores-lt", 13);
}

#[test]
fn a_run_killed_while_overwriting_sequences_leaves_the_old_or_the_new() {
    killed_while_overwriting("png", 14);
}

/// What asks for sound of a cut without any is a warning each, and not the end of the run.
#[test]
fn a_mix_of_a_cut_without_sound_is_a_warning() {
    let cut = Cut::new();
    let (out, mix) = (cut.path("out"), cut.path("mix.wav"));
    let flags = ["--preset", "mjpeg", "--only", "sh010", "--stems", "track", "--loudness", "-23", "--mix"];
    let output = cut.command(&out, &flags).arg(&mix).output().expect("the command starts");
    let text = said(&output);
    assert!(output.status.success(), "{text}");
    for warning in ["no sound to mix", "no sound to bring to -23.0 LUFS", "no stems are written"] {
        assert!(text.contains(warning), "{warning}: {text}");
    }
    assert!(!mix.exists() && out.join("sh010.mov").is_file());
}

fn signal(child: &Child, signal: &str) {
    // The shell's own kill: a bare system has no other.
    let status = Command::new("bash").args(["-c", &format!("kill -{signal} {}", child.id())]).status();
    assert!(status.expect("bash is installed").success());
}

/// Reads what a child says up to a line that starts with `start`.
fn wait_for_line(child: &mut Child, start: &str) -> BufReader<std::process::ChildStderr> {
    let mut stderr = BufReader::new(child.stderr.take().expect("it is piped"));
    let mut said = String::new();
    loop {
        let before = said.len();
        assert!(stderr.read_line(&mut said).expect("text") > 0, "it ended without {start:?}: {said}");
        if said[before..].starts_with(start) {
            return stderr;
        }
    }
}

#[test]
fn an_interrupt_ends_a_run_between_frames_and_leaves_no_strays() {
    let cut = Cut::new();
    let wanted = cut.reference("reference", &[]);
    for interrupt in ["INT", "TERM"] {
        let out = cut.path(interrupt);
        let mut child = cut.command(&out, &[]).spawn().expect("the command starts");
        let mut stderr = wait_for_line(&mut child, "done");
        signal(&child, interrupt);
        let mut said = String::new();
        stderr.read_to_string(&mut said).expect("text");
        let status = child.wait().expect("a child ends");
        assert_eq!(status.code(), Some(130), "{status}: {said}");
        assert!(said.contains("stopping") && said.contains("cancelled"), "{said}");
        assert_no_strays(&out);
        let whole = assert_whole(&out, &[&wanted]);
        let report = manifest(&out).expect("a manifest");
        assert!((1..SHOTS).contains(&whole), "{whole} shots were done before the interrupt");
        assert_eq!((report.shots.len(), report.count(Status::Done)), (SHOTS, whole));
        let output = cut.run(&out, &["--existing", "skip"]);
        assert!(output.status.success(), "{}", said_of(&output, "taking it up"));
        assert_eq!(manifest(&out).expect("a manifest").count(Status::Skipped), whole);
        assert_eq!(shots(&out), wanted);
    }
}

fn said_of(output: &Output, what: &str) -> String {
    format!("{what}: {}: {}", output.status, said(output))
}

#[test]
fn a_second_run_into_the_same_folder_is_refused_while_the_first_goes_on() {
    let cut = Cut::new();
    let wanted = cut.reference("reference", &[]);
    let out = cut.path("out");
    let mut first = cut.command(&out, &[]).spawn().expect("the command starts");
    let mut stderr = wait_for_line(&mut first, &format!("{SHOTS} shots"));
    let second = cut.run(&out, &["--existing", "overwrite"]);
    assert!(!second.status.success() && said(&second).contains("another run"), "{}", said_of(&second, "second"));
    stderr.read_to_string(&mut String::new()).expect("text");
    assert!(first.wait().expect("a child ends").success());
    assert_eq!(shots(&out), wanted);
    assert_no_strays(&out);
}

/// Two processes at the same moment: one works, and the other is told, whichever it is.
#[test]
fn of_two_processes_that_begin_at_once_one_works_and_the_other_is_told() {
    let cut = Cut::new();
    let wanted = cut.reference("reference", &[]);
    for round in 0..4 {
        let out = cut.path(&format!("out{round}"));
        let spawn = || cut.command(&out, &[]).spawn().expect("the command starts");
        let outputs = [spawn(), spawn()].map(|child| child.wait_with_output().expect("a child ends"));
        let told: Vec<&Output> = outputs.iter().filter(|output| !output.status.success()).collect();
        assert_eq!(told.len(), 1, "{}", outputs.iter().map(said).collect::<String>());
        let said = said(told[0]);
        assert!(["another run", "another process", "exist already"].iter().any(|part| said.contains(part)), "{said}");
        assert_eq!(told[0].status.code(), Some(3), "{said}");
        assert_eq!(shots(&out), wanted);
        assert_no_strays(&out);
    }
}

/// Hidden names of a process that goes on are not taken for strays by a run into the same folder.
#[test]
fn a_run_leaves_what_a_transcode_writes_beside_it() {
    let cut = Cut::new();
    let out = cut.path("out");
    let mut transcode = Command::new(conflate());
    transcode.arg("transcode").arg(cut.path("media.mp4")).arg("--out").arg(&out).args(["--representation", "ffv1"]);
    let mut transcode = transcode.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().expect("the command starts");
    let hidden = || -> Vec<PathBuf> {
        let part = |path: &PathBuf| name(path).starts_with('.') && name(path).ends_with(".part");
        entries(&out).into_iter().filter(part).collect()
    };
    while hidden().is_empty() {
        assert!(transcode.try_wait().expect("a child").is_none(), "it ended before it was seen to write");
        sleep(Duration::from_millis(1));
    }
    signal(&transcode, "STOP");
    let written = hidden();
    let run = cut.run(&out, &["--existing", "overwrite"]);
    assert!(run.status.success(), "{}", said(&run));
    assert_eq!(hidden(), written, "the run took what another process writes for strays");
    signal(&transcode, "CONT");
    let output = transcode.wait_with_output().expect("a child ends");
    assert!(output.status.success(), "{}", said(&output));
    assert!(out.join("media_ffv1.mkv").is_file());
    assert_no_strays(&out);
}

/// A command that the shell runs within one of its limits.
fn limited(limit: &str) -> Command {
    let mut command = Command::new("sh");
    command.args(["-c", &format!("ulimit {limit} && exec \"$0\" \"$@\"")]).arg(conflate()).arg("conflate");
    command
}

/// What a command says until it ends; `None`, if it has not ended after a minute and was killed.
fn output_within_a_minute(mut command: Command) -> Option<Output> {
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("a shell");
    let mut pipe = child.stderr.take().expect("a pipe");
    // Whoever writes more than a pipe holds waits for a reader.
    let reader = std::thread::spawn(move || {
        let mut said = Vec::new();
        pipe.read_to_end(&mut said).map(|_| said)
    });
    let end = Instant::now() + Duration::from_secs(60);
    let status = loop {
        match child.try_wait().expect("a child") {
            Some(status) => break Some(status),
            None if Instant::now() > end => break None,
            None => sleep(Duration::from_millis(5)),
        }
    };
    if status.is_none() {
        child.kill().expect("a child that goes on");
        child.wait().expect("a child");
    }
    let stderr = reader.join().expect("a thread").expect("a pipe");
    if status.is_none() {
        eprintln!("did not end: {command:?}: {}", String::from_utf8_lossy(&stderr));
    }
    Some(Output { status: status?, stdout: Vec::new(), stderr })
}

/// Whether a run of some shots within these limits of the shell fails. Those of `wanted` are whole, or it fails with a reason
/// and leaves nothing half written.
fn fails_within(cut: &Cut, limit: &str, wanted: &Shots) -> bool {
    let out = cut.path(&format!("out {limit}"));
    let names = wanted.keys().map(String::as_str).collect::<Vec<_>>().join(",");
    let mut command = limited(limit);
    command.arg(&cut.timeline).arg("--out").arg(&out).args(["--jobs", "2", "--only", &names]);
    let output = output_within_a_minute(command).unwrap_or_else(|| panic!("{limit}: the run does not end"));
    let said = said(&output);
    // The loader itself, before there is a program.
    if output.status.code() == Some(127) {
        return false;
    }
    assert!(matches!(output.status.code(), Some(0 | 1 | 3)), "{limit}: {}: {said}", output.status);
    assert!(!said.contains("panicked"), "{limit}: {said}");
    assert_whole(&out, &[wanted]);
    let part = |path: &PathBuf| name(path).ends_with(".part");
    assert!(!entries(&out).iter().any(part), "{limit}: {:?}", entries(&out));
    if output.status.success() {
        assert_eq!(shots(&out), *wanted, "{limit}");
        return false;
    }
    let reasons = ["memory", "Resource temporarily unavailable", "Too many open files", "thread"];
    assert!(reasons.iter().any(|reason| said.contains(reason)), "{limit}: {said}");
    true
}

/// Some shots of a cut, to compare with: limits are tried often.
fn three_shots(cut: &Cut) -> Shots {
    let out = cut.path("reference");
    let output = cut.run(&out, &["--only", "sh010,sh020,sh030"]);
    assert!(output.status.success(), "{}", said(&output));
    let shots = shots(&out);
    assert_eq!(shots.len(), 3);
    shots
}

/// The least number in `range` from which on `is_enough` holds, to within `step`.
fn threshold(range: std::ops::Range<u64>, step: u64, mut is_enough: impl FnMut(u64) -> bool) -> u64 {
    let (mut low, mut high) = (range.start, range.end);
    while high - low > step {
        let middle = low.midpoint(high);
        if is_enough(middle) { high = middle } else { low = middle }
    }
    high
}

#[test]
fn a_limit_on_open_files_is_an_error_with_its_reason() {
    let cut = Cut::new();
    let wanted = three_shots(&cut);
    // At least one has to fail, or nothing was tried.
    assert!(
        [5, 6, 8, 10, 12, 16].iter().filter(|files| fails_within(&cut, &format!("-n {files}"), &wanted)).count() > 0
    );
}

/// Limits from what the libraries of FFmpeg take before there is a program, some hundreds of megabytes that depend on how they
/// were built, to what is enough.
#[test]
fn a_limit_on_memory_is_an_error_with_its_reason() {
    const MIB: u64 = 1024;
    let cut = Cut::new();
    let wanted = three_shots(&cut);
    // A library that finds no memory while it is loaded may crash or never end: no code of ours runs before that.
    let starts = |limit: u64| {
        let mut command = limited(&format!("-v {limit}"));
        command.arg("--help");
        output_within_a_minute(command).is_some_and(|output| output.status.success())
    };
    // Libraries take a little more or less from run to run.
    let least = threshold(0..8192 * MIB, MIB / 2, starts) + 6 * MIB;
    let mut tried = BTreeMap::new();
    let mut fails =
        |limit: u64| *tried.entry(limit).or_insert_with(|| fails_within(&cut, &format!("-v {limit}"), &wanted));
    let enough = threshold(least..least + 2048 * MIB, 16 * MIB, |limit| !fails(limit));
    for step in [1, 4, 16, 40] {
        fails(least + step * MIB);
        fails(enough - step * MIB);
    }
    // What is needed for reading, and what the threads and the shots take.
    for step in (60..130).step_by(5) {
        fails(least + step * MIB);
    }
    assert!(fails(least) && !fails(enough), "{least} KiB have to be too little, {enough} KiB enough");
}

/// Whoever reads what the command prints may stop reading, or never begin.
#[test]
fn a_closed_pipe_is_no_panic() {
    let cut = Cut::new();
    let out = cut.path("out");
    let report = cut.run(&out, &[]);
    assert!(report.status.success(), "{}", said(&report));
    let (timeline, media, folder) = (&cut.timeline, cut.path("media.mp4"), cut.path("more"));
    let path = |path: &Path| path.to_str().expect("plain").to_owned();
    let piece = path(&cut.path("piece.mov"));
    let commands = [
        ("inspect", vec![path(timeline)]),
        ("plan", vec![path(timeline)]),
        ("plan", vec![path(timeline), "--frames".to_owned()]),
        ("conflate", vec![path(timeline), "--out".to_owned(), path(&folder)]),
        (
            "transcode",
            vec![path(&media), "--out".to_owned(), path(&folder), "--representation".to_owned(), "h264".to_owned()],
        ),
        ("trim", vec![path(&media), format!("{piece}=0-4")]),
        ("review", vec![path(&out), "--out".to_owned(), path(&folder)]),
        ("conflate", vec!["--help".to_owned()]),
    ];
    for (program, arguments) in commands {
        for closed in ["| true", ">&- 2>&-", "2>&1 | head -c 1 > /dev/null"] {
            let log = cut.path("log");
            let script = format!("(\"$0\" \"$@\" 2> '{}'; echo $? > '{}.code') {closed}", log.display(), log.display());
            let status =
                Command::new("bash").args(["-c", &script]).arg(conflate()).arg(program).args(&arguments).status();
            status.expect("a shell");
            let said = String::from_utf8_lossy(&read(&log)).into_owned();
            assert!(!said.contains("panicked"), "{program} {arguments:?} {closed}: {said}");
            let code = String::from_utf8_lossy(&read(&cut.path("log.code"))).trim().parse::<i32>().expect("a number");
            // 134 and 101 are aborts and panics; 141 is the signal that a shell's programs end by.
            assert!(matches!(code, 0..=3), "{program} {arguments:?} {closed}: {code}: {said}");
        }
    }
}

/// A run that cannot write: it fails with `reason` in what it says, and what is delivered is whole.
fn assert_refused(output: &Output, out: &Path, reason: &[&str], wanted: &Shots) {
    let said = said(output);
    assert_eq!(output.status.code(), Some(1), "{}", said_of(output, "it has to fail, and not crash"));
    assert!(reason.iter().any(|reason| said.contains(reason)), "{said}");
    assert_whole(out, &[wanted]);
    assert_no_strays(out);
}

/// No file may grow beyond a few kilobytes: what a full disk does in the middle of a file, for everybody to try.
#[test]
fn movies_that_cannot_grow_fail_with_the_reason_and_leave_nothing() {
    let cut = Cut::new();
    for preset in ["prores-lt", "h264", "ffv1", "png"] {
        let flags = ["--preset", preset];
        let wanted = cut.reference(&format!("reference-{preset}"), &flags);
        let smallest = wanted.values().flat_map(BTreeMap::values).map(Vec::len).min().expect("files");
        // Room for the manifest's own few kilobytes only where a shot still does not fit.
        let kilobytes = (smallest / 2 / 1024).clamp(1, 30).to_string();
        let out = cut.path(&format!("out-{preset}"));
        let limited = ["-c", "ulimit -f \"$0\" && exec \"$@\"", &kilobytes];
        let inner = cut.command(&out, &flags);
        let mut command = Command::new("bash");
        command.args(limited).arg(inner.get_program()).args(inner.get_args()).stdin(Stdio::null());
        let output = command.output().expect("bash is installed");
        assert_refused(&output, &out, &["File too large", "file too large"], &wanted);
        assert_eq!(shots(&out).len(), 0, "{preset}: no shot fits");
    }
}

/// A disk with room for half of the shots, in a mount namespace of its own.
#[test]
fn a_full_disk_fails_shots_with_the_reason_and_leaves_whole_ones() {
    let cut = Cut::new();
    let out = cut.path("out");
    let kept = cut.path("kept");
    std::fs::create_dir(&out).expect("a folder");
    // Mounting is refused in many containers.
    let script = "mount -t tmpfs -o size=\"$1\" tmpfs \"$2\" || exit 77; out=$2 kept=$3; shift 3; \
                  \"$@\"; code=$?; cp -a \"$out\" \"$kept\"; exit $code";
    for preset in ["prores-lt", "png", "ffv1"] {
        let flags = ["--preset", preset];
        let wanted = cut.reference(&format!("reference-{preset}"), &flags);
        let pages: usize = wanted.values().flat_map(BTreeMap::values).map(|file| file.len().div_ceil(4096)).sum();
        let size = format!("{}k", pages * 4 / 2);
        let inner = cut.command(&out, &flags);
        let mut command = Command::new("unshare");
        command.args(["--mount", "--map-root-user", "bash", "-c", script, "bash", &size]).args([&out, &kept]);
        let output = command.arg(inner.get_program()).args(inner.get_args()).stdin(Stdio::null()).output();
        let output = match &output {
            Ok(output) if output.status.code() != Some(77) && !said(output).starts_with("unshare") => output,
            other => return eprintln!("skipped: no file system can be mounted here: {other:?}"),
        };
        let whole = assert_whole(&kept, &[&wanted]);
        // Where there was no room for the manifest, the journal is what says that the shots are ours.
        let journal = kept.join(".otio-conflate-journal");
        if let Ok(noted) = std::fs::read_to_string(&journal) {
            let listed = std::fs::read_to_string(kept.join("manifest.json")).unwrap_or_default();
            let known = |shot: &String| noted.contains(shot.as_str()) || listed.contains(shot.as_str());
            assert!(shots(&kept).keys().all(known), "{preset}: {noted}");
            std::fs::remove_file(&journal).expect("it is there");
        }
        assert!((1..SHOTS).contains(&whole), "{preset}: {whole} shots fitted: {}", said(output));
        assert_refused(output, &kept, &["No space left on device", "no space left"], &wanted);
        std::fs::remove_dir_all(&kept).expect("it can be removed");
    }
}

/// Root may write anywhere, so there the run is somebody else's.
#[test]
fn a_folder_that_cannot_be_written_to_is_an_error_that_names_it() {
    use std::os::unix::fs::PermissionsExt as _;
    use std::os::unix::process::CommandExt as _;
    let cut = Cut::new();
    let allow = |path: &Path, mode| {
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).expect("it is ours");
    };
    let out = cut.path("out");
    std::fs::create_dir(&out).expect("a folder");
    std::fs::write(out.join("notes.txt"), "precious").expect("a file");
    let program = cut.path("conflate");
    std::fs::copy(conflate(), &program).expect("a copy that everybody may run");
    allow(cut.folder.path(), 0o755);
    allow(&out, 0o555);
    let inner = cut.command(&out, &[]);
    let mut command = Command::new(&program);
    command.args(inner.get_args()).stdin(Stdio::null());
    if cut.folder.path().metadata().expect("it is there").uid() == 0 {
        command.uid(65_534).gid(65_534);
    }
    let output = command.output().expect("the command starts");
    assert_eq!(output.status.code(), Some(1), "{}", said(&output));
    assert!(said(&output).contains("ermission denied") && said(&output).contains("out"), "{}", said(&output));
    assert_eq!(entries(&out), [out.join("notes.txt")]);
    allow(&out, 0o755);
}

#[test]
fn an_output_folder_that_is_a_file_is_an_error_and_the_file_stays() {
    let cut = Cut::new();
    let out = cut.path("out");
    std::fs::write(&out, "precious").expect("a file");
    for flags in [["--existing", "error"], ["--existing", "overwrite"]] {
        let output = cut.run(&out, &flags);
        assert_eq!(output.status.code(), Some(3), "{}", said(&output));
        assert!(said(&output).contains(out.to_str().expect("a plain name")), "{}", said(&output));
        assert_eq!(read(&out), b"precious");
    }
}

#[test]
fn a_folder_under_a_movies_name_is_in_the_way_in_every_mode() {
    let cut = Cut::new();
    let out = cut.path("out");
    let inside = out.join("sh050.mov/precious.txt");
    std::fs::create_dir_all(inside.parent().expect("it has one")).expect("a folder");
    std::fs::write(&inside, "precious").expect("a file");
    for existing in ["error", "overwrite", "skip", "overwrite-foreign"] {
        let output = cut.run(&out, &["--existing", existing]);
        assert_eq!(output.status.code(), Some(3));
        assert!(said(&output).contains("sh050.mov"), "{}", said(&output));
        assert_eq!((read(&inside), shots(&out).len()), (b"precious".to_vec(), 1));
        assert_no_strays(&out);
    }
}
