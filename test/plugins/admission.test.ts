import { availableParallelism } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import t from 'tap'
import { aLab } from '../support/service.ts'

const tooBusy = { status: 503, headers: { 'retry-after': '1', 'content-type': /problem\+json/ }, body: { code: 'too-busy' } }

/** Takes all connections of large reads until the test ends. */
async function withLargeReads (lab: Awaited<ReturnType<typeof aLab>>, run: () => Promise<void>): Promise<void> {
  let end!: () => void
  const ended = new Promise<void>((resolve) => { end = resolve })
  const { database } = lab.app
  const held = [1, 2].map(async () => await database.largeReads(async () => {
    const client = await database.pool.connect()
    await ended
    client.release()
  }))
  try {
    await run()
  } finally {
    end()
    await Promise.all(held)
  }
}

t.test('large reads have connections of their own: commands and small reads do not wait for them', async (t) => {
  const lab = await aLab(t, { Hotel: 2, Washer: 1 })
  await lab.post('/api/containers', { device: 'Hotel', barcode: 'P1' })
  await withLargeReads(lab, async () => {
    const statistics = Promise.all(Array.from({ length: 6 }, async () => await lab.get('/api/steps/statistics')))
    t.equal((await lab.post('/api/containers/P1/move', { target_device: 'Washer' })).status, 200)
    t.equal((await lab.get('/api/containers/P1')).status, 200)
    t.equal((await lab.post('/api/estimates', { step: { device: 'Washer' } })).status, 200)
    for (const path of ['/api/steps', '/api/events', '/api/containers', '/api/containers/P1/history', '/api/devices/Hotel/positions', '/api/devices/Hotel/positions?limit=100', '/api/lab', '/api/lab/config']) {
      t.equal((await lab.get(path)).status, 200, path)
    }
    const answers = Promise.race([statistics, new Promise((resolve) => { setTimeout(resolve, 10, 'waiting') })])
    t.equal(await answers, 'waiting')
    void statistics.catch(() => {})
  })
})

t.test('what waits for its turn too long is refused, and can be tried again', async (t) => {
  const lab = await aLab(t, { Hotel: 1 }, { DATABASE_CONNECT_TIMEOUT_MS: '60000' })
  const large = ['/api/steps/statistics', '/api/steps?count=true&limit=1', '/api/steps?sort=-duration&limit=1', '/api/lab?at=1', '/api/lab/health', '/api/events?limit=51', '/api/estimates/calibration']
  await withLargeReads(lab, async () => {
    const holding = [1, 2].map(async () => await lab.get('/api/steps/statistics'))
    await new Promise(setImmediate)
    const answers = await Promise.all([...large.map(async (path) => await lab.get(path)), lab.post('/api/estimates/batch', { steps: [{ device: 'Hotel' }] })])
    for (const [n, answer] of answers.entries()) t.match(answer, tooBusy, large[n] ?? 'a batch of estimates')
    void Promise.allSettled(holding)
  })
  t.equal((await lab.get('/api/steps/statistics')).status, 200)
})

t.test('a large read that takes too long is cancelled', async (t) => {
  const lab = await aLab(t, { Hotel: 1 }, { STATEMENT_TIMEOUT_MS: '200' })
  const blocker = new pg.Client(lab.url)
  await blocker.connect()
  await blocker.query('BEGIN')
  await blocker.query('LOCK TABLE step IN ACCESS EXCLUSIVE MODE')
  t.match(await lab.get('/api/steps/statistics'), { ...tooBusy, body: { code: 'too-busy', detail: /Ask for less/ } })
  await blocker.end()
})

