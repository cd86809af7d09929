import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { checkLabHealth, checkLastBackup, checkInspection, checkNode, checkDiskSpace } from '../../src/cli/doctor-checks.ts'
import { anEmptyDatabase } from '../support/backups.ts'
import { aCommandLine } from '../support/command-line.ts'
import { aLabAtWork } from '../support/lab-at-work.ts'
import { rows } from '../support/log.ts'
import { aLab } from '../support/service.ts'

const sound = { postgresql: '18.4', version: 180004, encoding: 'UTF8', size_bytes: 8_000_000, clock_ahead_ms: 3, missing: [], unknown: [], altered: [] }

t.test('a sound installation', async (t) => {
  const lab = await aLab(t, { Hotel: 1 })
  const { platformStatus, address } = await aCommandLine(lab, { DATABASE_URL: lab.url })
  const { code, out, err } = await platformStatus('doctor')
  t.match({ code, err }, { code: 0, err: '' })
  for (const line of [/^node +ok +\d/m, /^configuration +ok +database of DATABASE_URL$/m, /^database +ok +PostgreSQL \d+\S*, .* MiB$/m, /^migrations +ok +all applied$/m, /^clock +ok /m, /^disk +skipped /m, new RegExp(`^service +ok +ready at ${address}$`, 'm'), /^lab +ok +healthy$/m, /\nNo problems found\.\n$/]) t.match(out, line)
  t.match((await platformStatus('doctor', '--json')).json, { healthy: true, findings: [{ check: 'node', status: 'ok' }] })
})

t.test('a problem is reported with how to fix it', async (t) => {
  const lab = await aLabAtWork(t)
  await rows(lab, 'ALTER TABLE container DROP CONSTRAINT container_has_a_place')
  await rows(lab, "DELETE FROM placement WHERE part = 'body' AND container_id = (SELECT id FROM container WHERE barcode = 'P1')")
  const { platformStatus } = await aCommandLine(lab, { DATABASE_URL: await anEmptyDatabase(t) })
  const { code, out } = await platformStatus('doctor')
  t.equal(code, 1)
  t.match(out, /^migrations +warning +\d+ not applied yet$/m)
  t.match(out, /\nmigrations: back up, then start the service/)
  t.match(out, /^lab +error +2 findings: /m)
  t.match(out, /\nlab: list the findings with: platform-status lab health\n(.*\n)*\n1 problem needs fixing\.\n$/)
})

t.test('with configuration errors, nothing else is checked', async (t) => {
  const { platformStatus } = await aCommandLine(null, { PORT: 'eighty', LOG_LEVEL: 'loud' })
  t.match((await platformStatus('doctor', '--json')).json, { healthy: false, findings: [{}, { check: 'configuration', status: 'error', says: /PORT must .* LOG_LEVEL must/ }] })
})

t.test('a database that does not answer, and a service that does not', async (t) => {
  const { platformStatus } = await aCommandLine(null, { DATABASE_URL: 'postgresql://a:secret@127.0.0.1:1/lab' })
  const { code, out } = await platformStatus('doctor')
  t.equal(code, 1)
  t.match(out, /^database +error +The database at 127\.0\.0\.1:1 does not respond/m)
  t.match(out, /^service +error +No service answers/m)
  t.match(out, /^lab +skipped/m)
  t.notMatch(out, /secret/)
})

t.test('an embedded database that was never made', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'platform-status-doctor-'))
  t.teardown(() => rmSync(folder, { recursive: true }))
  const { platformStatus } = await aCommandLine(null, { DATA_DIR: join(folder, 'data') })
  const { out } = await platformStatus('doctor')
  t.match(out, /^database +warning +there is no database in \S+ yet$/m)
  t.match(out, /^disk +\w+ +[\d.]+ \w+ free$/m)
})

t.test('findings have the right severity', (t) => {
  const statusOf = (seen: object) => checkInspection({ ...sound, ...seen }).map(({ status }) => status)
  t.same(statusOf({}), ['ok', 'ok', 'ok'])
  t.same(statusOf({ version: 140011 }), ['error', 'ok', 'ok'])
  t.same(statusOf({ encoding: 'SQL_ASCII' }), ['error', 'ok', 'ok'])
  t.same(statusOf({ missing: ['1'] }), ['ok', 'warning', 'ok'])
  t.same(statusOf({ unknown: ['9'] }), ['ok', 'error', 'ok'])
  t.match(checkInspection({ ...sound, unknown: ['20261123000000_tables'] }), [{}, { status: 'error', says: /before the first release/ }, {}])
  t.same(statusOf({ altered: ['1'] }), ['ok', 'error', 'ok'])
  t.same(statusOf({ clock_ahead_ms: 2500 }), ['ok', 'ok', 'warning'])
  t.same(statusOf({ clock_ahead_ms: -60_000 }), ['ok', 'ok', 'error'])
  const until = new Date(Date.now() + 800 * 86_400_000)
  t.match(checkInspection({ ...sound, prepared: { until, revisions_left: 2e7 } })[3], { check: 'partitions', status: 'ok', says: /^prepared until \d{4}-\d\d-\d\d and for 20,000,000 more revisions$/ })
  t.match(checkInspection({ ...sound, prepared: { until: new Date(), revisions_left: 2e7 } })[3], { status: 'warning', todo: /platform-status partition/ })
  t.match(checkInspection({ ...sound, prepared: { until, revisions_left: 10 } })[3], { status: 'warning' })
  t.match(checkInspection({ ...sound, clock_ahead_ms: 2500 })[2]!.says, /is 2\.5 s ahead of this machine's/)
  t.match(checkInspection({ ...sound, clock_ahead_ms: -2500 })[2]!.says, /is 2\.5 s behind this machine's/)
  t.same([2 ** 40, 2 ** 29, 2 ** 20, 0].map((free) => checkDiskSpace(free).status), ['ok', 'warning', 'error', 'error'])
  t.same(['20.19.0', '24.1.0', '20.18.1', '18.20.0'].map((version) => checkNode(version).status), ['ok', 'ok', 'error', 'error'])
  const finding = { code: 'unlisted-device' as const, severity: 'warning' as const, message: 'odd', device: null, position: null, containers: [] }
  t.same([checkLabHealth({ healthy: true, findings: [] }), checkLabHealth({ healthy: true, findings: [finding] }), checkLabHealth({ healthy: false, findings: [finding] })].map(({ status }) => status), ['ok', 'warning', 'error'])
  t.end()
})

t.test('how old the newest known backup is, and what to do when it is too old', (t) => {
  const now = Date.parse('2026-03-20T09:00:00Z')
  const last_backup = { taken_at: '2026-03-02T02:15:00Z', revision: 41, rows: 5210, bytes: 734_003 }
  const old = { code: 'backup-old' as const, severity: 'warning' as const, message: 'old', device: null, position: null, containers: [] }
  t.match(checkLastBackup({ findings: [old], last_backup }, now), { check: 'backup', status: 'warning', says: /^the newest is 18 days old, of revision 41, 7\d\d.* KiB$/, todo: /every night/ })
  t.match(checkLastBackup({ findings: [], last_backup: { ...last_backup, taken_at: '2026-03-20T02:15:00Z', bytes: null } }, now), { status: 'ok', says: 'the newest is less than a day old, of revision 41' })
  for (const none of [{ findings: [], last_backup: null }, { findings: [] }]) t.match(checkLastBackup(none, now), { status: 'skipped', says: /^no backup is known/ })
  t.end()
})
