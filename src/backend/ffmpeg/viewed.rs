//! Pictures in a view, made once for all outputs that show the same: the shot's own file and its representations.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;

use super::convert::SourcePicture;
use super::singles::{self, Alpha};
use crate::color::ColorTransform;
use crate::error::Result;
use crate::picture::{self, RgbaF32};

/// The last picture that was put through a transform which several outputs share. Clones are one.
#[derive(Debug, Clone, Default)]
pub(super) struct Viewed {
    /// Transforms that more than one output has.
    shared: Rc<Vec<Arc<dyn ColorTransform>>>,
    last: Rc<RefCell<Vec<ViewedPicture>>>,
}

#[derive(Debug)]
struct ViewedPicture {
    picture: PictureKey,
    size: (u32, u32),
    transform: Arc<dyn ColorTransform>,
    image: RgbaF32,
}

/// Which picture: its number, whether it is made of fields, and where it lies in memory.
type PictureKey = (i64, bool, usize);

impl Viewed {
    /// For outputs with these transforms.
    pub(super) fn new<'t>(transforms: impl IntoIterator<Item = &'t Arc<dyn ColorTransform>>) -> Viewed {
        let mut met: Vec<&Arc<dyn ColorTransform>> = Vec::new();
        let mut shared: Vec<Arc<dyn ColorTransform>> = Vec::new();
        for transform in transforms {
            let is_same = |known: &Arc<dyn ColorTransform>| Arc::ptr_eq(known, transform);
            match met.iter().any(|known| is_same(known)) {
                true if !shared.iter().any(is_same) => shared.push(Arc::clone(transform)),
                true => {}
                false => met.push(transform),
            }
        }
        Viewed { shared: Rc::new(shared), last: Rc::default() }
    }

    /// Picture `index`, scaled to `size` (width, height) and then put through `transform`, premultiplied; `threads` do it.
    ///
    /// # Errors
    /// As [`singles::read`].
    pub(super) fn picture(
        &self,
        (source, index, fields): (&SourcePicture<'_>, i64, bool),
        size: (u32, u32),
        transform: &Arc<dyn ColorTransform>,
        threads: usize,
    ) -> Result<RgbaF32> {
        let is_shared = self.shared.iter().any(|known| Arc::ptr_eq(known, transform));
        let picture = (index, fields, std::ptr::from_ref(source.frame).addr());
        if is_shared {
            let mut last = self.last.borrow_mut();
            last.retain(|known| known.picture.0 == index);
            let is_known = |known: &&ViewedPicture| {
                known.picture == picture && known.size == size && Arc::ptr_eq(&known.transform, transform)
            };
            if let Some(known) = last.iter().find(is_known) {
                return Ok(known.image.clone());
            }
        }
        let (mut image, mut alpha) = singles::read(source)?;
        if (image.width, image.height) != size {
            singles::transformed(&mut image, alpha, None, threads);
            image = picture::resample(&image, size.0, size.1);
            alpha = if alpha == Alpha::None { Alpha::None } else { Alpha::Premultiplied };
        }
        singles::transformed(&mut image, alpha, Some(&**transform), threads);
        if is_shared {
            let (transform, image) = (Arc::clone(transform), image.clone());
            self.last.borrow_mut().push(ViewedPicture { picture, size, transform, image });
        }
        Ok(image)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use ffmpeg_next::format::Pixel;
    use ffmpeg_next::frame::Video;

    use super::*;
    use crate::plan::ColorTags;

    #[derive(Debug, Default)]
    struct CountedPictures(AtomicUsize);

    impl ColorTransform for CountedPictures {
        fn apply(&self, pixels: &mut [[f32; 4]]) {
            // The first pixel of a picture is counted; what black becomes is asked for, too.
            self.0.fetch_add(usize::from(pixels.len() > 1), Ordering::Relaxed);
            pixels.iter_mut().for_each(|pixel| pixel[0] += 0.25);
        }
    }

    #[test]
    fn outputs_in_one_view_share_its_pictures_and_others_do_not() {
        let (twice, once) = (Arc::new(CountedPictures::default()), Arc::new(CountedPictures::default()));
        let transforms: [Arc<dyn ColorTransform>; 3] = [twice.clone(), once.clone(), twice.clone()];
        let viewed = Viewed::new(&transforms);
        let mut frames: Vec<Video> = (0..2).map(|_| Video::new(Pixel::GBRPF32LE, 8, 4)).collect();
        for (frame, byte) in frames.iter_mut().zip([0u8, 0x3e]) {
            (0..3).for_each(|plane| frame.data_mut(plane).fill(byte));
        }
        let color = ColorTags { full_range: true, matrix: 0, ..ColorTags::SRGB };
        let mut made = Vec::new();
        for (index, frame) in (0..).zip(&frames) {
            let source = SourcePicture { frame, color, premultiplied: false };
            for transform in &transforms {
                for size in [(8, 4), (4, 2)] {
                    let image = viewed.clone().picture((&source, index, false), size, transform, 2).expect("floats");
                    assert_eq!((image.width, image.height), size);
                    made.push(image.data[0]);
                }
            }
        }
        assert_eq!((twice.0.load(Ordering::Relaxed), once.0.load(Ordering::Relaxed)), (4, 4));
        assert!(made[..6].iter().all(|&red| red == made[0]) && made[6..].iter().all(|&red| red == made[6]));
        assert!(made[0] != made[6]);
    }
}
