import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { describe, test } from 'node:test'
import { campaign } from '../examples/ad-ops/demo/campaign.js'
import linux from '../examples/ad-ops/demo/processes/linux.js'
import portable from '../examples/ad-ops/demo/processes/portable.js'
import tree from '../examples/ad-ops/demo/processes/tree.js'
import { Progress } from '../examples/ad-ops/demo/progress.js'
import { percentile, problems, table } from '../examples/ad-ops/demo/report.js'
import { Sampler } from '../examples/ad-ops/demo/sampler.js'

describe('the campaign', () => {
  const phases = campaign('abc')
  const calls = phases.flatMap((phase) => phase.calls)

  test('has 44 calls to four servers, eleven at a time', () => {
    assert.deepEqual(
      phases.map((phase) => phase.calls.length),
      [11, 11, 11, 11],
    )
    assert.deepEqual([...new Set(calls.map(({ server }) => server))].sort(), [
      'everything',
      'filesystem',
      'memory',
      'sequential-thinking',
    ])
  })

  test('writes the knowledge graph at most once per phase, because its servers share one file', () => {
    for (const { name, calls } of phases) {
      assert.ok(
        calls.filter(({ tool }) => /^(create|add|delete)_(entit|relat|obs)/.test(tool)).length <= 1,
        name,
      )
    }
  })

  for (const [at, { tool, check }] of calls.entries()) {
    test(`call ${at + 1}, ${tool}, rejects a wrong answer`, () => {
      for (const wrong of [
        undefined,
        {},
        { content: 'x' },
        { content: [{ type: 'text', text: 'x' }] },
      ]) {
        assert.throws(() => check(wrong))
      }
    })
  }
})

describe('the report', () => {
  const peaks = { node: 4, mcporter: 0, servers: 4, shared: 2e8, resident: 3e8 }
  const good = { peaks, cpu: 1500, wall: 27_300, latencies: [1, 2], failures: [], left: 0 }
  const free = {
    ...good,
    peaks: { node: 22, mcporter: 11, servers: 11, shared: 7e8, resident: 1.5e9 },
  }
  const nothing = { ...peaks, mcporter: 0, servers: 0 }

  for (const [what, before, after, expected] of [
    ['all is well', free, good, []],
    [
      'a failure before',
      { ...free, failures: [{ call: 'a.b', message: 'no\n  way' }] },
      good,
      [/limits: a\.b failed: no way$/],
    ],
    [
      'a failure after',
      free,
      { ...good, failures: [{ call: 'a.b', message: 'no' }] },
      [/procward: a\.b failed: no/],
    ],
    ['something left', { ...free, left: 2 }, { ...good, left: 1 }, [/2 processes/, /1 processes/]],
    [
      'a mcporter',
      free,
      { ...good, peaks: { ...peaks, mcporter: 1 } },
      [/1 mcporter.*sessions need none/],
    ],
    [
      'too many servers',
      free,
      { ...good, peaks: { ...peaks, servers: 5 } },
      [/5 server processes.*for 4 servers/],
    ],
    [
      'nothing measured',
      { ...free, peaks: nothing },
      { ...good, peaks: nothing },
      [/no MCP/, /no MCP/, /no mcporter/],
    ],
  ]) {
    test(`problems: ${what}`, () => {
      const found = problems(before, after, 4)
      assert.equal(found.length, expected.length, found.join('\n'))
      for (const [at, pattern] of expected.entries()) assert.match(found[at], pattern)
    })
  }

  for (const [values, share, expected] of [
    [[], 0.5, Number.NaN],
    [[7], 0.5, 7],
    [[3, 1, 2], 0.5, 2],
    [[4, 3, 2, 1], 0.5, 2],
    [[10, 9, 1], 1, 10],
  ]) {
    test(`percentile ${share} of [${values}] is ${expected}`, () =>
      assert.equal(percentile(values, share), expected))
  }

  test('the table has both runs side by side', () => {
    const lines = table(free, { ...good, latencies: [] }).split('\n')
    assert.equal(new Set(lines.map((line) => line.length)).size, 1)
    assert.match(lines[0], /^ +without limits +with procward$/)
    assert.match(lines[2], /^peak Node\.js processes +22 +4$/)
    assert.match(lines[6], /^peak memory \(RSS\) +1431 MiB +286 MiB$/)
    assert.match(lines[7], /^CPU time of the processes +1\.5 s +1\.5 s$/)
    assert.match(lines[8], /^wall time +27\.3 s +27\.3 s$/)
    assert.match(lines[9], /^call latency, p50 +0\.0 s +-$/)
  })
})

