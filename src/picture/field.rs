//! Fields: every second line of a picture.

use super::Rgba16;

/// Every second line of an image, from the first or from the second on.
pub(crate) fn field(image: &Rgba16, second: bool) -> Rgba16 {
    let row = image.width as usize * 4;
    let lines = image.data.chunks_exact(row.max(1)).skip(usize::from(second)).step_by(2);
    let data: Vec<u16> = lines.flatten().copied().collect();
    Rgba16 { width: image.width, height: (image.height + u32::from(!second)) / 2, data }
}

/// Writes a field, an image of half the height, into every second line of `image`.
pub(crate) fn weave(field: &Rgba16, image: &mut Rgba16, second: bool) {
    let row = (image.width as usize * 4).max(1);
    let lines = image.data.chunks_exact_mut(row).skip(usize::from(second)).step_by(2);
    for (line, source) in lines.zip(field.data.chunks_exact(row)) {
        line.copy_from_slice(source);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_make_up_the_picture_they_come_from() {
        let data: Vec<u16> = (0..2 * 5 * 4).collect();
        let image = Rgba16 { width: 2, height: 5, data };
        let (first, second) = (field(&image, false), field(&image, true));
        assert_eq!((first.height, second.height), (3, 2));
        assert_eq!((first.data[8], second.data[0]), (16, 8));
        let mut woven = Rgba16::transparent(2, 5);
        weave(&first, &mut woven, false);
        weave(&second, &mut woven, true);
        assert_eq!(woven, image);
    }
}
