'use strict'

// mcporter's two stores of tokens: one file for all servers, and a folder for each server that asks
// for one.

const { createHash, randomUUID } = require('node:crypto')
const fs = require('node:fs/promises')
const { dirname } = require('node:path')
const { mcporterFolder } = require('../config/layers')
const { pathOf } = require('../config/places')
const { NoToken } = require('../../oauth/problem')
const { isObject } = require('../../validate')

/** @typedef {import('../config/places').Places} Places */
/** @typedef {import('../config/definition').Definition} Definition */
/** @typedef {Pick<Places, 'env' | 'home' | 'platform'>} Home */

/**
 * @typedef {object} Tokens
 * @property {string} access_token
 * @property {string} [token_type]
 * @property {string} [refresh_token]
 * @property {number} [expires_in] - s, from when it was issued
 * @property {number} [expires_at] - s since 1970
 * @property {string} [issuer] - the authorization server, as newer mcporters store it
 */

/**
 * @typedef {object} Stored
 * @property {Tokens} tokens
 * @property {Record<string, any>} [client] - what the authorization server knows mcporter as
 * @property {string} [folder] - with the tokens of this server alone
 */

/**
 * @param {Definition} definition
 * @param {Home} home
 * @returns {Promise<Stored>}
 * @throws {NoToken}
 */
async function readStored(definition, home) {
  const folder = await folderOf(definition, home)
  const { join } = pathOf(home)
  const own =
    folder === undefined
      ? {}
      : {
          tokens: await readJson(join(folder, 'tokens.json')),
          client: await readJson(join(folder, 'client.json')),
        }
  const entry = (await readVault(await vaultFile(home)))?.entries[vaultKey(definition)]
  const tokens = own.tokens ?? entry?.tokens
  if (tokens === undefined) throw new NoToken('no token is stored', 'sign-in')
  if (
    !isObject(tokens) ||
    typeof tokens.access_token !== 'string' ||
    tokens.access_token.trim() === ''
  ) {
    throw new NoToken("mcporter's store of tokens has an unknown format")
  }
  const client = own.client ?? entry?.clientInfo
  return {
    tokens: /** @type {any} */ (tokens),
    client: isObject(client) ? client : undefined,
    folder,
  }
}

/**
 * Writes tokens to all places where mcporter would write them.
 * @param {Definition} definition
 * @param {string | undefined} folder
 * @param {Tokens} tokens
 * @param {Home} home
 */
async function writeTokens(definition, folder, tokens, home) {
  const file = await vaultFile(home)
  const vault = (await readVault(file)) ?? { version: 1, entries: {} }
  const key = vaultKey(definition)
  const { transport } = definition
  const added = {
    serverName: definition.name,
    serverUrl: transport.kind === 'http' ? transport.url : undefined,
  }
  vault.entries[key] = {
    ...added,
    ...vault.entries[key],
    tokens,
    updatedAt: new Date().toISOString(),
  }
  await writeJson(file, vault)
  if (folder !== undefined)
    await writeJson(await realFile(pathOf(home).join(folder, 'tokens.json')), tokens)
}

/**
 * Returns the folder that the configuration names, else the folder of old mcporters, which newer
 * ones still read.
 * @param {Definition} definition
 * @param {Home} home
 */
async function folderOf({ name, oauth }, home) {
  if (oauth.tokenCacheDir !== undefined) return oauth.tokenCacheDir
  const { join } = pathOf(home)
  const folder = join(home.home, '.mcporter', name)
  return (await readJson(join(folder, 'tokens.json'))) === undefined ? undefined : folder
}

/** @param {Home} home */
async function vaultFile(home) {
  const { join } = pathOf(home)
  const file = join(mcporterFolder(home, 'XDG_DATA_HOME'), 'credentials.json')
  // Older mcporters know no XDG_DATA_HOME.
  const old = join(home.home, '.mcporter', 'credentials.json')
  return realFile((await isThere(file)) || !(await isThere(old)) ? file : old)
}

/**
 * @param {string} file
 * @returns {Promise<{ version: 1, entries: Record<string, any> } | undefined>}
 */
async function readVault(file) {
  let vault
  try {
    vault = JSON.parse(await fs.readFile(file, 'utf8'))
  } catch (error) {
    const { code, name } = /** @type {any} */ (error)
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined
    throw new NoToken(`mcporter's store of tokens can't be read: ${code ?? name}`)
  }
  if (isObject(vault) && vault.version === 1 && isObject(vault.entries))
    return /** @type {any} */ (vault)
  throw new NoToken("mcporter's store of tokens has an unknown format")
}

/** @param {Definition} definition */
function vaultKey({ name, transport }) {
  const url = transport.kind === 'http' ? transport.url : null
  const command =
    transport.kind === 'stdio' ? { command: transport.command, args: transport.args } : null
  const hash = createHash('sha256').update(JSON.stringify({ name, url, command }))
  return `${name}|${hash.digest('hex').slice(0, 16)}`
}

/**
 * Reads a JSON file; returns `undefined` for invalid JSON, as mcporter does.
 * @param {string} file
 * @returns {Promise<unknown>}
 */
async function readJson(file) {
  try {
    return JSON.parse(await fs.readFile(file, 'utf8'))
  } catch (error) {
    const { code, name } = /** @type {any} */ (error)
    if (name === 'SyntaxError' || code === 'ENOENT' || code === 'ENOTDIR') return undefined
    throw new NoToken(`mcporter's store of tokens can't be read: ${code}`)
  }
}

/**
 * Writes a file atomically, and readable by its owner only.
 * @param {string} file
 * @param {object} value
 */
async function writeJson(file, value) {
  await fs.mkdir(dirname(file), { recursive: true, mode: 0o700 })
  const draft = `${file}.${process.pid}.${randomUUID()}.tmp`
  try {
    await fs.writeFile(draft, JSON.stringify(value, null, 2), { flag: 'wx', mode: 0o600 })
    await fs.rename(draft, file)
  } catch (error) {
    await fs.rm(draft, { force: true })
    throw error
  }
}

/** Behind links, which stay. @param {string} file */
async function realFile(file) {
  try {
    return await fs.realpath(file)
  } catch {
    return file
  }
}

/** @param {string} file */
async function isThere(file) {
  return fs.access(file).then(
    () => true,
    () => false,
  )
}

module.exports = { readStored, vaultFile, vaultKey, writeTokens }
