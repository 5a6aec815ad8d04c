import { namePieces } from './name-pieces.js'

/**
 * @template {keyof SVGElementTagNameMap} Name
 * @param {Name} name
 * @param {Record<string, string | number>} [attributes]
 * @returns {SVGElementTagNameMap[Name]}
 */
export function svg(name, attributes = {}) {
  const element = document.createElementNS('http://www.w3.org/2000/svg', name)
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, String(value))
  return element
}

/**
 * @template {keyof HTMLElementTagNameMap} Name
 * @param {Name} name
 * @param {{ class?: string, text?: string } & Record<string, string | undefined>} [attributes]
 * @param {readonly Node[]} [children]
 * @returns {HTMLElementTagNameMap[Name]}
 */
export function html(name, { text, ...attributes } = {}, children = []) {
  const element = document.createElement(name)
  for (const [key, value] of Object.entries(attributes))
    if (value !== undefined) element.setAttribute(key, value)
  if (text !== undefined) element.textContent = text
  element.append(...children)
  return element
}

/**
 * Only when it differs, so that a selection and a screen reader's place in it stay.
 * @param {Element} element
 * @param {string} text
 */
export function setText(element, text) {
  if (element.textContent !== text) element.textContent = text
}

/**
 * Writes a name that may go on in the next line where its words meet.
 * @param {Element} element
 * @param {string} name
 */
export function setName(element, name) {
  if (element.textContent === name) return
  const nodes = namePieces(name).flatMap(({ text, isBreak }) => [
    document.createTextNode(text),
    html('wbr', { class: isBreak ? 'needed' : undefined }),
  ])
  element.replaceChildren(...nodes.slice(0, -1))
}
