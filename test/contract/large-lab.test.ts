import { monitorEventLoopDelay } from 'node:perf_hooks'
import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { Document } from 'yaml'
import { documentReads } from '../support/document-reads.ts'
import { aLabAtWork, type LabAtWork } from '../support/lab-at-work.ts'
import { canTellMemory, memoryTaken } from '../support/memory-taken.ts'
import { theDocument } from '../support/openapi.ts'

// A lab with far more devices, slots and containers than any has. What has no pages, such as the lab file, is as large as the lab: it is read and written
// part by part. `npm test` counts how much is parsed or written at once. With BOUNDED_BY_CLOCK=1 the lab is larger, and the clock and the memory are read.

const byClock = process.env.BOUNDED_BY_CLOCK === '1'
const document = await theDocument()
const size = byClock ? { groups: 4, devices: 5000, containers: 5000 } : { groups: 1, devices: 1500, containers: 500 }

async function fill (lab: LabAtWork): Promise<void> {
  const done = async (method: 'PUT' | 'POST', path: string, body: object): Promise<void> => {
    const { status, text } = await lab.call(method, path, body)
    if (status >= 300) throw new Error(text.slice(0, 500))
  }
  const many = <T>(count: number, one: (n: number) => T): T[] => Array.from({ length: count }, (_, n) => one(n))
  for (let group = 0; group < size.groups; group++) {
    await done('PUT', '/api/lab/config?prune=false', { sila_servers: {
      [`small ${group}`]: Object.fromEntries(many(size.devices, (n) => [`Device ${group}-${n}`, { capacity: 1, type: 'hotel', description: 'one of many '.repeat(20) }])),
      [`large ${group}`]: { [`Large-${group}`]: { capacity: size.containers, slots: Object.fromEntries(many(size.containers / 2, (n) => [n, { max_height_mm: 50 }])) } }
    } })
    for (let first = 0; first < size.containers; first += 500) {
      // as the service does by itself
      if (first === 500) await lab.query('ANALYZE container')
      await done('POST', '/api/containers/batch', { containers: many(500, (n) => ({ device: `Large-${group}`, position: first + n, barcode: `${group}-${first + n}` })) })
    }
  }
}

/** Each read with each media type, and as it is and as it was. Pages of people are not in the document. */
function allReads (lab: LabAtWork): { what: string, url: string, accept: string }[] {
  const now = new Date().toISOString()
  const ofDocument = documentReads(document, lab, 'Large-0').flatMap(({ at, url, query, takesAt, types }) =>
    types.flatMap((accept) => [query, ...takesAt ? [`${query}&at=${now}`] : []].map((query) => ({ what: `${at} as ${accept}${query.includes('at=2') ? ', earlier' : ''}`, url: `${url}?${query}`, accept }))))
  return [...ofDocument, ...['/present', '/present?device=Large-0'].map((url) => ({ what: url, url, accept: 'text/html' }))]
}

