/**
 * procward: limits, tracks and cleans up the child processes of a Node.js server.
 *
 * Durations are whole numbers of milliseconds. Instants (`startTime`, `time`) are milliseconds
 * since the epoch. Sizes are bytes. Every error is an `Error` with a stable string `code`. A
 * malformed option throws `ERR_INVALID_CONFIG`, an argument of the wrong type
 * `ERR_INVALID_ARG_TYPE`, an empty one or one with a null byte `ERR_INVALID_ARG_VALUE`.
 *
 * Limits, pools, sessions and `shutdown()` belong to one JavaScript environment: the main thread or
 * one worker thread, with one copy of this package. The list of running processes and the metrics
 * are those of the process: its threads share them, a second copy of the package does not. No
 * thread and no copy keeps the event loop of another alive. A scan spares the processes of other
 * copies.
 */

import type { EventEmitter } from 'node:events'
import type { Readable, Writable } from 'node:stream'
import type { ActiveProcess } from './binding'
import type { HealthCleanup, HealthHelper, Sample } from './lib/health'
import type * as Mcp from './lib/mcp/protocol'

/** An error of this package. */
export interface ProcwardError extends Error {
  code: string
}

// ----------------------------------------------------------------------------------------------
// Semaphore

export interface SemaphoreOptions {
  /** Timeout of a waiter in ms, or `Infinity`. Default 60000. */
  queueTimeout?: number
  /**
   * Maximum number of waiters. 0 refuses every call that would have to wait. Default `Infinity`.
   */
  maxQueue?: number
}

export interface AcquireOptions {
  /**
   * Number of slots to take, from 1 to `maxConcurrent`. Default 1. A waiter that costs much is not
   * overtaken by later waiters that cost less.
   */
  cost?: number
  /**
   * Timeout of the wait in ms, or `Infinity`. Default: the semaphore's `queueTimeout`. Under fake
   * timers the timeout follows the clock that the test advances.
   */
  timeout?: number
  /** Takes the waiter out of the queue when aborted. */
  signal?: AbortSignal
}

export interface SemaphoreStatus {
  /** Number of slots. */
  maxConcurrent: number
  /** Number of held slots. After `resize()` to less it may exceed `maxConcurrent` for a while. */
  current: number
  /** Number of waiters. A waiter that timed out or was aborted does not count. */
  queued: number
  /** Number of slots that are not held, also while the semaphore is paused. */
  available: number
}

/**
 * A counting semaphore with a strict first-come-first-served queue.
 *
 * A released slot passes to the first waiter in the same moment, so that no later caller can take
 * it. A waiter keeps this process alive. A semaphore without waiters does not.
 *
 * A limit holds for one semaphore. Worker threads, and a second copy of this package, have
 * semaphores of their own.
 */
export class Semaphore {
  /**
   * @param maxConcurrent - number of slots, at least 1; default 3
   * @throws `ERR_INVALID_CONFIG`
   */
  constructor(maxConcurrent?: number, options?: SemaphoreOptions)

  /**
   * Waits for a slot and takes it; with `cost`, for that many slots.
   *
   * Resolves with a function that releases what was taken. A second call of the function does
   * nothing. A caller may ignore the function and call {@link Semaphore.release} for each slot
   * instead, but must not do both.
   *
   * Rejects with `ERR_QUEUE_TIMEOUT` (`Semaphore acquire timeout (60s)`), `ERR_QUEUE_FULL`,
   * `ERR_CLOSED`, `ERR_CLEARED`, or an `AbortError` (`ABORT_ERR`; `cause` is the signal's reason).
   * A full queue and an aborted signal reject at once.
   *
   * A `cost` above `maxConcurrent` rejects at once with `ERR_INVALID_CONFIG`. So does a waiter when
   * `resize()` lowers `maxConcurrent` below its cost, because its turn would never come.
   */
  acquire(options?: AcquireOptions): Promise<() => void>

  /**
   * Takes a slot if one is free and no caller waits. Returns `false` otherwise, also while paused,
   * and always after `drain()` and `close()`.
   */
  tryAcquire(): boolean

  /**
   * Releases a slot, which passes to the first waiter if the queue has any.
   * @throws `ERR_NOT_ACQUIRED` when no slot is held, so that the number of slots never grows
   */
  release(): void

  /**
   * Runs `fn` while holding a slot; with `cost`, that many slots. The slots are released when `fn`
   * returns, throws, or its promise settles, and never earlier: `timeout` and `signal` limit the
   * wait in the queue, not the run.
   *
   * Rejects like {@link Semaphore.acquire}, or with the error that `fn` threw.
   */
  use<T>(fn: () => T | PromiseLike<T>, options?: AcquireOptions): Promise<T>

  getStatus(): SemaphoreStatus

  /**
   * Changes the number of slots. New slots go to waiters at once. Held slots stay held until they
   * are released. Waiters that cost more than the new number are rejected with
   * `ERR_INVALID_CONFIG`.
   * @throws `ERR_INVALID_CONFIG`
   */
  resize(maxConcurrent: number): void

  /** Grants no slot until `resume()`. Callers are queued. Their timeouts go on. */
  pause(): void

  /** Ends `pause()`, and grants the free slots to the waiters. */
  resume(): void

  /**
   * Resolves once no slot is held and no caller waits, at once if that is so now. The promise does
   * not keep this process alive.
   */
  onIdle(): Promise<void>

  /**
   * Rejects all later calls with `ERR_CLOSED`, and serves the waiters. Resolves like
   * {@link Semaphore.onIdle}. While the semaphore is paused, the waiters wait for `resume()`.
   */
  drain(): Promise<void>

  /**
   * Rejects all waiters with `reason`; without a reason, with `ERR_CLEARED`. Held slots stay held,
   * and later calls are accepted.
   */
  clear(reason?: unknown): void

  /**
   * Rejects all waiters and all later calls with `ERR_CLOSED`. Held slots stay held until released.
   */
  close(): void
}

// ----------------------------------------------------------------------------------------------
// Tracked processes

export interface RunOptions {
  /** Name of the server that the process works for, in listings and metrics. Default `null`. */
  server?: string
  /** Name of the tool that the process works for. Default `null`. */
  tool?: string
  /** Working directory: a path or a `file:` URL. Default: this process's. */
  cwd?: string | URL
  /** Variables on top of this process's environment. `undefined` removes a variable. */
  env?: Record<string, string | undefined>
  /**
   * Input of the process. `run()` closes stdin after the input, `spawn()` leaves stdin open after
   * bytes.
   *
   * A stream, an iterable of strings and bytes, or a file is read as fast as the process takes it,
   * and stdin is closed after it. When it fails, the tree is terminated, and the call rejects with
   * `ERR_INPUT_FAILED`, also with `reject: false`. When the process takes no more, an iterator is
   * ended, and a stream of the caller stays open and paused.
   */
  input?:
    | string
    | Uint8Array
    | NodeJS.ReadableStream
    | Iterable<string | Uint8Array>
    | AsyncIterable<string | Uint8Array>
    | { file: string | URL }
  /** File to read the input from: the same as `input: { file }`. */
  inputFile?: string | URL
  /**
   * Standard input of the process. Default `'pipe'`, which `input`, `stdin` and `write()` need.
   * With a terminal as standard input the process keeps the terminal's foreground: it is in this
   * process's group, and gets Ctrl+C too.
   */
  stdin?: StandardStream | { file: string | URL }
  /**
   * Standard output of the process. Default `'pipe'`. All else makes the output of the result
   * empty, and there are no lines.
   */
  stdout?: StandardStream | { file: string | URL; append?: boolean }
  /** Standard error of the process, in the same way. */
  stderr?: StandardStream | { file: string | URL; append?: boolean }
  /** Name that the process sees as its own (`argv[0]`). Default: the command. Not on Windows. */
  argv0?: string
  /**
   * `true` runs the command and its arguments, joined by blanks, as one line of `/bin/sh`, or of
   * `%ComSpec%` on Windows. A string names another shell. Nothing is quoted, so text of other users
   * must never be part of it. Default `false`.
   */
  shell?: boolean | string
  /**
   * `true` puts `node_modules/.bin` of the working directory, and of the folders above it, in front
   * of the process's `PATH`. Default `false`.
   */
  preferLocal?: boolean
  /**
   * Ms after which the whole process tree is terminated, or `Infinity`.
   *
   * The promise (`run()`, `exited`) settles when the tree has exited, up to `killGrace` later. For
   * a tree that does not exit, see {@link RunOptions.onStuck}. Default: no timeout, but the cleanup
   * scanner terminates a process that is older than its `maxAge`. `Infinity` makes the scanner
   * spare the process.
   */
  timeout?: number
  /**
   * Maximum bytes of each output of `run()`, or of one line of `spawn()`, or `Infinity`. More
   * output terminates the tree. Default 10 MiB.
   */
  maxBuffer?: number
  /** Terminates the whole process tree when aborted. */
  signal?: AbortSignal
  /**
   * `true` releases the descendants that are left when the command exits. They may outlive this
   * process, and the cleanup scanner spares them, because their environment has `PROCWARD_KEEP=1`.
   * Default `false`: these descendants are terminated.
   */
  detached?: boolean
  /**
   * Ms between SIGTERM and SIGKILL. Also the time that an output may stay open after the command
   * has exited. Default 2000.
   */
  killGrace?: number
  /**
   * First signal of a termination: by timeout, abort, too much output, `kill()` or shutdown. A name
   * or a number. Default `'SIGTERM'`. SIGKILL follows after `killGrace`. Windows has no signals.
   */
  killSignal?: NodeJS.Signals | number
  /**
   * Behaviour for a process tree that was killed and does not exit, because it is frozen or stuck
   * in the kernel. Default `'wait'`.
   * - `'wait'`: the call settles when the tree has exited, so that a slot around the call stays
   *   held until then.
   * - `'reject'`: the call rejects with `ERR_STUCK` 2 x `killGrace` after the termination began.
   *   Termination of the tree goes on.
   *
   * In both cases {@link getActiveProcesses} lists the tree as `stuck`, metrics count it, and an
   * alert is raised.
   */
  onStuck?: 'wait' | 'reject'
  /**
   * Encoding of the outputs: any of Node.js's, or `'buffer'`. Default `'utf8'`, which replaces
   * invalid sequences. `spawn()` takes no `'utf16le'`, whose line breaks are two bytes. An output
   * that is longer than a string may be rejects with `ERR_STRING_TOO_LONG`.
   */
  encoding?: BufferEncoding | 'buffer'
  /** `false` resolves with the result of a failed process instead of rejecting. Default `true`. */
  reject?: boolean
  /**
   * `true` gives both outputs as one too: {@link ProcessResult.all} of `run()`, and the stream
   * {@link TrackedProcess.all} of `spawn()`. Bytes come in the order of their reading, which may
   * differ from the order of writing when both outputs are written at nearly the same time. Default
   * `false`.
   */
  all?: boolean
}

