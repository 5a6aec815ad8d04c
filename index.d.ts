/**
 * procward: limits, tracks and cleans up the child processes of a Node.js server.
 *
 * All times are whole numbers of milliseconds (durations) or epoch milliseconds (`startTime`,
 * `time`); sizes are bytes. All errors are `Error`s with a stable string `code`. A malformed option
 * is refused with `ERR_INVALID_CONFIG`, an argument of the wrong type with `ERR_INVALID_ARG_TYPE`,
 * a string with a null byte with `ERR_INVALID_ARG_VALUE`.
 */

import type { EventEmitter } from 'node:events'
import type { ActiveProcess } from './binding'
import type { HealthCleanup, HealthHelper } from './lib/health'

/** An error of this package. */
export interface ProcwardError extends Error {
  code: string
}

// ----------------------------------------------------------------------------------------------
// Semaphore

export interface SemaphoreOptions {
  /** How long a waiter waits, in ms; `Infinity` for ever. Default 60000. */
  queueTimeout?: number
  /** How many may wait. Default `Infinity`. */
  maxQueue?: number
}

export interface AcquireOptions {
  /** How long to wait, in ms; `Infinity` for ever. Default: the semaphore's `queueTimeout`. */
  timeout?: number
  /** Leaves the queue when aborted. */
  signal?: AbortSignal
}

export interface SemaphoreStatus {
  /** How many slots there are. */
  maxConcurrent: number
  /** How many are held; more than `maxConcurrent` for a while after `resize()` to less. */
  current: number
  /** How many wait. One that timed out or was aborted is not counted any more. */
  queued: number
  /** How many could be had at once. */
  available: number
}

/**
 * A counting semaphore with a strict first-come-first-served queue.
 *
 * A slot that is given back passes to the first waiter in the same moment, so nobody who comes
 * later can take it. A waiter keeps the process alive; a semaphore that nobody waits for does not.
 */
export class Semaphore {
  /**
   * @param maxConcurrent - slots, at least 1; default 3
   * @throws `ERR_INVALID_CONFIG`
   */
  constructor(maxConcurrent?: number, options?: SemaphoreOptions)

  /**
   * Waits for a slot and takes it. Resolves with a function that gives this one slot back, once:
   * further calls do nothing. It may be ignored in favour of {@link Semaphore.release}; use one or
   * the other.
   *
   * Rejects with `ERR_QUEUE_TIMEOUT` (`Semaphore acquire timeout (60s)`), `ERR_QUEUE_FULL` (at
   * once), `ERR_CLOSED`, or an `AbortError` (`ABORT_ERR`, `cause` is the signal's reason; at once
   * if it was aborted before).
   */
  acquire(options?: AcquireOptions): Promise<() => void>

  /** Takes a slot if one is free at once, and tells whether it did; never after `close()`. */
  tryAcquire(): boolean

  /**
   * Gives a slot back, to the first waiter if there is one.
   * @throws `ERR_NOT_ACQUIRED` when no slot is held; the number of slots never grows
   */
  release(): void

  /**
   * Runs `fn` while holding a slot, which is given back when `fn` returns, throws, or its promise
   * settles - never earlier: `timeout` and `signal` bound the wait in the queue, not the run.
   *
   * Rejects like {@link Semaphore.acquire}, or with whatever `fn` threw.
   */
  use<T>(fn: () => T | PromiseLike<T>, options?: AcquireOptions): Promise<T>

  getStatus(): SemaphoreStatus

  /**
   * Changes the number of slots. More: waiters are let in at once. Less: held slots stay held until
   * they are released.
   * @throws `ERR_INVALID_CONFIG`
   */
  resize(maxConcurrent: number): void

  /**
   * Rejects all waiters, and whoever comes later, with `ERR_CLOSED`. Held slots drain by being
   * released.
   */
  close(): void
}

// ----------------------------------------------------------------------------------------------
// Tracked processes

export interface RunOptions {
  /** Who the process runs for, for listings and metrics. Default `null`. */
  server?: string
  /** What it runs for. Default `null`. */
  tool?: string
  /** Its working directory. Default: the server's. */
  cwd?: string
  /** Added to the server's environment; `undefined` takes a variable out. */
  env?: Record<string, string | undefined>
  /** What it reads. `run()` ends its input after that, `spawn()` leaves it open. */
  input?: string | Uint8Array
  /**
   * After how many ms the whole tree is ended. The promise (`run()`, `exited`) settles when the
   * tree has exited, up to `killGrace` later; of a tree that cannot be ended, see {@link
   * RunOptions.onStuck}. Default: none, but the cleanup scanner ends a process that is older than
   * its `maxAge`; `Infinity` asks it not to.
   */
  timeout?: number
  /** Bytes kept of each output, or of one line of a stream; more ends the tree. Default 10 MiB. */
  maxBuffer?: number
  /** Ends the whole tree when aborted. */
  signal?: AbortSignal
  /**
   * `true` lets go of what the process leaves behind when it exits: that may go on, also after this
   * server's end, and the cleanup scanner spares it (it gets `PROCWARD_KEEP=1`). Default `false`:
   * it is ended.
   */
  detached?: boolean
  /**
   * Ms between SIGTERM and SIGKILL; also how long an output may stay open after the process has
   * exited. Default 2000.
   */
  killGrace?: number
  /**
   * Of a tree that was killed and is still there, because it is frozen or stuck in the kernel.
   * `'wait'`: the call settles when the tree has exited, so that a slot around it is freed no
   * sooner. `'reject'`: 2 x `killGrace` after its end was ordered, by its timeout or otherwise, the
   * call rejects with `ERR_STUCK`, and the tree goes on being ended. Either way the tree is listed
   * as `stuck` by {@link getActiveProcesses}, counted, and alerted. Default `'wait'`.
   */
  onStuck?: 'wait' | 'reject'
  /** `'utf8'` (invalid sequences replaced) or `'buffer'`. Default `'utf8'`. */
  encoding?: 'utf8' | 'buffer'
  /** `false` resolves with the result of a process that failed. Default `true`. */
  reject?: boolean
}

