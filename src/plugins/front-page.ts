import type { FastifyInstance } from 'fastify'
import plugin from 'fastify-plugin'
import { hash } from 'node:crypto'
import { serviceVersion } from '../version.ts'

const style = 'body{max-width:42rem;margin:3rem auto;padding:0 1rem;font:1rem/1.5 system-ui,sans-serif}:root{color-scheme:light dark}'

const page = (version: string) => `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>platform-status</title>
<style>${style}</style>
</head>
<body>
<h1>platform-status</h1>
<p>The status service of a robotic laboratory: where every container and lid is, what every step did, and how long the next step will take.</p>
<ul>
<li><a href="/present">All present labware</a>, as a page without script</li>
<li><a href="/sign-in">Sign in</a>, if the service has keys</li>
<li><a href="/docs">All calls of the API</a>, to read and to try</li>
<li><a href="/openapi.json">The OpenAPI document</a>, for generated clients</li>
<li><a href="/asyncapi.json">The AsyncAPI document</a>: the stream of changes, and webhooks</li>
<li><a href="/health/ready">Health</a>: whether the service and its database respond</li>
<li><a href="/api/lab">The lab as it is now</a>, as JSON. It needs a key if the service has keys.</li>
</ul>
<p>Version ${version}</p>
</body>
</html>
`

/** A page for people who open the address of the service in a browser. It has no script, and no data of the lab. */
export const frontPage = plugin(async (app: FastifyInstance) => {
  const html = page(serviceVersion())
  const policy = `default-src 'none'; style-src 'sha256-${hash('sha256', style, 'base64')}'; img-src 'self'; frame-ancestors 'none'`
  app.get('/', { logLevel: 'warn', schema: { hide: true } }, async (_request, reply) => {
    reply.header('content-security-policy', policy).type('text/html; charset=utf-8')
    return html
  })
}, { name: 'front-page' })
