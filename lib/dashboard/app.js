import { Alerts } from './alerts.js'
import { Charts } from './charts.js'
import { ask, Connection } from './connection.js'
import { setText } from './elements.js'
import { FleetPanel } from './fleet.js'
import { clock, counted } from './format.js'
import { Memory } from './memory.js'
import { Servers } from './servers.js'
import { Tables } from './tables.js'
import { Tiles } from './tiles.js'

const MINUTE = 60_000
const LINK_WORDS = {
  connecting: 'Connecting',
  live: 'Live',
  polling: 'Polling',
  lost: 'Disconnected',
  draining: 'Draining',
}

const alerts = new Alerts(place('alerts'), announce)
const tiles = new Tiles(place('tiles'))
const tables = new Tables(place)
const servers = new Servers(place)
const fleet = new FleetPanel(place)
const memory = new Memory(place)
const charts = new Charts(place('charts'))
/** The latest. @type {any} */
let snapshot
/** @type {import('./connection.js').State} */
let link = 'connecting'

/** @param {string} id */
function place(id) {
  return /** @type {HTMLElement} */ (document.getElementById(id))
}

/** Announces a text to screen readers. @param {string} text */
function announce(text) {
  setText(place('announcement'), text)
}

/** @param {any} latest */
function show(latest) {
  const isFirst = snapshot === undefined
  snapshot = latest
  charts.add(latest.sample)
  tiles.show(latest.sample, charts.since(latest.sample.time - MINUTE) ?? latest.sample)
  tables.show(latest)
  servers.show(latest)
  fleet.show(latest)
  memory.show(latest)
  alerts.show(latest)
  showLink(link, false)
  if (isFirst) addHistory()
}

async function addHistory() {
  const { body } = await ask('history')
  if (body) charts.addPast(body.samples)
}

/** @param {import('./connection.js').State} state @param {boolean} isRefused */
function showLink(state, isRefused) {
  // A stream that breaks off is no gap in what was seen; one that was gone for long is.
  if (link === 'lost' && state !== 'lost' && snapshot !== undefined) addHistory()
  link = state
  const isDraining = state !== 'lost' && snapshot?.draining
  place('link').dataset.state = isDraining ? 'draining' : state
  setText(place('link-text'), LINK_WORDS[isDraining ? 'draining' : state])
  document.body.classList.toggle('stale', state === 'lost' && snapshot !== undefined)
  const notice = noticeOf(state, isRefused)
  if (notice !== '' && place('notice').textContent === '') announce(notice)
  setText(place('notice'), notice)
}

/** @param {import('./connection.js').State} state @param {boolean} isRefused */
function noticeOf(state, isRefused) {
  if (state === 'lost') {
    if (isRefused) return 'The server no longer knows this browser. Load the page again to log in.'
    if (snapshot === undefined) return 'The server does not answer. Trying again.'
    const last = `The numbers are those of ${clock(snapshot.time)}.`
    return snapshot.draining
      ? `The server has shut down. ${last}`
      : `No connection to the server. Trying again. ${last}`
  }
  if (!snapshot?.draining) return ''
  const running = snapshot.health.activeProcesses.count
  return `The server is shutting down: no new call starts, ${counted(running, 'call still runs', 'calls still run')}.`
}

place('windows').addEventListener('change', (event) => {
  charts.show(Number(/** @type {HTMLInputElement} */ (event.target).value))
})
const chosen = document.querySelector('input[name="window"]:checked')
charts.show(Number(/** @type {HTMLInputElement} */ (chosen).value))
new Connection(show, showLink).open()