export interface ProcessResult<Output extends string | Buffer = string> {
  /** The command's own pid. */
  pid: number
  /** `null` when a signal ended it. */
  exitCode: number | null
  /** `null` when it exited. */
  signal: NodeJS.Signals | null
  /** Empty for a stream. */
  stdout: Output
  /** For a stream, the last 64 KiB. */
  stderr: Output
  /** Ms until the last process of its tree had exited. */
  duration: number
  timedOut: boolean
  /** An output was longer than `maxBuffer`. */
  truncated: boolean
}

/**
 * What `run()` and `exited` reject with once the process has started: the result's fields stand on
 * the error.
 */
export type ProcessError = ProcwardError & ProcessResult<string | Buffer>

export type { ActiveProcess }

/**
 * Runs a command and waits until its whole process tree has exited.
 *
 * It is started off the JavaScript thread, without a shell. Commands without a path are looked up
 * on the `PATH` of its environment. What it leaves behind when it exits is ended.
 *
 * Rejects with `ERR_SPAWN` (not started; `cause` has the system's `code`), `ERR_EXIT` (non-zero
 * code or a signal), `ERR_CALL_TIMEOUT`, `ERR_MAX_BUFFER`, `ABORT_ERR`, or `ERR_CLEANUP` (ended by
 * the cleanup scanner for its age). All but the first carry the result's fields, and the message
 * ends with the tail of its errors. After any of them no process of the tree runs any more: its
 * input was closed, then SIGTERM, `killGrace`, SIGKILL. With `onStuck: 'reject'` there is
 * `ERR_STUCK` too, whose `left` has the pids that are still there, as far as they can be seen.
 */
export function run(
  command: string,
  args: readonly string[] | undefined,
  options: RunOptions & { encoding: 'buffer' },
): Promise<ProcessResult<Buffer>>
export function run(
  command: string,
  args?: readonly string[],
  options?: RunOptions,
): Promise<ProcessResult>

/**
 * Starts a command and streams what it writes, line by line. A listener that is slow makes the
 * process wait: no more than a few hundred lines are ever on their way.
 *
 * Bad arguments throw; everything later rejects {@link TrackedProcess.exited}.
 */
export function spawn(
  command: string,
  args?: readonly string[],
  options?: RunOptions,
): TrackedProcess

export interface TrackedProcessEvents {
  /** It has started, with this pid. */
  spawn: [pid: number]
  /** A line of its standard output, without its end. */
  line: [line: string | Buffer]
  /** A line of its standard error. */
  errorLine: [line: string | Buffer]
  /** Its whole tree has exited: the result, or the error that `exited` rejects with. */
  exit: [result: ProcessResult<string | Buffer> | null, error: ProcwardError | null]
}

export interface TrackedProcess extends EventEmitter<TrackedProcessEvents> {
  /** The command's own pid; `null` until it has started. */
  readonly pid: number | null
  readonly server: string | null
  readonly tool: string | null
  /** Epoch ms. */
  readonly startTime: number
  /**
   * Settles like {@link run}, once the whole tree has exited. It need not be caught when nobody
   * asks for it.
   */
  readonly exited: Promise<ProcessResult<string | Buffer>>
  /** Resolves once the process's input has taken the data; rejects with `ERR_INPUT_CLOSED`. */
  write(data: string | Uint8Array): Promise<void>
  /** Ends its input, after `data` if there is any. */
  end(data?: string | Uint8Array): Promise<void>
  /** Ends the whole tree; `exited` rejects with `ERR_KILLED`. Resolves once it has exited. */
  kill(options?: { killGrace?: number }): Promise<void>
}

/** The processes that run now, oldest first. Each stands for a whole tree. */
export function getActiveProcesses(): ActiveProcess[]

// ----------------------------------------------------------------------------------------------
// MCP sessions

