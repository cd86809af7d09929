import { defineConfig } from 'prisma/config'

// `generate`, `validate` and `format` never start the schema engine, yet the CLI downloads it unless a path is named.
process.env.PRISMA_SCHEMA_ENGINE_BINARY ??= process.execPath

export default defineConfig({
  schema: 'prisma/schema.prisma',
  migrations: { path: 'prisma/migrations' }
})
