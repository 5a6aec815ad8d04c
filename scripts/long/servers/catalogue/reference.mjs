// The protocol's own servers, which are among our dependencies.

import { referenceCalls } from '../../../../__test__/fixtures/reference-calls.mjs'
import { everythingOverHttp } from '../../../../__test__/support/streamable-http.mjs'
import { WHOLE } from '../compare.mjs'

const TIME = /\d{1,4}[/:.-]\d{1,2}[/:.-]\d{1,4}[ ,T]*(\d{1,2}:\d\d:\d\d( [AP]M)?)?/g
const SESSION = /session (\S+)/g

/** @type {import('../compare.mjs').Rules} */
const EVERYTHING_RULES = {
  // The environment is the client's, by nature.
  'get-env': WHOLE,
  'get-resource-reference': [
    [TIME, '(time)'],
    [/^UmVzb3VyY2Ug[\w+/]+=*$/, '(a text with the time)'],
  ],
  'toggle-simulated-logging': [[SESSION, 'session (id)']],
  'toggle-subscriber-updates': [[SESSION, 'session (id)']],
}
const MORE = [
  ['get-env', {}],
  ['get-resource-reference', { resourceType: 'Text', resourceId: 1 }],
  ['get-resource-reference', { resourceType: 'Blob', resourceId: 2 }],
  ['toggle-simulated-logging', {}],
  ['toggle-subscriber-updates', {}],
]
const UNKNOWN = ['no-such-tool', {}]
const DOCUMENT = 'demo://resource/static/document/features.md'
const PROMPT = { type: 'ref/prompt', name: 'completable-prompt' }
/** @type {[string, unknown[]][]} */
const REQUESTS = [
  ['listResources', []],
  ['listResourceTemplates', []],
  ['readResource', [DOCUMENT]],
  ['readResource', ['demo://none']],
  ['listPrompts', []],
  ['getPrompt', ['args-prompt', { city: 'Köln' }]],
  ['getPrompt', ['args-prompt', {}]],
  ['complete', [PROMPT, { name: 'department', value: 'S' }]],
  [
    'complete',
    [PROMPT, { name: 'name', value: '' }, { context: { arguments: { department: 'Sales' } } }],
  ],
  ['setLogLevel', ['warning']],
]
const FILE_TIMES = [[/(created|modified|accessed): .*/g, '$1: (time)']]

/** @param {string} folder @returns {import('./index.mjs').Entry[]} */
export function reference(folder) {
  const { servers, calls, reset } = referenceCalls(folder)
  const local = Object.entries(servers).map(([name, definition]) => ({
    name: `server-${name}`,
    prepare: () => ({
      definition,
      calls: [...calls[name], ...(name === 'everything' ? MORE : []), UNKNOWN],
      rules: name === 'everything' ? EVERYTHING_RULES : { get_file_info: FILE_TIMES },
      reset: () => reset(name),
      requests: name === 'everything' ? REQUESTS : [],
    }),
  }))
  const http = {
    name: 'server-everything over HTTP',
    async prepare() {
      const { url, stop } = await everythingOverHttp()
      return {
        definition: { url },
        requests: REQUESTS,
        calls: [...calls.everything, ...MORE, UNKNOWN],
        rules: EVERYTHING_RULES,
        stop,
      }
    },
  }
  return /** @type {any} */ ([...local, http])
}