for (const [isTTY, expected] of [
  [false, 'x: 0/2 calls done, next phase: plan\nx: 2/2 calls done\n'],
  [true, /x {13} {2}\[#{15}\.{15}\] 1\/2 {2}plan.*\[#{30}\] 2\/2 {2}plan.*\n$/s],
]) {
  test(`progress ${isTTY ? 'on a terminal is a bar' : 'elsewhere is lines'}`, () => {
    let text = ''
    const stream = { isTTY, write: (chunk) => (text += chunk) }
    const progress = new Progress(stream, 'x', 2)
    progress.phase('plan')
    progress.advance()
    progress.advance()
    progress.end()
    if (isTTY) assert.match(text, expected)
    else assert.equal(text, expected)
  })
}

test('below: all descendants, nothing else, and no endless loop', () => {
  const list = [
    [0, 0],
    [1, 0],
    [5, 4],
    [2, 1],
    [3, 2],
    [4, 9],
  ].map(([pid, parent]) => ({ pid, parent }))
  const pids = (root) => tree.below(root, list).map(({ pid }) => pid)
  assert.deepEqual(pids(1), [2, 3])
  assert.deepEqual(pids(0), [1, 2, 3])
  assert.deepEqual(pids(4), [5])
  assert.deepEqual(pids(7), [])
})

test('countMcporter: calls, not their copies between fork and exec', () => {
  const process = (pid, parent, isMcporter) => ({ pid, parent, isMcporter })
  for (const [expected, ...list] of [
    [0],
    [0, process(2, 1, false)],
    [2, process(2, 1, true), process(3, 1, true), process(4, 3, false)],
    [1, process(2, 1, true), process(3, 2, true)],
  ]) {
    assert.equal(tree.countMcporter(list), expected)
  }
})

test('countServers: not their copies between fork and exec', () => {
  const process = (pid, parent, isServer) => ({ pid, parent, isServer })
  assert.equal(
    tree.countServers([process(2, 1, true), process(3, 2, true), process(4, 1, false)]),
    1,
  )
})

test('family: ancestors and descendants, no siblings', () => {
  const list = [
    [2, 1],
    [3, 2],
    [4, 3],
    [5, 2],
  ].map(([pid, parent]) => ({ pid, parent }))
  assert.deepEqual([...tree.family(new Set([3]), list)].sort(), [2, 3, 4])
  assert.deepEqual([...tree.family(new Set([9]), list)], [])
})

describe('the sampled processes', () => {
  const SLEEP = 'setInterval(() => {}, 1000)'
  // A process that starts another, tells its pid, and takes it along when it ends.
  const PARENT = `
    const child = require('node:child_process').spawn(process.execPath, ['-e', '${SLEEP}'])
    child.once('spawn', () => console.log(child.pid))
    process.stdin.resume().once('end', () => child.kill('SIGKILL'))
    child.once('exit', () => process.exit())
  `

  async function family() {
    const parent = spawn(process.execPath, ['-e', PARENT], { stdio: ['pipe', 'pipe', 'inherit'] })
    const ended = once(parent, 'exit')
    const [line] = await once(parent.stdout.setEncoding('utf8'), 'data')
    const end = async () => {
      parent.stdin.end()
      await ended
    }
    return { parent: parent.pid, child: Number(line), end }
  }

  const backends = process.platform === 'linux' ? { linux, portable } : { portable }
  for (const [name, processes] of Object.entries(backends)) {
    test(`${name}: descendants, their memory and their end`, async () => {
      const { parent, child, end } = await family()
      try {
        const found = await processes.descendants(process.pid)
        const [sleeper] = await processes.descendants(parent)
        assert.ok(found.some(({ pid }) => pid === parent) && found.some(({ pid }) => pid === child))
        assert.ok(!found.some(({ pid }) => pid === process.pid || pid === process.ppid))
        assert.equal(sleeper.pid, child)
        assert.equal(sleeper.parent, parent)
        assert.equal(sleeper.isNode, true)
        assert.deepEqual([sleeper.isMcporter, sleeper.isServer], [false, false])
        assert.ok(sleeper.memory().resident > 2 ** 20)
        if (name === 'linux')
          assert.ok(sleeper.memory().shared > 2 ** 20 && processes.endedCpu(parent) === 0)
        assert.equal(await processes.isAlive(sleeper), true)
        assert.equal(await processes.isAlive({ ...sleeper, started: 'another' }), false)
        await end()
        if (name === 'linux') assert.equal(await processes.isAlive(sleeper), false)
      } finally {
        await end()
      }
    })
  }

  test('the sampler counts processes that start while it runs, without the excluded ones', async () => {
    const before = await family()
    let kept = []
    const sampler = await Sampler.start({
      root: process.pid,
      except: [before.parent],
      kept: async () => kept,
    })
    const during = await family()
    try {
      while (sampler.peaks.resident === 0 || sampler.peaks.node < 2)
        await new Promise((done) => setTimeout(done, 20))
      assert.equal(await sampler.left(), 2)
      kept = [during.child]
      assert.equal(await sampler.left(), 0)
      kept = []
    } finally {
      await during.end()
      await before.end()
    }
    assert.equal(await sampler.stop(), 0)
    assert.equal(sampler.peaks.node, 2)
    assert.equal(sampler.peaks.mcporter, 0)
  })
})
