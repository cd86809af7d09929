import { createParser } from 'eventsource-parser'
import http from 'node:http'
import type { Test } from 'tap'
import { aDatabase } from './database.ts'
import { rows } from './log.ts'
import { aServiceOn, type Service } from './service.ts'

export type Frame = { event: string, id: string, data: any }

export type StreamReading = {
  status: number, headers: http.IncomingHttpHeaders
  /** The body of a refusal. */
  refusal: () => Promise<any>
  frames: Frame[], retries: number[]
  /** Waits until the frames are as the test wants them, or the stream has ended. Returns the frames. */
  until: (isEnough: (frames: readonly Frame[]) => boolean) => Promise<Frame[]>
  /** Waits for the end of the stream. */
  ended: Promise<void>
  /** Breaks the connection. */
  kill: () => void
  response: http.IncomingMessage
}

/** Opens a stream, read by the parser that `EventSource` polyfills use. With `stalled`, nothing is read of it. */
export async function aStream (url: string, headers: Record<string, string> = {}, { method = 'GET', stalled = false }: { method?: string, stalled?: boolean } = {}): Promise<StreamReading> {
  const frames: Frame[] = []
  const retries: number[] = []
  const waiting = new Set<() => void>()
  const parser = createParser({
    onEvent: ({ event = 'message', id = '', data }) => { frames.push({ event, id, data: JSON.parse(data) }) },
    onRetry: (retry) => { retries.push(retry) }
  })
  const request = http.request(url, { method, headers, agent: false })
  const response = await new Promise<http.IncomingMessage>((resolve, reject) => request.once('response', resolve).once('error', reject).end())
  request.on('error', () => {})
  const check = (): void => { for (const one of waiting) one() }
  let hasEnded = false
  let text = ''
  const ended = new Promise<void>((resolve) => {
    response.on('error', () => {}).once('close', () => {
      hasEnded = true
      check()
      resolve()
    })
  })
  if (!stalled) {
    response.setEncoding('utf8').on('data', (chunk: string) => {
      if (response.statusCode === 200) parser.feed(chunk)
      else text += chunk
      check()
    })
  }
  return {
    status: response.statusCode!, headers: response.headers, frames, retries, response, ended,
    refusal: async () => {
      await ended
      return JSON.parse(text)
    },
    until: async (isEnough) => await new Promise<Frame[]>((resolve) => {
      const one = (): void => {
        if (!hasEnded && !isEnough(frames)) return
        waiting.delete(one)
        resolve(frames)
      }
      waiting.add(one)
      one()
    }),
    kill: () => { response.destroy() }
  }
}

/** The revisions of which the frames tell. */
export function revisionsOf (frames: readonly Frame[]): number[] {
  return frames.filter(({ event }) => event === 'revision').map(({ data }) => data.revision as number)
}

/** Whether a frame of this kind is among them. */
export function has (event: string): (frames: readonly Frame[]) => boolean {
  return (frames) => frames.some((frame) => frame.event === event)
}

/** Whether frames tell of so many revisions. */
export function atLeast (count: number): (frames: readonly Frame[]) => boolean {
  return (frames) => revisionsOf(frames).length >= count
}

type Options = Parameters<typeof aServiceOn>[4]

/** A service that listens on a port, with a lab of two devices, and quick heartbeats. */
export async function aListener (t: Test, { env = {}, url, heartbeatMs = 60_000, ...options }: { env?: Record<string, string>, url?: string, heartbeatMs?: number } & Options = {}) {
  const service = await aServiceOn(t, url ?? await aDatabase(t), env, undefined, { streamTimes: { heartbeatMs }, ...options })
  const address = await service.listen()
  if (url === undefined) await service.put('/api/lab/config', { sila_servers: { devices: { Hotel: { capacity: 500 }, Washer: { capacity: 5 } } } })
  const stream = async (query = '', headers: Record<string, string> = {}, how: Parameters<typeof aStream>[2] = {}) => {
    const opened = await aStream(`${address}/api/events/stream${query}`, headers, how)
    t.teardown(opened.kill)
    return opened
  }
  return { service, address, stream, revision: async () => await newest(service) }
}

export async function newest (service: Service): Promise<number> {
  return (await rows(service, 'SELECT revision::float8 AS revision FROM lab'))[0]!.revision as number
}
