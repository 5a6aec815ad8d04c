// Pairs of a name and a text.

import { html, setText } from './elements.js'

/**
 * Fills a list of facts. The elements stay, so that screen readers keep their place.
 * @param {HTMLElement} place
 * @param {[name: string, text: string][]} facts
 */
export function showFacts(place, facts) {
  for (const [at, [name, text]] of facts.entries()) {
    const row = place.children[at] ?? place.appendChild(html('div', {}, [html('dt'), html('dd')]))
    setText(row.children[0], name)
    setText(row.children[1], text)
  }
  while (place.children.length > facts.length) place.lastElementChild?.remove()
}
