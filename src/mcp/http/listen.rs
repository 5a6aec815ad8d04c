//! The GET stream of a session: the server's log, its requests, and answers that it did not give to their POST.

use super::connection::{Connection, Stream};
use super::events::{Event, EventStream};
use super::messages::handle;
use crate::mcp::jsonrpc;
use std::time::Duration;
use tokio::time::{sleep, timeout};

/// The first pause before the stream is asked for again, and the longest.
const PAUSES: (Duration, Duration) = (Duration::from_secs(1), Duration::from_mins(1));
/// The time in which a server shows whether it has the stream. Some send nothing before the first event.
const REFUSAL_TIMEOUT: Duration = Duration::from_secs(5);

impl Connection {
    /// Opens the stream, unless that was done before.
    pub fn listen(&self) {
        let is_first = self.stream.send_if_modified(|stream| {
            let is_unused = *stream == Stream::Unused;
            if is_unused {
                *stream = Stream::Closed;
            }
            is_unused
        });
        if is_first && let Some(this) = self.this.upgrade() {
            self.runtime.spawn(async move { listen(&this).await });
        }
    }

    /// Opens the stream, and waits until the server shows whether it has one. Returns the HTTP status of a refusal.
    pub async fn stream_refusal(&self) -> Option<u16> {
        self.listen();
        let mut stream = self.stream.subscribe();
        let shown = stream.wait_for(|stream| matches!(stream, Stream::Open | Stream::Refused(_)));
        tokio::select! {
            () = self.ending.cancelled() => None,
            shown = timeout(REFUSAL_TIMEOUT, shown) => match shown {
                Ok(Ok(stream)) => if let Stream::Refused(status) = *stream { Some(status) } else { None },
                _ => None,
            },
        }
    }
}

/// Listens until the session ends, or until the server shows that it has no such stream.
async fn listen(connection: &Connection) {
    tokio::select! {
        () = connection.ending.cancelled() => {
            connection.stream.send_replace(Stream::Closed);
        }
        () = listen_again_and_again(connection) => {}
    }
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
                connection.stream.send_replace(Stream::Refused(status.as_u16()));
                return;
            }
            if status.is_success() {
                was_open = true;
                connection.stream.send_replace(Stream::Open);
                let mut stream = EventStream::new(response, connection.max_buffer);
                while let Ok(Some(event)) = stream.next().await {
                    match event {
                        Event::Message(text) => {
                            pause = PAUSES.0;
                            for message in jsonrpc::read(text.as_bytes()) {
                                handle(connection, message, None).await;
                            }
                        }
                        Event::Retry(time) => pause = time.clamp(PAUSES.0, PAUSES.1),
                    }
                }
                last_event = stream.last_id().map(str::to_owned).or(last_event);
            }
        }
        connection.stream.send_replace(Stream::Closed);
        sleep(pause).await;
        pause = (pause * 2).min(PAUSES.1);
    }
}
