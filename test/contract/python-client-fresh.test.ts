import { spawnSync } from 'node:child_process'
import t from 'tap'
import { root } from '../support/spawned.ts'

t.test('the methods and types of clients/python follow the document: `npm run openapi` writes them too', async (t) => {
  const { status, stdout, stderr } = spawnSync(process.execPath, ['scripts/python-client.mjs', '--check'], { cwd: root, encoding: 'utf8' })
  t.equal(status, 0, stdout + stderr)
})
