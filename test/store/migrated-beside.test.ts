import pg from 'pg'
import t, { type Test } from 'tap'
import { openDatabase } from '../../src/store/database.ts'
import { readConfig } from '../../src/config.ts'
import { runPrepared } from '../../src/store/commands.ts'
import { inTransaction } from '../../src/store/transaction.ts'
import { withRetries } from '../../src/store/commands.ts'
import { aDatabase } from '../support/database.ts'
import { aLabAtWork, type LabAtWork } from '../support/lab-at-work.ts'
import { aStep } from '../support/log.ts'

// A newer instance migrates the database while this one runs. Its prepared statements go on.

/** One call of every kind that uses prepared statements, in an order that can be repeated. */
async function aSession (t: Test, lab: LabAtWork, turn: string): Promise<void> {
  const key = { 'idempotency-key': `key-${turn}` }
  const id = `01890000-0000-7000-8000-0000000000${turn}`
  const { process, experiment, step, reservation } = lab
  const calls = [
    () => lab.get('/api/lab'), () => lab.get('/api/lab?at=3'), () => lab.get('/api/lab/config'), () => lab.get('/api/lab/health'),
    () => lab.get('/api/devices'), () => lab.get('/api/devices/Hotel'), () => lab.get('/api/devices/Hotel?at=3'),
    () => lab.get('/api/devices/Hotel/positions'), () => lab.get('/api/devices/Hotel/positions?empty=true&limit=2'), () => lab.get('/api/devices/Hotel/positions?at=3'),
    () => lab.get('/api/devices/Hotel/positions/0'), () => lab.get('/api/devices/Hotel/positions/0?at=4'),
    () => lab.patch('/api/devices/Hotel/positions/5', { deep_well_suited: turn === '01' }),
    () => lab.get('/api/containers'), () => lab.get('/api/containers/P1'), () => lab.get(`/api/containers/${lab.container}`), () => lab.get('/api/containers/P1?at=3'),
    () => lab.get(`/api/containers/${lab.container}?at=3`), () => lab.get('/api/containers/P1/history'), () => lab.get('/api/events'),
    () => lab.post('/api/containers', { id, device: 'Hotel', position: 3, barcode: `N${turn}` }), () => lab.patch(`/api/containers/N${turn}`, { content: turn }),
    () => lab.post(`/api/containers/N${turn}/correct`, { reason: 'seen', lidded: true }), () => lab.post(`/api/containers/N${turn}/unlid`, { lid_device: 'Hotel', lid_pos: 4 }),
    () => lab.post(`/api/containers/N${turn}/lid`), () => lab.delete(`/api/containers/N${turn}`),
    () => lab.post('/api/containers/P1/move', { target_device: 'Washer' }), () => lab.post('/api/moves', { source_device: 'Washer', source_pos: 0, target_device: 'Hotel', target_pos: 0 }),
    () => lab.post('/api/transfers', { container: 'P1', target: { device: 'Washer' }, step: aStep({ device: 'Arm' }) }),
    () => lab.post('/api/containers/P1/move', { target_device: 'Hotel', target_pos: 0 }, key),
    () => lab.get(`/api/steps/${step}`), () => lab.get('/api/steps'), () => lab.get('/api/steps/statistics?group_by=device'), () => lab.post('/api/steps', aStep({ device: 'Washer' })),
    () => lab.post('/api/steps/batch', { steps: [aStep({ device: 'Washer' })] }), () => lab.patch(`/api/steps/${step}`, { reason: 'typed', containers: [`P${turn}`] }),
    () => lab.get('/api/processes'), () => lab.get(`/api/processes/${process}`), () => lab.get('/api/experiments'), () => lab.get(`/api/experiments/${experiment}`),
    () => lab.post('/api/experiments', { process_id: process }), () => lab.patch(`/api/experiments/${experiment}`, { name: `run ${turn}` }),
    () => lab.get('/api/reservations'), () => lab.get(`/api/reservations/${reservation}`), () => lab.patch(`/api/reservations/${reservation}`, { ttl_seconds: 600 }),
    () => lab.post('/api/estimates', { step: { device: 'Washer', data: { fct: 'wash' } } }), () => lab.get(`/api/processes/${process}/duration`), () => lab.get('/api/keys')
  ]
  for (const [index, call] of calls.entries()) {
    const { status, text } = await call()
    t.ok(status < 300, `call ${index} of turn ${turn}: ${status} ${text.slice(0, 200)}`)
  }
}

