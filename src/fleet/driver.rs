//! The task that drives a client: it brings the client time, a connection and the callers' orders, and does what the client
//! says. It runs on the runtime's thread, so that a blocked event loop loses no lease.

mod backoff;
mod link;
mod list;

use super::address::Address;
use super::client::{Client, Effect, Options, RequestNumber, Status};
use super::script::{Answer, CallId, Command, Detail, Fence, LimitsFound, Listing, ProcessId, Ticket};
use link::{Happening, Link};
pub use list::list;
use parking_lot::Mutex;
use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;
use std::time::Duration;
use tokio::runtime::Handle;
use tokio::sync::{mpsc, oneshot};
use tokio::time::sleep;

/// The longest time that a close waits for the last answers.
const CLOSING: Duration = Duration::from_secs(1);
/// The most orders that are obeyed before the next look at the connection.
const MOST_ORDERS: usize = 64;
/// The number of the request for a list, which the client does not know.
const LIST: RequestNumber = RequestNumber::MAX;
/// The longest wait for an event, after which the clock is looked at again.
const LONGEST_REST: Duration = Duration::from_mins(1);

/// An event for the caller. The driver's own callback gets it on the runtime's thread.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// A call has its slots.
    Granted {
        /// The call.
        id: CallId,
        /// The fence; `None` for a call that starts while Redis is away.
        fence: Option<Fence>,
        /// The ticket; `None` if the call did not wait in Redis.
        ticket: Option<Ticket>,
    },
    /// A waiting call was cancelled.
    Cancelled(CallId),
    /// A waiting call is over, because Redis is away.
    Refused {
        /// The call.
        id: CallId,
        /// The reason, for people.
        reason: String,
    },
    /// A call that holds slots must end, and be released when it has ended.
    Lost {
        /// The call.
        id: CallId,
        /// Its fence.
        fence: Option<Fence>,
    },
    /// A process of the fleet has other limits.
    LimitsDiffer(LimitsFound),
}

enum Order {
    Acquire { id: CallId, server: String, cost: u32 },
    Cancel(CallId),
    Sent(CallId),
    Release(CallId),
    Pause { server: String, time: Duration },
    List(oneshot::Sender<Listing>),
    Close(oneshot::Sender<()>),
}

/// A process's place in a fleet. Dropping the last copy leaves the fleet.
#[derive(Debug, Clone)]
pub struct Fleet {
    orders: mpsc::UnboundedSender<Order>,
    status: Arc<Mutex<Status>>,
}

impl Fleet {
    /// Joins a fleet, and goes on trying while its Redis is away. `clock` is monotonic. `notify` must not block.
    pub fn join(
        address: Address,
        options: Options,
        clock: fn() -> Duration,
        runtime: &Handle,
        notify: impl Fn(Event) + Send + 'static,
    ) -> Self {
        let (orders, from_callers) = mpsc::unbounded_channel();
        let client = Client::new(new_process_id(), options, clock());
        let status = Arc::new(Mutex::new(client.status(clock())));
        let link = Link::new(Arc::new(address), client.process().clone(), client.lease());
        let driver = Driver { client, link, clock, notify, status: Arc::clone(&status), listers: Vec::new() };
        runtime.spawn(driver.run(from_callers));
        Self { orders, status }
    }

    /// Asks for the slots of a call. The caller counts `id` up from 1 and uses none twice. `Granted`, `Cancelled` or
    /// `Refused` follows, unless the fleet is closed.
    pub fn acquire(&self, id: CallId, server: String, cost: u32) {
        self.order(Order::Acquire { id, server, cost });
    }

    /// Takes a waiting call back.
    pub fn cancel(&self, id: CallId) {
        self.order(Order::Cancel(id));
    }

    /// Notes that a call was sent to its server, for the server's rate.
    pub fn sent(&self, id: CallId) {
        self.order(Order::Sent(id));
    }

    /// Gives the slots of a call back.
    pub fn release(&self, id: CallId) {
        self.order(Order::Release(id));
    }

    /// Lets no call of the server start for a while, in the whole fleet.
    pub fn pause(&self, server: String, time: Duration) {
        self.order(Order::Pause { server, time });
    }

    /// Leaves the fleet. Waits at most a second for Redis to hear of it.
    pub async fn close(&self) {
        let (done, closed) = oneshot::channel();
        self.order(Order::Close(done));
        let _ = closed.await;
    }

    /// Lists the state of the whole fleet. Returns `None` if Redis does not answer.
    pub async fn list(&self) -> Option<Listing> {
        let (found, listing) = oneshot::channel();
        self.order(Order::List(found));
        listing.await.ok()
    }

    /// Returns the state as of the last event.
    pub fn status(&self) -> Status {
        self.status.lock().clone()
    }

