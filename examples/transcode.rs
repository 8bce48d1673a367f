//! Makes a review movie with burn-ins and a poster of one file, from one decode.
//!
//! ```text
//! cargo run --release --example transcode -- otio-samples/media/quay_t3.mp4 out/review
//! ```

use otio_conflate::backend::Control;
use otio_conflate::deliver::{BurnIn, Corner, Representation, TranscodeOptions, transcode};
use otio_conflate::{CancelToken, NoObserver};

fn main() -> otio_conflate::Result<()> {
    let mut arguments = std::env::args().skip(1);
    let file = arguments.next().unwrap_or_else(|| "otio-samples/media/quay_t3.mp4".to_owned());
    let folder = arguments.next().unwrap_or_else(|| "out/review".to_owned());

    let mut review = Representation::by_name("h264")?;
    review.size.height = Some(180);
    review.burn_ins = vec![
        BurnIn::new("{shot}  {frame}".parse()?, Corner::BottomLeft),
        BurnIn::new("{timecode}".parse()?, Corner::BottomRight),
    ];
    let wanted = [review, Representation::by_name("poster")?];

    let mut options = TranscodeOptions::default();
    options.overwrite = true;
    let control = Control { observer: &NoObserver, cancel: &CancelToken::new() };
    let made = transcode(file, &wanted, &folder, &options, &control)?;
    for representation in &made.representations {
        let output = &representation.output;
        println!("{}: {folder}/{}, {} bytes", representation.name, output.path, output.bytes);
    }
    Ok(())
}
