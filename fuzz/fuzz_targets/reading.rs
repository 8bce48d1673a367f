//! Reads arbitrary bytes. Whatever is a timeline has to survive being written and read again, and every media
//! location in it has to become a path or an error.

#![no_main]

use libfuzzer_sys::fuzz_target;
use otio_conflate::otio::{Locator, ReadOptions, read_bytes, read_str, to_json};
use otio_conflate::timeline::{Child, MediaReference};

fn locate(locator: &Locator, children: &[Child]) {
    for child in children {
        match child {
            Child::Composition(composition) => locate(locator, &composition.children),
            Child::Clip(clip) => match clip.media_reference() {
                Some(MediaReference::External { target_url, .. }) => drop(locator.file(target_url)),
                Some(MediaReference::ImageSequence { target_url_base, name_prefix, name_suffix, .. }) => {
                    drop(locator.sequence(target_url_base, name_prefix, name_suffix, "0001"));
                }
                _ => {}
            },
            _ => {}
        }
    }
}

fuzz_target!(|bytes: &[u8]| {
    let options = ReadOptions::default();
    let Ok(timeline) = read_bytes(bytes, &options) else { return };
    let json = to_json(&timeline);
    // A bare root gains a few levels when it is wrapped in a timeline.
    if let Ok(again) = read_str(&json, &options) {
        assert_eq!(to_json(&again), json);
    } else {
        assert!(timeline.notes.iter().any(|note| note.contains("no timeline around")));
    }
    let map = [("/old".to_owned(), "/new".into()), ("C:\\".to_owned(), "/mnt/c".into())];
    locate(&Locator::new(None, &map), &timeline.tracks.children);
});
