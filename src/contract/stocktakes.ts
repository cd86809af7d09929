import Type, { type Static } from 'typebox'
import { aChange, CommandFinding, ContainerChange, ContainerLabel } from './arrangements.ts'
import { Barcode, DeviceName, nullable, optional, page, pageQuery, ref, Slot, stringEnum, reasonText, Timestamp, Uuid, Warning } from './common.ts'
import { Revision } from './lab.ts'

export const StocktakeSlot = Type.Object({
  position: ref(Slot, 'The slot.'),
  barcode: nullable(ref(Barcode), 'The barcode of the plate in the slot. Null when it cannot be read.'),
  lidded: optional(Type.Boolean({ description: 'Whether its lid is on. Omitted, nobody looked.' }))
}, { $id: 'StocktakeSlot', additionalProperties: false, description: 'A slot in which somebody saw a plate.', examples: [{ position: 3, barcode: 'SCREEN_001' }] })
export type StocktakeSlot = Static<typeof StocktakeSlot>

export const Stocktake = Type.Object({
  device: ref(DeviceName, 'The device that somebody looked at.'),
  seen: Type.Array(ref(StocktakeSlot), { maxItems: 10_000, description: 'Every slot with a plate. A slot that is not in the list is empty; `[]` says that the whole device is empty.' }),
  reason: optional(reasonText('Why the stocktake was made. The event log keeps the reason. Required with `apply`.', 'Monday stocktake')),
  apply: optional(Type.Boolean({ description: 'Whether to make the lab as it was seen. The default is false: only compare.' }))
}, {
  $id: 'Stocktake', additionalProperties: false, description: 'What somebody saw on a device, slot by slot.',
  examples: [{ device: 'Hotel1', seen: [{ position: 0, barcode: 'SCREEN_001' }, { position: 3, barcode: null }], reason: 'Monday stocktake', apply: true }]
})
export type Stocktake = Static<typeof Stocktake>

const kinds = ['match', 'elsewhere', 'unknown', 'missing', 'unexpected', 'lid'] as const

export const StocktakeFinding = stringEnum('StocktakeFinding', kinds, [
  '`match`: as it is tracked. `elsewhere`: the container is tracked somewhere else, or is missing. `unknown`: no container on the platform has the barcode.',
  '`missing`: the container is tracked here and was not seen, not even by a label of before. `unexpected`: a plate that cannot be read, where none is tracked. `lid`: a lid is tracked in a slot without a plate; it stays.'
].join(' '))
export type StocktakeFinding = Static<typeof StocktakeFinding>

const TrackedPlace = Type.Object({
  device: ref(DeviceName, 'The device.'),
  position: ref(Slot, 'The slot.'),
  lidded: Type.Boolean({ description: 'Whether the lid is on.' })
}, { $id: 'TrackedPlace', description: 'Where something is tracked.', examples: [{ device: 'Hotel1', position: 5, lidded: true }] })

const SeenPlate = Type.Object({
  position: ref(Slot, 'The slot.'),
  barcode: nullable(ref(Barcode), 'The barcode. Null when it could not be read.'),
  lidded: nullable(Type.Boolean({ description: 'Whether the lid was on. Null when nobody looked.' }))
}, { $id: 'SeenPlate', description: 'What was seen in a slot.', examples: [{ position: 3, barcode: 'SCREEN_001', lidded: null }] })

const aFormerLabel = {
  id: '0199f2f4-7c1a-7b3e-9d52-0c6a1f0e8b11', barcode: 'SCREEN_101', device: 'Incubator', position: 5, missing_since: null, last: null, removed_at: null, until: '2026-03-02T09:15:00.000Z'
}

const LastPlace = Type.Object({ device: ref(DeviceName, 'The device.'), position: ref(Slot, 'The slot.') }, {
  $id: 'LastPlace', description: 'Where a missing container was last.', examples: [{ device: 'Incubator', position: 5 }]
})

const FormerLabel = Type.Object({
  id: ref(Uuid, 'The id of the container.'),
  barcode: nullable(ref(Barcode), 'The barcode that the container has now. Null when it has none.'),
  device: nullable(ref(DeviceName), 'The device that the container is on. Null when it is in no slot.'),
  position: nullable(ref(Slot), 'The slot that the container is in. Null when it is in no slot.'),
  missing_since: nullable(ref(Timestamp), 'Since when the container is missing. Null when it is not missing.'),
  last: nullable(ref(LastPlace), 'Where the missing container was last. Null when it is not missing.'),
  removed_at: nullable(ref(Timestamp), 'When the container was removed from the platform. Null while it is on the platform.'),
  until: ref(Timestamp, 'Until when it had the barcode.')
}, {
  $id: 'FormerLabel', description: 'A container that had the barcode before.',
  examples: [aFormerLabel]
})

const anItem = {
  position: 3, finding: 'elsewhere', container: { id: '0199f2f4-7c1a-7b3e-9d52-0c6a1f0e8b11', barcode: 'SCREEN_001', name: 'ScreenPlate_01' },
  tracked: { device: 'Hotel1', position: 5, lidded: true }, seen: { position: 3, barcode: 'SCREEN_001', lidded: null }
}

