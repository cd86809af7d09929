import { constants } from 'node:fs'
import { copyFile, mkdtemp, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
// SQLite as WebAssembly: one package of 1.3 MB without dependencies, that reads the file page by page. node:sqlite exists
// from Node 22 on, native modules need to be built, and sql.js (30 MB) holds the whole file in memory.
import sqlite from 'node-sqlite3-wasm'
import { OperatorError } from '../domain/operator-error.ts'
import type { OldDatabase, OldRow } from './old-database.ts'

/**
 * Opens a SQLite file. What is read is a copy: the library locks with a directory beside the file, which other programs do
 * not see and a read-only folder does not take.
 */
export async function openSqlite (file: string): Promise<OldDatabase> {
  const folder = await mkdtemp(path.join(tmpdir(), 'platform-status-import-'))
  try {
    const copy = await copyWhole(file, folder)
    const database = open(file, copy)
    return {
      kind: 'sqlite',
      name: path.basename(file),
      columns: async (table) => new Set(rowsOf(database, `SELECT name FROM pragma_table_info('${table}')`).map(({ name }) => name as string)),
      rows: async (sql) => rowsOf(database, sql),
      pieces: (sql, size) => pieces(database, sql, size),
      close: async () => {
        database.close()
        await rm(folder, { recursive: true, force: true })
      }
    }
  } catch (error) {
    await rm(folder, { recursive: true, force: true })
    throw error
  }
}

function open (file: string, copy: string): InstanceType<typeof sqlite.Database> {
  const database = new sqlite.Database(copy, { fileMustExist: true })
  try {
    // without it a file in WAL mode could not be opened: that mode's shared memory is not to be had here
    database.exec('PRAGMA locking_mode = EXCLUSIVE')
    database.get('SELECT count(*) FROM sqlite_master')
    return database
  } catch (error) {
    database.close()
    throw new OperatorError(`${file} cannot be read as a SQLite database: ${(error as Error).message}.`, { cause: error })
  }
}

/** Copies the file, and its write-ahead log if it has one. Refuses a file that is being written. */
async function copyWhole (file: string, folder: string): Promise<string> {
  const copy = path.join(folder, 'source.sqlite3')
  const before = await stampOf(file)
  if (before === null) throw new OperatorError(`There is no file ${file}.`)
  if (before.size > 0 && (await stampOf(`${file}-journal`))?.size) {
    throw new OperatorError(`${file} is being written, or its writer was killed: stop the old system, and let SQLite tidy up with ` +
      `\`python3 -c "import sqlite3; sqlite3.connect('${path.basename(file)}').execute('SELECT count(*) FROM sqlite_master').fetchall()"\` beside the file.`)
  }
  try {
    await copyFile(file, copy, constants.COPYFILE_FICLONE)
    if (await stampOf(`${file}-wal`) !== null) await copyFile(`${file}-wal`, `${copy}-wal`)
  } catch (error) {
    throw new OperatorError(`${file} cannot be copied to ${folder} to be read: ${(error as Error).message}.`, { cause: error })
  }
  const after = await stampOf(file)
  if (after?.size !== before.size || after.changed !== before.changed) {
    throw new OperatorError(`${file} was written while it was read: stop the old system for the import, or import a copy of the file.`)
  }
  return copy
}

async function stampOf (file: string): Promise<{ size: number, changed: number } | null> {
  try {
    const { size, mtimeMs } = await stat(file)
    return { size, changed: mtimeMs }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null
    throw new OperatorError(`${file} cannot be read: ${(error as Error).message}.`, { cause: error })
  }
}

function rowsOf (database: InstanceType<typeof sqlite.Database>, sql: string): OldRow[] {
  // nested objects come only where they are asked for
  return database.all(sql) as OldRow[]
}

async function * pieces (database: InstanceType<typeof sqlite.Database>, sql: string, size: number): AsyncGenerator<OldRow[]> {
  const statement = database.prepare(sql)
  try {
    let piece: OldRow[] = []
    for (const row of statement.iterate()) {
      piece.push(row as OldRow)
      if (piece.length < size) continue
      yield piece
      piece = []
    }
    if (piece.length > 0) yield piece
  } finally {
    statement.finalize()
  }
}
