import type {
  ActiveProcess,
  McpPoolStatus,
  McpProgress,
  McpServerOptions,
  McpTool,
  McpToolResult,
  McpUseOptions,
} from '../index'

export type { ActiveProcess, McpProgress, McpTool, McpToolResult }

/**
 * Calls a tool of an MCP server that mcporter's configuration names: at most `maxConcurrent` calls
 * at once, the rest waiting first come first served. A call is sent once. It goes to a new session
 * only where its server has done nothing: the session ended before the server could see any of the
 * call, or a server over HTTP refused the session.
 *
 * Calls go over sessions with the servers, which are started when they are needed, shared by all
 * calls, and ended when they have been idle for `idleTimeout`: a call costs a message, no process.
 * A server that needs something of mcporter's (see `transport`) is called through a process of
 * mcporter instead, with the same result.
 *
 * Resolves with what `mcporter call SERVER.TOOL --args JSON --output json` prints, parsed: the
 * tool's structured content, or its text when that is JSON, or the whole result (`{ content: [...]
 * }`). `list_tools` is mcporter's word for listing the server's tools, even when the server has a
 * tool of that name: resolves with what `mcporter list SERVER --json` prints. Prefer {@link
 * listToolsAsync}.
 *
 * Every rejection names server and tool in its message, and carries a `code`. When a call is given
 * up (timeout, abort), its server is told so, and lives on for the others; a server that takes one
 * call at a time (`maxInFlight: 1`), or left two calls in a row unanswered, is ended. A process of
 * mcporter is ended with its servers, and the slot is free when the last of them has exited.
 *
 * @param server - a name in mcporter's configuration (`docs/mcp-servers.md`)
 * @param tool - the tool's name; never corrected to a similar one
 * @param args - the tool's arguments: any JSON. Properties that are `undefined` are left out
 *
 * Rejects with
 * - `ERR_TOOL`: the tool answered with `isError`; its answer is the error's `result`. See
 *   `rejectOnError`
 * - `ERR_MCP`: the server answered with a protocol error: the error's `rpcCode` (any number, or
 *   undefined), `rpcMessage` and
 *   `data`; or with something that is no answer to the request, and without these
 * - `ERR_UNKNOWN_SERVER`, `ERR_UNKNOWN_TOOL`: the error's `available` names those that there are. A
 *   server may be in a
 *   configuration file that can't be used: `ignored` says which were passed over, `[{ file, problem
 * }]`
 * - `ERR_CALL_TIMEOUT`: no answer within `timeout`, reading the configuration and the start of the
 *   server included
 * - `ERR_QUEUE_TIMEOUT`, `ERR_QUEUE_FULL`: no slot in time, or too many calls waiting
 * - `ABORT_ERR` (an `AbortError`): `signal` was aborted; its `cause` is the signal's reason
 * - `ERR_CLOSED`: the helper was shut down
 * - `ERR_SERVER_START`: the server could not be started, refused the handshake or did not shake
 *   hands within `startTimeout`.
 *   The message names the program or the folder that is missing, or has the server's first words
 * - `ERR_UNAUTHORIZED`, `ERR_NOT_STREAMABLE`: it is reached over HTTP, and wants a token (401 or
 *   403), or the older SSE transport; only
 *   with `transport: 'pool'`, else mcporter makes the call
 * - `ERR_SERVER_EXITED`: it ended while the call was in flight, or answered over HTTP with no
 *   message (`HTTP 503: busy`).
 *   The call may have had its effect; it is not sent again.
 *   Both have `exitCode`, `signal` and the end of `stderr` where the server is a process
 * - `ERR_SERVER_UNAVAILABLE`: it has failed five times in a row, and is tried again in `retryAfter`
 *   ms
 * - `ERR_MAX_BUFFER`: a message, or a list of tools in all its pages, of more than `maxBuffer`
 * - `ERR_MCPORTER`: mcporter could not make the call, say because the server does not start. The
 *   error has `exitCode`,
 *   the end of `stderr`, and mcporter's `issue` (`{ kind: 'offline' | 'auth' | 'http' |
 * 'stdio-exit' | 'other', ... }`)
 * - `ERR_MCPORTER_NOT_FOUND`: it is needed, and is not installed
 * - `ERR_SPAWN`: the process could not be started
 * - `ERR_CLEANUP`: the cleanup scanner ended it
 * - `ERR_INVALID_ARG_TYPE`: a name that is not a string, or `args` that are not JSON (functions,
 *   BigInts, NaN, cycles, ...)
 * - `ERR_INVALID_ARG_VALUE`: a name that is empty; one that only a session can call (`owner/name`,
 *   an option, a command of
 *   npx), where the call has to go through mcporter; or a property `__proto__` at the top of
 * `args`, which mcporter drops
 * - `ERR_INVALID_CONFIG`: a malformed or unknown option or environment variable; or the server's
 *   entry can't be used, or a
 *   configuration file that mcporter would not start with. The error has the `file`, and `problem`
 * of an entry
 */
