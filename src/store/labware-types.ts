import type { LabwareType, LabwareTypePut, LabwareTypeQuery } from '../contract/labware-types.ts'
import { problem } from '../contract/problems.ts'
import { writeExactly } from '../domain/whole-numbers.ts'
import { viewColumns } from './columns.ts'
import { type AuditContext, runPrepared } from './commands.ts'
import type { Database } from './database.ts'
import { type ListedLabwareType, readLabwareTypePage } from './labware-types.sql.ts'
import { readJsonPage } from './pages.ts'
import { refusalDetail } from './refusals.ts'

const columns = viewColumns('labware_type')

/** Labware types. The commands are in prisma/sql/labware-type. */
export function labwareTypeStore ({ pool, prisma }: Database) {
  async function find (name: string): Promise<LabwareType | null> {
    const [found] = await runPrepared<LabwareType>(pool, `SELECT ${columns} FROM labware_type_state WHERE name = $1`, [name])
    return found ?? null
  }

  return {
    async list (query: LabwareTypeQuery) {
      return await readJsonPage<ListedLabwareType, readonly [string]>(query, {
        name: 'labware-types',
        filters: {},
        keys: ({ name }) => [name],
        isKey: ([name, ...others]) => typeof name === 'string' && others.length === 0,
        read: async (after, take) => await readLabwareTypePage(prisma, after?.[0] ?? '', take),
        count: async () => await runPrepared<{ count: number }>(pool, 'SELECT count(*)::int AS count FROM labware_type', []).then(([row]) => row!.count)
      })
    },

    find,

    async read (name: string): Promise<LabwareType> {
      const found = await find(name)
      if (found === null) throw labwareTypeNotFound(name)
      return found
    },

    /** Adds or changes a type. Nothing is written if it is so already. */
    async put (name: string, input: LabwareTypePut, audit: AuditContext): Promise<{ created: boolean, labware_type: LabwareType }> {
      const [row] = await runPrepared<LabwareType & { created: boolean }>(pool,
        `SELECT created, ${viewColumns('labware_type', '(labware_type)')} FROM put_labware_type($1, $2, $3)`, [name, writeExactly(input), audit])
      const { created, ...labware_type } = row!
      return { created, labware_type }
    },

    /** Deletes a type, and returns it as it was last. */
    async delete (name: string, audit: AuditContext): Promise<LabwareType> {
      const [deleted] = await runPrepared<LabwareType>(pool, `SELECT ${columns} FROM delete_labware_type($1, $2)`, [name, audit])
      return deleted!
    }
  }
}

function labwareTypeNotFound (labware_type: string) {
  return problem('labware-type-not-found', refusalDetail('labware-type-not-found', { labware_type }), { labware_type, parameter: 'name' })
}
