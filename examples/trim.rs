//! Cuts pieces out of a movie, frame by frame: packets are copied where that is exact.
//!
//! ```text
//! cargo run --release --example trim -- otio-samples/media/quay_t3.mp4 out
//! ```

use otio_conflate::CancelToken;
use otio_conflate::deliver::{Cut, Trim, trim};

fn main() -> otio_conflate::Result<()> {
    let mut arguments = std::env::args().skip(1);
    let movie = arguments.next().unwrap_or_else(|| "otio-samples/media/quay_t3.mp4".to_owned());
    let folder = arguments.next().unwrap_or_else(|| "out".to_owned());

    let request = Trim::new(movie)
        .piece(Cut::frames(0, 24), format!("{folder}/first.mp4"))
        .piece("1s-2.5s".parse()?, format!("{folder}/second.mp4"))
        .overwrite(true);
    // All pieces are made in one pass over the movie; one that fails leaves nothing and stops no other.
    let trimmed = trim(&request, &CancelToken::new())?;
    for piece in &trimmed.pieces {
        match piece {
            Ok(piece) if piece.copied => println!("{}: {} frames, copied", piece.path.display(), piece.count),
            Ok(piece) => println!(
                "{}: {} frames, encoded, because {}",
                piece.path.display(),
                piece.count,
                piece.why.as_deref().unwrap_or("that was asked for")
            ),
            Err(error) => println!("failed: {error:#}"),
        }
    }
    Ok(())
}