export declare function callToolAsync<Result = unknown>(
  server: string,
  tool: string,
  args?: object,
  options?: CallOptions,
): Promise<Result>

/**
 * The same with the server's own answer, `{ content, structuredContent, isError, _meta }`, to the
 * letter. In an `ERR_TOOL` that is the `result` too.
 */
export declare function callToolRaw<Result = McpToolResult>(
  server: string,
  tool: string,
  args?: object,
  options?: CallOptions,
): Promise<Result>

/**
 * A server's tools. Takes a slot, as a call does, and shows as tool `list_tools` among the active
 * processes. Rejects as {@link callToolAsync} does.
 */
export declare function listToolsAsync(server: string, options?: ListOptions): Promise<McpTool[]>

/** The slots and the queue of the calls. */
export declare function getSemaphoreStatus(): SemaphoreStatus

/**
 * The calls that are running, each with the process that works on it: the server's own, or
 * mcporter's. Several calls may share a server's. A call that is still waiting for its server to
 * start is not among them.
 */
export declare function getActiveProcesses(): ActiveProcess[]

/**
 * The sessions with servers, and which way the calls to each server go, as far as calls have asked
 * for it.
 */
export declare function getPoolStatus(): McpPoolStatus & {
  servers: {
    name: string
    transport: 'pool' | 'mcporter'
    /**
     * Why it goes through mcporter, or cannot go through the pool: `'chosen'`, `'oauth'`, `'sse'`,
     * ..., `'invalid'` for an entry that can't be used, `'variable'` for one that lacks a variable;
     * `null` for no reason.
     */
    reason: string | null
    /**
     * The same in words: what is wrong with which field of the server's entry, without its value.
     */
    problem: string | null
  }[]
}

/** Whether a new call would be taken, and if not, why. */
export declare function getReadiness(): Readiness

/**
 * Refuses further calls and rejects the waiting ones with `ERR_CLOSED`, ends the running ones with
 * all their processes, and resolves when the last process has exited. Later calls of it return the
 * same promise.
 */
export declare function shutdown(): Promise<void>

/**
 * A helper of one's own, with its own slots and queue. The functions of this module are those of a
 * default helper, which is made when one of them is first used.
 * @throws `ERR_INVALID_CONFIG` for a malformed or unknown option, or a malformed environment
 * variable.
 */
export declare function createMcpHelper(options?: McpHelperOptions): McpHelper

/** The functions work without their object: `const { callToolAsync } = createMcpHelper()`. */
export interface McpHelper {
  callToolAsync: typeof callToolAsync
  callToolRaw: typeof callToolRaw
  listToolsAsync: typeof listToolsAsync
  getSemaphoreStatus: typeof getSemaphoreStatus
  getActiveProcesses: typeof getActiveProcesses
  getPoolStatus: typeof getPoolStatus
  getReadiness: typeof getReadiness
  shutdown: typeof shutdown
}

