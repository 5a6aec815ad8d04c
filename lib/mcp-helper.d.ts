import type {
  ActiveProcess as AnyActiveProcess,
  Mcp,
  McpHandlers,
  McpPoolOptions,
  McpPoolStatus,
  McpProgress,
  McpResourceUpdate,
  McpServerInfo,
  McpServerOptions,
  McpTool,
  McpToolResult,
  McpUseOptions,
  SemaphoreStatus as SlotStatus,
} from '../index'

export type { McpHandlers, McpProgress, McpResourceUpdate, McpServerInfo, McpTool, McpToolResult }

/** A call of a helper: an active process that always has a server and a tool. */
export type ActiveProcess = AnyActiveProcess & { server: string; tool: string }

/**
 * Calls a tool of an MCP server from mcporter's configuration.
 *
 * At most `maxConcurrent` calls run at once. Other calls wait first come first served. A call is
 * sent once. It moves to a new session only when its server has done nothing: the session ended
 * before the server could see any of the call, or a server over HTTP refused the session.
 *
 * Calls use sessions with the servers. Sessions are started when they are needed, shared by all
 * calls, and ended after `idleTimeout` without a call. Such a call costs a message and no process.
 * A server that needs a feature of mcporter (see `transport`) is called through a process of
 * mcporter, with the same result.
 *
 * Resolves with the parsed output of `mcporter call SERVER.TOOL --args JSON --output json`: the
 * tool's structured content, or its text when the text is JSON, or the whole result (`{ content:
 * [...] }`). `list_tools` is mcporter's word for listing the server's tools, even when the server
 * has a tool with that name. It resolves with the output of `mcporter list SERVER --json`. Prefer
 * {@link listToolsAsync}.
 *
 * Every rejection names server and tool in its message and carries a `code`. A call that times out
 * or is aborted is cancelled at its server, and the server stays for other calls. The server is
 * ended if it takes one call at a time (`maxInFlight: 1`) or has left two calls in a row
 * unanswered. A process of mcporter is terminated with its servers, and the slot is free when the
 * last of these processes has exited.
 *
 * @param server - a name in mcporter's configuration (`docs/mcp-servers.md`)
 * @param tool - the tool's name, never corrected to a similar one
 * @param args - the tool's arguments: any JSON. Properties that are `undefined` are left out
 *
 * Rejects with
 * - `ERR_TOOL`: the tool answered with `isError`. `result` is its answer. See `rejectOnError`
 * - `ERR_MCP`: the server answered with a protocol error: `rpcCode` (any number, or undefined),
 *   `rpcMessage` and `data`. Or its answer was no answer to the request; then these are absent
 * - `ERR_UNKNOWN_SERVER`, `ERR_UNKNOWN_TOOL`: `available` lists the known names. `ignored` lists
 *   the configuration files that cannot be used and were skipped: `[{ file, problem }]`
 * - `ERR_INPUT_REQUIRED`: the server wants input for which there is no handler (`wanted` lists the
 *   methods), asks more than 32 questions at once, or still asks after ten rounds. See `handlers`
 * - `ERR_HANDLER`: a handler threw an error (`cause`), or did not return the protocol's result.
 *   `kind` names the handler
 * - `ERR_CALL_TIMEOUT`: no answer within `timeout`, which includes reading the configuration and
 *   starting the server
 * - `ERR_QUEUE_TIMEOUT`, `ERR_QUEUE_FULL`: no slot in time, or too many waiters
 * - `ERR_LIMIT_UNAVAILABLE`: the limits that all processes share cannot be kept. The message names
 *   the folder, or the fleet's Redis. The call was not sent
 * - `ERR_LEASE_LOST`: the fleet's Redis was away for so long that the slots of the call may go to
 *   another one, and the call was ended. It may have had its effect. `fence` is its number. See
 *   `onLost`
 * - `ABORT_ERR` (an `AbortError`): `signal` was aborted. `cause` is the signal's reason
 * - `ERR_CLOSED`: the helper was shut down
 * - `ERR_SERVER_START`: the server did not start, refused the handshake, or did not complete the
 *   handshake within `startTimeout`. The message names the missing program or folder, or the
 *   origin of the `url`, and quotes the line of its stderr that tells the reason. `exitCode`,
 *   `signal` and the tail of `stderr` if the server is a process
 * - `ERR_SERVER_EXITED`: the server exited while the call was in flight, or answered over HTTP
 *   without a message (`HTTP 503: busy`). The call may have had its effect and is not sent again.
 *   `exitCode`, `signal` and the tail of `stderr` if the server is a process
 * - `ERR_MEMORY`: the server had more than twice `maxTreeMemory`, and was ended
 * - `ERR_SERVER_UNAVAILABLE`: the server failed five times in a row. The next start is possible in
 *   `retryAfter` ms. Without `retryAfter`: no session with the server is possible, and the
 *   transport is `'pool'` or the request can be made in a session only
 * - `ERR_TOOL`, `ERR_MCP`, `ERR_SERVER_START` or `ERR_SERVER_EXITED` with `retryAfter`: the server
 *   asks to be left alone for so many ms, at most an hour (`docs/mcp-servers.md`). The call is not
 *   sent again
 * - `ERR_UNAUTHORIZED`: no token can be had that a server over HTTP takes. If a person has to sign
 *   in, the error has the `command` for it (`mcporter auth SERVER`). Or the server refuses the call
 *   (401 or 403) and its configuration has no sign-in. Then mcporter makes the call, except with
 *   `transport: 'pool'`
 * - `ERR_NOT_STREAMABLE`: a server over HTTP requires the older SSE transport. Only with
 *   `transport: 'pool'`; otherwise mcporter makes the call
 * - `ERR_MAX_BUFFER`: a message, or a whole list of tools, exceeded `maxBuffer`. Or the server asks
 *   for input with a `requestState` of more than 1 MiB
 * - `ERR_MCPORTER`: mcporter could not make the call, for example because the server does not
 *   start. The error has `exitCode`, the tail of `stderr`, and mcporter's `issue` (`{ kind:
 *   'offline' | 'auth' | 'http' | 'stdio-exit' | 'other', ... }`)
 * - `ERR_MCPORTER_NOT_FOUND`: the call needs mcporter, which is not installed
 * - `ERR_SPAWN`: the process could not be started
 * - `ERR_CLEANUP`: the cleanup scanner terminated the process
 * - `ERR_INVALID_ARG_TYPE`: a name is not a string, or `args` is not JSON (functions, BigInts, NaN,
 *   cycles, ...)
 * - `ERR_INVALID_ARG_VALUE`: a name is empty. Or the call has to go through mcporter and its name
 *   works only in a session (`owner/name`, an option, a command of npx). Or `args` has a property
 *   `__proto__` at the top, which mcporter drops
 * - `ERR_INVALID_CONFIG`: an option or environment variable is malformed or unknown. Or the
 *   server's entry cannot be used. Or mcporter would not start with a configuration file. The error
 *   has `file`, and for an entry `problem`
 */
