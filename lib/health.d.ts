import type { IncomingMessage, ServerResponse } from 'node:http'
import type {
  Alert as ActiveAlert,
  ActiveProcess,
  CleanupReason,
  CleanupStats,
  McpPoolStatus,
  SemaphoreStatus,
} from '../index'
import type { Readiness } from './mcp-helper'

/**
 * A handler for the health endpoints. Mount it in Express or Connect, `app.use('/api/health',
 * healthRouter())`, or call it from a plain `node:http` server with the `prefix` option.
 *
 * - `GET /`: {@link Health}
 * - `GET /processes`: {@link ProcessHealth}, status 200 with an alert too
 * - `GET /live`: 200 while the event loop turns
 * - `GET /ready`: 200, or 503 with `Retry-After` and a `reason` while the helper shuts down or its
 *   queue is full
 * - `GET /metrics`: what Prometheus reads: its text format, or OpenMetrics when `Accept` asks for
 *   that
 * - `GET /history?since=MS`: {@link History}, from the time on that the router was made
 * - `GET /dashboard`: a page that shows all of it, live
 * - `GET /events`: what the page shows, once a second, as server-sent events; once, with `Accept:
 *   application/json`
 *
 * With a `token` all but `/live` and `/ready` want it (401 `ERR_UNAUTHORIZED`). Without one, what
 * is not in the list of the four first answers only a `Host` that is loopback or allowed (403
 * `ERR_FORBIDDEN_HOST`). See `docs/dashboard.md`.
 *
 * `HEAD` works; another method answers 405; another path goes to `next()`, or answers 404 when
 * there is none. A request with `Accept: application/health+json` is answered in that format
 * (`status` pass, warn or fail). An error inside goes to `next(error)`, or answers 500 without
 * details. No answer holds a command line, an environment or a path.
 *
 * @throws `ERR_INVALID_CONFIG` at once, for an option that is malformed or unknown.
 */
export declare function healthRouter(options?: HealthOptions): HealthHandler

/** What `GET /` answers. */
export declare function getHealth(): Health

/**
 * What `GET /processes` answers.
 * @throws `ERR_INVALID_CONFIG` for an option that is malformed or unknown.
 */
export declare function getProcessHealth(options?: HealthOptions): ProcessHealth

export type HealthHandler = (
  req: IncomingMessage,
  res: ServerResponse,
  next?: (error?: unknown) => void,
) => void

export interface HealthOptions {
  /** Whose calls to report; the functions of `procward/mcp-helper` by default. */
  helper?: HealthHelper
  /** Whose scans to report; the `cleanup` of `procward` by default. */
  cleanup?: HealthCleanup
  /** More active processes than this raise the alert; 5 by default. */
  recommendedMax?: number
  /**
   * The path that the handler answers under when nothing strips it, as in plain `node:http`; none
   * by default.
   */
  prefix?: string
  /**
   * What a reader has to send, as `Authorization: Bearer TOKEN` or, in a browser, in the form that
   * `/dashboard` shows: printable ASCII without spaces. None by default.
   */
  token?: string
  /**
   * The host names, without port, under which the server may be read without a token, beside
   * loopback (`localhost`, 127.0.0.0/8, `::1`). A page elsewhere can give its own name this
   * machine's address: its requests are refused by it.
   */
  allowedHosts?: readonly string[]
}

export interface HealthHelper {
  getSemaphoreStatus(): SemaphoreStatus
  getActiveProcesses(): ActiveProcess[]
  /** Its sessions with servers; a helper without it has none. */
  getPoolStatus?(): McpPoolStatus
  /** Whether a new call would be taken, and if not, why; a helper without it is always ready. */
  getReadiness?(): Readiness
}

export interface HealthCleanup {
  getStats(): CleanupStats
  /** How many processes it has ended, by reason; a scanner without it does not tell. */
  getKilled?(): Partial<Record<CleanupReason, number>>
}

/**
 * What `GET /history` answers: the last hour, or what is younger than `since` (epoch ms), oldest
 * first.
 */
export interface History {
  /** Ms between two samples. */
  interval: number
  samples: Sample[]
}

/** How it was at one moment. Those that only grow count from the start of this process. */
export interface Sample {
  /** Epoch ms. */
  time: number
  /** Active calls. */
  processes: number
  /** Process trees of this process that run, sessions included. */
  children: number
  /** Their resident bytes. */
  memory: number
  /** Those of them that were killed and are still there. */
  stuck: number
  inUse: number
  queued: number
  limit: number
  /** Calls that are over; only grows. */
  calls: number
  /** Those of them that failed; only grows. */
  failures: number
  /** Calls that waited too long for a slot; only grows. */
  queueTimeouts: number
  /** Processes that the scanner ended; only grows. */
  kills: number
  /** Scans; only grows. */
  scans: number
  /** Bytes that this machine, or its container, has left. */
  memoryAvailable: number
  memoryTotal: number
  /**
   * Of the tools that were called in the last minute, the one with the longest 95th percentile, in
   * seconds.
   */
  slowest: { server: string; tool: string; p95: number } | null
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
  semaphore: SemaphoreStatus
  activeProcesses: { count: number; processes: ActiveProcess[] }
  cleanup: CleanupStats
  /** `null` when there is nothing to tell. */
  alert: Alert | null
  /**
   * All that are active now, oldest first, by the rules of `startAlerts` of `procward` or the
   * default ones. Of a helper that neither that nor a {@link healthRouter} watches, those that one
   * look shows.
   */
  alerts: ActiveAlert[]
  /** The helper's sessions with servers; `null` for a helper without sessions. */
  pool: McpPoolStatus | null
}

export interface Alert {
  level: 'warning'
  /** Such as `6 active processes detected (recommended max: 5)`. */
  message: string
}