t.test('while robots write, fewer reads are in the database at once', async (t) => {
  const lab = await aLab(t, { Hotel: 2 })
  const blocker = new pg.Client(lab.url)
  await blocker.connect()
  t.teardown(() => blocker.end())
  /** How many of some reads of steps are in the database, while none of them can go on. */
  const inTheDatabase = async (path: string): Promise<number> => {
    await blocker.query('BEGIN')
    await blocker.query('LOCK TABLE step IN ACCESS EXCLUSIVE MODE')
    const answers = Array.from({ length: 8 }, async () => await lab.get(path))
    await sleep(300)
    const { rows: [{ waiting }] } = await blocker.query("SELECT count(*)::int AS waiting FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'")
    await blocker.query('ROLLBACK')
    t.same([...new Set((await Promise.all(answers)).map(({ status }) => status))], [200])
    return waiting as number
  }
  const write = async () => await lab.post('/api/containers', { device: 'Hotel' })
  await write()
  t.equal(await inTheDatabase('/api/steps/statistics'), Math.min(2, Math.max(1, availableParallelism() - 1)), 'large reads')
  await lab.delete(`/api/containers/${(await write()).body.id as string}`)
  t.equal(await inTheDatabase('/api/steps'), Math.min(4, Math.max(2, availableParallelism())), 'small reads')
  await sleep(1100)
  t.equal(await inTheDatabase('/api/steps/statistics'), 2, 'large reads, a second later')
  t.equal(await inTheDatabase('/api/steps'), 4, 'small reads, a second later')
})

t.test('commands that wait for each other do not take the connections of reads', async (t) => {
  const lab = await aLab(t, { Hotel: 2 }, { DATABASE_POOL_MAX: '4' })
  await lab.post('/api/containers', { device: 'Hotel', barcode: 'P1' })
  const blocker = await lab.app.database.prisma.$transaction(async (transaction) => {
    await transaction.$executeRaw`SELECT FROM lab FOR UPDATE`
    const moves = Array.from({ length: 12 }, async () => await lab.post('/api/containers/P1/move', { target_device: 'Hotel' }))
    t.equal((await lab.get('/api/containers/P1')).status, 200, 'while twelve moves wait')
    return moves
  })
  t.same(new Set((await Promise.all(blocker)).map(({ status }) => status)), new Set([200]))
})

t.test('a read is large if what it reads is large, whatever its request looks like', async (t) => {
  const lab = await aLab(t, { Hotel: 2, Store: 2001 }, { DATABASE_CONNECT_TIMEOUT_MS: '60000' })
  const { body: process } = await lab.post('/api/processes', { name: 'Assay', source: 'x' })
  const create = async (): Promise<string> => (await lab.post('/api/experiments', { process_id: process.id })).body.id
  const [few, , many] = [await create(), await create(), await create()]
  await lab.query(`
    INSERT INTO step (id, kind, name, device_id, experiment_id, data, start, finish, status, created_as, match_version)
    SELECT gen_random_uuid(), 'operation', 'wash', (SELECT id FROM device LIMIT 1), e.id, '{}', now() - n * interval '1 second', now() - n * interval '1 second', 'completed', '', 1
    FROM (VALUES ($1::uuid, 1), ($2, 5001)) e (id, count) CROSS JOIN LATERAL generate_series(1, e.count) n`, [few, many])
  const small = ['/api/devices/Hotel/positions', '/api/devices/Hotel/positions?empty=true', '/api/devices/Store/positions?limit=10', '/api/devices/Store/positions?empty=true&limit=1',
    `/api/experiments/${few}`, `/api/experiments/${many}/steps`, '/api/experiments?limit=1']
  const large = ['/api/devices/Store/positions', '/api/devices/Store/positions?empty=true', '/api/lab', `/api/experiments/${many}`, '/api/experiments']
  await withLargeReads(lab, async () => {
    const holding = [1, 2].map(async () => await lab.get('/api/steps/statistics'))
    await new Promise(setImmediate)
    const answers = await Promise.all(large.map(async (path) => await lab.get(path)))
    for (const [n, path] of large.entries()) t.match(answers[n], tooBusy, path)
    for (const path of small) t.equal((await lab.get(path)).status, 200, path)
    for (const path of ['/api/experiments/01890000-0000-7000-8000-000000000000', '/api/devices/Nowhere/positions']) t.equal((await lab.get(path)).status, 404, path)
    void Promise.allSettled(holding)
  })
  for (const path of large) t.equal((await lab.get(path)).status, 200, path)
  t.match((await lab.get(`/api/experiments/${many}`)).body, { steps: { total: 5001, completed: 5001 } })
  t.equal((await lab.get('/api/devices/Store/positions')).body.length, 2001)
})
