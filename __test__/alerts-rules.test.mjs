// The rules of alerts: which are refused, and what the defaults fill in.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { alertRules } from '../lib/alerts/rules.js'

describe('rules', () => {
  const REFUSED = [
    null,
    7,
    [],
    { queue: null },
    { queue: true },
    { queue: 7 },
    { queue: [] },
    { queue: { treshold: 3 } },
    { queue: { threshold: '3' } },
    { queue: { threshold: -1 } },
    { queue: { threshold: Number.NaN } },
    { queue: { threshold: Infinity } },
    { memory: { threshold: 1.1 } },
    { failures: { threshold: 25 } },
    { queue: { threshold: 3, clear: 4 } },
    { queue: { clear: -1 } },
    { queue: { for: -1 } },
    { queue: { for: 1.5 } },
    { queue: { for: '1 min' } },
    { queue: { for: Infinity } },
    { queue: { keep: 2 ** 31 } },
    { queue: { level: 'error' } },
    { queue: { window: 1000 } },
    { kills: { window: 0 } },
    { kills: { window: 3_600_001 } },
    { kills: { minimum: 1 } },
    { failures: { minimum: 0 } },
    { queue: { measure: 'depth' } },
    { mine: {} },
    { mine: { threshold: 3 } },
    { mine: { measure: 'constructor' } },
    { 'no name': { measure: 'queue' } },
    { [`${'n'.repeat(65)}`]: { measure: 'queue' } },
    { constructor: {} },
    JSON.parse('{ "__proto__": { "measure": "queue" } }'),
  ]
  for (const given of REFUSED) {
    test(`${JSON.stringify(given)} is refused`, () => {
      assert.throws(() => alertRules(given, 5), { code: 'ERR_INVALID_CONFIG' })
    })
  }

  for (const [given, name, expected] of [
    [undefined, 'processes', { threshold: 8, clear: 8 }],
    [{ processes: { threshold: 3 } }, 'processes', { threshold: 3, clear: 3 }],
    [{ queue: { threshold: 0 } }, 'queue', { threshold: 0, clear: 0 }],
    [{ queue: { for: 0, keep: 0 } }, 'queue', { for: 0, keep: 0, threshold: 2, clear: 1 }],
    [{ kills: { window: 3_600_000 } }, 'kills', { window: 3_600_000 }],
    [
      { 'slow-2': { measure: 'slowTool', threshold: 5000 } },
      'slow-2',
      { measure: 'slowTool', clear: 4000 },
    ],
    [{ queue: {} }, 'queue', { level: 'warning' }],
    [{ queue: undefined }, 'queue', { level: 'warning' }],
  ]) {
    test(`${JSON.stringify(given)} gives ${name} ${JSON.stringify(expected)}`, () => {
      const rule = alertRules(given, 8).get(name)
      assert.deepEqual({ ...rule, ...expected }, rule)
    })
  }

  test('the defaults are those in docs/alerts.md', async () => {
    const { readFile } = await import('node:fs/promises')
    const text = await readFile(new URL('../docs/alerts.md', import.meta.url), 'utf8')
    const rows = text.split('\n').filter((line) => line.startsWith('| `'))
    const documented = new Map(
      rows
        .map((line) => line.split('|').map((cell) => cell.trim()))
        .map((cells) => [cells[1], cells]),
    )
    for (const [name, rule] of alertRules({}, 5)) {
      const [, , , level, threshold, clear, during, keep, window] =
        documented.get(`\`${name}\``) ?? []
      const told = {
        level,
        threshold: Number(threshold),
        clear: Number(clear),
        for: Number(during),
        keep: Number(keep),
      }
      const { minimum, measure, window: windowed, ...known } = rule
      assert.deepEqual(
        { ...told, window: window === '' ? 0 : Number(window) },
        { ...known, window: windowed },
        name,
      )
    }
  })
})
