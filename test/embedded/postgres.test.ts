import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import net from 'node:net'
import path from 'node:path'
import t from 'tap'
import { findPackage, prepareBinaries } from '../../src/embedded/binaries.ts'
import { chooseLocation } from '../../src/embedded/data-directory.ts'
import { startEmbedded } from '../../src/embedded/postgres.ts'
import { launch, shutDown, freePort } from '../../src/embedded/postmaster.ts'
import { isSameProcess } from '../../src/embedded/processes.ts'
import {
  aChild, aDatabase, aDirectory, aLog, aMadeDirectory, compiled, locksIn, postmasterPid, query, unsafeSettings, until
} from './support.ts'

t.jobs = 3

t.test('the first start makes a UTF-8 database that answers, and stop leaves nothing running', async (t) => {
  const dataDir = path.join(aDirectory(t), 'data')
  const { url, directory, version, adopted, stop } = await aDatabase(t, dataDir)

  t.same(await query(url, 'select 1 as one'), [{ one: 1 }])
  t.same(await query(url, `select current_database() as database, pg_encoding_to_char(encoding) as encoding,
    datlocprovider as provider, datlocale as locale, current_setting('listen_addresses') as addresses
    from pg_database where datname = current_database()`),
  [{ database: 'platform_status', encoding: 'UTF8', provider: 'b', locale: 'C.UTF-8', addresses: '127.0.0.1' }])
  t.equal(directory, dataDir)
  t.equal(version, (await findPackage()).major)
  t.equal(adopted, false)
  t.equal(statSync(directory).mode & 0o007, 0, 'others cannot enter')
  t.equal(statSync(path.join(directory, 'password')).mode & 0o777, 0o600)
  t.equal(statSync(path.join(directory, 'postgresql')).mode & 0o777, 0o700)

  const pid = postmasterPid(directory)
  await Promise.all([stop(), stop()])
  await stop()
  t.notOk(isSameProcess(pid, 'unknown'), 'the server has ended')
  t.same(locksIn(directory), [])
})

t.test('durability is PostgreSQL\'s own unless settings say otherwise', async (t) => {
  const dataDir = await aMadeDirectory(t)
  const { url, stop } = await startEmbedded({ dataDir, log: aLog() })
  t.teardown(stop)
  t.same(await query(url, 'show fsync'), [{ fsync: 'on' }])
  await stop()
  const quick = await aDatabase(t, dataDir, { settings: { max_connections: '300' } })
  t.same(await query(quick.url, 'show fsync'), [{ fsync: 'off' }])
  t.same(await query(quick.url, 'show max_connections'), [{ max_connections: '300' }])
})

t.test('a second start finds the data again', async (t) => {
  const dataDir = await aMadeDirectory(t)
  const first = await aDatabase(t, dataDir)
  await query(first.url, 'create table kept as select 42 as answer')
  await first.stop()
  const second = await aDatabase(t, dataDir)
  t.same(await query(second.url, 'select answer from kept'), [{ answer: 42 }])
  t.equal(second.adopted, false)
})

t.test('a server left behind by a killed process is adopted with its data', async (t) => {
  const dataDir = await aMadeDirectory(t)
  const child = aChild(t, compiled(t), dataDir)
  const { started } = await child.says()
  const pid = postmasterPid(dataDir)
  await query(started?.url ?? '', 'create table kept as select 42 as answer')
  await child.kill()

  const { url, adopted, stop } = await aDatabase(t, dataDir)
  t.equal(adopted, true)
  t.equal(url, started?.url)
  t.equal(postmasterPid(dataDir), pid)
  t.same(await query(url, 'select answer from kept'), [{ answer: 42 }])
  t.equal(locksIn(dataDir).length, 1, 'the lock of the dead process is gone')
  await stop()
  t.notOk(isSameProcess(pid, 'unknown'), 'an adopted server is stopped, too')
})

t.test('data survive when everything was killed', async (t) => {
  const dataDir = await aMadeDirectory(t)
  const child = aChild(t, compiled(t), dataDir)
  const { started } = await child.says()
  await query(started?.url ?? '', 'create table kept as select 42 as answer')
  const pid = postmasterPid(dataDir)
  await child.kill()
  process.kill(pid, 'SIGKILL')

  const { url, adopted } = await aDatabase(t, dataDir)
  t.equal(adopted, false)
  t.not(postmasterPid(dataDir), pid)
  t.same(await query(url, 'select answer from kept'), [{ answer: 42 }])
})

t.test('stop works after the server was killed under us', async (t) => {
  const dataDir = await aMadeDirectory(t)
  const { stop, url } = await aDatabase(t, dataDir)
  t.ok(url)
  process.kill(postmasterPid(dataDir), 'SIGQUIT')
  await stop()
  t.same(locksIn(dataDir), [])
})

t.test('a pid file whose pid went to another program is no obstacle', async (t) => {
  const dataDir = await aMadeDirectory(t)
  const first = await aDatabase(t, dataDir)
  const file = path.join(dataDir, 'postgresql', 'postmaster.pid')
  const lines = readFileSync(file, 'utf8').split('\n')
  await first.stop()
  // our own pid: the process is alive, and for an ordinary user it belongs to the same user; PostgreSQL itself refuses to start then
  writeFileSync(file, [process.pid, ...lines.slice(1)].join('\n'))
  const { url, adopted } = await aDatabase(t, dataDir)
  t.equal(adopted, false)
  t.same(await query(url, 'select 1 as one'), [{ one: 1 }])
})

