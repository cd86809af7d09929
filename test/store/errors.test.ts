import t from 'tap'
import { databaseFault, databaseProblem, isRetryable } from '../../src/store/errors.ts'

const ofPg = (code: string, more: object = {}) => Object.assign(new Error('said by PostgreSQL'), { code, severity: 'ERROR', ...more })
const ofPrisma = (cause: object) => Object.assign(new Error('said by Prisma'), { code: 'P2002', meta: { driverAdapterError: { cause } } })
const codeOf = (error: unknown) => databaseProblem(error)?.code ?? null

t.test('a fault reads the same through the pool and through Prisma', async (t) => {
  const fault = { sqlstate: '23505', message: 'duplicate', detail: 'Key exists.', constraint: 'placement_pkey' }
  const pg = Object.assign(new Error('duplicate'), { code: '23505', severity: 'ERROR', detail: 'Key exists.', constraint: 'placement_pkey' })
  const cause = { originalCode: '23505', originalMessage: 'duplicate', detail: 'Key exists.' }
  t.same(databaseFault(pg), fault)
  t.same(databaseFault(ofPrisma({ ...cause, constraint: { index: 'placement_pkey' } })), fault)
  t.same(databaseFault(ofPrisma({ code: '23505', message: 'duplicate', detail: 'Key exists.', constraint: 'placement_pkey' })), fault)
  t.same(databaseFault(ofPrisma({ code: '57014' })), { sqlstate: '57014', message: '', detail: undefined, constraint: undefined })
  t.same(databaseFault({ code: '57014', severity: 'ERROR' }), { sqlstate: '57014', message: '', detail: undefined, constraint: undefined })
})

t.test('what is no database fault is none', async (t) => {
  for (const error of [null, undefined, 'words', new Error('words'), { code: '23505' }, { code: 'ENOENT', severity: 'ERROR!' }, ofPrisma({ kind: 'unheard' })]) {
    t.equal(databaseFault(error), null)
    t.equal(databaseProblem(error), null)
    t.equal(isRetryable(error), false)
  }
})

t.test('a constraint that no command foresaw is a conflict that names it', async (t) => {
  t.match(databaseProblem(ofPg('23505', { constraint: 'device_name_active' })), { code: 'device-name-in-use', status: 409 })
  t.match(databaseProblem(ofPg('23514', { constraint: 'a_rule_of_tomorrow' })), { code: 'world-conflict', status: 409, members: { rule: 'a_rule_of_tomorrow' } })
  t.equal(codeOf(ofPg('42601')), null)
})

t.test('only a refusal that the catalogue knows is one', async (t) => {
  t.equal(codeOf(ofPg('PS409', { message: 'no-certificate', detail: '{"device":"Hotel"}' })), 'no-certificate')
  t.equal(codeOf(ofPg('PS409', { message: 'step-aborted' })), codeOf(ofPg('PS409', { message: 'step-aborted', detail: '{}' })))
  t.equal(codeOf(ofPg('PS409', { message: 'not-in-the-catalogue' })), null)
})

t.test('a database that cannot answer now is a 503, whoever says so', async (t) => {
  for (const error of [
    ofPg('08006'), ofPg('53300'), ofPg('57P01'), ofPg('40001'), ofPg('40P01'),
    { code: 'ECONNREFUSED' }, { code: 'P2024' }, { code: 'P2034' }, new Error('timeout expired'), new Error('Client was closed and is not queryable'),
    new Error('Received unexpected commandComplete message from backend.'), ofPrisma({ kind: 'ConnectionClosed' })
  ]) t.equal(codeOf(error), 'database-unavailable', JSON.stringify(error))
})

t.test('a pooler that mixes up prepared statements is a 503 that says what to set', async (t) => {
  for (const sqlstate of ['42P05', '26000']) t.match(databaseProblem(ofPg(sqlstate)), { code: 'database-unavailable', message: /pool_mode to session/ })
})

t.test('deadlocks and serialization failures may be tried again, nothing else', async (t) => {
  for (const error of [ofPg('40001'), ofPg('40P01'), { code: 'P2034' }, ofPrisma({ originalCode: '40P01' })]) t.equal(isRetryable(error), true)
  for (const error of [ofPg('23505'), ofPg('57014')]) t.equal(isRetryable(error), false)
})
