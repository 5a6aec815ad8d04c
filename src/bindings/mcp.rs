//! Sessions with MCP servers: kept on the runtime, called and answered on the JavaScript thread.
#![expect(clippy::too_many_arguments, reason = "an object of arguments would cost as much as a call")]
#![expect(clippy::needless_pass_by_value, reason = "napi-rs hands arguments over by value")]

#[cfg(unix)]
mod reading;
mod settle;
mod shapes;
mod trust;

use super::error::{Result, internal, system};
use super::process::environment;
use super::time::{duration, whole_milliseconds};
use crate::mcp::pool::McpPool;
#[cfg(unix)]
use crate::mcp::session::Session;
use crate::mcp::{Call, Listeners, Page, Progress, Request, ServerCounts, Stay};
use crate::pool::{Limits, Stats};
use crate::supervisor::Supervisor;
use napi::Env;
use napi::bindgen_prelude::{FnArgs, Function, Object};
use napi_derive::napi;
#[cfg(unix)]
use reading::Reading;
use serde_json::{Value, json};
use settle::{McpMessageKind, Settler};
use shapes::{ActiveCall, McpServer, McpSession};
use slab::Slab;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::{Rc, Weak};
use std::sync::Arc;

thread_local! {
    /// The sessions by handle. A call of a free function is much faster than of a method.
    static OPEN: RefCell<Slab<Weak<Sessions>>> = const { RefCell::new(Slab::new()) };
}

/// The sessions of one pool. One function is called with the progress and the outcome of every call.
#[napi]
pub struct McpSessions {
    sessions: Rc<Sessions>,
    handle: usize,
}

struct Sessions {
    supervisor: &'static Supervisor,
    pool: Arc<McpPool>,
    settler: Arc<Settler>,
    /// The outputs that are read on this thread.
    #[cfg(unix)]
    reading: RefCell<Reading>,
}

#[napi]
impl McpSessions {
    /// Creates sessions with at most `maxSessions` processes. `settle` is called with a number, the kind of the message and
    /// its text, and does not keep the event loop alive. With `lendLoop`, this thread reads the answers of servers.
    #[napi(constructor)]
    pub fn new(
        env: &Env,
        max_sessions: u32,
        max_starting: u32,
        lend_loop: bool,
        settle: Function<FnArgs<(u32, McpMessageKind, String)>, ()>,
    ) -> Result<Self> {
        let supervisor = Supervisor::get().map_err(system)?;
        let limits = Limits { max_members: max_sessions as usize, max_starting: max_starting as usize };
        let settler = Arc::new(Settler::new(&settle).map_err(internal)?);
        let pool = supervisor.mcp_pool(limits, Settler::requests_of(&settler));
        let (ended, closed) = (environment::ended(env).map_err(internal)?, Arc::downgrade(&pool));
        supervisor.runtime.spawn(async move {
            ended.await;
            if let Some(pool) = closed.upgrade() {
                pool.shut_down().await;
            }
        });
        #[cfg(not(unix))]
        let _ = lend_loop;
        let sessions = Rc::new(Sessions {
            supervisor,
            pool,
            #[cfg(unix)]
            reading: RefCell::new(Reading::new(env, lend_loop, &settle, &settler).map_err(internal)?),
            settler,
        });
        let handle = OPEN.with_borrow_mut(|open| open.insert(Rc::downgrade(&sessions)));
        Ok(Self { sessions, handle })
    }

    /// The handle for `mcpRequest()`.
    #[napi(getter)]
    pub fn handle(&self) -> u32 {
        u32::try_from(self.handle).unwrap_or(u32::MAX)
    }

    /// Adds the server with this key, or changes how the server is used.
    #[napi]
    pub fn define(&self, key: u32, mut server: McpServer) {
        let _runtime = self.sessions.supervisor.runtime.enter();
        let events = Settler::events_of(&self.sessions.settler, key, std::mem::take(&mut server.events));
        self.sessions.pool.define(key, server.into_config(events));
    }

    /// Takes the notifications of the server with this key: JSON with `events`, a list of `{ method, params }`; `dropped`,
    /// the count of log messages that were dropped; `missed`, whether updates were. Undefined for an unknown key.
    #[napi]
    pub fn take_events(&self, key: u32) -> Option<String> {
        self.sessions.pool.take_events(key)
    }

    /// Asks the server with this key for log messages from this level on, in each session when it is used next.
    #[napi]
    pub fn set_log_level(&self, key: u32, level: String) {
        self.sessions.pool.set_log_level(key, level);
    }

    /// Removes a server: idle sessions are shut down now, busy sessions after their calls.
    #[napi]
    pub fn retire(&self, key: u32) {
        let _runtime = self.sessions.supervisor.runtime.enter();
        self.sessions.pool.retire(key);
    }

    /// Returns whether a call to the server with this key could make a process start, if `ahead` calls come before it. The
    /// reservations of the server count as capacity, but for so many `uncounted` ones.
    #[napi]
    pub fn needs_process(&self, key: u32, ahead: u32, uncounted: u32) -> bool {
        self.sessions.pool.needs_process(key, ahead as usize, uncounted as usize)
    }

