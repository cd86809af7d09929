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
