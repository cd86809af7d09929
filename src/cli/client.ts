import { keyCharactersFault } from '../domain/keys.ts'
import { safeText } from '../terminal/safe-text.ts'
import { CommandError, usageError, refusedError, unreachableError } from './exit-codes.ts'
import type { Env, CommandIo } from './io.ts'

const defaultPort = '8000'
/** The largest `limit` of a list. */
const longestPage = 500

type Problem = { code?: string, detail?: string, title?: string, errors?: { pointer?: string, parameter?: string, detail: string }[] }

/** The client of a running service that commands use. */
export type Client = {
  address: string
  /**
   * Sends a request and returns the parsed body of the response. A string is sent as it is, with the media type `type`. Throws
   * a CommandError if the request is refused or the service cannot be reached.
   */
  request: <T>(method: 'GET' | 'POST' | 'PUT' | 'DELETE', path: string, body?: object | string, type?: string) => Promise<T>
  /** Returns the body of a response that is no JSON. Throws as `request` does. */
  text: (path: string) => Promise<string>
  /** Yields the items of a list, page by page. */
  list: <T>(path: string, query?: Readonly<Record<string, string | undefined>>) => AsyncGenerator<T>
  /** The first `most` items of a list: also of several pages, because a page can end before its limit. */
  first: <T>(path: string, query: Readonly<Record<string, string | undefined>>, most: number) => Promise<T[]>
  /** Opens a stream and returns its text as it comes. Fails when nothing has come for `silenceMs`. Throws a CommandError as `request` does. */
  openStream: (path: string, silenceMs: number) => Promise<AsyncIterable<string>>
}

/** The URL of the service: --url, else PLATFORM_STATUS_URL, else the address at which `npm start` listens with these variables. `localhost:8000` is http. Throws a CommandError if it is not a URL. */
export function addressOf (env: Env, urlOption?: string): string {
  const given = urlOption ?? (env.PLATFORM_STATUS_URL || localAddress(env))
  // As the Python client reads it, from the same variable.
  const url = /^[\w.-]+:\d+$/.test(given) ? `http://${given}` : given
  // Not shown, because what stands before an @ can be a password.
  if (given.includes('@')) throw usageError('The address of the service must not contain a user or a password (@): the service knows who calls by a key.')
  if (!/^https?:\/\//.test(url) || !URL.canParse(url)) throw usageError(`The address of the service must begin with http:// or https://; it is "${url}".`)
  return url.replace(/\/+$/, '')
}

function localAddress ({ HOST, PORT }: Env): string {
  const host = HOST === undefined || ['', '0.0.0.0', '::', 'localhost'].includes(HOST) ? '127.0.0.1' : HOST.includes(':') ? `[${HOST}]` : HOST
  return `http://${host}:${PORT || defaultPort}`
}

/** Where a person sets the address and the key: what an error says of it. */
export type SetWhere = { address: string, key: string }

const inEnvironment: SetWhere = { address: '--url or PLATFORM_STATUS_URL', key: 'PLATFORM_STATUS_KEY' }

/** Creates a client of the service at this URL. It sends the key in PLATFORM_STATUS_KEY. */
export function serviceClient ({ env, signal }: Pick<CommandIo, 'env' | 'signal'>, address: string, where = inEnvironment): Client {
  const key = env.PLATFORM_STATUS_KEY?.trim() || null
  const fault = key === null ? null : keyCharactersFault(key)
  if (fault !== null) throw usageError(`${where.key} ${fault}. It is not shown here.`)

  /** Sends a request with the key. The key and the body are only for this address, so redirects are refused. */
  async function send (
    method: string, path: string, { headers, ...init }: { signal: AbortSignal, headers: Record<string, string>, body?: string }
  ): Promise<Response> {
    const response = await fetch(address + path, {
      method, redirect: 'manual', ...init, headers: { ...headers, ...key !== null && { authorization: `Bearer ${key}` } }
    }).catch((error: unknown) => { throw toUnreachable(address, error, where) })
    if (response.status >= 300 && response.status < 400) {
      await response.body?.cancel()
      throw redirectedError(response, `${method} ${path}`, address, where)
    }
    return response
  }

  async function request<T> (method: string, path: string, body?: object | string, type = 'application/json'): Promise<T> {
    const response = await send(method, path, {
      signal, headers: { accept: 'application/json', ...(body !== undefined && { 'content-type': type }) },
      ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) })
    })
    if (response.status === 204) return undefined as T
    const parsed = await response.json().catch(() => undefined) as T & Problem | undefined
    if (response.ok && parsed !== undefined && isJson(response)) return parsed
    throw toCommandError(response.status, parsed, `${method} ${path}`, address, where)
  }

  async function text (path: string): Promise<string> {
    const response = await send('GET', path, { signal, headers: { accept: 'text/plain, application/problem+json' } })
    if (!response.ok) throw toCommandError(response.status, await response.json().catch(() => undefined) as Problem | undefined, `GET ${path}`, address, where)
    return await response.text()
  }

  async function * list<T> (path: string, query: Readonly<Record<string, string | undefined>> = {}): AsyncGenerator<T> {
    const asked: Readonly<Record<string, string | undefined>> = { limit: String(longestPage), ...query }
    const given = Object.entries(asked).filter((entry): entry is [string, string] => entry[1] !== undefined)
    for (let cursor: string | null = null, first = true; first || cursor !== null; first = false) {
      const search = new URLSearchParams([...given, ...(cursor === null ? [] : [['cursor', cursor] as [string, string]])])
      const page: { items: T[], next_cursor: string | null } = await request('GET', `${path}?${search.toString()}`)
      yield * page.items
      cursor = page.next_cursor
    }
  }

  async function first<T> (path: string, query: Readonly<Record<string, string | undefined>>, most: number): Promise<T[]> {
    const found: T[] = []
    for await (const item of list<T>(path, { ...query, limit: String(Math.min(most, longestPage)) })) {
      if (found.push(item) === most) break
    }
    return found
  }

  async function openStream (path: string, silenceMs: number): Promise<AsyncIterable<string>> {
    const silence = new AbortController()
    const timer = setTimeout(() => silence.abort(), silenceMs)
    const response = await send('GET', path, { signal: AbortSignal.any([signal, silence.signal]), headers: { accept: 'text/event-stream, application/problem+json' } }).catch((error: unknown) => {
      clearTimeout(timer)
      throw error
    })
    if (!response.ok || response.headers.get('content-type')?.startsWith('text/event-stream') !== true) {
      clearTimeout(timer)
      throw toCommandError(response.status, await response.json().catch(() => undefined) as Problem | undefined, `GET ${path}`, address, where)
    }
    return chunksOf(response, timer)
  }

  async function * chunksOf ({ body }: Response, timer: NodeJS.Timeout): AsyncGenerator<string> {
    const decoder = new TextDecoder()
    try {
      for await (const chunk of body as unknown as AsyncIterable<Uint8Array>) {
        timer.refresh()
        yield decoder.decode(chunk, { stream: true })
      }
    } finally {
      clearTimeout(timer)
    }
  }

  return { address, request, text, list, first, openStream }
}

