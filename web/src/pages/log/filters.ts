import type { LogFilters } from '../../api/log.ts'
import type { EventKind } from '../../api/generated/schema.d.ts'
import { kindWords } from './kinds.ts'

const texts = ['actor', 'device', 'container', 'step', 'experiment'] as const

/** The filters of an address; what is not understood there is ignored. */
export function filtersOf (search: URLSearchParams): LogFilters {
  const kind = search.get('kind')
  const times = { recorded_after: timeOf(search.get('from')), recorded_before: timeOf(search.get('to')) }
  return {
    ...Object.fromEntries(texts.flatMap((name) => search.get(name) === null ? [] : [[name, search.get(name)!]])),
    ...kind !== null && kind in kindWords ? { kind: kind as EventKind } : {},
    ...Object.fromEntries(Object.entries(times).filter(([, time]) => time !== null))
  }
}

/** The fields for times have that of this machine; the service has UTC. */
function timeOf (local: string | null): string | null {
  const time = local === null ? NaN : Date.parse(local)
  return Number.isNaN(time) ? null : new Date(time).toISOString()
}
