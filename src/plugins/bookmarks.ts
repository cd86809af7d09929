import type { FastifyInstance } from 'fastify'
import plugin from 'fastify-plugin'

type Redirect = { to: string, status: 307 | 308 }

/** Pages of Platform Status DB, and where their successors are. People have bookmarks of them. */
const successors: Readonly<Record<string, Redirect>> = {
  '/job_logs/present_labware': { to: '/labware', status: 308 },
  '/job_logs': { to: '/', status: 308 },
  '/admin': { to: '/lab/devices', status: 308 },
  '/admin/*': { to: '/lab/devices', status: 308 },
  // These pages are not there yet. Until then, what shows the same. Browsers must not remember that.
  '/labware': { to: '/present', status: 307 },
  '/lab/devices': { to: '/', status: 307 }
}

/** Leads bookmarks of Platform Status DB to the pages of this service, with and without the slash at their end. */
export const bookmarks = plugin(async (app: FastifyInstance) => {
  for (const [old, { to, status }] of Object.entries(successors)) {
    for (const url of old.endsWith('*') ? [old] : [old, `${old}/`]) {
      app.get(url, { logLevel: 'warn', config: { scope: 'none' }, schema: { hide: true } }, async (_request, reply) => await reply.redirect(to, status))
    }
  }
}, { name: 'bookmarks' })