t.test('a second process is refused, and told the pid of the first', async (t) => {
  const dataDir = await aMadeDirectory(t)
  const child = aChild(t, compiled(t), dataDir)
  const { started } = await child.says()
  await t.rejects(aDatabase(t, dataDir), { message: `(pid ${child.pid}) already uses the database in ${dataDir}` })
  t.same(await query(started?.url ?? '', 'select 1 as one'), [{ one: 1 }], 'the first one is not disturbed')

  child.finish()
  t.match(await child.says(), { stopped: true })
  const { adopted } = await aDatabase(t, dataDir)
  t.equal(adopted, false, 'and then the directory is free')
  await t.rejects(aDatabase(t, dataDir), { message: `This process (pid ${process.pid}) already uses` })
})

t.test('a process killed in the middle of its first start leaves nothing half made', async (t) => {
  const dataDir = path.join(aDirectory(t), 'data')
  const child = aChild(t, compiled(t), dataDir)
  const halfMade = () => existsSync(dataDir) && readdirSync(dataDir).some((name) => name.startsWith('postgresql.new-'))
  await until(halfMade, 'initdb at work')
  await child.kill()
  const { url } = await aDatabase(t, dataDir)
  t.same(await query(url, 'select 1 as one'), [{ one: 1 }])
})

t.test('a directory made by another major version is refused with the way out', async (t) => {
  const dataDir = await aMadeDirectory(t)
  const { stop } = await aDatabase(t, dataDir)
  await stop()
  writeFileSync(path.join(dataDir, 'postgresql', 'PG_VERSION'), '12\n')
  await t.rejects(aDatabase(t, dataDir), { message: /created by PostgreSQL 12, but PostgreSQL \d+ is installed.*npm run backup.*npm run restore/ })
  t.same(locksIn(dataDir), [], 'a refused start gives the lock back')
})

t.test('a path with spaces, quotes and umlauts works', async (t) => {
  const { url } = await aDatabase(t, path.join(aDirectory(t), 'a lab\'s dätä', 'data'))
  t.same(await query(url, 'select 1 as one'), [{ one: 1 }])
})

t.test('no environment at all is enough', async (t) => {
  const dataDir = path.join(aDirectory(t), 'data')
  const child = aChild(t, compiled(t), dataDir, { bare: true })
  const { started, error } = await child.says()
  t.equal(error, undefined)
  t.match(await query(started?.url ?? '', 'show server_encoding'), [{ server_encoding: 'UTF8' }])
  child.finish()
  t.match(await child.says(), { stopped: true })
})

t.test('Ctrl-C in the terminal does not reach the server', async (t) => {
  const dataDir = await aMadeDirectory(t)
  await aDatabase(t, dataDir)
  const { stdout } = spawnSync('ps', ['-o', 'pgid=', '-p', String(postmasterPid(dataDir))], { encoding: 'utf8' })
  t.equal(Number(stdout), postmasterPid(dataDir), 'it leads a process group of its own')
})

t.test('the error of a failed start contains the output of PostgreSQL', async (t) => {
  const dataDir = await aMadeDirectory(t)
  await t.rejects(aDatabase(t, dataDir, { settings: { shared_buffers: 'a lot' } }),
    { message: /did not start.*invalid value for parameter "shared_buffers"/s })
  const { url } = await aDatabase(t, dataDir)
  t.same(await query(url, 'select 1 as one'), [{ one: 1 }], 'and the next one can do better')
})

t.test('a port in use is retried, and a long log is truncated', async (t) => {
  const dataDir = await aMadeDirectory(t)
  const { directory, stop } = await aDatabase(t, dataDir)
  await stop()
  const log = aLog()
  const found = await findPackage()
  const place = await chooseLocation({ dataDir, log })
  const binaries = await prepareBinaries({ found, directory, owner: place.owner, log })
  const squatter = net.createServer().listen(0, '127.0.0.1')
  await new Promise((resolve) => squatter.once('listening', resolve))
  t.teardown(() => squatter.close())
  const taken = (squatter.address() as net.AddressInfo).port
  const ports = [taken, taken]
  writeFileSync(path.join(directory, 'postgres.log'), Buffer.alloc(11 * 1024 * 1024, 'x'))

  const postmaster = await launch({
    place, binaries, settings: unsafeSettings, log, choosePort: async () => ports.pop() ?? await freePort()
  })
  t.teardown(() => shutDown(postmaster, { place, found, log }))
  t.not(postmaster.port, taken)
  t.ok(statSync(path.join(directory, 'postgres.log')).size < 1024 * 1024)
})

t.test('somebody else\'s directory is refused and not touched', async (t) => {
  const dataDir = path.join(aDirectory(t), 'documents')
  mkdirSync(dataDir)
  writeFileSync(path.join(dataDir, 'thesis.tex'), '')
  const before = statSync(dataDir)
  await t.rejects(aDatabase(t, dataDir),
    { message: /contains files that are not from this service \(it contains thesis\.tex\).*DATA_DIR/ })
  t.same(readdirSync(dataDir), ['thesis.tex'])
  t.match(statSync(dataDir), { mode: before.mode, uid: before.uid, gid: before.gid })

  writeFileSync(path.join(dataDir, 'PG_VERSION'), '18\n')
  await t.rejects(aDatabase(t, dataDir), { message: /data directory of another PostgreSQL/ })
})

t.test('a file instead of a directory is refused with a sentence', async (t) => {
  const file = path.join(aDirectory(t), 'file')
  writeFileSync(file, '')
  const message = /The database cannot be stored in .*not a directory.*DATA_DIR/
  await t.rejects(aDatabase(t, file), { message })
  await t.rejects(aDatabase(t, path.join(file, 'data')), { message })
})
