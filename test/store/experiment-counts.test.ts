import t from 'tap'
import { aLab } from '../support/service.ts'

// An experiment can have 400,000 steps. EXPLAIN does not show the plans inside functions, so the test counts what they read.

const steps = 4000

t.test('a change of an experiment counts its steps once, and says the same as a read', async (t) => {
  const service = await aLab(t, { Hotel: 2 }, { DATABASE_POOL_MAX: '1' })
  const { pool } = service.app.database
  const { body: process } = await service.post('/api/processes', { name: 'Assay', source: 'x' })
  const { body: { id } } = await service.post('/api/experiments', { process_id: process.id })
  const logged = Array.from({ length: steps }, (_, n) => ({ device: 'Hotel', start: new Date(1.7e12 + n * 1000).toISOString(), finish: new Date(1.7e12 + n * 1000 + 900).toISOString(), experiment_id: id }))
  t.equal((await service.post('/api/steps/batch', { steps: logged })).status, 201)
  await pool.query('VACUUM ANALYZE step')

  const read = async () => {
    await pool.query('SELECT pg_stat_force_next_flush()')
    const { rows } = await pool.query("SELECT (seq_tup_read + coalesce(idx_tup_fetch, 0))::int AS rows FROM pg_stat_user_tables WHERE relname = 'step'")
    return rows[0].rows as number
  }
  const path = `/api/experiments/${id}`
  for (const [what, change] of [
    ['a name', () => service.patch(path, { name: 'the first' })], ['a pause', () => service.post(`${path}/pause`, { at: new Date(1.7e12 + 1_000_000).toISOString() })],
    ['its end', () => service.post(`${path}/resume`, {})], ['metadata', () => service.patch(path, { metadata: { a: 1 } })], ['a status', () => service.patch(path, { status: 'completed' })]
  ] as const) {
    const before = await read()
    const { status, body } = await change()
    const rows = await read() - before
    t.ok(status === 200 && rows < 1.5 * steps, `${what}: ${rows} rows of ${steps}`)
    const { paused_seconds: _, active_seconds: __, ...stored } = (await service.get(path)).body
    t.match(body, stored, what)
  }
  const { body: { items } } = await service.get('/api/events?kind=experiment-updated')
  const { body: stored } = await service.get(path)
  t.match(items.at(-1).after, stored, 'the event has the same')
})
