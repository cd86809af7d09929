// `npm run openapi`: writes openapi/openapi.json from the routes, and the generated part of clients/python from it. Tests fail when they are old.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { openapiText } from '../../src/process/openapi-text.ts'
import { projectRoot } from '../../src/project-root.ts'

writeFileSync(join(projectRoot, 'openapi', 'openapi.json'), await openapiText())
await import('./python-client.ts')
