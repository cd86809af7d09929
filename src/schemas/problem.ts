import Type, { type TSchema } from 'typebox'
import { catalogue, type ProblemCode } from '../problems.ts'
import { ref } from './common.ts'

const FaultSchema = Type.Object({
  in: Type.Unsafe<string>({ type: 'string', enum: ['body', 'query', 'path', 'headers'], description: 'Which part of the request.' }),
  pointer: Type.Optional(Type.String({ description: 'JSON pointer to the member of the body.', examples: ['/start'] })),
  parameter: Type.Optional(Type.String({ description: 'The parameter\'s name.', examples: ['limit'] })),
  detail: Type.String({ description: 'The rule it breaks, and the way out.' })
}, { $id: 'Fault', description: 'One fault of a request.' })

const ProblemSchema = Type.Object({
  type: Type.String({ description: 'A URI for the kind of problem.', examples: ['urn:platform-status:problem:container-not-found'] }),
  title: Type.String({ description: 'The kind of problem in words; the same for every problem of a code.' }),
  status: Type.Integer({ minimum: 400, maximum: 599, description: 'The HTTP status.' }),
  detail: Type.String({ description: 'What is wrong here, and the way out.' }),
  instance: Type.String({ description: 'The path of the request.' }),
  code: Type.String({ description: 'Stable and made for programs.', examples: ['container-not-found'] }),
  error: Type.String({ description: 'The same text as `title`; clients of the documented wrapper read it.' }),
  request_id: Type.String({ description: 'Also in the service\'s log.' }),
  errors: Type.Optional(Type.Array(ref(FaultSchema), { description: 'Each fault of an invalid request.' })),
  index: Type.Optional(Type.Integer({ minimum: 0, description: 'The first failing item of a batch.' })),
  pointer: Type.Optional(Type.String({ description: 'The member of the body that names what is not there or in the way.' })),
  parameter: Type.Optional(Type.String({ description: 'The parameter that names what is not there.' }))
}, {
  $id: 'Problem', additionalProperties: true,
  description: 'A refusal (RFC 9457). Further members depend on the code: the occupant of a slot, the real place of a container, the valid range.'
})

export const problemSchemas: readonly TSchema[] = [FaultSchema, ProblemSchema]

/** The media type of every refusal. */
export const problemType = 'application/problem+json'

/** What any call can answer besides its own. */
const always: readonly ProblemCode[] = ['invalid-request', 'uri-too-long', 'internal-error', 'database-unavailable']
const withBody: readonly ProblemCode[] = ['malformed-body', 'body-too-large', 'unsupported-media-type']

/** The `response` entries of a call for the problems it can answer; those of every call are added. */
export function problems (...codes: readonly ProblemCode[]): Record<number, object> {
  const responses: Partial<Record<number, { description: string, content: Record<string, { schema: object, examples: Record<string, object> }> }>> = {}
  for (const code of [...always, ...codes]) {
    const [status, title, when] = catalogue[code]
    const entry = responses[status] ??= { description: '', content: { [problemType]: { schema: ref(ProblemSchema), examples: {} } } }
    entry.description += `${entry.description === '' ? '' : '\n\n'}\`${code}\`: ${when}`
    entry.content[problemType]!.examples[code] = {
      value: {
        type: problemUri(code), title, status, detail: when, instance: '/api/...', code, error: title,
        request_id: '0199f2f4-7c1a-7b3e-9d52-0c6a1f0e8b11'
      }
    }
  }
  return responses as Record<number, object>
}

/** As `problems`, for a call that takes a body. */
export function bodyProblems (...codes: readonly ProblemCode[]): Record<number, object> {
  return problems(...withBody, ...codes)
}

export function problemUri (code: ProblemCode): string {
  return `urn:platform-status:problem:${code}`
}
