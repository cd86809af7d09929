// The program of a client that means no good, in a thread of its own: it sends requests over many connections until it is told to stop.
import { parentPort, workerData } from 'node:worker_threads'
import { clientOf, type Client } from './isolation-client.ts'
import type { BenchRequest } from './calls.ts'

/** What is sent: connection n begins at request n of the list. */
export type Flood = { address: string, key: string, connections: number, requests: readonly BenchRequest[] }
/** How often each status was the response. */
export type FloodResult = { seconds: number, statuses: Record<string, number> }

const { address, key, connections, requests } = workerData as Flood
const statuses: Record<string, number> = {}
let stopped = false
parentPort!.once('message', () => { stopped = true })

const began = performance.now()
const client = clientOf(address, key, connections)
await Promise.all(Array.from({ length: connections }, async (_, n) => { await flood(client, n) }))
client.close()
parentPort!.postMessage({ seconds: (performance.now() - began) / 1000, statuses } satisfies FloodResult)
parentPort!.close()

async function flood (client: Client, first: number): Promise<void> {
  for (let n = first; !stopped; n++) {
    const status = await client.ask(requests[n % requests.length]!).catch(({ code }: NodeJS.ErrnoException) => code ?? 'error')
    statuses[status] = (statuses[status] ?? 0) + 1
  }
}
