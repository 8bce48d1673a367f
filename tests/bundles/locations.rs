//! Where the media of a bundle lies, and where it cannot lie.

use std::path::{Path, PathBuf};

use otio_conflate::otio::Locator;
use otio_conflate::plan::{MediaSource, MissingPolicy, PlanOptions};
use otio_conflate::{ErrorKind, Plan, Result, Timeline};
use serde_json::Value;

use crate::support::{Bundles, clip, content, movie, range, sequence, timeline};
use crate::zip::{Entry, Zip};

fn plan(bundle: &Path, options: &PlanOptions) -> Result<Plan> {
    Plan::new(&Timeline::open(bundle).expect("a bundle"), options)
}

/// Where a bundle's only clip finds its media: in an archive with these entries, and in a folder with these files.
fn located(media: &Value, files: &[&str]) -> (String, String) {
    let bundles = Bundles::new();
    let text = timeline([clip("A", media.clone())]);
    let entries = files.iter().map(|file| Entry::stored(file, "x"));
    let archive = bundles.write(&Zip::of([content(&text)]).with(|zip| zip.entries.extend(entries)));
    let mut all: Vec<(&str, &[u8])> = vec![("content.otio", text.as_bytes())];
    all.extend(files.iter().map(|file| (*file, b"x".as_slice())));
    let folder = bundles.folder(&all);
    let below = |bundle: PathBuf| {
        let plan = plan(&bundle, &PlanOptions::default()).expect("a plan");
        let media = plan.media[0].source.display();
        media.strip_prefix(&format!("{}/", bundle.display())).unwrap_or(&media).to_owned()
    };
    (below(archive), below(folder))
}

#[test]
fn relative_locations_start_at_the_bundle() {
    let file = |location: &str| movie(location, range(0, 12));
    for (media, files, wanted) in [
        (file("media/a.mov"), vec![], "media/a.mov"),
        (file("media/x/../a.mov"), vec![], "media/a.mov"),
        (file("./media/a.mov"), vec![], "media/a.mov"),
        (file("file:media/a%20b.mov"), vec![], "media/a b.mov"),
        (file("file:///abs/a.mov"), vec![], "/abs/a.mov"),
        (file("/abs/../a.mov"), vec![], "/a.mov"),
        // The entry that exists decides, as a file does.
        (file("media/a%20b.mov"), vec!["media/a b.mov"], "media/a b.mov"),
        (file("media/a%20b.mov"), vec!["media/a%20b.mov", "media/a b.mov"], "media/a%20b.mov"),
        (file("media\\a.mov"), vec!["media/a.mov"], "media/a.mov"),
        (file("media/12:30 talk.mov"), vec!["media/12:30 talk.mov"], "media/12:30 talk.mov"),
        (file("scene:1.mov"), vec!["scene:1.mov"], "scene:1.mov"),
        (sequence("media/", "sh.", "error"), vec![], "media/sh.%04d.png"),
        (sequence("", "sh.", "error"), vec![], "sh.%04d.png"),
        (sequence("file:media/s%20h", "s%20h.", "error"), vec!["media/s h/s h.0001.png"], "media/s h/s h.%04d.png"),
        (sequence("media/s%20h", "s%20h.", "error"), vec!["media/s h/s h.0001.png"], "media/s h/s h.%04d.png"),
        (sequence("media/s%20h", "a.", "error"), vec!["media/s%20h/a.0001.png"], "media/s%20h/a.%04d.png"),
    ] {
        let (archive, folder) = located(&media, &files);
        assert_eq!((archive.as_str(), folder.as_str()), (wanted, wanted), "{media}");
    }
}

#[test]
fn locations_that_leave_the_bundle_are_errors() {
    for media in [
        movie("../a.mov", range(0, 12)),
        movie("media/../../a.mov", range(0, 12)),
        movie("../cut.otioz/media/a.mov", range(0, 12)),
        movie("file:../a.mov", range(0, 12)),
        movie("file://../a.mov", range(0, 12)),
        movie("..\\a.mov", range(0, 12)),
        movie("..", range(0, 12)),
        sequence("../seq", "sh.", "error"),
        sequence("media/../..", "sh.", "error"),
        sequence("media", "../../sh.", "error"),
    ] {
        let bundles = Bundles::new();
        let text = timeline([clip("A", media.clone())]);
        let archive = bundles.write(&Zip::of([content(&text)]));
        let folder = bundles.folder(&[("content.otio", text.as_bytes())]);
        std::fs::write(bundles.path("a.mov"), b"x").expect("a file");
        for bundle in [archive, folder] {
            let error = plan(&bundle, &PlanOptions::default()).expect_err("it leads out");
            assert_eq!(error.kind(), ErrorKind::Location, "{media}: {error:#}");
            assert!(format!("{error:#}").contains("leads out of the bundle"), "{error:#}");
            assert_eq!(error.place().clip.as_deref(), Some("A"));
            let mut black = PlanOptions::default();
            black.media_missing = MissingPolicy::Black;
            let plan = plan(&bundle, &black).expect("black is shown");
            assert!(
                matches!(&plan.media[0].source, MediaSource::Missing { what } if what.contains("leads out")),
                "{media}: {:?}",
                plan.media
            );
        }
    }
}

#[test]
fn an_escaped_way_out_is_a_name() {
    // Decoded it would lead out, even where there is something.
    let bundles = Bundles::new();
    std::fs::write(bundles.path("a.mov"), b"x").expect("a file");
    let archive = bundles.write(&Zip::of([content(&timeline([clip("A", movie("..%2fa.mov", range(0, 12)))]))]));
    let plan = plan(&archive, &PlanOptions::default()).expect("a plan");
    assert_eq!(plan.media[0].source.display(), archive.join("..%2fa.mov").display().to_string());
}

#[test]
fn the_path_map_leads_out_of_bundles_and_into_them() {
    let bundles = Bundles::new();
    let clips = [clip("A", movie("media/a%20b.mov", range(0, 12))), clip("B", movie("../b.mov", range(0, 12)))];
    let archive = bundles.write(&Zip::of([content(&timeline(clips)), Entry::stored("media/a b.mov", "x")]));
    let mut options = PlanOptions::default();
    options.path_map = vec![("media".to_owned(), PathBuf::from("/m")), ("..".to_owned(), PathBuf::from("/up"))];
    let found: Vec<String> =
        plan(&archive, &options).expect("a plan").media.iter().map(|media| media.source.display()).collect();
    assert_eq!(found, ["/m/a%20b.mov", "/up/b.mov"]);

    let map = [("/old".to_owned(), archive.join("media"))];
    let locator = Locator::new(Some(&bundles.path("plain.otio")), &map);
    assert_eq!(locator.file("/old/a%20b.mov").expect("mapped"), archive.join("media/a b.mov"));
}

#[cfg(unix)]
#[test]
fn a_folder_may_hold_links() {
    let bundles = Bundles::new();
    std::fs::write(bundles.path("real.mov"), b"real").expect("a file");
    let folder = bundles.folder(&[("content.otio", crate::support::simple().as_bytes()), ("media/x", b"")]);
    std::os::unix::fs::symlink(bundles.path("real.mov"), folder.join("media/a.mov")).expect("a link");
    let plan = plan(&folder, &PlanOptions::default()).expect("a plan");
    let file = plan.media[0].source.file(0).expect("a file");
    assert_eq!(crate::support::bytes(&file).expect("media"), b"real");
}
