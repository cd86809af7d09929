import Type, { type Static } from 'typebox'
import { maxInteger, maxSlots } from '../domain/limits.ts'
import { Barcode, DeviceName, GroupName, Name, NameOrBarcode, nullable, optional, Place, ref, Slot, stringEnum, reasonText, Timestamp, Uuid, Warning } from './common.ts'
import { aContainer, Container } from './containers.ts'
import { LabwareTypeName, LabwareTypePut, millimetres, typeNames } from './labware-types.ts'

const count = (description: string, maximum: number) => Type.Integer({ minimum: 0, maximum, description })

const LabSlot = Type.Object({
  deep_well_suited: Type.Optional(nullable(Type.Boolean({ description: 'Whether deep-well plates fit into the slot.' }))),
  disposes: Type.Optional(nullable(Type.Boolean({ description: 'Whether the slot is waste. Without it: as its device says.' }))),
  labware_types: Type.Optional(nullable(typeNames('The labware types that may stand there. Without it: as its device says.'))),
  max_height_mm: Type.Optional(nullable(millimetres('The height in millimetres of the highest container that fits there. Without it: as its device says.', 45)))
}, {
  $id: 'LabSlot', additionalProperties: false,
  description: 'What is set for one slot of a device in the lab file.', examples: [{ disposes: true }]
})

const LabDevice = Type.Object({
  capacity: count('The number of slots.', maxSlots),
  process_capacity: Type.Optional(nullable(count('How many containers the device can process at the same time.', maxInteger))),
  min_capacity: Type.Optional(nullable(count('How many containers the device must hold before it can start.', maxInteger))),
  allows_overlap: Type.Optional(nullable(Type.Boolean({ description: 'Whether the device can start a step before the previous one has finished.' }))),
  disposes: Type.Optional(nullable(Type.Boolean({ description: 'Whether the device is waste: what is put there is off the platform.' }))),
  labware_types: Type.Optional(nullable(typeNames('The labware types that may stand there. Without it: any.'))),
  max_height_mm: Type.Optional(nullable(millimetres('The height in millimetres of the highest container that fits there. Without it: any.', 45))),
  slots: Type.Optional(Type.Unsafe<Record<string, Static<typeof LabSlot> | null> | null>({
    anyOf: [{ type: 'object', additionalProperties: nullable(ref(LabSlot)), propertyNames: { type: 'string', pattern: '^(0|[1-9][0-9]{0,3})$' } }, { type: 'null' }],
    description: 'What is set for single slots, by the number of the slot. Slots that it does not name are as the device says. Without it, the slots stay as they are.'
  })),
  type: Type.Optional(nullable(Type.String({ description: 'The type of the device.', examples: ['incubator'] }))),
  description: Type.Optional(nullable(Type.String({ description: 'A description for people.' }))),
  uri: Type.Optional(nullable(Type.String({ description: 'The address of the device server.' })))
}, {
  $id: 'LabDevice', additionalProperties: true,
  description: 'A device in the lab file. The service keeps members that it does not know and returns them in the export.',
  examples: [{ capacity: 2, process_capacity: 1, allows_overlap: false }]
})

const { extra: _, ...typeMembers } = LabwareTypePut.properties

const LabLabwareType = Type.Object(typeMembers, {
  $id: 'LabLabwareType', additionalProperties: true,
  description: 'A labware type in the lab file. The service keeps members that it does not know and returns them in the export.',
  examples: [{ height_mm: 14.4, wells: 96, lid: 'optional' }]
})

const LabGroup = Type.Unsafe<Record<string, Static<typeof LabDevice>>>({
  $id: 'LabGroup', type: 'object', additionalProperties: ref(LabDevice), propertyNames: ref(DeviceName),
  description: 'The devices of a group, by name. A group can be empty.', examples: [{ Hotel1: { capacity: 20 }, Hotel2: { capacity: 20 } }]
})

