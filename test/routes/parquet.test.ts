import { parquetMetadata, parquetReadObjects } from 'hyparquet'
import { randomBytes } from 'node:crypto'
import { get } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { aDatabase } from '../support/database.ts'
import { aLabAtWork } from '../support/lab-at-work.ts'
import { aLab, aServiceOn, type Service } from '../support/service.ts'

const parquet = 'application/vnd.apache.parquet'
const accept = { accept: parquet }

async function fileOf (lab: Service, path: string): Promise<{ bytes: ArrayBuffer, headers: Record<string, unknown> }> {
  const { statusCode, headers, rawPayload } = await lab.app.inject({ url: path, headers: accept })
  if (statusCode !== 200) throw new Error(`${path}: ${statusCode} ${rawPayload.toString()}`)
  return { bytes: rawPayload.buffer.slice(rawPayload.byteOffset, rawPayload.byteOffset + rawPayload.byteLength) as ArrayBuffer, headers }
}

const rowsOf = async (lab: Service, path: string): Promise<Record<string, unknown>[]> => await parquetReadObjects({ file: (await fileOf(lab, path)).bytes })

/** Logs so many steps, one after the other. */
async function withSteps (lab: Service, count: number): Promise<void> {
  for (let from = 0; from < count; from += 5000) {
    const steps = Array.from({ length: Math.min(5000, count - from) }, (_, index) => {
      const start = Date.UTC(2026, 2, 2) + (from + index) * 2000
      return { device: 'Washer', start: new Date(start).toISOString(), finish: new Date(start + 1500).toISOString() }
    })
    await lab.post('/api/steps/batch', { steps })
  }
}

/** The list of steps has so many pages of 500 rows, and each row has this many bytes. Of more pages, the next one fails. */
function listed (lab: Service, pages: number, bytes: number, failing = false): void {
  const at = new Date().toISOString()
  // longer than what the compression looks back, so that it stays large
  const noise = randomBytes(bytes / 2).toString('hex')
  lab.app.store.steps.list = (async ({ cursor = '0' }: { cursor?: string }) => {
    const page = Number(cursor)
    if (failing && page === pages) throw new Error('the disk is gone')
    const items = Array.from({ length: 500 }, (_, index) => ({ json: JSON.stringify({
      id: `${page}-${index}`, start: at, containers: [], data: { noise: `${page}-${index}-${noise}` }, created_at: at, updated_at: at, version: 1
    }) }))
    await Promise.resolve()
    return { items, next_cursor: page + 1 < pages || failing ? String(page + 1) : null }
  }) as unknown as typeof lab.app.store.steps.list
}

t.test('each list is a table of the rows that its filters leave, with types and times in UTC', async (t) => {
  const lab = await aLabAtWork(t, {})
  for (const path of ['/api/steps?device=Washer', '/api/steps?sort=-duration', '/api/containers', '/api/containers?removed=any', '/api/events?kind=added', '/api/experiments']) {
    const { body: { items } } = await lab.get(`${path}${path.includes('?') ? '&' : '?'}limit=500`)
    const rows = await rowsOf(lab, path)
    t.ok(rows.length > 0, path)
    const key = path.startsWith('/api/events') ? 'revision' : 'id'
    t.same(rows.map((row) => String(row[key])), items.map((item: Record<string, unknown>) => String(item[key])), path)
  }
  const [step] = await rowsOf(lab, '/api/steps?device=Washer')
  const { body: { items: [told] } } = await lab.get('/api/steps?device=Washer&limit=1')
  t.match(step, { start: new Date(told.start), duration_seconds: told.duration_seconds, is_simulation: false, data: JSON.stringify(told.data), version: BigInt(told.version) })
  const { bytes, headers } = await fileOf(lab, '/api/steps')
  t.match(headers, { 'content-type': parquet, vary: 'accept' })
  t.equal(headers['content-length'], undefined, 'it is streamed')
  t.match(parquetMetadata(bytes).schema.find(({ name }) => name === 'start'), { logical_type: { type: 'TIMESTAMP', isAdjustedToUTC: true } })
  t.same(await rowsOf(lab, '/api/steps?device=Nothing'), [], 'also without rows')
  t.match((await lab.get('/api/steps', { accept: `${parquet};q=0.5, application/json` })).headers, { 'content-type': 'application/json; charset=utf-8' })
  t.match((await lab.get('/api/steps', { accept: '*/*' })).headers, { 'content-type': 'application/json; charset=utf-8' })
  t.match((await lab.app.inject({ url: '/api/events', headers: { accept: 'application/cloudevents-batch+json' } })).json()[0], { specversion: '1.0' }, 'events can still be CloudEvents')
})

t.test('the file has all pages; with limit it has one, and Link leads on', async (t) => {
  const lab = await aLab(t, {}, {})
  await withSteps(lab, 1234)
  const all = await rowsOf(lab, '/api/steps')
  t.equal(new Set(all.map(({ id }) => id)).size, 1234)
  const first = await fileOf(lab, '/api/steps?limit=400')
  t.equal((await parquetReadObjects({ file: first.bytes })).length, 400)
  const next = /^<(.*)>; rel="next"$/.exec(String(first.headers.link))?.[1]
  t.match(next, /^\/api\/steps\?limit=400&cursor=/)
  const second = await rowsOf(lab, next!)
  t.same(second.map(({ id }) => id), all.slice(400, 800).map(({ id }) => id))
  const rest = await fileOf(lab, next!.replace('limit=400&', ''))
  t.same((await parquetReadObjects({ file: rest.bytes })).map(({ id }) => id), all.slice(400).map(({ id }) => id), 'a cursor without limit: all from there on')
  t.equal(rest.headers.link, undefined)
  t.equal((await fileOf(lab, '/api/steps?limit=500&started_after=2026-03-02T00:40:00Z')).headers.link, undefined, 'none on the last page')
})

