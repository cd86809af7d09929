// Whether every write that was acknowledged is in the event log, once.
import type { Acknowledged } from './robots.ts'

export type Audit = { acknowledged: number, lost: string[], doubled: string[] }

type Page<Item> = { items: Item[], next_cursor: string | null }

export async function audit (service: string, acknowledged: readonly Acknowledged[]): Promise<Audit> {
  const events = await all<{ kind: string, request_id: string | null }>(service, '/api/events')
  const steps = await all<{ id: string }>(service, '/api/steps')
  const times = new Map<string, number>()
  for (const { kind, request_id } of events) {
    const write = `${kind} ${request_id}`
    times.set(write, (times.get(write) ?? 0) + 1)
  }
  const found = acknowledged.map(({ id, kind }) => ({ id, times: times.get(`${kind} ${id}`) ?? 0 }))
  const wanted = acknowledged.filter(({ kind }) => kind === 'steps-logged').length
  if (steps.length !== wanted) throw new Error(`${wanted} steps were acknowledged, and ${steps.length} are stored`)
  return {
    acknowledged: acknowledged.length,
    lost: found.filter(({ times }) => times === 0).map(({ id }) => id),
    doubled: found.filter(({ times }) => times > 1).map(({ id }) => id)
  }
}

async function all<Item> (service: string, path: string): Promise<Item[]> {
  const items: Item[] = []
  for (let cursor: string | null = ''; cursor !== null;) {
    const answer: Response = await fetch(`${service}${path}?limit=500${cursor === '' ? '' : `&cursor=${encodeURIComponent(cursor)}`}`)
    if (!answer.ok) throw new Error(`GET ${path}: ${answer.status} ${await answer.text()}`)
    const page = await answer.json() as Page<Item>
    items.push(...page.items)
    cursor = page.next_cursor
  }
  return items
}
