use super::*;

const MIB: u64 = 1024 * 1024;

fn learnt(peaks: &[u64]) -> Estimate {
    let mut learnt = Peaks::default();
    for (process, peak) in (1..).zip(peaks) {
        learnt.note(process, *peak);
    }
    learnt.estimate()
}

#[test]
fn the_estimate_follows_from_the_last_peaks() {
    let falling: Vec<u64> = [vec![300; 6], vec![100; 24]].concat();
    let rising: Vec<u64> = [vec![100; 25], vec![160; 5]].concat();
    for (peaks, mean, variance) in [
        (&[][..], UNKNOWN, 0.0),
        // Too few for a variance: a quarter of the mean. Too few for a mean: the highest.
        (&[100], 100.0, 625.0),
        (&[100, 60], 100.0, 625.0),
        (&[90, 100, 110], 110.0, 100.0),
        (&[90, 100, 110, 90, 110], 100.0, 100.0),
        (&[100; 30], 100.0, 0.0),
        (&falling, 140.0, 192_000.0 / 29.0),
        (&rising, 160.0, 15_000.0 / 29.0),
    ] {
        let Estimate { mean: is, variance: spread } = learnt(peaks);
        assert!((is - mean).abs() < 1e-6 && (spread - variance).abs() < 1e-6, "{peaks:?}: {is}, {spread}");
    }
}

#[test]
fn only_the_last_peaks_are_kept() {
    let mut peaks = Peaks::default();
    assert!(peaks.is_empty());
    for process in 1..=1_000 {
        peaks.note(process, if process <= 970 { 900 * MIB } else { MIB });
    }
    assert_eq!(peaks.len(), KEPT);
    assert_eq!(peaks.estimate(), Estimate { mean: bytes(MIB), variance: 0.0 });
}

#[test]
fn a_process_has_one_peak_and_it_only_rises() {
    let mut peaks = Peaks::default();
    for peak in [100, 300, 200] {
        peaks.note(7, peak);
        assert_eq!(peaks.len(), 1);
    }
    assert_eq!(peaks.estimate(), learnt(&[300]));
}

#[test]
fn a_peak_beyond_two_deviations_outgrows_the_estimate() {
    let estimate = Estimate { mean: 100.0, variance: 25.0 };
    for (peak, is_outgrown) in [(0, false), (100, false), (110, false), (111, true)] {
        assert_eq!(estimate.is_outgrown(peak), is_outgrown, "{peak}");
    }
}
