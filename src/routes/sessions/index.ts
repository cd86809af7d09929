import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import Type from 'typebox'
import { noQuery, ref } from '../../contract/common.ts'
import { bodyProblems, problems } from '../../contract/problem-responses.ts'
import { problem } from '../../contract/problems.ts'
import { Session, SignIn } from '../../contract/sessions.ts'
import { invalidKey } from '../../plugins/auth.ts'
import { networkOf } from '../../plugins/rate-limit.ts'
import { sessionCookie, sessionCookieOf } from '../../plugins/session-cookie.ts'
import { signInPage, signInPolicy } from './sign-in-page.ts'

/** So many failed sign-ins of an address in one minute; `create_session` counts them. */
const failuresPerMinute = 10

/** Signing in and out, for browsers: a page must not keep a key. Programs send their key with each request. */
export const sessionsRoutes: FastifyPluginAsyncTypebox = async (app) => {
  const { store } = app

  app.post('/session', {
    // Neither a dry run nor a stored response: the first would be a sign-in that is not counted, the second would keep what a key opened.
    config: { scope: 'none', secret: true },
    schema: {
      operationId: 'createSession', tags: ['keys'], summary: 'Sign in with a key',
      description: [
        'For pages in a browser. Sets a cookie that stands for the key, for 12 hours or, with `remember`, for 90 days; it ends with the key, too. The page need not keep the key.',
        'Only pages of this service can use the cookie for writes. An address can fail 10 times in one minute.'
      ].join(' '),
      querystring: noQuery, body: ref(SignIn),
      response: { 204: Type.Null({ description: 'Signed in. `Set-Cookie` has the session.' }), ...bodyProblems('unauthorized', 'cross-origin-request', 'too-many-requests', 'too-busy') }
    }
  }, async (request, reply) => {
    const { key, remember } = request.body
    const made = await store.sessions.signIn({ key, remembered: remember === true, network: networkOf(request.ip), replaces: sessionCookieOf(request) })
    if (made === null) {
      const { refused, challenge } = invalidKey(await store.keys.find(key))
      reply.header('www-authenticate', challenge)
      throw refused
    }
    if ('wait' in made) {
      reply.header('retry-after', made.wait)
      throw problem('too-many-requests', `More than ${failuresPerMinute} sign-ins from this address failed in one minute. Retry in ${made.wait} s.`, { limit: failuresPerMinute })
    }
    reply.code(204).headers({ 'set-cookie': sessionCookie(request, made.value, made.lasts), 'cache-control': 'no-store' })
  })

  app.get('/session', {
    schema: {
      operationId: 'getSession', tags: ['keys'], summary: 'Read who you are',
      description: 'Says with which key the request was sent, or which key the browser signed in with, and what it may do.',
      querystring: noQuery,
      response: { 200: ref(Session), ...problems() }
    }
  }, async ({ keyId, sessionId }, reply) => {
    reply.header('cache-control', 'no-store')
    if (keyId === null) return { actor: null, scopes: ['admin' as const], key_expires_at: null, auth: 'none' as const }
    const { name, scopes, expires_at } = await store.keys.read(keyId)
    return { actor: name, scopes, key_expires_at: expires_at, auth: sessionId === null ? 'key' as const : 'session' as const }
  })

  app.delete('/session', {
    config: { scope: 'none', secret: true },
    schema: {
      operationId: 'deleteSession', tags: ['keys'], summary: 'Sign out',
      description: 'Ends the session of this browser, for all instances, and removes its cookie. Does nothing for a browser that is not signed in.',
      querystring: noQuery,
      response: { 204: Type.Null({ description: 'Signed out.' }), ...problems('cross-origin-request', 'too-many-requests', 'too-busy') }
    }
  }, async (request, reply) => {
    const value = sessionCookieOf(request)
    if (value !== null) await store.sessions.signOut(value)
    reply.code(204).headers({ 'set-cookie': sessionCookie(request, '', 0), 'cache-control': 'no-store' })
  })
}

/** The page for signing in. It has no data of the lab, so everybody may see it. */
export const signInRoute: FastifyPluginAsyncTypebox = async (app) => {
  app.get('/sign-in', { logLevel: 'warn', config: { scope: 'none' }, schema: { hide: true } }, async (_request, reply) => {
    reply.headers({ 'content-security-policy': signInPolicy, 'cache-control': 'no-cache' }).type('text/html; charset=utf-8')
    return signInPage
  })
}
