import type { LogFilters } from '../../api/log-filters.ts'
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

/** The filters that are on, each in words. */
export function filterWords (search: URLSearchParams): string[] {
  const { kind } = filtersOf(search)
  const [from, to] = ['from', 'to'].map((name) => timeOf(search.get(name)) === null ? null : search.get(name)!.replace('T', ' '))
  const things = (['container', 'step', 'experiment'] as const).filter((name) => search.has(name)).map((name) => `only this ${nameOf(name)}`)
  return [
    search.get('actor'), kind === undefined ? null : kindWords[kind], search.get('device'), from === null ? null : `from ${from}`, to === null ? null : `until ${to}`, ...things
  ].filter((words) => words !== null)
}

/** What people call it: an experiment of the API is a run. */
export function nameOf (thing: 'container' | 'step' | 'experiment'): string {
  return thing === 'experiment' ? 'run' : thing
}

/** The fields for times have that of this machine; the service has UTC. */
function timeOf (local: string | null): string | null {
  const time = local === null ? NaN : Date.parse(local)
  return Number.isNaN(time) ? null : new Date(time).toISOString()
}