export const LabConfig = Type.Object({
  sila_servers: Type.Unsafe<Record<string, Static<typeof LabGroup> | null>>({
    type: 'object', additionalProperties: nullable(ref(LabGroup)), propertyNames: ref(GroupName),
    description: 'The groups of the lab with their devices. Device names are unique in the lab.'
  }),
  description: Type.Optional(Type.Unsafe<string | unknown[] | null>({
    anyOf: [{ type: 'string' }, { type: 'array', items: {} }, { type: 'null' }], description: 'A text, or a list of texts.'
  })),
  labware_types: Type.Optional(Type.Unsafe<Record<string, Static<typeof LabLabwareType>> | null>({
    anyOf: [{ type: 'object', additionalProperties: nullable(ref(LabLabwareType)), propertyNames: ref(LabwareTypeName) }, { type: 'null' }],
    description: 'The labware types of the lab, by name. Without it, the types stay as they are.'
  })),
  pythonlab_translation: Type.Optional(Type.Unsafe<unknown>({ description: 'The PythonLab resource class of each group, by the name of the group.' }))
}, {
  $id: 'LabConfig', additionalProperties: true,
  description: 'The lab file, in YAML or as the same structure in JSON. The service keeps members that it does not know and returns them in the export.',
  examples: [{
    description: ['An exemplary robotic lab'],
    sila_servers: { storage: { Hotel1: { capacity: 20 } }, movers: { GenericArm: { capacity: 1 } } },
    pythonlab_translation: { storage: 'LabwareStorageResource', movers: 'MoverServiceResource' }
  }]
})

const LabwareTypeAction = stringEnum('LabwareTypeAction', ['add', 'update', 'delete', 'unchanged'], 'What happens to a labware type.')

const LabwareTypeChange = Type.Object({
  action: ref(LabwareTypeAction, 'What happens to the type.'),
  labware_type: ref(LabwareTypeName, 'The name of the type.'),
  changed: Type.Array(Type.String(), { description: 'The members that change, by name.', examples: [['height_mm']] })
}, {
  $id: 'LabwareTypeChange', description: 'What a lab file changes about one labware type.', examples: [{ action: 'update', labware_type: 'Greiner 96 flat', changed: ['height_mm'] }]
})

const LabAction = stringEnum('LabAction', ['add', 'update', 'grow', 'shrink', 'retire', 'restore', 'unchanged'], 'What happens to a device.')

export const Revision = Type.Integer({ $id: 'Revision', minimum: 0, description: 'The revision of the lab. Every command that changes something adds 1.', examples: [42] })

const LabChange = Type.Object({
  action: ref(LabAction, 'What happens to the device.'),
  device: ref(DeviceName, 'The name of the device.'),
  group: ref(GroupName, 'The group of the device.'),
  capacity: Type.Object({
    from: nullable(Type.Integer({ description: 'The capacity before. Null when the lab did not have the device.' })),
    to: nullable(Type.Integer({ description: 'The capacity after. Null when the lab no longer has the device.' }))
  }, { description: 'The number of slots before and after.' }),
  changed: Type.Array(Type.String(), { description: 'The other members that change, by name.', examples: [['type']] })
}, {
  $id: 'LabChange', description: 'What a lab file changes about one device.',
  examples: [{ action: 'grow', device: 'Hotel1', group: 'storage', capacity: { from: 4, to: 6 }, changed: [] }]
})

export const LabConfigResult = Type.Object({
  applied: Type.Boolean({ description: 'Whether the changes were applied. False only for a dry run.' }),
  changes: Type.Array(ref(LabChange), { description: 'Every device in the order of the file, then the devices that the file does not name.' }),
  labware_types: Type.Optional(Type.Array(ref(LabwareTypeChange), { description: 'The labware types of the file, then those that the file does not name. Only if the file has labware types.' })),
  revision: ref(Revision, 'The revision after the change. For a dry run: the present one.'),
  warnings: Type.Array(ref(Warning), { description: 'What is unusual about the file, for example numbers that are kept as text.' })
}, {
  $id: 'LabConfigResult', description: 'What the lab file changed. For a dry run: what it would change.',
  examples: [{ applied: true, changes: [{ action: 'grow', device: 'Hotel1', group: 'storage', capacity: { from: 4, to: 6 }, changed: [] }], labware_types: [{ action: 'add', labware_type: 'Greiner 96 flat', changed: [] }], revision: 42, warnings: [] }]
})
export type LabConfigResult = Static<typeof LabConfigResult>