/** How a server is used; of a pool or helper, how all are that say nothing else. */
export interface McpUseOptions {
  /**
   * How many calls a session works on at once. Default 8; 1 for servers with a state (mcporter's
   * `keep-alive`).
   */
  maxInFlight?: number
  /**
   * How many sessions with one server there may be, for servers that answer one call at a time.
   * Default 1.
   */
  instances?: number
  /** How many calls a session is used for. Default: no end. */
  maxUses?: number
  /** Ms after which a session is used no more, give or take a tenth. Default: no end. */
  maxLifetime?: number
  /** How many sessions are started at once and kept, idle or not. Default 0. */
  minWarm?: number
  /** Ms without a call after which a session is ended; `Infinity` for never. Default 30000. */
  idleTimeout?: number
  /** Ms that a server has to start and shake hands. Default 30000. */
  startTimeout?: number
  /**
   * Ms between SIGTERM and SIGKILL for a server that does not leave when its input ends. Default
   * 1000.
   */
  killGrace?: number
  /** Bytes of the longest message, and of all pages of the list of tools. Default 10 MiB. */
  maxBuffer?: number
  /**
   * `true` lets go of what the server's tools started when the session ends (a dev server, tmux,
   * adb): that may go on, also after this process, and the cleanup scanner spares it. A server that
   * has to be killed is killed with all of that. Default `false`: it ends with the session.
   */
  detached?: boolean
  /**
   * The version of the protocol. `'auto'`, the default, begins with 2025-11-25 and goes on with
   * what the server knows; `'2026-07-28'` skips the handshake of the older versions.
   */
  protocol?: 'auto' | '2025-11-25' | '2026-07-28'
}

/**
 * A server: a program or an address, and how it is used. Without either, how a configured server is
 * used.
 */
export interface McpServerOptions extends McpUseOptions {
  /**
   * A program, by path or by a name to look up, that speaks MCP over its standard input and output.
   */
  command?: string
  args?: readonly string[]
  cwd?: string
  /** Variables on top of this process's environment; `undefined` leaves one out. */
  env?: Record<string, string | undefined>
  /**
   * The address of a server that speaks MCP over HTTP ("streamable HTTP"). https is trusted as by
   * Node.js, `NODE_EXTRA_CA_CERTS` included; proxies are used with `NODE_USE_ENV_PROXY=1`.
   */
  url?: string
  /**
   * Headers of each request, sent as `fetch` sends them. They follow no redirect to another origin.
   */
  headers?: Record<string, string>
}

export interface McpPoolOptions extends McpUseOptions {
  /** The servers, by name. */
  servers?: Record<string, McpServerOptions>
  /**
   * mcporter's configuration file, for servers that are not in `servers`. Without both, mcporter's
   * usual places.
   */
  configPath?: string
  /** How many server processes there may be. Default `PROCESS_POOL_SIZE`, or 5. */
  maxSessions?: number
  /** How many of them may be starting at once. Default 2. */
  maxStarting?: number
  /**
   * Ms that a call may take, reading the configuration and the start of its server included;
   * `Infinity` for as long as it takes. Default `MCPORTER_CALL_TIMEOUT`, or 60000.
   */
  callTimeout?: number
  /** The same for listing tools. Default `MCPORTER_LIST_TIMEOUT`, or 30000. */
  listTimeout?: number
}

/** What a tool answers, to the letter: a server may add fields. */
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
  /** JSON Schema of the structured content, when the tool has any. */
  outputSchema?: Record<string, unknown>
}

/** A server's report on a call that it is working on. */
export interface McpProgress {
  progress: number
  total?: number
  message?: string
}

export interface McpCallOptions {
  /**
   * Ms for all of the call: reading the configuration, starting the server, the answer. The pool's
   * by default.
   */
  timeout?: number
  /** Gives the call up, whatever it waits for. One signal may serve any number of calls. */
  signal?: AbortSignal
  /**
   * Is called with the tool's progress, when the server reports it, in the async context of the
   * call (`AsyncLocalStorage`). An error that it throws is an uncaught exception, and does not end
   * the call.
   */
  onProgress?: (progress: McpProgress) => void
}

export interface McpPoolStatus {
  maxSessions: number
  /** How many calls wait for a session. */
  queued: number
  sessions: {
    server: string
    /** The server's process; `null` over HTTP, and before it has started. */
    pid: number | null
    state: 'starting' | 'idle' | 'busy' | 'ending'
    /** Ms since its start was begun. */
    age: number
    /** Ms since its last call; `null` while it has one. */
    idle: number | null
    /** How many calls it has been given. */
    uses: number
    /** How many it is working on. */
    inFlight: number
    /** Resident bytes, on Linux of its whole tree; `null` without a process. */
    memory: number | null
    /** How many lines it wrote to its standard output that were no messages. They do no harm. */
    garbage: number
  }[]
  /** What happened so far. */
  stats: {
    /** Calls that got a session which had been used before. */
    hits: number
    /** Calls that were the first of their session. */
    misses: number
    /** Sessions that ended, by reason. */
    recycled: Partial<Record<McpSessionEnd, number>>
  }
  /**
   * Configuration files that can't be used, as of the latest call: each with the reason, and never
   * a value. Absent where all servers are given in code.
   */
  ignored?: { file: string; problem: string }[]
}

/**
 * Why a session ended: `evicted` for another server, `changed` with its configuration, `exited` by
 * itself.
 */
export type McpSessionEnd =
  | 'idle'
  | 'uses'
  | 'lifetime'
  | 'evicted'
  | 'unhealthy'
  | 'exited'
  | 'changed'
  | 'closed'

