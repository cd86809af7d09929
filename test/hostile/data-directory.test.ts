import { chmodSync, chownSync, existsSync, lchownSync, lstatSync, mkdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import t from 'tap'
import { findPackage, prepareBinaries } from '../../src/embedded/binaries.ts'
import { chooseLocation } from '../../src/embedded/data-directory.ts'
import { findEmbedded } from '../../src/embedded/postgres.ts'
import { aBlockedInstall, aChild, aDatabase, aDirectory, aLog, compiled, isRoot, nobodyIds, whyNobodyCannot } from '../embedded/support.ts'

// Root starts the service. A stranger is another user of the same machine.
const ROOT_ONLY = { skip: !isRoot && 'needs root, because the files of two users are created' }
const asNobody = { skip: await whyNobodyCannot() }
const stranger = 12_345

t.test('a directory of another user is refused, and nothing there is touched', ROOT_ONLY, async (t) => {
  const dataDir = path.join(aDirectory(t), 'data')
  mkdirSync(dataDir)
  chownSync(dataDir, stranger, stranger)
  await t.rejects(aDatabase(t, dataDir), { message: /belongs to another user \(uid 12345\).*set DATA_DIR to a directory of your own/ })
  t.match(statSync(dataDir), { uid: stranger, gid: stranger })
})

t.test('an ordinary user does not use the directory of another user either', asNobody, async (t) => {
  const dataDir = path.join(aDirectory(t), 'data')
  mkdirSync(dataDir)
  chownSync(dataDir, stranger, stranger)
  chmodSync(dataDir, 0o777)
  t.match(await aChild(t, compiled(t), dataDir, nobodyIds).says(), { error: /belongs to another user \(uid 12345\)/ })
})

t.test('a file of a stranger in a shared directory is refused', ROOT_ONLY, async (t) => {
  for (const name of ['password', 'postgres.log', 'postgresql', 'postgresql.new-1234']) {
    const dataDir = path.join(aDirectory(t), 'data')
    mkdirSync(dataDir)
    chmodSync(dataDir, 0o777)
    symlinkSync('/etc/passwd', path.join(dataDir, name))
    lchownSync(path.join(dataDir, name), stranger, stranger)
    await t.rejects(aDatabase(t, dataDir), { message: new RegExp(`${name} belongs to another user \\(uid 12345\\)`) }, name)
  }
})

t.test('a cluster of a stranger in a directory that everybody can write is refused', ROOT_ONLY, async (t) => {
  const dataDir = path.join(aDirectory(t), 'data')
  mkdirSync(path.join(dataDir, 'postgresql'), { recursive: true })
  writeFileSync(path.join(dataDir, 'postgresql', 'PG_VERSION'), '18\n')
  chownSync(path.join(dataDir, 'postgresql'), stranger, stranger)
  chmodSync(dataDir, 0o777)
  await t.rejects(chooseLocation({ dataDir, log: aLog() }), { message: /Every user can write to .* belongs to the user with uid 12345/ })
  t.equal(statSync(dataDir).mode & 0o777, 0o777)
})

t.test('commands do not use the password file of a stranger either', ROOT_ONLY, async (t) => {
  const dataDir = path.join(aDirectory(t), 'data')
  const { stop } = await aDatabase(t, dataDir)
  await stop()
  chownSync(path.join(dataDir, 'password'), stranger, stranger)
  await t.rejects(findEmbedded({ dataDir }), { message: /password belongs to another user/ })
})

t.test('programs of a stranger are never run, and are replaced', ROOT_ONLY, async (t) => {
  const source = await aBlockedInstall(t)
  const home = path.join(source, '..', '..', '..')
  chmodSync(home, 0o700)
  const found = await findPackage(path.join(home, 'index.js'))
  const owner = { ...nobodyIds, name: 'nobody' }

  async function prepared (plant: (cache: string, proof: string) => void) {
    const directory = aDirectory(t)
    chmodSync(directory, 0o777)
    const proof = path.join(directory, '..', `${path.basename(directory)}-ran`)
    const cache = path.join(directory, `binaries-${found.version}`)
    plant(cache, proof)
    const { initdb } = await prepareBinaries({ found, directory, owner, log: aLog() })
    t.notOk(existsSync(proof), 'it did not run')
    t.equal(readFileSync(initdb).subarray(1, 4).toString(), 'ELF')
    t.match(lstatSync(cache), { uid: 0 })
    t.equal(lstatSync(cache).mode & 0o022, 0)
    return cache
  }
  function programs (cache: string, proof: string): void {
    const bin = path.join(cache, 'native', 'bin')
    mkdirSync(bin, { recursive: true })
    for (const name of ['initdb', 'postgres', 'pg_ctl']) writeFileSync(path.join(bin, name), `#!/bin/sh\ntouch ${proof}\n`, { mode: 0o755 })
  }
  await prepared((cache, proof) => {
    programs(cache, proof)
    for (const file of [cache, path.join(cache, 'native'), path.join(cache, 'native', 'bin')]) chownSync(file, stranger, stranger)
  })
  await prepared((cache, proof) => {
    programs(cache, proof)
    chownSync(path.join(cache, 'native', 'bin', 'initdb'), stranger, stranger)
  })
  await prepared((cache, proof) => {
    programs(cache, proof)
    chmodSync(path.join(cache, 'native', 'bin'), 0o777)
  })
  await prepared((cache, proof) => {
    const elsewhere = path.join(aDirectory(t), 'theirs')
    programs(elsewhere, proof)
    symlinkSync(elsewhere, cache)
  })
})

t.test('a directory of root is accepted, and closed for other users', ROOT_ONLY, async (t) => {
  const roots = path.join(aDirectory(t), 'data')
  mkdirSync(roots)
  chmodSync(roots, 0o777)
  const { directory, stop } = await aDatabase(t, roots)
  t.match(statSync(directory), { uid: 0 })
  t.equal(statSync(directory).mode & 0o077 & ~0o010, 0, 'other users cannot write there')
  await stop()
  const { stop: again } = await aDatabase(t, roots)
  await again()
})