    /// Gives a call up, so that the call fails with `ABORT_ERR`.
    #[napi]
    pub fn abort(&self, number: u32) {
        self.sessions.pool.abort(number);
    }

    /// Stops reading the answers with this number on this thread, because the runtime reads them from now on.
    #[napi]
    pub fn stop_reading(&self, number: u32) {
        #[cfg(unix)]
        self.sessions.reading.borrow_mut().leave(number);
        #[cfg(not(unix))]
        let _ = (&self.sessions.pool, number);
    }

    /// Returns the calls in flight.
    #[napi]
    pub fn active(&self) -> Vec<ActiveCall> {
        self.sessions.pool.active().into_iter().map(|(number, pid)| ActiveCall { number, pid }).collect()
    }

    /// Returns all sessions.
    #[napi]
    pub fn sessions(&self) -> Vec<McpSession> {
        self.sessions.pool.sessions().into_iter().map(McpSession::from).collect()
    }

    /// Returns counts as JSON: the calls in a used session, the calls in a new one, and the ended sessions by reason.
    #[napi]
    pub fn stats(&self) -> String {
        let stats = self.sessions.pool.stats();
        json!({ "hits": stats.reused, "misses": stats.first, "recycled": recycled(&stats) }).to_string()
    }

    /// Returns the counts of each server by name, as JSON: calls that wait for a session, `retryAfter` in ms while no start is
    /// tried after too many failures, starts that succeeded and failed, and what `stats` has.
    #[napi]
    pub fn server_stats(&self) -> String {
        let servers = self.sessions.pool.counts().into_iter().map(|(server, counts)| {
            let ServerCounts { waiting, retry_after, stats } = counts;
            let Stats { created, failed, reused, first, .. } = stats;
            json!({
                "server": server,
                "waiting": waiting,
                "retryAfter": retry_after.map(whole_milliseconds),
                "started": created,
                "failed": failed,
                "hits": reused,
                "misses": first,
                "recycled": recycled(&stats),
            })
        });
        Value::Array(servers.collect()).to_string()
    }

    /// Returns the count of calls that wait for a session.
    #[napi]
    pub fn queued(&self) -> u32 {
        u32::try_from(self.sessions.pool.queued()).unwrap_or(u32::MAX)
    }

    /// Refuses new calls and shuts each session down after its last call. Resolves when no session is left.
    #[napi(ts_return_type = "Promise<void>")]
    pub fn drain<'env>(&self, env: &'env Env) -> Result<Object<'env>> {
        let pool = Arc::clone(&self.sessions.pool);
        self.promise_of(env, async move { pool.drain().await })
    }

    /// Fails all calls and shuts all sessions down now. Resolves when all their processes have exited.
    #[napi(ts_return_type = "Promise<void>")]
    pub fn close<'env>(&self, env: &'env Env) -> Result<Object<'env>> {
        let pool = Arc::clone(&self.sessions.pool);
        self.promise_of(env, async move { pool.shut_down().await })
    }

    fn promise_of<'env>(
        &self,
        env: &'env Env,
        work: impl Future<Output = ()> + Send + 'static,
    ) -> Result<Object<'env>> {
        let (deferred, promise) = env.create_deferred().map_err(internal)?;
        self.sessions.supervisor.runtime.spawn(async move {
            work.await;
            deferred.resolve(|_| Ok(()));
        });
        Ok(promise)
    }
}

/// Answers the request of a server with this number, unless the server wants no answer any more. `answer` is the member
/// `result` or `error` of the reply, as JSON text.
#[napi]
pub fn mcp_answer(sessions: u32, number: u32, answer: String) -> Result<()> {
    opened(sessions)?.pool.answer(number, &answer);
    Ok(())
}

/// Sends a request to the server with this key. `params` is a JSON object as text, or empty. `timeout` is in ms, `Infinity`
/// for none. With `progress`, the request asks for progress.
///
/// `headers` has the arguments that the tool wants in headers: name, value, name, value, and so on. Without it, a call of a tool
/// over HTTP fails with `ERR_HEADERS_UNKNOWN` before it is sent, if the server works without a handshake.
///
/// With `yields`, the request fails with `ERR_START_PAUSED` rather than wait for the pause between two starts of its server.
///
/// With `notifySent`, a message says each time that the request has been handed to a session. When that is done at once,
/// this function returns `true` instead.
#[napi]
pub fn mcp_request(
    sessions: u32,
    number: u32,
    key: u32,
    method: String,
    params: String,
    timeout: f64,
    progress: bool,
    notify_sent: bool,
    yields: bool,
    headers: Option<Vec<String>>,
) -> Result<bool> {
    let sessions = opened(sessions)?;
    let settler = &sessions.settler;
    let listeners = Listeners {
        progress: progress.then(|| Settler::progress_of(settler, number)),
        sent: notify_sent.then(|| Settler::sent_of(settler, number)),
        begun: None,
    };
    let headers = headers.map(|texts| texts.chunks_exact(2).map(|pair| (pair[0].clone(), pair[1].clone())).collect());
    let request = Request { method, params, headers };
    Ok(noting_sent(number, notify_sent, || {
        sessions.start(number, key, request, timeout, listeners, Kind::Plain { yields });
    }))
}

