import fc from 'fast-check'
import t from 'tap'
import { DeviceName, Name } from '../../../src/contract/common.ts'
import { validatorFor } from '../../../src/contract/validator.ts'
import { type DeviceSettings, type LabLayout, readLabConfig } from '../../../src/domain/lab-file/lab-config.ts'
import { extraFault, labFile } from '../../../src/domain/lab-file/lab-file.ts'
import { jsonPieces } from '../../../src/domain/lab-file/long-object.ts'
import { deviceChangeOf, planLab, type TrackedDevice, type TrackedLab } from '../../../src/domain/lab-file/lab-plan.ts'
import { deviceNameFault, nameFault } from '../../../src/domain/lab-file/names.ts'

const nothingSaid: DeviceSettings = {
  type: null, description: null, uri: null, capacity: 0, process_capacity: null, min_capacity: null, allows_overlap: null, disposes: false, labware_types: null, max_height_mm: null, extra: null
}

function read (file: unknown): LabLayout {
  const found = readLabConfig(file)
  if ('faults' in found) throw new Error(JSON.stringify(found.faults))
  return found.config
}

function faultsOf (file: unknown): [string | undefined, string][] {
  const found = readLabConfig(file)
  return 'faults' in found ? found.faults.map(({ pointer, detail }) => [pointer, detail]) : []
}

