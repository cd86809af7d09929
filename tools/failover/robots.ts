// Robots that write moves and steps as clients should: each write has an Idempotency-Key, and a 503 is repeated after Retry-After.
import { setTimeout as sleep } from 'node:timers/promises'

/** A write that was answered with success: the id of its request, which the event log keeps, and when the answer came. */
export type Acknowledged = { id: string, kind: 'moved' | 'steps-logged', at: number }

export type Robots = ReturnType<typeof startRobots>

const pauseMs = 20
/** A frozen database answers nothing until the service gives up: STATEMENT_TIMEOUT_MS and DATABASE_CONNECT_TIMEOUT_MS. */
const patienceMs = 60_000

export async function makeLab (service: string, robots: number): Promise<void> {
  const devices = { Left: { capacity: robots }, Right: { capacity: robots }, Washer: { capacity: 1 } }
  await must(`${service}/api/lab/config`, 'PUT', { sila_servers: { lab: devices } })
  const containers = Array.from({ length: robots }, (_, n) => ({ device: 'Left', position: n, barcode: `P${n}` }))
  await must(`${service}/api/containers/batch`, 'POST', { containers })
}

/** Each robot carries a plate of its own to and fro, and logs a step for each move. */
export function startRobots (service: string, count: number) {
  const acknowledged: Acknowledged[] = []
  const answers = new Map<string, number>()
  let running = true
  const all = Promise.all(Array.from({ length: count }, async (_, n) => await work(n)))
  // who waits for it later gets the error
  all.catch(() => {})

  async function work (n: number): Promise<void> {
    for (let turn = 0; running; turn++) {
      const [from, to] = turn % 2 === 0 ? ['Left', 'Right'] as const : ['Right', 'Left'] as const
      await write(`move-${n}-${turn}`, 'moved', `/api/containers/P${n}/move`, { source_device: from, source_pos: n, target_device: to, target_pos: n })
      const start = Date.now()
      await write(`step-${n}-${turn}`, 'steps-logged', '/api/steps', {
        device: 'Washer', data: { fct: 'wash', robot: String(n) }, start: new Date(start - 1000).toISOString(), finish: new Date(start).toISOString(), containers: [`P${n}`]
      })
    }
  }

  async function write (id: string, kind: Acknowledged['kind'], path: string, body: object): Promise<void> {
    for (;;) {
      const { said, retryAfter } = await send(id, path, body)
      answers.set(said, (answers.get(said) ?? 0) + 1)
      if (said === '200' || said === '201') {
        acknowledged.push({ id, kind, at: performance.now() })
        return await sleep(pauseMs)
      }
      if (retryAfter === null) throw new Error(`robots must not see this: ${said}`)
      await sleep(retryAfter * 1000)
    }
  }

  async function send (id: string, path: string, body: object): Promise<{ said: string, retryAfter: number | null }> {
    try {
      const answer = await fetch(service + path, {
        method: 'POST', body: JSON.stringify(body), signal: AbortSignal.timeout(patienceMs),
        headers: { 'content-type': 'application/json', 'idempotency-key': id, 'x-request-id': id }
      })
      const text = await answer.text()
      if (answer.ok) return { said: String(answer.status), retryAfter: null }
      const retryAfter = answer.status === 503 ? answer.headers.get('retry-after') : null
      const { code } = JSON.parse(text) as { code: string }
      return { said: retryAfter === null ? `${answer.status} without Retry-After: ${text}` : `503 ${code}`, retryAfter: retryAfter === null ? null : Number(retryAfter) }
    } catch (error) {
      return { said: `no answer: ${String((error as Error).cause ?? error)}`, retryAfter: null }
    }
  }

  return {
    acknowledged,
    /** How often each answer came. */
    answers,
    /** The longest time between two successes of any robots, in seconds, since `from` on. */
    longestGap (from: number): number {
      const times = [from, ...acknowledged.map(({ at }) => at).filter((at) => at > from), performance.now()]
      return Math.max(...times.slice(1).map((at, index) => at - times[index]!)) / 1000
    },
    /** Ends when each robot has finished what it began. Throws what a robot must not see. */
    async stop (): Promise<void> {
      running = false
      await all
    }
  }
}

async function must (url: string, method: string, body: object): Promise<void> {
  const answer = await fetch(url, { method, headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) })
  if (!answer.ok) throw new Error(`${method} ${url}: ${answer.status} ${await answer.text()}`)
}
