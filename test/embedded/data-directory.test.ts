import { chmodSync, mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import t from 'tap'
import { chooseLocation } from '../../src/embedded/data-directory.ts'
import {
  aChild, aDatabase, aDirectory, aLog, aMadeDirectory, compiled, give, isRoot, nobodyIds, postmasterPid, query,
  setVariable, whyNobodyCannot
} from './support.ts'

const ROOT_ONLY = { skip: !isRoot && 'needs root' }
const asNobody = { skip: await whyNobodyCannot() }
const ORDINARY_ONLY = { skip: isRoot && 'needs an ordinary user' }

t.test('as root the server runs as another user, who owns the cluster but not the place', ROOT_ONLY, async (t) => {
  const dataDir = await aMadeDirectory(t)
  await aDatabase(t, dataDir)
  const cluster = statSync(path.join(dataDir, 'postgresql'))
  t.not(cluster.uid, 0)
  t.match(statSync(dataDir), { uid: 0, gid: cluster.gid })
  t.equal(statSync(dataDir).mode & 0o777, 0o710)
  if (process.platform === 'linux') t.equal(statSync(`/proc/${postmasterPid(dataDir)}`).uid, cluster.uid)
})

t.test('as root a directory out of reach is replaced, by the same one every time', ROOT_ONLY, async (t) => {
  const home = aDirectory(t)
  chmodSync(home, 0o700)
  const shared = [aDirectory(t)]
  const requested = path.join(home, 'app', 'data')
  const first = await aDatabase(t, requested, { shared })
  await query(first.url, 'create table kept as select 42 as answer')
  t.match(first.directory, path.join(shared[0] ?? '', 'platform-status'))
  t.match(first.log.lines, [{ requested, directory: first.directory, msg: /another directory/ }])
  t.same(readdirSync(home), [], 'nothing was made where it cannot be used')
  await first.stop()

  const second = await aDatabase(t, requested, { shared })
  t.equal(second.directory, first.directory)
  t.same(await query(second.url, 'select answer from kept'), [{ answer: 42 }])
  await second.stop()

  chmodSync(home, 0o755)
  const third = await aDatabase(t, requested, { shared })
  t.equal(third.directory, first.directory, 'the data are found also when the directory has come into reach')
})

t.test('as root a cluster that went out of reach is not replaced by an empty one', ROOT_ONLY, async (t) => {
  const asked = await aMadeDirectory(t)
  chmodSync(path.dirname(asked), 0o700)
  await t.rejects(aDatabase(t, asked, { shared: [aDirectory(t)] }), { message: /cannot reach it: give this user access to/ })
})

t.test('as root without a user postgres the server runs as nobody', ROOT_ONLY, async (t) => {
  const bin = aDirectory(t)
  const script = '#!/bin/sh\ntest "$2" = nobody || exit 1\nexec /usr/bin/id "$@"\n'
  writeFileSync(path.join(bin, 'id'), script, { mode: 0o755 })
  setVariable(t, 'PATH', `${bin}:${process.env['PATH']}`)
  const { owner } = await chooseLocation({ dataDir: path.join(aDirectory(t), 'data'), log: aLog() })
  t.match(owner, { name: 'nobody', uid: nobodyIds.uid >>> 0 })
})

t.test('as root a place that cannot be written is passed over, a temporary one warned of', ROOT_ONLY, async (t) => {
  const home = aDirectory(t)
  chmodSync(home, 0o700)
  const file = path.join(home, 'file')
  writeFileSync(file, '')
  const log = aLog()
  const temporary = aDirectory(t)
  setVariable(t, 'TMPDIR', temporary)
  const { directory } = await chooseLocation({ dataDir: path.join(home, 'data'), log, shared: [file] })
  t.match(directory, path.join(temporary, 'platform-status'))
  t.match(log.lines, [{ level: 'info' }, { level: 'warn', msg: /gone after a reboot/ }])
})

t.test('an ordinary user needs no preparation, and root can use that database later', asNobody, async (t) => {
  const home = aDirectory(t)
  give(home, nobodyIds)
  const dataDir = path.join(home, 'data')
  const code = compiled(t)
  const ordinary = aChild(t, code, dataDir, nobodyIds)
  const { started, error } = await ordinary.says()
  t.equal(error, undefined)
  t.equal(started?.directory, dataDir)
  await query(started?.url ?? '', 'create table kept as select 42 as answer')
  t.match(statSync(dataDir), { uid: nobodyIds.uid >>> 0 })
  t.equal(statSync(dataDir).mode & 0o777, 0o700)
  ordinary.finish()
  t.match(await ordinary.says(), { stopped: true })

  const { url, stop } = await aDatabase(t, dataDir)
  t.same(await query(url, 'select answer from kept'), [{ answer: 42 }])
  await stop()
  const again = aChild(t, code, dataDir, nobodyIds)
  t.match(await again.says(), { started: { directory: dataDir } }, 'and the user has it back afterwards')
  again.finish()
  await again.says()
})

t.test('an ordinary user is told about directories of others', asNobody, async (t) => {
  const home = aDirectory(t)
  const code = compiled(t)
  t.match(await aChild(t, code, path.join(home, 'data'), nobodyIds).says(),
    { error: /The database cannot be stored in .* \(EACCES\): set DATA_DIR to a directory that this user can write/ })
  const closed = path.join(home, 'closed')
  mkdirSync(closed, { mode: 0o700 })
  t.match(await aChild(t, code, closed, nobodyIds).says(), { error: /EACCES, it belongs to the user with uid 0/ })
})

t.test('an ordinary user is told when the directory cannot be written', ORDINARY_ONLY, async (t) => {
  const home = aDirectory(t)
  chmodSync(home, 0o555)
  t.teardown(() => chmodSync(home, 0o755))
  await t.rejects(aDatabase(t, path.join(home, 'data')),
    { message: /The database cannot be stored in .* \(EACCES\): set DATA_DIR/ })
})

t.test('an ordinary user has the directory alone', ORDINARY_ONLY, async (t) => {
  const dataDir = path.join(aDirectory(t), 'data')
  await aDatabase(t, dataDir)
  t.equal(statSync(dataDir).mode & 0o777, 0o700)
})
