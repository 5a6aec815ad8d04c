import type { IncomingMessage, ServerResponse } from 'node:http'
import type {
  Alert as ActiveAlert,
  ActiveProcess,
  CleanupReason,
  CleanupStats,
  McpPoolStatus,
} from '../index'
import type { HelperStats, QueuedCall, Readiness, SemaphoreStatus } from './mcp-helper'

/**
 * Returns a handler for the health endpoints. Mount it in Express or Connect with
 * `app.use('/api/health', healthRouter())`, or call it from a plain `node:http` server with the
 * `prefix` option.
 *
 * - `GET /`: {@link Health}
 * - `GET /processes`: {@link ProcessHealth}; status 200, also with an alert
 * - `GET /live`: 200 while the event loop turns
 * - `GET /ready`: 200, or 503 with `Retry-After` and a `reason` while the helper shuts down or its
 *   queue is full
 * - `GET /metrics`: metrics for Prometheus, as text, or as OpenMetrics when `Accept` asks for it
 * - `GET /history?since=MS`: {@link History}, recorded since the router was created
 * - `GET /failures?since=MS`: {@link RecentFailures}, the latest failed calls of this process
 * - `GET /dashboard`: a live page that shows all of it
 * - `GET /events`: the data of the page, once a second, as server-sent events; with `Accept:
 *   application/json` once. A page of another origin gets 403 `ERR_FORBIDDEN_SITE`
 * - `POST /logout`, with a `token`: removes the cookie of the page's login
 *
 * With a `token`, all endpoints except `/live` and `/ready` require the token (401
 * `ERR_UNAUTHORIZED`). Without one, `/metrics`, `/history`, `/failures`, `/dashboard` and `/events`
 * answer only a `Host` that is loopback or allowed (403 `ERR_FORBIDDEN_HOST`). See
 * `docs/dashboard.md`.
 *
 * `HEAD` works. Another method answers 405. Another path calls `next()`, or answers 404 without
 * `next`. A request with `Accept: application/health+json` gets that format (`status` is pass, warn
 * or fail). An internal error calls `next(error)`, or answers 500 without details. In a bundle
 * without the dashboard's files, `/dashboard` answers 501 `ERR_PACKAGE_FILE`, see
 * `docs/bundlers.md`. No answer holds a command line, an environment or a path of this machine.
 *
 * @throws `ERR_INVALID_CONFIG` at once for a malformed or unknown option
 */
export declare function healthRouter(options?: HealthOptions): HealthHandler

/** Returns the answer of `GET /`. */
export declare function getHealth(): Health

/**
 * Returns the answer of `GET /processes`.
 * @throws `ERR_INVALID_CONFIG` for a malformed or unknown option
 */
export declare function getProcessHealth(options?: HealthOptions): ProcessHealth

export type HealthHandler = (
  req: IncomingMessage,
  res: ServerResponse,
  next?: (error?: unknown) => void,
) => void

export interface HealthOptions {
  /** Helper of the reported calls. Default: the functions of `procward/mcp-helper`. */
  helper?: HealthHelper
  /** Scanner of the reported scans. Default: `cleanup` of `procward`. */
  cleanup?: HealthCleanup
  /**
   * Number of active processes above which `alert` is raised. Default 5, or two more than
   * `maxConcurrent` if that is more. Calls to one session share a process and count once.
   */
  recommendedMax?: number
  /**
   * Path before the endpoints, when no framework removes it, as in plain `node:http`. Default:
   * none.
   */
  prefix?: string
  /**
   * Token that a client must send as `Authorization: Bearer TOKEN`, or a person enters in the login
   * form of `/dashboard`. Printable ASCII without spaces. Default: none.
   */
  token?: string
  /**
   * Host names without port that may be used without a token, besides loopback (`localhost`,
   * 127.0.0.0/8, `::1`). Other names are refused, because a foreign page can point its own name at
   * this machine's address (DNS rebinding).
   */
  allowedHosts?: readonly string[]
  /**
   * Leaves a file in `~/.procward/servers`, by which the command `procward` finds this process. The
   * file has the pid and the loopback address of the routes. Only the user can read the file. It is
   * removed at exit. A home that cannot be written gets no file. Default: `true`, or `false` with
   * `PROCWARD_ANNOUNCE=off`.
   */
  announce?: boolean
}

export interface HealthHelper {
  /** Returns the slots. `limitedBy`, `servers` and `memory` may be absent. */
  getSemaphoreStatus(): SemaphoreStatus
  getActiveProcesses(): ActiveProcess[]
  /** Returns the calls that wait for their slots, oldest first. */
  getQueuedCalls?(): QueuedCall[]
  /** Asks for the use of the whole fleet, for a later `getSemaphoreStatus()`. */
  refreshFleet?(): void
  /** Returns the helper's sessions. A helper without this function has none. */
  getPoolStatus?(): McpPoolStatus
  /**
   * Returns whether a new call would be accepted. Without this function a helper is always ready.
   */
  getReadiness?(): Readiness
  /** Returns the longest wait and the counts by server. Without it, their metrics are absent. */
  getStats?(): HelperStats
}