export interface McpHelperOptions extends McpUseOptions {
  /** How many calls run at once; `MCP_MAX_CONCURRENT` or 3 by default. */
  maxConcurrent?: number
  /** How long a call waits for a slot, in milliseconds, or `Infinity`; 60000 by default. */
  queueTimeout?: number
  /** How many calls may wait, or `Infinity`, the default. */
  maxQueue?: number
  /**
   * How long a call may take once it has a slot, in milliseconds: reading the configuration,
   * starting the server and the answer together. `MCPORTER_CALL_TIMEOUT` or 60000 by default. The
   * wait for the slot has `queueTimeout`.
   */
  callTimeout?: number
  /** The same for {@link listToolsAsync}; `MCPORTER_LIST_TIMEOUT` or 30000 by default. */
  listTimeout?: number
  /**
   * mcporter's configuration file; by default mcporter looks where it always does. Relative to
   * `cwd`.
   */
  configPath?: string
  /**
   * Which way calls go. `'auto'`, the default: over sessions where they can, through a process of
   * mcporter where they must (servers with OAuth whose tokens cannot be used here, SSE servers,
   * settings that only mcporter knows). `'pool'`: over sessions, or not at all
   * (`ERR_SERVER_UNAVAILABLE`). `'mcporter'`: a process each.
   */
  transport?: Transport
  /** The same for single servers, how each is used, and servers that are in no file. */
  servers?: Record<string, McpServerOptions & { transport?: Transport }>
  /**
   * Whether a server that is configured as `npx PACKAGE` is started without npx where the package
   * is installed already, as one process less or two; `true` by default.
   */
  npxBypass?: boolean
  /** How many server processes there may be; `PROCESS_POOL_SIZE` or 5 by default. */
  maxSessions?: number
  /** How many of them may be starting at once; 2 by default. */
  maxStarting?: number
  /** The folder that mcporter runs in; by default this process's when the helper is made. */
  cwd?: string
  /**
   * Variables on top of this process's environment, for mcporter and through it for the servers.
   */
  env?: Record<string, string>
  /**
   * Where mcporter is: a path, or a command's name; `MCPORTER_BIN` by default. Without either it is
   * looked for among the dependencies of this app, then on PATH.
   */
  mcporterBin?: string
  /**
   * Of a call through a process of mcporter that was killed and is still there: `'wait'`, the
   * default, keeps its slot until it has exited, `'reject'` gives up with `ERR_STUCK`; see
   * `RunOptions` of `procward`. A session's calls wait for no process.
   */
  onStuck?: 'wait' | 'reject'
  /** The default of the calls' own `rejectOnError`; `true`. */
  rejectOnError?: boolean
}

export type Transport = 'auto' | 'pool' | 'mcporter'

export interface ListOptions {
  /** How long all of it may take once it has a slot, in milliseconds; the helper's by default. */
  timeout?: number
  /** How long it waits for a slot, in milliseconds, or `Infinity`; the helper's by default. */
  queueTimeout?: number
  /** Ends it, whatever it waits for. One signal may serve any number of calls. */
  signal?: AbortSignal
}

export interface CallOptions extends ListOptions {
  /** `false` resolves with the tool's answer when that is an error; the helper's by default. */
  rejectOnError?: boolean
  /**
   * Is called with the tool's progress, when the server reports it, in the async context of the
   * call (`AsyncLocalStorage`). An error that it throws is an uncaught exception, and does not end
   * the call. There is no progress from a call that goes through a process of mcporter.
   */
  onProgress?: (progress: McpProgress) => void
}

export interface SemaphoreStatus {
  maxConcurrent: number
  current: number
  queued: number
  available: number
}

export interface Readiness {
  ready: boolean
  /** `null` when ready. */
  reason: 'draining' | 'queue-full' | null
}
