import t from 'tap'
import { wordsOfEvent } from '../../web/src/pages/log/kinds.ts'
import type { Event } from '../../web/src/api/generated/schema.d.ts'

const none = { container_id: null, step_id: null, experiment_id: null, before: null, after: null }
const wordsOf = (event: object): string => wordsOfEvent({ ...none, ...event } as Event)

t.test('what happened to a thing that the row names does not name its kind again', (t) => {
  t.equal(wordsOf({ kind: 'steps-logged', step_id: 'a' }), 'logged')
  t.equal(wordsOf({ kind: 'step-finished', step_id: 'a' }), 'finished')
  t.equal(wordsOf({ kind: 'experiment-paused', experiment_id: 'a' }), 'paused')
  t.equal(wordsOf({ kind: 'device-added', after: { name: 'Hotel1' } }), 'added')
  t.equal(wordsOf({ kind: 'labware-type-added', after: { name: 'Greiner 96' } }), 'labware type added')
  t.end()
})

t.test('a batch of steps has no name, so its words say what it is', (t) => {
  t.equal(wordsOf({ kind: 'steps-logged' }), 'steps logged')
  t.equal(wordsOf({ kind: 'something-of-later' }), 'something of later')
  t.end()
})
