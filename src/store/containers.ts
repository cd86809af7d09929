import { v7 as uuidv7 } from 'uuid'
import type {
  Container, ContainerCorrection, ContainerCreate, ContainerPatch, ContainerQuery, Lid, Move, MoveFromPosition, RemoveQuery, Unlid
} from '../contract/containers.ts'
import type { Warning } from '../contract/common.ts'
import { invalid, problem } from '../contract/problems.ts'
import { digestOf } from '../domain/canonical.ts'
import { viewColumns } from './columns.ts'
import { type AuditContext, runLabCommand, runPrepared, withRetries } from './commands.ts'
import { changedContainerAsJson, containerCondition, containersAsJson, type ListedContainer, readContainers } from './containers.sql.ts'
import { containerHistory } from './container-history.sql.ts'
import { parseContainerRef } from './container-ref.ts'
import type { Database } from './database.ts'
import type { JsonRow } from './json-row.ts'
import { countRows } from './list-rows.sql.ts'
import { filtersOf, type PageQuery, readJsonPageById } from './pages.ts'
import { refusalDetail } from './refusals.ts'

/** The result of adding a container. `repeated`: a retry. `adopted`: an existing container was returned. */
export type AddedContainer = { outcome: 'created' | 'repeated' | 'adopted', container: Container }

/** A container after a command, and what is unusual about it. Moves do not look for that. */
export type ChangedContainer = JsonRow<Container> & { warnings?: readonly Warning[] | null }

const readById = `${containersAsJson} WHERE object.id = $1`
const readByBarcode = `${containersAsJson} WHERE object.barcode = $1 AND object.removed_at IS NULL`
/** The id of the container that a command returns. */
const changedId = "(snapshot->>'id')::uuid"
const labwareWarnings = `labware_warnings(${changedId})`
/** The same with what is unusual about the container by its labware type. The function sees what the command wrote. */
const withWarnings = (call: string): string => changedContainerAsJson(call, [`${labwareWarnings} AS warnings`])
const commands = {
  update: withWarnings('update_container($1, $2, $3, $4)'),
  remove: changedContainerAsJson('remove_container($1, $2, $3)'),
  move: changedContainerAsJson('move_container($1, $2, $3, $4, $5, $6, $7, $8)'),
  unlid: withWarnings('unlid_container($1, $2, $3, $4, $5, $6)'),
  lid: withWarnings('lid_container($1, $2, $3, $4, $5)'),
  correct: changedContainerAsJson('correct_container($1, $2, $3, $4)', [
    `nullif(coalesce(${labwareWarnings}, '[]') || displaced_warnings(${changedId}, $3->'displace'), '[]') AS warnings`
  ])
}
// Functions see what the command wrote.
const addContainers = `
  SELECT a.outcome, ${viewColumns('container', '(a.container)')},
    CASE WHEN a.outcome = 'created' THEN label_warnings(jsonb_build_array(jsonb_build_object('id', (a.container).id, 'barcode', (a.container).barcode, 'pointer', '/barcode'))) END AS labels,
    CASE WHEN a.outcome = 'created' THEN labware_warnings((a.container).id) END AS labware
  FROM add_containers($1, $2, $3) a`
// The function sees what the command wrote.
const moveFromPosition = changedContainerAsJson('move_from_position($1, $2, $3, $4, $5, $6, $7, $8)', [
  `nullif(former_label_warning(${changedId}, $6, '/barcode'), '[]') AS warnings`
])

type AddedRow = Container & { outcome: AddedContainer['outcome'], labels: Warning[] | null, labware: Warning[] | null }