    /// A driver that has ended takes no orders.
    fn order(&self, order: Order) {
        let _ = self.orders.send(order);
    }
}

struct Driver<N> {
    client: Client,
    link: Link,
    clock: fn() -> Duration,
    notify: N,
    status: Arc<Mutex<Status>>,
    /// The callers that wait for the list in flight. Dropping one tells it that there is none.
    listers: Vec<oneshot::Sender<Listing>>,
}

impl<N: Fn(Event) + Send> Driver<N> {
    async fn run(mut self, mut orders: mpsc::UnboundedReceiver<Order>) {
        let mut given = Vec::new();
        loop {
            self.execute();
            let now = (self.clock)();
            let rest = self.client.next_wake().map_or(LONGEST_REST, |at| at.saturating_sub(now)).min(LONGEST_REST);
            tokio::select! {
                biased;
                () = sleep(rest) => self.client.tick((self.clock)()),
                happening = self.link.next() => self.happened(happening),
                // The orders of one moment share commands.
                count = orders.recv_many(&mut given, MOST_ORDERS) => {
                    let mut done = None;
                    for order in given.drain(..) {
                        match order {
                            Order::Close(caller) => done = Some(caller),
                            order => self.obey(order),
                        }
                    }
                    if count == 0 || done.is_some() {
                        self.close().await;
                        // The caller may have gone.
                        let _ = done.map(|caller| caller.send(()));
                        return;
                    }
                },
            }
        }
    }

    fn obey(&mut self, order: Order) {
        let now = (self.clock)();
        match order {
            Order::Acquire { id, server, cost } => self.client.acquire(id, &server, cost, now),
            Order::Cancel(id) => {
                if self.client.cancel(id, now) {
                    (self.notify)(Event::Cancelled(id));
                }
            }
            Order::Sent(id) => self.client.sent(id, now),
            Order::Release(id) => self.client.release(id, now),
            Order::Pause { server, time } => self.client.pause(&server, time, now),
            Order::List(lister) => self.list(lister),
            Order::Close(_) => {}
        }
    }

    fn happened(&mut self, happening: Happening) {
        let now = (self.clock)();
        match happening {
            Happening::Connected => self.client.connected(now),
            Happening::Disconnected(reason) => {
                self.listers.clear();
                self.client.disconnected(&reason, now);
            }
            Happening::Answer(LIST, answer) => self.listed(answer.ok()),
            Happening::Answer(number, answer) => self.client.answered(number, answer, now),
            Happening::Notice(notice) => self.client.noticed(notice, now),
        }
    }

    /// Does what the client says.
    fn execute(&mut self) {
        for effect in self.client.take_effects() {
            match effect {
                Effect::Send { number, command } => self.link.send(number, command),
                Effect::Reconnect { reason: _ } => {
                    self.listers.clear();
                    self.link.reconnect();
                }
                Effect::Granted { id, fence, ticket } => (self.notify)(Event::Granted { id, fence, ticket }),
                Effect::Lost { id, fence } => (self.notify)(Event::Lost { id, fence }),
                Effect::Refused { id, reason } => (self.notify)(Event::Refused { id, reason }),
                // The status below has it.
                Effect::Mode(_) => {}
                Effect::LimitsDiffer(found) => (self.notify)(Event::LimitsDiffer(found)),
            }
        }
        *self.status.lock() = self.client.status((self.clock)());
    }

    fn list(&mut self, lister: oneshot::Sender<Listing>) {
        if !self.link.is_open() {
            return;
        }
        if self.listers.is_empty() {
            self.link.send(LIST, Command::List);
        }
        self.listers.push(lister);
    }

    fn listed(&mut self, answer: Option<Answer>) {
        let listers = std::mem::take(&mut self.listers);
        if let Some(Detail::Listing(listing)) = answer.map(|answer| answer.detail) {
            self.client.note_usage(listing.usage());
            for lister in listers {
                // The caller may have gone.
                let _ = lister.send((*listing).clone());
            }
        }
    }

    /// Leaves the fleet, and waits until the commands in flight are answered.
    async fn close(&mut self) {
        self.client.close((self.clock)());
        self.execute();
        let end = sleep(CLOSING);
        tokio::pin!(end);
        while self.link.is_busy() {
            tokio::select! {
                () = &mut end => return,
                happening = self.link.next() => {
                    self.happened(happening);
                    self.execute();
                }
            }
        }
    }
}

fn new_process_id() -> ProcessId {
    let unguessed = RandomState::new().hash_one(std::process::id());
    ProcessId::new(&format!("{unguessed:016x}")).unwrap_or_else(|| unreachable!("16 digits are an id"))
}
