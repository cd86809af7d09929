import { chmodSync, existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { anOldDatabase, type Ran } from '../support/old-databases.ts'
import { aProcess } from '../support/spawned.ts'

function aDataDir (t: Test): string {
  const parent = mkdtempSync(join(tmpdir(), 'platform-status-import-test-'))
  chmodSync(parent, 0o755)
  t.teardown(() => rmSync(parent, { recursive: true, force: true }))
  return join(parent, 'data')
}

/** The command as users run it, without npm. */
async function runCommand (t: Test, dataDir: string, ...args: string[]): Promise<Pick<Ran, 'err'> & { code: number | null }> {
  const { code, stderr } = await aProcess(t, { DATA_DIR: dataDir }, [process.execPath, 'tools/launch/import.mjs', ...args]).ended
  return { code, err: stderr }
}

const steps = async (address: string): Promise<number> =>
  (await (await fetch(`${address}/api/steps?limit=1&count=true`)).json() as { total: number }).total

t.test('it imports whether or not the service runs, into the database under DATA_DIR', async (t) => {
  const dataDir = aDataDir(t)
  t.match(await runCommand(t, dataDir, '--from', await anOldDatabase(t, 'lab'), '--dry-run'), { code: 0 })
  t.notOk(existsSync(dataDir), 'a dry run makes nothing')
  t.match(await runCommand(t, dataDir, '--from', await anOldDatabase(t, 'lab')), { code: 0, err: /steps 72\/72/ })

  const server = aProcess(t, { DATA_DIR: dataDir })
  const address = await server.ready()
  t.equal(await steps(address), 72)
  t.match(await runCommand(t, dataDir, '--from', await anOldDatabase(t, 'conflicts')), { code: 0 })
  // made in the same way, but another database
  t.equal(await steps(address), 72 + 88, 'which the service shows at once')
  server.signal('SIGTERM')
  t.match(await server.ended, { code: 0 })
})
