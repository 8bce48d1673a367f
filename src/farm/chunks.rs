//! Chunks of shots of about equal cost.

/// Splits things with these costs, in their order, into `chunks` pieces in a row of about equal cost, none of them empty
/// where there are enough things: the end of each, counted from 0. What lies side by side stays together as far as that
/// allows: whoever orders things by their media gets chunks that share them.
pub(super) fn ends(costs: &[f64], chunks: usize) -> Vec<usize> {
    let chunks = chunks.max(1);
    let mut ends = Vec::with_capacity(chunks);
    let (mut start, mut left): (usize, f64) = (0, costs.iter().sum());
    for chunk in 0..chunks {
        let after = chunks - chunk - 1;
        let share = left / (after + 1) as f64;
        let most = costs.len().saturating_sub(after).max(start + 1).min(costs.len());
        let (mut end, mut sum) = (start, 0.0);
        // The thing that crosses the share belongs to it if more than half of it lies inside.
        while end < most && (end == start || after == 0 || sum + costs[end] / 2.0 < share) {
            sum += costs[end];
            end += 1;
        }
        left -= sum;
        start = end;
        ends.push(end);
    }
    ends
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sums(costs: &[f64], chunks: usize) -> Vec<f64> {
        let mut start = 0;
        let sum = |end| {
            let sum = costs[start..end].iter().sum();
            start = end;
            sum
        };
        ends(costs, chunks).into_iter().map(sum).collect()
    }

    #[test]
    fn chunks_cost_about_the_same() {
        let costs: Vec<f64> = (0..1000).map(|index| 1.0 + f64::from(index * 7919 % 13)).collect();
        let (total, dearest) = (costs.iter().sum::<f64>(), 13.0);
        for chunks in [1, 2, 7, 40, 250] {
            let sums = sums(&costs, chunks);
            assert_eq!(sums.len(), chunks);
            let mean = total / chunks as f64;
            assert!(sums.iter().all(|sum| (sum - mean).abs() <= dearest), "{chunks}: {sums:?}");
            assert_eq!(ends(&costs, chunks).last(), Some(&costs.len()));
        }
    }

    #[test]
    fn no_chunk_is_empty_while_there_are_enough_shots() {
        assert_eq!(ends(&[100.0, 1.0, 1.0], 3), [1, 2, 3]);
        assert_eq!(ends(&[1.0, 1.0, 100.0], 3), [1, 2, 3]);
        assert_eq!(ends(&[0.0, 0.0], 2), [1, 2]);
        assert_eq!(ends(&[1.0], 3), [1, 1, 1]);
        assert_eq!(ends(&[], 2), [0, 0]);
    }
}
