import { v7 as uuidv7 } from 'uuid'
import { digestOf } from '../domain/canonical.ts'
import { invalid, problem } from '../problems.ts'
import type {
  Container, ContainerCorrection, ContainerCreate, ContainerPatch, ContainerQuery, Lid, Move, MoveFromPosition, Unlid
} from '../routes/containers/schemas.ts'
import { type By, statement } from './commands.ts'
import { containerHistory } from './container-history.sql.ts'
import type { Database } from './database.ts'
import { naming } from './naming.ts'
import { filtersOf, isIdKey, type PageQuery, readPage } from './pages.ts'
import { refusalDetail } from './refusals.ts'
import { type Members, writing, type Written } from './written.ts'

/** What became of a wish for a container. */
export type Added = { outcome: 'created' | 'repeated' | 'adopted', container: Container }

const members: Members<Container> = {
  id: 'value', name: 'value', barcode: 'value', device: 'value', position: 'value', starting_device: 'value', starting_position: 'value',
  lidded: 'value', lid: 'value', filled: 'value', content: 'value', labware_type: 'value', labware_uuid: 'value', is_reagent: 'value',
  removed_at: 'time', created_at: 'time', updated_at: 'time', version: 'value'
}
const readById = `${writing(members, 'container_state')} WHERE thing.id = $1`
const readByBarcode = `${writing(members, 'container_state')} WHERE thing.barcode = $1 AND thing.removed_at IS NULL`
const commands = {
  update: writing(members, 'update_container($1, $2, $3, $4)'),
  remove: writing(members, 'remove_container($1, $2, $3)'),
  move: writing(members, 'move_container($1, $2, $3, $4, $5, $6, $7, $8)'),
  unlid: writing(members, 'unlid_container($1, $2, $3, $4, $5, $6)'),
  lid: writing(members, 'lid_container($1, $2, $3, $4, $5)'),
  correct: writing(members, 'correct_container($1, $2, $3, $4)')
}
const moveFromPosition = writing(members, 'move_from_position($1, $2, $3, $4, $5, $6, $7)')

/** Containers and lids. The commands are the functions in prisma/sql/container and prisma/sql/lid, one call each. */
export function containerStore ({ pool, prisma }: Database) {
  async function command (what: keyof typeof commands, container: string, ...values: readonly unknown[]): Promise<Written<Container>> {
    const { id, barcode } = naming(container)
    const [changed] = await statement<Written<Container>>(pool, commands[what], [id, barcode, ...values])
    return changed!
  }

  async function read (container: string): Promise<Written<Container>> {
    const { id, barcode } = naming(container)
    const [found] = await statement<Written<Container>>(pool, id === null ? readByBarcode : readById, [id ?? barcode])
    if (found === undefined) {
      throw problem('container-not-found', refusalDetail('container-not-found', { container }), { container, parameter: 'container' })
    }
    return found
  }

  async function addAll (wishes: readonly ContainerCreate[], by: By, batch = true): Promise<Added[]> {
    const prepared = wishes.map((wish, index) => prepare(wish, batch ? `/containers/${index}` : ''))
    return await statement<Container & { outcome: Added['outcome'] }>(pool,
      'SELECT outcome, (container).* FROM add_containers($1, $2, $3)', [JSON.stringify(prepared), batch, by]
    ).then((rows) => rows.map(({ outcome, ...container }) => ({ outcome, container })))
  }

  return {
    read,
    addAll,

    async add (wish: ContainerCreate, by: By): Promise<Added> {
      const [added] = await addAll([wish], by, false)
      return added!
    },

    async list (query: ContainerQuery) {
      const { removed = 'false', ...filters } = filtersOf(query)
      const where = { ...filters, ...removedFilter(removed) }
      return await readPage<Container, readonly [string]>(query, {
        name: 'containers',
        filters: { ...filters, removed },
        keys: ({ id }) => [id],
        isKey: isIdKey,
        read: async (after, take) => await prisma.container_state.findMany({
          where: { AND: [where, after === null ? {} : { id: { gt: after[0] } }] }, orderBy: { id: 'asc' }, take
        }) as Container[],
        count: async () => await prisma.container_state.count({ where })
      })
    },

    async update (container: string, changes: ContainerPatch, by: By) {
      return await command('update', container, changes, by)
    },

    async remove (container: string, by: By) {
      return await command('remove', container, by)
    },

    async move (container: string, { source_device, source_pos, target_device, target_pos, reservation_id }: Move, by: By) {
      return await command('move', container, source_device, source_pos, target_device, target_pos, by, reservation_id)
    },

    async unlid (container: string, { lid_device, lid_pos, reservation_id }: Unlid, by: By) {
      return await command('unlid', container, lid_device, lid_pos, by, reservation_id)
    },

    async lid (container: string, { lid_device, lid_pos }: Lid, by: By) {
      return await command('lid', container, lid_device, lid_pos, by)
    },

    /** Sets what a person sees, past the normal rules but not past the constraints; `by` says why. */
    async correct (container: string, { reason, ...seen }: ContainerCorrection, by: By) {
      if ((seen.device === undefined) !== (seen.position === undefined)) {
        const missing = seen.device === undefined ? 'device' : 'position'
        throw invalid({ in: 'body', pointer: `/${missing}`, detail: 'is required: `device` and `position` go together' })
      }
      if (seen.lidded === true && seen.lid) throw invalid({ in: 'body', pointer: '/lid', detail: 'must not be a place when `lidded` is true: the lid is on, or it lies somewhere' })
      return await command('correct', container, seen, { ...by, reason })
    },

    async moveFromPosition ({ source_device, source_pos, target_device, target_pos, barcode, reservation_id }: MoveFromPosition, by: By) {
      const values = [source_device, source_pos, target_device, target_pos, barcode, by, reservation_id]
      const [moved] = await statement<Written<Container>>(pool, moveFromPosition, values)
      return moved!
    },

    async history (container: string, query: PageQuery) {
      const { id } = JSON.parse((await read(container)).json) as Container
      return await containerHistory(prisma, id, query)
    }
  }
}

function removedFilter (removed: 'true' | 'false' | 'any') {
  if (removed === 'any') return {}
  return { removed_at: removed === 'true' ? { not: null } : null }
}

// A wish as add_container takes it: with its id, its name, and the digest by which a repetition is known.
function prepare (wish: ContainerCreate, pointer: string) {
  if (wish.lidded && wish.lid) {
    throw invalid({ in: 'body', pointer: `${pointer}/lid`, detail: 'is where the lid lies, but `lidded` says that it is on: leave one of the two out' })
  }
  const id = wish.id ?? uuidv7()
  return { ...wish, id, name: wish.name ?? wish.barcode ?? `container-${id.slice(-8)}`, created_as: digestOf(wish) }
}
