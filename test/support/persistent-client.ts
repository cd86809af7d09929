import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Answer, Service } from './service.ts'

/** A client that sends every write with an idempotency key, and retries it until it gets a definite response. */
export function aPersistentClient (address: () => string, timeoutMs = 60_000): Omit<Service, 'app' | 'listen' | 'query' | 'url'> {
  async function call (method: string, path: string, body?: unknown, headers: Record<string, string> = {}): Promise<Answer> {
    const key: Record<string, string> = method === 'GET' ? {} : { 'idempotency-key': randomUUID() }
    const sent = { ...key, ...headers, ...body === undefined ? {} : { 'content-type': 'application/json' } }
    for (const until = Date.now() + timeoutMs; ; await sleep(20)) {
      const answer = await fetch(`${address()}${path}`, { method, headers: sent, ...body === undefined ? {} : { body: JSON.stringify(body) }, signal: AbortSignal.timeout(10_000) })
        .then(async (response) => ({ status: response.status, headers: Object.fromEntries(response.headers), text: await response.text() })).catch(() => null)
      const parsed = answer === null || answer.text === '' ? undefined : JSON.parse(answer.text)
      const mustRetry = answer === null || answer.status >= 500 || parsed?.code === 'idempotency-key-running'
      if (answer !== null && !mustRetry) return { ...answer, body: parsed }
      if (Date.now() > until) throw new Error(`${method} ${path} was not answered: ${answer?.text ?? 'nothing came back'}`)
    }
  }
  return {
    call,
    get: (path, headers) => call('GET', path, undefined, headers),
    post: (path, body, headers) => call('POST', path, body, headers),
    put: (path, body, headers) => call('PUT', path, body, headers),
    patch: (path, body, headers) => call('PATCH', path, body, headers),
    delete: (path, headers) => call('DELETE', path, undefined, headers)
  }
}
