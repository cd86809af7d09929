import files from '@fastify/static'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import plugin from 'fastify-plugin'
import { join } from 'node:path'
import { isLoopbackName } from './loopback.ts'

/** Where the build puts the pages, beside this compiled code. */
const built = join(import.meta.dirname, '..', '..', 'web')

/** The addresses of the pages in web/src/app/routes.tsx. Only these have one, so any other path is an honest 404. */
export const pagePaths = [
  '/', '/wall', '/labware', '/labware/:container', '/devices/:device', '/devices/:device/:slot', '/runs', '/runs/:id', '/steps', '/steps/:id', '/stocktake', '/stocktake/:device',
  '/insights/use', '/insights/durations', '/insights/durations/:kind', '/insights/promises', '/log', '/find', '/help', '/sign-in/scan',
  '/lab/devices', '/lab/file', '/lab/labware-types', '/lab/keys', '/lab/webhooks', '/lab/health'
] as const

/** What the pages may do: load what this service has, and call it. Text can become neither script nor HTML. */
const policy = [
  "default-src 'none'", "script-src 'self' 'wasm-unsafe-eval'", "style-src 'self'", "img-src 'self' data: blob:", "media-src 'self' blob:", "font-src 'self'", "connect-src 'self'",
  "manifest-src 'self'", "form-action 'none'", "base-uri 'none'", "require-trusted-types-for 'script'"
]

const headers = {
  'permissions-policy': 'camera=(self), microphone=(), geolocation=()',
  'cache-control': 'no-cache'
}

/** What the pages with the map wait for beside the lab (`askForNow` in web/src/api/queries.ts). The browser asks for it while the scripts load. */
const mapPages: ReadonlySet<string> = new Set(['/', '/wall'])
const preloads = ['/api/alarms?limit=100', '/api/steps/running'].map((path) => `<${path}>; rel=preload; as=fetch; crossorigin`).join(', ')

/**
 * The pages for people. Each address has the same file, which holds no data of the lab: its script reads that from the API. The names of the
 * scripts and styles contain a digest, so browsers keep them.
 */
export const webPages = plugin(async (app: FastifyInstance, { frameAncestors = [] }: { frameAncestors?: readonly string[] }) => {
  const csp = [...policy, `frame-ancestors ${frameAncestors.length === 0 ? "'none'" : frameAncestors.join(' ')}`].join('; ')
  await app.register(files, { root: join(built, 'assets'), prefix: '/assets/', wildcard: false, immutable: true, maxAge: '365d', preCompressed: true, logLevel: 'warn', decorateReply: true })
  for (const path of pagePaths) {
    app.get(path, { logLevel: 'warn', config: { scope: 'none' }, schema: { hide: true } }, async (request, reply) => {
      if (isTrustworthy(request)) reply.header('cross-origin-opener-policy', 'same-origin')
      return await reply.headers({ ...headers, 'content-security-policy': csp, ...mapPages.has(path) ? { link: preloads } : {} }).sendFile('index.html', built, { cacheControl: false })
    })
  }
}, { name: 'web-pages' })

/** Elsewhere, over plain http, browsers ignore the header and complain about it in their console. */
function isTrustworthy ({ protocol, hostname }: FastifyRequest): boolean {
  return protocol === 'https' || isLoopbackName(hostname)
}
