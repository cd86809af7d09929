import { randomUUID } from 'node:crypto'
import t from 'tap'
import { rows } from '../support/log.ts'
import { aLab } from '../support/service.ts'

// What the database can say when a transaction begins, runs or commits, and what has nothing to do with the request.
const temporary = {
  '08006': 'the connection failed', '08003': 'there is no connection', 25006: 'a standby, or a primary that was demoted', '25P02': 'an earlier statement of the transaction failed',
  '25P03': 'the transaction was idle for too long', '25P04': 'the transaction took too long', 40001: 'serialization, or a conflict with recovery', 40003: 'nobody knows whether it was done',
  '40P01': 'a deadlock', 53100: 'the disk is full', 53300: 'too many connections', '55P03': 'a lock was not to be had',
  57014: 'the statement took too long', '57P01': 'the server is stopped', '57P05': 'idle for too long', 58030: 'the disk fails', 72000: 'the snapshot is too old'
}

t.test('what the database says when a transaction commits is a 503 with Retry-After, through Prisma and without it', async (t) => {
  const service = await aLab(t, { Hotel: 2 }, {})
  await rows(service, 'CREATE TABLE trouble (sqlstate text)')
  await rows(service, `CREATE FUNCTION fail () RETURNS trigger LANGUAGE plpgsql AS $$ DECLARE wanted text; BEGIN
    SELECT sqlstate INTO wanted FROM trouble; IF FOUND THEN RAISE EXCEPTION USING ERRCODE = wanted, MESSAGE = 'made up'; END IF; RETURN NULL; END $$`)
  for (const table of ['lab', 'process']) {
    await rows(service, `CREATE CONSTRAINT TRIGGER fails AFTER INSERT OR UPDATE ON ${table} DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION fail()`)
  }
  let count = 0
  const writes = {
    'PUT /api/lab/config': async () => await service.put('/api/lab/config', { sila_servers: { devices: { Hotel: { capacity: 3 + ++count } } } }),
    'POST /api/processes': async () => await service.post('/api/processes', { name: 'A', source: 'x' }),
    'POST /api/containers': async () => await service.post('/api/containers', { device: 'Hotel' }),
    'POST /api/containers with Idempotency-Key': async () => await service.post('/api/containers', { device: 'Hotel' }, { 'idempotency-key': randomUUID() })
  }
  const { body: { revision } } = await service.get('/api/lab')
  for (const [sqlstate, what] of Object.entries(temporary)) {
    await rows(service, 'INSERT INTO trouble VALUES ($1)', [sqlstate])
    // at the same time, because what passes by itself is tried again for seconds
    await Promise.all(Object.entries(writes).map(async ([name, write]) => {
      const { status, body, headers } = await write()
      t.match([status, body.code, headers['retry-after']], [503, 'database-unavailable', '2'], `${name}: ${sqlstate}, ${what}`)
    }))
    await rows(service, 'DELETE FROM trouble')
  }
  t.match((await service.get('/api/lab')).body, { revision }, 'and nothing was done')
  for (const [name, write] of Object.entries(writes)) t.ok((await write()).status < 300, name)
})