t.test('no read of a large lab parses or writes much at once', { skip: byClock ? 'by the clock' : false }, async (t) => {
  const lab = await aLabAtWork(t, { AUTH: 'off', RATE_LIMIT_PER_MINUTE: '0' }, () => {})
  await fill(lab)
  const reads = allReads(lab)
  t.ok(reads.length > 60, `${reads.length} reads`)
  const large: string[] = []
  for (const { what, url, accept } of reads) {
    const most = await longestAtOnce(async () => {
      const { statusCode, payload } = await lab.app.inject({ url, headers: { accept } })
      if (statusCode >= 500) large.push(`${what}: ${payload.slice(0, 200)}`)
      return payload
    })
    // A page of events is written again as CloudEvents. It has at most 4 MiB. The slots of a device are at most 10,000.
    if (most > (accept.includes('cloudevents') ? 4 * 1_048_576 : 200_000)) large.push(`${what}: ${most} characters`)
  }
  t.strictSame(large, [])

  await t.test('what is long has an ETag, too, by which it is read once and changed only as it was read', async (t) => {
    for (const accept of ['application/json', 'application/yaml']) {
      const read = await lab.get('/api/lab/config', { accept })
      t.match(read.headers, { etag: /^"[\w-]{16}"$/, 'content-length': String(Buffer.byteLength(read.text)), 'content-type': `${accept}; charset=utf-8` })
      const etag = String(read.headers.etag)
      t.match(await lab.get('/api/lab/config', { accept, 'if-none-match': `"other", ${etag}` }), { status: 304, text: '', headers: { etag, 'content-type': undefined } })
      t.match(await lab.call('HEAD', '/api/lab/config', undefined, { accept, 'if-none-match': etag }), { status: 304, text: '', headers: { etag } })
      t.match(await lab.call('HEAD', '/api/lab/config', undefined, { accept }), { status: 200, text: '', headers: { etag, 'content-length': read.headers['content-length'] } })
      t.match(await lab.put('/api/lab/config?dry_run=true&prune=false', { sila_servers: {} }, { 'if-match': etag }), { status: 200 })
    }
    const { headers: { etag } } = await lab.get('/api/lab')
    t.match(await lab.delete('/api/lab?confirm=wipe', { 'if-match': String(etag) }), { status: 200 })
  })
})

/** The longest text that is parsed or written as JSON or as YAML for an answer, in characters. */
async function longestAtOnce (answer: () => Promise<string>): Promise<number> {
  const { parse, stringify } = JSON
  const toText = Document.prototype.toString
  const written: string[] = []
  const parsed: string[] = []
  const seen = <T>(text: string, result: T): T => {
    if (typeof text === 'string') written.push(text)
    return result
  }
  JSON.parse = (text: string, ...more: []) => {
    parsed.push(text)
    return parse(text, ...more) as unknown
  }
  JSON.stringify = (...args: [never]) => {
    const text = stringify(...args)
    return seen(text, text)
  }
  Document.prototype.toString = function (...args) {
    const text = toText.apply(this, args)
    return seen(text, text)
  }
  try {
    const payload = await answer()
    // every answer of a test is checked against its schema
    const others = parsed.filter((text) => text !== payload)
    return [...written, ...others].reduce((most, { length }) => Math.max(most, length), 0)
  } finally {
    Object.assign(JSON, { parse, stringify })
    Document.prototype.toString = toText
  }
}

const [mostMs, mostMiB] = [250, 64]

t.test(`no read of a large lab holds the event loop for more than ${mostMs} ms, or takes more than ${mostMiB} MiB`, { skip: !byClock ? 'BOUNDED_BY_CLOCK=1' : canTellMemory ? false : 'only Linux tells the most memory of a process', timeout: 1_800_000 }, async (t) => {
  const lab = await aLabAtWork(t, { AUTH: 'off', RATE_LIMIT_PER_MINUTE: '0' }, () => {})
  await fill(lab)
  await lab.query('ANALYZE')
  const delay = monitorEventLoopDelay({ resolution: 5 })
  const large: string[] = []
  for (const { what, url, accept } of allReads(lab)) {
    let told = ''
    const began = performance.now()
    const taken = await memoryTaken(async () => {
      delay.reset()
      delay.enable()
      await sleep(10)
      const { statusCode, rawPayload } = await lab.app.inject({ url, headers: { accept } })
      told = `${statusCode}, ${rawPayload.length} bytes`
      await sleep(10)
      delay.disable()
    })
    const heldMs = Math.round(delay.max / 1e6)
    told = `${what}: ${told}, ${Math.round(performance.now() - began)} ms, held ${heldMs} ms, ${taken} MiB`
    if (heldMs > mostMs / 3 || taken > mostMiB / 3) t.comment(told)
    if (heldMs > mostMs || taken > mostMiB) large.push(told)
  }
  t.strictSame(large, [])
})
