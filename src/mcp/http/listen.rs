//! The GET stream of a session: the server's log, its requests, and answers that it did not give to their POST.

use super::connection::Connection;
use super::events::{Event, EventStream};
use super::messages::handle;
use crate::mcp::jsonrpc;
use std::sync::atomic::Ordering;
use std::time::Duration;
use tokio::time::sleep;

/// The first pause before the stream is asked for again, and the longest.
const PAUSES: (Duration, Duration) = (Duration::from_secs(1), Duration::from_mins(1));

/// Listens until the session ends, or until the server shows that it has no such stream.
pub async fn listen(connection: &Connection) {
    tokio::select! {
        () = connection.ending.cancelled() => {}
        () = listen_again_and_again(connection) => {}
    }
    connection.listening.store(false, Ordering::Release);
}

async fn listen_again_and_again(connection: &Connection) {
    let (mut pause, mut last_event, mut was_open) = (PAUSES.0, None::<String>, false);
    loop {
        if let Ok(response) = connection.get(last_event.as_deref()).await {
            let status = response.status();
            if status.is_client_error() {
                // A server that had the stream before, and refuses it now, has lost the session.
                if was_open {
                    connection.doubt();
                    connection.lost.cancel();
                }
                return;
            }
            if status.is_success() {
                was_open = true;
                connection.listening.store(true, Ordering::Release);
                let mut stream = EventStream::new(response, connection.max_buffer);
                while let Ok(Some(event)) = stream.next().await {
                    match event {
                        Event::Message(text) => {
                            pause = PAUSES.0;
                            for message in jsonrpc::read(text.as_bytes()) {
                                handle(connection, message).await;
                            }
                        }
                        Event::Retry(time) => pause = time.clamp(PAUSES.0, PAUSES.1),
                    }
                }
                last_event = stream.last_id().map(str::to_owned).or(last_event);
            }
        }
        connection.listening.store(false, Ordering::Release);
        sleep(pause).await;
        pause = (pause * 2).min(PAUSES.1);
    }
}
