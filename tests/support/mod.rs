//! Shell scripts as tracked calls.

use procward::process::tree::{Choices, Outputs, Spec};
use procward::registry::{EndRequest, Label, Registry};
use procward::runner::{Call, OnStuck, Outcome, input, run};
use std::sync::{Arc, LazyLock};
use std::time::Duration;

/// One registry for all tests of a file, as for a whole server, because members are identified by the tree's number.
pub static REGISTRY: LazyLock<Arc<Registry>> = LazyLock::new(Arc::default);

/// The call of a script.
pub fn script(script: &str) -> Call {
    let path = std::env::var_os("PATH").expect("tests run with a PATH");
    let spec = Spec {
        command: "/bin/sh".into(),
        arguments: vec!["-c".into(), script.into()],
        directory: None,
        choices: Choices::default(),
        environment: vec![("PATH".into(), path)],
        number: REGISTRY.next_number(),
        detached: false,
        guarded: true,
        killed_first: false,
        verbatim: false,
        outputs: Outputs::default(),
    };
    Call {
        spec,
        label: Label::default(),
        timeout: None,
        max_buffer: 1024 * 1024,
        kill_grace: Duration::from_millis(100),
        lines: None,
        merge: false,
        exit: None,
        signals: None,
        on_stuck: OnStuck::Wait,
    }
}

/// Runs the call without input. The call is listed from its start until its end.
pub async fn outcome(call: Call, end: EndRequest) -> Outcome {
    let (_, no_input) = input();
    let number = call.spec.number;
    let started = |pid: u32| {
        assert_eq!(REGISTRY.get(number).and_then(|entry| entry.pid), Some(pid));
    };
    let outcome = run(&REGISTRY, call, no_input, end, started).await.expect("there is a shell");
    assert!(REGISTRY.get(number).is_none());
    outcome
}
