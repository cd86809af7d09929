import Type, { type Static } from 'typebox'
import { maxSourceLength } from '../domain/limits.ts'
import { AnyBoolean, JsonObject, Name, nullable, optional, page, pageQuery, ref, Timestamp, Uuid, Version, Warning } from './common.ts'

const aSource = 'class ScreeningProcess(PythonLabProcess):\n    ...\n'

const aSummary = {
  id: '0199f2f4-7c1a-7b3e-9d52-0c6a1f0e8b11', name: 'Screening', source_sha256: '9f2b0d3c'.repeat(8), metadata: { author: 'Ada' }, warnings: [],
  archived_at: null, created_at: '2026-03-02T09:15:00.000Z', updated_at: '2026-03-02T09:15:00.000Z', version: 1
}

const source = Type.String({
  maxLength: maxSourceLength, description: 'The source of the process in any language, at most 4,194,304 characters. It can be empty. It is stored exactly as sent, including line endings; for `reuse`, sources that differ only in them (CRLF, LF or CR, also mixed) are the same.', examples: [aSource]
})

const summary = {
  id: ref(Uuid, 'The id of the process.'),
  name: ref(Name, 'The name of the process.'),
  source_sha256: Type.String({ description: 'SHA-256 of the source in UTF-8, as lower-case hex.', examples: [aSummary.source_sha256] }),
  metadata: nullable(ref(JsonObject), 'Data that the client stored with the process.'),
  warnings: Type.Array(ref(Warning), { description: 'What was unusual about the request, for example numbers that are kept as text.' }),
  archived_at: nullable(ref(Timestamp), 'When the process was archived. Null when it is not archived.'),
  created_at: ref(Timestamp, 'When the process was created.'),
  updated_at: ref(Timestamp, 'When the process changed last.'),
  version: ref(Version, 'How often the process changed, counted from 1.')
}

export const ProcessSummary = Type.Object(summary, { $id: 'ProcessSummary', description: 'A process without its source, as in lists.', examples: [aSummary] })
export type ProcessSummary = Static<typeof ProcessSummary>

export const Process = Type.Object({ ...summary, source }, {
  $id: 'Process', description: 'A process: the description of an experiment.', examples: [{ ...aSummary, source: aSource }]
})
export type Process = Static<typeof Process>

export const ProcessCreate = Type.Object({
  id: optional(ref(Uuid), 'The id of the new process. The default is a new UUID.'),
  name: ref(Name, 'The name of the new process.'),
  source,
  metadata: optional(ref(JsonObject), 'Data to store with the process.'),
  reuse: optional(Type.Boolean({ description: 'Whether to return an existing process with the same name and source, if it is not archived, instead of creating another one. The default is false.' }))
}, {
  $id: 'ProcessCreate', additionalProperties: false, description: 'A process to create. Names need not be unique.',
  examples: [{ name: 'Screening', source: aSource, reuse: true }]
})
export type ProcessCreate = Static<typeof ProcessCreate>

export const ProcessSource = Type.String({ $id: 'ProcessSource', description: 'The source of a process, exactly as it was sent.', examples: [aSource] })

export const ProcessPage = page('ProcessPage', ProcessSummary)

export const ProcessParams = Type.Object({ id: ref(Uuid) })

export const ProcessQuery = Type.Object({
  ...pageQuery,
  name: Type.Optional(ref(Name)),
  source_sha256: Type.Optional(Type.String({ minLength: 64, maxLength: 64, description: 'Only processes whose source has this SHA-256.', examples: [aSummary.source_sha256] })),
  archived: Type.Optional(ref(AnyBoolean))
}, { additionalProperties: false })
export type ProcessQuery = Static<typeof ProcessQuery>

export const processSchemas = [ProcessSummary, Process, ProcessCreate, ProcessSource, ProcessPage]
