//! Several questions at once: the more are asked, the more likely one of them is answered wrongly.

/// Chances corrected for their number, in the same order: S. Holm, "A simple sequentially rejective multiple test procedure",
/// Scandinavian Journal of Statistics 6 (1979), 65-70. Whatever is below 5 % of these is so with at most 5 % of a mistake among all of them.
pub fn corrected(chances: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..chances.len()).collect();
    order.sort_by(|one, other| chances[*one].total_cmp(&chances[*other]));
    let mut corrected = vec![1.0; chances.len()];
    let mut highest: f64 = 0.0;
    for (rank, index) in order.into_iter().enumerate() {
        highest = highest.max(chances[index] * (chances.len() - rank) as f64).min(1.0);
        corrected[index] = highest;
    }
    corrected
}

#[cfg(test)]
mod tests {
    use super::corrected;

    #[test]
    fn chances_are_corrected_as_in_the_published_procedure() {
        let close = |ours: &[f64], wanted: &[f64]| {
            assert!(
                ours.len() == wanted.len() && ours.iter().zip(wanted).all(|(a, b)| (a - b).abs() < 1e-12),
                "{ours:?}"
            );
        };
        close(&corrected(&[0.01, 0.04, 0.03, 0.005]), &[0.03, 0.06, 0.06, 0.02]);
        close(&corrected(&[0.9, 0.8]), &[1.0, 1.0]);
        close(&corrected(&[0.02]), &[0.02]);
        close(&corrected(&[]), &[]);
    }
}