/** A name as a segment of a URL path. */
export function segment (name: string): string {
  return encodeURIComponent(name)
}

function isJson ({ headers }: Response): boolean {
  return /^application\/(?:[\w.+-]+\+)?json\s*(?:;|$)/i.test(headers.get('content-type') ?? '')
}

/** For a redirect, for example to a sign-on page: nothing was done, and no other server received the key. */
function redirectedError ({ status, headers }: Response, call: string, address: string, where: SetWhere): CommandError {
  const to = headers.get('location') ?? ''
  const host = URL.canParse(to, address) ? new URL(to, address).host : 'elsewhere'
  return unreachableError(`The server at ${address} redirects ${call} to ${safeText(host)} (${status}), and redirects are not followed: set the address of the service itself with ${where.address}.`)
}

function toUnreachable (address: string, error: unknown, where: SetWhere): unknown {
  const cause = (error as { cause?: { code?: string, message?: string } }).cause
  if (cause === undefined) return error
  return unreachableError(`No service answers at ${address} (${cause.code ?? cause.message}): start it, or set its address with ${where.address}.`)
}

function toCommandError (status: number, problem: Problem | undefined, call: string, address: string, where: SetWhere): CommandError {
  if (problem?.code === undefined) return unreachableError(`The server at ${address} is not platform-status (${call}: ${status}): set the address of the service with ${where.address}.`)
  const more = (problem.errors ?? []).map(({ pointer, parameter, detail }) => `\n  ${safeText(`${pointer ?? parameter}: ${detail}`)}`).join('')
  const hint = status === 401 || status === 403 ? ` Set ${where.key} to a valid key.` : ''
  const sentence = `${safeText(`${problem.detail ?? problem.title}`)}${hint}${more}`
  return status === 503 ? unreachableError(sentence, problem) : refusedError(sentence, problem)
}
