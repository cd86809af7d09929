import t from 'tap'
import { filterWords } from '../../web/src/pages/log/filters.ts'

const wordsOf = (search: string): string[] => filterWords(new URLSearchParams(search))

t.test('the folded filters of the log say in words which are on', (t) => {
  t.same(wordsOf(''), [])
  t.same(wordsOf('actor=ada&kind=corrected&device=Hotel1&from=2026-11-29T22:00'), ['ada', 'corrected', 'Hotel1', 'from 2026-11-29 22:00'])
  t.same(wordsOf('experiment=1&container=2'), ['only this container', 'only this run'])
  t.end()
})

t.test('a filter that nobody understands is not on', (t) => {
  t.same(wordsOf('kind=eaten&to=tomorrow'), [])
  t.end()
})
