import type { FastifyInstance } from 'fastify'
import plugin from 'fastify-plugin'

/** A plate with 4 x 3 wells, 32 x 32 pixels, as PNG. */
const icon = Buffer.from([
  'iVBORw0KGgoAAAANSUhEUgAAACAAAAAgCAYAAABzenr0AAAAQklEQVR42mNgGAWjAAqs85b+pyceUMsxHDGoHIAOaCk36oDB6YDRXDCaDUcdMJoNRx0wmghHHTAyc8GAN8tHwYgGAKQg',
  'swad12NrAAAAAElFTkSuQmCC'
].join(''), 'base64')

/** The icon that browsers ask for with every page. Without one, each page has an error in its console. */
export const favicon = plugin(async (app: FastifyInstance) => {
  app.get('/favicon.ico', { logLevel: 'warn', config: { scope: 'none' }, schema: { hide: true } }, async (_request, reply) => {
    reply.type('image/png').header('cache-control', 'public, max-age=86400')
    return icon
  })
}, { name: 'favicon' })
