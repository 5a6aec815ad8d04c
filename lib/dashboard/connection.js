// Where the snapshots come from: an event stream, or, where none comes through, asking every two
// seconds.

/**
 * @typedef {'connecting' | 'live' | 'polling' | 'lost'} State
 * @typedef {{ body?: any, isRefused: boolean, isOther?: boolean }} Answer
 */

/** Ms without a snapshot after which a stream counts as held up, by a proxy for example. */
const PATIENCE = 5000
const POLL_INTERVAL = 2000
/** Ms after which a stream is tried again while polling. */
const STREAM_AGAIN = 30_000
/** Requests in a row for an answer of one process, among several behind one address. */
const ATTEMPTS = 20
/** Ms between two of them. */
const PAUSE = 100
/** Ms that an answer may take. */
const ANSWER_TIMEOUT = 5000

export class Connection {
  #onSnapshot
  #onState
  /** @type {EventSource | undefined} */
  #stream
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #watchdog
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #poll
  #streamAgain = 0
  /** The process that is shown. @type {string | undefined} */
  #instance
  /** The moment of its latest answer. */
  #answeredAt = 0
  #isLost = false

  /**
   * @param {(snapshot: any) => void} onSnapshot
   * @param {(state: State, isRefused: boolean) => void} onState
   */
  constructor(onSnapshot, onState) {
    this.#onSnapshot = onSnapshot
    this.#onState = onState
  }

  open() {
    this.#closeStream()
    const stream = new EventSource('events')
    this.#stream = stream
    this.#watch()
    stream.addEventListener('snapshot', (event) => {
      this.#stopPolling()
      this.#watch()
      this.#onState('live', false)
      this.#show(JSON.parse(event.data))
    })
    stream.addEventListener('error', () => {
      // A closed stream was refused: too many clients, or no access. Otherwise the stream
      // reconnects by itself, and polling shows meanwhile if the server answers.
      if (stream.readyState === EventSource.CLOSED) this.#closeStream()
      this.#startPolling()
    })
  }

  /** @param {any} snapshot */
  #show(snapshot) {
    this.#instance = snapshot.instance
    this.#answeredAt = performance.now()
    this.#onSnapshot(snapshot)
  }

  #watch() {
    clearTimeout(this.#watchdog)
    this.#watchdog = setTimeout(() => {
      this.#closeStream()
      this.#startPolling()
    }, PATIENCE)
  }

  #closeStream() {
    clearTimeout(this.#watchdog)
    this.#stream?.close()
    this.#stream = undefined
  }

  #startPolling() {
    if (this.#poll !== undefined) return
    this.#streamAgain = Date.now() + STREAM_AGAIN
    this.#poll = setTimeout(() => this.#ask(), 0)
  }

  #stopPolling() {
    clearTimeout(this.#poll)
    this.#poll = undefined
  }

  async #ask() {
    const asked = this.#poll
    const answer = await this.#latest()
    // A stream came through in the meantime.
    if (this.#poll !== asked) return
    this.#poll = setTimeout(() => this.#ask(), POLL_INTERVAL)
    const isBack = this.#isLost && answer.body !== undefined
    this.#isLost = answer.body === undefined
    this.#onState(answer.body ? 'polling' : 'lost', answer.isRefused)
    if (!answer.body) return
    this.#show(answer.body)
    // A server that is there again has a stream again.
    if (this.#stream === undefined && (isBack || Date.now() > this.#streamAgain)) {
      this.#streamAgain = Date.now() + STREAM_AGAIN
      this.open()
    }
  }

  /**
   * Returns a snapshot of the process that is shown, or of one that has started since its latest
   * answer, because that one has taken its place.
   */
  async #latest() {
    const shown = this.#instance
    const isWanted = (/** @type {any} */ { instance, process }) =>
      instance === shown || process?.uptime < performance.now() - this.#answeredAt
    return inTurn(
      () => request('events'),
      ({ body }) => shown === undefined || body === undefined || isWanted(body),
    )
  }
}

/**
 * Returns the JSON answer of a route, or no body. Asks again while another process than `instance`
 * answers. After too many attempts the process is gone, and any process may answer.
 * @param {string} path
 * @param {string} instance
 * @returns {Promise<Answer>}
 */
export async function ask(path, instance) {
  const answer = await inTurn(
    () => request(`${path}?instance=${encodeURIComponent(instance)}`),
    ({ isOther }) => !isOther,
  )
  return answer.isOther ? request(path) : answer
}

/**
 * Makes a request again, after pauses, until its answer is the wanted one. Returns the last answer.
 * @param {() => Promise<Answer>} make
 * @param {(answer: Answer) => boolean} isWanted
 */
async function inTurn(make, isWanted) {
  let answer = await make()
  for (let attempt = 1; attempt < ATTEMPTS && !isWanted(answer); attempt++) {
    await new Promise((resolve) => setTimeout(resolve, PAUSE))
    answer = await make()
  }
  return answer
}

/**
 * @param {string} path
 * @returns {Promise<Answer>}
 */
async function request(path) {
  try {
    const signal = AbortSignal.timeout(ANSWER_TIMEOUT)
    const response = await fetch(path, { headers: { accept: 'application/json' }, signal })
    const { status } = response
    if (response.ok) return { body: await response.json(), isRefused: false }
    return { isRefused: status === 401 || status === 403, isOther: status === 409 }
  } catch {
    return { isRefused: false }
  }
}
