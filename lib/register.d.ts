/**
 * Guards every child process that this Node.js process starts, by any code and any library:
 * `node --require procward/register server.js`. `--import` misses the workers of
 * `new Worker(code, { eval: true })` on Node.js 20. `npx procward register` prints the option for
 * `NODE_OPTIONS`.
 *
 * On Linux each child starts below a warden: the child and its descendants are killed when this
 * process ends in any way. A `detached` child is let go by its `unref()`. On Windows
 * and macOS, and where no warden works, Node.js starts the child and procward adopts it right
 * afterwards, with weaker guarantees. See docs/children.md.
 */
export {}
