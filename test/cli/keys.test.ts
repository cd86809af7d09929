import { Command } from 'commander'
import pg from 'pg'
import t, { type Test } from 'tap'
import { keys } from '../../src/cli/keys.ts'
import { aDatabase } from '../support/database.ts'
import { anOutput } from '../support/output.ts'
import { aServiceOn } from '../support/service.ts'
import { aProcess } from '../support/spawned.ts'

async function aCommandLine (t: Test) {
  const url = await aDatabase(t)
  async function run (...args: string[]): Promise<{ out: string, err: string }> {
    const [out, err] = [anOutput(), anOutput()]
    const program = new Command().exitOverride().configureOutput({ writeErr: (text) => err.write(text) })
    keys(program, { out, err, env: { DATABASE_URL: url } })
    await program.parseAsync(['keys', ...args], { from: 'user' })
    return { out: out.text, err: err.text }
  }
  return { url, run }
}

t.test('a key that the command line makes opens the service, and one that it revokes does not', async (t) => {
  const { url, run } = await aCommandLine(t)
  t.equal((await run('list')).out, 'There are no keys.\n')
  const { out, err } = await run('create', '--name', 'ada', '--scopes', 'operate, admin', '--expires', '90d')
  t.match(out, /^ps_[\w-]{43}\n$/, 'the key alone, for scripts')
  t.match(err, /^The key of "ada", for operate, admin, until \d{4}-/)
  const service = await aServiceOn(t, url)
  const header = { authorization: `Bearer ${out.trim()}` }
  const listed = await service.get('/api/keys', header)
  t.match(listed, { status: 200, body: { items: [{ name: 'ada', scopes: ['operate', 'admin'], created_by: null }] } })
  const days = (Date.parse(listed.body.items[0].expires_at) - Date.now()) / 86_400_000
  t.ok(days > 89 && days <= 90)
  t.same(JSON.parse((await run('list', '--json')).out), listed.body.items)
  const { id } = listed.body.items[0]
  t.match((await run('list')).out, new RegExp(`^id .*\n${id}  ada   operate,admin  \\d{4}-\\S+Z  \\d{4}-\\S+Z  -\n$`))
  t.equal((await run('revoke', id)).out, `The key ${id} is revoked.\n`)
  t.match(await service.get('/api/keys', header), { status: 401 })
  t.equal((await run('list')).out, 'There are no keys.\n')
  t.match((await run('list', '--all')).out, 'ada')
})

t.test('what is wrong is told in a sentence', async (t) => {
  const { run } = await aCommandLine(t)
  const refused = async (args: string[], says: RegExp) => await t.rejects(run(...args), { message: says }, args.join(' '))
  await run('create', '--name', 'ada', '--scopes', 'admin')
  await refused(['create', '--name', 'ada', '--scopes', 'read'], /^A valid key is called "ada"\./)
  await refused(['create', '--name', ' x', '--scopes', 'read'], /^--name is not right/)
  await refused(['create', '--name', 'x', '--scopes', 'root'], /^--scopes is not right: it takes one or more of read, operate, admin/)
  await refused(['create', '--name', 'x', '--scopes', 'read', '--expires', 'tomorrow'], /^--expires is not right/)
  await refused(['create', '--name', 'x', '--scopes', 'read', '--expires', '2020-01-01T00:00:00Z'], /must lie in the future/)
  await refused(['create', '--name', 'x'], /--scopes/)
  await refused(['revoke', '7'], /^"7" is no id of a key/)
  await refused(['revoke', '0199f2f4-5d3e-7a10-b1c2-4e6f8a9b0c1d'], /^No key has this id\.$/)
})

t.test('a database that nobody has started the service on is made ready first', async (t) => {
  const { url, run } = await aCommandLine(t)
  const client = new pg.Client(url)
  await client.connect()
  await client.query('DROP SCHEMA public CASCADE; CREATE SCHEMA public')
  await client.end()
  t.match((await run('create', '--name', 'ada', '--scopes', 'admin')).out, /^ps_/)
})

t.test('npm run keys ends with 0 when it was done, 1 when it was refused, 2 when it was called wrongly', async (t) => {
  const env = { DATABASE_URL: await aDatabase(t) }
  const codes = await Promise.all([['list'], ['revoke', '7'], ['make']].map(async (args) => (await aProcess(t, env, ['node', 'scripts/keys.mjs', ...args]).ended).code))
  t.same(codes, [0, 1, 2])
})
