//! Where chroma lies in pictures that have less of it than of luma.

/// Where chroma samples lie among luma samples.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum ChromaSite {
    /// Level with the left one of two luma samples, between two lines: MPEG-2, H.264, most video.
    #[default]
    Left,
    /// In the middle of the luma samples: JPEG.
    Center,
    /// On the first luma sample: UHD video, DV.
    TopLeft,
}
