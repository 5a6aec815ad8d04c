use super::*;
use crate::fleet::script::{Ask, Detail, Grant, Held, LimitsFound, ProcessInfo, Reclaim, ServerLimits, Terms, Ticket};
use crate::limit::calls::{Limits, Rate};

mod away;

const LEASE: u64 = 5000;
const USAGE: Usage = Usage { limit: 4, in_use: 3, waiting: 2 };

const fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

fn options(limit: u32, on_unreachable: OnUnreachable) -> Options {
    let rate = Some(Rate { limit: 4, interval: ms(100) });
    let rated = ServerLimits { server: "rated".into(), limits: Limits { limit: None, rate } };
    let limited = ServerLimits { server: "limited".into(), limits: Limits { limit: Some(4), rate: None } };
    Options {
        terms: Terms { limit, servers: vec![limited, rated] },
        lease: ms(LEASE),
        kill_grace: ms(200),
        on_unreachable,
        info: ProcessInfo::default(),
    }
}

/// A client, and Redis as far as a test plays it.
struct Bench {
    client: Client,
    now: Duration,
    in_flight: VecDeque<(RequestNumber, Command)>,
    effects: Vec<Effect>,
    epoch: Epoch,
    processes: u32,
}

impl Bench {
    fn new(on_unreachable: OnUnreachable) -> Self {
        let options = options(4, on_unreachable);
        options.check().expect("a lease");
        let client = Client::new(ProcessId::new("p").expect("an id"), options, ms(0));
        let mut bench =
            Self { client, now: ms(0), in_flight: VecDeque::new(), effects: Vec::new(), epoch: 1, processes: 2 };
        bench.take();
        bench
    }

    /// Makes a bench whose client has joined at 0.
    fn joined(on_unreachable: OnUnreachable) -> Self {
        let mut bench = Self::new(on_unreachable);
        bench.connect();
        bench.join();
        bench.effects.clear();
        bench
    }

    fn take(&mut self) {
        for effect in self.client.take_effects() {
            match effect {
                Effect::Send { number, command } => self.in_flight.push_back((number, command)),
                other => self.effects.push(other),
            }
        }
    }

    fn on(&mut self, event: impl FnOnce(&mut Client, Duration)) {
        event(&mut self.client, self.now);
        self.take();
    }

    /// Ticks whenever the client wants to, until a time.
    fn pass(&mut self, until: u64) {
        while let Some(wake) = self.client.next_wake().filter(|&wake| wake <= ms(until)) {
            self.now = self.now.max(wake);
            self.on(Client::tick);
        }
        self.now = ms(until);
    }

    fn connect(&mut self) {
        self.in_flight.clear();
        self.on(Client::connected);
    }

    fn disconnect(&mut self) {
        self.in_flight.clear();
        self.on(|client, now| client.disconnected("gone", now));
    }

    fn answer(&self, detail: Detail, grants: Vec<Grant>) -> Answer {
        let (epoch, processes) = (self.epoch, self.processes);
        Answer { is_known: true, epoch, version: 7, wake: None, grace: ms(0), processes, grants, detail }
    }

    fn next(&mut self) -> (RequestNumber, Command) {
        self.in_flight.pop_front().expect("a command is in flight")
    }

    fn reply(&mut self, detail: Detail, grants: Vec<Grant>) -> Command {
        let (number, command) = self.next();
        let answer = self.answer(detail, grants);
        self.on(|client, now| client.answered(number, Ok(answer), now));
        command
    }

    fn reply_unknown(&mut self) -> Command {
        let (number, command) = self.next();
        let answer = Answer { is_known: false, ..self.answer(Detail::None, vec![]) };
        self.on(|client, now| client.answered(number, Ok(answer), now));
        command
    }

    fn join(&mut self) {
        let command = self.reply(Detail::Joined { version: 7, others: None }, vec![]);
        assert!(matches!(command, Command::Join { .. }), "{command:?}");
    }

