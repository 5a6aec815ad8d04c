import { Alerts } from './alerts.js'
import { Calls } from './calls.js'
import { Charts } from './charts.js'
import { Cleanup } from './cleanup.js'
import { ask, Connection } from './connection.js'
import { setText } from './elements.js'
import { Failures } from './failures.js'
import { FleetPanel } from './fleet.js'
import { Header } from './header.js'
import { Latencies } from './latencies.js'
import { LinkState } from './link-state.js'
import { Memory } from './memory.js'
import { Processes } from './processes.js'
import { Queue } from './queue.js'
import { Servers } from './servers.js'
import { Sessions } from './sessions.js'
import { Tiles } from './tiles.js'
import { view } from './view.js'

const MINUTE = 60_000

const link = new LinkState(place, announce)
const charts = new Charts(place('charts'))
const tiles = new Tiles(place('tiles'))
/** Each shows its part of a snapshot. @type {{ show(snapshot: any): void }[]} */
const parts = [
  new Header(place),
  new Calls(place),
  new Sessions(place),
  new Queue(place),
  new Failures(place),
  new Servers(place),
  new FleetPanel(place),
  new Memory(place),
  new Processes(place),
  new Latencies(place),
  new Cleanup(place),
  new Alerts(place('alerts'), announce),
]
/** The latest. @type {any} */
let snapshot
/** The snapshot on the page, which a pause keeps. @type {any} */
let shown
/** True if the charts lack what happened while the connection was lost. */
let hasGap = false

/** @param {string} id */
function place(id) {
  return /** @type {HTMLElement} */ (document.getElementById(id))
}

/** Announces a text to screen readers. @param {string} text */
function announce(text) {
  setText(place('announcement'), text)
}

/** @param {any} latest */
function receive(latest) {
  // Another process of a cluster answers from now on. Its numbers are not those of the first one.
  const isFirst = snapshot?.instance !== latest.instance
  if (isFirst) charts.clear()
  snapshot = latest
  charts.add(latest.sample)
  link.receive(latest)
  if (isFirst || hasGap) addHistory()
  hasGap = false
  // A page that is opened paused shows the first moment.
  if (!view.isPaused || shown === undefined) show()
}

function show() {
  if (snapshot === undefined) return
  shown = snapshot
  const { sample } = snapshot
  charts.draw()
  tiles.show(snapshot, charts.since(sample.time - MINUTE) ?? sample)
  for (const part of parts) part.show(snapshot)
  link.pausedAt(view.isPaused ? snapshot.time : undefined)
}

async function addHistory() {
  const { body } = await ask('history', snapshot.instance)
  if (body?.instance === snapshot.instance) charts.addPast(body.samples)
}

function showView() {
  const { isPaused } = view
  const chosen = `input[name="window"][value="${view.window}"]`
  const input = /** @type {HTMLInputElement} */ (place('windows').querySelector(chosen))
  input.checked = true
  charts.show(view.window)
  setText(place('pause'), isPaused ? 'Resume' : 'Pause')
  link.pausedAt(isPaused ? shown?.time : undefined)
}

place('windows').addEventListener('change', (event) => {
  view.setWindow(Number(/** @type {HTMLInputElement} */ (event.target).value))
  showView()
})
place('pause').addEventListener('click', () => {
  view.setPaused(!view.isPaused)
  showView()
  if (!view.isPaused) show()
})
showView()
new Connection(receive, (state, isRefused) => {
  // A stream that breaks off is no gap in what was seen; one that was gone for long is. The next
  // snapshot tells which process has the history.
  if (link.show(state, isRefused)) hasGap = true
}).open()
