'use strict'

// The MCP SDK that mcporter reads results with drops what the protocol doesn't know inside a
// content block, and keeps what it doesn't know beside `content`.

const COMMON = ['type', 'annotations', '_meta']
const MEDIA = [...COMMON, 'data', 'mimeType']
const ANNOTATIONS = ['audience', 'priority', 'lastModified']
const ICON = ['src', 'mimeType', 'sizes', 'theme']
const LINK = [...COMMON, 'uri', 'name', 'title', 'icons', 'description', 'mimeType', 'size']
const RESOURCE = ['uri', 'mimeType', '_meta']

/** @type {Map<string, string[]>} */
const BLOCKS = new Map([
  ['text', [...COMMON, 'text']],
  ['image', MEDIA],
  ['audio', MEDIA],
  ['resource_link', LINK],
  ['resource', [...COMMON, 'resource']],
])

/**
 * Returns a result of `tools/call` as mcporter gets it from the SDK. Blocks of unknown types stay
 * as they are.
 * @param {any} raw
 */
function knownParts(raw) {
  const { content = [] } = raw
  return { ...raw, content: Array.isArray(content) ? content.map(knownBlock) : content }
}

/** Returns a result of `resources/read` likewise. @param {any} raw */
function knownContents(raw) {
  return { ...raw, contents: raw.contents.map(knownResource) }
}

/** @param {any} block */
function knownBlock(block) {
  const keys = BLOCKS.get(block?.type)
  if (keys === undefined) return block
  const known = pick(block, keys)
  if ('annotations' in known) known.annotations = pick(known.annotations, ANNOTATIONS)
  if (Array.isArray(known.icons)) known.icons = known.icons.map((icon) => pick(icon, ICON))
  if ('resource' in known) known.resource = knownResource(known.resource)
  return known
}

/** @param {any} resource */
function knownResource(resource) {
  return pick(resource, [...RESOURCE, typeof resource?.text === 'string' ? 'text' : 'blob'])
}

/** @param {any} object @param {string[]} keys @returns {Record<string, any>} */
function pick(object, keys) {
  return Object.fromEntries(
    keys.filter((key) => object?.[key] !== undefined).map((key) => [key, object[key]]),
  )
}

module.exports = { knownContents, knownParts }
