//! The flags about what a process may use of its machine.

use clap::Args;
use otio_conflate::{Result, limit_memory, limit_threads};

/// What a process may use of its machine.
#[derive(Debug, Args)]
pub(crate) struct LimitArgs {
    /// Threads that work at the same time, those of decoders and encoders included; 0 is as many as there are cores
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub(crate) threads: usize,
    /// Most memory for data, in bytes or with the suffix K, M, G or T; 0 means no limit
    #[arg(long, value_name = "BYTES", default_value = "0", value_parser = bytes)]
    pub(crate) memory: u64,
}

impl LimitArgs {
    /// Holds this process to them.
    pub(crate) fn apply(&self) -> Result<()> {
        limit_threads(self.threads);
        limit_memory(self.memory)
    }
}

fn bytes(text: &str) -> Result<u64, String> {
    let units = [('K', 10), ('M', 20), ('G', 30), ('T', 40)];
    let unit = units.iter().find_map(|(unit, shift)| Some((text.strip_suffix(*unit)?, *shift)));
    let (number, shift) = unit.unwrap_or((text, 0));
    let bytes = number.parse::<u64>().ok().and_then(|number| number.checked_mul(1 << shift));
    bytes.ok_or_else(|| format!("invalid number of bytes {text:?}; expected a number such as 8000000000 or 8G"))
}
