import Type, { type Static } from 'typebox'
import { Barcode, ContainerName, nullable, ref, stringEnum, reasonText } from './common.ts'
import { aContainer, Container } from './containers.ts'

export const NewLabel = Type.Object({
  container: ref(ContainerName, 'The present barcode or the id of the container.'),
  barcode: ref(Barcode, 'Its new barcode.')
}, { $id: 'NewLabel', additionalProperties: false, description: 'The new barcode of a container.', examples: [{ container: 'SCREEN_001', barcode: 'SCREEN_101' }] })
export type NewLabel = Static<typeof NewLabel>

export const Relabelling = Type.Object({
  reason: reasonText('Why the labels were replaced. The event log keeps the reason.', 'Labels came off in the freezer'),
  labels: Type.Array(ref(NewLabel), { minItems: 1, maxItems: 1000, description: 'The new labels. All are given at once, so two containers can swap theirs.' })
}, {
  $id: 'Relabelling', additionalProperties: false, description: 'New labels for containers.',
  examples: [{ reason: 'Two labels were mixed up', labels: [{ container: 'SCREEN_001', barcode: 'SCREEN_002' }, { container: 'SCREEN_002', barcode: 'SCREEN_001' }] }]
})
export type Relabelling = Static<typeof Relabelling>

export const Lookup = Type.Object({
  barcodes: Type.Array(ref(ContainerName), { minItems: 1, maxItems: 1000, description: 'The barcodes. Ids of containers are found as well.' })
}, { $id: 'Lookup', additionalProperties: false, description: 'Barcodes to look up.', examples: [{ barcodes: ['SCREEN_001', 'SCREEN_002'] }] })
export type Lookup = Static<typeof Lookup>

export const LookupFound = stringEnum('LookupFound', ['present', 'missing', 'removed', 'relabelled', 'unknown'], [
  '`present`: a container in a slot has the barcode. `missing`: the container that has it is missing. `relabelled`: containers had it before, and have another one, or none, now.',
  '`removed`: containers that were removed had it to the end, and no container on the platform had it before. `unknown`: no container ever had it. The first that is true is told;',
  'of containers that are all removed, `removed` comes before `relabelled`.'
].join(' '))

const anAnswer = { barcode: 'SCREEN_001', found: 'present', containers: [aContainer], differs_in_case: null }

export const LookupItem = Type.Object({
  barcode: ref(ContainerName, 'The barcode, as it was sent.'),
  found: ref(LookupFound, 'What was found.'),
  containers: Type.Array(ref(Container), { description: 'The containers, at most 20: one for `present` and `missing`, none for `unknown`, otherwise all that had the barcode. Those on the platform come first, then those that had it to the end, then the latest.' }),
  differs_in_case: nullable(Type.String({ description: 'The barcode of a container on the platform that differs from this one in case only. Null if there is none, or if a container on the platform has exactly this barcode.' }))
}, { $id: 'LookupItem', description: 'What was found for one barcode.', examples: [anAnswer] })
export type LookupItem = Static<typeof LookupItem>

export const LookupItems = Type.Object({
  items: Type.Array(ref(LookupItem), { description: 'One answer for each barcode, in the order of the request.' })
}, { $id: 'LookupItems', description: 'What was found.', examples: [{ items: [anAnswer] }] })

export const labelSchemas = [NewLabel, Relabelling, Lookup, LookupFound, LookupItem, LookupItems]
