import Type, { type Static } from 'typebox'
import { Barcode, DeviceName, Name, nullable, Place, ref, Slot, stringEnum, Uuid } from './common.ts'

const count = (description: string, maximum: number) => Type.Integer({ minimum: 0, maximum, description })

const LabDevice = Type.Object({
  capacity: count('How many slots it has.', 10_000),
  process_capacity: Type.Optional(nullable(count('How many things it can work on at once.', 2_147_483_647))),
  min_capacity: Type.Optional(nullable(count('How many things it must hold to work.', 2_147_483_647))),
  allows_overlap: Type.Optional(nullable(Type.Boolean({ description: 'It can begin another step before one ends.' }))),
  type: Type.Optional(nullable(Type.String({ description: 'The kind of device.', examples: ['incubator'] }))),
  description: Type.Optional(nullable(Type.String({ description: 'In words.' }))),
  uri: Type.Optional(nullable(Type.String({ description: 'Where its server answers.' })))
}, {
  $id: 'LabDevice', additionalProperties: true,
  description: 'A device in the lab file. Members that are not known here are kept, and come back in the export.',
  examples: [{ capacity: 2, process_capacity: 1, allows_overlap: false }]
})

const LabGroup = Type.Unsafe<Record<string, Static<typeof LabDevice>>>({
  $id: 'LabGroup', type: 'object', additionalProperties: ref(LabDevice), propertyNames: ref(DeviceName),
  description: 'The devices of a group, by name; an empty group is kept.', examples: [{ Hotel1: { capacity: 20 }, Hotel2: { capacity: 20 } }]
})

export const LabConfig = Type.Object({
  sila_servers: Type.Unsafe<Record<string, Static<typeof LabGroup> | null>>({
    type: 'object', additionalProperties: nullable(ref(LabGroup)), propertyNames: ref(Name),
    description: 'The groups of the lab with their devices. A device name is unique in the lab.'
  }),
  description: Type.Optional(Type.Unsafe<string | unknown[] | null>({
    anyOf: [{ type: 'string' }, { type: 'array', items: {} }, { type: 'null' }], description: 'Text, or a list of texts.'
  })),
  pythonlab_translation: Type.Optional(Type.Unsafe<unknown>({ description: 'The PythonLab resource that a group stands for, by the group\'s name.' }))
}, {
  $id: 'LabConfig', additionalProperties: true,
  description: 'The labs\' own configuration file, as YAML or as the same in JSON. Members that are not known here are kept, and come back in the export.',
  examples: [{
    description: ['An exemplary robotic lab'],
    sila_servers: { storage: { Hotel1: { capacity: 20 } }, movers: { GenericArm: { capacity: 1 } } },
    pythonlab_translation: { storage: 'LabwareStorageResource', movers: 'MoverServiceResource' }
  }]
})

const LabAction = stringEnum('LabAction', ['add', 'update', 'grow', 'shrink', 'retire', 'restore', 'unchanged'], 'What becomes of a device.')

export const Revision = Type.Integer({ $id: 'Revision', minimum: 0, description: 'Counts the changes of the tracked world; every command that changes it takes the next.', examples: [42] })

const LabChange = Type.Object({
  action: ref(LabAction),
  device: ref(DeviceName),
  group: ref(Name),
  capacity: Type.Object({
    from: nullable(Type.Integer({ description: 'Before; null when the lab did not have the device.' })),
    to: nullable(Type.Integer({ description: 'After; null when the lab has it no more.' }))
  }, { description: 'How many slots.' }),
  changed: Type.Array(Type.String(), { description: 'The other members that change.', examples: [['type']] })
}, {
  $id: 'LabChange', description: 'What a lab file changes in one device.',
  examples: [{ action: 'grow', device: 'Hotel1', group: 'storage', capacity: { from: 4, to: 6 }, changed: [] }]
})

export const LabConfigResult = Type.Object({
  applied: Type.Boolean({ description: 'False only for a dry run.' }),
  changes: Type.Array(ref(LabChange), { description: 'Every device, in the order of the file; then those that it does not name.' }),
  revision: ref(Revision)
}, {
  $id: 'LabConfigResult', description: 'What the lab file changed, or would change.',
  examples: [{ applied: true, changes: [{ action: 'grow', device: 'Hotel1', group: 'storage', capacity: { from: 4, to: 6 }, changed: [] }], revision: 42 }]
})
export type LabConfigResult = Static<typeof LabConfigResult>

export const LabConfigQuery = Type.Object({
  dry_run: Type.Optional(Type.Boolean({ default: false, description: 'Only tell what would change, or why it would be refused.' })),
  prune: Type.Optional(Type.Boolean({ default: true, description: 'Retire the devices that the file does not name; false keeps them.' }))
}, { additionalProperties: false })

const total = (description: string) => Type.Integer({ minimum: 0, description })

