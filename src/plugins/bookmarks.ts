import type { FastifyInstance } from 'fastify'
import plugin from 'fastify-plugin'

/** Pages of Platform Status DB, and where their successors are. People have bookmarks of them. */
const successors: Readonly<Record<string, string>> = {
  '/job_logs/present_labware': '/labware',
  '/job_logs': '/',
  '/admin': '/lab/devices',
  '/admin/*': '/lab/devices'
}

/** Leads bookmarks of Platform Status DB to the pages of this service, with and without the slash at their end. */
export const bookmarks = plugin(async (app: FastifyInstance) => {
  for (const [old, successor] of Object.entries(successors)) {
    for (const url of old.endsWith('*') ? [old] : [old, `${old}/`]) {
      app.get(url, { logLevel: 'warn', config: { scope: 'none' }, schema: { hide: true } }, async (_request, reply) => await reply.redirect(successor, 308))
    }
  }
}, { name: 'bookmarks' })
