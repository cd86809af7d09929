import Type, { type Static } from 'typebox'
import { Barcode, ContainerName, DeviceName, NameOrBarcode, nullable, optional, Place, ref, Slot, stringEnum, reasonText, Uuid, Warning } from './common.ts'
import { ContainerSituation } from './containers.ts'
import { Revision } from './lab.ts'

export const ArrangementItem = Type.Object({
  container: optional(ref(ContainerName), 'The barcode or id of the container. Send this or `barcode`.'),
  barcode: optional(ref(Barcode), 'The barcode of the container. Send this or `container`.'),
  device: ref(DeviceName, 'The device that the container is on.'),
  position: ref(Slot, 'The slot that the container is in.'),
  lidded: optional(Type.Boolean({ description: 'Whether the lid is on. Omitted, it stays as it is.' })),
  lid: Type.Optional(nullable(ref(Place), 'Where the lid is parked, which means that it is off. Null: if the lid is off, nobody knows where it is. Omitted, it stays as it is.'))
}, {
  $id: 'ArrangementItem', additionalProperties: false, description: 'Where one container is, as a person sees it.',
  examples: [{ container: 'SCREEN_001', device: 'Hotel1', position: 3, lidded: true }]
})
export type ArrangementItem = Static<typeof ArrangementItem>

export const Arrangement = Type.Object({
  reason: reasonText('Why the containers are arranged. The event log keeps the reason.', 'The hotel was tipped over and filled again by hand.'),
  items: Type.Array(ref(ArrangementItem), { maxItems: 1000, description: 'Where the containers are. Can be empty when `missing` is not.' }),
  missing: optional(Type.Array(ref(ContainerName), { maxItems: 1000, description: 'The barcodes or ids of containers of which nobody knows where they are.' }))
}, {
  $id: 'Arrangement', additionalProperties: false,
  description: 'What a person sees of many containers at once. Containers that are not named stay where they are.',
  examples: [{
    reason: 'The hotel was tipped over and filled again by hand.',
    items: [{ container: 'SCREEN_001', device: 'Hotel1', position: 3 }, { container: 'SCREEN_002', device: 'Hotel1', position: 0 }], missing: ['SCREEN_003']
  }]
})
export type Arrangement = Static<typeof Arrangement>

export const ContainerLabel = Type.Object({
  id: ref(Uuid, 'The id of the container.'),
  barcode: nullable(ref(Barcode), 'The barcode. Null when it is not known.'),
  name: ref(NameOrBarcode, 'The name.')
}, { $id: 'ContainerLabel', description: 'Which container it is.', examples: [{ id: '0199f2f4-7c1a-7b3e-9d52-0c6a1f0e8b11', barcode: 'SCREEN_001', name: 'ScreenPlate_01' }] })
export type ContainerLabel = Static<typeof ContainerLabel>

export const ContainerChangeKind = stringEnum('ContainerChangeKind', ['corrected', 'missing', 'found', 'added', 'barcode-set'],
  'The kind of the event. `missing`: nobody knows where the container is. `found`: a missing container has a place again. `added`: the service did not know it.')

const aSituation = { device: 'Hotel1', position: 3, lidded: true, lid: null, barcode: 'SCREEN_001', missing_since: null }
export const aChange = {
  kind: 'corrected', container: { id: '0199f2f4-7c1a-7b3e-9d52-0c6a1f0e8b11', barcode: 'SCREEN_001', name: 'ScreenPlate_01' },
  from: aSituation, to: { ...aSituation, position: 5 }
}

export const ContainerChange = Type.Object({
  kind: ref(ContainerChangeKind, 'What happens to the container.'),
  container: ref(ContainerLabel, 'The container.'),
  from: nullable(ref(ContainerSituation), 'The state before the change. Null when the container is added.'),
  to: ref(ContainerSituation, 'The state after the change.')
}, { $id: 'ContainerChange', description: 'What a command changes about one container, with the state before and after.', examples: [aChange] })
export type ContainerChange = Static<typeof ContainerChange>

const aFinding = {
  code: 'position-occupied', pointer: '/items/0/position', index: 0, device: 'Hotel1', position: 5,
  detail: 'Slot 5 of Hotel1 would hold the container "SCREEN_002" and the container "SCREEN_001". Say in the same request where the first one is, or that it is missing. Nothing was changed.'
}

export const CommandFinding = Type.Object({
  code: Type.String({ description: 'The code of the problem that would refuse the request.', examples: ['position-occupied'] }),
  detail: Type.String({ description: 'What contradicts, and what to do.' }),
  pointer: Type.Optional(Type.String({ description: 'JSON pointer to the request member that causes the problem.' })),
  index: Type.Optional(Type.Integer({ minimum: 0, description: 'The index of the entry, counted from 0.' }))
}, { $id: 'CommandFinding', additionalProperties: true, description: 'A problem that would refuse the request, with the members of that problem.', examples: [aFinding] })
export type CommandFinding = Static<typeof CommandFinding>

export const ContainerChanges = Type.Object({
  changes: Type.Array(ref(ContainerChange), { description: 'What changes, in the order of the request. A container that is as it was is not in it.' }),
  findings: Type.Array(ref(CommandFinding), { description: 'For a dry run: every problem that would refuse the request. Otherwise empty.' }),
  warnings: Type.Array(ref(Warning), { description: 'What is unusual about the request.' }),
  revision: ref(Revision, 'The revision after the command. For a dry run: the present one.')
}, { $id: 'ContainerChanges', description: 'What a command changes about containers. For a dry run: what it would change.', examples: [{ changes: [aChange], findings: [], warnings: [], revision: 43 }] })
export type ContainerChanges = Static<typeof ContainerChanges>

export const DryRunQuery = Type.Object({
  dry_run: Type.Optional(Type.Boolean({ default: false, description: 'Whether to only check the request and return its problems and changes, without changing anything.' }))
}, { additionalProperties: false })

export const arrangementSchemas = [ArrangementItem, Arrangement, ContainerLabel, ContainerChangeKind, ContainerChange, CommandFinding, ContainerChanges]