    fn beat(&mut self, held: Vec<Held>) {
        let command = self.reply(holders(None, held), vec![]);
        assert_eq!(command, Command::Beat { after: 0 });
    }

    fn acquire(&mut self, id: CallId, server: &str) {
        self.on(|client, now| client.acquire(id, server, 1, now));
    }

    /// Gets slots for a call at once.
    fn start(&mut self, id: CallId) {
        self.acquire(id, "s");
        self.reply(Detail::Waiting(vec![]), vec![grant(id)]);
    }

    fn take_effects(&mut self) -> Vec<Effect> {
        std::mem::take(&mut self.effects)
    }
}

fn grant(id: CallId) -> Grant {
    Grant { id, fence: 100 + id, ticket: None, is_rated: false }
}

fn holders(until: Option<CallId>, held: Vec<Held>) -> Detail {
    Detail::Holders { usage: USAGE, until, held }
}

fn held(id: CallId) -> Held {
    Held { id, fence: Some(100 + id), is_rated: false }
}

fn granted(id: CallId) -> Effect {
    Effect::Granted { id, fence: Some(100 + id), ticket: None }
}

fn lost(id: CallId) -> Effect {
    Effect::Lost { id, fence: Some(100 + id) }
}

fn ask(id: CallId, ticket: Option<Ticket>) -> Ask {
    Ask { id, server: "s".into(), cost: 1, ticket }
}

fn reclaim(id: CallId) -> Command {
    Command::Reclaim(vec![Reclaim { id, server: "s".into(), cost: 1, fence: Some(100 + id) }])
}

#[test]
fn a_lease_is_longer_than_the_margin_and_two_heartbeats() {
    let refused = |lease, grace| {
        let options = Options { lease: ms(lease), kill_grace: ms(grace), ..options(1, OnUnreachable::Local) };
        options.check().err().map(|error| (error.code(), error.to_string()))
    };
    assert_eq!(refused(15_000, 5000), None);
    assert_eq!(refused(4000, 200), None);
    assert_eq!(refused(2000, 199), None);
    assert_eq!(refused(3_600_000, 0), None);
    let (code, text) = refused(2000, 200).expect("too short");
    assert_eq!(code, "ERR_INVALID_CONFIG");
    assert_eq!(
        text,
        "lease must be above killGrace + 1 s + two fifths of itself, and at most an hour, got 2000 ms with a killGrace \
         of 200 ms"
    );
    assert!(refused(3_600_001, 0).is_some());
}

#[test]
fn a_client_joins_first_and_a_call_takes_two_commands() {
    let mut bench = Bench::new(OnUnreachable::Local);
    bench.acquire(1, "s");
    assert_eq!(bench.in_flight, []);
    bench.connect();
    assert_eq!(bench.in_flight.len(), 1);
    bench.join();
    assert_eq!(bench.take_effects(), [Effect::Mode(Mode::Fleet)]);
    let asked = bench.reply(Detail::Waiting(vec![]), vec![grant(1)]);
    assert_eq!(asked, Command::Acquire(vec![ask(1, None)]));
    assert_eq!(bench.take_effects(), [granted(1)]);
    bench.on(|client, now| client.release(1, now));
    assert_eq!(bench.reply(Detail::None, vec![]), Command::Release(vec![1]));
    assert_eq!((bench.in_flight.len(), bench.client.status(ms(0)).held), (0, 0));
}

#[test]
fn a_release_and_an_ask_of_one_moment_share_a_command() {
    let mut bench = Bench::joined(OnUnreachable::Local);
    bench.acquire(1, "s");
    bench.reply(Detail::Waiting(vec![]), vec![grant(1)]);
    bench.on(|client, now| {
        client.release(1, now);
        client.acquire(2, "s", 1, now);
    });
    let replaced = Command::Replace { ended: vec![1], asks: vec![ask(2, None)] };
    assert_eq!(bench.in_flight.front().map(|(_, command)| command), Some(&replaced));
    bench.disconnect();
    bench.connect();
    bench.beat(vec![]);
    assert_eq!(bench.next().1, replaced, "Redis may not have heard it");
}

