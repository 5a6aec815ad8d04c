//! A factory of members that are plain values.

use crate::pool::{Factory, Retirement};
use parking_lot::Mutex;
use std::collections::{HashMap, HashSet};
use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Notify;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

pub const START: Duration = Duration::from_millis(100);
pub const END: Duration = Duration::from_millis(50);

#[derive(Debug)]
pub struct Worker {
    pub number: u64,
    pub crash: Notify,
    pub misbehave: Notify,
}

/// An event that the factory notes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    Start(u64),
    Terminate(u64, Retirement),
    Terminated(u64),
    Abandoned(u64),
}

/// Starts that fail or panic by number; the others take [`START`].
#[derive(Debug, Default)]
pub struct Workers {
    pub fail: HashSet<u64>,
    pub panic: HashSet<u64>,
    pub events: Mutex<Vec<Event>>,
    pub alive: Mutex<HashMap<u64, Arc<Worker>>>,
}

impl Workers {
    fn log(&self, event: Event) {
        self.events.lock().push(event);
    }
}

impl Factory for Arc<Workers> {
    type Key = &'static str;
    type Member = Worker;
    type Error = String;

    async fn start(
        &self,
        key: &&'static str,
        number: u64,
        abandoned: CancellationToken,
    ) -> Result<Arc<Worker>, String> {
        self.log(Event::Start(number));
        let mut done = pin!(sleep(START));
        tokio::select! {
            () = &mut done => {}
            // It starts all the same.
            () = abandoned.cancelled() => {
                self.log(Event::Abandoned(number));
                done.await;
            }
        }
        assert!(!self.panic.contains(&number), "as the test asks");
        if self.fail.contains(&number) {
            return Err(format!("{key} {number}"));
        }
        let worker = Arc::new(Worker { number, crash: Notify::new(), misbehave: Notify::new() });
        self.alive.lock().insert(number, Arc::clone(&worker));
        Ok(worker)
    }

    async fn terminate(&self, member: Arc<Worker>, reason: Retirement) {
        self.log(Event::Terminate(member.number, reason));
        sleep(END).await;
        self.alive.lock().remove(&member.number);
        self.log(Event::Terminated(member.number));
    }

    fn wait(&self, member: &Arc<Worker>) -> impl Future<Output = String> + Send + 'static {
        let (workers, member) = (Arc::downgrade(self), Arc::clone(member));
        async move {
            member.crash.notified().await;
            if let Some(workers) = workers.upgrade() {
                workers.alive.lock().remove(&member.number);
            }
            "crashed".to_owned()
        }
    }

    fn unfit(&self, member: &Arc<Worker>) -> impl Future<Output = Retirement> + Send + 'static {
        let member = Arc::clone(member);
        async move {
            member.misbehave.notified().await;
            Retirement::Unhealthy
        }
    }

    fn panicked(&self, key: &&'static str) -> String {
        format!("{key} panicked")
    }
}