/** Containers and lids. Each command is one call of a database function; see prisma/sql/container and prisma/sql/placement. */
export function containerStore ({ pool, prisma }: Database) {
  async function command (name: keyof typeof commands, container: string, audit: AuditContext, ...values: readonly unknown[]): Promise<ChangedContainer> {
    const { id, barcode } = parseContainerRef(container)
    const [changed] = await runLabCommand<ChangedContainer>(pool, commands[name], [id, barcode, ...values], audit)
    return changed!
  }

  /** The same for a command that can set the barcode. Also warns if another container has a barcode that differs in case only. */
  async function relabelling (
    name: 'update' | 'correct', container: string, changes: { barcode?: string | null | undefined }, audit: AuditContext
  ): Promise<ChangedContainer> {
    const changed = await command(name, container, audit, changes, audit)
    const { barcode } = changes
    if (typeof barcode !== 'string') return changed
    const [alike] = await runPrepared<{ warnings: Warning[] }>(pool, 'SELECT label_warnings($1) AS warnings', [JSON.stringify([{ barcode, pointer: '/barcode' }])])
    return alike!.warnings.length === 0 ? changed : { ...changed, warnings: [...alike!.warnings, ...changed.warnings ?? []] }
  }

  async function read (container: string): Promise<JsonRow<Container>> {
    const { id, barcode } = parseContainerRef(container)
    const [found] = await runPrepared<JsonRow<Container>>(pool, id === null ? readByBarcode : readById, [id ?? barcode])
    if (found === undefined) {
      const [found] = await runPrepared<{ hints: object }>(pool, 'SELECT barcode_hints($1) AS hints', [barcode])
      const members = { container, parameter: 'container', ...found!.hints }
      throw problem('container-not-found', refusalDetail('container-not-found', members), members)
    }
    return found
  }

  async function addAll (inputs: readonly ContainerCreate[], audit: AuditContext, batch = true): Promise<AddedContainer[]> {
    const prepared = inputs.map((input, index) => containerInput(input, batch ? `/containers/${index}` : ''))
    const rows = await runLabCommand<AddedRow>(pool, addContainers, [JSON.stringify(prepared), batch, audit], audit)
    return rows.map(({ outcome, labels, labware, ...container }) => {
      const warnings = [...labels ?? [], ...labware ?? []]
      return { outcome, container: warnings.length === 0 ? container : { ...container, warnings } }
    })
  }

  return {
    read,
    addAll,

    async add (input: ContainerCreate, audit: AuditContext): Promise<AddedContainer> {
      const [added] = await addAll([input], audit, false)
      return added!
    },

    async list (query: ContainerQuery) {
      const { removed = 'false', missing = 'any', ...rest } = filtersOf(query)
      const filters = { ...rest, removed, missing }
      const condition = await withRetries(async () => await containerCondition(prisma, filters))
      return await readJsonPageById<ListedContainer>(query, {
        name: 'containers',
        filters,
        read: async (after, take) => await readContainers(prisma, condition, after, take),
        count: async () => await countRows(prisma, 'container_state object', condition)
      })
    },

    async update (container: string, changes: ContainerPatch, audit: AuditContext) {
      const { warnings, ...changed } = await relabelling('update', container, changes, audit)
      return warnings ? { ...changed, json: `${changed.json.slice(0, -1)},"warnings":${JSON.stringify(warnings)}}` } : changed
    },

    async remove (container: string, { reason }: RemoveQuery, audit: AuditContext) {
      const reasoned = reason === undefined ? audit : { ...audit, reason }
      return await command('remove', container, reasoned, reasoned)
    },

    async move (container: string, { source_device, source_pos, target_device, target_pos, reservation_id }: Move, audit: AuditContext) {
      return await command('move', container, audit, source_device, source_pos, target_device, target_pos, audit, reservation_id)
    },

    async unlid (container: string, { lid_device, lid_pos, reservation_id }: Unlid, audit: AuditContext) {
      return await command('unlid', container, audit, lid_device, lid_pos, audit, reservation_id)
    },

    async lid (container: string, { lid_device, lid_pos }: Lid, audit: AuditContext) {
      return await command('lid', container, audit, lid_device, lid_pos, audit)
    },

    /** Sets what a person sees in the lab. Skips the normal rules, but not the constraints. */
    async correct (container: string, { reason, ...seen }: ContainerCorrection, audit: AuditContext) {
      if ((seen.device === undefined) !== (seen.position === undefined)) {
        const missing = seen.device === undefined ? 'device' : 'position'
        throw invalid({ in: 'body', pointer: `/${missing}`, detail: 'is required, because `device` and `position` must be sent together' })
      }
      if (seen.lidded === true && seen.lid) throw invalid({ in: 'body', pointer: '/lid', detail: 'must not be a place when `lidded` is true, because the lid is on' })
      return await relabelling('correct', container, seen, { ...audit, reason })
    },

    async moveFromPosition ({ source_device, source_pos, target_device, target_pos, barcode, reservation_id }: MoveFromPosition, audit: AuditContext) {
      const ref = barcode ? parseContainerRef(barcode) : { id: null, barcode: null }
      const values = [source_device, source_pos, target_device, target_pos, ref.id, ref.barcode, audit, reservation_id]
      const [moved] = await runLabCommand<ChangedContainer>(pool, moveFromPosition, values, audit)
      return moved!
    },

    async history (container: string, query: PageQuery) {
      const { id } = JSON.parse((await read(container)).json) as Container
      return await containerHistory(prisma, id, query)
    }
  }
}

// The input of add_containers: with id, name, and the digest that identifies a retry.
function containerInput (input: ContainerCreate, pointer: string) {
  if (input.lidded && input.lid) {
    throw invalid({ in: 'body', pointer: `${pointer}/lid`, detail: 'is the place of a parked lid, but `lidded` says that the lid is on; omit one of them' })
  }
  const id = input.id ?? uuidv7()
  return { ...input, id, id_is_own: Boolean(input.id), name: input.name ?? input.barcode ?? `container-${id.slice(-8)}`, created_as: digestOf(input) }
}
