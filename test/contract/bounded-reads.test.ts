import { randomUUID } from 'node:crypto'
import t from 'tap'
import { maxDataBytes } from '../../src/domain/limits.ts'
import { runningNow } from '../../src/estimation/running.ts'
import { writtenBytes } from '../../src/domain/written-size.ts'
import { maxPageBytes } from '../../src/store/page-bytes.sql.ts'
import { documentReads } from '../support/document-reads.ts'
import { aLabAtWork, type LabAtWork } from '../support/lab-at-work.ts'
import { canTellMemory, memoryTaken } from '../support/memory-taken.ts'
import { theDocument } from '../support/openapi.ts'

// Everything is stored as large as it may be, more of it than fits on a page. No list answers with much more than the bytes of a page, and its pages have everything
// once. `npm test` counts bytes; with BOUNDED_BY_CLOCK=1 the memory is read as well.

const byClock = process.env.BOUNDED_BY_CLOCK === '1'
const document = await theDocument()
const many = 80
const start = '2026-03-02T09:15:00Z'

/** Objects that are as large as allowed: by their text, by numbers with many digits, and by many small values, between which PostgreSQL writes spaces. */
const largest: readonly object[] = [{ text: 'x'.repeat(maxDataBytes - 20) }, { numbers: Array.from({ length: 211 }, () => 1e308) }, { small: Array.from({ length: 32_000 }, () => 0) }]
const largeData = (n: number): object => largest[n % largest.length]!
// a body has at most 500,000 values
const ofFewValues = (n: number): object => largest[n % 2]!

async function fill (lab: LabAtWork): Promise<void> {
  const done = async (method: 'PUT' | 'POST' | 'PATCH', path: string, body: object): Promise<void> => {
    const { status, text } = await lab.call(method, path, body)
    if (status >= 300) throw new Error(text.slice(0, 500))
  }
  const each = Array.from({ length: many }, (_, n) => n)
  for (const half of [each.slice(many / 2), each]) {
    await done('PUT', '/api/lab/config?prune=false', {
      description: 'x'.repeat(65_000 + half.length),
      sila_servers: { more: Object.fromEntries(half.map((n) => [`Device${n}`, { capacity: 1, ...largest[0] }])) },
      labware_types: Object.fromEntries(half.map((n) => [`Type ${n}`, largest[0]!]))
    })
  }
  for (const n of each) {
    const metadata = largeData(n)
    await done('POST', '/api/processes', { id: randomUUID(), name: 'Large', source: String(n), metadata })
    await done('POST', '/api/experiments', { id: randomUUID(), process_id: lab.process, metadata })
    await done('PATCH', `/api/steps/${lab.step}`, { data: { ...metadata, n }, reason: 'the size' })
  }
  for (const finish of [null, null, '2026-03-02T09:20:00Z']) {
    await done('POST', '/api/steps/batch', { steps: each.map((n) => ({ id: randomUUID(), device: 'Hotel', start, finish, experiment_id: lab.experiment, data: ofFewValues(n) })) })
  }
}

t.test('a lab in which everything is as large as it may be', async (t) => {
  const lab = await aLabAtWork(t)
  await fill(lab)

  await t.test('no page of a list is much larger than allowed, and its pages have each item once', async (t) => {
    t.ok(largest.every((data) => { const bytes = writtenBytes(data); return bytes <= maxDataBytes && bytes > maxDataBytes * 0.9 }), 'the data is as large as allowed')
    const found = documentReads(document, lab).filter(({ isList }) => isList)
    t.ok(found.length >= 15, `${found.length} lists are seen`)
    const ended: string[] = []
    const sorted = found.filter(({ at }) => at === 'GET /api/steps').map((list) => ({ ...list, at: `${list.at}, by duration`, query: `${list.query}&sort=-duration` }))
    for (const { at, url, query } of [...found, ...sorted]) {
      const { body: { total } } = await lab.get(`${url}?${query}&count=true`)
      const keys: string[] = []
      let pages = 0
      for (let cursor = ''; ;) {
        const { status, body: { items, next_cursor: next }, text } = await lab.get(`${url}?${query}${cursor}`)
        if (!t.equal(status, 200, at)) break
        // The last item of a page can be the largest there is: an event with two states of a step or of the lab.
        t.ok(text.length <= maxPageBytes + 300_000, `${at}: ${text.length} bytes`)
        pages += 1
        keys.push(...items.map((item: object) => JSON.stringify(item)))
        if (next === null) break
        cursor = `&cursor=${encodeURIComponent(next)}`
      }
      t.equal(keys.length, total, `${at}: all items`)
      t.equal(new Set(keys).size, keys.length, `${at}: each once`)
      if (pages > 1) ended.push(at)
    }
    t.strictSame(ended, [
      'GET /api/devices', 'GET /api/labware-types', 'GET /api/processes', 'GET /api/experiments', 'GET /api/experiments/{id}/steps', 'GET /api/steps',
      'GET /api/steps/{id}/history', 'GET /api/events', 'GET /api/steps, by duration'
    ], 'the lists whose page ends early')
  })

  await t.test('of the steps that run, the newest are told as far as they have room, and the watch sees the others after them', async (t) => {
    const { body: { items }, text } = await lab.get('/api/steps/running')
    t.ok(items.length > many && text.length <= 2 * maxPageBytes + 500_000, `${items.length} steps in ${text.length} bytes`)
    const seen: string[] = []
    for (let page: Awaited<ReturnType<typeof runningNow>> | null = await runningNow(lab.app.database.pool, 0.95); page !== null;) {
      seen.push(...page.items.map(({ step }) => step.id))
      page = page.next === null ? null : await runningNow(lab.app.database.pool, 0.95, page.next)
    }
    const { rows } = await lab.query<{ id: string }>("SELECT id FROM step WHERE status IN ('running', 'paused', 'lost')")
    t.ok(items.length < rows.length, `of ${rows.length}`)
    t.strictSame(seen.sort(), rows.map(({ id }) => id).sort(), 'each once')
  })
})

const mostMiB = 64

t.test(`no read takes more than ${mostMiB} MiB`, { skip: !byClock ? 'BOUNDED_BY_CLOCK=1' : canTellMemory ? false : 'only Linux tells the most memory of a process', timeout: 600_000 }, async (t) => {
  const lab = await aLabAtWork(t, { AUTH: 'off', RATE_LIMIT_PER_MINUTE: '0' }, () => {})
  await fill(lab)
  const large: string[] = []
  for (const { at, url, query } of documentReads(document, lab)) {
    const taken = await memoryTaken(async () => {
      const { statusCode } = await lab.app.inject(`${url}?${query}`)
      t.ok(statusCode < 500, at)
    })
    if (taken > mostMiB) large.push(`${at}: ${taken} MiB`)
  }
  t.same(large, [])
})
