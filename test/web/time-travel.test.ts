import t from 'tap'
import { indexAfter, indexAt, pauseBetween } from '../../web/src/lab/time-travel.ts'

const start = Date.parse('2026-03-02T09:00:00Z')
const revisions = [[7, 0], [8, 10_000], [12, 70_000], [13, 3_600_000]].map(([revision, after]) => ({ revision: revision!, time: start + after!, kinds: ['moved'] }))

t.test('a revision or a time leads to the last change that is not after it', (t) => {
  t.equal(indexAt(revisions, '7'), 0)
  t.equal(indexAt(revisions, '11'), 1)
  t.equal(indexAt(revisions, '99'), 3)
  t.equal(indexAt(revisions, '6'), null)
  t.equal(indexAt(revisions, '2026-03-02T09:01:00Z'), 1)
  t.equal(indexAt(revisions, '2026-03-02T08:59:59Z'), null)
  t.end()
})

t.test('a minute back or on stays within the range', (t) => {
  t.equal(indexAfter(revisions, 0, 60_000), 2)
  t.equal(indexAfter(revisions, 3, 60_000), 3)
  t.equal(indexAfter(revisions, 2, -60_000), 1)
  t.equal(indexAfter(revisions, 0, -60_000), 0)
  t.end()
})

t.test('playing is as fast as it was, but nobody waits through a quiet night, and everything can be seen', (t) => {
  t.equal(pauseBetween(revisions, 0, 1, 10), 1000)
  t.equal(pauseBetween(revisions, 1, 0, 10), 1000)
  t.equal(pauseBetween(revisions, 2, 3, 1), 2000)
  t.equal(pauseBetween(revisions, 0, 1, 60), 500)
  t.end()
})
