import t from 'tap'
import { aLab, type Service } from '../support/service.ts'

// An estimate reads its window and no more, whatever statistics PostgreSQL has of the tables: a plan from before a bulk load is good
// after it, a plan from before the next autovacuum is as good as one after it, and statistics of a few rows are replaced when the
// table grows. The tests count buffers, not time.

const confidence = 0.95
/** Buffers for a window of 50 samples, each on a page of its own (nothing is vacuumed yet), and for the index pages that find them. */
const most = 200

/** Forty thousand steps without statistics: two thousand samples of each of 20 keys, spread over the table. */
async function load (service: Service): Promise<void> {
  await service.query(`
    WITH key AS MATERIALIZED (
      SELECT row_number() OVER (ORDER BY start) - 1 AS nth, match_function, match_parameters FROM step ORDER BY start LIMIT 20
    )
    INSERT INTO step (id, device_id, kind, status, start, finish, data, created_as, match_version, match_function, match_parameters)
    SELECT gen_random_uuid(), (SELECT id FROM device WHERE name = 'Hotel'), 'operation', 'completed',
      '2025-01-01'::timestamptz + n * interval '1 minute', '2025-01-01'::timestamptz + n * interval '1 minute' + (5 + n % 7) * interval '1 second',
      '{}', '', 1, key.match_function, key.match_parameters
    FROM generate_series(1, 40000) n JOIN key ON key.nth = n % 20`)
}

/** Without `wells` there are steps with the same parameters; with it, only a wider level has samples. */
const ask = (service: Service, n: number, wells?: number) => service.post('/api/estimates', { step: { device: 'Hotel', data: { fct: `function ${n % 20}`, wells } }, confidence })

/** The buffers that one estimate reads on the only connection, with the plan that the connection has. */
async function buffersOf (service: Service, n: number, wells?: number): Promise<number> {
  const { pool } = service.app.database
  const read = async () => {
    await pool.query('SELECT pg_stat_force_next_flush()')
    const { rows: [{ blocks }] } = await pool.query(`
      SELECT (SELECT heap_blks_hit + heap_blks_read + idx_blks_hit + idx_blks_read FROM pg_statio_user_tables WHERE relname = 'step')::int AS blocks`) as any
    return blocks as number
  }
  const before = await read()
  const { status } = await ask(service, n, wells)
  if (status !== 200) throw new Error(`${status}`)
  return await read() - before
}

async function aSmallLab (known: 'never analysed' | 'analysed') {
  const service = await aLab(t, { Hotel: 1, Reader: 1, Sealer: 1, Washer: 1 }, { DATABASE_POOL_MAX: '1' })
  const { pool } = service.app.database
  await pool.query('ALTER TABLE step SET (autovacuum_enabled = off)')
  for (let n = 0; n < 20; n++) {
    const start = Date.parse('2024-01-01T00:00:00Z') + n * 60_000
    await service.post('/api/steps', { device: 'Hotel', data: { fct: `function ${n}` }, start: new Date(start).toISOString(), finish: new Date(start + 5000).toISOString() })
  }
  if (known === 'analysed') await pool.query('VACUUM ANALYZE step')
  return service
}

for (const known of ['never analysed', 'analysed'] as const) {
  t.test(`an estimate after a bulk load into a lab that was ${known} reads its window and no more`, async (t) => {
    const service = await aSmallLab(known)
    // so that the connection has its generic plan before the load
    for (let n = 0; n < 8; n++) await ask(service, n)
    for (let n = 0; n < 8; n++) await ask(service, n, 96)
    await load(service)
    if (known === 'analysed') {
      // a plan for twenty rows reads the whole table, until an instance renews the statistics, within two seconds
      await service.query('SELECT pg_stat_force_next_flush()')
      await service.app.learner.learnNow()
    }
    const kept = await buffersOf(service, 0)
    t.ok(kept <= most, `by the plan from before the load: ${kept} buffers`)
    const wider = await buffersOf(service, 0, 96)
    t.ok(wider > kept / 2 && wider <= most, `of a wider level: ${wider} buffers`)
    await service.query('DISCARD PLANS')
    for (let n = 0; n < 8; n++) {
      const fresh = await buffersOf(service, n)
      t.ok(fresh <= most, `planned without statistics, time ${n + 1}: ${fresh} buffers`)
      const freshWider = await buffersOf(service, n, 96)
      t.ok(freshWider <= most, `and of a wider level: ${freshWider} buffers`)
    }
    await service.query('VACUUM ANALYZE step')
    for (let n = 0; n < 8; n++) await ask(service, n)
    const later = await buffersOf(service, 0)
    t.ok(later <= most, `with statistics: ${later} buffers`)
  })
}