/**
 * A standard stream of a process:
 * - `'pipe'`: a pipe to this process
 * - `'ignore'`: nothing
 * - `'inherit'`: the same stream of this process
 * - a number: a descriptor of this process, copied at the call; on Windows 0, 1 or 2
 * - a `file:` URL, or an object with a file: opened at the start. An output creates or empties the
 *   file, or appends to it with `append: true`. Both outputs into one file share its position, as
 *   by `2>&1`: neither overwrites the other, and `append` of `stdout` holds for both. The file is
 *   emptied unless both append.
 *
 * If a file or a descriptor cannot be opened, the call rejects with `ERR_SPAWN`. The `cause` is the
 * system's error, such as `ENOENT` or `EMFILE`.
 */
export type StandardStream = 'pipe' | 'ignore' | 'inherit' | number | URL

export interface ProcessResult<Output extends string | Buffer = string> {
  /** Pid of the command itself. */
  pid: number
  /** `null` after a signal. */
  exitCode: number | null
  /**
   * `null` after an exit with a code. A signal that Node.js has no name for, such as a real-time
   * signal, has its number in its name: `SIG34`.
   */
  signal: NodeJS.Signals | null
  /** Standard output. Empty for `spawn()`, and if `stdout` is no pipe. */
  stdout: Output
  /**
   * Standard error. For `spawn()`, its last 64 KiB, or empty if it was read as a stream. Empty if
   * `stderr` is no pipe.
   */
  stderr: Output
  /**
   * With the option `all`, both outputs in the order of their reading. Up to twice `maxBuffer`.
   * Empty for `spawn()`.
   */
  all?: Output
  /** Ms until the last process of the tree had exited. */
  duration: number
  timedOut: boolean
  /** `true` when an output exceeded `maxBuffer`. */
  truncated: boolean
}

/**
 * The error of a process that had started. `run()` and `exited` reject with it. It carries the
 * fields of the result.
 */
export type ProcessError = ProcwardError & ProcessResult<string | Buffer>

export type { ActiveProcess }

/**
 * Runs a command and waits until its whole process tree has exited.
 *
 * The command starts off the JavaScript thread, and without a shell by default. A command without a
 * path is looked up on the `PATH` of its environment, or in the system's folders without a `PATH`.
 * A script without `#!` runs through `sh`. The options may take the place of the arguments.
 * Descendants that are left when the command exits are terminated.
 *
 * Rejects with
 * - `ERR_SPAWN`: the command was not started; `cause` has the system's `code`
 * - `ERR_EXIT`: the command exited with a non-zero code or by a signal
 * - `ERR_CALL_TIMEOUT`, `ABORT_ERR`: the timeout has passed, or the signal was aborted
 * - `ERR_MAX_BUFFER`: an output exceeded `maxBuffer`
 * - `ERR_INPUT_FAILED`: the stream, iterable or file of the input failed; `cause` has the error
 * - `ERR_CLEANUP`: the cleanup scanner terminated the tree for its age
 * - `ERR_STUCK`: with `onStuck: 'reject'`, the tree did not exit. `left` has the pids that are
 *   still there, as far as they can be seen
 *
 * All errors but `ERR_SPAWN` carry the fields of the result, and their message ends with the tail
 * of stderr. A tree is terminated in these steps: its stdin is closed, `killSignal` (SIGTERM),
 * `killGrace`, SIGKILL. After every error but `ERR_STUCK` no process of the tree runs.
 */
export function run(
  command: string,
  args: readonly string[] | undefined,
  options: RunOptions & { encoding: 'buffer' },
): Promise<ProcessResult<Buffer>>
export function run(
  command: string,
  options: RunOptions & { encoding: 'buffer' },
): Promise<ProcessResult<Buffer>>
export function run(
  command: string,
  args?: readonly string[],
  options?: RunOptions,
): Promise<ProcessResult>
export function run(command: string, options?: RunOptions): Promise<ProcessResult>

/**
 * Starts a command and streams its output line by line. A slow listener makes the process wait:
 * at most a few hundred lines are buffered.
 *
 * Until the caller shows interest, output waits in the pipe. A full pipe makes the process wait.
 * Interest is a listener of `line`, `errorLine` or `exit`, an iteration, the property `exited`, or
 * `kill()`. The exit or the termination of the command also counts. From then on both outputs are
 * read. The first 64 KiB of an output without a listener are kept for its first listener, or for
 * its stream. Further lines are dropped until that listener comes. The properties `stdout`,
 * `stderr` and `all` read an output as a stream instead.
 *
 * Invalid arguments throw. So does `ERR_SPAWN` with the cause `EMFILE`, if the first call finds no
 * descriptor left. All later errors reject {@link TrackedProcess.exited}.
 */
export function spawn(
  command: string,
  args?: readonly string[],
  options?: RunOptions,
): TrackedProcess
export function spawn(command: string, options?: RunOptions): TrackedProcess

export interface TrackedProcessEvents {
  /** Emitted when the process has started. */
  spawn: [pid: number]
  /** Emitted for each line of standard output, without its line break. */
  line: [line: string | Buffer]
  /** Emitted for each line of standard error, without its line break. */
  errorLine: [line: string | Buffer]
  /** Emitted when the whole tree has exited, with the result or the error of `exited`. */
  exit: [result: ProcessResult<string | Buffer> | null, error: ProcwardError | null]
}

