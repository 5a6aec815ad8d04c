// The process that the page shows, in the header and in the title, and the session of the reader.

import { setText } from './elements.js'
import { duration } from './format.js'

export class Header {
  #facts
  #logout

  /** @param {(id: string) => HTMLElement} place */
  constructor(place) {
    this.#facts = place('process-facts')
    this.#logout = place('logout')
  }

  /** @param {any} snapshot */
  show({ process, health }) {
    const { host, pid, uptime, version, node, hasToken } = process
    const facts = [
      host,
      `pid ${pid}`,
      `up ${duration(uptime)}`,
      `procward ${version}`,
      `Node.js ${node}`,
    ]
    for (const [at, fact] of facts.entries()) setText(this.#facts.children[at], fact)
    this.#facts.hidden = false
    this.#logout.hidden = !hasToken
    const alerts = health.alerts.length
    const title = `${alerts > 0 ? `(${alerts}) ` : ''}${host} ${pid} · procward`
    if (document.title !== title) document.title = title
  }
}
