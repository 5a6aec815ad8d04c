// What the reports of test runners say about each test.

/** @typedef {{ name: string, passed: boolean, message?: string }} Outcome */

/** @param {string} report @returns {Outcome[]} */
export function fromTap(report) {
  const lines = /^(not )?ok \d+ - (.*?)(?: # (?:SKIP|TODO).*)?$([\s\S]*?)^ {2}\.\.\.$/gm
  return [...report.matchAll(lines)].map(([, fails, name, details]) => ({
    name: name.replaceAll('\\#', '#'),
    passed: fails === undefined,
    message: /error: (?:\|-\s*)?(.*)/.exec(details)?.[1],
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