/**
 * Sessions with MCP servers that stay: started on first use, shared by all calls, ended when idle.
 *
 * At most `maxSessions` server processes; the one that has been idle longest makes room for another
 * server, a busy one never. Concurrent first calls share one start. Calls wait first come first
 * served. A call is sent once: when its server ends, it rejects with `ERR_SERVER_EXITED`, and the
 * next call starts the server again, later and later when it keeps failing. Only a call whose
 * session a server over HTTP refused, and which it has not done, goes to a new session. A server is
 * ended by closing its input, SIGTERM half a second later, and SIGKILL after `killGrace`, with all
 * that it started. Where procward guarantees that (`docs/guarantees.md`), none outlives this
 * process.
 */
export class McpPool {
  /** @throws `ERR_INVALID_CONFIG` */
  constructor(options?: McpPoolOptions)
  /**
   * Resolves with the server's own answer, also when that has `isError`.
   *
   * Rejects with the codes of `callToolAsync` in `procward/mcp-helper`, but for those of its queue
   * and of mcporter.
   */
  callTool<Result = McpToolResult>(
    server: string,
    tool: string,
    args?: object,
    options?: McpCallOptions,
  ): Promise<Result>
  /**
   * Resolves with all of a server's tools, as the server describes them. The list ends at a page
   * whose cursor is empty or was seen before. More than `maxBuffer` bytes in all reject with
   * `ERR_MAX_BUFFER`.
   */
  listTools(
    server: string,
    options?: Pick<McpCallOptions, 'timeout' | 'signal'>,
  ): Promise<(McpTool & Record<string, unknown>)[]>
  /** The calls that are being worked on. */
  getActiveCalls(): ActiveProcess[]
  getStatus(): McpPoolStatus
  /**
   * Takes no more calls (`ERR_CLOSED`), lets those under way finish, and resolves when no session
   * is left.
   */
  drain(): Promise<void>
  /**
   * Ends all sessions now; calls under way reject with `ERR_CLOSED`. Resolves when nothing is left
   * of them.
   */
  close(): Promise<void>
}

// ----------------------------------------------------------------------------------------------
// Worker processes

export interface ProcessPoolOptions {
  /**
   * The worker's program. It reads lines from its standard input and writes lines to its standard
   * output.
   */
  command: string
  args?: readonly string[]
  /** Its working directory. Default: the server's. */
  cwd?: string
  /** Added to the server's environment; `undefined` takes a variable out. */
  env?: Record<string, string | undefined>
  /** What listings call it. Default `null`. */
  server?: string
  /** How many workers may be alive, whatever they do. Default `PROCESS_POOL_SIZE`, or 5. */
  maxSize?: number
  /** Ms after which a worker that nobody uses is ended; `Infinity` for never. Default 30000. */
  idleTimeout?: number
  /** The use after which a worker is ended. Default: none. */
  maxUses?: number
  /**
   * Ms after which a worker is ended, up to a tenth more so that not all end together; never in a
   * use. Default: none.
   */
  maxLifetime?: number
  /** How many workers are started at once and kept though nobody uses them. Default 0. */
  minWarm?: number
  /** How long `acquire()` waits, in ms; `Infinity` for ever. Default 60000. */
  acquireTimeout?: number
  /**
   * Messages and lines are JSON values: every message is encoded, every line decoded. Default
   * `false`.
   */
  json?: boolean
  /**
   * The worker's first line says that it is ready: it is waited for, and nobody receives it.
   * Default `false`.
   */
  ready?: boolean
  /** How long that may take, in ms. Default 30000. */
  readyTimeout?: number
  /** Ms between SIGTERM and SIGKILL. Default 2000. */
  killGrace?: number
  /** Bytes of one line; a longer one ends the worker. Default 10 MiB. */
  maxBuffer?: number
}

export interface WaitOptions {
  /** Ms. */
  timeout?: number
  signal?: AbortSignal
}

export interface UseOptions {
  /** Ms that the use may take. Default `Infinity`. */
  timeout?: number
  /** Ms to wait for a worker. Default: the pool's `acquireTimeout`. */
  acquireTimeout?: number
  /** Ends the wait, or the use. */
  signal?: AbortSignal
}

export interface ProcessPoolStatus {
  maxSize: number
  /** How many workers are alive. */
  size: number
  idle: number
  busy: number
  starting: number
  ending: number
  /** How many wait for one. */
  queued: number
  stats: {
    /** Workers that were started. */
    created: number
    /** Starts that failed. */
    failed: number
    /** Uses of a worker that had been used before. */
    reused: number
    /** Workers that the pool ended, by reason. */
    recycled: { idle: number; uses: number; lifetime: number; unhealthy: number; closed: number }
    /** Workers that ended by themselves. */
    crashed: number
  }
}

export interface PoolWorkerEvents {
  /** A line of its standard output, decoded with `json`. */
  line: [line: unknown]
  /** A line of its standard error. */
  errorLine: [line: string]
  /** It has ended, with all that it started. */
  exit: [exit: { exitCode: number | null; signal: NodeJS.Signals | null; stderr: string }]
}

/**
 * One use of a worker, until it is given back. After that its methods fail with `ERR_NOT_ACQUIRED`
 * and its events are over.
 *
 * A line counts as read when `receive()` or `request()` got it, or when somebody listened to
 * 'line'. A worker that writes more than a MiB which nobody reads has to wait.
 */
