import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { Semaphore } from '../index.js'

describe('getStatus', () => {
  test("has the seed's exact keys and values, in the seed's order", () => {
    const semaphore = new Semaphore(3)
    semaphore.tryAcquire()
    semaphore.tryAcquire()
    assert.equal(
      JSON.stringify(semaphore.getStatus()),
      '{"maxConcurrent":3,"current":2,"queued":0,"available":1}',
    )
  })

  test('is a plain object of its own that later changes do not touch', () => {
    const semaphore = new Semaphore(2)
    const before = semaphore.getStatus()
    semaphore.tryAcquire()
    assert.equal(Object.getPrototypeOf(before), Object.prototype)
    assert.deepEqual(before, { maxConcurrent: 2, current: 0, queued: 0, available: 2 })
    assert.deepEqual(semaphore.getStatus(), {
      maxConcurrent: 2,
      current: 1,
      queued: 0,
      available: 1,
    })
  })

  test('three slots by default', () => {
    for (const semaphore of [
      new Semaphore(),
      new Semaphore(undefined),
      new Semaphore(undefined, {}),
    ])
      assert.deepEqual(semaphore.getStatus(), {
        maxConcurrent: 3,
        current: 0,
        queued: 0,
        available: 3,
      })
  })

  test('counts waiters and slots at once', async () => {
    const semaphore = new Semaphore(1)
    semaphore.tryAcquire()
    const waiters = [semaphore.acquire(), semaphore.acquire()]
    assert.deepEqual(semaphore.getStatus(), {
      maxConcurrent: 1,
      current: 1,
      queued: 2,
      available: 0,
    })
    semaphore.release()
    assert.deepEqual(semaphore.getStatus(), {
      maxConcurrent: 1,
      current: 1,
      queued: 1,
      available: 0,
    })
    semaphore.release()
    semaphore.release()
    await Promise.all(waiters)
    assert.deepEqual(semaphore.getStatus(), {
      maxConcurrent: 1,
      current: 0,
      queued: 0,
      available: 1,
    })
  })
})

describe('acquire and release', () => {
  test("the seed's own usage", async () => {
    const semaphore = new Semaphore(3)
    await semaphore.acquire()
    try {
      assert.equal(semaphore.getStatus().current, 1)
    } finally {
      semaphore.release()
    }
    assert.equal(semaphore.getStatus().current, 0)
  })

  test('acquire resolves to a function that frees this one slot, once', async () => {
    const semaphore = new Semaphore(2)
    const [first, second] = await Promise.all([semaphore.acquire(), semaphore.acquire({})])
    assert.equal(typeof first, 'function')
    assert.equal(first(), undefined)
    first()
    first()
    assert.equal(semaphore.getStatus().current, 1, "the other caller's slot is still held")
    second()
    assert.equal(semaphore.getStatus().current, 0)
  })

  test('a waiter gets such a function too, and a late call frees no other slot', async () => {
    const semaphore = new Semaphore(1)
    const first = await semaphore.acquire()
    const waiting = [semaphore.acquire(), semaphore.acquire()]
    first()
    const second = await waiting[0]
    first()
    assert.deepEqual(semaphore.getStatus(), {
      maxConcurrent: 1,
      current: 1,
      queued: 1,
      available: 0,
    })
    second()
    const third = await waiting[1]
    third()
    assert.equal(semaphore.getStatus().available, 1)
  })

  test('release without a held slot throws ERR_NOT_ACQUIRED and adds no slot', async () => {
    const semaphore = new Semaphore(1)
    const refused = { code: 'ERR_NOT_ACQUIRED', message: /no slot is held/ }
    assert.throws(() => semaphore.release(), refused)
    assert.equal(await semaphore.use(() => 'done'), 'done')
    assert.throws(() => semaphore.release(), refused)
    assert.deepEqual(semaphore.getStatus(), {
      maxConcurrent: 1,
      current: 0,
      queued: 0,
      available: 1,
    })
    assert.equal(semaphore.tryAcquire(), true)
    assert.equal(semaphore.tryAcquire(), false)
  })

  test('acquire and use return promises, and release, resize and close return undefined', async () => {
    const semaphore = new Semaphore(2)
    const answers = [semaphore.acquire(), semaphore.use(() => {})]
    for (const answer of answers) assert.ok(answer instanceof Promise)
    await Promise.all(answers)
    assert.equal(semaphore.release(), undefined)
    assert.equal(semaphore.resize(1), undefined)
    assert.equal(semaphore.close(), undefined)
  })
})

describe('tryAcquire', () => {
  test('takes a free slot, or returns false at once', () => {
    const semaphore = new Semaphore(2)
    assert.deepEqual(
      [semaphore.tryAcquire(), semaphore.tryAcquire(), semaphore.tryAcquire()],
      [true, true, false],
    )
    assert.deepEqual(semaphore.getStatus(), {
      maxConcurrent: 2,
      current: 2,
      queued: 0,
      available: 0,
    })
    semaphore.release()
    assert.equal(semaphore.tryAcquire(), true)
  })

  test('does not overtake a waiter with a fresh grant', async () => {
    const semaphore = new Semaphore(1)
    semaphore.tryAcquire()
    const waiter = semaphore.acquire()
    semaphore.release()
    assert.equal(semaphore.tryAcquire(), false)
    const release = await waiter
    release()
    assert.equal(semaphore.tryAcquire(), true)
  })
})

describe('use', () => {
  test("returns the function's value, also that of its promise", async () => {
    const semaphore = new Semaphore(1)
    const thenable = new (class {
      // biome-ignore lint/suspicious/noThenProperty: this is what makes it thenable
      then(resolve) {
        resolve('thenable')
      }
    })()
    assert.equal(await semaphore.use(() => 'plain'), 'plain')
    assert.equal(await semaphore.use(async () => 'async'), 'async')
    assert.equal(await semaphore.use(() => thenable), 'thenable')
    assert.equal(await semaphore.use(() => {}), undefined)
    assert.equal(semaphore.getStatus().current, 0)
  })

  test('passes on the same error of a throw or a rejection, and frees the slot', async () => {
    const semaphore = new Semaphore(1)
    for (const reason of [new Error('boom'), 'text', undefined, null, 0]) {
      const outcomes = await Promise.allSettled([
        semaphore.use(() => {
          throw reason
        }),
        semaphore.use(() => Promise.reject(reason), { timeout: 10_000 }),
      ])
      for (const outcome of outcomes) assert.deepEqual(outcome, { status: 'rejected', reason })
      assert.deepEqual(semaphore.getStatus(), {
        maxConcurrent: 1,
        current: 0,
        queued: 0,
        available: 1,
      })
    }
  })

  test('holds the slot until the promise settles, not merely until the function returns', async () => {
    const semaphore = new Semaphore(1)
    let finish
    const running = semaphore.use(() => new Promise((resolve) => (finish = resolve)))
    const waiting = semaphore.use(() => 'second')
    await turn()
    assert.deepEqual(semaphore.getStatus(), {
      maxConcurrent: 1,
      current: 1,
      queued: 1,
      available: 0,
    })
    finish('first')
    assert.deepEqual(await Promise.all([running, waiting]), ['first', 'second'])
  })

  test('nested use of another semaphore works, and each counts its own', async () => {
    const [outer, inner] = [new Semaphore(1), new Semaphore(1)]
    const seen = await outer.use(() =>
      inner.use(() => [outer.getStatus().current, inner.getStatus().current]),
    )
    assert.deepEqual(seen, [1, 1])
    assert.deepEqual([outer.getStatus().current, inner.getStatus().current], [0, 0])
  })
})
