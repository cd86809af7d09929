import Type, { type TSchema } from 'typebox'
import { ref, stringEnum } from './common.ts'
import { problemExamples } from './problem-examples.ts'
import { problemCatalogue, problem, type Problem, type ProblemCode } from './problems.ts'

const RequestPart = stringEnum('RequestPart', ['body', 'query', 'path', 'headers'], 'The part of the request that has the fault.')

const FaultSchema = Type.Object({
  in: ref(RequestPart, 'The part of the request that has the fault.'),
  pointer: Type.Optional(Type.String({ description: 'JSON pointer to the member of the body.', examples: ['/start'] })),
  parameter: Type.Optional(Type.String({ description: 'The name of the parameter or header.', examples: ['limit'] })),
  detail: Type.String({ description: 'The rule that is broken, and what to send instead.' })
}, { $id: 'Fault', description: 'One fault of a request: where it is, and the rule that it breaks.', examples: [{ in: 'body', pointer: '/target_pos', detail: 'must be a whole number, at least 0' }] })

const ProblemSchema = Type.Object({
  type: Type.String({ description: 'A URI for the kind of problem.', examples: ['urn:platform-status:problem:container-not-found'] }),
  title: Type.String({ description: 'The kind of problem. It is the same for every problem with this code.' }),
  status: Type.Integer({ minimum: 400, maximum: 599, description: 'The HTTP status.' }),
  detail: Type.String({ description: 'What is wrong with this request, and what to do.' }),
  instance: Type.String({ description: 'The path of the request.' }),
  code: Type.String({ description: 'The stable code of the problem, for programs.', examples: ['container-not-found'] }),
  error: Type.String({ description: 'The same text as `title`, for clients of the documented wrapper.' }),
  request_id: Type.String({ description: 'The id of the request. The service writes the same id to its log.' }),
  errors: Type.Optional(Type.Array(ref(FaultSchema), { description: 'The faults of an invalid request, at most 20.' })),
  more: Type.Optional(Type.Integer({ minimum: 1, description: 'How many more faults were found than `errors` lists. There can be others that were not looked for.' })),
  index: Type.Optional(Type.Integer({ minimum: 0, description: 'The index of the first item of a batch that failed, counted from 0.' })),
  pointer: Type.Optional(Type.String({ description: 'JSON pointer to the body member that caused the problem.' })),
  parameter: Type.Optional(Type.String({ description: 'The parameter that caused the problem.' }))
}, {
  $id: 'Problem', additionalProperties: true,
  description: 'An error (RFC 9457). Further members depend on the code, for example the occupant of a slot or the valid range.',
  examples: [exampleOf('position-occupied')]
})

export const problemSchemas: readonly TSchema[] = [RequestPart, FaultSchema, ProblemSchema]

/** One example of every problem, by its code, for the OpenAPI document. */
export const problemComponents = Object.fromEntries((Object.keys(problemCatalogue) as ProblemCode[])
  .map((code) => [code, { summary: problemCatalogue[code][1], value: exampleOf(code) }]))

/** The media type of every error response. */
export const problemType = 'application/problem+json'

/** The problems that every operation can return. */
const commonProblems: readonly ProblemCode[] = ['invalid-request', 'uri-too-long', 'internal-error', 'database-unavailable']
/** The problems that every operation with a scope can return. */
export const scopeProblems: readonly ProblemCode[] = ['unauthorized', 'forbidden', 'cross-origin-request', 'too-many-requests', 'too-busy']
const commonBodyProblems: readonly ProblemCode[] = ['malformed-body', 'body-too-large', 'unsupported-media-type']

type ProblemResponse = { description: string, headers?: Record<string, object>, content: Record<string, { schema: object, examples: Record<string, object> }> }

const retryAfter = { type: 'integer', description: 'Seconds to wait before a retry.', examples: [2] }
const challenge = { type: 'string', description: 'How to authenticate (RFC 6750).', examples: ['Bearer realm="platform-status"'] }
const headersOf: Partial<Record<ProblemCode, Record<string, object>>> = {
  unauthorized: { 'WWW-Authenticate': challenge },
  forbidden: { 'WWW-Authenticate': challenge },
  'too-many-requests': { 'Retry-After': retryAfter },
  'idempotency-key-running': { 'Retry-After': retryAfter },
  'too-busy': { 'Retry-After': retryAfter },
  'too-many-streams': { 'Retry-After': retryAfter },
  'not-yet-replicated': { 'Retry-After': retryAfter },
  'database-unavailable': { 'Retry-After': retryAfter }
}

/** The `response` entries for the problems that an operation can return. Adds the problems that every operation can return. */
export function problems (...codes: readonly ProblemCode[]): Record<number, object> {
  // An operation with a 409 can also violate a constraint that its command does not check beforehand.
  const conflicts: readonly ProblemCode[] = codes.some((code) => problemCatalogue[code][0] === 409) ? ['world-conflict'] : []
  return withProblems({}, ...commonProblems, ...codes, ...conflicts)
}

/** Adds problems to the `response` entries of an operation. */
export function withProblems (response: Readonly<Record<number, object>>, ...codes: readonly ProblemCode[]): Record<number, object> {
  const responses = { ...response } as Partial<Record<number, ProblemResponse>>
  for (const code of codes) {
    const [status, , when] = problemCatalogue[code]
    const entry = responses[status] ??= { description: '', content: { [problemType]: { schema: ref(ProblemSchema), examples: {} } } }
    entry.description += `${entry.description === '' ? '' : '\n\n'}\`${code}\`: ${when}`
    entry.content[problemType]!.examples[code] = { $ref: `#/components/examples/${code}` }
    if (headersOf[code] !== undefined) entry.headers = headersOf[code]
  }
  return responses as Record<number, object>
}

/** The problems of every operation that puts something into a slot. */
export const placementProblems = [
  'device-not-found', 'position-not-found', 'reservation-not-found', 'position-occupied', 'position-reserved', 'reservation-mismatch', 'no-free-position',
  'position-disposes', 'labware-does-not-fit'
] as const satisfies readonly ProblemCode[]

/** The same as `problems`, for an operation with a request body. */
export function bodyProblems (...codes: readonly ProblemCode[]): Record<number, object> {
  return problems(...commonBodyProblems, ...codes)
}

function problemUri (code: ProblemCode): string {
  return `urn:platform-status:problem:${code}`
}

/** The response body of a problem. */
export function problemBody ({ code, status, title, message, members }: Problem, request: { instance: string, request_id: string }): object {
  return { type: problemUri(code), title, status, detail: message, instance: request.instance, code, error: title, request_id: request.request_id, ...members }
}

function exampleOf (code: ProblemCode): object {
  const { instance, detail, ...members } = problemExamples[code]
  return problemBody(problem(code, detail, members), { instance, request_id: '0199f2f6-1b4d-7e52-a3c1-7d6f5e4c3b21' })
}
