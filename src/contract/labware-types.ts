import Type, { type Static } from 'typebox'
import { lidUses, mostMillimetres, mostTypes, mostWells } from '../domain/lab-file/labware-types.ts'
import { JsonObject, nullable, normalized, optional, page, pageQuery, ref, stringEnum, textLines, Timestamp, trimmedText, Version } from './common.ts'

export const LabwareTypeName = Type.String({
  $id: 'LabwareTypeName', minLength: 1, maxLength: 200, pattern: trimmedText, format: 'path-name', ...normalized,
  description: 'The name of a labware type: 1 to 200 characters, no control or invisible characters, no space at the start or end. Not ".", ".." or "__proto__". Stored and compared in Unicode form NFC.', examples: ['Greiner 96 flat']
})

/** A height in millimetres. */
export const millimetres = (description: string, example: number) =>
  Type.Number({ exclusiveMinimum: 0, maximum: mostMillimetres, description, examples: [example] })

/** The types that may stand somewhere. */
export const typeNames = (description: string) =>
  Type.Array(ref(LabwareTypeName), { maxItems: mostTypes, uniqueItems: true, description, examples: [['Greiner 96 flat']] })

export const TypeLid = stringEnum('TypeLid', lidUses, 'Whether containers of a type have a lid. `none`: never. `optional`: some do. `always`: each does.')

const description = textLines('A description for people.', '96 wells, flat bottom, clear')
const deepWell = Type.Boolean({ description: 'Whether its containers are deep-well plates. They fit in slots with `deep_well_suited` only.' })
const height = millimetres('The height of its containers in millimetres, with what always belongs to them.', 14.4)
const wells = Type.Integer({ minimum: 1, maximum: mostWells, description: 'The number of wells.', examples: [96] })
const extra = 'Further members of the type in the lab file, which the service does not interpret.'

const aType = {
  name: 'Greiner 96 flat', description: '96 wells, flat bottom, clear', deep_well: false, height_mm: 14.4, wells: 96, lid: 'optional', extra: null,
  created_at: '2026-03-02T09:15:00.000Z', updated_at: '2026-03-02T09:15:00.000Z', version: 1
}

export const LabwareType = Type.Object({
  name: ref(LabwareTypeName, 'The name. Containers have it as `labware_type`.'),
  description: nullable(Type.String({ description: 'A description for people.' })),
  deep_well: deepWell,
  height_mm: nullable(height),
  wells: nullable(wells),
  lid: nullable(ref(TypeLid), 'Whether its containers have a lid. Null when it is not known.'),
  extra: nullable(Type.Unsafe<Record<string, unknown>>({ type: 'object', additionalProperties: true, description: extra })),
  created_at: ref(Timestamp, 'When the type was added.'),
  updated_at: ref(Timestamp, 'When the type changed last.'),
  version: ref(Version, 'How often the type changed, counted from 1.')
}, {
  $id: 'LabwareType', examples: [aType],
  description: 'What is known of a type of labware. A container of this type is only put where it fits. A container of a type that nobody described can go anywhere.'
})
export type LabwareType = Static<typeof LabwareType>

export const LabwareTypePut = Type.Object({
  description: optional(description), deep_well: optional(deepWell), height_mm: optional(height), wells: optional(wells),
  lid: optional(ref(TypeLid), 'Whether its containers have a lid.'),
  extra: optional(ref(JsonObject), extra)
}, {
  $id: 'LabwareTypePut', additionalProperties: false, description: 'What is known of a labware type. What is left out is not known.',
  examples: [{ description: '96 wells, flat bottom, clear', height_mm: 14.4, wells: 96, lid: 'optional' }]
})
export type LabwareTypePut = Static<typeof LabwareTypePut>

export const LabwareTypePage = page('LabwareTypePage', LabwareType)

export const LabwareTypeQuery = Type.Object({ ...pageQuery }, { additionalProperties: false })
export type LabwareTypeQuery = Static<typeof LabwareTypeQuery>

export const LabwareTypeParams = Type.Object({ name: ref(LabwareTypeName) })

export const labwareTypeSchemas = [LabwareTypeName, TypeLid, LabwareType, LabwareTypePut, LabwareTypePage]
