import t from 'tap'
import { eventsOf } from '../support/lab-log.ts'
import { logged } from '../support/log.ts'
import { aLab, aService, type Service } from '../support/service.ts'

const yaml = { 'content-type': 'application/yaml' }

async function deviceIds (service: Service): Promise<Record<string, string>> {
  const { body: { items } } = await service.get('/api/devices?retired=any&listed=any&limit=500')
  return Object.fromEntries(items.map(({ name, id }: { name: string, id: string }) => [name, id]))
}

t.test('the lab as a file', async (t) => {
  const service = await aService(t)
  const file = {
    description: ['a lab', 'of ours'],
    sila_servers: { z: { B: { capacity: 2, allows_overlap: false, type: 'yes', resolution: 640 }, A: { capacity: 0 } }, empty: {}, a: { C: { capacity: 1, process_capacity: 3, min_capacity: 1, description: 'd', uri: 'u' } } },
    pythonlab_translation: { z: 'ZResource' },
    owner: { name: null, rooms: [1, 2] }
  }
  await service.put('/api/lab/config', file)

  t.test('comes back as it was put, in order', async (t) => {
    const answer = await service.get('/api/lab/config')
    t.equal(answer.text, JSON.stringify(file))
    t.match(answer.headers, { 'content-type': /^application\/json/, vary: 'accept', etag: String })
    t.equal((await service.get('/api/lab/config', { 'if-none-match': String(answer.headers.etag) })).status, 304)
  })

  t.test('as YAML too, and either put back changes nothing', async (t) => {
    for (const accept of ['application/yaml', 'application/x-yaml', 'text/yaml', 'text/html, application/yaml;q=0.9, */*;q=0.1']) {
      const answer = await service.get('/api/lab/config', { accept })
      t.match(answer.headers['content-type'], accept.startsWith('text/html') ? /^application\/yaml/ : new RegExp(`^${accept}`))
      t.match(answer.text, /^description:\n {2}- a lab\n/)
      t.match((await service.put('/api/lab/config', answer.text, yaml)).body, { revision: 1, changes: [{ action: 'unchanged' }, { action: 'unchanged' }, { action: 'unchanged' }] })
    }
    t.match((await service.put('/api/lab/config', (await service.get('/api/lab/config')).body)).body, { revision: 1 })
  })

  t.test('is JSON for whoever does not say otherwise', async (t) => {
    for (const accept of ['*/*', 'application/*', 'text/html', 'application/json, application/yaml', 'application/yaml;q=0, */*', 'application/yaml;q=x', 'application/yaml;q=0.2, application/json;q=0.8']) {
      t.match((await service.get('/api/lab/config', { accept })).headers['content-type'], /^application\/json/, accept)
    }
    t.match((await service.get('/api/lab/config', { accept: 'text/*' })).headers['content-type'], /^text\/yaml/)
  })

  t.test('has devices that were added otherwise, and not those that are gone', async (t) => {
    await service.post('/api/devices', { name: '7', group: 'new', capacity: 1 })
    await service.post('/api/devices', { name: 'D', group: 'z', capacity: 1 })
    await service.delete('/api/devices/A')
    const { body } = await service.get('/api/lab/config')
    t.strictSame(Object.keys(body.sila_servers), ['z', 'empty', 'a', 'new'])
    t.strictSame(Object.keys(body.sila_servers.z), ['B', 'D'])
    const { revision } = (await service.get('/api/lab')).body
    t.equal((await service.put('/api/lab/config', body)).body.revision, revision, 'put back, nothing changes')
  })
})