export declare function callToolAsync<Result = unknown>(
  server: string,
  tool: string,
  args?: object,
  options?: CallOptions,
): Promise<Result>

/**
 * Calls a tool like {@link callToolAsync}, and resolves with the server's unchanged answer,
 * `{ content, structuredContent, isError, _meta }`. `result` of an `ERR_TOOL` is unchanged too.
 */
export declare function callToolRaw<Result = McpToolResult>(
  server: string,
  tool: string,
  args?: object,
  options?: CallOptions,
): Promise<Result>

/**
 * Resolves with the tools of a server. Takes a slot like a call, and is listed among the active
 * processes as tool `list_tools`. Rejects like {@link callToolAsync}.
 */
export declare function listToolsAsync(server: string, options?: ListOptions): Promise<McpTool[]>

/**
 * Resolves with all resources that a server lists, in the shape of mcporter's `resource SERVER
 * --output json`. Takes a slot like a call, and is listed among the active processes as tool
 * `resources/list`. Timeout: `listTimeout`. Rejects like {@link callToolAsync}, and with
 * `ERR_SERVER_UNAVAILABLE` where calls go through mcporter. All this holds for the next functions
 * too, each under the name of its method.
 */
export declare function listResources(
  server: string,
  options?: ListOptions,
): Promise<Mcp.ListResourcesResult>

