// A part of the page that scrolls by itself, and hints at what lies beyond its edges.

import { html } from './elements.js'

/** Pixels that are no hidden content: positions are rounded. */
const SLACK = 2

export class ScrollArea {
  #scroll

  /** @param {string} label @param {HTMLElement} content */
  constructor(label, content) {
    this.#scroll = html(
      'div',
      { class: 'scroll', tabindex: '0', role: 'region', 'aria-label': label },
      [content],
    )
    const hint = html('p', { class: 'more-columns', 'aria-hidden': 'true', text: 'More columns →' })
    this.element = html('div', { class: 'scroll-area' }, [this.#scroll, hint])
    this.#scroll.addEventListener('scroll', () => this.#hint(), { passive: true })
    const observer = new ResizeObserver(() => this.#hint())
    observer.observe(this.#scroll)
    observer.observe(content)
  }

  #hint() {
    const { scrollLeft, scrollTop, scrollWidth, scrollHeight, clientWidth, clientHeight } =
      this.#scroll
    this.element.classList.toggle('sideways', scrollWidth - clientWidth > SLACK)
    this.element.classList.toggle('more-right', scrollWidth - scrollLeft - clientWidth > SLACK)
    this.element.classList.toggle('more-below', scrollHeight - scrollTop - clientHeight > SLACK)
  }
}
