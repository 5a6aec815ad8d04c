'use strict'

// Prints a result as `mcporter call --output json` does, without mcporter: the JSON in it if there
// is any, else all of it.

const { knownContents, knownParts } = require('./content-blocks')

/** The depth to which mcporter searches `raw` and `result` for structured content. */
const DEPTH = 2
/** Most texts are none, and to find out by an exception takes longer than all the rest. */
const START_OF_JSON = /^\s*(?:[[{"\-\d]|true|false)/

/**
 * The value that mcporter prints for a result of `tools/call`, `isError` or not. A result that is
 * no object stays as it is.
 * @param {any} raw - the result as the server sent it
 * @returns {any}
 */
function project(raw) {
  if (typeof raw !== 'object' || raw === null || Array.isArray(raw)) return raw
  const result = knownParts(raw)
  return structured(result) ?? inTexts(result) ?? result
}

/**
 * The value that `mcporter resource SERVER URI --output json` prints for a result of
 * `resources/read`.
 * @param {any} raw
 */
function projectResource(raw) {
  const result = knownContents(raw)
  return structured(result) ?? inTexts(result) ?? result
}

/** @param {any} result */
function structured(result) {
  const content = structuredContent(result, 0)
  if (typeof content !== 'object' || content === null) return undefined
  if ('json' in content) return content.json ?? content
  const isWrapper = 'data' in content && Object.keys(content).length === 1
  return isWrapper ? (content.data ?? content) : content
}

/** @param {any} value @param {number} depth @returns {any} */
function structuredContent(value, depth) {
  if (typeof value !== 'object' || value === null) return undefined
  const own = value.structuredContent
  if (own !== undefined && own !== null) return own
  if (depth === DEPTH) return undefined
  return structuredContent(value.raw, depth + 1) ?? structuredContent(value.result, depth + 1)
}

/** @param {any} result */
function inTexts(result) {
  const texts = textsOf(result)
  const values = texts.map(({ text }) => parse(text)).filter((value) => value !== null)
  if (values.length > 1) return values
  // Texts that are no JSON may be the lines of one.
  return (
    values[0] ??
    together(texts) ??
    together(texts.filter(({ isMarkdown }) => isMarkdown)) ??
    undefined
  )
}

/** @typedef {{ text: string, isMarkdown: boolean }} Text */

/** @param {any} result @returns {Text[]} */
function textsOf({ contents, content }) {
  const texts = Array.isArray(contents) ? contents.map(resourceText) : []
  for (const block of Array.isArray(content) ? content : []) {
    if (block?.type === 'text' && isText(block.text))
      texts.push({ text: block.text, isMarkdown: false })
    if (block?.type === 'resource') texts.push(resourceText(block.resource))
  }
  return texts.filter((text) => text !== undefined)
}

/** @param {any} resource @returns {Text | undefined} */
function resourceText(resource) {
  const isMarkdown = isText(resource?.mimeType) && /markdown/i.test(resource.mimeType)
  if (typeof resource?.text === 'string') return { text: resource.text, isMarkdown }
  if (typeof resource?.blob === 'string')
    return {
      text: `[Binary resource: ${isText(resource.uri) ? resource.uri : ''}]`,
      isMarkdown: false,
    }
  return undefined
}

/** @param {unknown} value */
function isText(value) {
  return typeof value === 'string' && value !== ''
}

/** @param {Text[]} texts */
function together(texts) {
  // A single text was tried before.
  if (texts.length < 2) return null
  return parse(texts.map(({ text }) => text).join('\n'))
}

/** `null` stands for no JSON too: mcporter doesn't tell the two apart. @param {string} text */
function parse(text) {
  if (!START_OF_JSON.test(text)) return null
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}

module.exports = { project, projectResource }
