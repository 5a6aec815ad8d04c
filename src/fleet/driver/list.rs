//! A look at a fleet from outside.

use super::new_process_id;
use crate::fleet::address::Address;
use crate::fleet::client::LEASE;
use crate::fleet::connection::{ConnectError, Event, open};
use crate::fleet::script::{Command, Detail, Listing};
use std::time::Duration;
use tokio::time::timeout;

/// The longest time that a look may take, in each of its two steps.
const TIMEOUT: Duration = Duration::from_secs(3);

/// Lists the state of a fleet without joining it.
///
/// # Errors
/// Returns the problem for people.
pub async fn list(address: &Address) -> Result<Listing, ConnectError> {
    let mut connection = open(address, &new_process_id(), LEASE, 0, TIMEOUT).await?;
    connection.send(0, Command::List);
    let answer = timeout(TIMEOUT, async {
        loop {
            match connection.next().await {
                Event::Answer(_, Ok(answer)) => return Ok(answer.detail),
                Event::Answer(_, Err(failure)) => return Err(ConnectError(failure.0)),
                Event::Closed(problem) => return Err(ConnectError(problem)),
                Event::Notice(_) => {}
            }
        }
    });
    match answer.await {
        Ok(Ok(Detail::Listing(listing))) => Ok(*listing),
        Ok(Ok(_)) => Err(ConnectError("the answer is not a list".to_owned())),
        Ok(Err(problem)) => Err(problem),
        Err(_) => Err(ConnectError("no answer in time".to_owned())),
    }
}
