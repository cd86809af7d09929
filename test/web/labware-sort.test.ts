import t from 'tap'
import type { Container } from '../../web/src/api/generated/schema.d.ts'
import { ariaSortOf, orderWords, sorted, sortOf, sorts, sortText } from '../../web/src/pages/labware/sort.ts'

t.test('every way to sort the labware is in its address, and comes back from it', (t) => {
  for (const [text] of sorts) t.equal(sortText(sortOf(text)), text)
  t.equal(new Set(sorts.map(([text]) => text)).size, 12)
  t.end()
})

t.test('each order is said in words, and what a screen reader says is true of the values', (t) => {
  const containers = [['A', '2026-03-01T00:00:00Z'], ['B', '2026-03-03T00:00:00Z'], ['C', '2026-03-02T00:00:00Z']].map(([barcode, updated_at], n) =>
    ({ barcode, name: barcode, updated_at, device: 'Hotel', position: n, lidded: n === 1, labware_type: null }) as Container)
  const told = (text: string): unknown[] => [sorted(containers, sortOf(text), ['Hotel']).map(({ barcode }) => barcode).join(''), orderWords(sortOf(text)), ariaSortOf(sortOf(text))]
  t.strictSame(told('changed'), ['BCA', 'newest first', 'descending'])
  t.strictSame(told('-changed'), ['ACB', 'oldest first', 'ascending'])
  t.strictSame(told('barcode'), ['ABC', 'A to Z', 'ascending'])
  t.strictSame(told('-place'), ['CBA', 'last to first', 'descending'])
  t.strictSame(told('lid'), ['BAC', 'on first', 'descending'])
  t.same(sorts.filter(([, words]) => /[↑↓]|other way/.test(words)), [])
  t.end()
})

t.test('an address that names no column sorts by place', (t) => {
  for (const text of [null, '', '-', 'colour', '-colour']) t.equal(sortText(sortOf(text)), 'place')
  t.end()
})
