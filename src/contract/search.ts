import Type, { type Static } from 'typebox'
import { maxNameLength } from '../domain/limits.ts'
import { linePattern } from '../domain/plain-text.ts'
import { DeviceName, normalized, nullable, ref, Slot, stringEnum, Timestamp, Uuid } from './common.ts'

export const SearchQuery = Type.Object({
  q: Type.String({ minLength: 1, maxLength: maxNameLength, pattern: linePattern, ...normalized, description: 'What to look for. Every character stands for itself.', examples: ['SCREEN_0'] }),
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 100, default: 20, description: 'The maximum number of items.' }))
}, { additionalProperties: false })
export type SearchQuery = Static<typeof SearchQuery>

const FoundKind = stringEnum('FoundKind', ['container', 'position', 'device', 'experiment', 'process', 'step', 'revision'],
  'What was found. `position`: a slot of a device. `revision`: what one request changed.')

const FoundBy = stringEnum('FoundBy', ['id', 'place', 'barcode', 'request-id', 'former-barcode', 'name', 'barcode-prefix', 'name-prefix'], [
  'Why it was found. `id`, `barcode`, `name`: the text is that. `barcode-prefix`, `name-prefix`: it begins with the text. `place`: the text is a device and a slot,',
  'and this is the slot, or what is in it. `former-barcode`: it had this barcode and has another one, or none, now. `request-id`: the request with this id changed it.'
].join(' '))

const aPlace = { device: 'Hotel1', position: 5 }

const FoundPlace = Type.Object({ device: ref(DeviceName, 'The device.'), position: nullable(ref(Slot), 'The slot. Null for a device, and for a step.') }, {
  $id: 'FoundPlace', description: 'Where something that was found is.', examples: [aPlace]
})

const anItem = {
  kind: 'container', id: '0199f2f4-7c1a-7b3e-9d52-0c6a1f0e8b11', label: 'SCREEN_001', where: aPlace, missing_since: null, last: null, removed_at: null, why: 'barcode-prefix', url: '/api/containers/0199f2f4-7c1a-7b3e-9d52-0c6a1f0e8b11'
} as const

const FoundItem = Type.Object({
  kind: ref(FoundKind, 'What was found.'),
  id: nullable(ref(Uuid), 'Its id. Null for a slot and a revision.'),
  label: Type.String({ description: 'How people call it: the barcode or name of a container, the name of a device, process, experiment or step, a device and a slot, or the kinds of the events of a revision.' }),
  where: nullable(ref(FoundPlace), 'Where it is, or which device did it. Null for a container that is missing or removed, and for what is nowhere.'),
  missing_since: nullable(ref(Timestamp), 'Since when the container is missing. Null when it is not missing, and for other kinds.'),
  last: nullable(ref(FoundPlace), 'Where the missing container was last. Null when it is not missing, and for other kinds.'),
  removed_at: nullable(ref(Timestamp), 'When the container was removed from the platform. Null while it is on the platform, and for other kinds.'),
  why: ref(FoundBy, 'Why it was found.'),
  url: Type.String({ description: 'The path of the call that reads it.', examples: ['/api/devices/Hotel1/positions/5'] })
}, { $id: 'FoundItem', description: 'Something that a text can mean.', examples: [anItem] })
export type FoundItem = Static<typeof FoundItem>

export const SearchResult = Type.Object({
  items: Type.Array(ref(FoundItem), { maxItems: 100, description: 'What was found, the most exact first.' })
}, { $id: 'SearchResult', description: 'What a text can mean.', examples: [{ items: [anItem] }] })
export type SearchResult = Static<typeof SearchResult>

export const searchSchemas = [FoundKind, FoundBy, FoundPlace, FoundItem, SearchResult]
