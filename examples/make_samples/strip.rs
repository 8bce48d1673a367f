//! The row of black and white blocks along the bottom of every sample frame: medium and frame number, for programs.

/// The media, by the name their files begin with. A medium's place in this list is its number in the blocks.
pub(crate) const MEDIA: [&str; 8] =
    ["quay_t3", "ferry_t1", "gulls_t2", "lamp_insert", "drone_25fps", "A003C007", "lighthouse", "fog"];

/// How many blocks there are: 4 for the medium, 12 for the frame number, and then all of them turned over.
pub(crate) const BLOCKS: usize = 32;

/// How many lines of a picture of `height` lines the blocks take up.
pub(crate) fn lines(height: usize) -> usize {
    height / 30
}

/// The blocks of frame `number` of the medium that `file` belongs to, from left to right, `true` for white. `None` if
/// the file is none of the numbered media.
pub(crate) fn blocks(file: &str, number: i64) -> Option<[bool; BLOCKS]> {
    let name = file.rsplit(['/', '\\']).next()?.split('.').next()?;
    let medium = MEDIA.iter().position(|known| *known == name)?;
    let code = u64::try_from(number).ok()? & 0xfff | (medium as u64) << 12;
    Some(std::array::from_fn(|block| if block < 16 { code >> block & 1 == 1 } else { code >> (block - 16) & 1 == 0 }))
}
