import t from 'tap'
import { aLab } from '../support/service.ts'

const deep = { description: 'a deep one', deep_well: true, height_mm: 44, wells: 96, lid: 'optional' }

t.test('labware types over HTTP', async (t) => {
  const lab = await aLab(t, { Hotel: 3 })

  await t.test('are added, read, listed, changed, and deleted, each with an event', async (t) => {
    const plan = await lab.put('/api/labware-types/Deep%2096?dry_run=true', deep)
    t.match(plan, { status: 201, body: { name: 'Deep 96', ...deep, extra: null, version: 1 } })
    t.match(await lab.get('/api/labware-types/Deep%2096'), { status: 404, body: { code: 'labware-type-not-found', labware_type: 'Deep 96', detail: /PUT/ } }, 'a dry run adds nothing')
    const added = await lab.put('/api/labware-types/Deep%2096', deep)
    t.match(added, { status: 201, headers: { location: '/api/labware-types/Deep%2096' }, body: { name: 'Deep 96', ...deep, version: 1 } })
    t.match(await lab.put('/api/labware-types/Deep%2096', deep), { status: 200, body: { version: 1 } }, 'the same again changes nothing')
    const { headers: { etag } } = await lab.get('/api/labware-types/Deep%2096')
    t.match(await lab.put('/api/labware-types/Deep%2096', { ...deep, height_mm: 41 }, { 'if-match': String(etag) }), { status: 200, body: { height_mm: 41, version: 2 } })
    t.match(await lab.put('/api/labware-types/Deep%2096', deep, { 'if-match': String(etag) }), { status: 412 })
    await lab.put('/api/labware-types/Another', {})
    t.match((await lab.get('/api/labware-types?limit=1&count=true')).body, { items: [{ name: 'Another', deep_well: false, height_mm: null }], total: 2, next_cursor: String })
    const { body: { next_cursor } } = await lab.get('/api/labware-types?limit=1')
    t.match((await lab.get(`/api/labware-types?limit=1&cursor=${next_cursor}`)).body, { items: [{ name: 'Deep 96' }], next_cursor: null })
    t.match((await lab.delete('/api/labware-types/Another?dry_run=true')).body, { name: 'Another' })
    t.match(await lab.delete('/api/labware-types/Another'), { status: 200, body: { name: 'Another' } })
    t.match(await lab.delete('/api/labware-types/Another'), { status: 404, body: { code: 'labware-type-not-found', parameter: 'name' } })
    t.match((await lab.get('/api/events?after=1')).body.items, [
      { kind: 'labware-type-added', before: null, after: { name: 'Deep 96', height_mm: 44 } }, { kind: 'labware-type-updated', before: { height_mm: 44 }, after: { height_mm: 41 } },
      { kind: 'labware-type-added', after: { name: 'Another' } }, { kind: 'labware-type-deleted', before: { name: 'Another' }, after: null }
    ])
    t.match((await lab.get('/api/labware-types/Another?at=4')).body, { name: 'Another' })
    t.match((await lab.get('/api/labware-types/Deep%2096?at=2')).body, { height_mm: 44 })
    t.equal((await lab.get('/api/labware-types/Another?at=5')).status, 404)
  })

  await t.test('no name can be taken that the lab file could not have', async (t) => {
    const rule = { status: 400, body: { errors: [{ detail: /"__proto__"/ }] } }
    t.match(await lab.put('/api/labware-types/__proto__', {}), rule)
    t.match(await lab.post('/api/devices', { name: '__proto__', capacity: 1 }), rule)
    t.match(await lab.post('/api/devices', { name: 'X', group: '__proto__', capacity: 1 }), rule)
    t.match(await lab.patch('/api/devices/Hotel', { name: '__proto__' }), rule)
    t.match(await lab.patch('/api/devices/Hotel', { group: '__proto__' }), rule)
    t.match(await lab.post('/api/steps', { device: '__proto__', start: '2026-01-01T00:00:00Z', finish: '2026-01-01T00:01:00Z' }), rule)
    for (const odd of ['constructor', 'prototype', 'toString', 'hasOwnProperty', '1', 'null', 'a/b', '<<', '*x', '&x', '!!y', 'a: b', '#', '"', 'yes', '~']) {
      t.equal((await lab.put(`/api/labware-types/${encodeURIComponent(odd)}`, {})).status, 201, odd)
      t.equal((await lab.post('/api/devices', { name: odd, group: odd, capacity: 1 })).status, 201, odd)
    }
    const { body } = await lab.get('/api/lab/config')
    t.match(await lab.put('/api/lab/config?dry_run=true&prune=true', body), { status: 200, body: { changes: [], labware_types: [] } }, 'what was read can be sent again')
    const { text } = await lab.get('/api/lab/config', { accept: 'application/yaml' })
    t.match(await lab.put('/api/lab/config?dry_run=true&prune=true', text, { 'content-type': 'application/yaml' }), { status: 200, body: { changes: [], labware_types: [] } }, 'as YAML, too')
  })

  await t.test('bad input names its member and the rule', async (t) => {
    for (const [body, pointer] of [[{ height_mm: 0 }, '/height_mm'], [{ wells: 1.5 }, '/wells'], [{ lid: 'sometimes' }, '/lid'], [{ deep_well: 'yes' }, '/deep_well'], [{ colour: 'red' }, '/colour']] as const) {
      t.match(await lab.put('/api/labware-types/X', body), { status: 400, body: { errors: [{ pointer }] } }, pointer)
    }
    t.match(await lab.put('/api/labware-types/%20X', {}), { status: 400, body: { errors: [{ parameter: 'name' }] } })
    t.match(await lab.put(`/api/labware-types/${'x'.repeat(201)}`, {}), { status: 400 })
    t.match(await lab.patch('/api/devices/Hotel', { labware_types: ['Deep 96', 'None such'] }), { status: 400, body: { errors: [{ pointer: '/labware_types/1', detail: /"None such".*PUT/ }] } })
    t.match(await lab.post('/api/devices', { name: 'New', capacity: 1, labware_types: ['None such'] }), { status: 400, body: { errors: [{ pointer: '/labware_types/0' }] } })
    t.match(await lab.patch('/api/devices/Hotel/positions/0', { labware_types: ['None such'] }), { status: 400, body: { errors: [{ pointer: '/labware_types/0', detail: /GET \/api\/labware-types/ }] } })
    t.match(await lab.patch('/api/devices/Hotel/positions/0', { max_height_mm: -1 }), { status: 400, body: { errors: [{ pointer: '/max_height_mm' }] } })
    t.match(await lab.put('/api/lab/config', { sila_servers: { g: { 'a/b': { capacity: 1, labware_types: ['None such'] } } } }), { status: 400, body: { errors: [{ pointer: '/sila_servers/g/a~1b/labware_types/0' }] } })
  })

  await t.test('a deleted type stays on its containers, and leaves the lists of devices and slots', async (t) => {
    await lab.put('/api/labware-types/Flat', {})
    await lab.patch('/api/devices/Hotel', { labware_types: ['Deep 96', 'Flat'] })
    await lab.patch('/api/devices/Hotel/positions/1', { labware_types: ['Flat'] })
    await lab.post('/api/containers', { device: 'Hotel', position: 1, barcode: 'P1', labware_type: 'Flat' })
    const refused = { status: 409, body: { code: 'labware-type-in-use', labware_types: ['Flat'], in_use: [{ device: 'Hotel', position: 1 }], detail: /"Flat" is the only labware type that is listed in slot 1 of Hotel.*null allows every type/ } }
    t.match(await lab.delete('/api/labware-types/Flat'), refused)
    t.match(await lab.delete('/api/labware-types/Flat?dry_run=true'), refused)
    const { body: file } = await lab.get('/api/lab/config')
    const { Flat: _, ...others } = file.labware_types
    const without = JSON.parse(JSON.stringify({ ...file, labware_types: others }).replaceAll(/,"Flat"|"Flat",/g, '').replaceAll('"slots"', '"no_slots"'))
    t.match(await lab.put('/api/lab/config', without), refused, 'nor by a lab file that does not say what may stand there')
    t.match((await lab.get('/api/labware-types/Flat')).status, 200, 'nothing was done')
    await lab.patch('/api/devices/Hotel/positions/1', { labware_types: ['Flat', 'Deep 96'] })
    const { body: { revision } } = await lab.get('/api/lab')
    t.match(await lab.delete('/api/labware-types/Flat'), { status: 200 })
    t.match((await lab.get('/api/containers/P1')).body, { labware_type: 'Flat', position: 1 })
    t.match((await lab.get('/api/devices/Hotel')).body, { labware_types: ['Deep 96'] })
    t.strictSame((await lab.get('/api/devices/Hotel/positions/1')).body.labware_types, ['Deep 96'])
    t.match((await lab.get(`/api/devices/Hotel/positions/1?at=${revision}`)).body, { labware_types: ['Flat', 'Deep 96'] })
    t.match(await lab.post('/api/containers/P1/move', { target_device: 'Hotel', target_pos: 2 }), { status: 200 }, 'what nobody described goes anywhere')
    t.match((await lab.get(`/api/events?after=${revision}&limit=3`)).body.items, [{ kind: 'labware-type-deleted' }, { kind: 'device-updated' }, { kind: 'position-updated' }])
  })
})

