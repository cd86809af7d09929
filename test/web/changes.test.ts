import t from 'tap'
import { changesOf, withTimes } from '../../web/src/parts/changes.ts'

t.test('what changed is said member by member, in words', (t) => {
  const told = (before: object | null, after: object | null): string[] => changesOf(before, after).map(({ member, from, to }) => `${member}: ${from} → ${to}`)
  t.strictSame(told({ id: 'a', version: 1, device: 'Hotel1', position: 9, lid: null }, { id: 'a', version: 2, device: 'Hotel2', position: 0, lid: null }), ['device: Hotel1 → Hotel2', 'position: 9 → 0'])
  t.strictSame(told(null, { lid: { device: 'Hotel2', position: 0 } }), ['lid: nothing → device Hotel2, position 0'], 'slot 0 is a slot')
  t.strictSame(told(null, { counts: { match: 1, missing: 0 } }), ['counts: nothing → match 1'])
  t.strictSame(told(null, { process: { id: '01a2', name: 'cell paint' } }), ['process: nothing → name cell paint'])
  t.strictSame(told(null, { positions: [{ device: 'Hotel1', position: 1 }, { device: 'Hotel1', position: 2 }], types: ['Deep', 'Flat'], none: [] }),
    ['positions: nothing → device Hotel1, position 1; device Hotel1, position 2', 'types: nothing → Deep, Flat'])
  t.end()
})

t.test('times in a change are told apart from its words, also within an object', (t) => {
  const time = '2026-03-02T09:15:00.000Z'
  t.strictSame(withTimes(time), [{ text: time, isTime: true }])
  t.strictSame(withTimes(`from ${time}, to nothing`), [{ text: 'from ', isTime: false }, { text: time, isTime: true }, { text: ', to nothing', isTime: false }])
  t.strictSame(withTimes('SCREEN_2026-03-02'), [{ text: 'SCREEN_2026-03-02', isTime: false }])
  t.end()
})
