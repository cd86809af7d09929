import { isSpanContextValid, trace } from '@opentelemetry/api'
import type { FastifyInstance } from 'fastify'
import plugin from 'fastify-plugin'

/**
 * Names the span of a request after its route, as `GET /api/containers/:container`: OpenTelemetry instruments HTTP, which does not know routes.
 * Does nothing when no tracing was loaded before the service (docs/guides/metrics.md).
 */
export const traces = plugin(async (app: FastifyInstance) => {
  if (!isTracing()) return
  app.addHook('onRequest', (request, _reply, done) => {
    const { url } = request.routeOptions
    const span = trace.getActiveSpan()
    if (url !== undefined && span !== undefined) {
      span.setAttribute('http.route', url)
      span.updateName(`${request.method} ${url}`)
    }
    done()
  })
}, { name: 'traces' })

/** Whether something has registered a tracer: only then does a span have a valid identity. This one is never ended, so it is never sent. */
function isTracing (): boolean {
  return isSpanContextValid(trace.getTracer('platform-status').startSpan('probe').spanContext())
}
