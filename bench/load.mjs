// Load over real HTTP: so many connections, each with its own cycle of requests, for so many seconds.
import autocannon from 'autocannon'
import { performance } from 'node:perf_hooks'
import { quantile } from './measure.mjs'

/**
 * Requests a second and latencies in milliseconds. `cycleOf(n)` are the requests of connection n, sent one after the
 * other, again and again; each connection ends with its cycle, so that the lab is left as it was found. An answer whose
 * status is not among `statuses` fails the benchmark: a fast refusal is no speed.
 */
export async function load ({ address, connections, seconds, cycleOf, statuses }) {
  const times = []
  const unexpected = new Map()
  let connection = 0
  const began = performance.now()
  let last = began
  await autocannon({
    url: address, connections, duration: 600, sampleInt: 20, timeout: 60, skipAggregateResult: true,
    setupClient (client) {
      const cycle = cycleOf(connection++)
      client.setRequests(cycle.map(({ method, path, body }) => body === undefined
        ? { method, path }
        : { method, path, headers: { 'content-type': 'application/json' }, body: typeof body === 'string' ? body : JSON.stringify(body) }))
      // small requests must not wait for the acknowledgement of what went before
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
  return { requests_per_second: times.length / ((last - began) / 1000), p50_ms: quantile(times, 0.5), p99_ms: quantile(times, 0.99), requests: times.length }
}

/** The middle of some values. */
export const median = (values) => quantile(values, 0.5)
