use super::*;

const MACHINE: Machine = Machine { available: 3_000, total: 10_000 };
const FIXED: Rules = Rules { budget: None, reserve: Some(Amount::Bytes(500)) };

fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

fn assert_close(is: f64, expected: f64, of: &str) {
    assert!((is - expected).abs() < 1e-6, "{of}: {is}, not {expected}");
}

#[test]
fn the_reserve_is_a_tenth_or_the_learnt_fall_or_fixed() {
    let rules = |reserve| Rules { budget: None, reserve };
    for (reserve, fall, expected) in [
        (None, 0.0, 1_000.0),
        (None, 999.0, 1_000.0),
        (None, 4_400.0, 4_400.0),
        (Some(Amount::Bytes(70)), 4_400.0, 70.0),
        (Some(Amount::Percent(2.5)), 4_400.0, 250.0),
    ] {
        assert_close(rules(reserve).reserve(MACHINE.total, fall), expected, &format!("{reserve:?}, {fall}"));
    }
}

#[test]
fn room_is_what_stays_when_all_have_grown() {
    let of = |mean, variance| Estimate { mean, variance };
    let budget = |amount| Rules { budget: Some(amount), ..FIXED };
    for (running, rules, expected) in [
        (&[][..], FIXED, 2_500.0),
        // Memory in use is not available any more, so that only the growth counts.
        (&[(of(400.0, 0.0), 300)], FIXED, 2_400.0),
        (&[(of(400.0, 0.0), 900)], FIXED, 2_500.0),
        // Three deviations of the sum, not of each.
        (&[(of(100.0, 900.0), 0), (of(100.0, 1_600.0), 0)], FIXED, 2_500.0 - 200.0 - 150.0),
        // A process that has grown half way is half the risk; a grown one is none.
        (&[(of(100.0, 800.0), 50)], FIXED, 2_500.0 - 50.0 - 60.0),
        (&[(of(100.0, 800.0), 100)], FIXED, 2_500.0),
        (&[(of(400.0, 0.0), 300)], budget(Amount::Bytes(450)), 50.0),
        (&[(of(400.0, 0.0), 300)], budget(Amount::Percent(3.0)), -100.0),
        (&[(of(400.0, 0.0), 300)], budget(Amount::Percent(90.0)), 2_400.0),
    ] {
        let load = running.iter().fold(Load::default(), |load, (estimate, used)| load.with(*estimate, *used));
        assert_close(load.room(MACHINE, 0.0, &rules), expected, &format!("{running:?}, {rules:?}"));
        let gone = running.iter().fold(load, |load, (estimate, used)| load.without(*estimate, *used));
        assert_eq!(gone, Load::default(), "{running:?}");
    }
}

#[test]
fn the_largest_fall_within_ten_seconds_is_learnt() {
    for (levels, expected) in [
        (&[(0, 4_000)][..], 0.0),
        (&[(0, 4_000), (250, 5_000), (500, 5_000)], 0.0),
        // One reading alone may show a process that is exiting.
        (&[(0, 4_000), (250, 3_000)], 0.0),
        (&[(0, 4_000), (250, 3_000), (500, 4_000)], 0.0),
        (&[(0, 4_000), (250, 3_000), (500, 3_100)], 900.0),
        // The same fall, step by step.
        (&[(0, 4_000), (4_000, 3_500), (8_000, 3_000), (10_000, 2_900)], 1_000.0),
        // More slowly than within ten seconds.
        (&[(0, 4_000), (6_000, 3_800), (12_000, 3_600), (18_000, 3_400)], 200.0),
        (&[(0, 4_000), (5_000, 3_000), (10_000, 3_000), (15_000, 3_500), (20_000, 3_500)], 1_000.0),
        (&[(0, 4_000), (3_600_000, 1_000), (3_600_250, 1_000)], 0.0),
    ] {
        let mut falls = Falls::default();
        for (at, level) in levels {
            falls.note(f64::from(*level), ms(*at));
        }
        assert_close(falls.expected(9_000.0, falls.largest.at), expected, &format!("{levels:?}"));
    }
}

fn fallen(from: f64, to: f64) -> Falls {
    let mut falls = Falls::default();
    for (at, level) in [(0, from), (250, to), (500, to)] {
        falls.note(level, ms(at));
    }
    falls
}

#[test]
fn a_learnt_fall_is_halved_every_ten_minutes() {
    let falls = fallen(5_000.0, 3_000.0);
    for (minutes, expected) in [(0, 2_000.0), (9, 2_000.0), (10, 1_000.0), (20, 500.0), (60, 31.25)] {
        assert_close(falls.expected(9_000.0, ms(500) + Duration::from_mins(minutes)), expected, "halved");
    }
}

#[test]
fn a_fall_that_comes_again_is_remembered_anew() {
    for (to, expected) in [(3_500.0, 1_000.0), (3_150.0, 2_000.0), (2_500.0, 2_500.0)] {
        let mut falls = fallen(5_000.0, 3_000.0);
        let later = Duration::from_mins(9);
        for (at, level) in [(0, 5_000.0), (250, to), (500, to)] {
            falls.note(level, later + ms(at));
        }
        assert_close(falls.expected(9_000.0, later + Duration::from_mins(9)), expected, &format!("to {to}"));
    }
}

#[test]
fn a_fall_is_expected_down_to_its_bottom_or_half_of_the_level() {
    let falls = fallen(5_000.0, 2_000.0);
    for (level, expected) in [
        (9_000.0, 3_000.0),
        (5_000.0, 3_000.0),
        (4_500.0, 2_500.0),
        // At the bottom, half of it.
        (2_000.0, 1_000.0),
        (1_000.0, 500.0),
    ] {
        assert_close(falls.expected(level, ms(500)), expected, &format!("at {level}"));
    }
}

#[test]
fn a_smaller_fall_counts_once_the_greater_one_has_faded() {
    let mut falls = fallen(5_000.0, 3_000.0);
    let later = Duration::from_mins(30);
    for (at, level) in [(0, 5_000.0), (250, 4_700.0), (500, 4_700.0)] {
        falls.note(level, later + ms(at));
    }
    assert_close(falls.expected(9_000.0, later + ms(500)), 300.0, "faded");
}

#[test]
fn the_kept_levels_are_bounded() {
    let mut falls = Falls::default();
    let mut level = 1e9;
    for at in 0..100_000 {
        level -= 1.0;
        falls.note(level, ms(at));
        assert!(falls.levels.len() <= 52);
    }
}
