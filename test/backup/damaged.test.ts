import { readFile, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { gunzipSync, gzipSync } from 'node:zlib'
import t from 'tap'
import { readBackup } from '../../src/backup/read.ts'
import { restoreBackup } from '../../src/backup/restore.ts'
import { aFolder, anEmptyDatabase, savedLab, migrations } from '../support/backups.ts'
import { aDump } from '../support/dump.ts'

const whole = await readFile(savedLab)
const text = gunzipSync(whole).toString('latin1')

/** The path of a new file with this content. */
async function aFile (t: Parameters<typeof aFolder>[0], bytes: Buffer): Promise<string> {
  const file = join(await aFolder(t), 'damaged')
  await writeFile(file, bytes)
  return file
}

t.test('a file that was cut off is refused, wherever it was cut', async (t) => {
  const folder = await aFolder(t)
  for (let length = whole.length - 1; length > 0; length -= 997) {
    const file = join(folder, 'cut')
    await writeFile(file, whole)
    await truncate(file, length)
    await t.rejects(readBackup(file), { message: /cut off/ }, `${length} bytes of ${whole.length}`)
  }
})

t.test('a file in which a byte was changed is refused, wherever it is', async (t) => {
  const folder = await aFolder(t)
  // after the ten bytes of the gzip header: its date and system do not matter here
  for (let at = 10; at < whole.length; at += 499) {
    const bytes = Buffer.from(whole)
    bytes[at]! ^= 0x10
    const file = join(folder, 'changed')
    await writeFile(file, bytes)
    await t.rejects(readBackup(file), { message: /damaged|cut off|not a backup/ }, `byte ${at}`)
  }
})

t.test('text that was changed and packed again is refused', async (t) => {
  const changes: Record<string, (text: string) => string> = {
    'a value': (text) => text.replace('SCREEN_002', 'SCREEN_003'),
    'a row less': (text) => text.replace(/^.*\tGONE_001\t.*\n/m, ''),
    'a row more': (text) => text.replace(/^.*\tGONE_001\t.*\n/m, '$&$&'),
    'the header': (text) => text.replace('"revision":30', '"revision":31'),
    'a count': (text) => text.replace('"rows":6', '"rows":7'),
    'something behind the end': (text) => `${text}more\n`,
    'no end': (text) => text.slice(0, text.lastIndexOf('\n', text.length - 2) + 1)
  }
  for (const [name, change] of Object.entries(changes)) {
    t.not(change(text), text, name)
    await t.rejects(readBackup(await aFile(t, gzipSync(Buffer.from(change(text), 'latin1')))), { message: /damaged|cut off/ }, name)
  }
})

t.test('what is no backup is told so', async (t) => {
  await t.rejects(readBackup(await aFile(t, Buffer.from('sila_servers: {}\n'))), { message: 'This file is not a backup of platform-status.' })
  await t.rejects(readBackup(await aFile(t, gzipSync('{"other":1}\n'))), { message: 'This file is not a backup of platform-status.' })
  await t.rejects(readBackup(await aFile(t, gzipSync('words\n'))), { message: 'This file is not a backup of platform-status.' })
  await t.rejects(readBackup(await aFile(t, Buffer.alloc(0))), { message: /cut off/ })
  await t.rejects(readBackup('/no/such/file'), { message: 'The file /no/such/file does not exist.' })
  await t.rejects(readBackup(await aFolder(t)), { message: /is a directory/ })
  await t.rejects(readBackup(await aFile(t, gzipSync(text.replace('"format_version":1', '"format_version":2')))), { message: /newer version of the service \(0\.2\.0\)/ })
})

t.test('a damaged backup is not restored: the database stays as it was', async (t) => {
  const url = await anEmptyDatabase(t)
  await restoreBackup({ url, file: savedLab, migrations, replace: false })
  const before = await aDump(url)
  for (const bytes of [whole.subarray(0, whole.length - 100), gzipSync(text.replace('SCREEN_002', 'SCREEN_003'))]) {
    await t.rejects(restoreBackup({ url, file: await aFile(t, Buffer.from(bytes)), migrations, replace: true }), { message: /damaged|cut off/ })
    t.same(await aDump(url), before)
  }
})
