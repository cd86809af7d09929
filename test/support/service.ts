import type { FastifyInstance } from 'fastify'
import type pg from 'pg'
import type { Test } from 'tap'
import { aBalancer } from './balancer.ts'
import { aDatabase } from './database.ts'
import { type AppOptions, openInstance } from './instance.ts'
import { type Borrowed, borrowInstance } from './used-again.ts'

type Body = any
export type Answer = { status: number, headers: Record<string, string | number | string[] | undefined>, body: Body, text: string }
type Method = 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'

type Query = <Row extends pg.QueryResultRow = any>(sql: string, values?: unknown[]) => Promise<pg.QueryResult<Row>>

export type Service = {
  app: FastifyInstance
  /** Listens on a free port until the test ends, and returns the URL. With several instances, it is that of a load balancer. */
  listen (): Promise<string>
  url: string
  /** A statement for the database, without the service. */
  query: Query
  call (method: Method, path: string, body?: unknown, headers?: Record<string, string>): Promise<Answer>
  get (path: string, headers?: Record<string, string>): Promise<Answer>
  post (path: string, body?: unknown, headers?: Record<string, string>): Promise<Answer>
  put (path: string, body?: unknown, headers?: Record<string, string>): Promise<Answer>
  patch (path: string, body?: unknown, headers?: Record<string, string>): Promise<Answer>
  delete (path: string, headers?: Record<string, string>): Promise<Answer>
}

/**
 * The real app with an empty database. Every response is checked against its schema; a difference fails the test. `url` is that of the database.
 * With settings, or `{}`, the app is the test's own; otherwise tests before may have used it, too.
 */
export async function aService (t: Test, env?: Record<string, string>, report?: (fault: string) => void): Promise<Service> {
  if (env !== undefined || report !== undefined || process.env.TEST_INSTANCES !== undefined) return await aServiceOn(t, await aDatabase(t), env, report)
  return handledBy(await borrowInstance(t), t)
}

/** Members of the app that only call it or read from it, as a client does. */
const harmless: ReadonlySet<string | symbol> = new Set(['inject', 'store', 'server'])

/** A service that tells when a test does more with it than call it and change rows. */
function handledBy (borrowed: Borrowed, t: Test): Service {
  const service = serviceOf(t, [borrowed.app], borrowed.url)
  const own = <T> (member: T): T => {
    borrowed.handled = true
    return member
  }
  const app = new Proxy(service.app, {
    get (target, name) {
      const member: unknown = Reflect.get(target, name)
      if (!harmless.has(name)) return own(member)
      return typeof member === 'function' ? member.bind(target) as unknown : member
    }
  })
  const query: Query = async (sql, values) => {
    if (!changesRowsAtMost(sql)) borrowed.handled = true
    return await service.query(sql, values)
  }
  return Object.defineProperties<Service>({ ...service, app, query, listen: async () => borrowed.address ??= await service.listen() }, {
    url: { get: () => own(service.url) }
  })
}

/** Whether a statement leaves nothing that an emptied database still has, such as a setting or a table. */
function changesRowsAtMost (sql: string): boolean {
  return /^\s*(?:select|insert|update|delete|with)\b[^;]*$/i.test(sql)
}

/** Like aService, with an existing database. With TEST_INSTANCES=2, two instances handle the calls in turn. */
export async function aServiceOn (
  t: Test, url: string, env: Record<string, string> = {}, report = (fault: string): void => { t.fail(fault) }, options: AppOptions = {}
): Promise<Service> {
  const instances: FastifyInstance[] = []
  for (let n = 0; n < Number(process.env.TEST_INSTANCES ?? 1); n++) {
    const instance = await openInstance(url, env, options)
    instance.report = report
    t.teardown(() => instance.close())
    instances.push(instance.app)
  }
  return serviceOf(t, instances, url)
}

function serviceOf (t: Test, instances: readonly FastifyInstance[], url: string): Service {
  let calls = 0
  async function listen (): Promise<string> {
    const addresses: string[] = []
    for (const instance of instances) addresses.push(await instance.listen({ host: '127.0.0.1', port: 0 }))
    return addresses.length === 1 ? addresses[0]! : await aBalancer(t, addresses)
  }
  async function call (method: Method, path: string, body?: unknown, headers: Record<string, string> = {}): Promise<Answer> {
    const answer = await instances[calls++ % instances.length]!.inject({ method, url: path, headers, ...(body === undefined ? {} : { payload: body as object }) })
    const isJson = String(answer.headers['content-type']).includes('json')
    return { status: answer.statusCode, headers: answer.headers, text: answer.payload, body: isJson && answer.payload !== '' ? answer.json() : answer.payload }
  }
  return {
    app: instances[0]!,
    listen,
    url,
    query: async (sql, values) => await instances[0]!.database.pool.query(sql, values),
    call,
    get: (path, headers) => call('GET', path, undefined, headers),
    post: (path, body, headers) => call('POST', path, body, headers),
    put: (path, body, headers) => call('PUT', path, body, headers),
    patch: (path, body, headers) => call('PATCH', path, body, headers),
    delete: (path, headers) => call('DELETE', path, undefined, headers)
  }
}

/** A service whose lab has these devices with so many slots: `aLab(t, { Hotel: 3, Washer: 1 })`. */
export async function aLab (t: Test, devices: Record<string, number>, env?: Record<string, string>): Promise<Service> {
  const service = await aService(t, env)
  const config = { sila_servers: { devices: Object.fromEntries(Object.entries(devices).map(([name, capacity]) => [name, { capacity }])) } }
  const answer = await service.put('/api/lab/config', config)
  if (answer.status !== 200) throw new Error(`the lab was refused: ${answer.text}`)
  return service
}

/** A name as a segment of a URL path. */
export function seg (name: string): string {
  return encodeURIComponent(name)
}