export const LabConfigQuery = Type.Object({
  dry_run: Type.Optional(Type.Boolean({ default: false, description: 'Whether to only return what would change, or the refusal, without changing anything.' })),
  prune: Type.Optional(Type.Boolean({ default: true, description: 'Whether to retire the devices that the file does not name.' }))
}, { additionalProperties: false })

const total = (description: string) => Type.Integer({ minimum: 0, description })

const totals = { devices: 1, positions: 4, occupied: 1, empty: 3, utilization: 0.25, containers: 1, containers_missing: 0, containers_removed: 7 }
const exampleLastEvent = { kind: 'lidded', recorded_at: '2026-03-02T09:16:12.000Z' }
const exampleContainer = {
  id: '0199f2f4-7c1a-7b3e-9d52-0c6a1f0e8b11', barcode: 'SCREEN_001', name: 'ScreenPlate_01', position: 3, lidded: true, lid: null, since: '2026-03-02T09:15:00.000Z',
  last_event: exampleLastEvent
}
const exampleLid = { container_id: '0199f2f4-9e31-7a22-9c4d-2b6f3a0d1e53', barcode: 'SCREEN_002', name: 'ScreenPlate_02', position: 1 }
const exampleReserved = { position: 2, owner: 'scheduler', expires_at: '2026-03-02T09:20:00.000Z' }
const exampleDevice = {
  name: 'Hotel1', group: 'storage', type: 'hotel', view: { columns: 2, from: 'bottom' }, positions: 4, occupied: 2, disposes: false, waste: [], deep_well: [0, 1], reserved: [exampleReserved],
  containers: [exampleContainer], lids: [exampleLid]
}

const LabTotals = Type.Object({
  devices: total('The devices of the lab.'),
  positions: total('The slots of these devices, without those that dispose.'),
  occupied: total('Slots that hold a container or a lid.'),
  empty: total('Slots that hold neither.'),
  utilization: nullable(Type.Number({ minimum: 0, maximum: 1, description: 'The share of slots that are occupied, from 0 to 1. Null when the lab has no slots.' })),
  containers: total('Containers on the platform, missing ones included.'),
  containers_missing: total('Containers on the platform of which nobody knows where they are.'),
  containers_removed: total('Containers that were removed from the platform.')
}, { $id: 'LabTotals', description: 'The number of devices, slots and containers of the lab.', examples: [totals] })

const LabLastEvent = Type.Object({
  kind: Type.String({ description: 'What changed.', examples: ['lidded'] }),
  recorded_at: ref(Timestamp, 'When the change was recorded.')
}, { $id: 'LabLastEvent', description: 'What the event log says last about a container.', examples: [exampleLastEvent] })

const LabReservedSlot = Type.Object({
  position: ref(Slot, 'The slot.'),
  owner: ref(Name, 'Who reserved it.'),
  expires_at: ref(Timestamp, 'Until when it is reserved.')
}, { $id: 'LabReservedSlot', description: 'A slot that is reserved.', examples: [exampleReserved] })

const LabContainer = Type.Object({
  id: ref(Uuid, 'The id of the container.'),
  barcode: nullable(ref(Barcode), 'The barcode. Null when it is not known.'),
  name: ref(NameOrBarcode, 'The name of the container.'),
  position: ref(Slot, 'The slot that the container is in.'),
  lidded: Type.Boolean({ description: 'Whether the lid is on.' }),
  lid: nullable(ref(Place), 'Where the lid is parked. Null when the lid is on, or nobody knows where it is.'),
  since: ref(Timestamp, 'Since when the container is in the slot.'),
  last_event: nullable(ref(LabLastEvent), 'What the event log says last about the container.')
}, { $id: 'LabContainer', description: 'A container in a slot.', examples: [exampleContainer] })

