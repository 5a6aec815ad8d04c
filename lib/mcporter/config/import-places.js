'use strict'

// The files in which editors and assistants keep MCP servers, in mcporter's order of import.

const { expandHome, pathOf, variables } = require('./places')

/** @typedef {import('./places').Places} Places */
/**
 * @typedef {'cursor' | 'claude-code' | 'claude-desktop' | 'codex' | 'windsurf' | 'opencode' |
 *   'vscode'} ImportKind
 */

/** @type {Record<ImportKind, (folders: Folders) => (string | undefined)[]>} */
const PLACES = {
  cursor: ({ project, home, join, variable }) => [
    join(project, '.cursor', 'mcp.json'),
    join(home, '.cursor', 'mcp.json'),
    join(home, 'AppData', 'Roaming', 'Cursor', 'User', 'mcp.json'),
    join(home, 'Library', 'Application Support', 'Cursor', 'User', 'mcp.json'),
    join(variable('XDG_CONFIG_HOME') || undefined, 'Cursor', 'User', 'mcp.json'),
  ],
  'claude-code': ({ project, home, join }) => [
    ...[project, home].flatMap((folder) =>
      ['settings.local.json', 'settings.json', 'mcp.json'].map((name) =>
        join(folder, '.claude', name),
      ),
    ),
    join(home, '.claude.json'),
  ],
  'claude-desktop': ({ home, join, platform }) => {
    const system =
      platform === 'darwin'
        ? ['Library', 'Application Support']
        : platform === 'win32'
          ? ['AppData', 'Roaming']
          : ['.config']
    return [join(home, ...system, 'Claude', 'settings.json')]
  },
  codex: ({ project, home, join }) => [
    join(project, '.codex', 'config.toml'),
    join(home, '.codex', 'config.toml'),
  ],
  windsurf: ({ home, join, appData }) => [
    join(home, '.codeium', 'windsurf', 'mcp_config.json'),
    join(home, '.codeium', 'windsurf-next', 'mcp_config.json'),
    join(home, '.windsurf', 'mcp_config.json'),
    join(home, '.config', '.codeium', 'windsurf', 'mcp_config.json'),
    join(appData, 'Codeium', 'windsurf', 'mcp_config.json'),
  ],
  opencode: ({ project, home, join, appData, variable, cwd }) => {
    const xdg = variable('XDG_CONFIG_HOME')
    const workdir = variable('OPENAI_WORKDIR')
    /** @param {string | undefined} folder */
    const both = (folder) => [join(folder, 'opencode.jsonc'), join(folder, 'opencode.json')]
    return [
      variable('OPENCODE_CONFIG'),
      ...both(project),
      ...both(variable('OPENCODE_CONFIG_DIR') || undefined),
      join(project, '.openai', 'config.json'),
      workdir ? cwd(workdir, '.openai', 'config.json') : undefined,
      join(xdg ?? join(variable('HOME') ?? '', '.config'), 'openai', 'config.json'),
      ...both(xdg ? join(xdg, 'opencode') : join(appData ?? join(home, '.config'), 'opencode')),
    ]
  },
  vscode: ({ project, home, join, appData, platform }) => {
    const user =
      platform === 'darwin'
        ? join(home, 'Library', 'Application Support')
        : (appData ?? join(home, '.config'))
    const editors = ['Code', 'Code - Insiders'].map((editor) =>
      join(user, editor, 'User', 'mcp.json'),
    )
    return [join(project, '.vscode', 'mcp.json'), ...editors]
  },
}

const IMPORT_KINDS = /** @type {ImportKind[]} */ (Object.keys(PLACES))

/**
 * @typedef {object} Folders
 * @property {string} project
 * @property {string} home
 * @property {string | undefined} appData - on Windows alone
 * @property {NodeJS.Platform} platform
 * @property {(name: string) => string | undefined} variable
 * @property {(folder: string | undefined, ...parts: string[]) => string | undefined} join
 * @property {(...parts: string[]) => string} cwd
 */

/**
 * Returns the paths of one editor's files, which may be missing.
 * @param {ImportKind} kind
 * @param {Places} places
 * @returns {string[]}
 */
function importPlaces(kind, places) {
  const { home, platform } = places
  const path = pathOf(places)
  const variable = variables(places)
  const found = PLACES[kind]({
    project: places.cwd,
    home,
    platform,
    variable,
    appData:
      platform === 'win32'
        ? (variable('APPDATA') ?? path.join(home, 'AppData', 'Roaming'))
        : undefined,
    join: (folder, ...parts) => (folder === undefined ? undefined : path.join(folder, ...parts)),
    cwd: (...parts) => path.resolve(places.cwd, ...parts),
  })
  const all = found.filter((file) => file !== undefined && file !== '')
  return [
    ...new Set(
      all.map((file) => path.resolve(places.cwd, expandHome(/** @type {string} */ (file), places))),
    ),
  ]
}

module.exports = { IMPORT_KINDS, importPlaces }
