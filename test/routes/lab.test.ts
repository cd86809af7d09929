import t from 'tap'
import { aLab, aService, type Service } from '../support/service.ts'

const yaml = { 'content-type': 'application/yaml' }

async function eventsOf (service: Service): Promise<{ revision: number, ordinal: number, kind: string, before: Record<string, unknown>, after: Record<string, unknown> }[]> {
  const { rows } = await service.app.database.pool.query('SELECT revision::int, ordinal, kind, before, after FROM event ORDER BY revision, ordinal')
  return rows
}

async function deviceIds (service: Service): Promise<Record<string, string>> {
  const { body: { items } } = await service.get('/api/devices?retired=any&listed=any&limit=500')
  return Object.fromEntries(items.map(({ name, id }: { name: string, id: string }) => [name, id]))
}

t.test('putting a lab file', async (t) => {
  t.test('adds devices with their slots, in one revision', async (t) => {
    const service = await aService(t)
    const answer = await service.put('/api/lab/config', { sila_servers: { storage: { Hotel: { capacity: 3 } }, washers: { Washer: { capacity: 1, type: 'washer', dry: true } } } })
    t.match(answer, { status: 200 })
    t.strictSame(answer.body, {
      applied: true,
      changes: [
        { action: 'add', device: 'Hotel', group: 'storage', capacity: { from: null, to: 3 }, changed: [] },
        { action: 'add', device: 'Washer', group: 'washers', capacity: { from: null, to: 1 }, changed: [] }
      ],
      revision: 1
    })
    t.match((await service.get('/api/devices/Washer')).body, { group: 'washers', capacity: 1, type: 'washer', extra: { dry: true }, listed: true, version: 1 })
    t.equal((await service.get('/api/devices/Hotel/positions')).body.length, 3)
    t.match(await eventsOf(service), [
      { revision: 1, ordinal: 0, kind: 'device-added', before: null, after: { name: 'Hotel' } },
      { revision: 1, ordinal: 1, kind: 'device-added', after: { name: 'Washer', extra: { dry: true } } },
      { revision: 1, ordinal: 2, kind: 'lab-updated', before: { groups: [] }, after: { groups: [{ name: 'storage', devices: ['Hotel'] }, { name: 'washers', devices: ['Washer'] }] } }
    ])
  })

  t.test('again changes nothing', async (t) => {
    const lab = await aLab(t, { Hotel: 3, Washer: 1 })
    const before = (await lab.get('/api/devices')).body
    const answer = await lab.put('/api/lab/config', { sila_servers: { devices: { Hotel: { capacity: 3 }, Washer: { capacity: 1 } } } })
    t.match(answer, { status: 200, body: { applied: true, revision: 1, changes: [{ action: 'unchanged', device: 'Hotel' }, { action: 'unchanged', device: 'Washer' }] } })
    t.strictSame((await lab.get('/api/devices')).body, before)
    t.equal((await eventsOf(lab)).at(-1)!.revision, 1)
  })

  t.test('grows, shrinks, updates, moves, retires and brings back', async (t) => {
    const service = await aService(t)
    const put = async (groups: object) => (await service.put('/api/lab/config', { sila_servers: groups })).body
    await put({ a: { More: { capacity: 1 }, Less: { capacity: 3 }, Other: { capacity: 1 }, Gone: { capacity: 2 } } })
    const ids = await deviceIds(service)

    t.match(await put({ a: { More: { capacity: 2 }, Less: { capacity: 1 } }, b: { Other: { capacity: 1, type: 't' } } }), {
      revision: 2,
      changes: [
        { action: 'grow', device: 'More', capacity: { from: 1, to: 2 } },
        { action: 'shrink', device: 'Less', capacity: { from: 3, to: 1 } },
        { action: 'update', device: 'Other', group: 'b', changed: ['group', 'type'] },
        { action: 'retire', device: 'Gone', capacity: { from: 2, to: null } }
      ]
    })
    t.match((await service.get('/api/lab')).body.devices, [
      { name: 'More', group: 'a', positions: 2 }, { name: 'Less', group: 'a', positions: 1 }, { name: 'Other', group: 'b', positions: 1 }
    ])
    t.equal((await service.get('/api/devices/Gone')).status, 404)
    t.match((await eventsOf(service)).filter(({ revision }) => revision === 2).map(({ kind }) => kind),
      ['device-grown', 'device-shrunk', 'device-updated', 'device-retired', 'lab-updated'])

    t.match(await put({ a: { More: { capacity: 2 }, Less: { capacity: 1 }, Gone: { capacity: 4 } }, b: { Other: { capacity: 1, type: 't' } } }), {
      revision: 3, changes: [{ action: 'unchanged' }, { action: 'unchanged' }, { action: 'restore', device: 'Gone', capacity: { from: null, to: 4 } }, { action: 'unchanged' }]
    })
    t.strictSame(await deviceIds(service), ids, 'the same devices again')
    t.equal((await service.get('/api/devices/Gone/positions')).body.length, 4)
  })

  t.test('with prune=false keeps what it does not name', async (t) => {
    const lab = await aLab(t, { Hotel: 3 })
    t.match((await lab.put('/api/lab/config?prune=false', { sila_servers: { washers: { Washer: { capacity: 1 } } } })).body,
      { changes: [{ action: 'add', device: 'Washer' }, { action: 'unchanged', device: 'Hotel' }] })
    t.strictSame((await lab.get('/api/lab/config')).body, { sila_servers: { washers: { Washer: { capacity: 1 } }, devices: { Hotel: { capacity: 3 } } } })
    t.match(await lab.put('/api/lab/config?prune=false', { sila_servers: {} }), { status: 200, body: { revision: 2 } })
  })

  t.test('lists a device that only logs knew, as the same device', async (t) => {
    const lab = await aLab(t, { Hotel: 3 })
    await lab.post('/api/steps', { device: 'Reader9', start: '2026-03-02T09:15:00Z', finish: '2026-03-02T09:16:00Z' })
    const { Reader9: id } = await deviceIds(lab)
    t.match((await lab.put('/api/lab/config', { sila_servers: { devices: { Hotel: { capacity: 3 }, Reader9: { capacity: 1 } } } })).body, { changes: [{ action: 'unchanged' }, { action: 'add' }] })
    t.match((await lab.get('/api/devices/Reader9')).body, { id, listed: true, capacity: 1 })
  })

  t.test('does not retire what only logs know', async (t) => {
    const lab = await aLab(t, { Hotel: 3 })
    await lab.post('/api/steps', { device: 'Reader9', start: '2026-03-02T09:15:00Z', finish: '2026-03-02T09:16:00Z' })
    t.match((await lab.put('/api/lab/config', { sila_servers: {} })).body.changes, [{ action: 'retire', device: 'Hotel' }])
    t.match(await lab.get('/api/devices/Reader9'), { status: 200, body: { listed: false, retired_at: null } })
  })

  t.test('stores another order, though no device changes', async (t) => {
    const lab = await aLab(t, { Hotel: 3, Washer: 1 })
    const turned = { sila_servers: { devices: { Washer: { capacity: 1 }, Hotel: { capacity: 3 } } } }
    t.match((await lab.put('/api/lab/config', turned)).body, { revision: 2, changes: [{ action: 'unchanged', device: 'Washer' }, { action: 'unchanged', device: 'Hotel' }] })
    t.equal((await lab.get('/api/lab/config')).text, JSON.stringify(turned))
    t.match((await eventsOf(lab)).at(-1), { kind: 'lab-updated', before: { groups: [{ devices: ['Hotel', 'Washer'] }] }, after: { groups: [{ devices: ['Washer', 'Hotel'] }] } })
    t.match((await lab.get('/api/devices/Hotel')).body, { version: 1 })
  })

  t.test('dry, tells the same and changes nothing', async (t) => {
    const lab = await aLab(t, { Hotel: 3, Washer: 1 })
    const file = { description: 'new', sila_servers: { devices: { Hotel: { capacity: 4 }, Fresh: { capacity: 1 } } } }
    const dry = await lab.put('/api/lab/config?dry_run=true', file)
    t.match(dry, { status: 200, body: { applied: false, revision: 1 } })
    t.strictSame((await lab.get('/api/lab/config')).body, { sila_servers: { devices: { Hotel: { capacity: 3 }, Washer: { capacity: 1 } } } })
    t.strictSame((await lab.put('/api/lab/config', file)).body, { applied: true, revision: 2, changes: dry.body.changes })
    t.match((await lab.put('/api/lab/config?dry_run=true', file)).body, { applied: false, revision: 2 })
  })

  t.test('is refused when something is where a slot or device would go, dry or not; then nothing is applied', async (t) => {
    const lab = await aLab(t, { Hotel: 3, Washer: 1 })
    const { body: plate } = await lab.post('/api/containers', { device: 'Hotel', position: 2, barcode: 'P1', lid: { device: 'Washer', position: 0 } })
    const file = { sila_servers: { devices: { Hotel: { capacity: 2 }, Fresh: { capacity: 1 } } } }
    for (const query of ['', '?dry_run=true']) {
      const answer = await lab.put(`/api/lab/config${query}`, file)
      t.match(answer, { status: 409, body: { code: 'slots-occupied', detail: /slot 2 of Hotel holds the container "P1", slot 0 of Washer holds the lid of "P1"/ } })
      t.match(answer.body.occupied, [
        { device: 'Hotel', position: 2, occupant: { id: plate.id, barcode: 'P1', name: plate.name, part: 'container', since: String } },
        { device: 'Washer', position: 0, occupant: { id: plate.id, barcode: 'P1', name: plate.name, part: 'lid', since: String } }
      ])
    }
    t.strictSame((await lab.get('/api/lab/config')).body, { sila_servers: { devices: { Hotel: { capacity: 3 }, Washer: { capacity: 1 } } } })
    t.match((await lab.put('/api/lab/config?prune=false', { sila_servers: { devices: { Hotel: { capacity: 4 } } } })), { status: 200 })
    t.match((await lab.get('/api/containers/P1')).body, { device: 'Hotel', position: 2, lid: { device: 'Washer', position: 0 } })
  })

  t.test('names the first few of many in words, and all as members', async (t) => {
    const lab = await aLab(t, { Hotel: 8 })
    await lab.post('/api/containers/batch', { containers: Array.from({ length: 8 }, () => ({ device: 'Hotel' })) })
    const { body } = await lab.put('/api/lab/config', { sila_servers: {} })
    t.match(body.detail, /and 3 more/)
    t.equal(body.occupied.length, 8)
  })
})

