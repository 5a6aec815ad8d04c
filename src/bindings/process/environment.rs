//! The end of a JavaScript environment, such as a worker thread's, after which no caller waits for its processes.

use napi::Env;
use std::cell::RefCell;
use tokio::sync::watch;

thread_local! {
    /// The sender of one environment, which has a thread of its own. Dropping the sender notifies all receivers.
    static LIFE: RefCell<Option<watch::Sender<()>>> = const { RefCell::new(None) };
}

/// Resolves when the environment has ended.
pub fn ended(env: &Env) -> napi::Result<impl Future<Output = ()> + Send + 'static> {
    let mut receiver = LIFE.with_borrow_mut(|life| {
        if let Some(life) = life {
            return Ok(life.subscribe());
        }
        env.add_env_cleanup_hook((), |()| LIFE.set(None))?;
        Ok::<_, napi::Error>(life.insert(watch::Sender::new(())).subscribe())
    })?;
    Ok(async move { while receiver.changed().await.is_ok() {} })
}
