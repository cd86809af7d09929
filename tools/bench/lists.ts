// Every list of the contract: with each filter alone and in pairs, in every order.
import type { TestService } from './service.ts'

/** `why` says why a list may read more than its page. */
export type List = { path: string, why?: string | undefined }

const counts = 'it counts all matching rows'
const pair = 'each filter matches many rows, both together few. An index for every pair would slow down every logged step'
const runs = 'the steps of a process are those of its runs, and no index has the order of all of them'
const durations = 'an index in the order of durations would cost more WAL than all other writes of a step; all steps that the filters leave are read'
const flag = 'a flag that half of all have'

type Step = { id: string, kind: 'move' | 'operation', device: string, fct: string }
type Move = Step & { kind: 'move', origin: { device: string }, destination: { device: string } }

/** Paths with values that exist in the lab of growth-data.ts. */
export async function listsOf ({ call }: TestService): Promise<List[]> {
  const items = async <T>(path: string): Promise<T[]> => (await call<{ items: T[] }>('GET', path)).items
  const experiment = (await items<{ id: string, process_id: string }>('/api/experiments?limit=1'))[0]!
  const removed = (await items<{ id: string }>('/api/containers?removed=true&limit=1'))[0]!
  const steps = await items<Step | Move>('/api/steps?limit=500')
  const move = steps.find((step): step is Move => step.kind === 'move')!
  const operation = steps.find(({ kind }) => kind === 'operation')!
  const device = encodeURIComponent(operation.device)
  const stepFilters = {
    device, experiment_id: experiment.id, process_id: experiment.process_id, container: removed.id, fct: encodeURIComponent(operation.fct),
    kind: 'move', status: 'failed', is_simulation: 'true', started_after: '2022-06-01T00:00:00Z', started_before: '2022-09-01T00:00:00Z',
    origin_device: encodeURIComponent(move.origin.device), destination_device: encodeURIComponent(move.destination.device)
  }
  return [
    ...combined('/api/containers', { barcode: 'P1', device: 'Fridge', lidded: 'true', labware_type: 'type%203', name: 'P1' }),
    ...combined('/api/containers', { removed: 'true', barcode: 'OLD1', lidded: 'false', labware_type: 'type%203', name: 'Plate%201' }),
    ...combined('/api/containers', { removed: 'any', device: 'Fridge', lidded: 'true' }, (chosen) => chosen.includes('lidded') ? flag : undefined),
    ...combined('/api/devices', { group: 'storage', type: 'x', has_certificate: 'true', retired: 'any', listed: 'any' }),
    ...combined('/api/devices/Fridge/positions', { empty: 'true', limit: '1' }),
    ...combined('/api/processes', { name: 'Process%207', source_sha256: '0'.repeat(64), archived: 'any' }),
    ...combined('/api/experiments', {
      process_id: experiment.process_id, status: 'running', started_after: '2022-06-01T00:00:00Z', started_before: '2022-09-01T00:00:00Z'
    }, (chosen) => chosen.some((name) => name.startsWith('started')) ? 'the first step of each experiment is looked up, in its index' : 'it counts the steps of its page'),
    ...combined('/api/events', {
      device: 'Fridge', container: removed.id, kind: 'moved', actor: 'nobody', step: operation.id, experiment: experiment.id, recorded_after: '2022-06-01T00:00:00Z',
      recorded_before: '2022-09-01T00:00:00Z'
    }, (chosen) => chosen.length === 2 ? pair : undefined),
    ...['start', '-start', 'duration', '-duration'].flatMap((sort) => combined(`/api/steps?sort=${sort}`, stepFilters, (chosen) =>
      chosen.includes('process_id') ? runs : sort.endsWith('duration') ? durations : chosen.length === 2 ? pair : undefined)),
    { path: `/api/experiments/${experiment.id}/steps` },
    { path: `/api/containers/${removed.id}/history` },
    { path: '/api/containers/P1/history' },
    { path: `/api/steps/${operation.id}/history` },
    { path: '/api/lab', why: 'it is the whole lab' },
    { path: '/api/steps?count=true', why: counts },
    { path: '/api/containers?count=true&removed=any', why: counts },
    { path: '/api/steps/statistics?group_by=device', why: counts },
    { path: `/api/steps/statistics?experiment_id=${experiment.id}` }
  ]
}

/** The list without a filter, with each, and with each pair. `whyOf` says why the list with the chosen filters may read more than its page. */
function combined (path: string, filters: Record<string, string>, whyOf: (chosen: readonly string[]) => string | undefined = () => undefined): List[] {
  const names = Object.keys(filters)
  const pairs = names.flatMap((one, index) => names.slice(index + 1).map((other) => [one, other]))
  return [[], ...names.map((name) => [name]), ...pairs].map((chosen) => {
    const query = chosen.map((name) => `${name}=${filters[name]}`).join('&')
    return { path: query === '' ? path : `${path}${path.includes('?') ? '&' : '?'}${query}`, why: whyOf(chosen) }
  })
}
