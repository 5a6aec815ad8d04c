// The package as its users get it: packed, installed in a folder of its own, loaded and
// type-checked there.

import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { homedir, tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { promisify } from 'node:util'
import { declaredValues, entryPoints, root } from './support/declarations.mjs'

const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
const folder = mkdtempSync(join(tmpdir(), 'procward-package-'))
const app = join(folder, 'app')
const installed = join(app, 'node_modules', 'procward')
/** @type {string[]} */
let packed = []

before(async () => {
  mkdirSync(app)
  const settings = [
    '--ignore-scripts',
    '--no-audit',
    '--no-fund',
    '--no-update-notifier',
    '--cache',
    join(folder, 'cache'),
  ]
  const { stdout } = await npm(root, 'pack', '--json', '--pack-destination', folder, ...settings)
  const [{ filename, files }] = JSON.parse(stdout)
  packed = files.map(({ path }) => path)
  writeFileSync(join(app, 'package.json'), JSON.stringify({ private: true }))
  // The dependencies come from this folder: a registry would be one more thing that can fail here.
  const dependencies = Object.keys(manifest.dependencies).map((name) =>
    join(root, 'node_modules', name),
  )
  const sources = ['--offline', '--install-links', ...dependencies, join(folder, filename)]
  await npm(app, 'install', ...sources, ...settings)
})

after(() => rmSync(folder, { recursive: true, force: true }))

/** @param {string} cwd @param {string[]} args */
function npm(cwd, ...args) {
  return promisify(execFile)('npm', args, {
    cwd,
    shell: process.platform === 'win32',
    timeout: 120_000,
  })
}

/** What a program in the app's folder prints. @param {string} file @param {string} program */
async function outputOf(file, program) {
  writeFileSync(join(app, file), program)
  const { stdout, stderr } = await promisify(execFile)(process.execPath, [file], {
    cwd: app,
    timeout: 30_000,
  })
  assert.equal(stderr, '')
  return stdout.trim()
}

describe('the tarball', () => {
  test('has the files for users, and no sources, tests or examples', () => {
    const needed = [
      /^package\.json$/,
      /^(LICENSE|(README|CHANGELOG)\.md)$/,
      /^(index|binding)\.(js|d\.ts)$/,
      /^bin\/procward\.js$/,
      /^lib\/[\w/-]+\.(js|mjs|d\.ts)$/,
      /^lib\/dashboard\/([\w-]+\.(html|css|svg)|package\.json)$/,
      /^docs\/[\w/-]+\.(md|svg|png)$/,
      /^docs\/recipes\/[\w-]+\.(json|yml)$/,
      /^procward\.[\w-]+\.node$/,
    ]
    assert.deepEqual(
      packed.filter((path) => !needed.some((pattern) => pattern.test(path))),
      [],
    )
    for (const path of ['LICENSE', 'README.md', 'index.js', 'index.d.ts'])
      assert.ok(packed.includes(path), path)
  })

  test('contains nothing about the build machine, and no secret', () => {
    const told = packed.filter((path) => {
      if (path.endsWith('.node')) return false
      const text = readFileSync(join(installed, path), 'utf8')
      return text.includes(root) || text.includes(join(homedir(), '/')) || SECRET.test(text)
    })
    assert.deepEqual(told, [])
    assert.ok(
      SECRET.test('//example.org/:_authToken=abc') && SECRET.test(`token: ghp_${'a1'.repeat(18)}`),
    )
  })
})

const SECRET =
  /_authToken|_password|-----BEGIN [A-Z ]*PRIVATE KEY|\b(gh[pousr]|npm|sk|xox[bp])[_-]\w{20,}|\bAKIA[A-Z\d]{16}/

describe('installed elsewhere', () => {
  test('needs a few packages without dependencies', () => {
    const manifestOf = (folder) => JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))
    const { dependencies, peerDependencies = {} } = manifestOf(installed)
    const names = ['dotenv', 'jsonc-parser', 'oauth4webapi', 'semver', 'smol-toml']
    assert.deepEqual(Object.keys(dependencies), names)
    const theirs = names.map((name) => manifestOf(join(app, 'node_modules', name)).dependencies)
    assert.deepEqual([theirs, peerDependencies], [names.map(() => undefined), {}])
  })

  for (const name of entryPoints.keys()) {
    test(`require('${name}') gives all that is declared`, async () => {
      const output = await outputOf(
        'required.cjs',
        `console.log(Object.keys(require('${name}')).sort().join())`,
      )
      assert.equal(output, declaredValues(name).join())
    })

    test(`import { ... } from '${name}' gives all that is declared`, async () => {
      const names = declaredValues(name).join(', ')
      const program = `import { ${names} } from '${name}'\nconsole.log([${names}].every((value) => value !== undefined))`
      assert.equal(await outputOf('imported.mjs', program), 'true')
    })
  }

  test('works', async () => {
    const program = `
      import { Semaphore, cleanup, run } from 'procward'
      import { getSemaphoreStatus } from 'procward/mcp-helper'
      import { getProcessHealth } from 'procward/health'
      const { stdout } = await new Semaphore(1).use(() => run(process.execPath, ['--print', '6 * 7']))
      const { scanned } = await cleanup.cleanupAll({ dryRun: true })
      const { status } = getProcessHealth()
      console.log(stdout.trim(), scanned > 0, getSemaphoreStatus().maxConcurrent, status)`
    assert.equal(await outputOf('works.mjs', program), '42 true 3 ok')
  })
})