#[test]
fn a_pause_before_the_close_still_goes() {
    let mut bench = Bench::joined(OnUnreachable::Local);
    bench.on(|client, now| {
        client.pause("s", ms(500), now);
        client.close(now);
    });
    assert_eq!(bench.next().1, Command::Pause { server: "s".into(), time: ms(500) });
    assert_eq!(bench.next().1, Command::Leave);
}

#[test]
fn an_idle_client_sends_one_heartbeat_a_fifth_of_a_lease() {
    let mut bench = Bench::joined(OnUnreachable::Local);
    for beat in 1..=6 {
        bench.pass(1000 * beat - 1);
        assert_eq!(bench.in_flight.len(), 0);
        bench.pass(1000 * beat);
        assert_eq!(bench.in_flight.len(), 1);
        bench.beat(vec![]);
    }
}

#[test]
fn a_notice_starts_a_call_and_a_lost_one_is_in_the_next_heartbeat() {
    let mut bench = Bench::joined(OnUnreachable::Local);
    for id in 1..=2 {
        bench.acquire(id, "s");
        bench.reply(Detail::Waiting(vec![(id, 50 + id)]), vec![]);
    }
    bench.on(|client, now| client.noticed(Notice::Granted(vec![grant(1)]), now));
    assert_eq!(bench.take_effects(), [Effect::Granted { id: 1, fence: Some(101), ticket: Some(51) }]);
    bench.pass(1000);
    bench.beat(vec![held(1), held(2)]);
    assert_eq!(bench.take_effects(), [Effect::Granted { id: 2, fence: Some(102), ticket: Some(52) }]);
}

#[test]
fn a_cancelled_call_that_gets_its_slots_meanwhile_gives_them_back() {
    let mut bench = Bench::joined(OnUnreachable::Local);
    bench.acquire(1, "s");
    bench.reply(Detail::Waiting(vec![(1, 51)]), vec![]);
    bench.on(|client, now| assert!(client.cancel(1, now)));
    bench.on(|client, now| assert!(!client.cancel(1, now)));
    assert_eq!(bench.reply(Detail::None, vec![]), Command::Release(vec![1]));
    bench.on(|client, now| client.noticed(Notice::Granted(vec![grant(1)]), now));
    assert_eq!(bench.take_effects(), []);
    assert_eq!(bench.reply(Detail::None, vec![]), Command::Release(vec![1]));
}

#[test]
fn calls_are_lost_a_margin_before_a_lease_after_the_last_answered_heartbeat_was_sent() {
    let mut bench = Bench::joined(OnUnreachable::Refuse);
    bench.start(1);
    bench.pass(1000);
    bench.pass(1900);
    bench.beat(vec![held(1)]);
    bench.take_effects();
    bench.disconnect();
    // The heartbeat was sent at 1000; the margin is 1200.
    bench.pass(1000 + LEASE - 1201);
    assert!(!bench.take_effects().contains(&lost(1)));
    bench.pass(1000 + LEASE - 1200);
    assert!(bench.take_effects().contains(&lost(1)));
    // No heartbeat brings the call back, and its slots are given back when it has ended.
    bench.connect();
    bench.beat(vec![held(1)]);
    assert_eq!(bench.take_effects(), [Effect::Mode(Mode::Fleet)]);
    bench.on(|client, now| client.release(1, now));
    assert_eq!(bench.reply(Detail::None, vec![]), Command::Release(vec![1]));
}

