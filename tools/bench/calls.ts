// The calls that are sent to the service and to the reference.
import { type Lab, plates } from './lab.ts'

export type BenchRequest = { method: 'GET' | 'POST', path: string, body?: object }

export type Answer = { status: number, body: Record<string, unknown> }

export type Ask = (request: BenchRequest) => Promise<Answer>

export type BenchCall = {
  name: string
  /** The requests of connection n. */
  cycleOf: (n: number) => readonly BenchRequest[]
  /** Brings the lab back to where the cycle begins. */
  reset? (ask: Ask): Promise<void>
  /** The numbers of connections that it is measured with; those of the command line unless given. */
  connections?: readonly number[]
  /** 200 unless given. */
  statuses?: readonly number[]
  /** The members of the two answers that must be equal; all unless given. */
  same?: readonly string[]
  /** The smallest share of the reference's requests a second that the service should reach. */
  target?: number
}

const get = (path: string): BenchRequest => ({ method: 'GET', path })
const post = (path: string, body: object): BenchRequest => ({ method: 'POST', path, body })
const few = [1]

/** Reads come first. Calls that log steps come last, since they make the history longer. */
export function callsOf ({ plan, experiment }: Lab): BenchCall[] {
  const planned = (from: number): Lab['plan'] => plan.slice(from, from + 1000)
  const aStep = (n: number): object => ({
    name: 'read', device: 'Reader', data: { fct: 'absorbance', wavelength: 450 + n }, start: '2026-03-02T09:20:00.000Z',
    finish: '2026-03-02T09:20:41.500Z', containers: [`P${n}`]
  })
  const thousand = Array.from({ length: 1000 }, (_, n) => aStep(n % plates))
  return [
    { name: 'container by barcode', cycleOf: (n) => [get(`/api/containers/P${n}`)], target: 0.8 },
    { name: 'positions, 42 slots', cycleOf: () => [get('/api/devices/Fridge/positions')], target: 0.8 },
    { name: 'experiment summary', cycleOf: () => [get(`/api/experiments/${experiment}`)], target: 0.8 },
    { name: 'statistics', connections: few, cycleOf: () => [get('/api/steps/statistics?group_by=device,fct')], target: 0.8 },
    {
      name: 'one estimate', cycleOf: (n) => [0, 1, 2, 3, 4].map((k) => post('/api/estimates', { step: plan[(n * 7919 + k * 104729) % plan.length] })),
      target: 0.8
    },
    {
      name: '1,000 estimates', connections: few, cycleOf: () => [0, 1, 2, 3].map((k) => post('/api/estimates/batch', { steps: planned(k * 4000) })),
      same: [], target: 0.5
    },
    { name: 'move', cycleOf: (n) => [move(n, 'Left', 'Right'), move(n, 'Right', 'Left')], reset: home, same: ['status'], target: 0.8 },
    { name: 'unlid and lid', cycleOf: (n) => [lid(n, 'unlid'), lid(n, 'lid')], reset: lidded, same: ['status'], target: 0.8 },
    {
      name: 'refused (404, 409, 400)', statuses: [404, 409, 400], same: ['code'],
      cycleOf: () => [get('/api/containers/NOBODY'), post('/api/containers/H0/move', atHotel(0, 1)), post('/api/containers/H0/move', { target_pos: 1 })]
    },
    { name: 'transfer', cycleOf: (n) => [transfer(n, 'Left', 'Right'), transfer(n, 'Right', 'Left')], reset: home, same: ['status'] },
    { name: 'one step', cycleOf: (n) => [post('/api/steps', aStep(n))], statuses: [201], same: ['kind', 'device', 'fct', 'data', 'duration_seconds', 'warnings'], target: 0.8 },
    { name: '1,000 steps', connections: few, cycleOf: () => [post('/api/steps/batch', { steps: thousand })], statuses: [201], same: [] }
  ]
}

function move (n: number, source: string, target: string): BenchRequest {
  return post(`/api/containers/P${n}/move`, { source_device: source, source_pos: n, target_device: target, target_pos: n })
}

/** A move and its step in one call. */
function transfer (n: number, source: string, target: string): BenchRequest {
  return post('/api/transfers', {
    container: `P${n}`, source: { device: source, position: n }, target: { device: target, position: n },
    step: { device: 'robotarm', data: { fct: 'move' }, start: '2026-03-02T09:20:00.000Z', finish: '2026-03-02T09:20:12.500Z' }
  })
}

function lid (n: number, what: 'lid' | 'unlid'): BenchRequest {
  return post(`/api/containers/P${n}/${what}`, { lid_device: 'Lids', lid_pos: n })
}

function atHotel (from: number, to: number): object {
  return { source_device: 'Hotel', source_pos: from, target_device: 'Hotel', target_pos: to }
}

/** Every plate back in its slot of Left. */
async function home (ask: Ask): Promise<void> {
  for (let n = 0; n < plates; n++) await ask(post(`/api/containers/P${n}/move`, { target_device: 'Left', target_pos: n }))
}

/** Every lid on. */
async function lidded (ask: Ask): Promise<void> {
  for (let n = 0; n < plates; n++) await ask(post(`/api/containers/P${n}/lid`, {}))
}
