// Links of a document to files beside it, and to headings.
import { posix } from 'node:path'

const LINK = /\]\(([^)\s]+)\)/g
const BLOCK = /^```[\s\S]*?^```$/gm

/**
 * Returns the relative links that lead nowhere.
 * @param {string} text of the document
 * @param {string} folder of the document, from the project's root
 * @param {(file: string) => boolean} exists
 * @param {(file: string) => string} read
 */
export function brokenLinks(text, folder, exists, read) {
  const prose = text.replace(BLOCK, '')
  const links = [...prose.matchAll(LINK)].map(([, link]) => link)
  return links
    .filter((link) => !/^[a-z]+:/.test(link))
    .filter((link) => {
      const [path, heading] = link.split('#')
      const file = posix.join(folder, path)
      if (path !== '' && !exists(file)) return true
      if (heading === undefined) return false
      return !headingsOf(path === '' ? text : read(file)).includes(heading)
    })
}

/** Returns the anchors of a document's headings. @param {string} text */
function headingsOf(text) {
  const headings = text.replace(BLOCK, '').match(/^#+ .*$/gm) ?? []
  return headings.map((heading) =>
    heading
      .replace(/^#+ /, '')
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, '')
      .trim()
      .replaceAll(' ', '-'),
  )
}