export interface TrackedProcess
  extends EventEmitter<TrackedProcessEvents>,
    AsyncIterable<string | Buffer> {
  /** Pid of the command itself. `null` until the process has started. */
  readonly pid: number | null
  readonly server: string | null
  readonly tool: string | null
  /** Ms since the epoch. */
  readonly startTime: number
  /**
   * Settles like {@link run}, once the whole tree has exited. A rejection without a handler is not
   * an unhandled rejection.
   */
  readonly exited: Promise<ProcessResult<string | Buffer>>
  /**
   * Iterates over the lines of standard output, until the whole tree has exited. A slow loop makes
   * the process wait. Throws the error of `exited` after the last line, and `ERR_OUTPUT_IN_USE` if
   * `stdout` is read as a stream.
   *
   * A loop that is left early, by `break`, `return` or an error, does not terminate the process,
   * and does not wait for its exit. Further lines are read, and dropped without a listener. A later
   * loop gets those after its begin. Unlike a stream of Node.js and execa, the loop does not close
   * the output either: call `kill()` to end a process that would write without end.
   */
  [Symbol.asyncIterator](): AsyncGenerator<string | Buffer, void, void>
  /**
   * A stream to stdin, with back-pressure: an alternative to `write()` and `end()`. Its writes are
   * done once the data is in the pipe. A write after the process has closed stdin fails with
   * `ERR_INPUT_CLOSED`. Destroyed once the whole tree has exited.
   */
  readonly stdin: Writable
  /**
   * Standard output as a stream of bytes, an alternative to `line` events and iteration. The output
   * then has no lines, `maxBuffer` does not apply to it, and back-pressure is the stream's. It may
   * end after `exited` has settled, and keeps the event loop alive until then. Destroying it closes
   * the pipe.
   *
   * On Linux and macOS the stream owns the pipe: a `net.Socket` as in Node.js. On Windows, and when
   * reading has begun before (see {@link spawn}), it gets the kept bytes and those after them.
   * Neither output waits for the other: read both, or read `exited` too.
   * @throws `ERR_OUTPUT_IN_USE` when the output is read as lines, `ERR_OUTPUT_CUT` when more than
   *   64 KiB were read before, a system error such as `EMFILE` when no pipe can be made
   */
  readonly stdout: Readable
  /** Standard error as a stream, like {@link TrackedProcess.stdout}. */
  readonly stderr: Readable
  /**
   * Both outputs as one stream, with the option `all`; otherwise `undefined`. Reads `stdout` and
   * `stderr`, and throws what these throw. Destroying it destroys both.
   */
  readonly all: Readable | undefined
  /** Writes to stdin. Resolves once the data is written; rejects with `ERR_INPUT_CLOSED`. */
  write(data: string | Uint8Array): Promise<void>
  /** Closes stdin, after writing `data` if given. */
  end(data?: string | Uint8Array): Promise<void>
  /**
   * Connects standard output to the stdin of another process, with back-pressure. Resolves with the
   * result of `destination` when both trees have exited. When one process fails, the other is
   * terminated, and the promise rejects with the first error. A source that ends by SIGPIPE,
   * because `destination` reads no more, has not failed.
   *
   * An output has one destination, and a stdin one source: another process, or an `input` that is
   * no bytes. A second one throws `ERR_INVALID_CONFIG`, because the first would cut it off. Throws
   * `ERR_OUTPUT_IN_USE` if the output is read as lines.
   */
  pipe(destination: TrackedProcess): PipedProcesses
  /**
   * Sends a signal to the command itself, at once, as Node.js's `kill()` does. Before the start, up
   * to 32 signals wait for it. Descendants get none, but are terminated after the exit of the
   * command. `0` sends nothing. `exited` then rejects with `ERR_EXIT` if the signal has ended the
   * command. docs/children.md compares this with `procward/child_process`.
   *
   * Returns `false` once the command has exited. Throws `ERR_UNKNOWN_SIGNAL`. On Windows every
   * signal kills the command.
   */
  kill(signal: NodeJS.Signals | number): boolean
  /**
   * Terminates the whole tree: `killSignal`, and SIGKILL after `killGrace`. `exited` rejects with
   * `ERR_KILLED`. Resolves once the tree has exited.
   */
  kill(options?: { killGrace?: number }): Promise<void>
}

/** The result of `pipe()`. A rejection without a handler is not an unhandled rejection. */
export interface PipedProcesses
  extends Promise<
    ProcessResult<string | Buffer> & {
      /** The result of the source, or its error if SIGPIPE has ended it. */
      pipedFrom: ProcessResult<string | Buffer>[]
    }
  > {
  /** Connects the destination to a further process. Its promise has the errors of all. */
  pipe(next: TrackedProcess): PipedProcesses
}

/** Returns the running processes, oldest first. Each entry stands for a process tree. */
export function getActiveProcesses(): ActiveProcess[]

// ----------------------------------------------------------------------------------------------
// MCP sessions

/** Options of a server. In the options of a pool or a helper, the defaults for all its servers. */
export interface McpUseOptions {
  /**
   * Maximum number of calls in flight on one session. Default 8, or 1 for servers with a state
   * (mcporter's `keep-alive`).
   */
  maxInFlight?: number
  /**
   * Maximum number of sessions with one server. More than one helps servers that answer one call at
   * a time. Default 1.
   */
  instances?: number
  /** Number of calls after which a session is replaced. Default: no limit. */
  maxUses?: number
  /** Ms after which a session is replaced, up to a tenth more. Default: no limit. */
  maxLifetime?: number
  /** Number of sessions that are started at once and kept, idle or not. Default 0. */
  minWarm?: number
  /** Ms without a call after which a session is ended, or `Infinity`. Default 30000. */
  idleTimeout?: number
  /**
   * Memory that a server's process tree may have of its own: bytes, or a size such as `'512M'`.
   * Above it the session is replaced after its calls. Above twice as much it is ended, and its
   * calls reject with `ERR_MEMORY`. Looked at each second. Default: no limit.
   */
  maxTreeMemory?: number | string
  /** Timeout of a server's start and handshake in ms. Default 30000. */
  startTimeout?: number
  /**
   * Ms between SIGTERM and SIGKILL for a server that does not exit at end of input. Default 1000.
   */
  killGrace?: number
  /** Maximum bytes of one message, and of a whole list of tools. Default 10 MiB. */
  maxBuffer?: number
  /**
   * `true` releases the descendants of the server (a dev server, tmux, adb) when the session ends.
   * They may outlive this process, and the cleanup scanner spares them. A server that has to be
   * killed is killed with all its descendants. Default `false`: they are terminated with the
   * session.
   */
  detached?: boolean
  /**
   * Version of the protocol. `'auto'` begins with 2025-11-25 and continues with the version that
   * the server knows. `'2026-07-28'` skips the handshake of the older versions. Default `'auto'`.
   */
  protocol?: 'auto' | '2025-11-25' | '2026-07-28'
}

/**
 * The sign-in of a server over HTTP that needs no person: the OAuth grant `client_credentials`. The
 * names are those of mcporter's configuration. See `docs/mcp-servers.md`.
 *
 * The token stays in memory, is shared by all calls, and is replaced before it expires. It goes to
 * `url` as a bearer token. A call to a server without a usable token rejects with
 * `ERR_UNAUTHORIZED`. No error, log or page shows a secret or a token.
 */
export interface McpSignInOptions {
  /** Turns the sign-in on. The settings below need it, and it needs `url`. */
  auth?: 'client_credentials'
  /** Id that the authorization server knows this client by. Required. */
  oauthClientId?: string
  /** Secret of the client. Either a secret or a private key is required. */
  oauthClientSecret?: string
  /** Environment variable with the secret, read for each token. */
  oauthClientSecretEnv?: string
  /** File with the secret, at most 64 KiB, read for each token. Relative to the working folder. */
  oauthClientSecretFile?: string
  /** Private key of the client (RSA, EC or Ed25519): a PEM text without a passphrase. */
  oauthPrivateKey?: string
  /** Environment variable with the private key, read for each token. */
  oauthPrivateKeyEnv?: string
  /** File with the private key, at most 64 KiB, read for each token. */
  oauthPrivateKeyFile?: string
  /** Id of the private key (`kid`). Default: none. */
  oauthPrivateKeyId?: string
  /**
   * Authentication of the client. Default: `'private_key_jwt'` with a private key, otherwise
   * `'client_secret_basic'` unless the authorization server takes only `'client_secret_post'`.
   */
  oauthTokenEndpointAuthMethod?: 'client_secret_basic' | 'client_secret_post' | 'private_key_jwt'
  /**
   * Algorithm of the private key's signatures. Default: the first that fits the key and that the
   * authorization server supports.
   */
  oauthTokenEndpointAuthSigningAlg?:
    | 'RS256'
    | 'RS384'
    | 'RS512'
    | 'PS256'
    | 'PS384'
    | 'PS512'
    | 'ES256'
    | 'ES384'
    | 'ES512'
    | 'EdDSA'
    | 'Ed25519'
  /** Scopes to ask for, separated by spaces. Default: none are named. */
  oauthScope?: string
  /** Address of the authorization server. Default: the one that the server names. */
  oauthIssuer?: string
}

/**
 * A server: a program (`command`) or an address (`url`), with its options. Without either, the
 * options of a server that is configured elsewhere.
 */
export interface McpServerOptions extends McpUseOptions, McpSignInOptions {
  /** Program that speaks MCP over stdin and stdout: a path, or a name to look up on the `PATH`. */
  command?: string
  args?: readonly string[]
  cwd?: string
  /** Variables on top of this process's environment. `undefined` removes a variable. */
  env?: Record<string, string | undefined>
  /**
   * Address of a server that speaks MCP over HTTP ("streamable HTTP"). https is verified as in
   * Node.js, including `NODE_EXTRA_CA_CERTS`. Proxies are used with `NODE_USE_ENV_PROXY=1`.
   */
  url?: string
  /**
   * Headers of each request, sent as `fetch` sends them. A redirect to another origin drops them.
   */
  headers?: Record<string, string>
}

export interface McpPoolOptions extends McpUseOptions {
  /** Servers by name. */
  servers?: Record<string, McpServerOptions>
  /**
   * mcporter's configuration file, for servers that are not in `servers`. Default: mcporter's usual
   * places, when `servers` is absent too.
   */
  configPath?: string
  /** Maximum number of server processes. Default `PROCESS_POOL_SIZE`, or 5. */
  maxSessions?: number
  /** Maximum number of servers that start at the same time. Default 2. */
  maxStarting?: number
  /**
   * Timeout of a call in ms, or `Infinity`. Includes reading the configuration and starting the
   * server. Default `MCPORTER_CALL_TIMEOUT`, or 60000.
   */
  callTimeout?: number
  /** Timeout of listing tools in ms, or `Infinity`. Default `MCPORTER_LIST_TIMEOUT`, or 30000. */
  listTimeout?: number
  /** Functions that answer the servers' own requests. Default: none, and none is announced. */
  handlers?: McpHandlers
  /**
   * Called for each log message of a server. A server chooses its level until `setLogLevel()`. Log
   * messages that come faster than they are taken are dropped above 1 MiB; a message of the logger
   * `procward` then says how many. An error that the function throws is an uncaught exception.
   */
  onLog?: (message: Mcp.LoggingMessageNotificationParams, from: { server: string }) => void
  /**
   * Called when a server says that its list of tools, prompts or resources has changed, once for
   * all changes since the last call. Only servers with a running session say so.
   */
  onListChanged?: (list: 'tools' | 'prompts' | 'resources', from: { server: string }) => void
}

