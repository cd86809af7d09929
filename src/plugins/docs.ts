import swagger from '@fastify/swagger'
import swaggerUi from '@fastify/swagger-ui'
import type { FastifyInstance } from 'fastify'
import plugin from 'fastify-plugin'
import { document } from '../openapi.ts'
import { finished, withHeaders } from './document.ts'

/** /openapi.json and /docs. Registered before the routes, which it collects. */
export const docs = plugin(async (app: FastifyInstance) => {
  await app.register(swagger, {
    openapi: document,
    transform: withHeaders,
    transformObject: (made) => finished('openapiObject' in made ? made.openapiObject : made.swaggerObject),
    refResolver: { buildLocalReference: (json, _base, _fragment, index) => typeof json.$id === 'string' ? json.$id : `def-${index}` }
  })
  await app.register(swaggerUi, {
    routePrefix: '/docs',
    // the page loads nothing from elsewhere
    staticCSP: true,
    logLevel: 'warn',
    uiConfig: { docExpansion: 'list', deepLinking: true, displayOperationId: true },
    theme: { title: 'platform-status' }
  })
  app.get('/openapi.json', { logLevel: 'warn', schema: { hide: true } }, async () => app.swagger())
}, { name: 'docs' })
