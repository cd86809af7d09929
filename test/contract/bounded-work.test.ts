import { monitorEventLoopDelay } from 'node:perf_hooks'
import { pino } from 'pino'
import t from 'tap'
import { aLabAtWork } from '../support/lab-at-work.ts'
import { canTellMemory, memoryTaken } from '../support/memory-taken.ts'
import { theDocument } from '../support/openapi.ts'
import { worstRequests } from '../support/worst-requests.ts'

// No request holds the event loop. `npm test` counts the work. With BOUNDED_BY_CLOCK=1, as in `npm run test:soak`, bodies are
// as large as allowed, and the clock and the memory are read.

const byClock = process.env.BOUNDED_BY_CLOCK === '1'
const document = await theDocument()

async function aTarget () {
  const lab = await aLabAtWork(t, { AUTH: 'off', RATE_LIMIT_PER_MINUTE: '0' }, () => {})
  const names = { container: 'P1', device: 'Hotel', position: '0', id: lab.step }
  return { lab, names }
}

t.test('no request copies errors again and again, and at most 20 are told', { skip: byClock ? 'by the clock' : false }, async (t) => {
  const { lab, names } = await aTarget()
  const faults: string[] = []
  let requests = 0
  for (const request of worstRequests(document, names, 6000)) {
    const copied = await copiedItems(async () => {
      const { statusCode, payload } = await lab.app.inject(request as object)
      if (statusCode >= 500) faults.push(`${request.what}: ${payload.slice(0, 200)}`)
      const { errors = [], more } = JSON.parse(payload) as { errors?: unknown[], more?: number }
      if (errors.length > 20 || (more !== undefined && more < 1)) faults.push(`${request.what}: ${errors.length} errors, ${more} more`)
      if (statusCode >= 400 && payload.length > 20_000) faults.push(`${request.what}: the answer has ${payload.length} bytes`)
    })
    if (copied > 100_000) faults.push(`${request.what}: ${copied} items copied by concat`)
    requests += 1
  }
  t.same(faults, [], `${requests} requests`)
})

/** How many items Array.prototype.concat copies meanwhile: Ajv copies its list of errors at each failing item. */
async function copiedItems (run: () => Promise<void>): Promise<number> {
  const concat = Array.prototype.concat
  let copied = 0
  Array.prototype.concat = function (this: unknown[], ...others: never[]) {
    copied += this.length
    return concat.apply(this, others)
  }
  try {
    await run()
  } finally {
    Array.prototype.concat = concat
  }
  return copied
}

for (const [bytes, limitMs] of [[1_000_000, 250], [16_000_000, 250 + 15 * 100]] as const) {
  t.test(`bodies of ${bytes} bytes hold the event loop for at most ${limitMs} ms`, { skip: byClock ? false : 'BOUNDED_BY_CLOCK=1', timeout: 3_600_000 }, async (t) => {
    const { lab, names } = await aTarget()
    const log = pino({ level: 'info' }, pino.destination(2))
    const delay = monitorEventLoopDelay({ resolution: 5 })
    const slow: string[] = []
    for (const request of worstRequests(document, names, bytes)) {
      if (bytes > 1_000_000 && (request.payload?.length ?? 0) < 1_000_000) continue
      await new Promise((resolve) => { setTimeout(resolve, 10) })
      delay.reset()
      delay.enable()
      await new Promise((resolve) => { setTimeout(resolve, 10) })
      const { statusCode } = await lab.app.inject(request as object)
      await new Promise((resolve) => { setTimeout(resolve, 10) })
      delay.disable()
      const heldMs = Math.round(delay.max / 1e6)
      if (heldMs > limitMs) {
        slow.push(`${request.what}: ${heldMs} ms`)
        log.info({ what: request.what, heldMs, status: statusCode })
      }
    }
    t.same(slow, [])
  })
}

const mostMiB = 64

t.test(`bodies of 1,000,000 bytes take at most ${mostMiB} MiB`, { skip: !byClock ? 'BOUNDED_BY_CLOCK=1' : canTellMemory ? false : 'only Linux tells the most memory of a process', timeout: 3_600_000 }, async (t) => {
  const { lab, names } = await aTarget()
  const large: string[] = []
  let most = ['nothing', 0] as [string, number]
  for (const request of worstRequests(document, names, 1_000_000)) {
    const taken = await memoryTaken(async () => await lab.app.inject(request as object))
    if (taken > mostMiB) large.push(`${request.what}: ${taken} MiB`)
    if (taken > most[1]) most = [request.what, taken]
  }
  t.same(large, [])
  t.comment(`the most: ${most[0]}, ${most[1]} MiB`)
})
