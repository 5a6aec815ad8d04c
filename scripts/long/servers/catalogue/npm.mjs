// Servers of npm.

import { join } from 'node:path'
import { install } from '../../platforms/debian.mjs'
import { Skip } from '../../support/checks.mjs'
import { nodeProgram, npmPackages } from '../../support/install.mjs'
import { startPage, startServer } from '../http.mjs'

const CHROMIUM = '/usr/bin/chromium'
/** The browsers' servers name ports, times and files of their own. */
const PLAYWRIGHT = {
  '*': [
    [/(page|console|traces?|request)-\d{4}-[\dTZ.:-]+/g, '$1-(time)'],
    [/\b\d+(\.\d+)?m?s\b/g, '(ms)'],
  ],
}
const CHROME = { '*': [[/\b\d+(\.\d+)? ?ms\b/g, '(ms)']] }

/** @param {string} name @param {string} version @param {string} file */
async function program(name, version, file) {
  const place = await npmPackages(name.replaceAll(/\W+/g, '-'), { [name]: version })
  return join(place, 'node_modules', name, file)
}

function chromium() {
  if (process.platform !== 'linux') throw new Skip("needs Debian's chromium")
  install('chromium')
  return CHROMIUM
}

/** @param {string} page */
const playwrightCalls = (page) => [
  ['browser_navigate', { url: `${page}/page.html` }],
  ['browser_snapshot', {}],
  ['browser_evaluate', { function: '() => document.querySelectorAll("li").length' }],
  ['browser_evaluate', { function: '() => { throw new Error("no") }' }],
  ['browser_click', { element: 'Click', target: 'button' }],
  ['browser_console_messages', {}],
  ['browser_click', { element: 'none', target: '#none' }],
  ['browser_click', {}],
  ['browser_tabs', { action: 'list' }],
  ['browser_navigate', { url: `${page}/empty.html` }],
  ['browser_close', {}],
  ['no-such-tool', {}],
]

/** @param {string} folder */
const playwright = async (folder) => {
  const browser = chromium()
  const file = await program('@playwright/mcp', '0.0.83', 'cli.js')
  const options = [
    '--headless',
    '--no-sandbox',
    '--isolated',
    '--executable-path',
    browser,
    '--timeout-action',
    '3000',
  ]
  options.push('--output-dir', join(folder, 'playwright'))
  return [file, ...options]
}

/** @param {string} folder @returns {import('./index.mjs').Entry[]} */
export const npm = (folder) => [
  {
    name: '@playwright/mcp',
    async prepare() {
      const args = await playwright(folder)
      const page = await startPage()
      const definition = { command: process.execPath, args }
      return { definition, calls: playwrightCalls(page.url), rules: PLAYWRIGHT, stop: page.stop }
    },
  },
  {
    name: '@playwright/mcp over HTTP',
    async prepare() {
      const args = await playwright(folder)
      const page = await startPage()
      const how = (/** @type {number} */ port) => ({
        command: process.execPath,
        args: [...args, '--host', '127.0.0.1', '--allowed-hosts', '*', '--port', String(port)],
      })
      const { definition, stop } = await startServer(how)
      const end = () => Promise.all([stop(), page.stop()])
      return { definition, calls: playwrightCalls(page.url), rules: PLAYWRIGHT, stop: end }
    },
  },
  {
    name: 'chrome-devtools-mcp',
    async prepare() {
      const browser = chromium()
      const file = await program(
        'chrome-devtools-mcp',
        '1.11.0',
        'build/src/bin/chrome-devtools-mcp.js',
      )
      const page = await startPage()
      const quiet = ['--no-usage-statistics', '--no-performance-crux']
      const args = [
        file,
        '--headless',
        '--isolated',
        '--executablePath',
        browser,
        '--chromeArg=--no-sandbox',
        ...quiet,
      ]
      // It needs a newer Node.js than the oldest that we run on.
      const command = await nodeProgram('24.22.3')
      return {
        definition: { command, args },
        calls: [
          ['list_pages', {}],
          ['navigate_page', { pageId: 1, type: 'url', url: `${page.url}/page.html` }],
          ['take_snapshot', { pageId: 1 }],
          ['evaluate_script', { pageId: 1, function: '() => document.title' }],
          ['evaluate_script', { pageId: 1, function: '() => { throw new Error("no") }' }],
          ['click', { pageId: 1, uid: '999_999' }],
          ['click', {}],
          ['list_console_messages', { pageId: 1 }],
          ['new_page', { url: 'about:blank' }],
          ['list_pages', {}],
          ['no-such-tool', {}],
        ],
        rules: CHROME,
        stop: page.stop,
      }
    },
  },
  {
    name: '@upstash/context7-mcp',
    async prepare() {
      const file = await program('@upstash/context7-mcp', '4.1.1', 'dist/index.js')
      return {
        definition: { command: process.execPath, args: [file] },
        calls: [
          ['resolve-library-id', { query: 'hooks', libraryName: 'react' }],
          ['query-docs', { libraryId: '/facebook/react', query: 'hooks' }],
          ['query-docs', {}],
          ['no-such-tool', {}],
        ],
      }
    },
  },
  {
    name: '@coo-quack/calc-mcp',
    async prepare() {
      const file = await program('@coo-quack/calc-mcp', '2.1.1', 'dist/index.js')
      return {
        definition: { command: process.execPath, args: [file] },
        calls: [
          ['math', { expression: '2^64 + 1/3' }],
          ['math', { expression: '1 +' }],
          ['hash', { input: 'ünï 💥', algorithm: 'sha256' }],
          ['base64', { input: '%', action: 'decode' }],
          ['format_validate', { input: '{"a": [1, null]}', format: 'json' }],
          ['char_info', { char: '語💥' }],
          ['ip', { action: 'info', ip: '10.0.0.1' }],
          ['color', { color: 'nothing' }],
          ['base', { value: 5 }],
          ['no-such-tool', {}],
        ],
      }
    },
  },
]