t.test('labware types in the lab file', async (t) => {
  const lab = await aLab(t, {})
  const file = {
    sila_servers: { g: { Hotel: { capacity: 2, labware_types: ['Flat'], max_height_mm: 45.5 }, Waste: { capacity: 0, disposes: true } } },
    labware_types: { Flat: { wells: 96, sold_by: 'Greiner' }, 'Deep 96': { deep_well: true } }
  }
  t.match((await lab.put('/api/lab/config?dry_run=true', file)).body, { applied: false, labware_types: [{ action: 'add', labware_type: 'Flat' }, { action: 'add', labware_type: 'Deep 96' }] })
  t.equal((await lab.get('/api/labware-types/Flat')).status, 404)
  t.match((await lab.put('/api/lab/config', file)).body, { applied: true, labware_types: [{ action: 'add' }, { action: 'add' }] })
  t.strictSame((await lab.get('/api/lab/config')).body, file, 'it comes back as it was sent')
  t.match((await lab.put('/api/lab/config', file)).body, { labware_types: [{ action: 'unchanged' }, { action: 'unchanged' }], revision: 2 })
  t.match((await lab.get('/api/labware-types/Flat')).body, { wells: 96, extra: { sold_by: 'Greiner' } })
  const yaml = (await lab.get('/api/lab/config', { accept: 'application/yaml' })).text
  t.match(yaml, /labware_types:\n {2}Flat:\n {4}wells: 96/)
  t.match((await lab.call('PUT', '/api/lab/config', yaml, { 'content-type': 'application/yaml' })).body, { revision: 2 })

  const { labware_types: _, ...older } = file
  t.match((await lab.put('/api/lab/config', older)).body, { labware_types: undefined, revision: 2 }, 'a file without types changes none')
  const less = { ...file, labware_types: { Flat: { wells: 384, sold_by: 'Greiner' } } }
  t.match((await lab.put('/api/lab/config?prune=false', less)).body, { labware_types: [{ action: 'update', changed: ['wells'] }], revision: 3 })
  t.match((await lab.put('/api/lab/config', less)).body, { labware_types: [{ action: 'unchanged' }, { action: 'delete', labware_type: 'Deep 96' }], revision: 4 })
  t.match(await lab.put('/api/lab/config', { ...file, labware_types: {} }), { status: 400, body: { errors: [{ pointer: '/sila_servers/g/Hotel/labware_types/0' }] } })
  t.strictSame((await lab.get('/api/lab/config?at=2')).body, file)
  t.match((await lab.post('/api/lab/restore', { at: 2, reason: 'by mistake' })).body, { labware_types: [{ action: 'update', labware_type: 'Flat' }, { action: 'add', labware_type: 'Deep 96' }], findings: [] })
  t.match((await lab.get('/api/lab/config')).body, file)
  t.match((await lab.delete('/api/lab?confirm=wipe')).body, { devices_retired: 2 })
})

