//! Files of the earlier run: only those that are as they were left are copied, and only ours are removed.

use otio_conflate::backend::ffmpeg::{FfmpegBackend, FfmpegLookup};
use otio_conflate::plan::compare::Action;
use otio_conflate::{
    Conflation, Delivery, ErrorKind, Existing, NoObserver, Omitted, Report, ShotReport, Since, Status,
};

use crate::support::{Counts, Show, assert_same, counts, cut, files};

fn two(show: &Show) -> [serde_json::Value; 2] {
    [show.clip("sh010", "a_v001", 20, 10), show.clip("sh020", "b_v001", 30, 12)]
}

fn entry<'r>(report: &'r Report, name: &str) -> &'r ShotReport {
    report.shots.iter().find(|shot| shot.shot == name).expect("an entry")
}

#[test]
fn omitted_shots_are_marked_and_their_files_stay_until_they_are_to_be_removed() {
    let show = Show::new("prores-lt");
    let [a, b] = two(&show);
    show.fresh(&cut(&[a.clone(), b.clone()]), "out");
    let manifest = || Report::open(show.path("out/manifest.json")).expect("a manifest");
    let report = show.follow(&cut(std::slice::from_ref(&a)), "out", "out", Omitted::Keep);
    assert_eq!(report.omitted, ["sh020"]);
    assert!(entry(&manifest(), "sh020").omitted && !entry(&manifest(), "sh010").omitted);
    assert!(show.path("out/sh020.mov").exists());
    // It comes back: nothing is rendered.
    let report = show.follow(&cut(&[b.clone(), a.clone()]), "out", "out", Omitted::Keep);
    assert_eq!(counts(&report), Counts { kept: 0, copied: 2, rendered: 0 });
    assert!(!entry(&manifest(), "sh020").omitted);
    show.follow(&cut(std::slice::from_ref(&a)), "out", "out", Omitted::Keep);
    // Somebody else's file has the name now: it stays.
    std::fs::write(show.path("out/sh020.mov"), "an artist's").expect("a file");
    show.follow(&cut(std::slice::from_ref(&a)), "out", "out", Omitted::Remove);
    assert_eq!(std::fs::read(show.path("out/sh020.mov")).expect("a file"), b"an artist's");
    std::fs::remove_file(show.path("out/sh020.mov")).expect("removed");
    show.fresh(&cut(&[a.clone(), b]), "again");
    std::fs::write(show.path("again/notes.txt"), "an artist's").expect("a file");
    show.follow(&cut(&[a]), "again", "again", Omitted::Remove);
    let left: Vec<String> = files(&show.path("again")).into_keys().collect();
    assert_eq!(left, ["notes.txt", "sh010.mov"]);
    let manifest = Report::open(show.path("again/manifest.json")).expect("a manifest");
    assert!(entry(&manifest, "sh020").output.is_none() && entry(&manifest, "sh020").omitted);
}

/// A shot that could not be rendered again is still the cut's: what was delivered of it before is omitted with it.
#[test]
fn a_shot_that_failed_last_time_is_omitted_with_what_it_had() {
    let show = Show::new("prores-lt");
    let [a, b] = two(&show);
    let both = cut(&[a.clone(), b]);
    show.fresh(&both, "out");
    let path = show.path("b_v001.mkv");
    let mut bytes = std::fs::read(&path).expect("a file");
    let half = bytes.len() / 2;
    bytes[half / 4..half].iter_mut().step_by(97).for_each(|byte| *byte ^= 0x55);
    std::fs::write(&path, bytes).expect("a file");
    let overwritten = || {
        let delivery = Delivery::new(show.path("out")).preset(show.preset.clone()).existing(Existing::Overwrite);
        let again = Conflation::new(FfmpegBackend::new(), delivery).timeline(&both);
        again.run(&show.plan(&both), &NoObserver).expect("a run")
    };
    let report = overwritten();
    assert_eq!(entry(&report, "sh020").status, Status::Failed);
    assert!(show.path("out/sh020.mov").exists());
    let report = show.follow(&cut(std::slice::from_ref(&a)), "out", "out", Omitted::Keep);
    assert_eq!(
        (&report.omitted[..], &marked(&show, "out").0[..]),
        (&["sh020".to_owned()][..], &["sh020".to_owned()][..])
    );
    std::fs::remove_dir_all(show.path("out")).expect("removed");
    show.fresh(&cut(&[a.clone(), show.clip("sh020", "b_v002", 30, 12)]), "out");
    overwritten();
    let report = show.follow(&cut(&[a]), "out", "out", Omitted::Remove);
    assert_eq!(report.omitted, ["sh020"]);
    assert_eq!(marked(&show, "out").1, ["sh010.mov"]);
}