/** Resolves with all templates of resources of a server. Timeout: `listTimeout`. */
export declare function listResourceTemplates(
  server: string,
  options?: ListOptions,
): Promise<Mcp.ListResourceTemplatesResult>

/**
 * Reads a resource. Resolves with the parsed output of mcporter's `resource SERVER URI --output
 * json`: the resource's text when the text is JSON, or the whole result (`{ contents: [...] }`).
 * `McpPool` gives the whole result in any case.
 */
export declare function readResource<Result = unknown>(
  server: string,
  uri: string,
  options?: ListOptions,
): Promise<Result>

/**
 * Resolves with all skills of a server that has the extension `io.modelcontextprotocol/skills`,
 * like `McpPool.listSkills()`. Timeout: `listTimeout`.
 */
export declare function listSkills(
  server: string,
  options?: ListOptions,
): Promise<{ skills: Record<string, unknown>[]; [member: string]: unknown }>

/** Resolves with all prompts that a server lists. Timeout: `listTimeout`. */
export declare function listPrompts(
  server: string,
  options?: ListOptions,
): Promise<Mcp.ListPromptsResult>

/**
 * Resolves with the messages of a prompt.
 * @param args - strings by name; a member that is `undefined` is left out
 */
export declare function getPrompt(
  server: string,
  name: string,
  args?: Record<string, string | undefined>,
  options?: ListOptions,
): Promise<Mcp.GetPromptResult>

/**
 * Resolves with what may complete an argument of a prompt or of a template of resources.
 * @param options - `context` has the arguments that are known already
 */
export declare function complete(
  server: string,
  ref: Mcp.PromptReference | Mcp.ResourceTemplateReference,
  argument: { name: string; value: string },
  options?: ListOptions & { context?: { arguments?: Record<string, string> } },
): Promise<Mcp.CompleteResult>

/**
 * Asks a server for log messages from this level on; see `onLog`. The level holds for all sessions
 * with the server, also later ones.
 */
export declare function setLogLevel(
  server: string,
  level: Mcp.LoggingLevel,
  options?: ListOptions,
): Promise<void>

/** Resolves with what a server said of itself in its handshake. The server is not asked again. */
export declare function getServerInfo(server: string, options?: ListOptions): Promise<McpServerInfo>

/**
 * Subscribes to a resource like `McpPool.subscribe()`. The subscription takes a slot only until the
 * server has accepted it, and no slot when it is made again on a new session.
 */
export declare function subscribe(
  server: string,
  uri: string,
  listener: (update: McpResourceUpdate) => void,
  options?: ListOptions,
): Promise<() => void>

/** Returns the state of the slots and the queue, and of the servers' limits. */
export declare function getSemaphoreStatus(): SemaphoreStatus

/**
 * Returns the calls that wait for their slots, oldest first, at most 200. `queued` of
 * {@link getSemaphoreStatus} counts all of them.
 */
export declare function getQueuedCalls(): QueuedCall[]

/** A call that waits for its slots. */
export interface QueuedCall {
  server: string
  tool: string
  /** Ms since the epoch at which the wait began. */
  startTime: number
  /** Ms that the call has waited. */
  duration: number
  /**
   * The reason for its wait, as in `limitedBy` of {@link SemaphoreStatus}. With `MCP_LIMIT_URL` a
   * call that needs a new process waits for `memory`, `cpu` or, at the `max` of `'auto'`, `slots`
   * here, before it asks for slots that other processes share.
   */
  waitsFor: Exclude<SemaphoreStatus['limitedBy'], undefined | null>
}

