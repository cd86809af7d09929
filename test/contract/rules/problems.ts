import { problemCatalogue } from '../../../src/contract/problems.ts'
import { answersOf, operationsOf, resolved, type Json, type Rule } from './rule.ts'

const always = ['invalid-request', 'uri-too-long', 'internal-error', 'database-unavailable']
/** Besides, where a key is asked for. */
const withScope = ['unauthorized', 'forbidden', 'too-many-requests']
const withBody = ['malformed-body', 'body-too-large', 'unsupported-media-type']
/** What `{id}` is the id of, by the part of the path before it. */
const thingOf: Readonly<Record<string, string>> = {
  processes: 'process', experiments: 'experiment', steps: 'step', reservations: 'reservation', stocktakes: 'stocktake', keys: 'key', alarms: 'alarm', webhooks: 'webhook', 'labware-types': 'labware-type'
}
/** What is refused before any operation is known, so that none can declare it. */
const beforeRouting = ['route-not-found', 'method-not-allowed', 'request-timeout', 'headers-too-large']

export const problemRules: readonly Rule[] = [
  {
    rule: 'every refusal is application/problem+json and the one schema of problems',
    why: 'Clients write one error handler.',
    faults: (document) => refusalsOf(document).filter(({ answer }) => Object.keys(answer.content ?? {}).join() !== 'application/problem+json' ||
      mediaOf(answer).schema?.$ref !== '#/components/schemas/Problem').map(({ at }) => at),
    breaking: (document) => { document.paths['/api/things'].get.responses[400].content = { 'application/json': { schema: { $ref: '#/components/schemas/Problem' } } } }
  },
  {
    rule: 'every refusal names its codes, each with the example of the problemCatalogue, and tells when each happens',
    why: 'Programs act on codes; one that is not declared cannot be acted on.',
    faults: (document) => refusalsOf(document).flatMap(({ at, answer }) => {
      const codes = codesOf(answer)
      return codes.length === 0 ? [`${at}: no code`] : codes.flatMap((code) => [
        ...(mediaOf(answer).examples[code].$ref === `#/components/examples/${code}` ? [] : [`${at}: ${code} has no example`]),
        ...(answer.description.includes(`\`${code}\``) ? [] : [`${at}: ${code} is not described`])
      ])
    }),
    breaking: (document) => { mediaOf(document.paths['/api/things'].get.responses[400]).examples = {} }
  },
  {
    rule: 'one code has one status over the whole document, which its example says too',
    why: 'A proxy, a log and a client must agree on what a code means.',
    faults: (document) => refusalsOf(document).flatMap(({ at, status, answer }) => codesOf(answer)
      .filter((code) => resolved(document, mediaOf(answer).examples[code])?.value.status !== status).map((code) => `${at}: ${code}`)),
    breaking: (document) => { mediaOf(document.paths['/api/things'].get.responses[400]).examples['database-unavailable'] = { $ref: '#/components/examples/database-unavailable' } }
  },
  {
    rule: 'every operation declares what any call can answer, where it needs a scope who is not let in, and with a body what any body can',
    why: 'They happen; a client that was generated must know them.',
    faults: (document) => operationsOf(document).flatMap(({ at, operation }) => {
      const codes = new Set(Object.values<Json>(operation.responses).flatMap(codesOf))
      return [...always, ...(operation.security?.length === 0 ? [] : withScope), ...(operation.requestBody === undefined ? [] : withBody)].filter((code) => !codes.has(code)).map((code) => `${at}: ${code}`)
    }),
    breaking: (document) => { delete document.paths['/api/things'].get.responses[503] }
  },
  {
    rule: 'what a path names may not be there: every path parameter has its 404, unless the call creates it',
    why: 'A typo in a name is the most common mistake of all.',
    faults: (document) => operationsOf(document).filter(({ method, operation }) => method !== 'put' || operation.responses[201] === undefined).flatMap(({ at, path, operation }) => {
      const codes = new Set(Object.values<Json>(operation.responses).flatMap(codesOf))
      const named: string[] = (operation.parameters ?? []).filter((one: Json) => one.in === 'path').map(({ name }: Json) => name)
      return named.map((name) => `${name === 'id' || name === 'name' ? thingOf[path.split('/')[2]!] : name === 'key' ? 'step-kind' : name}-not-found`)
        .filter((code) => !codes.has(code)).map((code) => `${at}: ${code}`)
    }),
    breaking: (document) => { delete document.paths['/api/things/{device}'].get.responses[404] }
  },
  {
    rule: 'every code of the problemCatalogue has an example, and is declared by some operation, but for what no operation sees',
    why: 'A code that nothing can answer is a promise without a product.',
    faults: (document) => {
      const declared = new Set(refusalsOf(document).flatMap(({ answer }) => codesOf(answer)))
      const examples = document.components.examples
      return Object.keys(problemCatalogue).flatMap((code) => [
        ...(examples[code] === undefined ? [`${code}: no example`] : []),
        ...(declared.has(code) || beforeRouting.includes(code) ? [] : [`${code}: never declared`])
      ])
    },
    breaking: (document) => { delete document.components.examples['route-not-found'] }
  },
  {
    rule: 'a 503 says when to try again',
    why: 'Clients that all try at once keep a database down.',
    faults: (document) => refusalsOf(document).filter(({ status, answer }) => status === 503 && answer.headers?.['Retry-After'] === undefined).map(({ at }) => at),
    breaking: (document) => { delete document.paths['/api/things'].get.responses[503].headers }
  }
]

function refusalsOf (document: Json) {
  return answersOf(document).filter(({ status }) => status >= 400)
}

function mediaOf (answer: Json): Json {
  return answer.content?.['application/problem+json'] ?? {}
}

function codesOf (answer: Json): string[] {
  return Object.keys(mediaOf(answer).examples ?? {})
}
