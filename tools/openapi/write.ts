// `npm run openapi`: writes openapi/openapi.json and openapi/asyncapi.json from the routes and schemas, and the generated part of clients/python from it. Tests fail when they are old.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { asyncapiDocument } from '../../src/contract/asyncapi.ts'
import { openapiText } from '../../src/process/openapi-text.ts'
import { projectRoot } from '../../src/project-root.ts'
import { serviceVersion } from '../../src/version.ts'

writeFileSync(join(projectRoot, 'openapi', 'openapi.json'), await openapiText())
writeFileSync(join(projectRoot, 'openapi', 'asyncapi.json'), `${JSON.stringify(asyncapiDocument(serviceVersion()), null, 2)}\n`)
await import('./python-client.ts')
