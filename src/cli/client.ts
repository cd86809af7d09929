import { CommandError, usageError, refusedError, unreachableError } from './exit-codes.ts'
import type { Env, CommandIo } from './io.ts'

const usualUrl = 'http://127.0.0.1:8000'

type Problem = { code?: string, detail?: string, title?: string, errors?: { pointer?: string, parameter?: string, detail: string }[] }

/** A running service, as commands talk to it. */
export type Client = {
  address: string
  /** Asks, and answers the body. A text as body is sent as `type`. Throws a CommandError: refused, or not reached. */
  ask: <T>(method: 'GET' | 'POST' | 'PUT' | 'DELETE', path: string, body?: object | string, type?: string) => Promise<T>
  /** The things of a list, page by page. */
  list: <T>(path: string, query?: Readonly<Record<string, string | undefined>>) => AsyncGenerator<T>
}

/** The address of the service: asked for, or of the environment, or the usual one. */
export function addressOf (env: Env, asked?: string): string {
  const url = asked ?? (env.PLATFORM_STATUS_URL || usualUrl)
  if (!/^https?:\/\//.test(url) || !URL.canParse(url)) throw usageError(`The address of the service must begin with http:// or https://, not be "${url}".`)
  return url.replace(/\/+$/, '')
}

/** A client of the service at this address, with the key of PLATFORM_STATUS_KEY. */
export function serviceClient ({ env, signal }: Pick<CommandIo, 'env' | 'signal'>, address: string): Client {
  async function ask<T> (method: string, path: string, body?: object | string, type = 'application/json'): Promise<T> {
    const answer = await fetch(address + path, {
      method,
      signal,
      headers: {
        accept: 'application/json',
        ...(env.PLATFORM_STATUS_KEY && { authorization: `Bearer ${env.PLATFORM_STATUS_KEY}` }),
        ...(body !== undefined && { 'content-type': type })
      },
      ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) })
    }).catch((error: unknown) => { throw toUnreachable(address, error) })
    const said = await answer.json().catch(() => undefined) as T & Problem | undefined
    if (answer.ok && said !== undefined) return said
    throw toCommandError(answer.status, said, `${method} ${path}`, address)
  }

  async function * list<T> (path: string, query: Readonly<Record<string, string | undefined>> = {}): AsyncGenerator<T> {
    const given = Object.entries(query).filter((entry): entry is [string, string] => entry[1] !== undefined)
    for (let cursor: string | null = null, first = true; first || cursor !== null; first = false) {
      const asked = new URLSearchParams([...given, ['limit', '500'], ...(cursor === null ? [] : [['cursor', cursor] as [string, string]])])
      const page: { items: T[], next_cursor: string | null } = await ask('GET', `${path}?${asked.toString()}`)
      yield * page.items
      cursor = page.next_cursor
    }
  }

  return { address, ask, list }
}

/** What stands in a path. */
export function segment (name: string): string {
  return encodeURIComponent(name)
}

function toUnreachable (address: string, error: unknown): unknown {
  const cause = (error as { cause?: { code?: string, message?: string } }).cause
  if (cause === undefined) return error
  return unreachableError(`No service answers at ${address} (${cause.code ?? cause.message}): start it, or name its address with --url or PLATFORM_STATUS_URL.`)
}

function toCommandError (status: number, said: Problem | undefined, asked: string, address: string): CommandError {
  if (said?.code === undefined) return unreachableError(`What answers at ${address} is no platform-status (${asked}: ${status}): name the service's address with --url or PLATFORM_STATUS_URL.`)
  const more = (said.errors ?? []).map(({ pointer, parameter, detail }) => `\n  ${pointer ?? parameter}: ${detail}`).join('')
  const hint = status === 401 || status === 403 ? ' The key is taken from PLATFORM_STATUS_KEY.' : ''
  const sentence = `${said.detail ?? said.title}${hint}${more}`
  return status === 503 ? unreachableError(sentence, said) : refusedError(sentence, said)
}
