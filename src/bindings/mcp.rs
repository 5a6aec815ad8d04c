//! Sessions with MCP servers: called on the JavaScript thread, answered on it, kept on the runtime.
#![expect(clippy::needless_pass_by_value, reason = "napi-rs hands arguments over by value")]

mod settle;
mod shapes;

use super::error::{Result, internal};
use super::process::environment;
use crate::mcp::Request;
use crate::mcp::factory::Key;
use crate::mcp::pool::{Call, McpPool};
use crate::pool::Limits;
use crate::supervisor::Supervisor;
use napi::Env;
use napi::bindgen_prelude::{FnArgs, Function, Object};
use napi_derive::napi;
use parking_lot::Mutex;
use settle::Settler;
use shapes::{ActiveCall, McpServer, McpSession, millis};
use std::collections::HashMap;
use std::sync::Arc;
use tokio::sync::oneshot;

/// The servers of one pool. Whatever becomes of a call is told to the function given here, by the call's number.
#[napi]
pub struct McpSessions {
    supervisor: &'static Supervisor,
    pool: Arc<McpPool>,
    settler: Arc<Settler>,
    aborts: Arc<Mutex<HashMap<u32, oneshot::Sender<()>>>>,
}

#[napi]
impl McpSessions {
    /// Sessions with at most `maxSessions` processes; `settle` is called with a call's number, one of the kinds
    /// `0` result, `1` progress, `2` failure, and a JSON text. It does not keep the event loop alive.
    #[napi(constructor)]
    pub fn new(
        env: &Env,
        max_sessions: u32,
        max_starting: u32,
        settle: Function<FnArgs<(u32, u32, String)>, ()>,
    ) -> Result<Self> {
        let supervisor = Supervisor::get().map_err(|error| internal(error.into()))?;
        let limits = Limits { max_members: max_sessions as usize, max_starting: max_starting as usize };
        let pool = Arc::new(supervisor.mcp_pool(limits));
        let (ended, closed) = (environment::ended(env).map_err(internal)?, Arc::downgrade(&pool));
        supervisor.runtime.spawn(async move {
            ended.await;
            if let Some(pool) = closed.upgrade() {
                pool.close().await;
            }
        });
        let settler = Arc::new(Settler::new(&settle).map_err(internal)?);
        Ok(Self { supervisor, pool, settler, aborts: Arc::default() })
    }

    /// Adds the server that this key stands for, or changes how it is used.
    #[napi]
    pub fn define(&self, key: String, server: McpServer) {
        let _runtime = self.supervisor.runtime.enter();
        self.pool.define(Key::from(key), server.into_definition());
    }

    /// Takes a server away: idle sessions end now, busy ones after their calls.
    #[napi]
    pub fn retire(&self, key: String) {
        let _runtime = self.supervisor.runtime.enter();
        self.pool.retire(&Key::from(key));
    }

    /// Calls a tool with JSON arguments. `timeout` is in ms, `Infinity` for none.
    #[napi]
    pub fn call_tool(&self, number: u32, key: String, tool: String, arguments: String, timeout: f64, progress: bool) {
        self.start(number, key, Request::CallTool { tool, arguments }, timeout, progress);
    }

    /// Asks for a page of a server's tools.
    #[napi]
    pub fn list_tools(&self, number: u32, key: String, cursor: Option<String>, timeout: f64) {
        self.start(number, key, Request::ListTools { cursor }, timeout, false);
    }

    /// Gives a call up: it fails with `ABORT_ERR`.
    #[napi]
    pub fn abort(&self, number: u32) {
        if let Some(abort) = self.aborts.lock().remove(&number) {
            let _ = abort.send(());
        }
    }

    /// The calls that a server is working on.
    #[napi]
    pub fn active(&self) -> Vec<ActiveCall> {
        self.pool.active().into_iter().map(|(number, pid)| ActiveCall { number, pid }).collect()
    }

    /// All sessions.
    #[napi]
    pub fn sessions(&self) -> Vec<McpSession> {
        self.pool.sessions().into_iter().map(McpSession::from).collect()
    }

    /// How many calls wait for a session.
    #[napi]
    pub fn queued(&self) -> u32 {
        u32::try_from(self.pool.queued()).unwrap_or(u32::MAX)
    }

    /// Takes no more calls, and ends each session after its last call; resolves when none is left.
    #[napi(ts_return_type = "Promise<void>")]
    pub fn drain<'env>(&self, env: &'env Env) -> Result<Object<'env>> {
        let pool = Arc::clone(&self.pool);
        self.when_done(env, async move { pool.drain().await })
    }

    /// Ends all sessions now, and fails their calls; resolves when nothing is left of them.
    #[napi(ts_return_type = "Promise<void>")]
    pub fn close<'env>(&self, env: &'env Env) -> Result<Object<'env>> {
        let pool = Arc::clone(&self.pool);
        self.when_done(env, async move { pool.close().await })
    }

    fn start(&self, number: u32, key: String, request: Request, timeout: f64, progress: bool) {
        let (abort, aborted) = oneshot::channel();
        self.aborts.lock().insert(number, abort);
        let (pool, settler, aborts) = (Arc::clone(&self.pool), Arc::clone(&self.settler), Arc::clone(&self.aborts));
        let progress = progress.then(|| Settler::progress_of(&settler, number));
        let call = Call { number, key: Key::from(key), request, timeout: millis(timeout), progress };
        let aborted = async {
            if aborted.await.is_err() {
                std::future::pending::<()>().await;
            }
        };
        // Joins the queue before the next call can.
        let outcome = pool.call(call, aborted);
        self.supervisor.runtime.spawn(async move {
            let outcome = outcome.await;
            aborts.lock().remove(&number);
            settler.settle(number, outcome);
        });
    }

    fn when_done<'env>(&self, env: &'env Env, work: impl Future<Output = ()> + Send + 'static) -> Result<Object<'env>> {
        let (deferred, promise) = env.create_deferred().map_err(internal)?;
        self.supervisor.runtime.spawn(async move {
            work.await;
            deferred.resolve(|_| Ok(()));
        });
        Ok(promise)
    }
}

impl Drop for McpSessions {
    fn drop(&mut self) {
        let pool = Arc::clone(&self.pool);
        self.supervisor.runtime.spawn(async move { pool.close().await });
    }
}