/** A server's own description. A member that it leaves out is `undefined`. */
export interface McpServerInfo {
  name?: string
  version?: string
  /** Text for a language model about the use of the server. */
  instructions?: string
  /** The version of the protocol that the session speaks. */
  protocolVersion: string
  capabilities: Mcp.ServerCapabilities
}

/** An update of a resource. */
export interface McpResourceUpdate {
  /** The resource that has changed: that of the subscription, or a part of it. */
  uri: string
  /**
   * `true`: updates may have been missed, because the subscription was made again on a new session,
   * or because updates came too fast. Read the resource again.
   */
  renewed?: true
}

/** The second argument of a handler. */
export interface McpHandlerContext {
  /** Name of the server that asks. */
  server: string
  /**
   * Aborted when no answer is wanted any more: the call has settled, the server has withdrawn its
   * request, the session has ended, or the handler took too long.
   */
  signal: AbortSignal
}

/**
 * Functions that answer the requests of servers, each with the protocol's result or a promise of
 * it. Only those that are given are announced to servers; all other requests are refused.
 *
 * A server of 2025-11-25 or earlier asks during a session. A handler may then take `callTimeout`.
 * If the handler throws, takes longer, or returns something else, then the server is answered with
 * an error, and procward warns once (`PROCWARD_HANDLER`). The server gets the message of a thrown
 * error only if the error has a whole number as `rpcCode`, which is then the error's code.
 *
 * A server of 2026-07-28 asks in its result, and the call goes on with the answers, at most ten
 * times. The call rejects with `ERR_HANDLER` if a handler throws or returns something else
 * (`kind`, and the thrown error as `cause`), with `ERR_CALL_TIMEOUT` at its deadline, and with
 * `ERR_INPUT_REQUIRED` if there is no handler (`wanted`), or still no result after ten rounds.
 *
 * A handler runs in the async context in which the pool was created.
 */
export interface McpHandlers {
  /**
   * Asks a person: `elicitation/create`. A function answers forms. With an object, `form` answers
   * forms and `url` requests to open an address; the modes that are given are announced.
   */
  elicitation?:
    | McpElicitationHandler
    | { form?: McpElicitationHandler; url?: McpElicitationHandler<Mcp.ElicitRequestURLParams> }
  /** Asks a model: `sampling/createMessage`. Requests with tools are not announced. */
  sampling?: (
    params: Mcp.CreateMessageRequestParams,
    context: McpHandlerContext,
  ) => Mcp.CreateMessageResult | Promise<Mcp.CreateMessageResult>
  /** Names the folders that the server may work in: `roots/list`. */
  roots?: (context: McpHandlerContext) => Mcp.ListRootsResult | Promise<Mcp.ListRootsResult>
}

/** Answers `elicitation/create`. */
export type McpElicitationHandler<Params = Mcp.ElicitRequestFormParams> = (
  params: Params,
  context: McpHandlerContext,
) => Mcp.ElicitResult | Promise<Mcp.ElicitResult>

/** The answer of a tool, unchanged. A server may add fields. */
export interface McpToolResult {
  content?: ({ type: string } & Record<string, unknown>)[]
  structuredContent?: Record<string, unknown>
  isError?: boolean
  _meta?: Record<string, unknown>
}

export interface McpTool {
  name: string
  description?: string
  /** JSON Schema of the arguments. */
  inputSchema?: Record<string, unknown>
  /** JSON Schema of the structured content, if the tool has one. */
  outputSchema?: Record<string, unknown>
}

/** A server's progress report on a call in flight. */
export interface McpProgress {
  progress: number
  total?: number
  message?: string
}

export interface McpCallOptions {
  /**
   * Timeout of the whole call in ms: reading the configuration, starting the server, the answer.
   * Default: the pool's.
   */
  timeout?: number
  /** Cancels the call in any stage. Any number of calls may share one signal. */
  signal?: AbortSignal
  /**
   * Called for each progress report of the server, in the async context of the call
   * (`AsyncLocalStorage`). An error that the function throws is an uncaught exception and does not
   * end the call.
   */
  onProgress?: (progress: McpProgress) => void
}

/**
 * The shapes of the protocol, as the specification of 2026-07-28 has them: `import type { Mcp }
 * from 'procward'`, then `Mcp.Resource`. `resultType` and the members for caches are optional here,
 * because servers of earlier versions leave them out.
 */
export type { Mcp }

/** Options of a request besides calls of tools. */
export type McpRequestOptions = Pick<McpCallOptions, 'timeout' | 'signal'>

export interface McpPoolStatus {
  maxSessions: number
  /** Number of calls that wait for a session. */
  queued: number
  sessions: {
    server: string
    /** Pid of the server. `null` over HTTP, and before the process has started. */
    pid: number | null
    state: 'starting' | 'idle' | 'busy' | 'ending'
    /** Ms since the start began. */
    age: number
    /** Ms since the last call. `null` during a call. */
    idle: number | null
    /** Number of calls so far. */
    uses: number
    /** Number of calls in flight. */
    inFlight: number
    /** Resident bytes, on Linux of the whole tree. `null` without a process. */
    memory: number | null
    /** Number of invalid lines on standard output: lines that are no messages. They are skipped. */
    garbage: number
  }[]
  /** Counters since the pool was created. */
  stats: {
    /** Calls on a session that had been used before. */
    hits: number
    /** First calls of a session. */
    misses: number
    /** Ended sessions by reason. */
    recycled: Partial<Record<McpSessionEnd, number>>
  }
  /**
   * Configuration files that cannot be used, as of the latest call. Each has the reason, and never
   * a value of the file. Absent when all servers are given in code.
   */
  ignored?: { file: string; problem: string }[]
}

/**
 * The reason for the end of a session. `evicted`: it made room for another server. `memory`: it had
 * more than `maxTreeMemory`. `changed`: its configuration changed. `exited`: the server exited by
 * itself.
 */
export type McpSessionEnd =
  | 'idle'
  | 'uses'
  | 'lifetime'
  | 'evicted'
  | 'unhealthy'
  | 'memory'
  | 'exited'
  | 'changed'
  | 'closed'

/**
 * A pool of warm sessions with MCP servers: started on first use, shared by all calls, ended after
 * their idle timeout.
 *
 * At most `maxSessions` server processes run. The session that has been idle longest is ended for
 * another server; a busy session never is. Concurrent first calls share one start. Calls wait
 * first come first served.
 *
 * A call is sent once. If its server exits, the call rejects with `ERR_SERVER_EXITED`, and the next
 * call starts the server again. A server that keeps failing is started again after growing delays.
 * A call moves to a new session only when a server over HTTP refused the session and has not done
 * the call.
 *
 * Requests besides calls of tools are counted and published as calls are, under their method
 * (`resources/read`) in the place of a tool. A list has all pages: the members of the first page,
 * with the entries of all. All pages are one use of one session. It rejects with `ERR_MAX_BUFFER`
 * above `maxBuffer` bytes, and with `ERR_MCP` for a cursor that repeats. `ERR_MCP` without
 * `rpcCode` also means that an answer has not the shape that the protocol asks for. Members that
 * the protocol does not know are passed on.
 *
 * A server is terminated with its whole process tree: its stdin is closed, SIGTERM follows half a
 * second later, SIGKILL after `killGrace`. Where procward guarantees it (`docs/guarantees.md`), no
 * server outlives this process.
 */
