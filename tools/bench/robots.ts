// What robots ask for while others load the service: one client for each kind of call, which waits a little between its calls.
import { setTimeout as sleep } from 'node:timers/promises'
import type { BenchRequest } from './calls.ts'
import { clientOf } from './isolation-client.ts'
import { quantile } from '../support/quantile.ts'

export const robotCalls = ['read', 'move', 'lid', 'transfer', 'step'] as const
export type RobotCall = typeof robotCalls[number]
export type RobotFigures = Record<RobotCall, { p50_ms: number, p99_ms: number, requests: number, refused: number }>

/** The pause between two calls of one robot. Five robots then send about 200 requests a second, far more than a lab does. */
const pauseMs = 20

const post = (path: string, body: object): BenchRequest => ({ method: 'POST', path, body })

/** Each robot has a plate and slots of its own, so no call is refused because of another one. Each cycle leaves the lab as it was. */
const cycles: Record<RobotCall, readonly BenchRequest[]> = {
  read: [{ method: 'GET', path: '/api/containers/P4' }],
  move: [20, 0].map((target_pos) => post('/api/containers/P0/move', { target_device: 'Fridge', target_pos })),
  lid: ['unlid', 'lid'].map((what) => post(`/api/containers/P1/${what}`, { lid_device: 'Fridge', lid_pos: 30 })),
  transfer: [22, 2].map((position) => post('/api/transfers', { container: 'P2', target: { device: 'Fridge', position }, step: aStep('D1') })),
  step: [post('/api/steps', { ...aStep('D2'), containers: ['P3'] })]
}

export function aStep (device: string): { device: string, data: object, start: string, finish: string } {
  return { device, data: { fct: 'absorbance', wavelength: 450 }, start: '2026-03-02T09:20:00.000Z', finish: '2026-03-02T09:20:41.500Z' }
}

/** Robots work while `run` runs, and until each has sent at least `least` requests. */
export async function besides<T> (address: string, key: string, least: number, run: () => Promise<T>): Promise<{ figures: RobotFigures, result: T }> {
  let running = true
  const robots = robotCalls.map(async (call) => await robot(call, address, key, (sent) => running || sent < least))
  const result = await run().finally(() => { running = false })
  return { figures: Object.fromEntries(await Promise.all(robots)) as RobotFigures, result }
}

async function robot (call: RobotCall, address: string, key: string, goesOn: (sent: number) => boolean): Promise<[RobotCall, RobotFigures[RobotCall]]> {
  const client = clientOf(address, key, 1)
  const cycle = cycles[call]
  const times: number[] = []
  let refused = 0
  for (let sent = 0; goesOn(sent) || sent % cycle.length !== 0; sent++) {
    const began = performance.now()
    const status = await client.ask(cycle[sent % cycle.length]!)
    times.push(performance.now() - began)
    if (status >= 300) refused++
    await sleep(pauseMs)
  }
  client.close()
  return [call, { p50_ms: quantile(times, 0.5), p99_ms: quantile(times, 0.99), requests: times.length, refused }]
}