/// Sends a request for a page of a list, as `mcpRequest()` does. After a page that has come, its session is kept for the
/// next page: `after` is the number of the request for the page before. All pages are one use of the session.
///
/// `mcpEndPages()` has to be called after the last page that has come, with the number of its request.
#[napi]
pub fn mcp_page(
    sessions: u32,
    number: u32,
    key: u32,
    method: String,
    params: String,
    timeout: f64,
    notify_sent: bool,
    yields: bool,
    after: Option<u32>,
) -> Result<bool> {
    let sessions = opened(sessions)?;
    let sent = notify_sent.then(|| Settler::sent_of(&sessions.settler, number));
    let listeners = Listeners { sent, ..Listeners::default() };
    let request = Request::new(method, params);
    let kind = Kind::Page(after.map_or(Page::First, Page::After), yields);
    Ok(noting_sent(number, notify_sent, || sessions.start(number, key, request, timeout, listeners, kind)))
}

/// Ends a list after the page that the request with this number asked for.
#[napi]
pub fn mcp_end_pages(sessions: u32, number: u32) -> Result<()> {
    opened(sessions)?.pool.end_pages(number);
    Ok(())
}

/// Does `start`. Returns whether the request has been sent meanwhile, if that is asked.
fn noting_sent(number: u32, notify_sent: bool, start: impl FnOnce()) -> bool {
    if notify_sent {
        return Settler::noting_sent(number, start).1;
    }
    start();
    false
}

/// Returns the counts of ended sessions by reason.
fn recycled(stats: &Stats) -> BTreeMap<&'static str, u64> {
    stats.retired.iter().map(|(reason, count)| (reason.name(), *count)).collect()
}

fn opened(handle: u32) -> Result<Rc<Sessions>> {
    let sessions = OPEN.with_borrow(|open| open.get(handle as usize).and_then(Weak::upgrade));
    sessions.ok_or_else(|| napi::Error::new("ERR_INTERNAL", "no such sessions"))
}

/// Sends a request that stays until it is aborted or its session ends, and that holds its session until then. A message
/// says when the request has begun; before that, `timeout` holds. Its outcome is its end.
///
/// With `leave`, the server's answer is the beginning, and after an abort the server gets a request with that method and
/// the same `params`. Without it, the server says otherwise when the request has begun.
#[napi]
pub fn mcp_stay(
    sessions: u32,
    number: u32,
    key: u32,
    method: String,
    params: String,
    timeout: f64,
    leave: Option<String>,
) -> Result<()> {
    let sessions = opened(sessions)?;
    let (begun, pool) = (Settler::begun_of(&sessions.settler, number), Arc::downgrade(&sessions.pool));
    let begun: Progress = Arc::new(move |words| {
        if let Some(pool) = pool.upgrade() {
            pool.begun(number);
        }
        begun(words);
    });
    let listeners = Listeners { begun: Some(begun), ..Listeners::default() };
    let stay = leave.map_or(Stay::UntilAnswered, Stay::UntilLeft);
    sessions.start(number, key, Request::new(method, params), timeout, listeners, Kind::Stay(stay));
    Ok(())
}

/// The kind of a request.
enum Kind {
    Plain {
        yields: bool,
    },
    /// With whether the request yields.
    Page(Page, bool),
    Stay(Stay),
}

impl Sessions {
    fn start(&self, number: u32, key: u32, request: Request, timeout: f64, listeners: Listeners, kind: Kind) {
        let (page, stay, yields) = match kind {
            Kind::Plain { yields } => (None, None, yields),
            Kind::Page(page, yields) => (Some(page), None, yields),
            Kind::Stay(stay) => (None, Some(stay), false),
        };
        let settler = Arc::clone(&self.settler);
        let settle = Box::new(move |outcome, is_stateless| settler.settle(number, outcome, is_stateless));
        let request = Arc::new(request);
        let call = Call { number, key, request, listeners, stay, page, yields, is_stateless: false, settle };
        let session = self.pool.call(call, duration(timeout));
        #[cfg(unix)]
        if let Some(server) = session.as_deref().and_then(Session::stdio) {
            self.reading.borrow_mut().join(&server.stdout);
        }
        #[cfg(not(unix))]
        drop(session);
    }
}

impl Drop for McpSessions {
    fn drop(&mut self) {
        // The thread may have dropped the slab already.
        let _ = OPEN.try_with(|open| open.borrow_mut().try_remove(self.handle));
        let pool = Arc::clone(&self.sessions.pool);
        self.sessions.supervisor.runtime.spawn(async move { pool.shut_down().await });
    }
}
