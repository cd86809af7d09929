import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { FastifyReply } from 'fastify'
import { PresentQuery } from '../../contract/present.ts'
import { policy, presentPage, presentProblem } from './page.ts'

/** All present labware as a page without script, for old tablets, text browsers, and everybody who only wants to know where a plate is. */
export const presentRoutes: FastifyPluginAsyncTypebox = async (app) => {
  app.get('/present', {
    // It reloads itself every few seconds, on several screens.
    logLevel: 'warn',
    config: {
      scope: 'read', etag: true, read: 'small',
      problemPage: (found, { query }, reply) => {
        pageHeaders(reply)
        return presentProblem(found, (query as PresentQuery | null) ?? {})
      }
    },
    schema: { hide: true, querystring: PresentQuery }
  }, async ({ query, readSize }, reply) => {
    const lab = await app.store.present.read(query.device ?? null, readSize)
    pageHeaders(reply).type('text/html; charset=utf-8')
    return presentPage(lab, query)
  })
}

function pageHeaders (reply: FastifyReply): FastifyReply {
  return reply.headers({ 'content-security-policy': policy, 'cache-control': 'private, no-cache' })
}
