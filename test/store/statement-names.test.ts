import t from 'tap'
import { statementNames } from '../../src/store/statement-names.ts'
import { aLab } from '../support/service.ts'

// PostgreSQL parses a statement with a name once per connection.

t.test('a list that is read again and again is parsed once', async (t) => {
  const lab = await aLab(t, { Hotel: 3 }, { DATABASE_POOL_MAX: '1' })
  const named = async (part: string) =>
    (await lab.query('SELECT generic_plans + custom_plans AS runs FROM pg_prepared_statements WHERE statement LIKE $1', [`%${part}%`])).rows.map(({ runs }) => Number(runs))
  for (const [path, table] of [['/api/containers?limit=2', 'container_state'], ['/api/devices', 'device_state'], ['/api/lab', 'position']] as const) {
    const before = (await named(table)).length
    for (let n = 0; n < 6; n++) t.equal((await lab.get(path)).status, 200)
    const after = await named(table)
    t.ok(after.length > before && Math.max(...after) >= 2, `${path}: ${after.join(', ')} runs`)
  }
})

t.test('a statement gets a name when it is frequent, and always the same', (t) => {
  const nameOf = statementNames()
  t.same(Array.from({ length: 3 }, () => nameOf('SELECT 1')), [undefined, undefined, undefined])
  const name = nameOf('SELECT 1')
  t.match(name, /^[\w-]{27}$/)
  t.equal(nameOf('SELECT 1'), name)
  t.end()
})

t.test('a count of a filtered list has no name, because one plan does not fit all values', (t) => {
  const nameOf = statementNames()
  for (let n = 0; n < 9; n++) t.equal(nameOf('SELECT count(*)::int AS count FROM step s WHERE s.status = $1'), undefined)
  for (let n = 0; n < 9; n++) nameOf('SELECT count(*)::int AS count FROM step s')
  t.ok(nameOf('SELECT count(*)::int AS count FROM step s'))
  t.end()
})

t.test('statements that nobody plans have no name', (t) => {
  const nameOf = statementNames()
  for (const text of ['BEGIN', 'COMMIT', 'ROLLBACK', 'SAVEPOINT a', 'DECLARE c CURSOR FOR SELECT 1']) {
    for (let n = 0; n < 9; n++) t.equal(nameOf(text), undefined, text)
  }
  t.end()
})

t.test('however many ways filters are combined, few statements have names, and those that were first keep theirs', (t) => {
  const nameOf = statementNames()
  for (let n = 0; n < 4; n++) nameOf('SELECT 1')
  const names = new Set<string>()
  for (let n = 0; n < 500; n++) {
    for (let use = 0; use < 9; use++) names.add(nameOf(`SELECT ${n} AS n`) ?? '')
  }
  names.delete('')
  t.equal(names.size, 99)
  t.ok(nameOf('SELECT 1'))
  for (let n = 0; n < 10_000; n++) nameOf(`SELECT ${n} AS once`)
  t.end()
})
