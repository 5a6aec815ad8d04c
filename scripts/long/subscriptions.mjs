// Subscribes to resources of servers on the Python and the TypeScript SDK, over stdio and HTTP:
// procward's view is that of the SDK's client. The addon has to be built.

import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { sdks } from './servers/catalogue/sdks.mjs'
import { same } from './servers/compare.mjs'
import { poolSubscription, sdkSubscription } from './servers/series/subscriptions.mjs'
import { Checks } from './support/checks.mjs'
import { folder } from './support/install.mjs'

mkdirSync(folder, { recursive: true })
const place = mkdtempSync(join(folder, 'subscriptions-'))
const checks = new Checks()
for (const { name, subscribed: uri, prepare } of sdks()) {
  if (uri === undefined) continue
  const prepared = await checks.check(`${name} is here`, prepare)
  await checks.check(
    `${name}: as the SDK's client has it`,
    async () => {
      const theirs = await sdkSubscription(prepared.definition, place, uri)
      const ours = await poolSubscription(prepared.definition, uri)
      same(ours, theirs, `subscribe ${uri}`, "the SDK's client")
      return JSON.stringify(ours.update)
    },
    prepared ?? false,
  )
  await prepared?.stop?.()
}
rmSync(place, { recursive: true, force: true })
checks.finish()
