//! Pixels: frame views, over, dissolve, placement. Knows no timeline and no FFmpeg.
