// Writes openapi/openapi.json from the routes. A test holds it fresh.
import './ensure-built.mjs'
import { writeFileSync } from 'node:fs'

const { openapiText } = await import('../dist/openapi-text.js')
writeFileSync(new URL('../openapi/openapi.json', import.meta.url), await openapiText())
