// Load over HTTP: a number of connections, each with its own cycle of requests, for some seconds.
import autocannon from 'autocannon'
import { quantile } from '../support/quantile.ts'
import type { BenchRequest } from './calls.ts'

export type Load = {
  address: string
  connections: number
  seconds: number
  /** The requests of connection n. It sends them one after the other, again and again, and ends with a complete cycle, so that the lab is left as it was found. */
  cycleOf: (n: number) => readonly BenchRequest[]
  /** The expected statuses. Any other fails the benchmark, since a refusal is faster than what was asked. */
  statuses: readonly number[]
}

export type LoadResult = { requests_per_second: number, p50_ms: number, p99_ms: number, requests: number }

export async function load ({ address, connections, seconds, cycleOf, statuses }: Load): Promise<LoadResult> {
  const times: number[] = []
  const unexpected = new Map<number, number>()
  let connection = 0
  const began = performance.now()
  let last = began
  await autocannon({
    url: address, connections, duration: 600, sampleInt: 20, timeout: 60, skipAggregateResult: true,
    setupClient (client) {
      const cycle = cycleOf(connection++)
      client.setRequests(cycle.map(({ method, path, body }) => body === undefined
        ? { method, path }
        : { method, path, headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }))
      // small requests must not wait for the acknowledgement of the packet before
      client.once('request', () => client.conn.setNoDelay(true))
      client.on('response', (status, _bytes, ms) => {
        times.push(ms)
        last = performance.now()
        if (!statuses.includes(status)) unexpected.set(status, (unexpected.get(status) ?? 0) + 1)
        if (last - began >= seconds * 1000 && client.reqsMade % cycle.length === 0) client.responseMax = client.reqsMade
      })
    }
  })
  if (unexpected.size > 0) throw new Error(`${address} answered ${times.length} times, also ${JSON.stringify([...unexpected])}`)
  return resultOf(times, last - began)
}

export function resultOf (times: readonly number[], totalMs: number): LoadResult {
  return { requests_per_second: times.length / (totalMs / 1000), p50_ms: quantile(times, 0.5), p99_ms: quantile(times, 0.99), requests: times.length }
}
