import { fastifyCookie as cookies } from '@fastify/cookie'
import type { FastifyRequest } from 'fastify'

type Connection = Pick<FastifyRequest, 'protocol'>

/** Without TLS, browsers refuse the prefix that keeps other hosts of a domain from setting the cookie. */
function nameFor ({ protocol }: Connection): string {
  return protocol === 'https' ? '__Host-platform-status' : 'platform-status'
}

/** The value of the session cookie; null without one. Most requests are of programs and have no cookies, so none are parsed for them. */
export function sessionCookieOf (request: Connection & Pick<FastifyRequest, 'headers'>): string | null {
  const { cookie } = request.headers
  return cookie === undefined ? null : cookies.parse(cookie)[nameFor(request)] || null
}

/** The header that sets the session cookie, for so many seconds; with 0, the browser forgets it. Scripts cannot read it, and other sites cannot send it. */
export function sessionCookie (request: Connection, value: string, seconds: number): string {
  return cookies.serialize(nameFor(request), value, { path: '/', httpOnly: true, sameSite: 'strict', secure: request.protocol === 'https', maxAge: seconds })
}
