import { problem } from '../contract/problems.ts'
import { type AuditContext, runPrepared } from './commands.ts'
import type { Database } from './database.ts'
import { deviceNotFound } from './devices.ts'
import { refusalDetail } from './refusals.ts'

/** The server certificates of devices, as PEM text. */
export function certificateStore ({ pool }: Database) {
  return {
    async read (device: string): Promise<string> {
      const [found] = await runPrepared<{ server_certificate: string | null }>(pool,
        'SELECT server_certificate FROM device WHERE name = $1 AND retired_at IS NULL', [device])
      if (found === undefined) throw deviceNotFound(device)
      if (found.server_certificate === null) throw problem('no-certificate', refusalDetail('no-certificate', { device }), { device, parameter: 'device' })
      return found.server_certificate
    },

    async put (device: string, certificate: string, audit: AuditContext): Promise<void> {
      await runPrepared(pool, 'SELECT set_certificate($1, $2, $3)', [device, certificate, audit])
    },

    async remove (device: string, audit: AuditContext): Promise<void> {
      await runPrepared(pool, 'SELECT set_certificate($1, NULL, $2)', [device, audit])
    }
  }
}
