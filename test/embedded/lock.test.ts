import { writeFileSync } from 'node:fs'
import path from 'node:path'
import t from 'tap'
import { lockDirectory } from '../../src/embedded/lock.ts'
import { aChild, aDirectory, compiled, locksIn } from './support.ts'

const SCRIPT = `
  import { lockDirectory } from './lock.js'
  try {
    await lockDirectory(JSON.parse(process.argv[2]).dataDir)
    process.stdout.write('{ "stopped": false }\\n')
    setInterval(() => undefined, 1000)
  } catch (error) {
    process.stdout.write(JSON.stringify({ error: error.message }) + '\\n')
  }
`

t.test('of many that come at once exactly one gets the lock, also over stale ones', async (t) => {
  const directory = aDirectory(t)
  const code = compiled(t)
  // the lock of a process that has ended, and the lock of one whose pid now belongs to another process: this one
  writeFileSync(path.join(directory, 'lock-4194000-gone-1'), 'held\n')
  writeFileSync(path.join(directory, `lock-${process.pid}-another-2`), 'held\n')
  const children = Array.from({ length: 6 }, () => aChild(t, code, directory, { script: SCRIPT }))
  const said = await Promise.all(children.map((child) => child.says()))
  const winners = children.filter((_, index) => said[index]?.stopped === false)
  t.equal(winners.length, 1)
  const winner = winners[0]
  for (const { error } of said) if (error) t.match(error, `(pid ${winner?.pid}) already uses`)

  await t.rejects(lockDirectory(directory), { message: `(pid ${winner?.pid}) already uses` })
  await winner?.kill()
  const unlock = await lockDirectory(directory)
  t.equal(locksIn(directory).length, 1, 'a killed holder does not block')
  await t.rejects(lockDirectory(directory), { message: `This process (pid ${process.pid})` })
  unlock()
  t.same(locksIn(directory), [])
})