export class McpPool {
  /** @throws `ERR_INVALID_CONFIG`, or `ERR_PROCESS_LIMIT` if no thread can be started */
  constructor(options?: McpPoolOptions)
  /**
   * Calls a tool. Resolves with the server's answer, also with `isError`.
   *
   * Rejects with the codes of `callToolAsync` in `procward/mcp-helper`, except the codes of its
   * queue and of mcporter.
   */
  callTool<Result = McpToolResult>(
    server: string,
    tool: string,
    args?: object,
    options?: McpCallOptions,
  ): Promise<Result>
  /**
   * Resolves with all tools of a server, as the server describes them. A list above `maxBuffer`
   * bytes rejects with `ERR_MAX_BUFFER`, a cursor that repeats with `ERR_MCP`. Over HTTP, a tool of
   * a server of 2026-07-28 whose schema marks headers (`x-mcp-header`) in a forbidden way is left
   * out, with a warning (`PROCWARD_TOOL_HEADERS`).
   */
  listTools(
    server: string,
    options?: Pick<McpCallOptions, 'timeout' | 'signal'>,
  ): Promise<(McpTool & Record<string, unknown>)[]>
  /** Resolves with all resources that the server lists. Timeout: that of listing tools. */
  listResources(server: string, options?: McpRequestOptions): Promise<Mcp.ListResourcesResult>
  /** Resolves with all templates of resources. Timeout: that of listing tools. */
  listResourceTemplates(
    server: string,
    options?: McpRequestOptions,
  ): Promise<Mcp.ListResourceTemplatesResult>
  /** Reads a resource. Resolves with the server's answer, unchanged. */
  readResource(
    server: string,
    uri: string,
    options?: McpRequestOptions,
  ): Promise<Mcp.ReadResourceResult>
  /** Resolves with all prompts that the server lists. Timeout: that of listing tools. */
  listPrompts(server: string, options?: McpRequestOptions): Promise<Mcp.ListPromptsResult>
  /**
   * Resolves with all skills of a server that has the extension `io.modelcontextprotocol/skills`.
   * `readResource` gets their files, unverified: compare `size`, `digest` and `frontmatter` of the
   * entry before use. Timeout: that of listing tools.
   */
  listSkills(
    server: string,
    options?: McpRequestOptions,
  ): Promise<{ skills: Record<string, unknown>[]; [member: string]: unknown }>
  /**
   * Resolves with the messages of a prompt.
   * @param args - strings by name; a member that is `undefined` is left out
   */
  getPrompt(
    server: string,
    name: string,
    args?: Record<string, string | undefined>,
    options?: McpRequestOptions,
  ): Promise<Mcp.GetPromptResult>
  /**
   * Resolves with what may complete an argument of a prompt or of a template of resources.
   * @param options - `context` has the arguments that are known already
   */
  complete(
    server: string,
    ref: Mcp.PromptReference | Mcp.ResourceTemplateReference,
    argument: { name: string; value: string },
    options?: McpRequestOptions & { context?: { arguments?: Record<string, string> } },
  ): Promise<Mcp.CompleteResult>
  /**
   * Asks a server for log messages from this level on; see `onLog`. The level holds for all
   * sessions with the server, also later ones.
   */
  setLogLevel(server: string, level: Mcp.LoggingLevel, options?: McpRequestOptions): Promise<void>
  /** Resolves with what a server said of itself in its handshake. The server is not asked again. */
  getServerInfo(server: string, options?: McpRequestOptions): Promise<McpServerInfo>
  /**
   * Subscribes to a resource. Resolves once the server has accepted, with the function that ends
   * the subscription. `listener` is called for each update, in the async context of this call; an
   * update that is announced again before `listener` was called counts once. Rejects with `ERR_MCP`
   * if a server over HTTP has no stream on which updates can come.
   *
   * The session of a subscription is not ended for being idle, and no other server takes its place
   * in `maxSessions`. When the session ends for any other reason, the subscription is made again on
   * a new session: at once, then after 1, 2, 4, ... up to 60 s, until it succeeds. Then `listener`
   * gets an update with `renewed`. A subscription does not keep the process alive. A server with
   * `maxUses: 1` keeps none, because its session ends after one call.
   */
  subscribe(
    server: string,
    uri: string,
    listener: (update: McpResourceUpdate) => void,
    options?: McpRequestOptions,
  ): Promise<() => void>
  /** Returns the calls in flight. */
  getActiveCalls(): ActiveProcess[]
  /** Returns the calls that wait for a session, with `pid: null` and `waitsFor`. */
  getWaitingCalls(): ActiveProcess[]
  getStatus(): McpPoolStatus
  /**
   * Refuses new calls (`ERR_CLOSED`), lets running calls finish, and ends all sessions. Resolves
   * when every session has ended.
   */
  drain(): Promise<void>
  /**
   * Ends all sessions now. Running calls reject with `ERR_CLOSED`. Resolves when every process of
   * the servers has exited.
   */
  close(): Promise<void>
}

// ----------------------------------------------------------------------------------------------
// Worker processes

export interface ProcessPoolOptions {
  /** Program of a worker. It reads lines from stdin and writes lines to stdout. */
  command: string
  args?: readonly string[]
  /** Working directory. Default: this process's. */
  cwd?: string
  /** Variables on top of this process's environment. `undefined` removes a variable. */
  env?: Record<string, string | undefined>
  /** Name of the workers in listings. Default `null`. */
  server?: string
  /** Maximum number of living workers in any state. Default `PROCESS_POOL_SIZE`, or 5. */
  maxSize?: number
  /** Ms after which an idle worker is ended, or `Infinity`. Default 30000. */
  idleTimeout?: number
  /** Number of uses after which a worker is ended. Default: no limit. */
  maxUses?: number
  /**
   * Ms after which a worker is ended, up to a tenth more so that workers do not end together. A use
   * is never interrupted. Default: no limit.
   */
  maxLifetime?: number
  /** Number of workers that are started at once and kept, idle or not. Default 0. */
  minWarm?: number
  /** Timeout of `acquire()` in ms, or `Infinity`. Default 60000. */
  acquireTimeout?: number
  /**
   * Maximum number of callers that wait while every worker is leased or ending. 0 refuses them at
   * once. A caller that waits for the start of its worker does not count. Default `Infinity`.
   */
  maxQueue?: number
  /** `true` encodes every message as JSON and decodes every line. Default `false`. */
  json?: boolean
  /**
   * `true` waits for a first line, by which a new worker reports that it is ready. No caller
   * receives this line. Default `false`.
   */
  ready?: boolean
  /** Timeout of the first line in ms, with `ready`. Default 30000. */
  readyTimeout?: number
  /** Ms between SIGTERM and SIGKILL. Default 2000. */
  killGrace?: number
  /** Maximum bytes of one line. A longer line ends the worker. Default 10 MiB. */
  maxBuffer?: number
}

export interface WaitOptions {
  /** Timeout in ms. */
  timeout?: number
  signal?: AbortSignal
}

export interface UseOptions {
  /** Timeout of the use in ms. Default `Infinity`. */
  timeout?: number
  /** Timeout of the wait for a worker in ms. Default: the pool's `acquireTimeout`. */
  acquireTimeout?: number
  /** Cancels the wait or the use. */
  signal?: AbortSignal
}

export interface ProcessPoolStatus {
  maxSize: number
  /** Number of living workers. */
  size: number
  idle: number
  busy: number
  starting: number
  ending: number
  /** Number of waiters. */
  queued: number
  stats: {
    /** Started workers. */
    created: number
    /** Failed starts. */
    failed: number
    /** Uses of a worker that had been used before. */
    reused: number
    /** Workers that the pool ended, by reason. */
    recycled: { idle: number; uses: number; lifetime: number; unhealthy: number; closed: number }
    /** Workers that exited by themselves. */
    crashed: number
  }
}

export interface PoolWorkerEvents {
  /** Emitted for each line of standard output, decoded with `json`. */
  line: [line: unknown]
  /** Emitted for each line of standard error. */
  errorLine: [line: string]
  /** Emitted when the worker's whole process tree has exited. */
  exit: [exit: { exitCode: number | null; signal: NodeJS.Signals | null; stderr: string }]
}

/**
 * The lease of a worker: the right to use the worker until `release()` or `destroy()`. Afterwards
 * its methods fail with `ERR_NOT_ACQUIRED` and no more events are emitted.
 *
 * A line is read when `receive()` or `request()` returned it, or when 'line' had a listener. A
 * worker with more than a MiB of unread lines has to wait.
 */
export interface PoolWorker extends EventEmitter<PoolWorkerEvents> {
  readonly pid: number
  /**
   * Sends one line: a string unchanged, any other value as JSON. With `json`, every value is sent
   * as JSON. The JSON has U+2028 and U+2029 as escapes, because `readline` of Node.js 24 and newer
   * ends a line there.
   *
   * Resolves once the line is written to stdin. Rejects with `ERR_INPUT_CLOSED`, or like {@link
   * PoolWorker.receive} when the worker has exited.
   * @throws `ERR_INVALID_ARG_VALUE` for a string of several lines, `ERR_INVALID_ARG_TYPE` for a
   * value that JSON cannot express
   */
  send(message: unknown): Promise<void>
  /**
   * Resolves with the next unread line.
   *
   * Rejects with `ERR_CALL_TIMEOUT`, `ABORT_ERR`, or `ERR_INVALID_LINE` (no JSON, with `json`).
   * Rejects after the worker's exit with `ERR_WORKER_EXITED` (with `exitCode`, `signal` and the
   * tail of `stderr`), `ERR_MAX_BUFFER` (a line was too long), or `ERR_CLOSED` (the pool was
   * closed).
   */
  receive<Line = string>(options?: WaitOptions): Promise<Line>
  /** Sends a message like `send()`, then receives a line like `receive()`. */
  request<Line = string>(message: unknown, options?: WaitOptions): Promise<Line>
  /**
   * Returns the worker to its pool.
   *
   * The pool ends the worker if lines are unread, or if a `receive()` still waits, timed out or was
   * aborted, because the next user would take a late line for its own answer.
   * @throws `ERR_NOT_ACQUIRED`
   */
  release(): void
  /** Returns the worker to its pool, which ends the worker. @throws `ERR_NOT_ACQUIRED` */
  destroy(): void
}

