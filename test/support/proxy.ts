import { createConnection, createServer, type AddressInfo, type Server, type Socket } from 'node:net'
import type { Test } from 'tap'

/** A TCP proxy in front of a database that can simulate failures. `url` goes through it. */
export type Proxy = {
  url: string
  /** Resets all connections and refuses new ones, as if the server had stopped. */
  cut (): Promise<void>
  /** Keeps and accepts connections but transmits nothing, as if a cable were pulled. */
  freeze (): void
  /** Works normally again. */
  mend (): Promise<void>
}

export async function aProxy (t: Test, target: string): Promise<Proxy> {
  const to = new URL(target)
  const pairs = new Set<readonly [Socket, Socket]>()
  let frozen = false
  let server: Server

  function carry (near: Socket): void {
    const far = createConnection({ host: to.hostname, port: Number(to.port || 5432) })
    const pair = [near, far] as const
    pairs.add(pair)
    near.on('data', (chunk) => { if (!frozen) far.write(chunk) })
    far.on('data', (chunk) => { if (!frozen) near.write(chunk) })
    for (const [one, other] of [pair, [far, near] as const]) {
      one.on('error', () => {})
      one.on('close', () => {
        pairs.delete(pair)
        other.destroy()
      })
    }
  }

  async function open (port: number): Promise<number> {
    server = createServer(carry)
    await new Promise<void>((resolve) => { server.listen(port, '127.0.0.1', resolve) })
    return (server.address() as AddressInfo).port
  }

  async function cut (): Promise<void> {
    const closed = new Promise<void>((resolve) => { server.close(() => resolve()) })
    for (const [near] of pairs) near.resetAndDestroy()
    await closed
  }

  const port = await open(0)
  t.teardown(async () => { if (server.listening) await cut() })
  const url = new URL(target)
  url.host = `127.0.0.1:${port}`
  return {
    url: url.href,
    cut,
    freeze: () => { frozen = true },
    async mend () {
      // Data was lost on the existing connections, so they are reset.
      if (frozen) for (const [near] of pairs) near.resetAndDestroy()
      frozen = false
      if (!server.listening) await open(port)
    }
  }
}
