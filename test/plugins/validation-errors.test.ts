import t from 'tap'
import { aLab } from '../support/service.ts'

t.test('a fault tells the rule with its limits, in words', async (t) => {
  const lab = await aLab(t, { Hotel: 1 })
  const told = async (answer: ReturnType<typeof lab.get>) => (await answer).body.errors.map((fault: { pointer?: string, parameter?: string, detail: string }) =>
    `${fault.pointer ?? fault.parameter}: ${fault.detail}`)

  const limit = 'limit: must be a whole number, at least 1 and at most 500'
  for (const given of ['0', '501', '1.5', 'x', '']) t.same(await told(lab.get(`/api/steps?limit=${given}`)), [limit], given)
  t.same(await told(lab.get('/api/devices/Hotel/positions/-1')), ['position: must be a whole number, at least 0 and at most 9999'])
  t.same(await told(lab.post('/api/containers', { device: 'Hotel', position: '0' })), ['/position: must be a whole number, at least 0 and at most 9999'])
  t.same(await told(lab.post('/api/containers', { device: 'Hotel', barcode: '' })), ['/barcode: must have 1 to 200 characters'])
  t.same(await told(lab.post('/api/containers', { device: 7, lidded: 'no' })), ['/device: must be text', '/lidded: must be true or false'])
  t.same(await told(lab.post('/api/containers/batch', { containers: [] })), ['/containers: must have 1 to 1000 items'])
  t.same(await told(lab.post('/api/containers/batch', { containers: {} })), ['/containers: must be a list'])
  t.same(await told(lab.patch('/api/devices/Hotel/positions/0', {})), [': must have at least 1 of the members deep_well_suited, disposes, labware_types, max_height_mm'])
  t.same(await told(lab.post('/api/estimates', { step: { device: 'Hotel' }, confidence: 1 })), ['/confidence: must be a number, above 0 and below 1'])
  t.same(await told(lab.post('/api/estimates', [])), [': must be an object'])
})

t.test('a value that may be of several kinds has the faults of its own kind alone', async (t) => {
  const lab = await aLab(t, { Hotel: 2 })
  await lab.post('/api/containers', { device: 'Hotel', barcode: 'A' })
  const told = async (displace: unknown) => (await lab.post('/api/containers/A/correct', { reason: 'seen', device: 'Hotel', position: 1, displace })).body.errors
    .map(({ pointer, detail }: { pointer: string, detail: string }) => `${pointer}: ${detail}`)
  t.same(await told({ device: 'Hotel' }), ['/displace/position: is required'])
  t.same(await told({ device: 'Hotel', position: 'x' }), ['/displace/position: must be a whole number, at least 0 and at most 9999'])
  t.same(await told('away'), ['/displace: must be "remove"'])
  t.same(await told(3), ['/displace: must be "remove", or an object'])
  const { body } = await lab.post('/api/steps', { device: 'Hotel', start: '2026-11-01T08:00:00Z', finish: '2026-11-01T08:01:00Z' })
  t.match((await lab.patch(`/api/steps/${body.id}`, { reason: 'x' })).body.errors, [{ detail: /^must have, beside reason, at least 1 of the members start, finish, / }])
  t.match((await lab.post('/api/containers/A/correct', { reason: 'x' })).body.errors, [{ detail: /^must have, beside reason, at least 1 of the members device, / }])
})
