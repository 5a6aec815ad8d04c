// The two mcporters to compare with: the oldest that we support on the oldest Node.js, and the
// newest on a newer one.

import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { nodeProgram, npmPackages } from './install.mjs'

const OLD_NODE = '20.20.2'
const NEW_NODE = '24.22.3'
const NEW_MCPORTER = '0.12.3'

/** @typedef {{ name: string, node: string, folder: string }} Mcporter */

/** The mcporter among our dependencies, on Node.js 20. @returns {Promise<Mcporter>} */
export async function oldMcporter() {
  const folder = dirname(dirname(fileURLToPath(import.meta.resolve('mcporter'))))
  return { name: 'mcporter 0.9', node: await nodeProgram(OLD_NODE), folder }
}

/** The newest mcporter on Node.js 24. @returns {Promise<Mcporter>} */
export async function newMcporter() {
  const place = await npmPackages('mcporter', { mcporter: NEW_MCPORTER })
  return {
    name: 'mcporter 0.12',
    node: await nodeProgram(NEW_NODE),
    folder: join(place, 'node_modules', 'mcporter'),
  }
}
