// Servers of PyPI.

import { execFileSync } from 'node:child_process'
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pythonPackages } from '../../support/install.mjs'
import { startPage } from '../http.mjs'

const VERSIONS = {
  'mcp-server-git': '2026.10.19',
  'mcp-server-time': '2026.10.19',
  'mcp-server-fetch': '2026.10.24',
}
/** The last version of this server came before the SDK's 2.0. */
const SQLITE = { 'mcp-server-sqlite': '2025.4.25', mcp: '1.30.0' }
const UNKNOWN = ['no-such-tool', {}]

/** A commit made by these has the same name whenever it is made. */
const SAME_COMMITS = {
  GIT_CONFIG_GLOBAL: '/dev/null',
  GIT_AUTHOR_NAME: 'A',
  GIT_AUTHOR_EMAIL: 'a@example.org',
  GIT_AUTHOR_DATE: '2025-11-25T12:00:00Z',
  GIT_COMMITTER_NAME: 'A',
  GIT_COMMITTER_EMAIL: 'a@example.org',
  GIT_COMMITTER_DATE: '2025-11-25T12:00:00Z',
}

/** Makes a repository with one commit and one change. @param {string} place */
function makeRepository(place) {
  rmSync(place, { recursive: true, force: true })
  mkdirSync(place, { recursive: true })
  const git = (/** @type {string[]} */ ...args) =>
    execFileSync('git', args, {
      cwd: place,
      env: { ...process.env, ...SAME_COMMITS },
      stdio: 'ignore',
    })
  git('init', '-b', 'main')
  writeFileSync(join(place, 'a.txt'), 'one\n')
  git('add', '.')
  git('commit', '-m', 'first: ünï')
  writeFileSync(join(place, 'a.txt'), 'one\ntwo\n')
}

/** @param {string} folder @returns {import('./index.mjs').Entry[]} */
export const pypi = (folder) => [
  {
    name: 'mcp-server-git',
    async prepare() {
      const programs = await pythonPackages('servers', VERSIONS)
      const place = join(folder, 'repository')
      const at = { repo_path: place }
      return {
        definition: { command: join(programs, 'mcp-server-git'), args: [], env: SAME_COMMITS },
        reset: () => makeRepository(place),
        calls: [
          ['git_status', at],
          ['git_diff_unstaged', at],
          ['git_add', { ...at, files: ['a.txt'] }],
          ['git_diff_staged', at],
          ['git_commit', { ...at, message: 'second\n\n"words"' }],
          ['git_log', { ...at, max_count: 2 }],
          ['git_show', { ...at, revision: 'HEAD' }],
          ['git_show', { ...at, revision: 'nothing' }],
          ['git_create_branch', { ...at, branch_name: 'other' }],
          ['git_checkout', { ...at, branch_name: 'none' }],
          ['git_branch', { ...at, branch_type: 'local' }],
          ['git_status', { repo_path: join(folder, 'none') }],
          ['git_status', {}],
          UNKNOWN,
        ],
      }
    },
  },
  {
    name: 'mcp-server-time',
    async prepare() {
      const programs = await pythonPackages('servers', VERSIONS)
      return {
        definition: { command: join(programs, 'mcp-server-time'), args: [] },
        rules: { get_current_time: [[/T\d\d:\d\d:\d\d/g, 'T(time)']] },
        calls: [
          ['get_current_time', { timezone: 'Asia/Tokyo' }],
          ['get_current_time', { timezone: 'Nowhere/None' }],
          ['get_current_time', {}],
          [
            'convert_time',
            { source_timezone: 'Etc/UTC', time: '16:30', target_timezone: 'Asia/Kathmandu' },
          ],
          [
            'convert_time',
            { source_timezone: 'Etc/UTC', time: '25:00', target_timezone: 'Asia/Tokyo' },
          ],
          UNKNOWN,
        ],
      }
    },
  },
  {
    name: 'mcp-server-fetch',
    async prepare() {
      const programs = await pythonPackages('servers', VERSIONS)
      const page = await startPage()
      return {
        definition: { command: join(programs, 'mcp-server-fetch'), args: ['--allow-private-ips'] },
        stop: page.stop,
        calls: [
          ['fetch', { url: `${page.url}/page.html` }],
          ['fetch', { url: `${page.url}/page.html`, raw: true, max_length: 100 }],
          ['fetch', { url: `${page.url}/none.html` }],
          ['fetch', { url: 'http://127.0.0.1:9/' }],
          ['fetch', { url: 'nothing' }],
          ['fetch', {}],
          UNKNOWN,
        ],
      }
    },
  },
  {
    name: 'mcp-server-sqlite',
    async prepare() {
      const programs = await pythonPackages('sqlite', SQLITE)
      const file = join(folder, 'sqlite.db')
      return {
        definition: { command: join(programs, 'mcp-server-sqlite'), args: ['--db-path', file] },
        reset: () => rmSync(file, { force: true }),
        calls: [
          ['create_table', { query: 'CREATE TABLE campaigns (name TEXT, budget REAL)' }],
          ['write_query', { query: "INSERT INTO campaigns VALUES ('ünï', 0.1), ('b', NULL)" }],
          ['read_query', { query: 'SELECT * FROM campaigns' }],
          ['read_query', { query: 'DROP TABLE campaigns' }],
          ['read_query', { query: 'SELECT nothing' }],
          ['list_tables', {}],
          ['describe_table', { table_name: 'campaigns' }],
          ['append_insight', { insight: 'none' }],
          ['describe_table', {}],
          UNKNOWN,
        ],
      }
    },
  },
]