/**
 * A pool of worker processes that exchange lines with this process, such as Python scripts. A
 * worker is started when it is needed, leased to one caller at a time, and kept for the next.
 *
 * A worker may write lines only during a lease. A line that comes after its lease looks like an
 * answer to the next one. A worker that writes a line while it is idle is ended.
 *
 * Waiters are served first come first served. An idle worker is leased before another is started,
 * the most recently used first. At most two workers start at the same time. A worker that exits by
 * itself makes room for another. When five workers in a row failed to start, or exited before any
 * use succeeded, `acquire()` rejects with `ERR_WORKER_UNAVAILABLE` for 30 s.
 *
 * A worker is terminated with its whole process tree: its stdin is closed, SIGTERM follows half a
 * second later, SIGKILL after `killGrace`. An unusable worker gets SIGTERM at once.
 *
 * `getActiveProcesses()` lists workers, and the cleanup scanner spares them. A leased worker keeps
 * this process alive, an idle worker does not. Where procward guarantees it (`docs/guarantees.md`),
 * no worker outlives this process.
 */
export class ProcessPool {
  /** @throws `ERR_INVALID_CONFIG`, or `ERR_PROCESS_LIMIT` if no thread can be started */
  constructor(options: ProcessPoolOptions)
  /**
   * Waits for a worker and leases it. The caller has to release the worker.
   *
   * Rejects with `ERR_QUEUE_TIMEOUT`, `ERR_QUEUE_FULL`, `ABORT_ERR`, `ERR_CLOSED`, `ERR_SPAWN` (as
   * `run()` does),
   * `ERR_WORKER_START` (not ready in time), `ERR_WORKER_EXITED` (exited before it was ready), or
   * `ERR_WORKER_UNAVAILABLE` (with `retryAfter` in ms; `cause` is the last failure).
   */
  acquire(options?: WaitOptions): Promise<PoolWorker>
  /**
   * Releases a worker, like `worker.release()`.
   * @throws `ERR_NOT_ACQUIRED` for a worker that was released before, or of another pool
   */
  release(worker: PoolWorker): void
  /**
   * Runs `fn` with a worker, and releases the worker when `fn` returns or its promise settles.
   *
   * The pool ends the worker when `fn` fails, exceeds `timeout` (`ERR_CALL_TIMEOUT`) or is aborted
   * (`ABORT_ERR`). A timeout and an abort do not wait for `fn`.
   *
   * Rejects like {@link ProcessPool.acquire}, or with the error that `fn` threw.
   */
  use<T>(fn: (worker: PoolWorker) => T | PromiseLike<T>, options?: UseOptions): Promise<T>
  getStatus(): ProcessPoolStatus
  /**
   * Refuses new callers (`ERR_CLOSED`), serves the waiters, and ends each worker after its lease.
   * Resolves when every worker has exited.
   */
  drain(): Promise<void>
  /**
   * Refuses new callers, rejects the waiters, and ends all workers, leased or not. Resolves when
   * every process of the workers has exited.
   */
  close(): Promise<void>
}

// ----------------------------------------------------------------------------------------------
// Cleanup

export interface CleanupOptions {
  /** Ms between two scans. Default `CLEANUP_INTERVAL`, or 60000. */
  interval?: number
  /** Ms after which a process counts as forgotten. Default `PROCESS_MAX_AGE`, or 300000. */
  maxAge?: number
  /**
   * Reach of the scanner. Default `CLEANUP_SCOPE`, or `'tree'`.
   * - `'tracked'`: forgotten processes that this server started through procward, and the orphans
   *   of every dead server of this user that used procward.
   * - `'tree'`: also every Node.js descendant of this process older than `maxAge`, except those
   *   that Node.js manages itself (cluster workers, `fork()` children).
   * - `'machine'`: also every Node.js process of this user older than `maxAge`, except in other PID
   *   namespaces, such as containers. Logs a warning, and the first scan only reports.
   */
  scope?: 'tracked' | 'tree' | 'machine'
  /**
   * Processes that are always spared: pids, names or paths of executables or of links to them,
   * regular expressions for command lines.
   */
  allow?: readonly (number | string | RegExp)[]
  /** Ms between SIGTERM and SIGKILL. A tracked call has its own `killGrace`. Default 2000. */
  killGrace?: number
}

export interface JudgedProcess {
  pid: number
  /** File name of the executable. A title that the process gave itself is ignored. */
  name: string
  /** Ms since the process started. Time that the machine slept does not count for `maxAge`. */
  age: number
  /** Stable, for programs. Later versions may have further codes. */
  code: ScanReason
  /** The same in words. */
  reason: string
}

/** Why a scan ended or spared a process. `docs/command-line.md` has a table of all codes. */
export type ScanReason =
  | CleanupReason
  | 'this_process'
  | 'ancestor'
  | 'init'
  | 'other_user'
  | 'warden'
  | 'kept'
  | 'allowed'
  | 'host'
  | 'other_instance'
  | 'unproven'
  | 'unidentified'
  | 'unrecognised'
  | 'other_namespace'
  | 'same_job'
  | 'managed_by_node'
  | 'within_deadline'
  | 'pooled'
  | 'spared_tree'
  | 'young'
  | 'unsettled'
  | 'not_ours'

export interface CleanupReport {
  /**
   * Number of judged processes: all processes that are or look like Node.js, and all that were
   * started through procward.
   */
  scanned: number
  /** Terminated processes; in a dry run, those that would be. A tracked tree counts once. */
  killed: JudgedProcess[]
  skipped: JudgedProcess[]
  /** Processes that could not be terminated. */
  errors: { pid: number; message: string }[]
}

export interface CleanupStats {
  isRunning: boolean
  interval: number
  maxAge: number
  stats: { scans: number; killed: number; errors: number }
  scope: 'tracked' | 'tree' | 'machine'
  /**
   * Numbers of the latest scan: `time` in ms since the epoch, `duration` in ms. `null` before the
   * first scan.
   */
  lastScan: {
    time: number
    duration: number
    scanned: number
    killed: number
    skipped: number
    errors: number
    dryRun: boolean
  } | null
}

/**
 * Finds forgotten processes and terminates them: SIGTERM, `killGrace`, SIGKILL.
 *
 * In every scope the scanner spares this process, its ancestors, pid 1, and every process
 * - of another user, unless a server of this user started it and this process may still signal it;
 * - that is another running procward server, or was started through one;
 * - with `PROCWARD_KEEP=1` in its environment;
 * - that `allow` matches;
 * - that cannot be identified.
 *
 * Scope `'machine'` spares nothing else except other PID namespaces. It can terminate cluster
 * workers and `fork()` children, also those of this process.
 *
 * A call within its own `timeout` is never terminated for its age. A call without a `timeout` and
 * older than `maxAge` is terminated and rejects with `ERR_CLEANUP`.
 *
 * A process counts as Node.js by its executable: the same as this process's, or one called `node`
 * or `nodejs`, also with a version (`node-22`) or wrapped (`.node-wrapped`), or Electron that runs
 * as Node.js.
 */
export class CleanupScanner {
  /** @throws `ERR_INVALID_CONFIG` */
  constructor(options?: CleanupOptions)
  /**
   * Scans every `interval`, off the JavaScript thread. The timer does not keep this process alive.
   * A second call applies its options and continues.
   * @throws `ERR_INVALID_CONFIG`, also for a malformed environment variable
   */
  start(options?: CleanupOptions): void
  /** Stops scanning. A second call does nothing. */
  stop(): void
  /**
   * Scans once. A dry run terminates nothing and reports what a real one would terminate. Rejects
   * with `ERR_PROCESS_LIMIT` if no thread can be started; no process was terminated then.
   */
  cleanupAll(options?: { dryRun?: boolean }): Promise<CleanupReport>
  getStats(): CleanupStats
  /** Returns the terminated processes in `getStats().stats.killed`, counted by reason. */
  getKilled(): Partial<Record<CleanupReason, number>>
}

/**
 * The reason for a termination.
 * - `call_too_old`: a one-shot call older than `maxAge`
 * - `left_over`: an orphan of a call of this process
 * - `left_by_dead_run`: an orphan of a dead server of this user
 * - `descendant_too_old`: a descendant older than `maxAge` (scope `tree`)
 * - `node_too_old`: any Node.js process older than `maxAge` (scope `machine`)
 */
export type CleanupReason =
  | 'call_too_old'
  | 'left_over'
  | 'left_by_dead_run'
  | 'descendant_too_old'
  | 'node_too_old'

/** The default scanner. */
export const cleanup: CleanupScanner

// ----------------------------------------------------------------------------------------------
// Alerts