t.test('reading a lab file', async (t) => {
  t.test('takes what is known, and keeps what is not as extra, in order', async (t) => {
    const config = read({
      description: ['a lab'],
      owner: { b: 1, a: null },
      sila_servers: {
        scanners: {
          scanner1: {
            capacity: 1, resolution: 640, process_capacity: 2, min_capacity: 1, allows_overlap: false, type: 'scanner', description: 'in words',
            uri: 'https://scanner', zoom: null
          }
        }
      },
      pythonlab_translation: { scanners: 'ScannerResource' }
    })
    t.strictSame(config, {
      description: ['a lab'],
      pythonlab_translation: { scanners: 'ScannerResource' },
      extra: { owner: { b: 1, a: null } },
      groups: [{
        name: 'scanners',
        devices: [{
          name: 'scanner1', capacity: 1, process_capacity: 2, min_capacity: 1, allows_overlap: false, type: 'scanner', description: 'in words',
          disposes: false, labware_types: null, max_height_mm: null, slots: null, uri: 'https://scanner', extra: { resolution: 640, zoom: null }
        }]
      }],
      labware_types: null
    })
    t.equal(JSON.stringify(config.extra), '{"owner":{"b":1,"a":null}}')
  })

  t.test('keeps a type, description or uri that is not text as the lab\'s own member', async (t) => {
    const [device] = read({ sila_servers: { g: { d: { capacity: 1, type: 5, description: ['a', 'b'], uri: { host: 'h' } } } } }).groups[0]!.devices
    t.match(device, { type: null, description: null, uri: null, extra: { type: 5, description: ['a', 'b'], uri: { host: 'h' } } })
  })

  t.test('takes groups that are empty or null, and null for what is not said', async (t) => {
    const config = read({ description: null, sila_servers: { a: {}, b: null, c: { d: { capacity: 0, type: null, allows_overlap: null, min_capacity: null } } } })
    t.strictSame(config.groups.map(({ name, devices }) => [name, devices.length]), [['a', 0], ['b', 0], ['c', 1]])
    t.strictSame(config.groups[2]!.devices, [{ name: 'd', ...nothingSaid, slots: null }])
  })

  t.test('takes the least and the most slots', async (t) => {
    const [device, other] = read({ sila_servers: { g: { d: { capacity: 10000 }, e: { capacity: 0 } } } }).groups[0]!.devices
    t.strictSame([device!.capacity, other!.capacity], [10000, 0])
  })

  t.test('wants the groups, also when they are there without a value', async (t) => {
    for (const file of [{}, null, undefined, { sila_servers: null }, { description: 'x' }]) {
      t.match(faultsOf(file), [['/sila_servers', /is required/]], JSON.stringify(file))
    }
  })

  t.test('wants objects where objects belong', async (t) => {
    t.match(faultsOf('text'), [['', /must be an object/]])
    t.match(faultsOf([]), [['', /must be an object/]])
    t.match(faultsOf({ sila_servers: [] }), [['/sila_servers', /object of groups/]])
    t.match(faultsOf({ sila_servers: { g: 'x' } }), [['/sila_servers/g', /object of devices/]])
    t.match(faultsOf({ sila_servers: { g: ['Hotel'] } }), [['/sila_servers/g', /object of devices/]])
    t.match(faultsOf({ sila_servers: { g: { d: 3 } } }), [['/sila_servers/g/d', /capacity/]])
    t.match(faultsOf({ description: { a: 1 }, sila_servers: {} }), [['/description', /text or a list/]])
  })

  t.test('tells all faults at once, each with its place', async (t) => {
    t.match(faultsOf({
      sila_servers: {
        'a/b~c': { d: { capacity: -1, process_capacity: 1.5, min_capacity: '2', allows_overlap: 'no' }, e: null, f: { capacity: 10001 } },
        ' g': { h: { capacity: '4' }, '..': { capacity: 1 } }
      }
    }), [
      ['/sila_servers/a~1b~0c/d/allows_overlap', 'must be true or false'],
      ['/sila_servers/a~1b~0c/d/capacity', 'must be a whole number from 0 to 10000'],
      ['/sila_servers/a~1b~0c/d/process_capacity', /whole number/],
      ['/sila_servers/a~1b~0c/d/min_capacity', /whole number/],
      ['/sila_servers/a~1b~0c/e/capacity', /is required/],
      ['/sila_servers/a~1b~0c/f/capacity', /10000/],
      ['/sila_servers/ g', /space/],
      ['/sila_servers/ g/h/capacity', /whole number/],
      ['/sila_servers/ g/..', /"\."/]
    ])
  })

  t.test('does not tell more faults than anyone reads', async (t) => {
    const devices = Object.fromEntries(Array.from({ length: 500 }, (_, index) => [`d${index}`, {}]))
    t.equal(faultsOf({ sila_servers: { g: devices } }).length, 100)
  })

  t.test('refuses a device that is in two groups', async (t) => {
    t.match(faultsOf({ sila_servers: { a: { d: { capacity: 1 } }, b: { d: { capacity: 1 } } } }), [['/sila_servers/b/d', /also in the group "a"/]])
  })

  t.test('refuses what cannot be stored, with its place', async (t) => {
    t.match(faultsOf({ sila_servers: {}, note: { x: 'a\u0000b' } }), [['/note/x', /NUL/]])
    t.match(faultsOf({ sila_servers: {}, note: Infinity }), [['/note', /number/]])
    let deep: unknown = 1
    for (let level = 0; level < 200; level++) deep = [deep]
    t.match(faultsOf({ sila_servers: {}, deep }), [[/deep/, /nested/]])
  })
})

t.test('names follow the rules of the API', async (t) => {
  t.strictSame(['Hotel1', 'hotel_1_d_pos_', 'Größe 3', 'x'.repeat(200), '𝒳'.repeat(200), '..x'].map(deviceNameFault), [null, null, null, null, null, null])
  t.match(['', 'x'.repeat(201), 'a\nb', ' a', 'a ', 'a\u0085'].map(nameFault), [/empty/, /200/, /control/, /space/, /space/, /control/])
  t.match(['.', '..'].map(deviceNameFault), [/"\."/, /"\."/])
  t.equal(nameFault('..'), null, 'a group never stands in a path')

  const ajv = validatorFor([])
  const [isName, isDeviceName] = [ajv.compile(Name), ajv.compile(DeviceName)]
  const text = fc.oneof(fc.string({ unit: 'binary', maxLength: 4 }), fc.string({ minLength: 199, maxLength: 201 }), fc.constantFrom('.', '..', '\u00a0x', 'x\ufeff', 'x\u2028', '\u0085'))
    .filter((name) => name.isWellFormed())
  t.doesNotThrow(() => fc.assert(fc.property(text, (name) =>
    isName(name) === (nameFault(name) === null) && isDeviceName(name) === (deviceNameFault(name) === null)), { numRuns: 2000 }))
})

