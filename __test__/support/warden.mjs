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

/** These tests' trees have none. */
export function withoutWarden() {
  before(() => {
    process.env.PROCWARD_WARDEN = 'off'
  })
  restoreWarden()
}