export interface HealthCleanup {
  getStats(): CleanupStats
  /** Returns the number of terminated processes by reason. */
  getKilled?(): Partial<Record<CleanupReason, number>>
}

/**
 * The answer of `GET /history`: samples of the last hour, oldest first; with `since` (ms since the
 * epoch) only younger ones.
 */
export interface History {
  /**
   * Identity of the process that answers. `?instance=ID` asks for the same process again: another
   * one of a cluster or of pm2 answers 409 `ERR_OTHER_PROCESS`.
   */
  instance: string
  /** Ms between two samples. */
  interval: number
  /** The first one is that of the start of the process if sampling began within a minute of it. */
  samples: Sample[]
}

/**
 * The answer of `GET /failures`: the latest failed calls of this process, newest first, at most 50.
 * When there are more, the oldest with the most frequent code give way. With `since` (ms since the
 * epoch) only later ones.
 */
export interface RecentFailures {
  failures: FailedCall[]
}

/** A failed call of this process. */
export interface FailedCall {
  /** Ms since the epoch. */
  time: number
  server: string
  tool: string
  /** Code of the error, such as `ERR_TOOL`, or `UNKNOWN` without one. */
  code: string
  /** Ms from the call's slot to its failure, or from the start of its wait if it got no slot. */
  duration: number
  /**
   * The error in words, at most 300 characters, without control characters, paths and the parts of
   * URLs after the origin. Absent without a token for readers outside this machine.
   */
  message?: string
}

/** The values at one moment. Counters that only grow start with this process. */
export interface Sample {
  /** Ms since the epoch. */
  time: number
  /**
   * Number of processes with active calls, and of children of `procward/register` and
   * `procward/child_process`. Calls to one session share a process.
   */
  processes: number
  /** Number of running process trees of this process, sessions included. */
  children: number
  /** Resident bytes of these trees. */
  memory: number
  /** Number of these trees that were killed and do not exit. */
  stuck: number
  inUse: number
  queued: number
  limit: number
  /**
   * Reason for which calls wait, or `null`. A helper that names no reason has `'slots'` while calls
   * wait.
   */
  limitedBy: Exclude<SemaphoreStatus['limitedBy'], undefined>
  /**
   * The server with the longest pause, its remaining pause in ms, and the number of paused servers.
   * `null` without a pause.
   */
  paused: { server: string; pausedFor: number; count: number } | null
  /** The reason for which the Redis of a fleet's limits does not decide, or `null`. */
  fleetProblem: string | null
  /** Finished calls; only grows. */
  calls: number
  /** Failed calls; only grows. */
  failures: number
  /** Calls that timed out in the queue; only grows. */
  queueTimeouts: number
  /** Processes that the scanner terminated; only grows. */
  kills: number
  /** Scans; only grows. */
  scans: number
  /** Available bytes of this machine or its container. */
  memoryAvailable: number
  memoryTotal: number
  /**
   * The tool with the highest 95th percentile, in seconds, among the tools called in the last
   * minute.
   */
  slowest: { server: string; tool: string; p95: number } | null
  /** Process trees that were killed by others or for lack of memory; only grows. */
  crashes: number
  /** Process trees that were started; only grows. */
  spawns: number
  /** Errors of scans; only grows. */
  cleanupErrors: number
  /** `false` while new calls are refused. */
  ready: boolean
  /**
   * A server of which no start is tried after too many failures, and the number of such servers.
   * `null` without one.
   */
  breakers: { server: string; count: number } | null
  /** Number of calls that wait for a session while `maxSessions` are in use. */
  exhausted: number
  /** The cleanup scanner: `interval` in ms, and `lastScan` in ms since the epoch, or `null`. */
  scanner: { isRunning: boolean; interval: number; lastScan: number | null }
}

export interface Health {
  status: 'ok'
  /** ISO 8601. */
  timestamp: string
  /** Seconds since this process started. */
  uptime: number
  /** Bytes, as `process.memoryUsage()` gives them. */
  memory: {
    rss: number
    heapTotal: number
    heapUsed: number
    external: number
    arrayBuffers: number
  }
}

export interface ProcessHealth {
  /** Stays `'ok'` with an alert. */
  status: 'ok'
  /** ISO 8601. */
  timestamp: string
  /**
   * `limitedBy`, `servers` and `memory` are absent when the helper leaves them out. At most 200
   * servers are listed in each, in `servers` those with a limit, a rate or a pause first of all.
   */
  semaphore: SemaphoreStatus
  /**
   * `processes` also lists the calls without a process: those over HTTP, and those that wait for
   * their server (`waitsFor`). `count` is the number of the others.
   */
  activeProcesses: { count: number; processes: ActiveProcess[] }
  cleanup: CleanupStats
  /** `null` without an alert. */
  alert: Alert | null
  /**
   * All active alerts, oldest first, by the rules of `startAlerts` of `procward` or the default
   * rules. A helper that neither `startAlerts` nor a {@link healthRouter} watches is measured once.
   */
  alerts: ActiveAlert[]
  /** Sessions of the helper. `null` for a helper without sessions. */
  pool: McpPoolStatus | null
}

export interface Alert {
  level: 'warning'
  /** Such as `6 active processes detected (recommended max: 5)`. */
  message: string
}
