//! Redis away.

use super::*;

fn started(bench: &mut Bench) -> Vec<CallId> {
    let ids = bench.take_effects().into_iter().filter_map(|effect| match effect {
        Effect::Granted { id, fence: None, ticket: None } => Some(id),
        _ => None,
    });
    ids.collect()
}

#[test]
fn a_process_waits_two_seconds_and_then_limits_itself_to_its_share() {
    let mut bench = Bench::joined(OnUnreachable::Local);
    bench.start(1);
    bench.take_effects();
    bench.disconnect();
    for id in 2..=5 {
        bench.acquire(id, "s");
    }
    bench.pass(1999);
    assert_eq!(bench.take_effects(), []);
    bench.pass(2000);
    let local = Mode::Local { share: 2, reason: "gone".into() };
    let effects = bench.take_effects();
    assert_eq!(effects[0], Effect::Mode(local));
    assert_eq!(
        effects[1],
        Effect::Granted { id: 2, fence: None, ticket: None },
        "4 slots for 2 processes, one is held"
    );
    assert_eq!(effects.len(), 2);
    bench.on(|client, now| client.release(2, now));
    assert_eq!(started(&mut bench), [3]);
    // Calls that hold slots go on beyond the lease.
    bench.pass(3 * LEASE);
    assert_eq!(bench.take_effects(), []);
    bench.connect();
    bench.reply_unknown();
    bench.join();
    assert_eq!(bench.take_effects(), [Effect::Mode(Mode::Fleet)]);
    let back = |id, fence| Reclaim { id, server: "s".into(), cost: 1, fence };
    assert_eq!(bench.reply(Detail::None, vec![]), Command::Reclaim(vec![back(1, Some(101)), back(3, None)]));
    assert_eq!(bench.next().1, Command::Acquire(vec![ask(4, None), ask(5, None)]));
}

#[test]
fn a_new_limit_changes_the_share() {
    let mut bench = Bench::joined(OnUnreachable::Local);
    bench.disconnect();
    bench.pass(2000);
    bench.take_effects();
    bench.on(|client, now| client.resize(6, now));
    assert_eq!(bench.take_effects(), [Effect::Mode(Mode::Local { share: 3, reason: "gone".into() })]);
}

#[test]
fn a_process_that_redis_never_answered_has_one_slot() {
    let mut bench = Bench::new(OnUnreachable::Local);
    for id in 1..=3 {
        bench.acquire(id, "s");
    }
    bench.pass(2000);
    assert_eq!(started(&mut bench), [1]);
    for next in [2, 3] {
        bench.on(|client, now| client.release(next - 1, now));
        assert_eq!(started(&mut bench), [next]);
    }
}

#[test]
fn a_share_has_the_limits_rates_and_pauses_of_servers() {
    let mut bench = Bench::joined(OnUnreachable::Local);
    bench.disconnect();
    bench.pass(2000);
    for (id, server) in [(1, "limited"), (2, "rated"), (3, "rated"), (4, "rated")] {
        bench.acquire(id, server);
        bench.on(|client, now| client.sent(id, now));
        bench.on(|client, now| client.release(id, now));
    }
    assert_eq!(started(&mut bench), [1, 2, 3], "a rate of 4 for 2 processes is 2");
    bench.pass(2101);
    assert_eq!(started(&mut bench), [4]);
    bench.on(|client, now| client.release(4, now));
    bench.on(|client, now| client.pause("s", ms(500), now));
    bench.acquire(5, "s");
    bench.pass(2600);
    assert!(started(&mut bench).is_empty());
    bench.pass(2602);
    assert_eq!(started(&mut bench), [5]);
    // A call that costs more than the share of its server runs alone there.
    bench.on(|client, now| client.release(5, now));
    bench.on(|client, now| client.acquire(6, "limited", 4, now));
    assert_eq!(started(&mut bench), [6]);
}

#[test]
fn refused_calls_get_the_reason_and_held_ones_their_lease() {
    let mut bench = Bench::joined(OnUnreachable::Refuse);
    bench.start(1);
    bench.take_effects();
    bench.disconnect();
    bench.acquire(2, "s");
    bench.pass(2000);
    let refused = |id| Effect::Refused { id, reason: "gone".into() };
    assert_eq!(bench.take_effects(), [Effect::Mode(Mode::Unreachable { reason: "gone".into() }), refused(2)]);
    bench.acquire(3, "s");
    assert_eq!(bench.take_effects(), [refused(3)]);
    bench.pass(LEASE);
    assert_eq!(bench.take_effects(), [lost(1)]);
    bench.connect();
    bench.reply_unknown();
    bench.join();
    assert_eq!(bench.take_effects(), [Effect::Mode(Mode::Fleet)]);
    assert_eq!(bench.in_flight, [], "a lost call is not taken back");
}

#[test]
fn a_stopped_process_loses_its_calls_whatever_the_settings_say() {
    for on_unreachable in [OnUnreachable::Local, OnUnreachable::Refuse] {
        let mut bench = Bench::joined(on_unreachable);
        bench.start(1);
        bench.take_effects();
        bench.pass(900);
        bench.now = ms(3 * LEASE);
        bench.on(Client::tick);
        assert_eq!(bench.take_effects().first(), Some(&lost(1)));
    }
    // The answer to a heartbeat of before the stop brings nothing back.
    let mut bench = Bench::joined(OnUnreachable::Local);
    bench.start(1);
    bench.pass(1000);
    bench.take_effects();
    bench.now = ms(3 * LEASE);
    let (number, _) = bench.next();
    let answer = bench.answer(holders(None, vec![held(1)]), vec![]);
    bench.on(|client, now| client.answered(number, Ok(answer), now));
    assert_eq!(bench.take_effects().first(), Some(&lost(1)));
}

#[test]
fn a_silent_or_failing_redis_costs_the_connection() {
    let mut bench = Bench::joined(OnUnreachable::Refuse);
    bench.pass(2000);
    let reason = "no answer for 1000 ms";
    assert_eq!(bench.take_effects(), [Effect::Reconnect { reason: reason.into() }]);
    // The silence counts from the time at which the heartbeat was sent.
    bench.pass(2999);
    assert_eq!(bench.take_effects(), []);
    bench.pass(3000);
    assert_eq!(bench.take_effects(), [Effect::Mode(Mode::Unreachable { reason: reason.into() })]);
    bench.connect();
    bench.beat(vec![]);
    bench.take_effects();
    bench.acquire(1, "s");
    let (number, _) = bench.next();
    bench.on(|client, now| client.answered(number, Err(Failure("OOM".into())), now));
    assert_eq!(bench.take_effects(), [Effect::Reconnect { reason: "OOM".into() }]);
    bench.connect();
    bench.beat(vec![]);
    assert_eq!(bench.next().1, Command::Acquire(vec![ask(1, None)]));
}

#[test]
fn releases_that_a_broken_connection_swallowed_go_out_again() {
    let mut bench = Bench::joined(OnUnreachable::Refuse);
    bench.start(1);
    bench.start(2);
    bench.on(|client, now| client.release(1, now));
    bench.disconnect();
    bench.on(|client, now| client.release(2, now));
    bench.connect();
    bench.beat(vec![held(1), held(2)]);
    assert_eq!(bench.next().1, Command::Release(vec![1, 2]));
}
