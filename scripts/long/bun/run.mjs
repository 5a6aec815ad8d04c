// Runs commands: input, output, environment, exit status, a failure, a timeout, an abort.
import assert from 'node:assert/strict'
import { getActiveProcesses, run } from 'procward'

const { stdout, stderr, exitCode } = await run('sh', ['-c', 'cat; printf "%s" "$COLOUR" >&2'], {
  input: 'ä\u{1f600}',
  env: { COLOUR: 'blue' },
})
assert.deepEqual([stdout, stderr, exitCode], ['ä\u{1f600}', 'blue', 0])
const { stdout: bytes } = await run('printf', ['\\377'], { encoding: 'buffer' })
assert.ok(Buffer.isBuffer(bytes))
assert.deepEqual([...bytes], [0xff])
for (const text of ['plain\n', 'déjà vu\n', '→ \u{1f600}\n']) {
  const long = text.repeat(100_000)
  assert.ok((await run('cat', [], { input: long })).stdout === long)
}
await assert.rejects(run('sh', ['-c', 'echo no >&2; exit 3']), { exitCode: 3, stderr: 'no\n' })
await assert.rejects(run('no-such-command', []), { code: 'ERR_SPAWN' })
await assert.rejects(run('sleep', ['1000'], { timeout: 100 }), { timedOut: true })
const controller = new AbortController()
const aborted = run('sleep', ['1000'], { signal: controller.signal })
controller.abort('enough')
await assert.rejects(aborted, { code: 'ABORT_ERR', cause: 'enough' })
assert.deepEqual(getActiveProcesses(), [])
