//! What the IDs of the Color Interop Forum mean as code points of ITU-T H.273, and as chromaticities.

use crate::plan::ColorTags;

/// Full-range RGB of these primaries and this transfer; the matrix is what YUV of it has.
const fn tags(primaries: u8, transfer: u8, matrix: u8) -> ColorTags {
    ColorTags { full_range: true, matrix, primaries, transfer }
}

/// Of displays, and of scenes that are linear in primaries that H.273 knows: ID, and primaries, transfer and matrix.
const TAGGED: [(&str, ColorTags); 21] = [
    ("srgb_rec709_display", tags(1, 13, 1)),
    ("srgb_rec709_scene", tags(1, 13, 1)),
    ("g24_rec709_display", tags(1, 1, 1)),
    ("itu709_rec709_scene", tags(1, 1, 1)),
    ("g22_rec709_display", tags(1, 4, 1)),
    ("g22_rec709_scene", tags(1, 4, 1)),
    ("srgb_p3d65_display", tags(12, 13, 1)),
    ("srgbe_p3d65_display", tags(12, 13, 1)),
    ("srgb_p3d65_scene", tags(12, 13, 1)),
    ("pq_p3d65_display", tags(12, 16, 1)),
    ("pq_rec2020_display", tags(9, 16, 9)),
    ("hlg_rec2020_display", tags(9, 18, 9)),
    ("g24_rec2020_display", tags(9, 14, 9)),
    ("lin_rec709_scene", tags(1, 8, 1)),
    ("lin_rec709_display", tags(1, 8, 1)),
    ("lin_rec709_srgb_scene", tags(1, 8, 1)),
    ("lin_p3d65_scene", tags(12, 8, 1)),
    ("lin_p3d65_display", tags(12, 8, 1)),
    ("lin_rec2020_scene", tags(9, 8, 9)),
    ("lin_rec2020_display", tags(9, 8, 9)),
    ("g26_p3d65_display", tags(12, 17, 1)),
];

/// IDs without code points.
const OTHERS: [&str; 12] = [
    "lin_ap0_scene",
    "lin_ap1_scene",
    "lin_adobergb_scene",
    "lin_ciexyzd65_scene",
    "lin_ciexyzd65_display",
    "g18_rec709_scene",
    "g22_ap1_scene",
    "g22_adobergb_scene",
    "g22_adobergb_display",
    "srgb_ap1_scene",
    "acescct_ap1_scene",
    "ocio:acescct_ap1_scene",
];

/// The tags of an interop ID: `matrix` is that of YUV made of it. `None` for an ID without code points.
pub fn tags_of(interop: &str) -> Option<ColorTags> {
    TAGGED.iter().find(|(id, _)| *id == interop).map(|(_, tags)| *tags)
}

/// Whether a name is an ID of the Color Interop Forum.
pub(super) fn is_interop(name: &str) -> bool {
    OTHERS.contains(&name) || name.contains(':') && name.ends_with("_scene")
}

/// Chromaticities that nobody writes by accident, with the ID of linear light in them: red, green, blue and white, x and y of
/// each. Those of Rec.709 are not among them, since applications write them unasked.
const PRIMARIES: [(&str, [f32; 8]); 5] = [
    ("lin_ap0_scene", [0.7347, 0.2653, 0.0, 1.0, 0.0001, -0.077, 0.32168, 0.33767]),
    ("lin_ap1_scene", [0.713, 0.293, 0.165, 0.83, 0.128, 0.044, 0.32168, 0.33767]),
    ("lin_p3d65_scene", [0.68, 0.32, 0.265, 0.69, 0.15, 0.06, 0.3127, 0.329]),
    ("lin_rec2020_scene", [0.708, 0.292, 0.17, 0.797, 0.131, 0.046, 0.3127, 0.329]),
    ("lin_adobergb_scene", [0.64, 0.33, 0.21, 0.71, 0.15, 0.06, 0.3127, 0.329]),
];

/// The interop ID of linear light with these chromaticities, to a thousandth: x and y of red, green, blue and white.
pub fn interop_of_chromaticities(values: [f32; 8]) -> Option<&'static str> {
    let near = |known: &[f32; 8]| known.iter().zip(values).all(|(known, value)| (known - value).abs() <= 0.001);
    PRIMARIES.iter().find(|(_, known)| near(known)).map(|(id, _)| *id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_told_by_name_and_by_chromaticities() {
        assert_eq!(
            tags_of("pq_rec2020_display").map(|tags| (tags.primaries, tags.transfer, tags.matrix)),
            Some((9, 16, 9))
        );
        assert!(tags_of("lin_ap1_scene").is_none() && is_interop("lin_ap1_scene") && !is_interop("ACEScg"));
        let ap1 = [0.713, 0.293, 0.165, 0.83, 0.128, 0.044, 0.32168, 0.33767];
        assert_eq!(interop_of_chromaticities(ap1), Some("lin_ap1_scene"));
        assert_eq!(interop_of_chromaticities([0.64, 0.33, 0.3, 0.6, 0.15, 0.06, 0.3127, 0.329]), None, "Rec.709");
    }
}
