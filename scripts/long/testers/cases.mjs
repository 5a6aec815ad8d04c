// The testers with their settings, and the test file of each.

import { join } from 'node:path'
import { root } from '../../steps.mjs'

/** The settings of `useFakeTimers()`. */
const SETTINGS = {
  jest: {
    modern: { options: {} },
    'without performance': { options: { doNotFake: ['performance'] } },
    'without microtasks': {
      options: { doNotFake: ['nextTick', 'queueMicrotask', 'setImmediate'] },
    },
    'without setTimeout': {
      options: { doNotFake: ['setTimeout', 'clearTimeout'] },
      leavesTimeouts: true,
    },
    legacy: { options: { legacyFakeTimers: true }, isLegacy: true },
  },
  vitest: {
    modern: { options: {} },
    'setTimeout alone': { options: { toFake: ['setTimeout', 'clearTimeout'] } },
    'without performance': {
      options: { toNotFake: ['performance', 'nextTick', 'queueMicrotask'] },
    },
    'without setTimeout': {
      options: { toNotFake: ['setTimeout', 'clearTimeout', 'nextTick', 'queueMicrotask'] },
      leavesTimeouts: true,
    },
  },
}
/** The time at which the package is loaded. */
const LOADS = ['before the fake timers', 'under the fake timers']

/** @typedef {{ name: string, file: string, text: string }} Case */

/** @param {'jest' | 'vitest'} tester @returns {Case[]} */
export function casesOf(tester) {
  return Object.entries(SETTINGS[tester]).flatMap(([of, settings]) =>
    LOADS.map((load, at) => ({
      name: `${tester}, ${of}, loaded ${load}`,
      file: `${of.replaceAll(' ', '-')}-${at}.test.${tester === 'jest' ? 'cjs' : 'mjs'}`,
      text: testFile(tester, settings, at === 1),
    })),
  )
}

/**
 * Writes a test file, which loads the package under fake timers or not.
 * @param {'jest' | 'vitest'} tester
 * @param {object} settings
 * @param {boolean} isFakedAtLoad
 */
function testFile(tester, settings, isFakedAtLoad) {
  const path = (/** @type {string[]} */ ...names) => JSON.stringify(join(root, ...names))
  const head =
    tester === 'jest'
      ? ['const timers = jest']
      : [
          "import { createRequire } from 'node:module'",
          "import { test, vi } from 'vitest'",
          'const require = createRequire(import.meta.url)',
          'const timers = vi',
        ]
  return [
    ...head,
    `const settings = ${JSON.stringify(settings)}`,
    `const { suite } = require(${path('scripts', 'long', 'testers', 'suite.cjs')})`,
    ...(isFakedAtLoad ? ['timers.useFakeTimers(settings.options)'] : []),
    `const { Semaphore } = require(${path('index.js')})`,
    `suite({ timers, test, Semaphore, settings, isFaked: ${isFakedAtLoad} })`,
    '',
  ].join('\n')
}
