// Readers of the stream, for the benchmark: some that note when each frame comes, and some that take nothing.
import { createParser } from 'eventsource-parser'
import http from 'node:http'

export type Reader = {
  /** When each revision came, in the milliseconds of `performance.now()`. */
  readonly cameAt: ReadonlyMap<number, number>
  leave (): void
}

/** Opens a stream and waits for its first bytes. A stalled one reads nothing after them. */
export async function openReader (address: string, query = '', { stalled = false } = {}): Promise<Reader> {
  const cameAt = new Map<number, number>()
  const parser = createParser({
    onEvent: ({ event, id }) => { if (event === 'revision') cameAt.set(Number(id), performance.now()) }
  })
  const request = http.get(`${address}/api/events/stream${query}`, { agent: false })
  const response = await new Promise<http.IncomingMessage>((resolve, reject) => { request.once('response', resolve).once('error', reject) })
  if (response.statusCode !== 200) throw new Error(`the stream was answered with ${response.statusCode}`)
  request.on('error', () => {})
  response.on('error', () => {})
  if (stalled) response.socket.pause()
  else response.setEncoding('utf8').on('data', (chunk: string) => parser.feed(chunk))
  return { cameAt, leave: () => { response.destroy() } }
}

/** Opens so many readers, one after another. */
export async function openReaders (count: number, open: (n: number) => Promise<Reader>): Promise<Reader[]> {
  const readers: Reader[] = []
  for (let n = 0; n < count; n++) readers.push(await open(n))
  return readers
}