export interface PoolWorker extends EventEmitter<PoolWorkerEvents> {
  readonly pid: number
  /**
   * Sends one line: a string as it is, anything else as JSON; with `json`, everything as JSON.
   * Resolves once the worker's input has taken it; rejects with `ERR_INPUT_CLOSED`, or like {@link
   * PoolWorker.receive} when the worker has ended.
   * @throws `ERR_INVALID_ARG_VALUE` for a string of several lines, `ERR_INVALID_ARG_TYPE` for what
   * JSON cannot express
   */
  send(message: unknown): Promise<void>
  /**
   * The next line that nobody has read. Rejects with `ERR_CALL_TIMEOUT`, `ABORT_ERR`,
   * `ERR_INVALID_LINE` (no JSON, with `json`), or, when the worker has ended, `ERR_WORKER_EXITED`
   * (with `exitCode`, `signal` and the tail of its `stderr`), `ERR_MAX_BUFFER` (a line was too
   * long), `ERR_CLOSED` (with its pool).
   */
  receive<Line = string>(options?: WaitOptions): Promise<Line>
  /** `send()` and then `receive()`. */
  request<Line = string>(message: unknown, options?: WaitOptions): Promise<Line>
  /**
   * Gives it back. It is not used again, but ended, if lines are left that nobody has read, or if a
   * `receive()` waits, timed out or was aborted: a late answer would go to the next user.
   * @throws `ERR_NOT_ACQUIRED`
   */
  release(): void
  /** Gives it back to be ended. @throws `ERR_NOT_ACQUIRED` */
  destroy(): void
}

/**
 * Worker processes that speak in lines, such as Python scripts: started when needed, used by one at
 * a time, kept for the next.
 *
 * A worker writes lines only while it is used. What it writes too late cannot be told from an
 * answer to its next user; what it writes while nobody uses it is noticed, and it is ended.
 *
 * Uses are served first come first served. A worker that is idle is taken before another is
 * started, the one used last first; at most two start at a time. A worker that ends by itself makes
 * room for another. When five in a row could not be started, or ended before they had been of use
 * to anybody, `acquire()` rejects with `ERR_WORKER_UNAVAILABLE` for 30 s.
 *
 * A worker is ended by closing its input, SIGTERM half a second later, and SIGKILL after
 * `killGrace`, with all that it started; one that is not fit for further use gets SIGTERM at once.
 * Workers show in `getActiveProcesses()`, and the cleanup scanner spares them. One in use keeps
 * this process alive, an idle one does not. Where procward guarantees that (`docs/guarantees.md`),
 * none outlives it.
 */
export class ProcessPool {
  /** @throws `ERR_INVALID_CONFIG` */
  constructor(options: ProcessPoolOptions)
  /**
   * Waits for a worker; whoever gets it gives it back.
   *
   * Rejects with `ERR_QUEUE_TIMEOUT`, `ABORT_ERR`, `ERR_CLOSED`, `ERR_SPAWN` (as `run()` does),
   * `ERR_WORKER_START` (not ready in time), `ERR_WORKER_EXITED` (ended before it was ready), or
   * `ERR_WORKER_UNAVAILABLE` (with `retryAfter` in ms; `cause` is the last failure).
   */
  acquire(options?: WaitOptions): Promise<PoolWorker>
  /**
   * The same as `worker.release()`.
   * @throws `ERR_NOT_ACQUIRED` when it was given back already, or is another pool's
   */
  release(worker: PoolWorker): void
  /**
   * Runs `fn` with a worker, and gives that back when `fn` returns or its promise settles. When
   * `fn` fails, takes longer than `timeout` (`ERR_CALL_TIMEOUT`) or is aborted (`ABORT_ERR`), the
   * worker is not used again, but ended; the last two do not wait for `fn`.
   *
   * Rejects like {@link ProcessPool.acquire}, or with whatever `fn` threw.
   */
  use<T>(fn: (worker: PoolWorker) => T | PromiseLike<T>, options?: UseOptions): Promise<T>
  getStatus(): ProcessPoolStatus
  /**
   * Takes no more work (`ERR_CLOSED`), serves those who wait, and ends each worker after its use.
   * Resolves once none is left.
   */
  drain(): Promise<void>
  /**
   * Takes no more work, rejects those who wait, and ends all workers, in use or not. Resolves once
   * nothing is left of them.
   */
  close(): Promise<void>
}

// ----------------------------------------------------------------------------------------------
// Cleanup

export interface CleanupOptions {
  /** Ms between two scans. Default `CLEANUP_INTERVAL`, or 60000. */
  interval?: number
  /** Ms after which a process has been forgotten. Default `PROCESS_MAX_AGE`, or 300000. */
  maxAge?: number
  /**
   * Default `CLEANUP_SCOPE`, or `'tree'`.
   * - `'tracked'`: only what was started through procward, and what its dead earlier runs left
   *   behind.
   * - `'tree'`: that, and any Node.js descendant of this server older than `maxAge` that Node.js
   *   does not manage itself
   *   (cluster workers, `fork()` children).
   * - `'machine'`: that, and every Node.js process of this user older than `maxAge`, but none in
   *   another PID namespace, such as
   *   a container. Warns, and its first scan only reports.
   */
  scope?: 'tracked' | 'tree' | 'machine'
  /**
   * What is always spared: pids, names or paths of executables or of links to them, regular
   * expressions for command lines.
   */
  allow?: readonly (number | string | RegExp)[]
  /**
   * Ms between SIGTERM and SIGKILL for what is not a tracked call, which has its own. Default 2000.
   */
  killGrace?: number
}

