'use strict'

// The exit codes by which launcher.mjs reports a tool's answer: mcporter prints failures and
// answers alike, and mcporter 0.9 exits with 0 after both. Neither mcporter nor Node.js exits with
// these numbers.

/** The tool gave a result. */
const TOOL_RESULT = 64
/** The tool answered with `isError`. */
const TOOL_ERROR = 65

/** Stands before the tool's own answer, last on stdout, where that was asked for. */
const RAW_RESULT = '\n[procward] raw result: '

module.exports = { RAW_RESULT, TOOL_ERROR, TOOL_RESULT }
