import t from 'tap'
import { connectWithin } from '../../src/store/connect-within.ts'
import { databaseProblem } from '../../src/store/errors.ts'
import { aLab } from '../support/service.ts'

t.test('who has waited for its turn waits only the rest of the time for a connection, and leaves it to others if it comes late', async (t) => {
  const lab = await aLab(t, { Hotel: 1 }, { DATABASE_POOL_MAX: '1', DATABASE_CONNECT_TIMEOUT_MS: '60000' })
  const { pool } = lab.app.database
  const held = await pool.connect()
  const refused = await connectWithin(pool, 20, async () => await pool.query('SELECT 1')).catch((error: unknown) => databaseProblem(error))
  t.match(refused, { code: 'database-unavailable' })
  const waiting = connectWithin(pool, 60_000, async () => await pool.query('SELECT 2 AS two'))
  const third = connectWithin(pool, 60_000, async () => await new Promise((resolve, reject) => pool.connect((error, client, release) => {
    release()
    if (client === undefined) reject(error ?? new Error('no connection'))
    else resolve('connected')
  })))
  held.release()
  t.match((await waiting).rows, [{ two: 2 }])
  t.equal(await third, 'connected', 'also who asks with a callback')
  t.match(await lab.get('/api/lab'), { status: 200 })
})
