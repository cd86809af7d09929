// Load for servers that close the connection after each answer, as gunicorn's sync workers do: autocannon would lose requests.
import { Agent, request } from 'node:http'
import { performance } from 'node:perf_hooks'
import { quantile } from './measure.mjs'

/** As `load`, with Node's own client. */
export async function patientLoad ({ address, connections, seconds, cycleOf, statuses }) {
  const agent = new Agent({ keepAlive: true, maxSockets: connections })
  const times = []
  const began = performance.now()
  let last = began
  await Promise.all(Array.from({ length: connections }, async (_, n) => {
    const cycle = cycleOf(n)
    for (let asked = 0; performance.now() - began < seconds * 1000 || asked % cycle.length !== 0; asked++) {
      const from = performance.now()
      const status = await ask(agent, address, cycle[asked % cycle.length])
      last = performance.now()
      times.push(last - from)
      if (!statuses.includes(status)) throw new Error(`${address} answered ${status}`)
    }
  }))
  agent.destroy()
  return { requests_per_second: times.length / ((last - began) / 1000), p50_ms: quantile(times, 0.5), p99_ms: quantile(times, 0.99), requests: times.length }
}

async function ask (agent, address, { method, path, body }) {
  const text = body === undefined ? undefined : JSON.stringify(body)
  return await new Promise((resolve, reject) => {
    const asked = request(address + path, {
      agent, method, headers: text === undefined ? {} : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) }
    }, (answer) => {
      answer.resume()
      answer.on('end', () => resolve(answer.statusCode))
    })
    asked.on('error', reject)
    asked.end(text)
  })
}