t.test('writing a lab file', async (t) => {
  t.test('gives back what was read', async (t) => {
    const file = {
      description: 'a lab',
      sila_servers: { b: { z: { capacity: 1, allows_overlap: false, resolution: 640, type: ['odd'] }, a: { capacity: 0 } }, a: {} },
      pythonlab_translation: { b: 'B' },
      owner: null
    }
    t.equal([...jsonPieces(labFile(read(file)))].join(''), JSON.stringify(file))
  })

  t.test('a device\'s extra cannot hold what the device itself says', async (t) => {
    t.equal(extraFault(nothingSaid), null)
    t.equal(extraFault({ ...nothingSaid, extra: { resolution: 640, type: 5 } }), null, 'as a lab file may say it')
    t.match(extraFault({ ...nothingSaid, extra: { capacity: 5 } }), /"capacity"/)
    t.match(extraFault({ ...nothingSaid, extra: { allows_overlap: 'x' } }), /"allows_overlap"/)
    t.match(extraFault({ ...nothingSaid, extra: { type: 'text' } }), /"type"/)
    t.match(extraFault({ ...nothingSaid, extra: { uri: null } }), /"uri"/)
    t.match(extraFault({ ...nothingSaid, description: 'words', extra: { description: ['more'] } }), /"description"/)
  })
})

