// The part of autocannon that the benchmarks use; it brings no types.
declare module 'autocannon' {
  import type { Socket } from 'node:net'

  type Request = { method: string, path: string, headers?: Record<string, string>, body?: string }

  type Client = {
    conn: Socket
    /** How many requests it has made, and how many it will make at most. */
    reqsMade: number
    responseMax: number
    setRequests (requests: Request[]): void
    once (event: 'request', listener: () => void): void
    on (event: 'response', listener: (status: number, bytes: number, ms: number) => void): void
  }

  type Options = {
    url: string
    connections: number
    duration: number
    sampleInt: number
    timeout: number
    skipAggregateResult: boolean
    setupClient (client: Client): void
  }

  export default function autocannon (options: Options): Promise<unknown>
}
