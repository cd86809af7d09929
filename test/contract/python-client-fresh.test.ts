import { spawnSync } from 'node:child_process'
import t from 'tap'
import { projectRoot } from '../../src/project-root.ts'

t.test('the methods and types of clients/python follow the document: `npm run openapi` writes them too', async (t) => {
  const { status, stdout, stderr } = spawnSync(process.execPath, ['dist/tools/openapi/python-client.js', '--check'], { cwd: projectRoot, encoding: 'utf8' })
  t.equal(status, 0, stdout + stderr)
})