t.test('what a lab file changes', async (t) => {
  const device = (name: string, rest: Partial<TrackedDevice> = {}): TrackedDevice =>
    ({ ...nothingSaid, id: `id of ${name}`, name, group: 'g', listed: true, retired: false, created_as: null, capacity: 2, ...rest })
  const lab = (devices: TrackedDevice[], rest: Partial<TrackedLab> = {}): TrackedLab =>
    ({ description: null, pythonlab_translation: null, extra: null, groups: [{ name: 'g', devices: devices.filter((one) => one.listed && !one.retired).map(({ name }) => name) }], devices, slots: [], labware_types: [], ...rest })
  const plan = (file: object, tracked: TrackedLab, prune = true) => planLab(read(file), tracked, { prune, newId: () => 'a new id' })
  const actions = (file: object, tracked: TrackedLab, prune = true) => plan(file, tracked, prune).changes.map(({ action, device }) => `${action} ${device}`)

  t.test('nothing, when it says what is so', async (t) => {
    t.match(plan({ sila_servers: { g: { a: { capacity: 2 } } } }, lab([device('a')])), { changes: [{ action: 'unchanged' }], devices: [], lab: null })
  })

  t.test('a device that is new, more, less, other or gone', async (t) => {
    const tracked = lab([device('more'), device('less'), device('other'), device('gone'), device('same')])
    const found = plan({ sila_servers: { g: { more: { capacity: 3 }, less: { capacity: 1 }, other: { capacity: 2, type: 't' }, same: { capacity: 2 }, fresh: { capacity: 1 } } } }, tracked)
    t.match(found.changes, [
      { action: 'grow', device: 'more', capacity: { from: 2, to: 3 }, changed: [] },
      { action: 'shrink', device: 'less', capacity: { from: 2, to: 1 } },
      { action: 'update', device: 'other', capacity: { from: 2, to: 2 }, changed: ['type'] },
      { action: 'unchanged', device: 'same', changed: [] },
      { action: 'add', device: 'fresh', capacity: { from: null, to: 1 }, changed: [] },
      { action: 'retire', device: 'gone', capacity: { from: 2, to: null } }
    ])
    t.match(found.devices, [
      { name: 'more', kind: 'device-grown' }, { name: 'less', kind: 'device-shrunk' }, { name: 'other', kind: 'device-updated' },
      { name: 'fresh', kind: 'device-added', id: 'a new id' }, { name: 'gone', kind: 'device-retired', retired: true }
    ])
  })

  t.test('growth and other changes of a device are one change', async (t) => {
    t.match(plan({ sila_servers: { h: { a: { capacity: 5, x: 1 } } } }, lab([device('a')])).changes, [{ action: 'grow', changed: ['group', 'extra'] }])
  })

  t.test('a retired device comes back as itself', async (t) => {
    const found = plan({ sila_servers: { g: { a: { capacity: 4 } } } }, lab([device('a', { retired: true })]))
    t.match(found, { changes: [{ action: 'restore', capacity: { from: null, to: 4 } }], devices: [{ id: 'id of a', kind: 'device-restored', retired: false }] })
  })

  t.test('a device that only logs knew is added as itself, and never retired for not being in the file', async (t) => {
    const found = plan({ sila_servers: { g: { a: { capacity: 1 } } } }, lab([device('a', { listed: false, capacity: 0 }), device('b', { listed: false })]))
    t.match(found, { changes: [{ action: 'add', device: 'a', capacity: { from: null, to: 1 } }], devices: [{ id: 'id of a', listed: true }] })
    t.equal(found.changes.length, 1)
    t.match(plan({ sila_servers: { g: { a: { capacity: 1 } } } }, lab([device('a', { listed: false, retired: true })])).changes, [{ action: 'add' }])
  })

  t.test('the order counts, though it changes no device', async (t) => {
    const found = plan({ sila_servers: { g: { b: { capacity: 2 }, a: { capacity: 2 } } } }, lab([device('a'), device('b')]))
    t.strictSame(found.devices, [])
    t.match(found, { changes: [{ action: 'unchanged' }, { action: 'unchanged' }], lab: { groups: [{ name: 'g', devices: ['b', 'a'] }] } })
  })

  t.test('names like whole numbers have the order that JSON gives them', async (t) => {
    const tracked = lab([device('10'), device('a'), device('9')])
    t.equal(plan(JSON.parse('{"sila_servers":{"g":{"10":{"capacity":2},"a":{"capacity":2},"9":{"capacity":2}}}}'), tracked).lab, null)
  })

  t.test('description, translation, the rest and empty groups count too', async (t) => {
    const tracked = lab([device('a')])
    const servers = { g: { a: { capacity: 2 } } }
    for (const file of [
      { sila_servers: servers, description: 'new' }, { sila_servers: servers, pythonlab_translation: {} }, { sila_servers: servers, owner: 'me' },
      { sila_servers: { ...servers, h: {} } }
    ]) t.not(plan(file, tracked).lab, null, JSON.stringify(file))
  })

  t.test('without pruning, what the file does not name is kept', async (t) => {
    const tracked: TrackedLab = {
      description: 'old', pythonlab_translation: { g: 'G' }, extra: { owner: 'me', room: 1 },
      groups: [{ name: 'g', devices: ['a', 'b'] }, { name: 'h', devices: ['c'] }],
      devices: [device('a'), device('b'), device('c', { group: 'h' })],
      slots: [],
      labware_types: []
    }
    const file = { room: 2, sila_servers: { i: { d: { capacity: 1 } }, g: { b: { capacity: 2 } } } }
    t.strictSame(actions(file, tracked, false), ['add d', 'unchanged b', 'unchanged a', 'unchanged c'])
    t.match(plan(file, tracked, false).lab, {
      description: 'old', pythonlab_translation: { g: 'G' }, extra: { owner: 'me', room: 2 },
      groups: [{ name: 'i', devices: ['d'] }, { name: 'g', devices: ['b', 'a'] }, { name: 'h', devices: ['c'] }]
    })
    t.equal(plan({ sila_servers: { g: { a: { capacity: 2 } } } }, tracked, false).lab, null)
    t.strictSame(actions(file, tracked), ['add d', 'unchanged b', 'retire a', 'retire c'])
  })

  t.test('a rename is an update, and a device retired twice is unchanged', async (t) => {
    t.match(deviceChangeOf(device('a'), device('b', { id: 'id of a' })), { action: 'update', device: 'b', changed: ['name'] })
    t.match(deviceChangeOf(device('a', { retired: true }), device('a', { retired: true })), { action: 'unchanged' })
    t.match(deviceChangeOf(device('a', { listed: false }), device('a', { listed: false, retired: true })), { action: 'retire' })
  })
})
