import { createHash } from 'node:crypto'
import { v7 as uuidv7 } from 'uuid'
import { problem } from '../contract/problems.ts'
import type { Process, ProcessCreate, ProcessQuery } from '../contract/processes.ts'
import { digestOf } from '../domain/canonical.ts'
import { numberWarnings, writeExactly } from '../domain/whole-numbers.ts'
import { withRetries } from './commands.ts'
import type { Database } from './database.ts'
import type { Transaction } from './lab-lock.ts'
import { countRows } from './list-rows.sql.ts'
import { filtersOf, readJsonPageById } from './pages.ts'
import { type ListedProcess, processCondition, readProcesses } from './processes.sql.ts'
import { refusalDetail } from './refusals.ts'

const summary = {
  id: true, name: true, source_sha256: true, metadata: true, warnings: true, archived_at: true, created_at: true, updated_at: true, version: true
} as const
const allColumns = { ...summary, source: true } as const

/** Processes. They are not part of the tracked lab, so their changes have no revision. */
export function processStore ({ prisma }: Database) {
  async function read (id: string): Promise<Process> {
    const found = await prisma.process.findUnique({ where: { id }, select: allColumns })
    if (found === null) throw problem('process-not-found', 'No process has this id.', { parameter: 'id' })
    return found as Process
  }

  return {
    read,

    /** Creates a process. `created` is false for a retry with the same id and body, and with `reuse` for an existing name and source. */
    async create ({ id, reuse, ...body }: ProcessCreate): Promise<{ created: boolean, process: Process }> {
      const row = {
        id: id ?? uuidv7(),
        name: body.name,
        source: body.source,
        source_sha256: sha256(body.source),
        metadata: body.metadata ?? null,
        warnings: numberWarnings(body.metadata, '/metadata'),
        created_as: digestOf(body)
      }
      return await withRetries(() => prisma.$transaction(async (transaction) => {
        const repeated = id ? await readIfRepeated(transaction, row) : null
        if (repeated !== null) return { created: false, process: repeated }
        const same = reuse ? await findSameSource(transaction, row.name, body.source) : null
        if (same !== null) {
          // A retry with this id gets the same process, also when it was archived by then.
          if (id) await transaction.adopted_id.create({ data: { id: row.id, target_id: same.id, created_as: row.created_as } })
          return { created: false, process: same }
        }
        return { created: true, process: await insert(transaction, row) }
      }))
    },

    async list (query: ProcessQuery) {
      const filters = filtersOf(query)
      const condition = processCondition(filters)
      return await readJsonPageById<ListedProcess>(query, {
        name: 'processes',
        filters,
        read: async (after, take) => await readProcesses(prisma, condition, after, take),
        count: async () => await countRows(prisma, 'process object', condition)
      })
    },

    /** Archives a process. Does nothing for an archived one. */
    async archive (id: string): Promise<Process> {
      // By the clock of the database, like all times of a process.
      await prisma.$executeRaw`
        UPDATE process SET archived_at = now(), updated_at = now(), version = version + 1 WHERE id = ${id}::uuid AND archived_at IS NULL`
      return await read(id)
    }
  }
}

type ProcessRow = { id: string, name: string, source_sha256: string, created_as: string }

// Prisma writes JSON with JSON.stringify, which rounds whole numbers beyond 2^53.
async function insert (transaction: Transaction, row: ProcessRow & { source: string, metadata: unknown, warnings: unknown }): Promise<Process> {
  const metadata = row.metadata === null ? null : writeExactly(row.metadata)
  await transaction.$executeRaw`
    INSERT INTO process (id, name, source, source_sha256, metadata, warnings, created_as)
    VALUES (${row.id}::uuid, ${row.name}, ${row.source}, ${row.source_sha256}, ${metadata}::jsonb, ${writeExactly(row.warnings)}::jsonb, ${row.created_as})`
  return await transaction.process.findUniqueOrThrow({ where: { id: row.id }, select: allColumns }) as Process
}

// The process that an earlier request with the same id and body created or reused. The lock makes concurrent requests with one id wait.
async function readIfRepeated (transaction: Transaction, { id, created_as }: ProcessRow): Promise<Process | null> {
  await transaction.$executeRaw`SELECT pg_advisory_xact_lock(hashtextextended(${id.toLowerCase()}, 0))`
  const known = await transaction.process.findUnique({ where: { id }, select: { ...allColumns, created_as: true } }) ?? await readAdopted(transaction, id)
  if (known === null) return null
  const { created_as: createdAs, ...process } = known
  if (createdAs !== created_as) throw problem('id-in-use', refusalDetail('id-in-use', { id }), { id, pointer: '/id' })
  return process as Process
}

// The process that was reused for this id.
async function readAdopted (transaction: Transaction, id: string) {
  const adopted = await transaction.adopted_id.findUnique({ where: { id } })
  const process = adopted === null ? null : await transaction.process.findUnique({ where: { id: adopted.target_id }, select: allColumns })
  return process === null ? null : { ...process, created_as: adopted!.created_as }
}

// The oldest process with this name and source, whatever its lines end with: CRLF, LF or CR, also mixed. The index process_lines_idx has the hash of what is
// compared. The lock makes concurrent requests wait, so that they do not create duplicates.
async function findSameSource (transaction: Transaction, name: string, source: string): Promise<Process | null> {
  const lines = source.replaceAll(/\r\n?/g, '\n')
  await transaction.$executeRaw`SELECT pg_advisory_xact_lock(hashtextextended(${name} || ${sha256(lines)}, 0))`
  const [same] = await transaction.$queryRaw<{ id: string }[]>`
    SELECT p.id FROM process p CROSS JOIN LATERAL (SELECT replace(replace(p.source, E'\\r\\n', E'\\n'), E'\\r', E'\\n') AS lines) stored
    WHERE p.name = ${name} AND p.archived_at IS NULL AND hashtextextended(stored.lines, 0) = hashtextextended(${lines}, 0) AND stored.lines = ${lines}
    ORDER BY p.id LIMIT 1`
  return same === undefined ? null : await transaction.process.findUnique({ where: { id: same.id }, select: allColumns }) as Process | null
}

function sha256 (text: string): string {
  return createHash('sha256').update(text).digest('hex')
}
