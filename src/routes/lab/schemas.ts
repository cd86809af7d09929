import Type, { type Static } from 'typebox'
import { DeviceName, Name, nullable, ref, stringEnum } from '../../schemas/common.ts'

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

const Revision = Type.Integer({ $id: 'Revision', minimum: 0, description: 'Counts the changes of the tracked world; every command that changes it takes the next.', examples: [42] })

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

export const LabConfigQuery = Type.Object({
  dry_run: Type.Optional(Type.Boolean({ default: false, description: 'Only tell what would change, or why it would be refused.' })),
  prune: Type.Optional(Type.Boolean({ default: true, description: 'Retire the devices that the file does not name; false keeps them.' }))
}, { additionalProperties: false })

export const labSchemas = [LabDevice, LabGroup, LabConfig, LabAction, Revision, LabChange, LabConfigResult]
