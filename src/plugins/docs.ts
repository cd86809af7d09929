import swagger from '@fastify/swagger'
import swaggerUi from '@fastify/swagger-ui'
import type { FastifyInstance } from 'fastify'
import plugin from 'fastify-plugin'
import { asyncapiDocument } from '../contract/asyncapi.ts'
import { documentHead } from '../contract/openapi.ts'
import { serviceVersion } from '../version.ts'
import { finishDocument, describeRoute } from './openapi-transform.ts'

// The page loads nothing from other origins. The default policy of the plugin upgrades scripts to https, which leaves the
// page blank where a lab serves plain http.
const staticCSP = {
  'default-src': '\'none\'', 'script-src': '\'self\'', 'style-src': '\'self\' \'unsafe-inline\'', 'img-src': '\'self\' data:', 'font-src': '\'self\' data:',
  'connect-src': '\'self\'', 'base-uri': '\'none\'', 'form-action': '\'none\'', 'frame-ancestors': '\'self\''
}

/** Serves /openapi.json, /asyncapi.json and /docs. Register it before the routes, because it collects them. */
export const docs = plugin(async (app: FastifyInstance) => {
  await app.register(swagger, {
    openapi: documentHead(serviceVersion()),
    transform: describeRoute,
    transformObject: (made) => finishDocument('openapiObject' in made ? made.openapiObject : made.swaggerObject),
    refResolver: { buildLocalReference: (json, _base, _fragment, index) => typeof json.$id === 'string' ? json.$id : `def-${index}` }
  })
  await app.register(swaggerUi, {
    routePrefix: '/docs',
    staticCSP,
    logLevel: 'warn',
    // BaseLayout has no top bar, in which users could enter the URL of another document.
    uiConfig: { layout: 'BaseLayout', docExpansion: 'list', deepLinking: true, displayOperationId: true, displayRequestDuration: true, defaultModelsExpandDepth: 0 },
    theme: { title: 'platform-status' }
  })
  app.get('/openapi.json', { logLevel: 'warn', schema: { hide: true } }, async () => app.swagger())
  const asyncapi = asyncapiDocument(serviceVersion())
  app.get('/asyncapi.json', { logLevel: 'warn', schema: { hide: true } }, async () => asyncapi)
}, { name: 'docs' })
