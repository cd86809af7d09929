import pg from 'pg'
import t, { type Test } from 'tap'
import { aCommandLine } from '../support/command-line.ts'
import { aDatabase } from '../support/database.ts'
import { aServiceOn } from '../support/service.ts'

async function keysOn (t: Test) {
  const url = await aDatabase(t)
  const { platformStatus } = await aCommandLine(null, { DATABASE_URL: url })
  return { url, keys: async (...args: string[]) => await platformStatus('keys', ...args) }
}

t.test('a key that the command line makes opens the service, and one that it revokes does not', async (t) => {
  const { url, keys } = await keysOn(t)
  t.match(await keys('list'), { code: 0, out: 'There are no keys.\n' })
  const { out, err } = await keys('create', '--name', 'ada', '--scopes', 'operate, admin', '--expires', '90d')
  t.match(out, /^ps_[\w-]{43}\n$/, 'the key alone, for scripts')
  t.match(err, /^Key "ada", scopes operate, admin, expires \d{4}-/)
  const service = await aServiceOn(t, url)
  const header = { authorization: `Bearer ${out.trim()}` }
  const listed = await service.get('/api/keys', header)
  t.match(listed, { status: 200, body: { items: [{ name: 'ada', scopes: ['operate', 'admin'], created_by: null }] } })
  const days = (Date.parse(listed.body.items[0].expires_at) - Date.now()) / 86_400_000
  t.ok(days > 89 && days <= 90)
  t.same((await keys('list', '--json')).json, listed.body.items)
  const { id } = listed.body.items[0]
  t.match((await keys('list')).out, new RegExp(`^id .*\n${id}  ada   operate,admin  \\d{4}-\\S+Z  \\d{4}-\\S+Z  -\n$`))
  t.match(await keys('revoke', id), { code: 0, out: `The key ${id} is revoked.\n` })
  t.match(await service.get('/api/keys', header), { status: 401 })
  t.equal((await keys('list')).out, 'There are no keys.\n')
  t.match((await keys('list', '--all')).out, 'ada')
  const { json } = await keys('create', '--name', 'bob', '--scopes', 'read', '--json')
  t.match(json, { name: 'bob', expires_at: null, key: /^ps_/ })
})

t.test('errors are reported in one sentence', async (t) => {
  const { keys } = await keysOn(t)
  const refused = async (code: number, args: string[], says: RegExp) => t.match(await keys(...args), { code, err: says, out: '' }, args.join(' '))
  await keys('create', '--name', 'ada', '--scopes', 'admin')
  await refused(1, ['create', '--name', 'ada', '--scopes', 'read'], /^A valid key already has the name "ada"\./)
  await refused(1, ['create', '--name', 'x', '--scopes', 'read', '--expires', '2020-01-01T00:00:00Z'], /must be in the future/)
  await refused(1, ['revoke', '0199f2f4-5d3e-7a10-b1c2-4e6f8a9b0c1d'], /^No key has this id\.$/m)
  await refused(2, ['create', '--name', ' x', '--scopes', 'read'], /^--name is not valid/)
  await refused(2, ['create', '--name', 'x', '--scopes', 'root'], /^--scopes is not valid: it takes one or more of read, operate, admin/)
  await refused(2, ['create', '--name', 'x', '--scopes', 'read', '--expires', 'tomorrow'], /^--expires is not valid/)
  await refused(2, ['create', '--name', 'x'], /--scopes/)
  await refused(2, ['revoke', '7'], /^"7" is not the id of a key/)
})

t.test('a database that nobody has started the service on is made ready first', async (t) => {
  const { url, keys } = await keysOn(t)
  const client = new pg.Client(url)
  await client.connect()
  await client.query('DROP SCHEMA public CASCADE; CREATE SCHEMA public')
  await client.end()
  t.match((await keys('create', '--name', 'ada', '--scopes', 'admin')).out, /^ps_/)
})
