import t from 'tap'
import type { FoundItem } from '../../web/src/api/generated/schema.d.ts'
import { exactPage, pageOf } from '../../web/src/pages/find/found.ts'

const plate: FoundItem = { kind: 'container', id: 'a-plate', label: 'P1', where: { device: 'Hotel', position: 3 }, missing_since: null, last: null, removed_at: null, why: 'barcode', url: '/api/containers/a-plate' }
const slot: FoundItem = { kind: 'position', id: null, label: 'Hotel 3', where: { device: 'Hotel', position: 3 }, missing_since: null, last: null, removed_at: null, why: 'place', url: '/api/devices/Hotel/positions/3' }

t.test('one exact find leads to its page; of a slot and what stands in it, the latter', (t) => {
  t.equal(exactPage([plate, { ...plate, id: 'another', label: 'P11', why: 'barcode-prefix' }]), '/labware/P1')
  t.equal(exactPage([{ ...plate, why: 'place' }, slot]), '/labware/a-plate')
  t.equal(exactPage([slot]), '/devices/Hotel/3')
  t.end()
})

t.test('two exact finds, or only beginnings, are a list', (t) => {
  t.equal(exactPage([plate, { ...plate, id: 'another', where: null }]), null)
  const removed: FoundItem = { ...plate, id: 'removed', where: null, removed_at: '2026-03-02T09:15:00.000Z' }
  t.equal(exactPage([removed]), '/labware/removed')
  t.equal(exactPage([{ ...plate, why: 'former-barcode' }, removed]), null, 'a removed plate does not hide one on the platform that had its barcode before')
  t.equal(exactPage([{ ...plate, why: 'barcode-prefix' }]), null)
  t.equal(exactPage([]), null)
  t.end()
})

t.test('what has the barcode no longer, or is nowhere, is linked by its id', (t) => {
  t.equal(pageOf({ ...plate, why: 'former-barcode' }), '/labware/a-plate')
  t.equal(pageOf({ ...plate, where: null }), '/labware/a-plate')
  t.end()
})

t.test('what a request changed is the lab after it', (t) => {
  t.equal(pageOf({ kind: 'revision', id: null, label: 'added', where: null, missing_since: null, last: null, removed_at: null, why: 'request-id', url: '/api/events?after=41' }), '/?at=42')
  t.equal(pageOf({ ...plate, kind: 'process' }), null)
  t.end()
})
