//! Loudspeakers, and which channel goes to which of them: the matrices of ITU-R BS.775.

use std::f32::consts::FRAC_1_SQRT_2;

use super::Samples;

/// Where a channel is heard.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Speaker {
    /// In front, to the left.
    Left,
    /// In front, to the right.
    Right,
    /// In front, in the middle. A mono signal is one of these.
    Center,
    /// Low frequencies alone.
    Lfe,
    /// At the left side; in layouts with one pair of surrounds, that.
    SideLeft,
    /// At the right side.
    SideRight,
    /// Behind, to the left.
    BackLeft,
    /// Behind, to the right.
    BackRight,
    /// Behind, in the middle.
    BackCenter,
    /// Nobody says where.
    Unknown,
}

use Speaker::{BackCenter, BackLeft, BackRight, Center, Left, Lfe, Right, SideLeft, SideRight, Unknown};

/// The speakers that `channels` channels without a label are taken for: mono, stereo, 3.0, 4.0, 5.0, 5.1, 6.1, 7.1. Of
/// any other number nobody can tell.
pub fn default_speakers(channels: usize) -> Vec<Speaker> {
    let known: &[Speaker] = match channels {
        1 => &[Center],
        2 => &[Left, Right],
        3 => &[Left, Right, Center],
        4 => &[Left, Right, Center, BackCenter],
        5 => &[Left, Right, Center, SideLeft, SideRight],
        6 => &[Left, Right, Center, Lfe, SideLeft, SideRight],
        7 => &[Left, Right, Center, Lfe, BackCenter, SideLeft, SideRight],
        8 => &[Left, Right, Center, Lfe, BackLeft, BackRight, SideLeft, SideRight],
        _ => return vec![Unknown; channels],
    };
    known.to_vec()
}

/// How much of each channel that goes in each channel that comes out gets.
#[derive(Debug, Clone, PartialEq)]
pub struct Matrix {
    /// One row per channel that comes out, one column per channel that goes in.
    rows: Vec<Vec<f32>>,
}

impl Matrix {
    /// From channels at `from` to channels at `to`. What has its own speaker goes there as it is; what has none is
    /// spread over its neighbours as ITU-R BS.775 does: the centre at −3 dB to left and right, surrounds at −3 dB to the
    /// side they are on. Low frequencies without a speaker of their own are left out. Nothing is normalised.
    pub fn between(from: &[Speaker], to: &[Speaker]) -> Matrix {
        let rows = vec![vec![0.0; from.len()]; to.len()];
        let mut matrix = Matrix { rows };
        for (column, &speaker) in from.iter().enumerate() {
            matrix.place(column, speaker, 1.0, to);
        }
        matrix
    }

    /// The matrix that leaves everything as it is.
    pub fn identity(channels: usize) -> Matrix {
        let row = |out: usize| (0..channels).map(|column| if column == out { 1.0 } else { 0.0 }).collect();
        Matrix { rows: (0..channels).map(row).collect() }
    }

    fn place(&mut self, column: usize, speaker: Speaker, gain: f32, to: &[Speaker]) {
        if let Some(row) = to.iter().position(|&other| other == speaker) {
            self.rows[row][column] += gain;
            return;
        }
        let has = |speaker| to.contains(&speaker);
        let part = gain * FRAC_1_SQRT_2;
        let targets: &[(Speaker, f32)] = match speaker {
            // Everything goes to a single speaker: left and right at −3 dB, surrounds once more.
            Left | Right if has(Center) => &[(Center, part)],
            Center => &[(Left, part), (Right, part)],
            SideLeft if has(BackLeft) => &[(BackLeft, gain)],
            SideRight if has(BackRight) => &[(BackRight, gain)],
            BackLeft if has(SideLeft) => &[(SideLeft, gain)],
            BackRight if has(SideRight) => &[(SideRight, gain)],
            SideLeft | BackLeft => &[(Left, part)],
            SideRight | BackRight => &[(Right, part)],
            BackCenter if has(BackLeft) => &[(BackLeft, part), (BackRight, part)],
            BackCenter if has(SideLeft) => &[(SideLeft, part), (SideRight, part)],
            BackCenter => &[(Left, part * FRAC_1_SQRT_2), (Right, part * FRAC_1_SQRT_2)],
            Left | Right | Lfe | Unknown => &[],
        };
        for &(target, gain) in targets {
            self.place(column, target, gain, to);
        }
    }

    /// The matrix that nothing comes out of.
    pub fn silent(outputs: usize, inputs: usize) -> Matrix {
        Matrix { rows: vec![vec![0.0; inputs]; outputs] }
    }

    /// Whether nothing comes out of it.
    pub fn is_silent(&self) -> bool {
        self.rows.iter().flatten().all(|gain| *gain == 0.0)
    }

    /// Lets channel `input` go where channel `column` of `other` goes.
    pub fn route(&mut self, input: usize, other: &Matrix, column: usize) {
        for (row, from) in self.rows.iter_mut().zip(&other.rows) {
            row[input] += from[column];
        }
    }

    /// The matrix of channel `column` alone.
    #[must_use]
    pub fn column(&self, column: usize) -> Matrix {
        let mut alone = Matrix::silent(self.rows.len(), 1);
        alone.route(0, self, column);
        alone
    }

    /// What the channels of `input` become.
    pub fn apply(&self, input: Samples) -> Samples {
        if *self == Matrix::identity(input.channels()) {
            return input;
        }
        let mut output = Samples::silence(self.rows.len(), input.len());
        for (out, row) in self.rows.iter().enumerate() {
            for (column, &gain) in row.iter().enumerate().take(input.channels()) {
                if gain == 0.0 {
                    continue;
                }
                for (sample, more) in output.plane_mut(out).iter_mut().zip(input.plane(column)) {
                    *sample += gain * more;
                }
            }
        }
        output
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gains(from: usize, to: usize) -> Vec<Vec<f32>> {
        Matrix::between(&default_speakers(from), &default_speakers(to)).rows
    }

    const H: f32 = FRAC_1_SQRT_2;

    #[test]
    fn five_channels_become_two_as_the_recommendation_says() {
        assert_eq!(gains(6, 2), [[1.0, 0.0, H, 0.0, H, 0.0], [0.0, 1.0, H, 0.0, 0.0, H]]);
        assert_eq!(gains(8, 2)[0], [1.0, 0.0, H, 0.0, H, 0.0, H, 0.0]);
    }

    #[test]
    fn what_has_its_speaker_goes_there_untouched() {
        for channels in 1..=8 {
            let matrix = Matrix::between(&default_speakers(channels), &default_speakers(channels));
            assert_eq!(matrix, Matrix::identity(channels), "{channels}");
        }
        assert_eq!(gains(2, 6)[..2], [[1.0, 0.0], [0.0, 1.0]]);
        assert_eq!(gains(1, 2), [[H], [H]]);
        assert_eq!(gains(1, 6)[2], [1.0]);
    }

    #[test]
    fn one_speaker_gets_both_sides_and_the_surrounds_more_softly() {
        let mono = &gains(6, 1)[0];
        assert_eq!(mono[..4], [H, H, 1.0, 0.0]);
        assert!((mono[4] - 0.5).abs() < 1e-6 && (mono[5] - 0.5).abs() < 1e-6);
    }
}
