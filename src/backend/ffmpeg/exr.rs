//! Whether an OpenEXR file is all there.
//!
//! FFmpeg's decoder leaves lines black that a file was cut before, and says nothing. A render that was interrupted
//! leaves just such files, so the table of chunks is checked first (OpenEXR file layout: magic, version, headers,
//! offset tables, chunks).

/// Bits of the version field.
const TILED: u32 = 0x200;
const DEEP: u32 = 0x800;
const MULTIPART: u32 = 0x1000;

/// Whether every chunk that the file's offset table promises lies within the file. Files of a kind that FFmpeg
/// refuses anyway pass.
pub(crate) fn is_whole(data: &[u8]) -> bool {
    check(data).unwrap_or(false)
}

/// `None`: the file ends where something should be.
fn check(data: &[u8]) -> Option<bool> {
    let version = u32_at(data, 4)?;
    if version & DEEP != 0 {
        return Some(true);
    }
    let multipart = version & MULTIPART != 0;
    let mut position = 8;
    loop {
        position = after_header(data, position)?;
        if !multipart {
            break;
        }
        // An empty header ends the list of parts.
        if *data.get(position)? == 0 {
            position += 1;
            break;
        }
    }
    let chunk_head = if multipart {
        None
    } else if version & TILED != 0 {
        Some(16)
    } else {
        Some(4)
    };
    // The table is as long as the space in front of the first chunk.
    let mut first = data.len();
    if position >= first {
        return Some(false);
    }
    while position < first {
        let offset = usize::try_from(u64::from_le_bytes(data.get(position..position + 8)?.try_into().ok()?)).ok()?;
        position += 8;
        if offset == 0 || offset >= data.len() {
            return Some(false);
        }
        first = first.min(offset);
        if let Some(head) = chunk_head {
            let size = usize::try_from(u32_at(data, offset.checked_add(head)?)?).ok()?;
            if offset.checked_add(head + 4)?.checked_add(size)? > data.len() {
                return Some(false);
            }
        }
    }
    Some(true)
}

/// The position after a header: attributes of name, type, size and value, ended by an empty name.
fn after_header(data: &[u8], mut position: usize) -> Option<usize> {
    loop {
        let name = text_length(data, position)?;
        position += name + 1;
        if name == 0 {
            return Some(position);
        }
        position += text_length(data, position)? + 1;
        let size = usize::try_from(u32_at(data, position)?).ok()?;
        position = position.checked_add(4)?.checked_add(size)?;
    }
}

fn text_length(data: &[u8], position: usize) -> Option<usize> {
    data.get(position..)?.iter().position(|byte| *byte == 0)
}

fn u32_at(data: &[u8], position: usize) -> Option<u32> {
    Some(u32::from_le_bytes(data.get(position..position.checked_add(4)?)?.try_into().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A file of two chunks of five bytes each.
    fn sample() -> Vec<u8> {
        let mut data = vec![0x76, 0x2f, 0x31, 0x01, 2, 0, 0, 0];
        data.extend_from_slice(b"compression\0compression\0\x01\0\0\0\0");
        data.push(0);
        let chunks = data.len() as u64 + 16;
        data.extend_from_slice(&chunks.to_le_bytes());
        data.extend_from_slice(&(chunks + 13).to_le_bytes());
        for line in 0u32..2 {
            data.extend_from_slice(&line.to_le_bytes());
            data.extend_from_slice(&5u32.to_le_bytes());
            data.extend_from_slice(b"12345");
        }
        data
    }

    #[test]
    fn a_file_is_whole_or_it_is_not() {
        let data = sample();
        assert!(is_whole(&data));
        for length in 0..data.len() {
            assert!(!is_whole(&data[..length]), "cut to {length}");
        }
    }

    #[test]
    fn a_chunk_that_was_never_written_is_missed() {
        let mut data = sample();
        let second = data.len() - 26 - 8;
        data[second..second + 8].fill(0);
        assert!(!is_whole(&data));
    }
}
