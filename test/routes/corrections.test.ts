import t from 'tap'
import { aLab, type Service } from '../support/service.ts'

const reason = 'seen by a person'

async function aFullLab (t: Parameters<typeof aLab>[0]): Promise<Service> {
  const service = await aLab(t, { Hotel: 4, Washer: 1 })
  await service.post('/api/containers', { device: 'Hotel', position: 0, barcode: 'P1', lidded: true })
  await service.post('/api/containers', { device: 'Washer', position: 0, barcode: 'P2', lid: { device: 'Hotel', position: 3 } })
  return service
}

t.test('a correction sets place, lid and barcode to what a person sees, and the log has the reason', async (t) => {
  const service = await aFullLab(t)
  const correct = async (seen: object) => (await service.post('/api/containers/P1/correct', { reason, ...seen })).body.container
  t.match(await correct({ device: 'Hotel', position: 2 }), { position: 2, lidded: true })
  t.match(await correct({ lid: { device: 'Hotel', position: 0 } }), { lidded: false, lid: { position: 0 } })
  t.match(await correct({ lid: null }), { lidded: false, lid: null }, 'nobody knows where the lid is')
  t.match(await correct({ lidded: true }), { lidded: true, lid: null })
  t.match(await correct({ lidded: false }), { lidded: false, lid: null })
  t.match(await correct({ device: 'Hotel', position: 1, lid: { device: 'Hotel', position: 2 }, barcode: 'P1' }), { position: 1, lid: { position: 2 } })
  const { version } = await correct({ device: 'Hotel', position: 2, lid: { device: 'Hotel', position: 1 } })
  t.equal((await correct({ device: 'Hotel', position: 2, lidded: false })).version, version, 'what is seen as it was known changes nothing')
  const { body: { container } } = await service.post('/api/containers/P1/correct', { reason, barcode: null })
  t.equal(container.barcode, null)

  const { body } = await service.get(`/api/events?container=${container.id}&kind=corrected&sort=-revision&limit=1`)
  t.match(body.items, [{ kind: 'corrected', reason, before: { barcode: 'P1' }, after: { barcode: null } }])
  t.equal((await service.get(`/api/containers/${container.id}/history`)).body.items.at(-1).kind, 'corrected')
})

t.test('what is in the way is a 409 unless the correction says what to do with it', async (t) => {
  const service = await aFullLab(t)
  const correct = (seen: object) => service.post('/api/containers/P1/correct', { reason, ...seen })
  const { text: before } = await service.get('/api/lab')
  t.match(await correct({ device: 'Washer', position: 0 }), { status: 409, body: { code: 'position-occupied', pointer: '/position', occupant: { barcode: 'P2', part: 'container' } } })
  t.match(await correct({ lid: { device: 'Hotel', position: 3 } }), { status: 409, body: { code: 'position-occupied', pointer: '/lid/position', occupant: { part: 'lid' } } })
  t.match(await correct({ device: 'Hotel', position: 1, lid: { device: 'Hotel', position: 1 } }), { status: 409, body: { code: 'position-occupied', pointer: '/lid/position', occupant: { barcode: 'P1', part: 'container' } } }, 'itself')
  t.match(await service.post('/api/containers/P2/correct', { reason, device: 'Hotel', position: 3 }), { status: 409, body: { code: 'position-occupied', pointer: '/position', occupant: { barcode: 'P2', part: 'lid' }, detail: /holds the lid of "P2"/ } }, 'its own lid, of which nobody said where it is')
  t.match(await correct({ device: 'Washer', position: 0, displace: { device: 'Hotel', position: 3 } }), { status: 409, body: { code: 'position-occupied', pointer: '/displace/position' } })
  t.match(await correct({ device: 'Washer', position: 0, lid: { device: 'Hotel', position: 2 }, displace: { device: 'Hotel', position: 2 } }),
    { status: 409, body: { code: 'position-occupied', pointer: '/displace/position', device: 'Hotel', position: 2, occupant: { barcode: 'P1', part: 'lid' } } }, 'where its lid comes to be')
  t.match(await correct({ barcode: 'P2' }), { status: 409, body: { code: 'barcode-in-use' } })
  t.equal((await service.get('/api/lab')).text, before, 'nothing was changed')

  await correct({ device: 'Washer', position: 0, displace: { device: 'Hotel', position: 0 } })
  t.match((await service.get('/api/containers/P1')).body, { device: 'Washer', position: 0 })
  t.match((await service.get('/api/containers/P2')).body, { device: 'Hotel', position: 0, version: 2 }, 'the two had changed places')
  await correct({ device: 'Hotel', position: 3, displace: 'remove' })
  t.match((await service.get('/api/containers/P2')).body, { lidded: false, lid: null }, 'of a lid that is away nobody knows where it is')
  await correct({ device: 'Hotel', position: 0, displace: 'remove' })
  t.equal((await service.get('/api/containers/P2')).status, 404, 'a container that is away is removed')
  t.equal((await service.get('/api/lab/health')).body.healthy, true)
  t.match((await service.get('/api/events?sort=-revision&limit=2')).body.items, [{ kind: 'corrected', reason }, { kind: 'removed', reason, before: { barcode: 'P2' } }])
})