#[test]
fn an_unknown_process_joins_again_takes_its_holders_back_and_asks_with_its_tickets() {
    let mut bench = Bench::joined(OnUnreachable::Refuse);
    bench.start(1);
    bench.acquire(2, "s");
    bench.reply(Detail::Waiting(vec![(2, 52)]), vec![]);
    bench.take_effects();
    bench.pass(1000);
    bench.reply_unknown();
    let (_, command) = bench.in_flight.front().expect("a join");
    assert!(matches!(command, Command::Join { version: Some(7), .. }), "{command:?}");
    bench.epoch = 2;
    bench.join();
    assert_eq!(bench.reply(Detail::None, vec![]), reclaim(1));
    assert_eq!(bench.reply(Detail::Waiting(vec![(2, 52)]), vec![]), Command::Acquire(vec![ask(2, Some(52))]));
    assert_eq!(bench.take_effects(), []);
}

#[test]
fn a_holder_that_a_new_epoch_does_not_know_relies_on_the_old_lease() {
    let mut bench = Bench::joined(OnUnreachable::Refuse);
    bench.start(1);
    bench.pass(1000);
    bench.epoch = 2;
    bench.reply_unknown();
    bench.join();
    // The answer to the reclaim never comes; heartbeats go on.
    assert_eq!(bench.next().1, reclaim(1));
    bench.pass(1500);
    bench.disconnect();
    bench.connect();
    bench.beat(vec![]);
    assert_eq!(bench.next().1, reclaim(1));
    bench.pass(LEASE - 1201);
    assert!(!bench.take_effects().contains(&lost(1)), "the first join was sent at 0");
    bench.pass(LEASE - 1200);
    assert!(bench.take_effects().contains(&lost(1)));
}

#[test]
fn a_holder_missing_from_the_list_is_taken_back_and_a_strange_one_released() {
    let mut bench = Bench::joined(OnUnreachable::Refuse);
    bench.start(1);
    bench.pass(1000);
    bench.beat(vec![held(9)]);
    assert_eq!(bench.reply(Detail::None, vec![]), reclaim(1));
    assert_eq!(bench.reply(Detail::None, vec![]), Command::Release(vec![9]));
    // A call that started after the heartbeat was sent is not missing.
    bench.pass(2000);
    let beat = bench.in_flight.pop_front().expect("a heartbeat");
    bench.start(2);
    bench.in_flight.push_front(beat);
    bench.beat(vec![held(1)]);
    assert_eq!(bench.in_flight, []);
}

#[test]
fn the_use_of_the_fleet_is_what_redis_said_last_while_it_decides() {
    let mut bench = Bench::joined(OnUnreachable::Local);
    let usage = |bench: &Bench| bench.client.status(bench.now).usage;
    assert_eq!(usage(&bench), None);
    bench.pass(1000);
    bench.beat(vec![]);
    assert_eq!(usage(&bench), Some(USAGE));
    let other = Usage { limit: 5, in_use: 0, waiting: 0 };
    bench.client.note_usage(other);
    assert_eq!(usage(&bench), Some(other));
    bench.disconnect();
    bench.pass(3000);
    assert_eq!(usage(&bench), None);
}

#[test]
fn a_long_list_comes_in_pages() {
    let mut bench = Bench::joined(OnUnreachable::Refuse);
    bench.start(1);
    bench.start(2);
    bench.pass(1000);
    bench.reply(holders(Some(1), vec![held(1)]), vec![]);
    assert_eq!(bench.reply(holders(None, vec![held(2)]), vec![]), Command::Beat { after: 1 });
    assert_eq!(bench.in_flight, []);
}

