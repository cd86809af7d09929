import t from 'tap'
import { aLab } from '../support/service.ts'

t.test('a connection outlives what the database says about a request, and nothing else', async (t) => {
  const service = await aLab(t, { Hotel: 2 }, { DATABASE_POOL_MAX: '1', STATEMENT_TIMEOUT_MS: '500' })
  const { pool, prisma } = service.app.database
  const connection = async () => (await pool.query('SELECT pg_backend_pid() AS pid')).rows[0] as { pid: number }
  const first = await connection()

  await service.post('/api/containers', { device: 'Hotel', position: 0, barcode: 'P1' })
  t.match(await service.post('/api/containers', { device: 'Hotel', position: 0 }), { status: 409, body: { code: 'position-occupied' } })
  t.match(await service.post('/api/containers/NOBODY/move', { target_device: 'Hotel' }), { status: 404 })
  t.same(await connection(), first, 'a refusal')
  await t.rejects(pool.query('INSERT INTO lab (id) VALUES (2)'))
  t.same(await connection(), first, 'a rule that holds')
  await t.rejects(pool.query("SELECT 'x'::integer"))
  t.same(await connection(), first, 'a value that is none')
  await t.rejects(pool.query('DO $$ BEGIN RAISE EXCEPTION USING ERRCODE = \'lock_not_available\'; END $$'), { code: '55P03' })
  t.same(await connection(), first, 'a lock that it could not get')
  await t.rejects(prisma.$queryRaw`SELECT 1 / 0`)
  t.same(await connection(), first, 'also through Prisma')

  await t.rejects(pool.query('SELECT pg_sleep(5)'))
  const second = await connection()
  t.not(second.pid, first.pid, 'a timeout')
  await t.rejects(pool.query('SELECT pg_terminate_backend(pg_backend_pid())'))
  const third = await connection()
  t.not(third.pid, second.pid, 'a connection that was ended')
  t.match(await service.get('/api/containers/P1'), { status: 200 })
})

t.test('what cannot be sent is an error of its statement, and nothing else happens', async (t) => {
  const service = await aLab(t, { Hotel: 2 }, { DATABASE_POOL_MAX: '1' })
  const { pool } = service.app.database
  const circular: { self?: object } = {}
  circular.self = circular
  for (const value of [{ big: 1n }, circular]) await t.rejects(pool.query('SELECT $1::jsonb', [value]), TypeError)
  await t.rejects(pool.query(null as unknown as string), TypeError)
  await t.rejects(pool.query('SELECT nothing'), { code: '42703', stack: /pool-error-policy\.test/ }, 'the error says where the statement is')
  t.same((await pool.query('SELECT 1 AS one')).rows, [{ one: 1 }])
  t.match(await service.get('/api/devices/Hotel'), { status: 200 })
})
