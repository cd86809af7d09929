import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import t from 'tap'
import { projectRoot } from '../src/project-root.ts'

const root = join(projectRoot, 'test')

t.test('each folder with tests is in one job of `npm test`', (t) => {
  const files = readdirSync(root, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.test.ts'))
  const folders = [...new Set(files.map((file) => dirname(file)))].sort()
  t.ok(folders.length > 10)
  for (const folder of folders) t.ok(existsSync(join(root, folder, 'all.ts')), `test/${folder}/all.ts loads the tests of its folder`)
  const jobs = readdirSync(join(root, 'jobs')).map((name) => readFileSync(join(root, 'jobs', name), 'utf8'))
  const loaded = jobs.flatMap((text) => [...text.matchAll(/'\.\.\/(.*)all\.ts'/g)].map(([, folder]) => relative('.', folder!) || '.'))
  t.same(loaded.sort(), folders, 'test/jobs/ loads each folder once')
  t.end()
})