export const StocktakeItem = Type.Object({
  position: ref(Slot, 'The slot. One that the device does not have, or that disposes, is in `findings` as well.'),
  finding: ref(StocktakeFinding, 'How what was seen differs from what is tracked.'),
  container: nullable(ref(ContainerLabel), 'The container that was seen, or that is tracked. Null when the service does not know it.'),
  tracked: nullable(ref(TrackedPlace), 'Where the container, or for `lid` its lid, is tracked. Null when it is tracked nowhere.'),
  seen: nullable(ref(SeenPlate), 'What was seen in the slot. Null when no plate was seen.'),
  relabelled: Type.Optional(Type.Array(ref(FormerLabel), { description: 'Of an unknown barcode: the containers that had it before. Only if there are some.' }))
}, { $id: 'StocktakeItem', description: 'One finding of a stocktake. A slot has two if another plate was seen than is tracked.', examples: [anItem, { position: 4, finding: 'unknown', container: null, tracked: null, seen: { position: 4, barcode: 'SCREEN_009', lidded: null }, relabelled: [aFormerLabel] }] })
export type StocktakeItem = Static<typeof StocktakeItem>

const count = (finding: string) => Type.Integer({ minimum: 0, description: `How many findings are \`${finding}\`.` })
const someCounts = { match: 11, elsewhere: 1, unknown: 0, missing: 0, unexpected: 0, lid: 2 }

export const StocktakeCounts = Type.Object({
  match: count('match'), elsewhere: count('elsewhere'), unknown: count('unknown'), missing: count('missing'), unexpected: count('unexpected'), lid: count('lid')
}, { $id: 'StocktakeCounts', description: 'The number of findings of each kind.', examples: [someCounts] })

export const StocktakeResult = Type.Object({
  id: nullable(ref(Uuid), 'The id of the stocktake. Null when it was not applied.'),
  device: ref(DeviceName, 'The device.'),
  applied: Type.Boolean({ description: 'Whether the lab was made as it was seen.' }),
  items: Type.Array(ref(StocktakeItem), { description: 'The findings, by slot. Each container is in one of them at most, apart from its lid. A slot that is empty and was seen empty has none.' }),
  counts: ref(StocktakeCounts, 'The number of findings of each kind.'),
  changes: Type.Array(ref(ContainerChange), { description: 'What applying the stocktake changed, or would change. What is in `findings` is left out.' }),
  findings: Type.Array(ref(CommandFinding), { description: 'Every problem that would refuse to apply the stocktake. Empty when it was applied.' }),
  warnings: Type.Array(ref(Warning), { description: 'What is unusual: lids whose place a plate has taken, barcodes that differ from others in case only, containers that do not fit or whose lid contradicts their labware type.' }),
  revision: ref(Revision, 'The revision after the stocktake.')
}, {
  $id: 'StocktakeResult', description: 'What a stocktake found, and what it changed or would change.',
  examples: [{
    id: '0199f2f9-1b4d-7e52-a3c1-7d6f5e4c3b21', device: 'Hotel1', applied: true, items: [anItem], counts: someCounts, changes: [aChange], findings: [], warnings: [], revision: 43
  }]
})
export type StocktakeResult = Static<typeof StocktakeResult>

const aRecord = {
  id: '0199f2f9-1b4d-7e52-a3c1-7d6f5e4c3b21', device: 'Hotel1', recorded_at: '2026-03-02T09:15:00.000Z', revision: 43, actor: 'anna', reason: 'Monday stocktake', counts: someCounts
}

const recordMembers = {
  id: ref(Uuid, 'The id of the stocktake.'),
  device: ref(DeviceName, 'The device, by its present name.'),
  recorded_at: ref(Timestamp, 'When it was applied.'),
  revision: ref(Revision, 'The revision of its events. If nothing changed, the revision of the lab at that time.'),
  actor: nullable(Type.String({ description: 'Who applied it: the name of the API key. Null when the request had no key.' })),
  reason: Type.String({ description: 'The reason that was given.' }),
  counts: ref(StocktakeCounts, 'The number of findings of each kind.')
}

export const StocktakeSummary = Type.Object(recordMembers, { $id: 'StocktakeSummary', description: 'A stocktake that was applied.', examples: [aRecord] })
export type StocktakeSummary = Static<typeof StocktakeSummary>

export const StocktakeRecord = Type.Object({
  ...recordMembers, items: Type.Array(ref(StocktakeItem), { description: 'The findings, by slot, with the names of that time.' })
}, { $id: 'StocktakeRecord', description: 'A stocktake that was applied, with its findings.', examples: [{ ...aRecord, items: [anItem] }] })
export type StocktakeRecord = Static<typeof StocktakeRecord>

export const StocktakePage = page('StocktakePage', StocktakeSummary)

export const StocktakeQuery = Type.Object({ ...pageQuery, device: Type.Optional(ref(DeviceName)) }, { additionalProperties: false })
export type StocktakeQuery = Static<typeof StocktakeQuery>

export const StocktakeParams = Type.Object({ id: ref(Uuid) })

export const stocktakeSchemas = [
  StocktakeSlot, Stocktake, StocktakeFinding, TrackedPlace, SeenPlate, LastPlace, FormerLabel, StocktakeItem,
  StocktakeCounts, StocktakeResult, StocktakeSummary, StocktakeRecord, StocktakePage
]