/**
 * Asks Redis for the use of the whole fleet. `getSemaphoreStatus().fleet.use` has the answer when
 * Redis has sent it, a few ms later. The health routes call this function for each answer.
 */
export declare function refreshFleet(): void

/**
 * Returns the running calls, each with its process: the server's, or mcporter's. Several calls may
 * share the process of a server. A call that waits for its server has `pid: null`, and `waitsFor`
 * says what it waits for: `'start'` (the start of its server, or of mcporter), `'memory'` or
 * `'cpu'` (a start that waits for the machine) or `'session'` (a session that other calls use). A
 * call over HTTP has `pid: null` too, and no `waitsFor`.
 */
export declare function getActiveProcesses(): ActiveProcess[]

/**
 * Returns the sessions, and the transport of each server that has been called.
 */
export declare function getPoolStatus(): McpPoolStatus & {
  servers: {
    name: string
    transport: 'pool' | 'mcporter'
    /**
     * Reason for the transport `mcporter`, or why the pool cannot be used: `'chosen'`, `'oauth'`,
     * `'sse'`, ..., `'invalid'` for an entry that cannot be used, `'variable'` for an entry that
     * refers to an absent variable, `'sign-in'` when a person has to sign in, `'token'` when no
     * token can be had. `null` without a reason.
     */
    reason: string | null
    /**
     * Text for people: the wrong field of the server's entry and the mistake, without its value.
     */
    problem: string | null
  }[]
}

/** Returns whether a new call would be accepted, and the reason if not. */
export declare function getReadiness(): Readiness

/**
 * Returns the longest wait for a slot, and the counts of each configured server. The first call
 * starts to read the configuration, so that later calls know the servers before their first call.
 */
export declare function getStats(): HelperStats

/**
 * Shuts down the helper: refuses new calls and rejects waiting calls with `ERR_CLOSED`, and
 * terminates running calls with all their processes. Resolves when the last process has exited. A
 * second call returns the same promise.
 */
export declare function shutdown(): Promise<void>

/**
 * Creates a helper with its own slots and queue. The functions of this module belong to a default
 * helper, which is created at the first use of one of them.
 * @throws `ERR_INVALID_CONFIG` for a malformed or unknown option, or a malformed environment
 *   variable. `ERR_PROCESS_LIMIT` if no thread can be started
 */
export declare function createMcpHelper(options?: McpHelperOptions): McpHelper

/** A helper. Its functions need no `this`: `const { callToolAsync } = createMcpHelper()`. */
export interface McpHelper {
  callToolAsync: typeof callToolAsync
  callToolRaw: typeof callToolRaw
  listToolsAsync: typeof listToolsAsync
  listResources: typeof listResources
  listResourceTemplates: typeof listResourceTemplates
  readResource: typeof readResource
  listPrompts: typeof listPrompts
  listSkills: typeof listSkills
  getPrompt: typeof getPrompt
  complete: typeof complete
  setLogLevel: typeof setLogLevel
  getServerInfo: typeof getServerInfo
  subscribe: typeof subscribe
  getSemaphoreStatus: typeof getSemaphoreStatus
  refreshFleet: typeof refreshFleet
  getActiveProcesses: typeof getActiveProcesses
  getQueuedCalls: typeof getQueuedCalls
  getPoolStatus: typeof getPoolStatus
  getReadiness: typeof getReadiness
  getStats: typeof getStats
  shutdown: typeof shutdown
}

