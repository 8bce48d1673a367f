//! What files are called: safe, unique, from a template, never outside the output folder. R11.

use otio_conflate::backend::RecordBackend;
use otio_conflate::plan::{PlanOptions, ShotSelection};
use otio_conflate::{Delivery, Plan};

use crate::support::*;

fn delivered(plan: &Plan, change: impl FnOnce(Delivery) -> Delivery) -> Vec<String> {
    let folder = tempfile::tempdir().expect("a folder");
    let inside = folder.path().join("a/b");
    let delivery = change(delivery(&inside, "error"));
    let report = run(plan, delivery, RecordBackend::new()).expect("a run");
    assert!(report.succeeded(), "{:?}", report.shots);
    let all = files(folder.path());
    assert!(all.iter().all(|name| name.starts_with("a/b/")), "{all:?}");
    for shot in &report.shots {
        let path = shot.output.as_ref().expect("it was delivered").path.replace("%04d", "1001");
        assert!(inside.join(&path).is_file(), "the manifest says {path}");
    }
    files(&inside).into_iter().filter(|name| name != "manifest.json").collect()
}

#[test]
fn whatever_a_clip_is_called_its_file_lies_in_the_output_folder() {
    let names = ["../../etc/passwd", "/abs", "..", "a\\b:c*d?e", "NUL", "-rf", ".hidden", "tab\tnew\nline"];
    let found = delivered(&plan(&named(&names)), |delivery| delivery);
    assert_eq!(
        found,
        [
            "_._.._etc_passwd.mov",
            "_.mov",
            "_NUL.mov",
            "_abs.mov",
            "_hidden.mov",
            "_rf.mov",
            "a_b_c_d_e.mov",
            "tab_new_line.mov",
        ]
    );
}

#[test]
fn equal_names_are_numbered_even_where_only_case_or_odd_letters_differ() {
    let found = delivered(&plan(&named(&["sh010", "SH010", "a:b", "a*b", "a_b_2"])), |delivery| delivery);
    assert_eq!(found, ["SH010_2.mov", "a_b.mov", "a_b_2.mov", "a_b_2_2.mov", "sh010.mov"]);
}

#[test]
fn long_names_are_cut_and_stay_unique() {
    let long = "é".repeat(300);
    let found = delivered(&plan(&named(&[&long, &format!("{long}1"), &format!("{long}2")])), |delivery| delivery);
    assert_eq!(found.len(), 3);
    assert!(found.iter().all(|name| name.len() <= 200), "{found:?}");
}

#[test]
fn a_template_fills_in_fields_and_makes_folders() {
    let template = |text: &str| {
        let name = text.parse().expect("a template");
        delivered(&plan(&named(&["A", "A"])), |delivery| delivery.name(name))
    };
    assert_eq!(template("{track}/{shot}_v001"), ["V1/A_2_v001.mov", "V1/A_v001.mov"]);
    assert_eq!(template("{timeline}/{index}_{clip}"), ["cut/0001_A.mov", "cut/0002_A.mov"]);
    assert_eq!(template("{timecode}"), ["01-00-00-00.mov", "01-00-00-04.mov"]);
    assert_eq!(template("fixed"), ["fixed.mov", "fixed_2.mov"]);
    assert_eq!(template("../{shot}"), ["_/A.mov", "_/A_2.mov"]);
}

#[test]
fn a_clip_called_like_the_manifest_takes_nothing_from_it() {
    let found = delivered(&plan(&named(&["manifest.json", "conflated.otio"])), |delivery| delivery.preset(frames()));
    assert!(found.contains(&"manifest.json_2/manifest.json_2.1001.png".to_owned()), "{found:?}");
    assert!(found.contains(&"conflated.otio_2/conflated.otio_2.1001.png".to_owned()), "{found:?}");
}

#[test]
fn a_frame_folders_name_may_have_a_percent_sign() {
    let found = delivered(&plan(&named(&["100%"])), |delivery| delivery.preset(frames()));
    assert_eq!(found[0], "100%/100%.1001.png");
}

#[test]
fn frame_numbers_below_zero_keep_their_sign_before_the_zeros() {
    let mut options = PlanOptions::default();
    options.first_frame = -1;
    options.shots = ShotSelection::Hero;
    let plan = Plan::new(&named(&["A"]), &options).expect("a plan");
    let folder = tempfile::tempdir().expect("a folder");
    run(&plan, delivery(folder.path(), "error").preset(frames()), RecordBackend::new()).expect("a run");
    assert_eq!(files(folder.path())[..4], ["A/A.-0001.png", "A/A.0000.png", "A/A.0001.png", "A/A.0002.png"]);
}