t.test('what a correction displaces is not brought back by the same correction', async (t) => {
  // Which of the two slots is looked at first depends on random ids, so there are several tries.
  for (let attempt = 0; attempt < 8; attempt++) {
    const service = await aLab(t, { Hotel: 2 })
    const { body: { id } } = await service.post('/api/containers', { device: 'Hotel', position: 0, barcode: 'X', lid: { device: 'Hotel', position: 1 } })
    const { body: lab } = await service.put('/api/lab/config?prune=false', { sila_servers: { devices: { Washer: { capacity: 1 } } } })
    await service.post('/api/containers', { device: 'Washer', position: 0, barcode: 'Y', lidded: true })
    const { status } = await service.post('/api/containers/Y/correct', { reason, device: 'Hotel', position: 0, lid: { device: 'Hotel', position: 1 }, displace: 'remove' })
    t.equal(status, 200)
    t.match((await service.get(`/api/containers/${id}`)).body, { device: null, lid: null, removed_at: String })
    t.match((await service.get('/api/containers/Y')).body, { device: 'Hotel', position: 0, lid: { device: 'Hotel', position: 1 } })
    t.match((await service.get(`/api/events?after=${lab.revision + 1}`)).body.items.map(({ kind }: { kind: string }) => kind), ['removed', 'corrected'], 'one event each')
  }
})

t.test('it goes past the normal rules: a removed container is back, a promised slot is taken', async (t) => {
  const service = await aFullLab(t)
  const { body: { id } } = await service.delete('/api/containers/P2')
  t.match(await service.post(`/api/containers/${id}/correct`, { reason, lidded: true }), { status: 409, body: { code: 'container-removed' } }, 'where is it?')
  await service.post('/api/reservations', { device: 'Washer', purpose: 'container', owner: 'o', ttl_seconds: 60 })
  const { status, body } = await service.post(`/api/containers/${id}/correct`, { reason, device: 'Washer', position: 0 })
  t.equal(status, 200)
  t.match(body.container, { barcode: 'P2', device: 'Washer', position: 0, removed_at: null })
  await service.delete('/api/containers/P2')
  await service.post('/api/containers', { device: 'Hotel', barcode: 'P2' })
  t.match(await service.post(`/api/containers/${id}/correct`, { reason, device: 'Hotel', position: 2 }), { status: 409, body: { code: 'barcode-in-use' } }, 'another has its barcode by now')
  t.match((await service.post(`/api/containers/${id}/correct`, { reason, device: 'Hotel', position: 2, barcode: null })).body.container, { id, barcode: null, position: 2 })
})

t.test('never past the constraints, and never without a reason', async (t) => {
  const service = await aFullLab(t)
  for (const [seen, pointer] of [
    [{ device: 'Hotel', position: 1 }, '/reason'], [{ reason: '', device: 'Hotel', position: 1 }, '/reason'], [{ reason, device: 'Hotel' }, '/position'], [{ reason, position: 1 }, '/device'],
    [{ reason, lidded: true, lid: { device: 'Hotel', position: 1 } }, '/lid'], [{ reason, displace: 'throw' }, '/displace'], [{ reason, barcode: '' }, '/barcode'], [{ reason, lid: { device: 'Hotel' } }, '/lid/position']
  ] as const) {
    t.match(await service.post('/api/containers/P1/correct', seen), { status: 400, body: { errors: [{ pointer }] } }, JSON.stringify(seen))
  }
  t.equal((await service.post('/api/containers/P1/correct', { reason })).status, 400, 'a reason alone corrects nothing')
  t.match(await service.post('/api/containers/P1/correct', { reason, device: 'Hotel', position: 9 }), { status: 404, body: { code: 'position-not-found' } })
  t.match(await service.post('/api/containers/P1/correct', { reason, device: 'Attic', position: 0 }), { status: 404, body: { code: 'device-not-found' } })
  t.match(await service.post('/api/containers/P8/correct', { reason, lidded: true }), { status: 404, body: { code: 'container-not-found' } })
})
