import type { Device } from './world.ts'

/** The number of slots in which something can stand. */
export function keepingOf ({ positions, waste }: Pick<Device, 'positions' | 'waste'>): number {
  return positions - waste.size
}

/** The slots in which something can stand. */
export function keptSlots ({ positions, waste }: Pick<Device, 'positions' | 'waste'>): number[] {
  return Array.from({ length: positions }, (_, slot) => slot).filter((slot) => !waste.has(slot))
}

/** Whether nothing can stand in it. A waste device needs no slots; and single slots of one can keep what is put there. */
export function isAllWaste ({ disposes, positions, waste }: Pick<Device, 'disposes' | 'positions' | 'waste'>): boolean {
  return waste.size === positions && (disposes || positions > 0)
}
