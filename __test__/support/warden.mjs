// Whether trees get a warden, for the time of some tests.

import { after, before } from 'node:test'

/** What these tests make of PROCWARD_WARDEN is undone after them. */
export function restoreWarden() {
  const { PROCWARD_WARDEN } = process.env
  after(() => {
    if (PROCWARD_WARDEN === undefined) delete process.env.PROCWARD_WARDEN
    else process.env.PROCWARD_WARDEN = PROCWARD_WARDEN
  })
}

/** Sets whether these tests' trees have one. @param {string} warden - `'on'` or `'off'` */
export function withWarden(warden) {
  before(() => {
    process.env.PROCWARD_WARDEN = warden
  })
  restoreWarden()
}

/** These tests' trees have none. */
export function withoutWarden() {
  withWarden('off')
}
