import type { LogFilter, LogHead } from '../store/event-log.ts'
import { byeFrame, heartbeatFrame, helloFrame, resetFrame } from './frames.ts'

/** Where a stream writes: the response of its request. */
export type Sink = {
  write (chunk: string | Uint8Array): boolean
  end (chunk: string): unknown
  destroy (): unknown
  once (event: 'close' | 'drain' | 'finish', listener: () => void): unknown
  off (event: 'close' | 'drain' | 'finish', listener: () => void): unknown
  readonly writableLength: number
  readonly writableNeedDrain: boolean
  readonly writableFinished: boolean
  readonly socket: { readonly bytesWritten: number, readonly writableLength: number } | null
}

/** Why a stream ended. `closed`: its reader left. `slow`: its reader did not take what was written. */
export type StreamEnd = 'closed' | 'slow' | 'shutdown' | 'key-ended'

/** A reader whose unsent bytes are more than this is cut. It reads on from the log when it comes back, so it costs nothing until then. */
const mostUnsentBytes = 1_048_576

/** Who may read: the id of the key and, of a browser that signed in, of its session; null without one. */
export type StreamHolder = { keyId: string | null, sessionId: string | null }

/** One open stream. `cursor` is the revision up to which the reader has been told everything that it wants. */
export class StreamReader {
  readonly filter: LogFilter | null
  readonly keyId: string | null
  readonly sessionId: string | null
  cursor: number
  /** It is behind the live readers, and reads the log for itself. */
  catchingUp = true
  ended: StreamEnd | null = null
  frames = 0
  private readonly sink: Sink
  private readonly onEnd: (reader: StreamReader) => void
  private sentAtBeat = -1

  constructor (sink: Sink, start: { filter: LogFilter | null, cursor: number } & StreamHolder, onEnd: (reader: StreamReader) => void) {
    this.sink = sink
    this.filter = start.filter
    this.keyId = start.keyId
    this.sessionId = start.sessionId
    this.cursor = start.cursor
    this.onEnd = onEnd
    sink.once('close', () => this.leave('closed'))
  }

  hello (head: LogHead, version: string): void {
    this.write(helloFrame(this.cursor, head, version))
  }

  /** Writes frames, after which the reader knows everything up to `through`. */
  deliver (chunk: Uint8Array | null, frames: number, through: number): void {
    if (this.ended !== null) return
    if (chunk !== null && !this.write(chunk)) return
    this.frames += frames
    this.cursor = through
  }

  reset (head: LogHead): void {
    this.cursor = head.revision
    this.write(resetFrame(head))
  }

  /** A reader that has taken nothing since the last heartbeat, though there was something to take, is gone or stuck. */
  heartbeat (head: LogHead): void {
    const { socket } = this.sink
    const sent = socket === null ? 0 : socket.bytesWritten - socket.writableLength
    if (this.sink.writableNeedDrain && sent === this.sentAtBeat) return this.cut()
    this.sentAtBeat = sent
    this.write(heartbeatFrame(this.cursor, head))
  }

  bye (reason: 'shutdown' | 'key-ended'): void {
    if (this.ended !== null) return
    this.leave(reason)
    this.sink.end(byeFrame(this.cursor, reason))
  }

  /** Resolves when the reader has taken what was written, or has left. */
  async drained (): Promise<void> {
    if (this.ended === null && this.sink.writableNeedDrain) await this.once('drain')
  }

  /** Resolves when the reader has taken the last frame. Closes its connection after `limitMs`. */
  async closed (limitMs: number): Promise<void> {
    let timer: NodeJS.Timeout | undefined
    const limit = new Promise<void>((resolve) => {
      timer = setTimeout(() => {
        this.sink.destroy()
        resolve()
      }, limitMs)
    })
    await Promise.race([this.sink.writableFinished ? undefined : this.once('finish'), limit])
    clearTimeout(timer)
  }

  private async once (event: 'drain' | 'finish'): Promise<void> {
    await new Promise<void>((resolve) => {
      const done = (): void => {
        this.sink.off(event, done)
        this.sink.off('close', done)
        resolve()
      }
      this.sink.once(event, done)
      this.sink.once('close', done)
    })
  }

  /** Returns false if the reader has left or is cut. */
  private write (chunk: string | Uint8Array): boolean {
    if (this.ended !== null) return false
    const isTooSlow = this.sink.writableLength + chunk.length > mostUnsentBytes
    if (isTooSlow) this.cut()
    else this.sink.write(chunk)
    return !isTooSlow
  }

  private cut (): void {
    this.leave('slow')
    this.sink.destroy()
  }

  private leave (why: StreamEnd): void {
    if (this.ended !== null) return
    this.ended = why
    this.onEnd(this)
  }
}
