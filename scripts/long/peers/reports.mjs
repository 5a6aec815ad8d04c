// What the reports of test runners say about each test.

/** @typedef {{ name: string, passed: boolean, message?: string }} Outcome */

/** Reads the report of `node --test` in TAP, with subtests. @param {string} report */
export function fromTap(report) {
  const lines = /^ *(not )?ok \d+ - (.*?)(?: # (?:SKIP|TODO).*)?$([\s\S]*?)^ +\.\.\.$/gm
  return [...report.matchAll(lines)].map(([, fails, name, details]) => ({
    name: name.replaceAll('\\#', '#'),
    passed: fails === undefined,
    message: /error: (?:\|-\s*)?(.*)/.exec(details)?.[1],
  }))
}

/**
 * Reads the report of Ava in TAP. The name of a test begins with its file, which Ava leaves out
 * when it runs one file only.
 * @param {string} report
 * @param {string[]} files
 * @returns {Outcome[]}
 */
export function fromAva(report, files) {
  const [only, ...others] = files.map((file) => file.replace(/^test\//, '').replace(/\.js$/, ''))
  const prefix = only === undefined || others.length > 0 ? '' : `${only.replaceAll('/', ' › ')} › `
  const lines = /^(not )?ok \d+ - (.*?)(?: # (?:SKIP|TODO).*)?$(\n {2}---\n[\s\S]*?^ {2}\.\.\.$)?/gm
  return [...report.matchAll(lines)].map(([, fails, name, details = '']) => ({
    name: prefix + name.replaceAll('\\#', '#'),
    passed: fails === undefined,
    message: details.replaceAll(/\s+/g, ' ').slice(0, 300),
  }))
}

/** @param {string} report @returns {Outcome[]} */
export function fromMocha(report) {
  // The tests write to the same output.
  const start = report.lastIndexOf('{\n  "stats"')
  if (start < 0) return []
  const { tests } = JSON.parse(report.slice(start))
  return tests.map((/** @type {any} */ { fullTitle, err }) => ({
    name: fullTitle,
    passed: Object.keys(err).length === 0,
    message: err.message?.split('\n')[0],
  }))
}

/** Reads the report of Jest or Vitest in JSON. @param {string} report @returns {Outcome[]} */
export function fromJest(report) {
  const line = report.split('\n').findLast((one) => one.startsWith('{"num'))
  if (line === undefined) return []
  const tests = JSON.parse(line).testResults.flatMap(
    (/** @type {any} */ { assertionResults }) => assertionResults,
  )
  return tests.map((/** @type {any} */ { fullName, status, failureMessages = [] }) => ({
    name: fullName,
    passed: status !== 'failed',
    message: failureMessages[0]?.split('\n')[0],
  }))
}