export interface JudgedProcess {
  pid: number
  /** The file name of its executable; what a process calls itself is not looked at. */
  name: string
  /** Ms since its start. `maxAge` is compared with less where the machine slept in between. */
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
   * How many processes were judged: all Node.js processes and what looks like one, and whatever was
   * started through procward.
   */
  scanned: number
  /** What was ended, or in a dry run would have been. A tracked tree counts once. */
  killed: JudgedProcess[]
  skipped: JudgedProcess[]
  /** What could not be ended. */
  errors: { pid: number; message: string }[]
}

export interface CleanupStats {
  isRunning: boolean
  interval: number
  maxAge: number
  stats: { scans: number; killed: number; errors: number }
  scope: 'tracked' | 'tree' | 'machine'
  /**
   * The latest scan in numbers, `time` in epoch ms and `duration` in ms; `null` before the first.
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
 * Ends processes that have been forgotten, by SIGTERM, `killGrace` and SIGKILL.
 *
 * Never, in any scope: this process, its ancestors, pid 1, another user's (but for what a server of
 * this user started, and what became another user's since), another running procward server and
 * what was started through it, one with `PROCWARD_KEEP=1` in its environment, one that `allow`
 * matches, one that cannot be identified. Scope `'machine'` spares nothing else but other PID
 * namespaces: workers and `fork()` children, also this server's own, can be ended. A call inside
 * its own `timeout` is not an orphan, however old; one without, older than `maxAge`, is: it rejects
 * with `ERR_CLEANUP`. What counts as Node.js is the executable: this process's own, or one called
 * `node` or `nodejs`, also with a version (`node-22`) or wrapped (`.node-wrapped`), or Electron
 * that is to run as Node.js.
 */
export class CleanupScanner {
  /** @throws `ERR_INVALID_CONFIG` */
  constructor(options?: CleanupOptions)
  /**
   * Scans every `interval` from now on, off the JavaScript thread; does not keep the process alive.
   * Once more: goes on, with these options.
   * @throws `ERR_INVALID_CONFIG`, also for a malformed environment variable
   */
  start(options?: CleanupOptions): void
  /** Ends that; once more: does nothing. */
  stop(): void
  /** Scans once; a dry run ends nothing and reports what it would have ended. */
  cleanupAll(options?: { dryRun?: boolean }): Promise<CleanupReport>
  getStats(): CleanupStats
  /** How many processes it has ended so far, by reason; those of `getStats().stats.killed`. */
  getKilled(): Partial<Record<CleanupReason, number>>
}

/**
 * Why a process was ended: a one-shot call older than `maxAge`; what a call of this server left
 * behind, or a server that is gone; a descendant older than `maxAge` (scope `tree`); any Node.js
 * process older than `maxAge` (scope `machine`).
 */
export type CleanupReason =
  | 'call_too_old'
  | 'left_over'
  | 'left_by_dead_run'
  | 'descendant_too_old'
  | 'node_too_old'

/** The scanner of this server. */
export const cleanup: CleanupScanner

// ----------------------------------------------------------------------------------------------
// Alerts

export interface Alert {
  /**
   * Of its rule: `'processes'`, `'queue'`, `'queueTimeouts'`, `'kills'`, `'failures'`, `'memory'`,
   * `'stuck'`, `'slowTool'`, or one's own.
   */
  name: string
  level: 'warning' | 'critical'
  /**
   * Such as `6 active processes detected (recommended max: 5)`, for people: of the latest value
   * above the threshold.
   */
  message: string
  /** Since when the value has been above the threshold; epoch ms. */
  since: number
  /** What was measured last, in the rule's unit. */
  value: number
  threshold: number
}

/** With the value that resolved it. */
export interface ResolvedAlert extends Alert {
  /** Epoch ms. */
  resolvedAt: number
}

/**
 * An alert is raised once its value has been above `threshold` for the time `for`, and resolved
 * once it has been at `clear` or below for the time `keep`. The defaults of each measure are in
 * `docs/alerts.md`.
 */
export interface AlertRule {
  /**
   * What is measured; by default what the rule's name says.
   * - `'processes'`: calls that are running
   * - `'queue'`: calls that wait for a slot
   * - `'queueTimeouts'`: calls that waited in vain, within `window`
   * - `'kills'`: processes that the cleanup ended, within `window`
   * - `'failures'`: the share of calls that failed, 0 to 1, within `window`; 0 below `minimum`
   *   calls
   * - `'memory'`: the share of this machine's memory (or control group's) that is in use, 0 to 1
   * - `'stuck'`: process trees that were killed and are still there
   * - `'slowTool'`: ms that the slowest tool takes, the 95th percentile
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
  level?: 'warning' | 'critical'
  threshold?: number
  /** At most `threshold`. */
  clear?: number
  /** Ms, or 0. */
  for?: number
  /** Ms, or 0. */
  keep?: number
  /** Ms, at most an hour; for what is counted. Default 300000. */
  window?: number
  /** For `'failures'`. Default 10. */
  minimum?: number
}

export interface WebhookOptions {
  /**
   * Where alerts are posted to: `https:`, or `http:` to a loopback address. It may hold a user and
   * a password. It is never shown: in no error, log or answer.
   */
  url: string
  /**
   * The body: `'alertmanager'`, the default, for Prometheus Alertmanager's `/api/v2/alerts`;
   * `'slack'` for `{ text }`.
   */
  format?: 'alertmanager' | 'slack'
  /** More headers of the request. Never shown either. */
  headers?: Record<string, string>
  /**
   * Labels beside `alertname` and `severity`. Default `{ job: 'procward', instance: HOSTNAME }`;
   * Slack is shown `instance`.
   */
  labels?: Record<string, string>
  /**
   * Ms after which active alerts are posted again, or `Infinity`. Default 60000 for Alertmanager,
   * which needs it; `Infinity` for Slack.
   */
  repeat?: number
  /** Allows `http:` to other machines. Default `false`. */
  allowInsecure?: boolean
}

export interface AlertOptions {
  /** Whose calls to watch; the functions of `procward/mcp-helper` by default. */
  helper?: HealthHelper
  /** Whose scans to watch; {@link cleanup} by default. */
  cleanup?: HealthCleanup
  /**
   * Changes of rules by their names; `false` leaves one out. A rule of another name needs a
   * `measure`.
   */
  rules?: Record<string, AlertRule | false>
  /** Where alerts are posted to; nowhere by default. */
  webhook?: WebhookOptions
}

export interface AlertWatch {
  /** Oldest first; empty once it is stopped, or replaced by a later {@link startAlerts}. */
  getActive(): Alert[]
  /** `null` without a webhook. `lastFailure` says why a request failed last, if any has. */
  getWebhookStatus(): {
    queued: number
    delivered: number
    undelivered: number
    lastFailure: string | null
  } | null
  /** Once more: does nothing. */
  stop(): void
}

/**
 * Watches a helper and a scanner by these rules from now on, and posts what they raise and resolve.
 * Once more for the same helper and scanner: goes on, with these options.
 *
 * It looks every 5 s and does not keep the process alive. Health routes show their helper's alerts,
 * and {@link on} tells of them, by the default rules also without it. {@link shutdown} ends it.
 *
 * A request to the webhook has 5 s, is not redirected, and is tried up to 10 times within about 4
 * minutes; at most 100 alerts wait for it. Tool calls wait for none of that.
 *
 * @throws `ERR_INVALID_CONFIG`
 */
export function startAlerts(options?: AlertOptions): AlertWatch

export interface AlertEvents {
  /** It was raised. */
  alert: Alert
  /** It was resolved. */
  resolve: ResolvedAlert
  /**
   * The webhook was not told of the `alerts` with these names. Has `code` `ERR_WEBHOOK`, and no
   * address in it.
   */
  undelivered: ProcwardError & {
    alerts: string[]
    statusCode: number | undefined
    attempts: number
  }
}

/**
 * Hears of the alerts of all that is watched: by {@link startAlerts}, by health routes, or without
 * either the default helper and scanner.
 * @throws `ERR_INVALID_ARG_VALUE` for an event that there is not, `ERR_INVALID_ARG_TYPE` for a
 * listener that is no function
 */
export function on<Event extends keyof AlertEvents>(
  event: Event,
  listener: (value: AlertEvents[Event]) => void,
): void
/** Hears of the next one. */
export function once<Event extends keyof AlertEvents>(
  event: Event,
  listener: (value: AlertEvents[Event]) => void,
): void
/** Hears no more. */
export function off<Event extends keyof AlertEvents>(
  event: Event,
  listener: (value: AlertEvents[Event]) => void,
): void

// ----------------------------------------------------------------------------------------------
// Metrics

export interface MetricsOptions {
  /** Whose slots and sessions to report; the functions of `procward/mcp-helper` by default. */
  helper?: HealthHelper
  /** Whose scans to report; {@link cleanup} by default. */
  cleanup?: HealthCleanup
}

/** Seconds, to within a hundredth of the value, since this process started. */
export interface Latency {
  count: number
  p50: number
  p95: number
  p99: number
  max: number
}

/** Why a call failed. */
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
   * After 200 pairs of names all others are one: server and tool `other`. So are names that no
   * server knows.
   */
  tool: string
  /** Of `count`, those that failed, by reason. */
  failures: Partial<Record<CallFailure, number>>
  mean: number
}

