// Prints the metrics of two workers of a cluster, as prom-client joins them. Each worker starts one
// process, and only one of them scans.

const cluster = require('node:cluster')
const { AggregatorRegistry, Registry } = require('prom-client')
const { CleanupScanner, registerMetrics, run, shutdown } = require('../../../index.js')

const WORKERS = 2

if (cluster.isPrimary) primary()
else worker()

async function primary() {
  const registry = new AggregatorRegistry()
  let ready = 0
  const workers = Array.from({ length: WORKERS }, (_, at) => cluster.fork({ NUMBER: String(at) }))
  for (const worker of workers)
    worker.on('message', async (message) => {
      if (message !== 'ready' || ++ready < WORKERS) return
      process.stdout.write(await registry.clusterMetrics())
      for (const other of workers) other.send('end')
    })
}

async function worker() {
  const registry = new Registry()
  const cleanup = new CleanupScanner({ scope: 'tracked' })
  // The instance listens for the requests of the primary.
  new AggregatorRegistry()
  AggregatorRegistry.setRegistries(registry)
  registerMetrics(registry, { cleanup })
  // The scan is a metric that appears after the registration, and in one worker only.
  if (cluster.worker.id === 1) await cleanup.cleanupAll({ dryRun: true })
  await run(process.execPath, ['--eval', ''], { server: 'ran' })
  process.on('message', async (message) => {
    if (message !== 'end') return
    await shutdown()
    process.exit()
  })
  process.send('ready')
}