#[test]
fn a_file_that_was_changed_is_not_copied_from() {
    let show = Show::new("prores-lt");
    let [a, b] = two(&show);
    show.fresh(&cut(&[a.clone(), b.clone()]), "old");
    let after = cut(&[b, a]);
    show.fresh(&after, "fresh");
    let path = show.path("old/sh010.mov");
    let mut bytes = std::fs::read(&path).expect("a file");
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::thread::sleep(std::time::Duration::from_millis(20));
    std::fs::write(&path, bytes).expect("a file");
    let report = show.follow(&after, "new", "old", Omitted::Keep);
    assert_eq!(counts(&report), Counts { kept: 0, copied: 1, rendered: 1 }, "{:?}", report.shots);
    assert!(entry(&report, "sh010").reason.as_ref().is_some_and(|why| why.contains("the file was changed")));
    assert_same(&files(&show.path("new")), &files(&show.path("fresh")), "a changed file");
}

#[test]
fn media_that_were_changed_are_rendered_anew() {
    let show = Show::new("prores-lt");
    let [a, b] = two(&show);
    show.fresh(&cut(&[a.clone(), b.clone()]), "old");
    std::fs::copy(show.path("b_v002.mkv"), show.path("b_v001.mkv")).expect("a copy");
    let after = cut(&[b, a]);
    show.fresh(&after, "fresh");
    let report = show.follow(&after, "new", "old", Omitted::Keep);
    assert_eq!(counts(&report), Counts { kept: 0, copied: 1, rendered: 1 }, "{:?}", report.shots);
    assert_same(&files(&show.path("new")), &files(&show.path("fresh")), "changed media");
}

#[test]
fn files_of_another_folder_are_never_written_over() {
    let show = Show::new("prores-lt");
    let [a, b] = two(&show);
    show.fresh(&cut(&[a.clone(), b.clone()]), "old/shots");
    let before = files(&show.path("old/shots"));
    let report = show.follow(&cut(&[b, a]), "old", "old/shots", Omitted::Remove);
    assert_eq!(counts(&report), Counts { kept: 0, copied: 2, rendered: 0 });
    assert_same(&files(&show.path("old/shots")), &before, "the earlier run's folder");
}

#[test]
fn other_settings_are_rendered_and_told() {
    let mut show = Show::new("prores-lt");
    let [a, b] = two(&show);
    let all = cut(&[a, b]);
    show.fresh(&all, "old");
    show.preset = otio_conflate::deliver::Preset::by_name("prores-hq").expect("a preset");
    let report = show.follow(&all, "new", "old", Omitted::Keep);
    assert_eq!(counts(&report), Counts { kept: 0, copied: 0, rendered: 2 });
    assert!(report.shots.iter().all(|shot| shot.reason.as_ref().is_some_and(|why| why.contains("setting"))));
}

/// Settings that a run forgot to repeat are told, before it and after; the same settings are not.
#[test]
fn what_the_earlier_run_had_and_this_one_has_not_is_told() {
    let mut show = Show::new("prores-lt");
    show.representations = vec![otio_conflate::deliver::Representation::by_name("poster").expect("a representation")];
    let [a, b] = two(&show);
    let all = cut(&[a, b]);
    show.fresh(&all, "old");
    let manifest = show.path("old/manifest.json");
    let since = || Since::open(&manifest).expect("a manifest");
    let told = |show: &Show, plan: &otio_conflate::Plan| {
        let conflation = show.conflation(&all, &show.path("new")).since(since());
        let of_since = |warnings: &[otio_conflate::plan::Warning]| -> Vec<String> {
            let all = warnings.iter().filter(|warning| warning.object == "since");
            all.map(|warning| warning.message.clone()).collect()
        };
        let before = of_since(&conflation.preview(plan).expect("a preview").warnings);
        let after = of_since(&conflation.run(plan, &NoObserver).expect("a run").warnings);
        std::fs::remove_dir_all(show.path("new")).expect("removed");
        assert_eq!(before, after);
        before
    };
    assert!(told(&show, &show.plan(&all)).is_empty());
    let bare = otio_conflate::Plan::with_media(&all, &Default::default(), &FfmpegLookup::new()).expect("a plan");
    show.preset = otio_conflate::deliver::Preset::by_name("prores-hq").expect("a preset");
    show.representations.clear();
    let message = "the earlier run had handles of up to 6 and 6 frames, the preset \"prores-lt\" in place of \"prores-hq\" \
                   and the representation \"poster\", which this one lacks; repeat its settings unless that is intended";
    assert_eq!(told(&show, &bare), [message]);
}

/// Names of the entries that are marked as omitted, and of the files, in `folder`.
fn marked(show: &Show, folder: &str) -> (Vec<String>, Vec<String>) {
    let manifest = Report::open(show.path(folder).join("manifest.json")).expect("a manifest");
    let marked = manifest.shots.iter().filter(|shot| shot.omitted).map(|shot| shot.shot.clone()).collect();
    (marked, files(&show.path(folder)).into_keys().collect())
}