t.test('the body of a lab file', async (t) => {
  const lab = await aLab(t, { Hotel: 3 })
  const put = async (body: string | Buffer | undefined, type = 'application/yaml') => await lab.put('/api/lab/config?dry_run=true', body, { 'content-type': type })

  t.test('is YAML under each of its names, or JSON', async (t) => {
    for (const type of ['application/yaml', 'application/x-yaml', 'text/yaml', 'application/yaml; charset=utf-8']) {
      t.match(await put('sila_servers:\n  a:\n    Hotel: {capacity: 4, allows_overlap: False} # aside', type), { status: 200, body: { changes: [{ action: 'grow' }] } }, type)
    }
    t.match(await put('{"sila_servers": {"a": {"Hotel": {"capacity": 3}}}}', 'application/json'), { status: 200 })
  })

  t.test('is of no other type', async (t) => {
    t.match(await put('sila_servers: {}', 'text/plain'), { status: 415, body: { code: 'unsupported-media-type', supported: ['application/json', 'application/yaml', 'application/x-yaml', 'text/yaml'] } })
  })

  t.test('that does not parse is told with line and column', async (t) => {
    t.match(await put('sila_servers:\n  a: [1\n  b: 2\n'), { status: 400, body: { code: 'malformed-body', line: 3, column: Number } })
    t.match(await put('{"sila_servers": ', 'application/json'), { status: 400, body: { code: 'malformed-body' } })
    t.match(await put(Buffer.from([0x61, 0x3a, 0x20, 0xff])), { status: 400, body: { code: 'malformed-body', detail: /UTF-8/ } })
  })

  t.test('that says nothing is told what is wanted', async (t) => {
    for (const body of ['', '# nothing', undefined]) t.match(await put(body), { status: 400, body: { code: 'invalid-request', errors: [{ pointer: '/sila_servers', detail: /is required/ }] } })
    t.match(await lab.put('/api/lab/config'), { status: 400 })
  })

  t.test('tells all faults at once', async (t) => {
    t.match(await put('sila_servers:\n  a:\n    Hotel: {capacity: -1}\n    Washer:\n  b:\n    Hotel: {capacity: 1.5}\n'), {
      status: 400,
      body: {
        code: 'invalid-request',
        errors: [{ in: 'body', pointer: '/sila_servers/a/Hotel/capacity' }, { pointer: '/sila_servers/a/Washer/capacity' }, { pointer: '/sila_servers/b/Hotel', detail: /"a"/ }, { pointer: '/sila_servers/b/Hotel/capacity' }]
      }
    })
    t.match(await put('sila_servers: {}\nlimit: .inf'), { status: 400, body: { errors: [{ pointer: '/limit' }] } })
  })

  t.test('is not larger than a lab file can be', async (t) => {
    t.match(await put(`sila_servers: {}\nnote: ${'x'.repeat(1_100_000)}`), { status: 413, body: { code: 'body-too-large', limit: 1_048_576 } })
    t.match(await put(JSON.stringify({ sila_servers: {}, note: 'x'.repeat(1_100_000) }), 'application/json'), { status: 200 })
  })

  t.test('has no other parameters', async (t) => {
    t.match(await lab.put('/api/lab/config?dryrun=true', { sila_servers: {} }), { status: 400, body: { errors: [{ in: 'query', parameter: 'dryrun' }] } })
    t.match(await lab.put('/api/lab/config?dry_run=1', { sila_servers: {} }), { status: 400 })
  })
})

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
    await lab.post('/api/steps', { device: 'Reader9', start: '2026-03-02T09:15:00Z', finish: '2026-03-02T09:16:00Z' })
    const answer = await lab.get('/api/lab')
    t.strictSame(answer.body, {
      revision: 6,
      totals: { devices: 3, positions: 4, occupied: 3, empty: 1, utilization: 0.75, containers: 2, containers_removed: 1 },
      devices: [
        {
          name: 'Hotel', group: 'devices', positions: 3, occupied: 2,
          containers: [
            { id: first.id, barcode: null, name: 'first', position: 0, lidded: false, lid: { device: 'Washer', position: 0 } },
            { id: second.id, barcode: 'P2', name: second.name, position: 2, lidded: true, lid: null }
          ]
        },
        { name: 'Washer', group: 'devices', positions: 1, occupied: 1, containers: [] },
        { name: 'Greeter', group: 'devices', positions: 0, occupied: 0, containers: [] }
      ]
    })
    t.equal((await lab.get('/api/lab', { 'if-none-match': String(answer.headers.etag) })).status, 304)
  })

  t.test('of an empty lab has no utilization', async (t) => {
    const service = await aService(t)
    t.strictSame((await service.get('/api/lab')).body, {
      revision: 0, totals: { devices: 0, positions: 0, occupied: 0, empty: 0, utilization: null, containers: 0, containers_removed: 0 }, devices: []
    })
    t.strictSame((await service.get('/api/lab/config')).body, { sila_servers: {} })
    t.strictSame((await service.get('/api/lab/health')).body, { healthy: true, findings: [] })
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

t.test('many devices and slots are one quick command', async (t) => {
  const service = await aService(t)
  const devices = Object.fromEntries(Array.from({ length: 300 }, (_, index) => [`D${index}`, { capacity: 40 }]))
  t.match(await service.put('/api/lab/config', { sila_servers: { g: devices } }), { status: 200 })
  t.match((await service.get('/api/lab')).body.totals, { devices: 300, positions: 12_000 })
  t.match((await service.delete('/api/lab?confirm=wipe')).body, { devices_retired: 300, revision: 2 })
})
