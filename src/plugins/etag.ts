import type { FastifyInstance, onSendHookHandler, preSerializationHookHandler } from 'fastify'
import plugin from 'fastify-plugin'
import { hash } from 'node:crypto'

declare module 'fastify' {
  interface FastifyContextConfig { etag?: boolean }
  interface FastifyReply { representedVersion: number | null }
}

/**
 * Routes with `config: { etag: true }` answer an `ETag`, and 304 to an `If-None-Match` that holds it. The tag is the
 * thing's version and a digest of its representation: the digest, since a renamed device changes what its containers
 * look like without changing them; the version, since a later `If-Match` asks about the thing, not its looks.
 */
export const etag = plugin(async (app: FastifyInstance) => {
  app.decorateReply('representedVersion', null)

  // of those routes only: a hook costs every request that it sees. First, since of HEAD the next one drops the body.
  app.addHook('onRoute', (route) => {
    if (route.config?.etag !== true) return
    route.preSerialization = [keepVersion, ...[route.preSerialization ?? []].flat()]
    route.onSend = [tag, ...[route.onSend ?? []].flat()]
  })
}, { name: 'etag' })

const keepVersion: preSerializationHookHandler = (_request, reply, payload, done) => {
  const version = (payload as { version?: unknown } | null)?.version
  reply.representedVersion = typeof version === 'number' ? version : null
  done(null, payload)
}

const tag: onSendHookHandler = (request, reply, payload, done) => {
  if (reply.statusCode !== 200 || typeof payload !== 'string') return done(null, payload)
  const tag = tagOf(payload, reply.representedVersion)
  reply.header('etag', tag)
  if (!matches(request.headers['if-none-match'], tag)) return done(null, payload)
  reply.code(304).removeHeader('content-type').removeHeader('content-length')
  done(null, null)
}

/** The tag of an answer: its digest, after the version of the thing if it has one. */
export function tagOf (body: string, version: number | null): string {
  const digest = hash('sha1', body, 'base64url').slice(0, 16)
  return version === null ? `"${digest}"` : `"${version}-${digest}"`
}

// RFC 9110, 13.1.2: weak comparison against any tag of the list
function matches (header: string | undefined, tag: string): boolean {
  if (header === undefined) return false
  return header.split(',').map((given) => given.trim().replace(/^W\//, '')).some((given) => given === tag || given === '*')
}
