//! Digests of data as text: what tells that something is still the same.

use std::fmt::Debug;

use serde::Serialize;
use sha2::{Digest as _, Sha256};

/// The first `digits` hexadecimal digits of the SHA-256 of `data`; an even number, at most 64.
pub(crate) fn digest(data: impl AsRef<[u8]>, digits: usize) -> String {
    Sha256::digest(data).iter().take(digits / 2).map(|byte| format!("{byte:02x}")).collect()
}

/// `value` as the bytes that its digest is of: its JSON, or where it has none, since a path in it is no text, its fields.
pub(crate) fn bytes(value: &(impl Serialize + Debug)) -> Vec<u8> {
    serde_json::to_vec(value).unwrap_or_else(|_| format!("{value:?}").into_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_digest_is_the_start_of_sha_256() {
        // FIPS 180-4, the message "abc".
        let whole = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(digest("abc", 64), whole);
        assert_eq!(digest("abc", 16), whole[..16]);
    }

    #[cfg(unix)]
    #[test]
    fn what_has_no_json_is_told_apart_all_the_same() {
        use std::os::unix::ffi::OsStrExt as _;
        let path = |last: u8| std::path::PathBuf::from(std::ffi::OsStr::from_bytes(&[b'a', last]));
        assert_eq!(bytes(&path(b'b')), b"\"ab\"");
        assert_ne!(bytes(&path(0xff)), bytes(&path(0xfe)));
    }
}