export interface Metrics {
  /** Epoch ms. */
  time: number
  /** The calls of all helpers and of {@link McpPool}, from when they had a slot. */
  calls: CallMetrics[]
  /** How long calls waited for a slot that they got. */
  queueWait: Latency
  semaphore: { limit: number; inUse: number; queued: number }
  /** Calls that got no slot. */
  rejected: { timeout: number; aborted: number; full: number; closed: number }
  /**
   * The process trees of this process, by server; those that were started without one have `null`.
   */
  children: {
    server: string | null
    /** How many run. */
    count: number
    /** Resident bytes, on Linux of the whole trees. */
    memory: number
    /**
     * Seconds of processor time, in user and in system mode: of those that run, on Linux of the
     * whole trees, and of those that ended, as far as the system has kept it. Only grows.
     */
    cpu: number
    /** How many were started so far. */
    spawns: number
    /** How many ended, by reason. */
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
    /** How many of those that run were killed, and are still there. */
    stuck: number
    /** How many were ever so. */
    stuckTotal: number
  }[]
  /** The helper's sessions with servers. */
  pool: {
    idle: number
    busy: number
    starting: number
    /** Calls that got a session which had been used before. */
    hits: number
    /** Calls that were the first of their session. */
    misses: number
    /** Sessions that ended, by reason. */
    recycled: Partial<Record<McpSessionEnd, number>>
  }
  cleanup: {
    scans: number
    /** Processes that were ended, by reason. */
    killed: Partial<Record<CleanupReason, number>>
    errors: number
    /** Epoch ms of the latest scan's start; `null` before the first. */
    lastScan: number | null
  }
}