#[test]
fn a_part_of_a_cut_marks_and_removes_nothing_of_the_rest() {
    let show = Show::new("prores-lt");
    let [a, b] = two(&show);
    show.fresh(&cut(&[a.clone(), b.clone()]), "out");
    let mut later = cut(&[b, a]);
    later.name = "cut_v2".to_owned();
    let plan = show.plan(&later);
    let since = || Since::open(show.path("out/manifest.json")).expect("a manifest");
    let part = show.conflation(&later, &show.path("out")).only(["sh020"]);
    let error =
        part.since(since().omitted(Omitted::Remove)).run(&plan, &NoObserver).expect_err("a part removes nothing");
    assert_eq!(error.kind(), ErrorKind::Option);
    let part = show.conflation(&later, &show.path("out")).only(["sh020"]).since(since());
    assert!(part.run(&plan, &NoObserver).expect("a run").omitted.is_empty());
    let all = ["sh010.mov", "sh020.mov"].map(str::to_owned).to_vec();
    assert_eq!(marked(&show, "out"), (vec![], all));
    // What was not asked for was delivered for the cut before.
    let manifest = Report::open(show.path("out/manifest.json")).expect("a manifest");
    let changes = manifest.changes(&plan).expect("a plan");
    let actions: Vec<_> = changes.iter().map(|change| (change.name(), change.action)).collect();
    assert_eq!(actions, [("sh020", Action::Keep), ("sh010", Action::Repull)]);
}

#[test]
fn another_cut_in_the_folder_loses_nothing() {
    let show = Show::new("prores-lt");
    let [a, b] = two(&show);
    let reel = |name: &str, clips: &[serde_json::Value]| {
        let mut reel = cut(clips);
        reel.name = name.to_owned();
        reel
    };
    let one = reel("reel1", std::slice::from_ref(&a));
    let two = reel("reel2", std::slice::from_ref(&b));
    show.fresh(&one, "out");
    show.fresh(&two, "out");
    std::fs::copy(show.path("out/manifest.json"), show.path("saved.json")).expect("a copy");
    // The manifest is that of the other reel by now: nothing of it is in this cut.
    let report = show.follow(&reel("reel1", &[show.clip("sh011", "a_v001", 22, 5)]), "out", "out", Omitted::Remove);
    assert!(report.omitted.is_empty());
    assert_eq!(marked(&show, "out").1, ["sh010.mov", "sh011.mov", "sh020.mov"]);
    // In an earlier state of the folder nothing is removed either.
    std::fs::rename(show.path("saved.json"), show.path("out/saved.json")).expect("a name");
    let since = Since::open(show.path("out/saved.json")).expect("a manifest").omitted(Omitted::Remove);
    let again = reel("reel2", &[show.clip("sh021", "b_v001", 32, 5)]);
    let plan = show.plan(&again);
    let report = show.conflation(&again, &show.path("out")).since(since).run(&plan, &NoObserver).expect("a run");
    assert_eq!(report.omitted, ["sh020"]);
    assert!(report.warnings.iter().any(|warning| warning.to_string().contains("are kept")), "{:?}", report.warnings);
    assert!(show.path("out/sh020.mov").exists());
}

#[test]
fn shots_that_become_other_files_are_not_omitted() {
    let mut show = Show::new("prores-lt");
    let all = cut(&two(&show));
    show.fresh(&all, "out");
    show.preset = otio_conflate::deliver::Preset::by_name("png").expect("a preset");
    let report = show.follow(&all, "out", "out", Omitted::Remove);
    assert!(report.omitted.is_empty());
    assert!(show.path("out/sh010.mov").exists() && show.path("out/sh010").is_dir());
}

#[test]
fn a_manifest_that_says_the_impossible_is_believed_in_nothing() {
    let show = Show::new("png");
    let [a, b] = two(&show);
    show.fresh(&cut(&[a.clone(), b.clone()]), "old");
    let path = show.path("old/manifest.json");
    let manifest: serde_json::Value = serde_json::from_slice(&std::fs::read(&path).expect("reads")).expect("JSON");
    let after = cut(&[b, a]);
    for (number, (key, value)) in [
        ("first_frame", serde_json::json!(i64::MAX)),
        ("frame_count", serde_json::json!(i64::MAX)),
        ("frame_count", serde_json::json!(-5)),
        ("output.path", serde_json::json!("../old/sh010/sh010.%04d.png")),
        ("output.path", serde_json::json!("/.%04d.png")),
        ("pictures.frames", serde_json::json!("é")),
    ]
    .into_iter()
    .enumerate()
    {
        let mut manifest = manifest.clone();
        for shot in manifest["shots"].as_array_mut().expect("shots") {
            *shot.pointer_mut(&format!("/{}", key.replace('.', "/"))).expect("a key") = value.clone();
        }
        std::fs::write(&path, manifest.to_string()).expect("writes");
        let report = show.follow(&after, &format!("new{number}"), "old", Omitted::Keep);
        assert_eq!(counts(&report), Counts { kept: 0, copied: 0, rendered: 2 }, "{key} {value}");
    }
}
