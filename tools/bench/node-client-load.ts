// Load for servers that close the connection after each response, as gunicorn's sync workers do. autocannon would lose requests.
import { Agent, request } from 'node:http'
import type { BenchRequest } from './calls.ts'
import { type Load, type LoadResult, resultOf } from './load.ts'

/** As `load`, with Node's own client. */
export async function nodeClientLoad ({ address, connections, seconds, cycleOf, statuses }: Load): Promise<LoadResult> {
  const agent = new Agent({ keepAlive: true, maxSockets: connections })
  const times: number[] = []
  const began = performance.now()
  let last = began
  await Promise.all(Array.from({ length: connections }, async (_, n) => {
    const cycle = cycleOf(n)
    for (let sent = 0; performance.now() - began < seconds * 1000 || sent % cycle.length !== 0; sent++) {
      const from = performance.now()
      const status = await ask(agent, address, cycle[sent % cycle.length]!)
      last = performance.now()
      times.push(last - from)
      if (!statuses.includes(status)) throw new Error(`${address} answered ${status}`)
    }
  }))
  agent.destroy()
  return resultOf(times, last - began)
}

async function ask (agent: Agent, address: string, { method, path, body }: BenchRequest): Promise<number> {
  const text = body === undefined ? undefined : JSON.stringify(body)
  return await new Promise((resolve, reject) => {
    const sending = request(address + path, {
      agent, method, headers: text === undefined ? {} : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) }
    }, (answer) => {
      answer.resume()
      answer.on('end', () => resolve(answer.statusCode ?? 0))
    })
    sending.on('error', reject)
    sending.end(text)
  })
}