#[test]
fn work_that_the_script_left_is_asked_for_at_once_and_an_opening_by_waiters_alone() {
    let mut bench = Bench::joined(OnUnreachable::Refuse);
    bench.acquire(1, "s");
    let (number, _) = bench.next();
    let answer = Answer { wake: Some(ms(0)), ..bench.answer(Detail::Waiting(vec![(1, 51)]), vec![]) };
    bench.on(|client, now| client.answered(number, Ok(answer), now));
    let (number, command) = bench.next();
    assert_eq!(command, Command::Tick);
    let answer = Answer { wake: Some(ms(300)), ..bench.answer(Detail::None, vec![]) };
    bench.on(|client, now| client.answered(number, Ok(answer), now));
    bench.pass(299);
    assert_eq!(bench.in_flight, []);
    bench.pass(300);
    assert_eq!(bench.reply(Detail::None, vec![]), Command::Tick);
    bench.on(|client, now| client.noticed(Notice::Wake(ms(100)), now));
    bench.on(|client, now| assert!(client.cancel(1, now)));
    bench.reply(Detail::None, vec![]);
    bench.pass(900);
    assert_eq!(bench.in_flight, []);
}

#[test]
fn other_limits_are_reported_and_those_in_force_looked_up_once() {
    let mut bench = Bench::joined(OnUnreachable::Refuse);
    let beat = |bench: &mut Bench, at| {
        bench.pass(at);
        let (number, _) = bench.next();
        let answer = Answer { version: 8, ..bench.answer(holders(None, vec![]), vec![]) };
        bench.on(|client, now| client.answered(number, Ok(answer), now));
    };
    beat(&mut bench, 1000);
    let found = LimitsFound { are_in_force: true, terms: Terms { limit: 9, servers: vec![] } };
    let (number, command) = bench.next();
    assert!(matches!(command, Command::Join { version: Some(7), .. }));
    let joined = Detail::Joined { version: 7, others: Some(found.clone()) };
    let answer = Answer { version: 8, ..bench.answer(joined, vec![]) };
    bench.on(|client, now| client.answered(number, Ok(answer), now));
    assert_eq!(bench.take_effects(), [Effect::LimitsDiffer(found)]);
    beat(&mut bench, 2000);
    assert_eq!(bench.in_flight, []);
    bench.on(|client, now| client.resize(2, now));
    let (_, command) = bench.next();
    assert!(matches!(command, Command::Join { version: None, terms: Terms { limit: 2, .. }, .. }), "{command:?}");
}

#[test]
fn a_pause_goes_out_again_after_a_loss_of_memory_with_the_rest_of_its_time() {
    let mut bench = Bench::joined(OnUnreachable::Refuse);
    bench.on(|client, now| client.pause("s", ms(3000), now));
    bench.on(|client, now| client.pause("s", ms(1000), now));
    let pause = |time| Command::Pause { server: "s".into(), time: ms(time) };
    assert_eq!(bench.reply(Detail::None, vec![]), pause(3000));
    assert_eq!(bench.reply(Detail::None, vec![]), pause(3000));
    bench.pass(1000);
    bench.epoch = 2;
    bench.reply_unknown();
    bench.join();
    assert_eq!(bench.reply(Detail::None, vec![]), pause(2000));
}

#[test]
fn many_asks_share_commands_and_a_bounded_number_is_in_flight() {
    let mut bench = Bench::new(OnUnreachable::Refuse);
    for id in 1..=1000 {
        bench.acquire(id, "s");
    }
    bench.connect();
    bench.join();
    assert_eq!(bench.in_flight.len(), 16);
    let mut asked = 0;
    while let Some((_, Command::Acquire(asks))) = bench.in_flight.front() {
        asked += asks.len();
        bench.reply(Detail::Waiting(vec![]), vec![]);
    }
    assert_eq!(asked, 1000);
}

#[test]
fn a_client_that_closes_leaves_and_does_nothing_more() {
    let mut bench = Bench::joined(OnUnreachable::Refuse);
    bench.start(1);
    bench.take_effects();
    bench.on(Client::close);
    assert_eq!(bench.next().1, Command::Leave);
    bench.acquire(2, "s");
    assert_eq!(bench.take_effects(), [Effect::Refused { id: 2, reason: "closed".into() }]);
    bench.pass(60_000);
    assert_eq!((bench.in_flight.len(), bench.client.next_wake()), (0, None));
}
