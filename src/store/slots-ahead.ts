import { v7 as uuidv7 } from 'uuid'
import type { DeviceChange, DeviceInput } from '../domain/lab-file/lab-plan.ts'
import { writeExactly } from '../domain/whole-numbers.ts'
import type { AuditContext } from './commands.ts'
import type { Database } from './database.ts'
import { type Transaction, withLabLock } from './lab-lock.ts'
import { writeSlotsAhead } from './lab.sql.ts'

/** What a command is going to write, and how the capacity of each device changes. */
type Plan = { devices: readonly DeviceInput[], changes: readonly Pick<DeviceChange, 'capacity'>[] }

/** Fewer slots are written in some milliseconds, so they are written under the lock. */
const manySlots = 500

/** Returns a function that gives each new device an id, and the same one each time. */
export function idsOfNewDevices (): (name: string) => string {
  const ids = new Map<string, string>()
  return (name) => {
    const id = ids.get(name) ?? uuidv7()
    ids.set(name, id)
    return id
  }
}

/** The lab changed between the plan and the lab lock. */
class Overtaken extends Error {}

/**
 * Runs a command that writes devices under the lab lock. A lab file can have 300,000 slots, which take seconds. So `plan` runs before the lock, and many
 * slots are written then, where nobody waits for them. Under the lock it runs again, and `write` gets this plan. If the two differ, everything is undone
 * and done under the lock. `plan` must name new devices with the same ids both times.
 */
export async function withSlotsAhead<P extends Plan, T> (
  database: Database, audit: AuditContext, plan: (transaction: Transaction) => Promise<P>, write: (transaction: Transaction, plan: P) => Promise<T>
): Promise<T> {
  const underLock = async (transaction: Transaction): Promise<T> => await write(transaction, await plan(transaction))
  let ahead: string | undefined
  try {
    return await withLabLock(database, audit, async (transaction) => {
      const planned = await plan(transaction)
      if (ahead !== undefined && ahead !== writeExactly(planned.devices)) throw new Overtaken()
      return await write(transaction, planned)
    }, async (transaction) => {
      const { devices, changes } = await plan(transaction)
      ahead = undefined
      if (changes.reduce((sum, { capacity: { from, to } }) => sum + Math.abs((to ?? 0) - (from ?? 0)), 0) < manySlots) return
      await writeSlotsAhead(transaction, devices)
      ahead = writeExactly(devices)
    })
  } catch (error) {
    if (!(error instanceof Overtaken)) throw error
    return await withLabLock(database, audit, underLock)
  }
}