export interface McpHelperOptions extends McpUseOptions {
  /**
   * Maximum number of running calls, or `'auto'`. Default `MCP_MAX_CONCURRENT`, or 3.
   *
   * `'auto'` starts at twice the number of processors. It rises by a quarter after calls have
   * waited for two seconds while the processors keep up, and falls by a fifth when they do not, but
   * never below the start. Processes start when memory suffices: see `memoryBudget`.
   */
  maxConcurrent?: number | 'auto'
  /**
   * The most memory that all child processes of this process may have together: bytes, a size such
   * as `'512M'`, or a percentage such as `'60%'` of the memory that this process may use. Default
   * `MCP_MEMORY_BUDGET`, or none; then only the `reserve` bounds them.
   *
   * With a budget or `'auto'`, the start of a process waits until what its server has needed before
   * fits beside what the others still may need. Idle sessions end to make room. The wait is part of
   * the call's timeout. One process may always run. On Linux the kernel then kills children before
   * this process when memory is out.
   */
  memoryBudget?: number | string
  /**
   * The memory that stays free: bytes, size or percentage. Default: 10%, or more after others have
   * used more at once. At least one byte.
   * @throws `ERR_INVALID_CONFIG` without `'auto'` or a budget
   */
  reserve?: number | string
  /**
   * The most that `'auto'` rises to. Default 1024.
   * @throws `ERR_INVALID_CONFIG` without `'auto'`
   */
  max?: number
  /** Timeout of the wait for a slot in ms, or `Infinity`. Default 60000. */
  queueTimeout?: number
  /** Maximum number of waiters; with 0 a call never waits. Default `Infinity`. */
  maxQueue?: number
  /**
   * Maximum number of slots for the calls of a server, within `maxConcurrent`: `{ 'asana-v2': 2 }`.
   * A server at its limit holds up no other. Default: none.
   */
  limits?: Record<string, number>
  /**
   * Maximum number of calls of a server within `interval` ms: `{ 'asana-v2': { limit: 150,
   * interval: 60000 } }`. It holds for each interval, wherever the interval begins. A call counts
   * from the time when it is sent; a call through a process of mcporter from its end. Listing the
   * tools counts as one call. Default: none.
   */
  rates?: Record<string, CallRate>
  /**
   * Timeout in ms of a call that has its slot: reading the configuration, starting the server, the
   * answer. The wait for the slot has `queueTimeout`. Default `MCPORTER_CALL_TIMEOUT`, or 60000.
   */
  callTimeout?: number
  /** Timeout of {@link listToolsAsync} in ms. Default `MCPORTER_LIST_TIMEOUT`, or 30000. */
  listTimeout?: number
  /**
   * Functions that answer the servers' own requests, in sessions; a process of mcporter refuses
   * such requests. Default: none.
   */
  handlers?: McpHandlers
  /**
   * mcporter's configuration file, relative to `cwd`. Default: the places where mcporter looks.
   */
  configPath?: string
  /**
   * Transport of calls. Default `'auto'`.
   * - `'auto'`: a session if possible, otherwise a process of mcporter (servers with OAuth tokens
   *   that cannot be used here, SSE servers, settings that only mcporter knows).
   * - `'pool'`: a session only. A call without a possible session rejects with
   *   `ERR_SERVER_UNAVAILABLE`.
   * - `'mcporter'`: a process of mcporter for each call.
   */
  transport?: Transport
  /** Transport and options of single servers, and servers that are in no configuration file. */
  servers?: Record<string, McpServerOptions & { transport?: Transport }>
  /**
   * `true` starts a server that is configured as `npx PACKAGE` without npx if the package is
   * installed. This saves one or two processes. Default `true`.
   */
  npxBypass?: boolean
  /** Called for each log message of a server, as by `McpPool`. */
  onLog?: McpPoolOptions['onLog']
  /** Called when a list of a server has changed, as by `McpPool`. */
  onListChanged?: McpPoolOptions['onListChanged']
  /** Maximum number of server processes. Default `PROCESS_POOL_SIZE`, or 5. */
  maxSessions?: number
  /** Maximum number of servers that start at the same time. Default 2. */
  maxStarting?: number
  /** Working directory of mcporter. Default: this process's when the helper is created. */
  cwd?: string
  /** Variables on top of this process's environment, for mcporter and its servers. */
  env?: Record<string, string>
  /**
   * Path or command name of mcporter. Default `MCPORTER_BIN`, or else the first mcporter among the
   * dependencies of this app and on the `PATH`.
   */
  mcporterBin?: string
  /**
   * Behaviour for a process of mcporter that was killed and does not exit. `'wait'` holds the slot
   * of its call until the process has exited. `'reject'` rejects the call with `ERR_STUCK`; see
   * `RunOptions` of `procward`. Calls over sessions wait for no process. Default `'wait'`.
   */
  onStuck?: 'wait' | 'reject'
  /**
   * Behaviour for a call whose slots may go to another process of the fleet, because Redis was
   * away too long. `'abort'` ends the call with `ERR_LEASE_LOST`: a process of mcporter with its
   * servers, a call over a session by cancelling it, and the session stays for other calls.
   * `'continue'` lets the call run, beside the one that gets its slots. Without effect unless
   * `MCP_LIMIT_URL` names a fleet (`docs/fleet.md`). Default `'abort'`.
   */
  onLost?: 'abort' | 'continue'
  /**
   * Behaviour while the fleet's Redis is away for more than 2 s. `'local'` limits this helper to
   * its share of the slots: the limit divided by the helpers that Redis saw last, at least 1.
   * `'refuse'` rejects calls with `ERR_LIMIT_UNAVAILABLE`. Without effect unless `MCP_LIMIT_URL`
   * names a fleet. Default `'local'`.
   */
  onUnreachable?: 'local' | 'refuse'
  /** Default for `rejectOnError` of each call. Default `true`. */
  rejectOnError?: boolean
}