const LabLid = Type.Object({
  container_id: ref(Uuid, 'The id of the container to which the lid belongs.'),
  barcode: nullable(ref(Barcode), 'The barcode of that container. Null when it is not known.'),
  name: ref(NameOrBarcode, 'The name of that container.'),
  position: ref(Slot, 'The slot that the lid is in.')
}, { $id: 'LabLid', description: 'A lid in a slot. Its container may be on another device, or missing.', examples: [exampleLid] })

const LabDeviceState = Type.Object({
  name: ref(DeviceName, 'The name of the device.'),
  group: ref(GroupName, 'The group of the device.'),
  type: nullable(Type.String({ description: 'The type of the device. Null when the lab file does not say.' })),
  view: Type.Unsafe<unknown>({ description: 'How the device is drawn: the member `view` of the device in the lab file, as it is there. Null without one.' }),
  positions: total('The slots of the device.'),
  occupied: total('Slots that hold a container or a lid.'),
  disposes: Type.Boolean({ description: 'Whether the device is waste: what is put there is off the platform.' }),
  waste: Type.Array(ref(Slot), { description: 'The slots that are waste, in ascending order. A slot can be otherwise than its device.' }),
  deep_well: Type.Array(ref(Slot), { description: 'The slots into which deep-well plates fit, in ascending order.' }),
  reserved: nullable(Type.Array(ref(LabReservedSlot)), 'The slots that are reserved, in ascending order. Null for an earlier state: the event log does not say which slots were reserved.'),
  containers: Type.Array(ref(LabContainer), { description: 'The containers on the device, ordered by slot.' }),
  lids: Type.Array(ref(LabLid), { description: 'The lids that are parked on the device, ordered by slot, also those of missing containers.' })
}, { $id: 'LabDeviceState', description: 'A device and the containers on it.', examples: [exampleDevice] })

export const LabState = Type.Object({
  revision: ref(Revision, 'The revision of this state.'),
  totals: ref(LabTotals, 'The totals over all devices.'),
  devices: Type.Array(ref(LabDeviceState), { description: 'The devices, in the order of the lab file.' })
}, {
  $id: 'LabState', description: 'The state of the platform as the service tracks it.',
  examples: [{ revision: 42, totals, devices: [exampleDevice] }]
})
export type LabState = Static<typeof LabState>

export const LabWipe = Type.Object({
  containers_removed: total('The number of containers that were removed.'),
  devices_retired: total('The number of devices that were retired.'),
  revision: ref(Revision, 'The revision after the wipe.')
}, { $id: 'LabWipe', description: 'The result of wiping the lab.', examples: [{ containers_removed: 12, devices_retired: 14, revision: 43 }] })
export type LabWipe = Static<typeof LabWipe>

export const LabRestore = Type.Object({
  at: Type.Unsafe<string | number>({
    description: 'The state to restore: as of a revision (a whole number), or as of a time (RFC 3339 with an offset).', examples: [41, '2026-03-02T09:15:00Z']
  }),
  reason: reasonText('Why the lab is restored. The event log keeps the reason.', 'The wrong lab file was applied.'),
  dry_run: optional(Type.Boolean({ description: 'Whether to only return what would change, without changing anything. The default is false.' }))
}, {
  $id: 'LabRestore', additionalProperties: false, description: 'An earlier state of the lab, to be put back.',
  examples: [{ at: 2, reason: 'The wrong lab file was applied.', dry_run: true }]
})
export type LabRestore = Static<typeof LabRestore>

const RestoreFindingCode = stringEnum('RestoreFindingCode', [
  'position-occupied', 'position-not-found', 'barcode-in-use', 'device-name-in-use', 'slots-occupied', 'labware-type-in-use'
], [
  'Why something stays as it is now. `position-occupied`: something that came since is in the slot. `position-not-found`: the lab does not have the slot.',
  '`barcode-in-use`: a container that came since has the barcode. `device-name-in-use`: another device has the name.',
  '`slots-occupied`: the device came since, or has more slots than then, and something is in them.',
  '`labware-type-in-use`: the labware type came since, and a device or slot that stays as it is lists it.'
].join(' '))

