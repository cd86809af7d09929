import { type Json, operationsOf, resolved } from '../contract/rules/rule.ts'
import type { LabAtWork } from './lab-at-work.ts'

/** A read of the document: `at` names its operation; `types` are the media types of its answer. */
export type DocumentRead = { at: string, url: string, query: string, isList: boolean, takesAt: boolean, types: string[] }

/** The reads of the document with the largest page, of one device as an example, but for the stream of events. A list is one whose answer has a page of items. */
export function documentReads (document: Json, lab: LabAtWork, device = 'Hotel'): DocumentRead[] {
  const names: Record<string, string> = { device, container: lab.container, position: '0', name: 'Type 1', key: lab.stepKind }
  const ids: Record<string, string> = {
    processes: lab.process, experiments: lab.experiment, steps: lab.step, reservations: lab.reservation, stocktakes: lab.stocktake, orchestrators: lab.orchestrator,
    alarms: lab.alarm, webhooks: lab.webhook
  }
  return operationsOf(document).flatMap(({ at, path, method, operation }) => {
    if (method !== 'get' || operation.operationId === 'streamEvents') return []
    const asked: { name: string, required?: boolean, schema: Json }[] = operation.parameters?.filter((one: Json) => one.in === 'query') ?? []
    const values = asked.flatMap(({ name, required = false, schema }) => name === 'limit' ? ['limit=500'] : name === 'since' ? ['since=2026-01-01T00:00:00Z']
      : required ? [`${name}=${encodeURIComponent(resolved(document, schema).examples[0])}`] : [])
    const url = path.replaceAll(/\{(\w+)\}/g, (_, name: string) => names[name] ?? ids[path.split('/')[2]!] ?? lab.step)
    const { content = {} } = operation.responses['200'] ?? {}
    const schema = resolved(document, content['application/json']?.schema)
    return [{ at, url, query: values.join('&'), isList: schema?.properties?.next_cursor !== undefined, takesAt: asked.some(({ name }) => name === 'at'), types: Object.keys(content) }]
  })
}