t.test('the state of the platform', async (t) => {
  t.test('is every device with what stands on it, and the totals', async (t) => {
    const lab = await aLab(t, { Hotel: 3, Washer: 1, Greeter: 0 })
    const { body: second } = await lab.post('/api/containers', { device: 'Hotel', position: 2, barcode: 'P2', lidded: true })
    const { body: first } = await lab.post('/api/containers', { device: 'Hotel', position: 0, name: 'first', lid: { device: 'Washer' } })
    const { body: gone } = await lab.post('/api/containers', { device: 'Hotel', position: 1 })
    await lab.delete(`/api/containers/${gone.id}`)
    await logged(lab, { device: 'Reader9' })
    await lab.post('/api/containers/P2/unlid', { lid_device: 'Hotel', lid_pos: 1 })
    await lab.post('/api/containers/P2/lid', {})
    await lab.patch('/api/devices/Hotel/positions/1', { deep_well_suited: true })
    const { body: reservation } = await lab.post('/api/reservations', { device: 'Hotel', purpose: 'container', owner: 'scheduler', ttl_seconds: 600 })
    const { body: { items: [{ recorded_at: lidded_at }] } } = await lab.get('/api/events?kind=lidded')
    const bare = { type: null, view: null, disposes: false, waste: [], deep_well: [], reserved: [] }
    const answer = await lab.get('/api/lab')
    t.strictSame(answer.body, {
      revision: 10,
      totals: { devices: 3, positions: 4, occupied: 3, empty: 1, utilization: 0.75, containers: 2, containers_missing: 0, containers_removed: 1 },
      devices: [
        {
          ...bare, name: 'Hotel', group: 'devices', positions: 3, occupied: 2, deep_well: [1], reserved: [{ position: 1, owner: 'scheduler', expires_at: reservation.expires_at }],
          containers: [
            {
              id: first.id, barcode: null, name: 'first', position: 0, lidded: false, lid: { device: 'Washer', position: 0 }, since: first.created_at,
              last_event: { kind: 'added', recorded_at: first.created_at }
            },
            { id: second.id, barcode: 'P2', name: second.name, position: 2, lidded: true, lid: null, since: second.created_at, last_event: { kind: 'lidded', recorded_at: lidded_at } }
          ],
          lids: []
        },
        { ...bare, name: 'Washer', group: 'devices', positions: 1, occupied: 1, containers: [], lids: [{ container_id: first.id, barcode: null, name: 'first', position: 0 }] },
        { ...bare, name: 'Greeter', group: 'devices', positions: 0, occupied: 0, containers: [], lids: [] }
      ]
    })
    t.equal((await lab.get('/api/lab', { 'if-none-match': String(answer.headers.etag) })).status, 304)
  })

  t.test('has the type and the view of a device as the lab file says them, also of then', async (t) => {
    const service = await aService(t)
    const view = { columns: 2, from: 'bottom', labels: [1, null, 'x'] }
    await service.put('/api/lab/config', { sila_servers: { storage: { Hotel: { capacity: 2, type: 'hotel', view }, Rack: { capacity: 1, view: 'as a list' } } } })
    const told = [{ name: 'Hotel', type: 'hotel', view }, { name: 'Rack', type: null, view: 'as a list' }]
    t.match((await service.get('/api/lab')).body, { revision: 1, devices: told })
    await service.put('/api/lab/config', { sila_servers: { storage: { Hotel: { capacity: 2 }, Rack: { capacity: 1 } } } })
    t.match((await service.get('/api/lab')).body.devices, [{ type: null, view: null }, { view: null }])
    t.match((await service.get('/api/lab?at=1')).body.devices, told)
  })

  t.test('names the slots that are waste, also those of then and those that are otherwise than their device', async (t) => {
    const lab = await aService(t)
    await lab.put('/api/lab/config', { sila_servers: { storage: { Hotel: { capacity: 4 }, Bin: { capacity: 3, disposes: true }, Chute: { capacity: 0, disposes: true } } } })
    const waste = async (query = '') => (await lab.get(`/api/lab${query}`)).body.devices.map((device: { waste: number[] }) => device.waste)
    const told: number[][][] = [await waste()]
    t.strictSame(told, [[[], [0, 1, 2], []]])
    for (const [path, body, expected] of [
      ['Hotel/positions/3', { disposes: true }, [[3], [0, 1, 2], []]], ['Bin/positions/1', { disposes: false }, [[3], [0, 2], []]], ['Hotel/positions/1', { deep_well_suited: true }, [[3], [0, 2], []]],
      ['Hotel/positions/1', { disposes: true }, [[1, 3], [0, 2], []]], ['Hotel', { capacity: 2 }, [[1], [0, 2], []]], ['Bin', { disposes: false }, [[1], [], []]], ['Hotel', { disposes: true }, [[0, 1], [], []]]
    ] as const) {
      t.match(await lab.patch(`/api/devices/${path}`, body), { status: 200 })
      told.push(await waste())
      t.strictSame(told.at(-1), expected, `${path} ${JSON.stringify(body)}`)
    }
    for (const [n, then] of told.entries()) t.strictSame(await waste(`?at=${n + 1}`), then, `revision ${n + 1}`)
    const { body: now } = await lab.get('/api/lab')
    t.equal((await lab.get(`/api/lab?at=${now.revision}`)).body.totals.positions, now.totals.positions)
  })

  t.test('of an empty lab has no utilization', async (t) => {
    const service = await aService(t)
    t.strictSame((await service.get('/api/lab')).body, {
      revision: 0, totals: { devices: 0, positions: 0, occupied: 0, empty: 0, utilization: null, containers: 0, containers_missing: 0, containers_removed: 0 }, devices: []
    })
    t.strictSame((await service.get('/api/lab/config')).body, { sila_servers: {} })
    t.strictSame((await service.get('/api/lab/health')).body, { healthy: true, findings: [], last_backup: null })
  })
})