export interface Alert {
  /**
   * Name of the rule: `'processes'`, `'queue'`, `'queueTimeouts'`, `'kills'`, `'failures'`,
   * `'memory'`, `'stuck'`, `'slowTool'`, `'pausedServer'`, `'serverFailures'`, `'breakerOpen'`,
   * `'poolExhausted'`, `'notReady'`, `'crashes'`, `'spawnStorm'`, `'childrenMemory'`,
   * `'scannerStopped'`, `'scannerStale'`, `'cleanupErrors'`, `'fleet'`, or a name of your own.
   */
  name: string
  level: 'warning' | 'critical'
  /**
   * Text for people, such as `6 active processes detected (recommended max: 5)`, with the latest
   * value above the threshold.
   */
  message: string
  /** Start of the time above the threshold, in ms since the epoch. */
  since: number
  /** Latest value, in the unit of the rule. */
  value: number
  threshold: number
  /**
   * Time at which the alert resolves if the value stays low, in ms since the epoch. Absent while
   * the value is above `clear`.
   */
  resolvesAt?: number
}

/** An alert with the value that resolved it. */
export interface ResolvedAlert extends Alert {
  /** Ms since the epoch. */
  resolvedAt: number
}

/**
 * A rule raises an alert once its value has been above `threshold` for the duration `for`. The
 * alert is resolved once the value has been at most `clear` for the duration `keep`.
 * `docs/alerts.md` lists the defaults of each measure.
 */
export interface AlertRule {
  /**
   * The measured value. Default: the measure with the name of the rule.
   * - `'processes'`: running calls
   * - `'queue'`: calls that wait for a slot
   * - `'queueTimeouts'`: calls that timed out in the queue, within `window`
   * - `'kills'`: processes that the scanner terminated, within `window`
   * - `'failures'`: the share of failed calls within `window`, 0 to 1; 0 below `minimum` calls
   * - `'memory'`: the share of memory in use, 0 to 1, of this machine or its control group
   * - `'stuck'`: process trees that were killed and do not exit
   * - `'slowTool'`: the 95th percentile of the slowest tool, in ms
   * - `'pausedServer'`: the longest remaining pause that a server asked for by `Retry-After`, in ms
   * - `'serverFailures'`: the greatest share of failed calls of one server within `window`, 0 to 1,
   *   among the servers with at least `minimum` calls
   * - `'breakerOpen'`: servers of which no start is tried after too many failures
   * - `'poolExhausted'`: calls that wait for a session while `maxSessions` are in use
   * - `'notReady'`: 1 while the helper refuses new calls
   * - `'crashes'`: process trees that were killed by others or for lack of memory, within `window`
   * - `'spawnStorm'`: process trees that were started, within `window`
   * - `'childrenMemory'`: the share of the memory that process trees have, 0 to 1
   * - `'scannerStopped'`: 1 while the cleanup scanner is off and was on before
   * - `'scannerStale'`: the time since the latest scan, in intervals of a scanner that is on
   * - `'cleanupErrors'`: errors of scans, within `window`
   * - `'fleet'`: 1 while the Redis of a fleet's limits is away, otherwise 0
   */
  measure?:
    | 'processes'
    | 'queue'
    | 'queueTimeouts'
    | 'kills'
    | 'failures'
    | 'memory'
    | 'stuck'
    | 'slowTool'
    | 'pausedServer'
    | 'serverFailures'
    | 'breakerOpen'
    | 'poolExhausted'
    | 'notReady'
    | 'crashes'
    | 'spawnStorm'
    | 'childrenMemory'
    | 'scannerStopped'
    | 'scannerStale'
    | 'cleanupErrors'
    | 'fleet'
  level?: 'warning' | 'critical'
  threshold?: number
  /** At most `threshold`. */
  clear?: number
  /** Ms, or 0. */
  for?: number
  /** Ms, or 0. */
  keep?: number
  /** Ms, at most an hour, for measures that count. Default 300000; 60000 for `'spawnStorm'`. */
  window?: number
  /** Minimum number of calls for `'failures'` and `'serverFailures'`. Default 10. */
  minimum?: number
}

export interface WebhookOptions {
  /**
   * Address for the requests: `https:`, or `http:` to a loopback address. It may hold a user and a
   * password. No error, log or answer shows it. With an array of 1 to 8 addresses, such as those of
   * a cluster of Alertmanager, each gets every alert.
   */
  url: string | readonly string[]
  /**
   * Format of the body: `'alertmanager'` for `/api/v2/alerts` of Prometheus Alertmanager, `'slack'`
   * for `{ text }`. Default `'alertmanager'`.
   */
  format?: 'alertmanager' | 'slack'
  /** Additional headers of the requests. No error, log or answer shows them. */
  headers?: Record<string, string>
  /**
   * Labels beside `alertname` and `severity`. Slack messages show `instance`. Default
   * `{ job: 'procward', instance: HOSTNAME }`.
   */
  labels?: Record<string, string>
  /**
   * Ms after which active alerts are sent again, or `Infinity`. Default 60000 for Alertmanager,
   * which needs the repetition, and `Infinity` for Slack.
   */
  repeat?: number
  /** `true` allows `http:` to other machines. Default `false`. */
  allowInsecure?: boolean
}

export interface AlertOptions {
  /** Helper to watch. Default: the functions of `procward/mcp-helper`. */
  helper?: HealthHelper
  /** Scanner to watch. Default: {@link cleanup}. */
  cleanup?: HealthCleanup
  /**
   * Rules by name, as changes of the default rules. `false` removes a default rule, and is refused
   * for another name. A rule with a new name needs a `measure`.
   */
  rules?: Record<string, AlertRule | false>
  /** Receiver of the alerts. Default: none. */
  webhook?: WebhookOptions
}

export interface WebhookStatus {
  /** Alerts that wait. */
  queued: number
  delivered: number
  /** Alerts that were dropped, because too many waited or all attempts failed. */
  undelivered: number
  lastFailure: string | null
}

export interface AlertWatch {
  /**
   * Returns the active alerts, oldest first. Empty once stopped or replaced by {@link startAlerts}.
   */
  getActive(): Alert[]
  /**
   * Returns the counts of alerts for the webhook, and the last failure of a request if any has
   * failed. With several receivers, the counts are sums, and `receivers` has those of each, in the
   * order of the URLs. `null` without a webhook.
   */
  getWebhookStatus(): (WebhookStatus & { receivers?: WebhookStatus[] }) | null
  /** Stops watching. A second call does nothing. */
  stop(): void
}

/**
 * Watches a helper and a scanner by the given rules, and sends raised and resolved alerts to the
 * webhook. A second call for the same helper and scanner applies its options and continues.
 *
 * The values are measured every 5 s. The timer does not keep this process alive. Health routes show
 * the alerts of their helper, and {@link on} listens to them; both use the default rules without
 * this function. {@link shutdown} stops the watch.
 *
 * A request to the webhook has a timeout of 5 s and follows no redirect. It is tried up to 10 times
 * within about 4 minutes. At most 100 alerts wait for delivery. Tool calls never wait for alerts.
 *
 * @throws `ERR_INVALID_CONFIG`
 */
export function startAlerts(options?: AlertOptions): AlertWatch

export interface AlertEvents {
  /** Emitted when an alert is raised. */
  alert: Alert
  /** Emitted when an alert is resolved. */
  resolve: ResolvedAlert
  /**
   * Emitted when the webhook did not get the alerts with the names in `alerts`. The error has the
   * `code` `ERR_WEBHOOK` and holds no address.
   */
  undelivered: ProcwardError & {
    alerts: string[]
    statusCode: number | undefined
    attempts: number
    /** The number of the receiver in `url`, from 0. */
    receiver: number
  }
}

/**
 * Adds a listener to the alerts of every watched helper and scanner. They are watched by {@link
 * startAlerts} or by health routes; without either, the default helper and scanner are watched.
 * @throws `ERR_INVALID_ARG_VALUE` for an unknown event, `ERR_INVALID_ARG_TYPE` for a listener that
 * is no function
 */
export function on<Event extends keyof AlertEvents>(
  event: Event,
  listener: (value: AlertEvents[Event]) => void,
): void
/** Adds a listener to the next event only. */
export function once<Event extends keyof AlertEvents>(
  event: Event,
  listener: (value: AlertEvents[Event]) => void,
): void
/** Removes a listener. */
export function off<Event extends keyof AlertEvents>(
  event: Event,
  listener: (value: AlertEvents[Event]) => void,
): void

// ----------------------------------------------------------------------------------------------
// Metrics

export interface MetricsOptions {
  /** Helper of the reported slots and sessions. Default: the functions of `procward/mcp-helper`. */
  helper?: HealthHelper
  /** Scanner of the reported scans. Default: {@link cleanup}. */
  cleanup?: HealthCleanup
}

/** Durations in seconds since this process started, accurate to a hundredth of the value. */
export interface Latency {
  count: number
  p50: number
  p95: number
  p99: number
  max: number
}

