import { createServer, request, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Test } from 'tap'

/** A proxy that loses requests, loses responses, delays requests and sends them twice, at random. `lies` counts its actions. */
export type LyingNetwork = { address: string, lies: Record<'lost' | 'cut' | 'late' | 'twice' | 'honest', number> }

export async function aLyingNetwork (t: Test, target: string, random: () => number): Promise<LyingNetwork> {
  const lies = { lost: 0, cut: 0, late: 0, twice: 0, honest: 0 }
  const server = createServer((incoming, outgoing) => {
    const whim = (['lost', 'cut', 'late', 'twice', 'honest', 'honest'] as const)[Math.floor(random() * 6)]!
    lies[whim]++
    void read(incoming).then(async (body) => {
      if (whim === 'lost') {
        incoming.socket.destroy()
        return
      }
      if (whim === 'late') await sleep(5 + random() * 20)
      const answers = [pass(target, incoming, body), ...whim === 'twice' ? [pass(target, incoming, body)] : []]
      // Of two deliveries, either response may come back.
      const answer = await Promise.race(answers)
      await Promise.all(answers)
      if (whim === 'cut') incoming.socket.destroy()
      else outgoing.writeHead(answer.status, answer.headers).end(answer.body)
    }).catch(() => incoming.socket.destroy())
  })
  await new Promise<void>((resolve) => { server.listen(0, '127.0.0.1', resolve) })
  t.teardown(() => new Promise<void>((resolve) => {
    server.close(() => resolve())
    server.closeAllConnections()
  }))
  return { address: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, lies }
}

async function read (stream: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of stream) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks)
}

async function pass (target: string, { method, url, headers }: IncomingMessage, body: Buffer) {
  const answer = await new Promise<IncomingMessage>((resolve, reject) => {
    request(`${target}${url}`, { method, headers: { ...headers, connection: 'close' } }, resolve).on('error', reject).end(body)
  })
  return { status: answer.statusCode!, headers: { 'content-type': answer.headers['content-type'] ?? 'text/plain' }, body: await read(answer) }
}