/**
 * What happened since this process started, as an object; `GET /metrics` of `procward/health` has
 * the same as text.
 * @throws `ERR_INVALID_CONFIG` for an option that is malformed or unknown
 */
export function getMetrics(options?: MetricsOptions): Metrics

/** What is needed of the registry of `prom-client`, from version 14 on. */
export interface MetricsRegistry {
  registerMetric(metric: object): void
}

/**
 * Adds all metrics of procward, with their names as in `GET /metrics`, to a registry of
 * `prom-client`. They are collected when the registry is asked.
 * @throws `ERR_INVALID_CONFIG` for something that is no registry, and for an option that is
 * malformed or unknown
 */
export function registerMetrics(registry: MetricsRegistry, options?: MetricsOptions): void

// ----------------------------------------------------------------------------------------------
// The end

export interface ShutdownOptions {
  /**
   * Ms that running calls get to finish by themselves; `Infinity` for as long as they take. Default
   * 5000.
   */
  timeout?: number
  /** Ms between SIGTERM and SIGKILL for those that do not. Default: each call's own. */
  killGrace?: number
}

/**
 * The orderly end of everything that was started through procward, for a server's SIGTERM and
 * SIGINT handlers. Such a handler replaces the exit that is Node.js's default, so it has to close
 * the HTTP server and exit too: see README.
 *
 * At once: nothing new starts (`ERR_CLOSED`), waiting calls reject (`ERR_CLOSED`), scanners stop.
 * Then running calls get `timeout` to finish, and are ended with their whole trees. A SIGTERM or
 * SIGINT in the meantime ends them at once. Resolves when the last process has exited; called
 * again, it returns the same promise.
 *
 * A server that ends without it leaves nothing behind either where procward guarantees that, see
 * `docs/guarantees.md`.
 */
export function shutdown(options?: ShutdownOptions): Promise<void>

export interface Guarantees {
  platform: NodeJS.Platform
  /**
   * What ends process trees when this server ends.
   * - `'warden'`: Linux. A small process above each tree.
   * - `'job-object'`: Windows. The kernel ends each tree.
   * - `'watcher'`: macOS. A small process beside this server, which ends what it finds of its
   *   trees.
   * - `'process-group'`: this server itself, while it lives; what it leaves, its next start ends.
   */
  mechanism: 'warden' | 'job-object' | 'watcher' | 'process-group'
  /**
   * Linux: each tree has a control group (v2) of its own besides, which the kernel kills as a
   * whole.
   */
  cgroup: boolean
  /**
   * - `'complete'`: nothing of a tree survives this server, whatever ends it, SIGKILL included.
   * - `'best-effort'`: only an orderly end, such as {@link shutdown}, is sure to leave nothing
   *   behind.
   *
   * `docs/guarantees.md` says what escapes each of them.
   */
  level: 'complete' | 'best-effort'
  /** What this system does not have or allow, and that is missed; empty on most. */
  missing: Lack[]
}

/** Something that procward would use, and that this system does not have or allow. */
export interface Lack {
  /**
   * - `'warden'`: Linux. No warden can do its work, so the mechanism is `'process-group'`.
   * - `'proc'`, `'own_proc'`: Linux. There is no `/proc`, or it belongs to another PID namespace,
   *   so that its numbers mean
   *   other processes; nothing is read from it then.
   * - `'other_users'`: Linux. `/proc` hides other users' processes (`hidepid`).
   * - `'pidfd'`: Linux. Processes cannot be held by a descriptor: a kernel before 5.4, or a seccomp
   *   filter.
   */
  code: 'warden' | 'proc' | 'own_proc' | 'other_users' | 'pidfd'
  /** What that means, for people. */
  message: string
}

/**
 * What is guaranteed on this machine, for a status page or a log line. It is found out once, by
 * trying: the first call may start a warden, which takes a few ms. `PROCWARD_WARDEN=off` is heeded
 * at once.
 * @throws `ERR_INVALID_CONFIG` for a malformed `PROCWARD_WARDEN`
 */
export function getGuarantees(): Guarantees
