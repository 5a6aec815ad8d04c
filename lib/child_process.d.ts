/**
 * Node.js's `child_process`, with the same functions, events and errors.
 *
 * On Linux the children of `spawn`, `exec`, `execFile` and `fork` start below a warden. They are
 * listed by `getActiveProcesses()`, with the calling package as `server`. They are killed with all
 * their descendants when this process ends in any way. A `detached` child is let go by its
 * `unref()`; its warden stays until the child exits. `kill()` signals the child alone. If `kill()`,
 * `timeout` or an abort has ended a child, the rest of its tree is terminated too: SIGTERM, and
 * SIGKILL 2 s later. Without a descriptor left, a start fails with Node.js's own `EMFILE`.
 *
 * On Windows and macOS, and where no warden works, Node.js starts the child and procward adopts it
 * right afterwards, with the weaker guarantees of docs/children.md. `spawnSync`, `execSync` and
 * `execFileSync` are Node.js's own and are not guarded.
 */
export * from 'node:child_process'