const aRestoreFinding = {
  code: 'position-occupied', detail: 'Slot 3 of Hotel1 holds the container "SCREEN_009", which came since. The container "SCREEN_001" stays as it is.', device: 'Hotel1', position: 3,
  container: '0199f2f4-7c1a-7b3e-9d52-0c6a1f0e8b11', occupant: '0199f2f4-9e31-7a22-9c4d-2b6f3a0d1e53'
}

const RestoreFinding = Type.Object({
  code: ref(RestoreFindingCode, 'Why it could not be restored, as a stable code.'),
  detail: Type.String({ description: 'What contradicts, as a sentence.' }),
  device: nullable(Type.String({ description: 'The device. Null when there is none.' })),
  position: nullable(Type.Integer({ description: 'The slot. Null when there is none.' })),
  container: nullable(ref(Uuid), 'The container that stays as it is, or whose lid has no place. Null for a device.'),
  occupant: nullable(ref(Uuid), 'The container that has the slot or the barcode now. Null when there is none.')
}, { $id: 'RestoreFinding', description: 'Something that could not be restored, and why.', examples: [aRestoreFinding] })
export type RestoreFinding = Static<typeof RestoreFinding>

export const LabRestoreResult = Type.Object({
  applied: Type.Boolean({ description: 'Whether the state was restored. False only for a dry run.' }),
  restored_to: Type.Integer({ minimum: 0, description: 'The revision that was restored.' }),
  devices: Type.Array(ref(LabChange), { description: 'The devices that change.' }),
  labware_types: Type.Optional(Type.Array(ref(LabwareTypeChange), { description: 'The labware types that change. Only if there are any.' })),
  containers: Type.Array(ref(Container), { description: 'The containers that change, as they are after the restore.' }),
  findings: Type.Array(ref(RestoreFinding), { description: 'What could not be restored.' }),
  warnings: Type.Array(ref(Warning), { description: 'What is unusual about the containers that change: they stand where their labware type does not fit, have a lid that their type does not have, or a barcode that differs from another one in case only.' }),
  revision: ref(Revision, 'The revision after the restore. For a dry run: the present one.')
}, {
  $id: 'LabRestoreResult', description: 'What was restored. For a dry run: what would be restored.',
  examples: [{ applied: true, restored_to: 41, devices: [], labware_types: [{ action: 'add', labware_type: 'Greiner 96 flat', changed: [] }], containers: [aContainer], findings: [aRestoreFinding], warnings: [], revision: 43 }]
})
export type LabRestoreResult = Static<typeof LabRestoreResult>

export const WipeQuery = Type.Object({
  confirm: Type.Optional(Type.String({ maxLength: 200, description: 'Must be `wipe`.', examples: ['wipe'] }))
}, { additionalProperties: false })

const FindingCode = stringEnum('FindingCode', [
  'duplicate-barcode', 'slot-shared', 'container-twice', 'lid-on-and-parked', 'container-on-retired-device', 'removed-container-in-slot',
  'container-without-place', 'container-in-waste', 'unlisted-device', 'steps-running-long', 'steps-excluded', 'steps-doubtful', 'step-overdue', 'move-disagrees',
  'container-missing', 'run-not-learnt', 'labware-does-not-fit', 'experiment-paused-ahead', 'backup-old'
], [
  'What is wrong. `unlisted-device`, `move-disagrees`, `container-missing`, `run-not-learnt`, `labware-does-not-fit`, `experiment-paused-ahead`, `backup-old` and those that begin with `step` are warnings;',
  'all others are errors.',
  '`step-overdue`: a running step takes clearly longer than any comparable one. `move-disagrees`: the last logged move of a container went elsewhere. `container-missing`: nobody knows where a container is.',
  '`labware-does-not-fit`: a container stands where its labware type does not fit.',
  '`experiment-paused-ahead`: an experiment is paused since a time that is later than the clock of the service.',
  '`backup-old`: the newest known backup is more than 8 days old, and the lab has changed since.',
  '`steps-excluded`: steps with times or a status that cannot be trusted, which estimates, experiments and runs leave out; nobody decided about them yet.',
  '`steps-doubtful`: such steps that are used, because they were stored before the service looked.',
  '`run-not-learnt`: the margins of the estimates could not be learnt from a run, three times or more. Other runs are not affected.'
].join(' '))