describe('the command', () => {
  test('npx finds it', async () => {
    const npx = (...args) =>
      npm(app, 'exec', '--offline', '--cache', join(folder, 'cache'), '--', 'procward', ...args)
    assert.equal((await npx('--version')).stdout, `${manifest.version}\n`)
    const { schemaVersion, command, dryRun } = JSON.parse(
      (await npx('clean', '--json').catch((error) => error)).stdout,
    )
    assert.deepEqual([schemaVersion, command, dryRun], [1, 'clean', true])
  })
})

describe('for TypeScript', () => {
  const require = createRequire(import.meta.url)
  const types = new URL('fixtures/types/', import.meta.url)

  /** What tsc says about these files. @param {object} settings @param {string[]} files */
  async function complaints(settings, ...files) {
    const compilerOptions = {
      ...{ ...settings, target: 'es2022', strict: true, noEmit: true },
      ...{ types: ['node'], typeRoots: [join(root, 'node_modules', '@types')] },
    }
    writeFileSync(join(app, 'tsconfig.json'), JSON.stringify({ compilerOptions, files }))
    const tsc = [
      require.resolve('typescript/bin/tsc'),
      '--pretty',
      'false',
      '--project',
      'tsconfig.json',
    ]
    const { stdout } = await promisify(execFile)(process.execPath, tsc, {
      cwd: app,
      timeout: 120_000,
    }).catch((error) => error)
    return stdout.trim().split('\n').filter(Boolean)
  }

  before(() => {
    for (const file of ['consumer.mts', 'require.cts', 'wrong.mts'])
      cpSync(new URL(file, types), join(app, file))
    for (const file of ['consumer.cts', 'consumer.ts'])
      cpSync(new URL('consumer.mts', types), join(app, file))
    cpSync(new URL('require.cts', types), join(app, 'require.ts'))
  })

  const node16 = { module: 'node16', moduleResolution: 'node16' }

  test('the whole API type-checks in an ES module and in CommonJS', async () => {
    assert.deepEqual(await complaints(node16, 'consumer.mts', 'consumer.cts', 'require.cts'), [])
  })

  // The default of TypeScript 5 for CommonJS. `exports` is not read there, `typesVersions` is.
  test('the whole API type-checks with moduleResolution node10', async () => {
    const node10 = { module: 'commonjs', moduleResolution: 'node10' }
    assert.deepEqual(await complaints(node10, 'consumer.ts', 'require.ts'), [])
  })

  test('each wrong use is refused', async () => {
    const lines = (await complaints(node16, 'wrong.mts')).map((line) =>
      Number(/^wrong\.mts\((\d+),/.exec(line)?.[1]),
    )
    assert.deepEqual(lines, [7, 8, 9, 10, 11])
  })
})
