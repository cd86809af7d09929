import t from 'tap'
import { batchingLines } from '../../src/process/logger.ts'

t.test('lines that come together are flushed once, and later ones again', async (t) => {
  const lines: string[] = []
  const flushed: number[] = []
  let told = (): void => {}
  const log = batchingLines(() => {
    flushed.push(lines.length)
    told()
  }, { write: (line) => { lines.push(line) } })
  const flush = () => new Promise<void>((resolve) => { told = resolve })

  log.write('one\n')
  log.write('two\n')
  t.same(lines, ['one\n', 'two\n'])
  await flush()
  log.write('three\n')
  await flush()
  t.same(flushed, [2, 3])
})