t.test('wiping the lab', async (t) => {
  t.test('removes every container, retires every device, and keeps all history', async (t) => {
    const lab = await aLab(t, { Hotel: 3, Washer: 1 })
    const { body: plate } = await lab.post('/api/containers', { device: 'Hotel', barcode: 'P1', lid: { device: 'Washer' } })
    await lab.post('/api/containers', { device: 'Hotel', barcode: 'P2' })
    await lab.post('/api/steps', { device: 'Reader9', start: '2026-03-02T09:15:00Z', finish: '2026-03-02T09:16:00Z', containers: ['P1'] })
    const ids = await deviceIds(lab)

    t.strictSame((await lab.delete('/api/lab?confirm=wipe')).body, { containers_removed: 2, devices_retired: 2, revision: 5 })
    t.match((await lab.get('/api/lab')).body, { totals: { devices: 0, positions: 0, containers: 0, containers_removed: 2 } })
    t.match((await lab.get(`/api/containers/${plate.id}`)).body, { removed_at: String, device: null, lid: null })
    t.match((await eventsOf(lab)).filter(({ revision }) => revision === 5), [
      { ordinal: 0, kind: 'removed', before: { barcode: 'P1', device: 'Hotel' }, after: { device: null } },
      { ordinal: 1, kind: 'removed', before: { barcode: 'P2' } },
      { ordinal: 2, kind: 'device-retired', before: { name: 'Hotel', retired_at: null }, after: { retired_at: String } },
      { ordinal: 3, kind: 'device-retired', before: { name: 'Washer' } }
    ])
    t.match((await lab.get(`/api/containers/${plate.id}/history`)).body.items.map(({ kind }: { kind: string }) => kind).sort(), ['added', 'removed', 'step'])

    t.strictSame((await lab.delete('/api/lab?confirm=wipe')).body, { containers_removed: 0, devices_retired: 0, revision: 5 }, 'again, nothing more')
    await lab.put('/api/lab/config', { sila_servers: { devices: { Hotel: { capacity: 3 }, Washer: { capacity: 1 } } } })
    t.strictSame(await deviceIds(lab), ids, 'the file brings the same devices back')
    t.match(await lab.post('/api/containers', { device: 'Hotel', position: 0, barcode: 'P1' }), { status: 201 })
  })

  t.test('keeps what a device\'s file says in order', async (t) => {
    const service = await aService(t)
    const file = { sila_servers: { g: { Scanner: { capacity: 1, zoom: 2, a: { zz: 1, b: 2 } } } } }
    await service.put('/api/lab/config', file)
    await service.delete('/api/lab?confirm=wipe')
    t.match((await service.put('/api/lab/config', file)).body.changes, [{ action: 'restore', changed: [] }])
  })

  t.test('wants to be told twice', async (t) => {
    const lab = await aLab(t, { Hotel: 3 })
    for (const query of ['', '?confirm=yes', '?confirm=']) {
      t.match(await lab.delete(`/api/lab${query}`), { status: 400, body: { code: 'confirmation-required', parameter: 'confirm', detail: /confirm=wipe/ } })
    }
    t.match((await lab.get('/api/lab')).body, { totals: { devices: 1 } })
  })
})
