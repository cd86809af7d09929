import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { createGzip, gunzipSync, gzipSync } from 'node:zlib'
import t from 'tap'
import { readText } from '../../src/backup/format.ts'
import { readBackup } from '../../src/backup/read.ts'
import { aFolder, savedLab } from '../support/backups.ts'
import { spent } from '../support/hostile.ts'
import { thorough } from '../support/thorough.ts'

const header = { format: 'platform-status-backup', format_version: 1, created_at: 'x', service_version: 'x', postgresql: 'x', revision: 1, migrations: [], sequences: [], tables: [{ name: 'step', columns: ['id'] }] }
const head = `${JSON.stringify(header)}\n`

async function aFile (t: Parameters<typeof aFolder>[0], bytes: Buffer): Promise<string> {
  const file = join(await aFolder(t), 'hostile')
  await writeFile(file, bytes)
  return file
}

/** The bytes of all buffers that something still refers to. The resident memory of the process would count garbage too. */
function liveBytes (): number {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  // Buffers are freed beside the program; the second collection waits for the first.
  collect()
  collect()
  return process.memoryUsage().arrayBuffers
}

/** The gzip of `head` and one line of so many MiB. The gzip has a few KiB. */
async function aBomb (head: string, mebibytes: number): Promise<Buffer> {
  const mebibyte = Buffer.alloc(1_048_576, 'x')
  const parts: Buffer[] = []
  async function * text (): AsyncGenerator<Buffer> {
    yield Buffer.from(head)
    for (let count = 0; count < mebibytes; count++) yield mebibyte
  }
  for await (const part of Readable.from(text()).pipe(createGzip())) parts.push(part as Buffer)
  return Buffer.concat(parts)
}

t.test('a long line is read in linear time', async (t) => {
  for (const [name, start] of [['a row', head], ['the header', '']] as const) {
    const bomb = await aBomb(start, 100)
    const file = await aFile(t, bomb)
    const { ms: unpacking } = await spent(() => gunzipSync(bomb))
    const { ms } = await spent(() => t.rejects(readBackup(file), { message: /cut off|incomplete|not a backup/ }, name))
    t.ok(ms < 20 * Math.max(unpacking, 50), `${name}: ${ms} ms for 100 MiB, which are unpacked in ${unpacking} ms`)
  }
})

t.test('a long row is not kept in memory', async (t) => {
  const mebibytes = 100
  let held = 0
  const before = liveBytes()
  async function * text (): AsyncGenerator<Buffer> {
    yield Buffer.from(head)
    for (let count = 1; count <= mebibytes; count++) {
      yield Buffer.alloc(1_048_576, 'x')
      if (count % 10 === 0) held = Math.max(held, liveBytes() - before)
    }
  }
  await t.rejects(async () => {
    for await (const part of readText(text())) {
      // eslint-disable-next-line @typescript-eslint/no-unused-vars -- only read
      if (part.kind === 'table') for await (const _rows of part.rows) continue
    }
  }, { message: /cut off/ })
  t.ok(held < mebibytes / 4 * 1_048_576, `${held} bytes of ${mebibytes} MiB are held`)
})

t.test('rows and lines have a maximum length', async (t) => {
  const mebibyte = Buffer.alloc(1_048_576, 'x')
  async function * endless (): AsyncGenerator<Buffer> {
    yield Buffer.from(head)
    for (;;) yield mebibyte
  }
  await t.rejects(async () => {
    for await (const part of readText(endless())) {
      // eslint-disable-next-line @typescript-eslint/no-unused-vars -- only read
      if (part.kind === 'table') for await (const _rows of part.rows) continue
    }
  }, { message: /one of its rows is longer than 268435456 bytes/ })
  await t.rejects(readBackup(await aFile(t, await aBomb('', 5))), { message: /not a backup of platform-status: one of its lines is longer/ })
  await t.rejects(readBackup(await aFile(t, gzipSync(`${JSON.stringify({ ...header, tables: [null] })}\n`))), { message: /damaged/ })
  await t.rejects(readBackup(await aFile(t, gzipSync(`${JSON.stringify({ ...header, tables: 5 })}\n`))), { message: /damaged/ })
})

t.test('the sizes of the chunks do not change what is read', async (t) => {
  const text = gunzipSync(await readFile(savedLab))
  const whole = await readBackup(savedLab)
  for (const size of thorough ? [1, 2, 3, 4, 5, 7, 64, 4096] : [3, 4096]) {
    async function * chunks (): AsyncGenerator<Buffer> {
      for (let at = 0; at < text.length; at += size) yield text.subarray(at, at + size)
    }
    for await (const part of readText(chunks())) {
      // eslint-disable-next-line @typescript-eslint/no-unused-vars -- only read
      if (part.kind === 'table') for await (const _rows of part.rows) continue
      if (part.kind === 'end') t.same(part.contents, whole, `${size} bytes`)
    }
  }
})
