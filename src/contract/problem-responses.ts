import Type, { type TSchema } from 'typebox'
import { ref, stringEnum } from './common.ts'
import { problemExamples } from './problem-examples.ts'
import { catalogue, problem, type Problem, type ProblemCode } from './problems.ts'

const RequestPart = stringEnum('RequestPart', ['body', 'query', 'path', 'headers'], 'A part of a request.')

const FaultSchema = Type.Object({
  in: ref(RequestPart),
  pointer: Type.Optional(Type.String({ description: 'JSON pointer to the member of the body.', examples: ['/start'] })),
  parameter: Type.Optional(Type.String({ description: 'The parameter\'s name.', examples: ['limit'] })),
  detail: Type.String({ description: 'The rule it breaks, and the way out.' })
}, { $id: 'Fault', description: 'One fault of a request: where it is, and the rule it breaks.', examples: [{ in: 'body', pointer: '/target_pos', detail: 'must be a whole number, at least 0' }] })

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
  more: Type.Optional(Type.Integer({ minimum: 1, description: 'How many further faults were found; `errors` has the first 20.' })),
  index: Type.Optional(Type.Integer({ minimum: 0, description: 'The first failing item of a batch.' })),
  pointer: Type.Optional(Type.String({ description: 'The member of the body that names what is not there or in the way.' })),
  parameter: Type.Optional(Type.String({ description: 'The parameter that names what is not there.' }))
}, {
  $id: 'Problem', additionalProperties: true,
  description: 'A refusal (RFC 9457). Further members depend on the code: the occupant of a slot, the real place of a container, the valid range.',
  examples: [exampleOf('position-occupied')]
})

export const problemSchemas: readonly TSchema[] = [RequestPart, FaultSchema, ProblemSchema]

/** Every problem of the catalogue as an example of the document, by its code. */
export const problemComponents = Object.fromEntries((Object.keys(catalogue) as ProblemCode[])
  .map((code) => [code, { summary: catalogue[code][1], value: exampleOf(code) }]))

/** The media type of every refusal. */
export const problemType = 'application/problem+json'

/** What any call can answer besides its own. */
const always: readonly ProblemCode[] = ['invalid-request', 'uri-too-long', 'internal-error', 'database-unavailable']
/** What any call that needs a scope can answer, too. */
export const scopeProblems: readonly ProblemCode[] = ['unauthorized', 'forbidden', 'cross-origin-request', 'too-many-requests', 'too-busy']
const withBody: readonly ProblemCode[] = ['malformed-body', 'body-too-large', 'unsupported-media-type']

type ProblemResponse = { description: string, headers?: Record<string, object>, content: Record<string, { schema: object, examples: Record<string, object> }> }

const retryAfter = { type: 'integer', description: 'Seconds to wait before the next try.', examples: [2] }
const challenge = { type: 'string', description: 'How to authenticate (RFC 6750).', examples: ['Bearer realm="platform-status"'] }
const headersOf: Partial<Record<ProblemCode, Record<string, object>>> = {
  unauthorized: { 'WWW-Authenticate': challenge },
  forbidden: { 'WWW-Authenticate': challenge },
  'too-many-requests': { 'Retry-After': retryAfter },
  'idempotency-key-running': { 'Retry-After': retryAfter },
  'too-busy': { 'Retry-After': retryAfter },
  'database-unavailable': { 'Retry-After': retryAfter }
}

/** The `response` entries of a call for the problems it can answer; those of every call are added. */
export function problems (...codes: readonly ProblemCode[]): Record<number, object> {
  // what can contradict the tracked world can also break a rule of it that no command looks at first
  const conflicts: readonly ProblemCode[] = codes.some((code) => catalogue[code][0] === 409) ? ['world-conflict'] : []
  return withProblems({}, ...always, ...codes, ...conflicts)
}

/** The `response` entries of a call that answers these problems too. */
export function withProblems (response: Readonly<Record<number, object>>, ...codes: readonly ProblemCode[]): Record<number, object> {
  const responses = { ...response } as Partial<Record<number, ProblemResponse>>
  for (const code of codes) {
    const [status, , when] = catalogue[code]
    const entry = responses[status] ??= { description: '', content: { [problemType]: { schema: ref(ProblemSchema), examples: {} } } }
    entry.description += `${entry.description === '' ? '' : '\n\n'}\`${code}\`: ${when}`
    entry.content[problemType]!.examples[code] = { $ref: `#/components/examples/${code}` }
    if (headersOf[code] !== undefined) entry.headers = headersOf[code]
  }
  return responses as Record<number, object>
}

/** As `problems`, for a call that takes a body. */
export function bodyProblems (...codes: readonly ProblemCode[]): Record<number, object> {
  return problems(...withBody, ...codes)
}

function problemUri (code: ProblemCode): string {
  return `urn:platform-status:problem:${code}`
}

/** A problem as it travels. */
export function problemBody ({ code, status, title, message, members }: Problem, of: { instance: string, request_id: string }): object {
  return { type: problemUri(code), title, status, detail: message, instance: of.instance, code, error: title, request_id: of.request_id, ...members }
}

function exampleOf (code: ProblemCode): object {
  const { instance, detail, ...members } = problemExamples[code]
  return problemBody(problem(code, detail, members), { instance, request_id: '0199f2f6-1b4d-7e52-a3c1-7d6f5e4c3b21' })
}