export type Transport = 'auto' | 'pool' | 'mcporter'

export interface ListOptions {
  /** Timeout in ms once the call has its slot. Default: the helper's. */
  timeout?: number
  /** Timeout of the wait for a slot in ms, or `Infinity`. Default: the helper's. */
  queueTimeout?: number
  /** Cancels the call in any stage. Any number of calls may share one signal. */
  signal?: AbortSignal
}

export interface CallOptions extends ListOptions {
  /**
   * Number of slots that the call takes, at most the limits that it is under. A call that waits for
   * more slots than are free is not overtaken. Default 1.
   * @throws `ERR_INVALID_CONFIG` for more than a limit
   */
  cost?: number
  /**
   * `false` resolves with an answer that is an error instead of rejecting. Default: the helper's.
   */
  rejectOnError?: boolean
  /**
   * Called for each progress report of the server, in the async context of the call
   * (`AsyncLocalStorage`). An error that the function throws is an uncaught exception and does not
   * end the call. Calls through a process of mcporter report no progress.
   */
  onProgress?: (progress: McpProgress) => void
}

/** A rate of calls. */
export interface CallRate {
  /** Maximum number of calls. */
  limit: number
  /** Length of the interval in ms. */
  interval: number
}

export interface SemaphoreStatus extends SlotStatus {
  /**
   * Reason for which calls or starts of processes wait: the overall limit (`slots`), its value that
   * the processors allow (`cpu`), the memory, the limit of a server, its rate or pause, its next
   * `start` after one that failed, other processes of this user (`host`), or the `fleet`. `null`
   * while none waits. Absent while nothing but a number limits the calls of this process and no
   * server is paused.
   */
  limitedBy?: 'slots' | 'memory' | 'cpu' | 'server' | 'rate' | 'start' | 'host' | 'fleet' | null
  /**
   * The processes that share the limits: all of this user on this machine (`host`), or all of the
   * fleet. `process` while a fleet's Redis is away. Absent without `MCP_LIMIT_URL`. Calls that wait
   * for other processes, or for the start of a process before that, count as `queued`.
   */
  reach?: 'process' | 'host' | 'fleet'
  /** The place of this helper in a fleet. Absent without a fleet. */
  fleet?: FleetStatus
  /** The servers with a limit, calls, waiters or a pause, by name. Absent when `limitedBy` is. */
  servers?: ServerSlots[]
  /** The memory for processes. Absent without `'auto'` and without a memory budget. */
  memory?: GateMemory
}

