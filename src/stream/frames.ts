import type { LogHead, LoggedRevision } from '../store/event-log.ts'

// The wire format of Server-Sent Events. `id:` is the point from which a reader resumes; browsers send it as `Last-Event-ID`. No value
// contains a line break, because JSON escapes them.

/** The first frame: where this stream begins, and where the log ends now. `retry` is how long a browser waits before it connects again. */
export function helloFrame (resume: number, { revision, log_id, now }: LogHead, version: string): string {
  return `retry: 2000\n\n${frame('hello', resume, { revision, now, log_id, version })}`
}

/** All events of one revision, or their number if they are too many. */
export function revisionFrame ({ revision, recorded_at, actor, request_id, count, events }: LoggedRevision): string {
  const head = JSON.stringify({ revision, recorded_at, actor, request_id }).slice(0, -1)
  return `event: revision\nid: ${revision}\ndata: ${head},"events":${events === null ? `null,"count":${count}` : events}}\n\n`
}

/** Also moves the resume point of readers whose filter let nothing through. */
export function heartbeatFrame (resume: number, { revision, now }: LogHead): string {
  return frame('heartbeat', resume, { revision, now })
}

/** The log does not have what the reader has read: it was restored from a backup. The stream goes on from the newest revision. */
export function resetFrame ({ revision, log_id, now }: LogHead): string {
  return frame('reset', revision, { revision, now, log_id })
}

/** The last frame. Readers come back after one to three seconds, so they do not come all at once. */
export function byeFrame (resume: number, reason: 'shutdown' | 'key-ended'): string {
  return `retry: ${1000 + Math.floor(Math.random() * 2000)}\n${frame('bye', resume, { reason })}`
}

function frame (event: string, id: number, data: object): string {
  return `event: ${event}\nid: ${id}\ndata: ${JSON.stringify(data)}\n\n`
}
