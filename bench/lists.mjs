// Every list of the contract, with its filters alone and in pairs, in every order. `why` says why one may read more than its page.

const counts = 'it is asked to look at all that match'
const pair = 'each of the two leaves many, both together few: the many are looked through. An index for every pair would cost every step that is logged'
const runs = 'the steps of a process are those of its runs, and no index has the order of all of them'
const durations = 'what the filter leaves out is passed over in the index itself'
const flag = 'a flag that half of all have'

/** Paths, with values that exist in the lab of growth-data.mjs. */
export async function listsOf ({ call }) {
  const { items: [experiment] } = await call('GET', '/api/experiments?limit=1')
  const { items: [removed] } = await call('GET', '/api/containers?removed=true&limit=1')
  const { items: steps } = await call('GET', '/api/steps?limit=500')
  const move = steps.find(({ kind }) => kind === 'move')
  const operation = steps.find(({ kind }) => kind === 'operation')
  const device = encodeURIComponent(operation.device)
  const stepFilters = {
    device, experiment_id: experiment.id, process_id: experiment.process_id, container: removed.id, fct: encodeURIComponent(operation.fct),
    kind: 'move', status: 'failed', is_simulation: 'true', started_after: '2022-06-01T00:00:00Z', started_before: '2022-03-01T00:00:00Z',
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
      process_id: experiment.process_id, status: 'running', started_after: '2022-06-01T00:00:00Z', started_before: '2022-03-01T00:00:00Z'
    }, (chosen) => chosen.some((name) => name.startsWith('started')) ? 'the first step of each experiment is looked up, in its index' : 'it counts the steps of its page'),
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

/** Without a filter, with each, and with each pair. `whyOf` says of the filters chosen why more may be read than the page. */
function combined (path, filters, whyOf = () => undefined) {
  const names = Object.keys(filters)
  const pairs = names.flatMap((one, index) => names.slice(index + 1).map((other) => [one, other]))
  return [[], ...names.map((name) => [name]), ...pairs].map((chosen) => {
    const query = chosen.map((name) => `${name}=${filters[name]}`).join('&')
    return { path: query === '' ? path : `${path}${path.includes('?') ? '&' : '?'}${query}`, why: whyOf(chosen) }
  })
}