/** The place of a helper in a fleet (`docs/fleet.md`). */
export interface FleetStatus {
  /**
   * The place that decides about calls: the `fleet`'s Redis, this process alone (`local`), or
   * nothing, because Redis is away and calls are refused (`unreachable`). `connecting` before the
   * first connection, for at most 2 s.
   */
  mode: 'connecting' | 'fleet' | 'local' | 'unreachable'
  /** The address of Redis, without user, password and query. */
  address: string
  /** Number of helpers in the fleet, as Redis said last. 0 before its first answer. */
  processes: number
  /** Slots of this helper while it decides alone; `null` otherwise. */
  share: number | null
  /** The reason for which Redis does not decide; `null` while it does. */
  reason: string | null
  /** The ms in which Redis grants nothing, because it has lost its memory; 0 otherwise. */
  graceLeft: number
  /** Number of calls of this helper that lost their slots while they ran. */
  lost: number
  /** Number of calls of this helper that were refused with `ERR_LIMIT_UNAVAILABLE`. */
  refused: number
  /** Name of this machine. */
  host: string
  /** Pid of this process. */
  pid: number
  /**
   * Use of the whole fleet, as Redis said last: with the answer to a heartbeat, or to
   * {@link McpHelper.refreshFleet}. `null` before that, and while Redis does not decide.
   */
  use: { limit: number; inUse: number; waiting: number } | null
}

/**
 * The memory by which processes start. Sizes are in bytes, `null` until they are known. All helpers
 * of this process share the processes and what was learnt.
 */
export interface GateMemory {
  /** This helper's `memoryBudget`, or `null` without one. */
  budget: number | null
  /** Memory that this process and its children may still use, as read last. */
  available: number | null
  /** The most memory that this process and its children may use. */
  total: number | null
  /** Memory that stays free: the strictest reserve of all helpers. */
  reserve: number | null
  /** Memory that the running processes have of their own, without files. */
  used: number
  /** Number of process trees that run, and of admitted starts that have not begun. */
  running: number
  /** Number of starts that wait. */
  waiting: number
  /**
   * Memory by server, at most 200 servers, by name: those with processes or waiting starts, then
   * those that need most.
   */
  learnt: LearntMemory[]
}

/** The memory that was learnt about a server. Sizes are in bytes. */
export interface LearntMemory {
  /** The server, or the name of a program that runs for none. */
  server: string
  /** Expected peak of its next process; 256 MB for an unknown server. */
  mean: number
  /** Standard deviation of its peaks. */
  deviation: number
  /** Number of its peaks, at most 30; 0 for an unknown server. */
  peaks: number
  /** Number of its process trees that run. */
  running: number
  /** Number of its starts that wait. */
  waiting: number
}

/** The use of a server. */
export interface ServerSlots {
  server: string
  /** Its entry in `limits`, or `null`. */
  limit: number | null
  /** Its entry in `rates` with the calls that count now, or `null`. */
  rate: (CallRate & { recent: number }) | null
  /** Number of slots that its calls hold. */
  current: number
  /** Number of its waiters. */
  queued: number
  /** Remaining pause in ms that the server asked for by `Retry-After`; 0 without a pause. */
  pausedFor: number
}

export interface HelperStats {
  /** Ms that the call has waited for its slot which waits longest. `null` while no call waits. */
  oldestWait: number | null
  /** The configured servers, and those that were configured before, in no order. */
  servers: ServerStats[]
}

/** The sessions of a server so far. */
export interface ServerStats {
  server: string
  /** Number of calls that wait for a session. */
  waiting: number
  /**
   * Ms until the next start is tried, after five failures in a row. `null` otherwise. Until then
   * calls that need a start reject with `ERR_SERVER_UNAVAILABLE`.
   */
  retryAfter: number | null
  /** Starts that succeeded. */
  started: number
  /** Starts that failed. */
  failed: number
  /** Calls that got a session which had been used before. */
  hits: number
  /** Calls that were the first of their session. */
  misses: number
  /** Ended sessions by reason. */
  recycled: Partial<McpPoolStatus['stats']['recycled']>
}

export interface Readiness {
  ready: boolean
  /** `null` when ready. */
  reason: 'draining' | 'queue-full' | null
}