const FindingSeverity = stringEnum('FindingSeverity', ['error', 'warning'], '`error`: a state that is impossible in a real lab. `warning`: a state that can be intended.')

const aFinding = {
  code: 'unlisted-device', severity: 'warning', message: 'Logs name a device "Reader9", which the lab file does not have.', device: 'Reader9', position: null, containers: [], steps: []
}

const Finding = Type.Object({
  code: ref(FindingCode, 'What was found, as a stable code.'),
  severity: ref(FindingSeverity, 'How serious it is.'),
  message: Type.String({ description: 'What was found, as a sentence.' }),
  device: nullable(Type.String({ description: 'The device. Null when the finding has no place.' })),
  position: nullable(Type.Integer({ description: 'The slot. Null when the finding has no slot.' })),
  containers: Type.Array(Type.Object({
    id: ref(Uuid, 'The id of the container.'),
    barcode: nullable(Type.String({ description: 'The barcode.' })),
    name: Type.String({ description: 'The name.' })
  }), { description: 'The containers that are affected.' }),
  steps: Type.Optional(Type.Array(ref(Uuid), { description: 'The steps that are affected, the newest first. At most 20; the message has their number.' }))
}, { $id: 'Finding', description: 'An error or a warning about the tracked state of the lab.', examples: [aFinding] })

const aBackup = { taken_at: '2026-03-02T02:15:00.000Z', revision: 41, rows: 5210, bytes: 734_003 }

const LastBackup = Type.Object({
  taken_at: ref(Timestamp, 'When it was taken.'),
  revision: Type.Integer({ description: 'The revision of the lab in it.' }),
  rows: Type.Integer({ description: 'The number of rows in it.' }),
  bytes: nullable(Type.Integer({ description: 'The size of its file. Null of a backup that was written to a stream, and was not read back.' }))
}, {
  $id: 'LastBackup', examples: [aBackup],
  description: 'The newest backup that `platform-status backup` took of this database, or from which it was restored. The service does not know of other kinds of backups, nor whether the file is still there.'
})

export const LabHealth = Type.Object({
  healthy: Type.Boolean({ description: 'True when there are no errors. There can be warnings.' }),
  findings: Type.Array(ref(Finding), { description: 'The errors, then the warnings.' }),
  last_backup: nullable(ref(LastBackup, 'The newest known backup. Null if there is none.'))
}, {
  $id: 'LabHealth', description: 'The result of checking the tracked state of the lab.',
  examples: [{ healthy: true, findings: [aFinding], last_backup: aBackup }]
})
export type LabHealth = Static<typeof LabHealth>

export const LabYaml = Type.String({
  $id: 'LabYaml', maxLength: 1_048_576, description: 'The lab file as YAML. Its structure is that of `LabConfig`.',
  examples: ['sila_servers:\n  storage:\n    Hotel1:\n      capacity: 20\n']
})

export const labSchemas = [
  LabSlot, LabDevice, LabLabwareType, LabGroup, LabConfig, LabYaml, LabwareTypeAction, LabwareTypeChange,
  LabAction, Revision, LabChange, LabConfigResult, LabTotals, LabLastEvent, LabReservedSlot, LabContainer, LabLid, LabDeviceState, LabState, LabWipe,
  LabRestore, RestoreFindingCode, RestoreFinding, LabRestoreResult,
  FindingCode, FindingSeverity, Finding, LastBackup, LabHealth
]