/** The reason of a failed call. */
export type CallFailure =
  | 'tool'
  | 'protocol'
  | 'timeout'
  | 'aborted'
  | 'exited'
  | 'start'
  | 'unavailable'
  | 'unauthorized'
  | 'unknown'
  | 'mcporter'
  | 'cleanup'
  | 'max_buffer'
  | 'closed'
  | 'error'

export interface CallMetrics extends Latency {
  server: string
  /**
   * Name of the tool. After 200 pairs of names all further calls count as server `other`, tool
   * `other`. So do calls with a name that no server knows.
   */
  tool: string
  /** Failed calls within `count`, by reason. */
  failures: Partial<Record<CallFailure, number>>
  mean: number
}

/** The reason why Node.js itself started a child: see `docs/children.md`. */
export type ChildFallback =
  | 'errno'
  | 'error'
  | 'permission'
  | 'platform'
  | 'stdio'
  | 'version'
  | 'warden'

export interface Metrics {
  /** Ms since the epoch. */
  time: number
  /**
   * Calls of all helpers and of every {@link McpPool}, measured from the moment they had a slot.
   */
  calls: CallMetrics[]
  /** Waits for a slot, of the calls that got one. */
  queueWait: Latency
  semaphore: { limit: number; inUse: number; queued: number }
  /** Reason for which calls wait, or `null`. */
  limitedBy: Sample['limitedBy']
  /**
   * The servers with a limit, a rate, calls, waiters or a pause, by name, at most 200. Empty while
   * the helper has no limits but the overall one and no server is paused.
   */
  servers: {
    server: string
    /** Maximum number of slots for its calls, or `null`. */
    limit: number | null
    /** Slots that its calls hold. */
    inUse: number
    /** Number of its waiters. */
    queued: number
    /** Maximum number of calls in `interval` seconds, and the calls that count now, or `null`. */
    rate: { limit: number; interval: number; recent: number } | null
    /** Remaining pause in seconds that the server asked for by `Retry-After`; 0 without a pause. */
    pause: number
  }[]
  /** Calls that got no slot. */
  rejected: { timeout: number; aborted: number; full: number; closed: number }
  /** Process trees of this process by server. `server` is `null` for trees without a server. */
  children: {
    server: string | null
    /** Number of running trees. */
    count: number
    /** Resident bytes, on Linux of the whole trees. */
    memory: number
    /**
     * Seconds of processor time in user and system mode; only grows. Running trees count as a whole
     * on Linux. Exited trees count as far as the system has kept their time.
     */
    cpu: number
    /** Number of started trees; only grows. */
    spawns: number
    /** Number of exited trees by reason; only grows. */
    exits: Partial<
      Record<
        | 'ok'
        | 'error'
        | 'killed'
        | 'oom'
        | 'timeout'
        | 'aborted'
        | 'max_buffer'
        | 'cleanup'
        | 'shutdown',
        number
      >
    >
    /** Number of trees that were killed and do not exit. */
    stuck: number
    /** Number of trees that ever were stuck; only grows. */
    stuckTotal: number
  }[]
  /**
   * Children of Node.js's `child_process` that were started through `procward/register` or
   * `procward/child_process`. All numbers but `waiting` only grow: see `docs/children.md`.
   */
  childProcesses: {
    /** Children below a warden. */
    guarded: number
    /** Children that Node.js started and procward took over. */
    adopted: number
    /** Children without a guard. */
    unguarded: number
    /** Detached children that may outlive this server, because `unref()` was called. */
    released: number
    /** Number of starts that wait for `PROCWARD_MAX_CHILDREN` now. */
    waiting: number
    /** `adopted` and `unguarded` by the reason why Node.js itself started the child. */
    fallbacks: Record<ChildFallback, number>
  }
  /** Sessions of the helper. */
  pool: {
    idle: number
    busy: number
    starting: number
    /** Calls on a session that had been used before. */
    hits: number
    /** First calls of a session. */
    misses: number
    /** Ended sessions by reason. */
    recycled: Partial<Record<McpSessionEnd, number>>
  }
  cleanup: {
    scans: number
    /** Terminated processes by reason. */
    killed: Partial<Record<CleanupReason, number>>
    errors: number
    /** Start of the latest scan in ms since the epoch. `null` before the first scan. */
    lastScan: number | null
  }
}

/**
 * Returns the metrics since this process started. `GET /metrics` of `procward/health` returns the
 * same as text.
 * @throws `ERR_INVALID_CONFIG` for a malformed or unknown option
 */
export function getMetrics(options?: MetricsOptions): Metrics

/** The required part of a registry of `prom-client`, from version 14 on. */
export interface MetricsRegistry {
  registerMetric(metric: object): void
}

/**
 * Adds all metrics of procward to a registry of `prom-client`, with the names of `GET /metrics`.
 * The values are collected when the registry is read.
 * @throws `ERR_INVALID_CONFIG` for a value that is no registry, and for a malformed or unknown
 * option
 */
export function registerMetrics(registry: MetricsRegistry, options?: MetricsOptions): void

// ----------------------------------------------------------------------------------------------
// Shutdown

export interface ShutdownOptions {
  /** Ms that running calls get to finish, or `Infinity`. Default 5000. */
  timeout?: number
  /** Ms between SIGTERM and SIGKILL for calls that do not finish. Default: each call's own. */
  killGrace?: number
}

/**
 * Shuts down everything that was started through procward, for a server's SIGTERM and SIGINT
 * handlers. Such a handler replaces the default exit of Node.js, so the handler has to close the
 * HTTP server and exit as well: see README.
 *
 * Nothing new starts from now on (`ERR_CLOSED`), waiters are rejected (`ERR_CLOSED`), and scanners
 * stop. Running calls get `timeout` to finish; then their whole process trees are terminated. A
 * SIGTERM or SIGINT in the meantime terminates the trees at once. Resolves when the last process
 * has exited. A second call returns the same promise.
 *
 * Where procward guarantees it (`docs/guarantees.md`), no process outlives this one without a
 * shutdown either.
 */
export function shutdown(options?: ShutdownOptions): Promise<void>

export interface Guarantees {
  platform: NodeJS.Platform
  /**
   * The mechanism that kills process trees when this server dies.
   * - `'warden'`: Linux. A small process above each tree.
   * - `'job-object'`: Windows. The kernel kills each tree.
   * - `'watcher'`: macOS. A small process beside this server, which kills the processes that it
   *   finds of each tree.
   * - `'process-group'`: this server itself, while it lives. The next scan of any server of this
   *   user terminates orphans.
   */
  mechanism: 'warden' | 'job-object' | 'watcher' | 'process-group'
  /**
   * `true` on Linux when each tree also has its own control group (v2), which the kernel kills as a
   * whole.
   */
  cgroup: boolean
  /**
   * - `'complete'`: no process of a tree outlives this server, however the server dies, SIGKILL
   *   included.
   * - `'best-effort'`: only an orderly end, such as {@link shutdown}, is sure to leave no orphan.
   *
   * `docs/guarantees.md` lists the processes that escape each mechanism.
   */
  level: 'complete' | 'best-effort'
  /** Features that procward needs and this system lacks. Empty on most systems. */
  missing: Lack[]
  /** Guarantees for children of `procward/register` and `procward/child_process`. */
  childProcesses: ChildProcessGuarantees
}

export interface ChildProcessGuarantees {
  /**
   * - `'warden'`: Linux. Each child starts below a warden.
   * - `'adopted'`: Windows, macOS, and Linux without wardens. Node.js starts each child, and
   *   procward takes the child over by the mechanism of `run()`.
   */
  guard: 'warden' | 'adopted'
  /**
   * As {@link Guarantees.level}, for the guarded children. `'best-effort'` where the permission
   * model of Node.js forbids children.
   */
  level: 'complete' | 'best-effort'
  /** Points in which these children are guarded less than those of `run()`, as text for people. */
  weaker: string[]
  /**
   * Number of running children above which starts of `exec` and `execFile` wait
   * (`PROCWARD_MAX_CHILDREN`), or `null`.
   */
  maxChildren: number | null
}

/** A feature that procward would use and this system does not have or allow. */
export interface Lack {
  /**
   * - `'warden'`: Linux. No warden can do its work, so the mechanism is `'process-group'`.
   * - `'proc'`, `'own_proc'`: Linux. `/proc` is absent, or belongs to another PID namespace, so
   *   that its pids mean other processes. procward then reads nothing from it.
   * - `'other_users'`: Linux. `/proc` hides other users' processes (`hidepid`).
   * - `'pidfd'`: Linux. No process descriptors, because the kernel is older than 5.4 or a seccomp
   *   filter forbids them.
   */
  code: 'warden' | 'proc' | 'own_proc' | 'other_users' | 'pidfd'
  /** Consequences, as text for people. */
  message: string
}

/**
 * Returns the guarantees on this machine, for a status page or a log line.
 *
 * The mechanisms are tried once. The first call may start a warden, which takes a few ms. A change
 * to `PROCWARD_WARDEN=off` takes effect at once.
 * @throws `ERR_INVALID_CONFIG` for a malformed `PROCWARD_WARDEN` or `PROCWARD_MAX_CHILDREN`
 */
export function getGuarantees(): Guarantees