t.test('a condition on a labware type that does not exist is not met', async (t) => {
  const lab = await aLab(t, {})
  const put = async (ifMatch: string) => await lab.call('PUT', '/api/labware-types/Flat', JSON.stringify({ wells: 96 }), { 'content-type': 'application/json', 'if-match': ifMatch })
  t.match(await put('*'), { status: 412, body: { code: 'precondition-failed', etags: [] } })
  t.equal((await lab.get('/api/labware-types/Flat')).status, 404, 'nothing was added')
  await lab.put('/api/labware-types/Flat', { wells: 384 })
  t.match(await put('*'), { status: 200, body: { wells: 96 } })
})

t.test('a slot or device that is not there when its only type is deleted comes back without a list', async (t) => {
  const lab = await aLab(t, { Hotel: 3, Reader: 1 })
  await lab.put('/api/labware-types/Flat', {})
  await lab.put('/api/labware-types/High', {})
  await lab.patch('/api/devices/Hotel/positions/2', { labware_types: ['High'] })
  await lab.patch('/api/devices/Reader', { labware_types: ['High'] })
  await lab.patch('/api/devices/Reader/positions/0', { labware_types: ['High'] })
  const { body: { revision } } = await lab.get('/api/lab')
  await lab.patch('/api/devices/Hotel', { capacity: 2 })
  await lab.delete('/api/devices/Reader')
  t.match(await lab.delete('/api/labware-types/High'), { status: 200 }, 'what is not in the lab uses no type')
  await lab.patch('/api/devices/Hotel', { capacity: 3 })
  await lab.post('/api/devices', { name: 'Reader', capacity: 1 })
  for (const place of [{ device: 'Hotel', position: 2 }, { device: 'Reader', position: 0 }]) {
    t.equal((await lab.get(`/api/devices/${place.device}/positions/${place.position}`)).body.labware_types, null)
    t.match(await lab.post('/api/containers', { ...place, labware_type: 'Flat' }), { status: 201 }, `a type that is described may stand on ${place.device}`)
  }
  t.same((await lab.get(`/api/devices/Hotel/positions/2?at=${revision}`)).body.labware_types, ['High'])
})

t.test('a wipe keeps the types, and a device that comes back keeps the settings of its slots', async (t) => {
  const lab = await aLab(t, {})
  const file = (device: object) => ({ sila_servers: { storage: { Hotel: device } } })
  await lab.put('/api/lab/config', { labware_types: { 'Deep 96': { deep_well: true } }, ...file({ capacity: 3, slots: { 1: { deep_well_suited: true } } }) })
  t.match(await lab.delete('/api/lab?confirm=wipe'), { status: 200, body: { devices_retired: 1 } })
  t.same((await lab.get('/api/labware-types')).body.items.map(({ name }: { name: string }) => name), ['Deep 96'])
  await lab.put('/api/lab/config', file({ capacity: 3 }))
  t.same((await lab.get('/api/devices/Hotel/positions')).body.map(({ deep_well_suited }: { deep_well_suited: boolean }) => deep_well_suited), [false, true, false])
})
