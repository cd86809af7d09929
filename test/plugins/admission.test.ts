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

t.test('what waits for its turn longer than a second is refused, and can be tried again', async (t) => {
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
