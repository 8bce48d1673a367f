//! What docs/formats.md lists is what there is, and the README is short.

use otio_conflate::backend::RecordBackend;
use otio_conflate::deliver::{BurnInText, Representation};
use otio_conflate::otio::{ReadOptions, read_str};
use otio_conflate::{Conflation, Delivery, NoObserver, Plan, PlanOptions};
use serde_json::{Value, json};

const FORMATS: &str = include_str!("../docs/formats.md");

#[cfg(feature = "ffmpeg")]
#[test]
fn every_preset_is_listed() {
    for name in otio_conflate::deliver::Preset::NAMES {
        assert!(FORMATS.contains(&format!("`{name}`")), "{name}");
    }
}

#[test]
fn every_representation_is_listed_with_its_keys_and_the_example_is_one() {
    let block = FORMATS.split("```toml").find(|block| block.contains("burn_ins")).expect("an example");
    let text = block.split("```").next().expect("its end");
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("dailies.toml");
    std::fs::write(&path, text).expect("a file");
    let mut example = Representation::load(&path).expect("the example is right");
    example.rate = Some(otio_conflate::time::Rate::FPS_24);
    example.size.height = Some(720);
    example.size.scale = Some(0.5);
    let value = serde_json::to_value(&example).expect("plain data");
    for (value, quote) in [(&value, "| `"), (&value["size"], ""), (&value["burn_ins"][0], "`")] {
        for key in keys(value) {
            assert!(FORMATS.contains(&format!("{quote}{key}")), "{key}");
        }
    }
    let fields = BurnInText::FIELDS.map(|field| format!("{{{field}}}"));
    for name in Representation::NAMES.map(str::to_owned).iter().chain(&fields) {
        assert!(FORMATS.contains(&format!("`{name}`")), "{name}");
    }
}

fn report() -> (Plan, Value) {
    let clip = json!({"OTIO_SCHEMA": "Clip.2", "name": "A", "source_range": {"OTIO_SCHEMA": "TimeRange.1",
        "start_time": {"OTIO_SCHEMA": "RationalTime.1", "value": 0, "rate": 24},
        "duration": {"OTIO_SCHEMA": "RationalTime.1", "value": 2, "rate": 24}},
        "media_reference": {"OTIO_SCHEMA": "ExternalReference.1", "target_url": "/m/a.mov"}});
    let track = json!({"OTIO_SCHEMA": "Track.1", "name": "V1", "kind": "Video", "children": [clip]});
    let timeline = read_str(&track.to_string(), &ReadOptions::default()).expect("a timeline that a test wrote");
    let plan = Plan::new(&timeline, &PlanOptions::default()).expect("a plan");
    let folder = tempfile::tempdir().expect("a folder");
    let backend = RecordBackend::new().failing("A");
    Conflation::new(backend, Delivery::new(folder.path())).run(&plan, &NoObserver).expect("a run");
    let manifest = std::fs::read(folder.path().join("manifest.json")).expect("it was just written");
    (plan, serde_json::from_slice(&manifest).expect("the manifest is JSON"))
}

fn keys(value: &Value) -> Vec<&String> {
    value.as_object().expect("an object").keys().collect()
}

#[test]
fn every_field_of_the_manifest_is_listed() {
    let (_, report) = report();
    for key in keys(&report) {
        assert!(FORMATS.contains(&format!("`{key}`")) || FORMATS.contains(&format!("`{key}[]`")), "{key}");
    }
    for key in keys(&report["shots"][0]) {
        assert!(FORMATS.contains(&format!("`.{key}`")), "{key}");
    }
}

#[test]
fn every_field_of_a_row_is_listed() {
    let (plan, _) = report();
    let row = plan.frames(&plan.shots[0]).next().expect("a frame");
    let row = serde_json::to_value(&row).expect("plain data");
    for key in keys(&row).into_iter().chain(keys(&row["layers"][0])) {
        assert!(FORMATS.contains(&format!("\"{key}\": ")) && FORMATS.contains(&format!("`{key}`")), "{key}");
    }
}

/// The text of every test file, by its path.
fn test_files() -> Vec<(String, String)> {
    let tests = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests");
    let entries = |folder: &std::path::Path| -> Vec<std::path::PathBuf> {
        std::fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path()).collect()
    };
    let folders = entries(&tests).into_iter().filter(|path| path.is_dir());
    let files = folders.flat_map(|folder| entries(&folder)).chain(entries(&tests));
    let files = files.filter(|path| path.extension().is_some_and(|extension| extension == "rs"));
    files.map(|path| (path.display().to_string(), std::fs::read_to_string(path).expect("a text"))).collect()
}

#[test]
fn every_rule_is_proved_by_a_test_that_names_it() {
    let rules = include_str!("../docs/rules.md");
    let rules: Vec<&str> = rules
        .lines()
        .filter_map(|line| line.strip_prefix("### R")?.split_once(' '))
        .filter_map(|(number, _)| number.parse::<u32>().ok().map(|_| number))
        .collect();
    assert!(rules.len() >= 15, "{rules:?}");
    let files = test_files();
    assert!(files.len() > 100, "{}", files.len());
    for rule in rules {
        let names = |text: &str| {
            let mut words = text.split(|letter: char| !letter.is_ascii_alphanumeric());
            words.any(|word| word.strip_prefix('R') == Some(rule))
        };
        let heads = files.iter().map(|(_, text)| text.lines().take_while(|line| line.starts_with("//!")));
        let proofs = heads.filter(|head| head.clone().any(names)).count();
        assert!(proofs > 0, "no test file names R{rule}");
    }
}

#[test]
fn the_readme_is_short_and_what_it_links_to_is_there() {
    let readme = include_str!("../README.md");
    assert!(readme.lines().count() < 130, "{} lines", readme.lines().count());
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let root = ["README.md", "CONTRIBUTING.md", "tests/README.md"];
    let docs = ["cli", "formats", "rules", "architecture", "decisions", "resolve", "colour", "frames", "encoders"];
    let docs = docs.map(|name| format!("docs/{name}.md"));
    let mut links = 0;
    for name in root.into_iter().chain(docs.iter().map(String::as_str)) {
        let text = std::fs::read_to_string(folder.join(name)).expect("it is there");
        let beside = folder.join(name).parent().expect("a folder").to_owned();
        for link in text.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            let (file, place) = link.split_once('#').unwrap_or((link, ""));
            if file.contains("://") {
                continue;
            }
            let target = if file.is_empty() { folder.join(name) } else { beside.join(file) };
            assert!(target.exists(), "{name}: {link} leads nowhere");
            if !place.is_empty() {
                let text = std::fs::read_to_string(&target).expect("a text");
                let heads = text.lines().filter(|line| line.starts_with('#'));
                assert!(heads.map(anchor).any(|anchor| anchor == place), "{name}: {link} leads to no heading");
            }
            links += 1;
        }
    }
    assert!(links > 40, "{links}");
}

/// What a heading is linked by.
fn anchor(heading: &str) -> String {
    let text = heading.trim_start_matches('#').trim().to_lowercase().replace(' ', "-");
    text.chars().filter(|letter| letter.is_alphanumeric() || matches!(letter, '-' | '_')).collect()
}
