// Writes openapi/openapi.json from the routes, and what of clients/python follows from it. Tests hold both fresh.
import './ensure-built.mjs'
import { writeFileSync } from 'node:fs'

const { openapiText } = await import('../dist/process/openapi-text.js')
writeFileSync(new URL('../openapi/openapi.json', import.meta.url), await openapiText())
await import('./python-client.mjs')