t.test('faults are problems, as they are of other answers', async (t) => {
  const lab = await aLab(t, {}, {})
  const refused = async (path: string) => (await lab.get(path, accept))
  t.match(await refused('/api/steps?count=true'), { status: 400, body: { code: 'invalid-request', errors: [{ parameter: 'count', detail: /a file has no total; omit `count`/ }] } })
  t.match(await refused('/api/steps?cursor=x'), { status: 400, body: { code: 'invalid-cursor' } })
  t.match(await refused('/api/events?limit=501'), { status: 400, body: { code: 'invalid-request' } })
  listed(lab, 1, 0, true)
  const late = await refused('/api/steps')
  t.match(late, { status: 500, headers: { 'content-type': /^application\/problem\+json/ }, body: { code: 'internal-error' } }, 'also when a later page fails and nothing was sent yet')
})

t.test('HEAD tells the headers, and reads no history', async (t) => {
  const lab = await aLab(t, {}, {})
  await withSteps(lab, 1234)
  const { list } = lab.app.store.steps
  let reads = 0
  lab.app.store.steps.list = async (query) => {
    reads += 1
    return await list(query)
  }
  const { statusCode, headers, rawPayload } = await lab.app.inject({ method: 'HEAD', url: '/api/steps', headers: accept })
  t.match({ statusCode, type: headers['content-type'], bytes: rawPayload.length, reads }, { statusCode: 200, type: parquet, bytes: 0, reads: 1 })
  t.equal(headers['content-length'], undefined)
  t.equal((await lab.app.inject({ method: 'HEAD', url: '/api/steps?cursor=x', headers: accept })).statusCode, 400)
  for (let again = 0; again < 5; again++) t.equal((await lab.app.inject({ method: 'HEAD', url: '/api/steps', headers: accept })).statusCode, 200, 'it keeps no place')
})

t.test('a key that may read suffices, and one is needed', async (t) => {
  const lab = await aLab(t, {}, {})
  const { body: { key: admin } } = await lab.post('/api/keys', { name: 'Admin', scopes: ['admin'] })
  const { body: { key } } = await lab.call('POST', '/api/keys', { name: 'Analyst', scopes: ['read'] }, { authorization: `Bearer ${admin}` })
  t.equal((await lab.get('/api/steps', accept)).status, 401)
  t.equal((await lab.app.inject({ url: '/api/steps', headers: { ...accept, authorization: `Bearer ${key}` } })).statusCode, 200)
})

t.test('a failure after the file has begun cuts the connection: nobody takes it for whole', async (t) => {
  const lab = await aLab(t, {}, {})
  listed(lab, 101, 0, true)
  const response = await fetch(`${await lab.listen()}/api/steps`, { headers: accept })
  t.equal(response.status, 200)
  const parts: Uint8Array[] = []
  await t.rejects(async () => { for await (const part of response.body!) parts.push(part as Uint8Array) }, 'the body ends with an error')
  const begun = Buffer.concat(parts)
  t.equal(begun.subarray(0, 4).toString(), 'PAR1', 'a group of rows was sent')
  t.not(begun.subarray(-4).toString(), 'PAR1', 'without the end that readers look for')
})

t.test('large cells end a group of rows early, so that memory stays flat', async (t) => {
  const lab = await aLab(t, {}, {})
  listed(lab, 3, 60_000)
  const groups = parquetMetadata((await fileOf(lab, '/api/steps')).bytes).row_groups
  t.equal(groups.length, 2, 'of 1,500 rows with 90 MB')
})

t.test('two files are written at a time; a reader that takes nothing loses its place', async (t) => {
  // longer than a busy machine takes to send the three requests: a reader that lost its place before the third would let it in, without end
  const lab = await aServiceOn(t, await aDatabase(t), {}, undefined, { fileStallMs: 6000 })
  listed(lab, 1000, 60_000)
  const url = await lab.listen()
  const readers = await Promise.all([1, 2].map(async () => await new Promise<{ destroy (): void }>((resolve, reject) => {
    get(`${url}/api/steps`, { headers: accept }, (response) => {
      response.pause()
      response.on('error', () => {})
      resolve({ destroy: () => { response.destroy() } })
    }).on('error', reject)
  })))
  t.match(await lab.get('/api/steps', accept), { status: 503, headers: { 'retry-after': '1' }, body: { code: 'too-busy', detail: /2 files are being written/ } })
  t.equal((await lab.get('/api/events')).status, 200, 'lists have places of their own')
  readers[0]!.destroy()
  const isFree = async (): Promise<boolean> => (await lab.app.inject({ url: '/api/events', headers: accept })).statusCode === 200
  let freed = await isFree()
  for (let tries = 0; !freed && tries < 100; tries++) freed = await sleep(50).then(isFree)
  t.ok(freed, 'a reader that leaves makes room')
  listed(lab, 1, 0)
  const areFree = async (): Promise<boolean> => (await Promise.all([1, 2].map(async () => (await lab.app.inject({ url: '/api/steps', headers: accept })).statusCode))).every((status) => status === 200)
  t.equal(await areFree(), false, 'one that takes nothing has its place for a while')
  let both = false
  for (let tries = 0; !both && tries < 200; tries++) both = await sleep(100).then(areFree)
  t.ok(both, 'and then loses it')
})
