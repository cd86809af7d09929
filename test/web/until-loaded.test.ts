import t from 'tap'
import { untilLoaded } from '../../web/src/app/until-loaded.ts'

t.test('a part of the page is loaded again until there is a connection', async (t) => {
  const waits: number[] = []
  const loaded = await untilLoaded(async () => {
    if (waits.length < 7) throw new TypeError('Failed to fetch dynamically imported module')
    return 'the part'
  }, async (waitMs) => { waits.push(waitMs) })
  t.strictSame([loaded, waits], ['the part', [500, 1000, 2000, 4000, 8000, 10_000, 10_000]])
})
