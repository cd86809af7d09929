import t from 'tap'
import { spawn } from 'node:child_process'
import { text } from 'node:stream/consumers'
import pg from 'pg'
import { projectRoot } from '../../src/project-root.ts'
import { migrate } from '../../src/store/migrate.ts'
import { catalogueText, readCatalogue, withClient } from '../../tools/database/catalogue.ts'
import { anEmptyDatabase, migrations, sql } from '../support/backups.ts'
import { plain } from '../support/plain-process.ts'

// `npx prisma migrate deploy` and the start of the service apply the same migrations. Whichever comes first, the database is the
// same, and the other has nothing to do. The CLI is the real one. Its engine is the real one, compiled to WebAssembly: see
// tools/database/schema-engine.mjs.

const root = projectRoot

async function run (args: string[], env: Record<string, string> = {}): Promise<{ code: number, out: string, err: string }> {
  const [program, ...words] = plain(process.execPath, ...args)
  const child = spawn(program, words, {
    cwd: root, stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, CHECKPOINT_DISABLE: '1', PRISMA_HIDE_UPDATE_MESSAGE: '1', NO_COLOR: '1', ...env }
  })
  const [out, err, code] = await Promise.all([text(child.stdout), text(child.stderr), new Promise<number>((resolve) => child.on('close', resolve))])
  return { code, out, err }
}

const prisma = (url: string, ...args: string[]) => run(['node_modules/prisma/build/index.js', ...args], { DATABASE_URL: url })

async function ownStart (url: string): Promise<string[]> {
  const pool = new pg.Pool({ connectionString: url })
  try {
    return await migrate(pool, migrations)
  } finally {
    await pool.end()
  }
}

const catalogue = (url: string) => withClient(url, async (client) => catalogueText(await readCatalogue(client)))
const history = (url: string) => sql(url, 'SELECT migration_name, checksum, finished_at IS NOT NULL AS finished, rolled_back_at, logs, applied_steps_count FROM _prisma_migrations ORDER BY 1')
const historyColumns = (url: string) => sql(url, `
  SELECT column_name, data_type, character_maximum_length, is_nullable, column_default FROM information_schema.columns
  WHERE table_name = '_prisma_migrations' ORDER BY ordinal_position`)

t.test('`prisma migrate deploy` makes the database that the service makes, and each is content with the other\'s', async (t) => {
  const [byPrisma, byService] = [await anEmptyDatabase(t), await anEmptyDatabase(t)]
  t.match(await prisma(byPrisma, 'migrate', 'deploy'), { code: 0, out: /All migrations have been successfully applied/ })
  t.ok((await ownStart(byService)).length > 0)

  t.match(await catalogue(byPrisma), /^function lock_lab\(\): /m)
  t.equal(await catalogue(byPrisma), await catalogue(byService))
  t.same(await history(byPrisma), await history(byService))
  t.same(await historyColumns(byPrisma), await historyColumns(byService))
  // Each log has an id of its own.
  const theLab = 'SELECT id, revision, recorded_at, description, pythonlab_translation, extra FROM lab'
  t.same(await sql(byPrisma, theLab), await sql(byService, theLab))

  t.strictSame(await ownStart(byPrisma), [])
  t.match(await prisma(byService, 'migrate', 'deploy'), { code: 0, out: /No pending migrations to apply/ })
  t.match(await prisma(byService, 'migrate', 'status'), { code: 0, out: /Database schema is up to date/ })
})
