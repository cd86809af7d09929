// A client with one key that keeps its connections and reads every response to its end.
import { Agent, request } from 'node:http'
import type { BenchRequest } from './calls.ts'

export type Client = ReturnType<typeof clientOf>

export function clientOf (address: string, key: string, connections: number) {
  const agent = new Agent({ keepAlive: true, maxSockets: connections })
  return {
    /** The status of the response, when it has arrived completely. */
    async ask ({ method, path, body }: BenchRequest): Promise<number> {
      const text = body === undefined ? undefined : JSON.stringify(body)
      return await new Promise((resolve, reject) => {
        const asked = request(address + path, {
          agent,
          method,
          headers: {
            authorization: `Bearer ${key}`,
            ...text === undefined ? {} : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) }
          }
        }, (answer) => {
          answer.resume()
          answer.on('end', () => resolve(answer.statusCode ?? 0))
          answer.on('error', reject)
        })
        asked.on('error', reject)
        asked.end(text)
      })
    },
    close (): void {
      agent.destroy()
    }
  }
}
