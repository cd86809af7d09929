// Plans what of an earlier state of the lab can be put back. Pure functions: the caller reads both states under the lab lock and
// writes the plan.

/** A container with its properties and the ids of its slots. */
export type PlacedContainer = {
  id: string, name: string, barcode: string | null, labware_type: string | null, labware_uuid: string | null, content: string | null
  filled: boolean, is_reagent: boolean, lidded: boolean
  /** Null when the container is missing; the last two say since when, and where it was last. */
  position_id: string | null, lid_position_id: string | null
  missing_since: Date | string | null, last_position_id: string | null
}

/** A container on the platform now or then. `removed`: it is not on the platform now. */
export type PresentContainer = PlacedContainer & { removed: boolean }

/** Why something was not put back. `position_id` is the slot in question, `occupant` the container that has the slot or the barcode. */
export type RestoreConflict = {
  code: 'position-occupied' | 'position-not-found' | 'barcode-in-use', container: string, part: 'container' | 'lid', position_id: string | null, occupant: string | null
}

export type ContainerRestore = { restored: PlacedContainer[], conflicts: RestoreConflict[] }

const compared = [
  'name', 'barcode', 'labware_type', 'labware_uuid', 'content', 'filled', 'is_reagent', 'lidded', 'position_id', 'lid_position_id', 'last_position_id'
] as const satisfies readonly (keyof PlacedContainer)[]

/**
 * Plans how the containers of then are put back. What came since stays where it is, and what it stands in the way of stays as it is
 * now; that may be in the way of a third one. A lid whose slot is taken is off, at an unknown place.
 */
export function planRestoredContainers (
  then: readonly PlacedContainer[], now: readonly PresentContainer[], activePositions: ReadonlySet<string>
): ContainerRestore {
  const present = new Map(now.map((container) => [container.id, container]))
  const restored = new Map(then.map((container) => [container.id, container]))
  const conflicts: RestoreConflict[] = []

  // Each pass can only take containers out of the plan, so it ends.
  for (let settled = false; !settled;) {
    settled = true
    const staying = now.filter(({ id, removed }) => !removed && !restored.has(id))
    const occupants = new Map(staying.flatMap(({ id, position_id, lid_position_id }) =>
      [position_id, lid_position_id].filter((slot) => slot !== null).map((slot) => [slot, id] as const)))
    const holders = new Map(staying.filter(({ barcode }) => barcode !== null).map(({ id, barcode }) => [barcode, id]))
    const blocked = (slot: string | null): Pick<RestoreConflict, 'code' | 'position_id' | 'occupant'> | null => {
      if (slot === null) return null
      if (!activePositions.has(slot)) return { code: 'position-not-found', position_id: slot, occupant: null }
      const occupant = occupants.get(slot)
      return occupant === undefined ? null : { code: 'position-occupied', position_id: slot, occupant }
    }
    for (const container of restored.values()) {
      const holder = container.barcode === null ? undefined : holders.get(container.barcode)
      const fault = blocked(container.position_id) ?? (holder === undefined ? null : { code: 'barcode-in-use' as const, position_id: null, occupant: holder })
      if (fault !== null) {
        restored.delete(container.id)
        conflicts.push({ ...fault, container: container.id, part: 'container' })
        settled = false
        continue
      }
      const lidFault = blocked(container.lid_position_id)
      if (lidFault !== null) {
        restored.set(container.id, { ...container, lid_position_id: null })
        conflicts.push({ ...lidFault, container: container.id, part: 'lid' })
      }
    }
  }
  return { restored: [...restored.values()].filter((container) => isDifferent(container, present.get(container.id))), conflicts }
}

function isDifferent (then: PlacedContainer, now: PresentContainer | undefined): boolean {
  const since = ({ missing_since }: PlacedContainer) => missing_since === null ? null : new Date(missing_since).getTime()
  return now === undefined || now.removed || compared.some((member) => then[member] !== now[member]) || since(then) !== since(now)
}
