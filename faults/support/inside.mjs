// The process of one scenario: `inside.mjs NAME quick|full SEED`.

import { requireNamespace } from './namespace.mjs'

const [name, size, seed] = process.argv.slice(2)
const { counts, isolated, run } = await import(`../scenarios/${name}.mjs`)
if (isolated) requireNamespace()
await run({ ...counts[size], seed: Number(seed) })
process.exit()
