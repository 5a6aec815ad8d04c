'use strict'

const { createMcpHelper } = require('./mcporter/helper')

/** @type {import('./mcp-helper').McpHelper | undefined} */
let helper

/** Made on first use, so that the environment may be filled after this module was loaded. */
function defaultHelper() {
  helper ??= createMcpHelper()
  return helper
}

/** @type {typeof import('./mcp-helper').callToolAsync} */
async function callToolAsync(...params) {
  return defaultHelper().callToolAsync(...params)
}

/** @type {typeof import('./mcp-helper').callToolRaw} */
async function callToolRaw(...params) {
  return defaultHelper().callToolRaw(...params)
}

/** @type {typeof import('./mcp-helper').listToolsAsync} */
async function listToolsAsync(...params) {
  return defaultHelper().listToolsAsync(...params)
}

/** @type {typeof import('./mcp-helper').listResources} */
async function listResources(...params) {
  return defaultHelper().listResources(...params)
}

/** @type {typeof import('./mcp-helper').listResourceTemplates} */
async function listResourceTemplates(...params) {
  return defaultHelper().listResourceTemplates(...params)
}

/** @type {typeof import('./mcp-helper').readResource} */
async function readResource(...params) {
  return defaultHelper().readResource(...params)
}

/** @type {typeof import('./mcp-helper').listSkills} */
async function listSkills(...params) {
  return defaultHelper().listSkills(...params)
}

/** @type {typeof import('./mcp-helper').listPrompts} */
async function listPrompts(...params) {
  return defaultHelper().listPrompts(...params)
}

/** @type {typeof import('./mcp-helper').getPrompt} */
async function getPrompt(...params) {
  return defaultHelper().getPrompt(...params)
}

/** @type {typeof import('./mcp-helper').complete} */
async function complete(...params) {
  return defaultHelper().complete(...params)
}

/** @type {typeof import('./mcp-helper').setLogLevel} */
async function setLogLevel(...params) {
  return defaultHelper().setLogLevel(...params)
}

/** @type {typeof import('./mcp-helper').getServerInfo} */
async function getServerInfo(...params) {
  return defaultHelper().getServerInfo(...params)
}

/** @type {typeof import('./mcp-helper').subscribe} */
async function subscribe(...params) {
  return defaultHelper().subscribe(...params)
}

/** @type {typeof import('./mcp-helper').getSemaphoreStatus} */
function getSemaphoreStatus() {
  return defaultHelper().getSemaphoreStatus()
}

/** @type {typeof import('./mcp-helper').refreshFleet} */
function refreshFleet() {
  defaultHelper().refreshFleet()
}

/** @type {typeof import('./mcp-helper').getActiveProcesses} */
function getActiveProcesses() {
  return defaultHelper().getActiveProcesses()
}

/** @type {typeof import('./mcp-helper').getPoolStatus} */
function getPoolStatus() {
  return defaultHelper().getPoolStatus()
}

/** @type {typeof import('./mcp-helper').getReadiness} */
function getReadiness() {
  return defaultHelper().getReadiness()
}

/** @type {typeof import('./mcp-helper').getQueuedCalls} */
function getQueuedCalls() {
  return defaultHelper().getQueuedCalls()
}

/** @type {typeof import('./mcp-helper').getStats} */
function getStats() {
  return defaultHelper().getStats()
}

/** @type {typeof import('./mcp-helper').shutdown} */
function shutdown() {
  return defaultHelper().shutdown()
}

module.exports = {
  callToolAsync,
  callToolRaw,
  complete,
  createMcpHelper,
  getActiveProcesses,
  getPoolStatus,
  getPrompt,
  getReadiness,
  getSemaphoreStatus,
  getServerInfo,
  getQueuedCalls,
  getStats,
  listPrompts,
  listSkills,
  listResourceTemplates,
  listResources,
  listToolsAsync,
  readResource,
  refreshFleet,
  setLogLevel,
  shutdown,
  subscribe,
}
