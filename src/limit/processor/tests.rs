use super::*;

const CALM: Pressure = Pressure::Waiting(10.0);
const HIGH: Pressure = Pressure::Waiting(90.0);

fn brake(cores: usize, max: Option<usize>) -> Brake {
    Brake::new(Rules { cores, max })
}

fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

#[test]
fn pressure_is_judged_by_its_kind() {
    for (pressure, is_low, is_high) in [
        (Pressure::Waiting(59.9), true, false),
        (Pressure::Waiting(60.0), false, false),
        (Pressure::Waiting(80.0), false, false),
        (Pressure::Waiting(80.1), false, true),
        (Pressure::Busy(84.9), true, false),
        (Pressure::Busy(85.0), false, false),
        (Pressure::Busy(95.0), false, false),
        (Pressure::Busy(95.1), false, true),
    ] {
        assert_eq!((pressure.is_low(), pressure.is_high()), (is_low, is_high), "{pressure:?}");
    }
}

#[test]
fn the_limit_starts_at_twice_the_cores() {
    for (cores, max, limit) in [(4, None, 8), (0, None, 1), (4, Some(3), 3), (4, Some(0), 1), (2_000, None, MAX)] {
        assert_eq!(brake(cores, max).limit(), limit, "{cores}, {max:?}");
    }
}

#[test]
fn a_limit_that_is_full_for_two_seconds_rises_by_a_quarter() {
    let mut brake = brake(4, Some(15));
    let mut limits = vec![];
    for quarter in 0..40 {
        let change = brake.note(CALM, true, 8, ms(250 * quarter));
        limits.extend(change.map(|change| (change.at, change.from, change.to, change.reason)));
    }
    let demand = Reason::Demand;
    let expected = [(2_000, 8, 10, demand), (4_000, 10, 13, demand), (6_000, 13, 15, demand)];
    assert_eq!(limits, expected.map(|(at, from, to, reason)| (ms(at), from, to, reason)));
    assert!(brake.is_at_most());
}

#[test]
fn a_limit_rises_only_without_a_break() {
    for (pressure, is_full) in [(CALM, false), (Pressure::Waiting(70.0), true), (HIGH, true)] {
        let mut brake = brake(4, None);
        for second in 0..20 {
            let (pressure, is_full) = if second % 2 == 0 { (CALM, true) } else { (pressure, is_full) };
            assert_eq!(brake.note(pressure, is_full, 8, Duration::from_secs(second)), None, "{pressure:?}");
        }
    }
}

#[test]
fn a_limit_falls_by_a_fifth_every_three_seconds_down_to_twice_the_cores() {
    let mut brake = brake(1, None);
    brake.limit = 10;
    let mut changes = vec![];
    for quarter in 0..100 {
        changes.extend(brake.note(HIGH, true, 2, ms(250 * quarter)));
    }
    let cuts: Vec<_> = changes.iter().map(|change| (change.at.as_millis(), change.to)).collect();
    assert_eq!(cuts, [(0, 8), (3_000, 6), (6_000, 4), (9_000, 3), (12_000, 2)]);
    assert!(changes.iter().all(|change| change.reason == Reason::Cpu));
}

#[test]
fn a_limit_that_the_use_still_exceeds_is_not_reduced_further() {
    for (in_use, is_reduced) in [(9, true), (10, true), (11, false)] {
        let mut brake = brake(1, None);
        brake.limit = 10;
        assert_eq!(brake.note(HIGH, true, in_use, ms(0)).is_some(), is_reduced, "{in_use}");
    }
}