const totals = { devices: 1, positions: 4, occupied: 1, empty: 3, utilization: 0.25, containers: 1, containers_removed: 7 }
const standing = { id: '0199f2f4-7c1a-7b3e-9d52-0c6a1f0e8b11', barcode: 'SCREEN_001', name: 'ScreenPlate_01', position: 3, lidded: true, lid: null }
const hotel = { name: 'Hotel1', group: 'storage', positions: 4, occupied: 1, containers: [standing] }

const LabTotals = Type.Object({
  devices: total('Devices of the lab.'),
  positions: total('Their slots.'),
  occupied: total('Slots that hold a container or a lid.'),
  empty: total('Slots that hold nothing.'),
  utilization: nullable(Type.Number({ minimum: 0, maximum: 1, description: 'Occupied slots of all; null without slots.' })),
  containers: total('Containers on the platform.'),
  containers_removed: total('Containers that were on it.')
}, { $id: 'LabTotals', description: 'The lab in numbers.', examples: [totals] })

const LabContainer = Type.Object({
  id: ref(Uuid),
  barcode: nullable(ref(Barcode)),
  name: ref(Name),
  position: ref(Slot),
  lidded: Type.Boolean({ description: 'The lid is on.' }),
  lid: nullable(ref(Place))
}, { $id: 'LabContainer', description: 'A container in its slot; `lid` is the place of a parked lid.', examples: [standing] })

const LabDeviceState = Type.Object({
  name: ref(DeviceName),
  group: ref(Name),
  positions: total('Its slots.'),
  occupied: total('Slots that hold a container or a lid.'),
  containers: Type.Array(ref(LabContainer), { description: 'What stands on it, by slot.' })
}, { $id: 'LabDeviceState', description: 'A device and what stands on it.', examples: [hotel] })

export const LabState = Type.Object({
  revision: ref(Revision),
  totals: ref(LabTotals),
  devices: Type.Array(ref(LabDeviceState), { description: 'In the order of the lab file.' })
}, {
  $id: 'LabState', description: 'The platform as it is tracked.',
  examples: [{ revision: 42, totals, devices: [hotel] }]
})
export type LabState = Static<typeof LabState>

export const LabWipe = Type.Object({
  containers_removed: total('Containers that were on the platform.'),
  devices_retired: total('Devices that the lab had.'),
  revision: ref(Revision)
}, { $id: 'LabWipe', description: 'What was wiped.', examples: [{ containers_removed: 12, devices_retired: 14, revision: 43 }] })
export type LabWipe = Static<typeof LabWipe>

export const WipeQuery = Type.Object({
  confirm: Type.Optional(Type.String({ maxLength: 200, description: 'Must be `wipe`.', examples: ['wipe'] }))
}, { additionalProperties: false })

const FindingCode = stringEnum('FindingCode', [
  'duplicate-barcode', 'slot-shared', 'container-twice', 'lid-on-and-parked', 'container-on-retired-device', 'removed-container-in-slot',
  'container-without-place', 'unlisted-device', 'steps-running-long'
], 'What is wrong. The last two are warnings.')

const FindingSeverity = stringEnum('FindingSeverity', ['error', 'warning'], 'An error cannot be in a real lab; a warning may be meant.')

const aFinding = {
  code: 'unlisted-device', severity: 'warning', message: 'Logs name a device "Reader9", which the lab file does not have.', device: 'Reader9', position: null, containers: []
}

const Finding = Type.Object({
  code: ref(FindingCode),
  severity: ref(FindingSeverity),
  message: Type.String({ description: 'In words.' }),
  device: nullable(Type.String({ description: 'Where, if it has a place.' })),
  position: nullable(Type.Integer({ description: 'Its slot.' })),
  containers: Type.Array(Type.Object({
    id: ref(Uuid),
    barcode: nullable(Type.String({ description: 'Its barcode.' })),
    name: Type.String({ description: 'Its name.' })
  }), { description: 'The containers concerned.' })
}, { $id: 'Finding', description: 'Something wrong, or odd, with the tracked lab.', examples: [aFinding] })

export const LabHealth = Type.Object({
  healthy: Type.Boolean({ description: 'There are no errors; there may be warnings.' }),
  findings: Type.Array(ref(Finding))
}, {
  $id: 'LabHealth', description: 'What is wrong with the tracked lab.',
  examples: [{ healthy: true, findings: [aFinding] }]
})
export type LabHealth = Static<typeof LabHealth>

export const LabYaml = Type.String({
  $id: 'LabYaml', maxLength: 1_048_576, description: 'The lab file as YAML; `LabConfig` tells its shape.',
  examples: ['sila_servers:\n  storage:\n    Hotel1:\n      capacity: 20\n']
})

export const labSchemas = [
  LabDevice, LabGroup, LabConfig, LabYaml, LabAction, Revision, LabChange, LabConfigResult, LabTotals, LabContainer, LabDeviceState, LabState, LabWipe,
  FindingCode, FindingSeverity, Finding, LabHealth
]
