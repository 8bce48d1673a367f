//! Lists every clip of a timeline, where it lies in the cut, and which media it shows.
//!
//! ```text
//! cargo run --example reading -- otio-samples/first-cut.otio
//! ```

use otio_conflate::otio::{ReadOptions, read_file};
use otio_conflate::timeline::{Child, MediaReference};

fn main() -> otio_conflate::Result<()> {
    let path = std::env::args().nth(1).unwrap_or_else(|| "otio-samples/first-cut.otio".to_owned());
    let timeline = read_file(&path, &ReadOptions::default())?;
    println!("{}", timeline.name);
    for (track, child) in timeline.tracks.children.iter().enumerate() {
        let Child::Composition(composition) = child else { continue };
        println!("  {}", composition.item.name);
        for (index, child) in composition.children.iter().enumerate() {
            let Child::Clip(clip) = child else { continue };
            // Times are exact: counts of flicks, 705 600 000 a second.
            let range = timeline.range_in_parent(&[track, index])?;
            let media = match clip.media_reference() {
                Some(MediaReference::External { target_url, .. }) => target_url.as_str(),
                Some(MediaReference::ImageSequence { target_url_base, .. }) => target_url_base.as_str(),
                _ => "no file",
            };
            println!("    {:8.3} s  {:<12} {media}", range.start.seconds(), clip.item.name);
        }
    }
    for note in &timeline.notes {
        println!("note: {note}");
    }
    Ok(())
}
