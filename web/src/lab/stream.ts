import { createParser } from 'eventsource-parser'
import type { StreamBye, StreamHeartbeat, StreamHello, StreamReset, StreamRevision } from '../api/generated/schema.d.ts'

export type Frame =
  | { event: 'hello', data: StreamHello }
  | { event: 'revision', data: StreamRevision }
  | { event: 'heartbeat', data: StreamHeartbeat }
  | { event: 'reset', data: StreamReset }
  | { event: 'bye', data: StreamBye }

const kinds: ReadonlySet<string> = new Set<Frame['event']>(['hello', 'revision', 'heartbeat', 'reset', 'bye'])

/** Heartbeats come every 15 seconds. Without two of them in a row the connection is dead, whatever the browser believes. */
const silentMs = 35_000

type Reading = {
  signal: AbortSignal
  /** Returns whether to go on reading. */
  onFrame: (frame: Frame) => boolean
}

/** Reads the frames of a response until it ends, is aborted or is silent. Not `EventSource`: that gives up for good when a proxy answers 502 once. */
export async function readFrames (body: ReadableStream<Uint8Array>, { signal, onFrame }: Reading): Promise<void> {
  const reader = body.getReader()
  const cancel = (): void => { reader.cancel().catch(() => {}) }
  signal.addEventListener('abort', cancel)
  const decoder = new TextDecoder()
  const reading = { goesOn: true }
  const parser = createParser({
    onEvent: ({ event = '', data }) => {
      // Later versions can add kinds.
      if (reading.goesOn && kinds.has(event)) reading.goesOn = onFrame({ event, data: JSON.parse(data) as unknown } as Frame)
    }
  })
  let timer = setTimeout(cancel, silentMs)
  try {
    while (reading.goesOn && !signal.aborted) {
      const { done, value } = await reader.read()
      if (done) return
      clearTimeout(timer)
      timer = setTimeout(cancel, silentMs)
      parser.feed(decoder.decode(value, { stream: true }))
    }
  } finally {
    clearTimeout(timer)
    signal.removeEventListener('abort', cancel)
    cancel()
  }
}
