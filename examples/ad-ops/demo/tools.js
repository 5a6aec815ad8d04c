'use strict'

// One builder for each tool that the campaign uses: the call, and the check of its answer.

const assert = require('node:assert/strict')

/**
 * @typedef {{ server: string, tool: string, args: object, check: (result: any) => void }} Call
 */

/** @returns {Call} */
function echo(message) {
  return call('everything', 'echo', { message }, (result) =>
    assert.equal(text(result), `Echo: ${message}`),
  )
}

/** @returns {Call} */
function sum(a, b) {
  return call('everything', 'get-sum', { a, b }, (result) =>
    assert.equal(text(result), `The sum of ${a} and ${b} is ${a + b}.`),
  )
}

/** @returns {Call} */
function weather(location, conditions) {
  return call('everything', 'get-structured-content', { location }, (result) =>
    assert.equal(result.conditions, conditions),
  )
}

/** Something that takes a while on the other side. @returns {Call} */
function review(duration, steps) {
  return call('everything', 'trigger-long-running-operation', { duration, steps }, (result) =>
    assert.match(text(result), /^Long running operation completed\./),
  )
}

/** @returns {Call} */
function think(thoughtNumber, totalThoughts, thought) {
  const step = { thoughtNumber, totalThoughts, nextThoughtNeeded: thoughtNumber < totalThoughts }
  return call('sequential-thinking', 'sequentialthinking', { thought, ...step }, (result) =>
    assert.deepEqual(pick(result, step), step),
  )
}

/** @returns {Call} */
function createEntities(entities) {
  return call('memory', 'create_entities', { entities }, (result) =>
    assert.deepEqual(result.entities, entities),
  )
}

/** @returns {Call} */
function createRelations(relations) {
  return call('memory', 'create_relations', { relations }, (result) =>
    assert.deepEqual(result.relations, relations),
  )
}

/** @returns {Call} */
function addObservations(entityName, contents) {
  return call(
    'memory',
    'add_observations',
    { observations: [{ entityName, contents }] },
    (result) => assert.deepEqual(result.results, [{ entityName, addedObservations: contents }]),
  )
}

/** `find` picks what to compare from the graph. @returns {Call} */
function openNodes(names, find, expected) {
  return call('memory', 'open_nodes', { names }, (graph) => assert.deepEqual(find(graph), expected))
}

/** @returns {Call} */
function searchNodes(query, names) {
  return call('memory', 'search_nodes', { query }, ({ entities }) =>
    assert.deepEqual(entities.map((entity) => entity.name).sort(), [...names].sort()),
  )
}

/** @returns {Call} */
function createDirectory(path) {
  return call('filesystem', 'create_directory', { path }, ({ content }) =>
    assert.match(content, /^Successfully created/),
  )
}

/** @returns {Call} */
function writeFile(path, content) {
  return call('filesystem', 'write_file', { path, content }, (result) =>
    assert.match(result.content, /^Successfully wrote/),
  )
}

/** @returns {Call} */
function readFile(path, content) {
  return call('filesystem', 'read_text_file', { path }, (result) =>
    assert.equal(result.content, content),
  )
}

/** @returns {Call} */
function fileInfo(path, content) {
  return call('filesystem', 'get_file_info', { path }, (result) => {
    assert.match(result.content, new RegExp(`^size: ${Buffer.byteLength(content)}$`, 'm'))
  })
}

/** @returns {Call} */
function listDirectory(path, names) {
  return call('filesystem', 'list_directory', { path }, ({ content }) =>
    assert.deepEqual(content.split('\n').sort(), names.map((name) => `[FILE] ${name}`).sort()),
  )
}

/** @returns {Call} */
function call(server, tool, args, check) {
  return { server, tool, args, check }
}

function text({ content }) {
  return content[0].text
}

/** The fields of `value` that `like` has. */
function pick(value, like) {
  return Object.fromEntries(Object.keys(like).map((key) => [key, value[key]]))
}

module.exports = {
  addObservations,
  createDirectory,
  createEntities,
  createRelations,
  echo,
  fileInfo,
  listDirectory,
  openNodes,
  readFile,
  review,
  searchNodes,
  sum,
  think,
  weather,
  writeFile,
}
