//! Real processes for one test, each killed at its end.

use procward::process::handle::{Handle, Signal};
use procward::process::tag::{Instance, Tag};
use std::io::{BufRead, BufReader};
use std::process::{Child, ChildStdout, Command, Stdio};

/// Returns a Node.js program that runs `before` and then waits. It exits by itself if a test was cut off.
pub fn node(before: &str) -> [String; 3] {
    let program = format!("{before}; setTimeout(() => {{}}, 120_000); console.log('ready')");
    ["node".to_owned(), "-e".to_owned(), program]
}

/// Waits, as another program.
pub fn sleep() -> [String; 3] {
    ["sh", "-c", "echo ready; exec sleep 120"].map(str::to_owned)
}

/// Starts processes that Node.js manages: a parent, a cluster worker and a `fork()` child. Only the parent carries the
/// keep mark.
pub fn managed_by_node() -> [Running; 3] {
    let before = "
        const execArgv = ['-e', 'setTimeout(() => {}, 120_000)']
        const [cluster, env] = [require('cluster'), { ...process.env, PROCWARD_KEEP: '' }]
        cluster.setupPrimary({ exec: 'worker', execArgv })
        console.log(cluster.fork(env).process.pid)
        console.log(require('child_process').fork('child', { execArgv, env }).pid)";
    let (parent, told) = Running::child_telling(&node(before), &[("PROCWARD_KEEP", "1")], 2);
    let running = |pid| Running { handle: Handle::open(pid).expect("it runs"), child: None };
    [parent, running(told[0]), running(told[1])]
}

/// Returns a library with the name of procward's addon, for a process that plays a server with procward.
pub fn addon() -> String {
    let maps = std::fs::read_to_string("/proc/self/maps").expect("this process has libraries");
    let library =
        maps.lines().find_map(|line| line.find('/').map(|at| &line[at..]).filter(|path| path.contains("libgcc")));
    let named = concat!(env!("CARGO_TARGET_TMPDIR"), "/procward.test.node");
    std::fs::copy(library.expect("Rust's own is one"), named).expect("it can be copied");
    named.to_owned()
}

/// A running process. Dropping it kills the process and waits for its exit.
pub struct Running {
    pub handle: Handle,
    /// A child of this process has to be waited for.
    child: Option<Child>,
}

impl Running {
    /// A child of this process.
    pub fn child(command: &[String], environment: &[(&str, &str)]) -> Self {
        Self::child_telling(command, environment, 0).0
    }

    fn child_telling(command: &[String], environment: &[(&str, &str)], count: usize) -> (Self, Vec<u32>) {
        let mut start = Command::new(&command[0]);
        start.args(&command[1..]).envs(environment.iter().copied()).stdout(Stdio::piped());
        let mut child = start.spawn().expect("it starts");
        let handle = Handle::open(child.id()).expect("it runs");
        let output = child.stdout.take();
        let running = Self { handle, child: Some(child) };
        (running, told(output, count))
    }

    /// Starts a process in a session of its own, without a living parent, so that nothing links it to this process.
    pub fn detached(command: &[String], environment: &[(&str, &str)]) -> Self {
        let mut shell = Command::new("sh");
        shell.args(["-c", r#"setsid "$@" & echo $!"#, "sh"]).args(command);
        shell.envs(environment.iter().copied()).stdout(Stdio::piped());
        let mut shell = shell.spawn().expect("the shell starts");
        let told = told(shell.stdout.take(), 1);
        shell.wait().expect("the shell ends at once");
        Self { handle: Handle::open(told[0]).expect("it runs"), child: None }
    }

    pub fn pid(&self) -> u32 {
        self.handle.pid()
    }
}

/// Waits for the word "ready" and for `count` numbers, which it returns.
fn told(output: Option<ChildStdout>, count: usize) -> Vec<u32> {
    let (mut numbers, mut is_ready) = (Vec::new(), false);
    for line in BufReader::new(output.expect("it is piped")).lines().map_while(Result::ok) {
        is_ready |= line == "ready";
        numbers.extend(line.parse::<u32>());
        if is_ready && numbers.len() == count {
            return numbers;
        }
    }
    panic!("it ended too early");
}

impl Drop for Running {
    fn drop(&mut self) {
        let killed = self.handle.signal(Signal::Kill);
        if let Some(child) = &mut self.child {
            let _ = child.wait();
        }
        while killed.is_ok() && !self.handle.has_exited() {
            std::thread::yield_now();
        }
    }
}

/// The tag of a tree, as an environment variable.
pub fn tag(instance: &Instance, tree: u64) -> String {
    Tag { instance: instance.clone(), tree }.to_string()
}
