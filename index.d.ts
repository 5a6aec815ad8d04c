/**
 * procward: limits, tracks and cleans up the child processes of a Node.js server.
 *
 * All times are whole numbers of milliseconds (durations) or epoch milliseconds (`startTime`, `time`); sizes are bytes.
 * All errors are `Error`s with a stable string `code`. A malformed option is refused with `ERR_INVALID_CONFIG`, an
 * argument of the wrong type with `ERR_INVALID_ARG_TYPE`, a string with a null byte with `ERR_INVALID_ARG_VALUE`.
 */

import type { EventEmitter } from 'node:events'

/** An error of this package. */
export interface ProcwardError extends Error {
  code: string
}

// ---------------------------------------------------------------------------------------------- Semaphore

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
 * A slot that is given back passes to the first waiter in the same moment, so nobody who comes later can take it.
 * A waiter keeps the process alive; a semaphore that nobody waits for does not.
 */
export class Semaphore {
  /**
   * @param maxConcurrent - slots, at least 1; default 3
   * @throws `ERR_INVALID_CONFIG`
   */
  constructor(maxConcurrent?: number, options?: SemaphoreOptions)

  /**
   * Waits for a slot and takes it. Resolves with a function that gives this one slot back, once: further calls do
   * nothing. It may be ignored in favour of {@link Semaphore.release}; use one or the other.
   *
   * Rejects with `ERR_QUEUE_TIMEOUT` (`Semaphore acquire timeout (60s)`), `ERR_QUEUE_FULL` (at once), `ERR_CLOSED`, or
   * an `AbortError` (`ABORT_ERR`, `cause` is the signal's reason; at once if it was aborted before).
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
   * Runs `fn` while holding a slot, which is given back when `fn` returns, throws, or its promise settles - never
   * earlier: `timeout` and `signal` bound the wait in the queue, not the run.
   *
   * Rejects like {@link Semaphore.acquire}, or with whatever `fn` threw.
   */
  use<T>(fn: () => T | PromiseLike<T>, options?: AcquireOptions): Promise<T>

  getStatus(): SemaphoreStatus

  /**
   * Changes the number of slots. More: waiters are let in at once. Less: held slots stay held until they are released.
   * @throws `ERR_INVALID_CONFIG`
   */
  resize(maxConcurrent: number): void

  /** Rejects all waiters, and whoever comes later, with `ERR_CLOSED`. Held slots drain by being released. */
  close(): void
}

// ---------------------------------------------------------------------------------------------- Tracked processes

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
   * After how many ms the whole tree is ended. Default: none, but the cleanup scanner ends a process that is older than
   * its `maxAge`; `Infinity` asks it not to.
   */
  timeout?: number
  /** Bytes kept of each output, or of one line of a stream; more ends the tree. Default 10 MiB. */
  maxBuffer?: number
  /** Ends the whole tree when aborted. */
  signal?: AbortSignal
  /** Ms between SIGTERM and SIGKILL; also how long an output may stay open after the process has exited. Default 2000. */
  killGrace?: number
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

/** What `run()` and `exited` reject with once the process has started: the result's fields stand on the error. */
export type ProcessError = ProcwardError & ProcessResult<string | Buffer>

export interface ActiveProcess {
  pid: number
  server: string | null
  tool: string | null
  /** Epoch ms. */
  startTime: number
  /** Ms since then. */
  duration: number
}

/**
 * Runs a command and waits until its whole process tree has exited.
 *
 * It is started off the JavaScript thread, without a shell. Commands without a path are looked up on the `PATH` of its
 * environment. What it leaves behind when it exits is ended.
 *
 * Rejects with `ERR_SPAWN` (not started; `cause` has the system's `code`), `ERR_EXIT` (non-zero code or a signal),
 * `ERR_CALL_TIMEOUT`, `ERR_MAX_BUFFER`, `ABORT_ERR`, or `ERR_CLEANUP` (ended by the cleanup scanner for its age). All but
 * the first carry the result's fields, and the message ends with the tail of its errors. After any of them no process of
 * the tree runs any more: its input was closed, then SIGTERM, `killGrace`, SIGKILL.
 */
export function run(
  command: string,
  args: readonly string[] | undefined,
  options: RunOptions & { encoding: 'buffer' },
): Promise<ProcessResult<Buffer>>
export function run(command: string, args?: readonly string[], options?: RunOptions): Promise<ProcessResult>

/**
 * Starts a command and streams what it writes, line by line. A listener that is slow makes the process wait: no more
 * than a few hundred lines are ever on their way.
 *
 * Bad arguments throw; everything later rejects {@link TrackedProcess.exited}.
 */
export function spawn(command: string, args?: readonly string[], options?: RunOptions): TrackedProcess

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
  /** Settles like {@link run}, once the whole tree has exited. It need not be caught when nobody asks for it. */
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