/** Adds a column to every table, and one at the end of every view. */
async function widen (url: string): Promise<void> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  const { rows } = await client.query<{ name: string, kind: string, definition: string | null }>(`
    SELECT quote_ident(relname) AS name, relkind::text AS kind, CASE relkind WHEN 'v' THEN pg_get_viewdef(oid) END AS definition
    FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'v') AND relname NOT LIKE '\\_%' ORDER BY oid`)
  for (const { name, kind, definition } of rows) {
    if (kind === 'r') await client.query(`ALTER TABLE ${name} ADD COLUMN later text`)
    else await client.query(`CREATE OR REPLACE VIEW ${name} AS ${withLater(definition!)}`)
  }
  await client.end()
}

/** The view with a further column, in each of its queries. The FROM of a query is the first at the beginning of a line that is not inside of something. */
function withLater (definition: string): string {
  return definition.split(/\nUNION ALL\n/).map((query) => {
    const from = /\n {3}FROM /.exec(query)!
    return `${query.slice(0, from.index)},\n    NULL::text AS later${query.slice(from.index)}`
  }).join('\nUNION ALL\n')
}

t.test('every call goes on when each table and each view gets a column, on the same connection', async (t) => {
  const lab = await aLabAtWork(t, { DATABASE_POOL_MAX: '1' })
  const connection = async () => (await lab.query('SELECT pg_backend_pid() AS pid')).rows[0].pid
  // from the sixth execution on, PostgreSQL may keep a plan
  for (const turn of ['01', '02', '03', '04', '05', '06', '07']) await aSession(t, lab, turn)
  const before = await connection()
  await widen(lab.url)
  await aSession(t, lab, '08')
  t.equal(await connection(), before, 'no statement failed: a failed one closes its connection')
})

t.test('a statement with another result since a migration is prepared anew', async (t) => {
  const url = await aDatabase(t)
  const database = openDatabase(url, readConfig({ DATABASE_URL: url, DATABASE_POOL_MAX: '3' }), { warn: () => {} })
  t.teardown(() => database.close())
  const { pool } = database
  await pool.query('CREATE TABLE old (n integer)')
  await pool.query('INSERT INTO old VALUES (1)')
  const read = async () => await runPrepared<{ n: unknown }>(pool, 'SELECT n FROM old', [])
  await Promise.all([read(), read(), read()])
  await pool.query('ALTER TABLE old ALTER n TYPE text')
  for (let turn = 0; turn < 4; turn++) t.same(await read(), [{ n: '1' }])
  await Promise.all([read(), read(), read()])
  await pool.query('ALTER TABLE old ALTER n TYPE integer USING n::integer')
  t.same(await withRetries(() => inTransaction(pool, read)), [{ n: 1 }], 'in a transaction, which runs again')

  const { prisma } = database
  const readByPrisma = async () => await withRetries(() => prisma.$transaction(async (transaction) => await transaction.$queryRaw<{ n: unknown }[]>`SELECT n FROM old`))
  for (let turn = 0; turn < 6; turn++) await readByPrisma()
  await pool.query('ALTER TABLE old ALTER n TYPE text')
  t.same(await readByPrisma(), [{ n: '1' }], 'in a transaction of Prisma, under another name')
  t.same(await readByPrisma(), [{ n: '1' }])
})
