import type { FastifyInstance, FastifyRequest, onSendHookHandler, preSerializationHookHandler } from 'fastify'
import plugin from 'fastify-plugin'
import { createHash, type Hash } from 'node:crypto'

declare module 'fastify' {
  interface FastifyContextConfig { etag?: boolean }
  interface FastifyReply {
    representedVersion: number | null
    /** The ETag of a response that was made piece by piece, see sendLongText. */
    tagOfPieces: string | null
  }
}

/**
 * Routes with `config: { etag: true }` send an `ETag`, and respond with 304 when `If-None-Match` contains it. The tag is the
 * version of the object and a digest of the response. The digest is needed because renaming a device changes the
 * responses for its containers, but not their versions. The version is needed because `If-Match` compares versions only.
 */
export const etag = plugin(async (app: FastifyInstance) => {
  app.decorateReply('representedVersion', null)
  app.decorateReply('tagOfPieces', null)

  // Hooks of these routes only, because a global hook costs time in every request. They run first, because Fastify's hook
  // for HEAD drops the body.
  app.addHook('onRoute', (route) => {
    if (route.config?.etag !== true) return
    route.preSerialization = [keepVersion, ...[route.preSerialization ?? []].flat()]
    route.onSend = [sendTag, ...[route.onSend ?? []].flat()]
  })
}, { name: 'etag' })

const keepVersion: preSerializationHookHandler = (_request, reply, payload, done) => {
  const version = (payload as { version?: unknown } | null)?.version
  reply.representedVersion = typeof version === 'number' ? version : null
  done(null, payload)
}

const sendTag: onSendHookHandler = (request, reply, payload, done) => {
  if (reply.statusCode !== 200) return done(null, payload)
  const tag = reply.tagOfPieces ?? (typeof payload === 'string' ? tagOf(payload, reply.representedVersion) : null)
  if (tag === null) return done(null, payload)
  reply.header('etag', tag)
  if (hasChanged(request, tag)) return done(null, payload)
  reply.code(304).removeHeader('content-type').removeHeader('content-length')
  // Fastify's hook for HEAD drops the body itself, and fails without one.
  done(null, request.method === 'HEAD' ? payload : null)
}

/** The ETag of a response: `"version-digest"`, or `"digest"` for an object without a version. */
export function tagOf (body: string, version: number | null): string {
  return etagOf(createHash('sha1').update(body), version)
}

/** The same for a body of which the SHA-1 digest has been computed. */
export function etagOf (sha1: Hash, version: number | null): string {
  const digest = sha1.digest('base64url').slice(0, 16)
  return version === null ? `"${digest}"` : `"${version}-${digest}"`
}

// RFC 9110, 13.1.2: weak comparison with every tag of the list
function hasChanged ({ headers: { 'if-none-match': header } }: FastifyRequest, tag: string): boolean {
  if (header === undefined) return true
  return !header.split(',').map((given) => given.trim().replace(/^W\//, '')).some((given) => given === tag || given === '*')
}
