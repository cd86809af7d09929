import t from 'tap'
import { eventsOf } from '../support/lab-log.ts'
import { logged } from '../support/log.ts'
import { aLab, aService, type Service } from '../support/service.ts'

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
      revision: 1,
      warnings: []
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
    await logged(lab, { device: 'Reader9' })
    const { Reader9: id } = await deviceIds(lab)
    t.match((await lab.put('/api/lab/config', { sila_servers: { devices: { Hotel: { capacity: 3 }, Reader9: { capacity: 1 } } } })).body, { changes: [{ action: 'unchanged' }, { action: 'add' }] })
    t.match((await lab.get('/api/devices/Reader9')).body, { id, listed: true, capacity: 1 })
  })

  t.test('does not retire what only logs know', async (t) => {
    const lab = await aLab(t, { Hotel: 3 })
    await logged(lab, { device: 'Reader9' })
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
    t.strictSame((await lab.put('/api/lab/config', file)).body, { applied: true, revision: 2, changes: dry.body.changes, warnings: [] })
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
    const devices = Object.fromEntries(Array.from({ length: 20 }, (_, n) => [`Hotel${n}`, { capacity: 1, note: 'x'.repeat(60_000) }]))
    t.match(await put(JSON.stringify({ sila_servers: { hotels: devices } }), 'application/json'), { status: 200 })
  })

  t.test('says what is too large in it', async (t) => {
    const large = 'x'.repeat(40_000)
    const extra = /^must not have unknown members of more than 65536 bytes as JSON, .*; "note" has 40002, "more" has 40002$/
    t.match(await put(JSON.stringify({ sila_servers: { hotels: { Hotel: { capacity: 1, note: large, more: large, description: 'x'.repeat(2001) } } }, description: large + large, note: large, more: large, labware_types: { Deep: { note: large, more: large } } }), 'application/json'), {
      status: 400,
      body: {
        errors: [
          { pointer: '/description', detail: /^must not be larger than 65536 bytes as JSON/ }, { pointer: '', detail: extra },
          { pointer: '/sila_servers/hotels/Hotel/description', detail: 'must have at most 2000 characters' }, { pointer: '/sila_servers/hotels/Hotel', detail: extra },
          { pointer: '/labware_types/Deep', detail: extra }
        ]
      }
    })
  })

  t.test('has no other parameters', async (t) => {
    t.match(await lab.put('/api/lab/config?dryrun=true', { sila_servers: {} }), { status: 400, body: { errors: [{ in: 'query', parameter: 'dryrun' }] } })
    t.match(await lab.put('/api/lab/config?dry_run=1', { sila_servers: {} }), { status: 400 })
  })
})

t.test('many devices and slots are one quick command', async (t) => {
  const service = await aService(t)
  const devices = Object.fromEntries(Array.from({ length: 300 }, (_, index) => [`D${index}`, { capacity: 40 }]))
  t.match(await service.put('/api/lab/config', { sila_servers: { g: devices } }), { status: 200 })
  t.match((await service.get('/api/lab')).body.totals, { devices: 300, positions: 12_000 })
  t.match((await service.delete('/api/lab?confirm=wipe')).body, { devices_retired: 300, revision: 2 })
})
