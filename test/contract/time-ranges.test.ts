import t from 'tap'
import { aLab } from '../support/service.ts'
import { theDocument } from '../support/openapi.ts'

// A range that ends before it begins has nothing in it. A list that answered it with nothing would hide a mistake.

const document = await theDocument()
const lab = await aLab(t, { Washer: 1 })

const resolved = (schema: any): any => schema.$ref === undefined ? schema : document.components.schemas[schema.$ref.split('/').pop()]
const isTime = (schema: any): boolean => [schema, ...schema.anyOf ?? [], ...schema.allOf ?? []].some((one) => resolved(one).format === 'date-time')

/** The ends of ranges have these names. */
const ends = [[/_after$/, '_before'], [/^from$/, 'to'], [/^since$/, 'until']] as const

function rangesOf (names: readonly string[]): [begin: string, end: string][] {
  return names.flatMap((name) => ends.flatMap(([begin, end]): [string, string][] => begin.test(name) && names.includes(name.replace(begin, end)) ? [[name, name.replace(begin, end)]] : []))
}

type Range = { operation: string, ask: (times: Record<string, string>) => Promise<any>, begin: string, end: string, fault: object }

const operations = Object.entries<any>(document.paths).flatMap(([path, methods]) => Object.values<any>(methods).map((operation) => ({ path, operation })))

// All operations with a range in their query are reads: the first test would name another one.
const inQueries = operations.flatMap(({ path, operation }): Range[] => {
  const times = (operation.parameters ?? []).filter(({ in: place, schema }: any) => place === 'query' && isTime(schema)).map(({ name }: any) => name)
  const url = path.replace(/\{\w+\}/g, (name: string) => operation.parameters.find((one: any) => `{${one.name}}` === name).schema.examples?.[0] ?? '0199f2f4-7c1a-7b3e-9d52-0c6a1f0e8b11')
  return rangesOf(times).map(([begin, end]) => ({
    operation: operation.operationId, begin, end, fault: { in: 'query', parameter: end }, ask: async (query) => await lab.get(`${url}?${new URLSearchParams(query).toString()}`)
  }))
})

const inBodies = operations.flatMap(({ path, operation }): Range[] => {
  const schema = operation.requestBody?.content['application/json']?.schema
  const body = schema === undefined ? {} : resolved(schema)
  return Object.entries<any>({ '': body, ...body.properties }).flatMap(([name, part]) => {
    const members = resolved(part).properties ?? {}
    return rangesOf(Object.keys(members).filter((member) => isTime(members[member]))).map(([begin, end]): Range => ({
      operation: operation.operationId, begin, end, fault: { in: 'body', pointer: `${name === '' ? '' : `/${name}`}/${end}` },
      ask: async (times) => await lab.post(path, { ...body.examples[0], ...name === '' ? times : { [name]: times } })
    }))
  })
})

const ranges = [...inQueries, ...inBodies]

t.test('the operations that take a range of times are found', async (t) => {
  t.same(ranges.map(({ operation, begin }) => `${operation} ${begin}`).sort(), [
    'excludeSteps finished_after', 'excludeSteps started_after', 'getStepKind from', 'getStepStatistics started_after', 'getUtilization from', 'listEvents recorded_after',
    'listExperimentSteps started_after', 'listExperiments started_after', 'listSteps started_after'
  ])
})

t.test('a range that ends before it begins is refused, and the refusal names its end', async (t) => {
  for (const { operation, ask, begin, end, fault } of ranges) {
    const { status, body } = await ask({ [begin]: '2026-03-02T09:00:00.001Z', [end]: '2026-03-02T10:00:00+01:00' })
    t.match({ status, body }, { status: 400, body: { code: 'invalid-request', errors: [{ ...fault, detail: new RegExp(`^must (not be before|be after) \`${begin}\`$`) }] } }, `${operation} ${begin}: ${JSON.stringify(body)}`)
  }
})

t.test('times are compared as moments, whatever their offsets', async (t) => {
  for (const { operation, ask, begin, end } of ranges) {
    const { status, body } = await ask({ [begin]: '2026-03-02T10:00:00+02:00', [end]: '2026-03-02T08:00:00.001Z' })
    t.ok(status === 200 || body.code.endsWith('-not-found'), `${operation} ${begin}: ${JSON.stringify(body)}`)
  }
})
