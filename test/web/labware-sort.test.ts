import t from 'tap'
import { sortOf, sorts, sortText } from '../../web/src/pages/labware/sort.ts'

t.test('every way to sort the labware is in its address, and comes back from it', (t) => {
  for (const [text] of sorts) t.equal(sortText(sortOf(text)), text)
  t.equal(new Set(sorts.map(([text]) => text)).size, 12)
  t.end()
})

t.test('an address that names no column sorts by place', (t) => {
  for (const text of [null, '', '-', 'colour', '-colour']) t.equal(sortText(sortOf(text)), 'place')
  t.end()
})
