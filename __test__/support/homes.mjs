// Homes and projects with the files of a table, for reading mcporter's configuration.

import { mkdirSync, mkdtempSync, realpathSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

/**
 * A new folder with `home` and `project` in it, and these files: text as it is, anything else as
 * JSON. In both, `{folder}` and `{project}` stand for where they are, as they do in what `here` is
 * given.
 * @param {string} parent
 * @param {Record<string, unknown>} files
 */
export function makeHome(parent, files) {
  const folder = realpathSync(mkdtempSync(join(parent, 'home-')))
  const home = join(folder, 'home')
  const project = join(folder, 'project')
  for (const place of [home, project]) mkdirSync(place)
  const here = (text) => text?.replaceAll('{folder}', folder).replaceAll('{project}', project)
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true })
    writeFileSync(
      join(folder, name),
      here(typeof content === 'string' ? content : JSON.stringify(content)),
    )
  }
  return { folder, home, project, here }
}

/**
 * An environment with little in it, as both sides get it.
 * @param {string} home
 * @param {Record<string, string>} [env]
 */
export function environment(home, env = {}) {
  const { PATH, SystemRoot } = process.env
  return { PATH, ...(SystemRoot && { SystemRoot }), HOME: home, USERPROFILE: home, ...env }
}
