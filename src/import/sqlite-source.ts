import { constants } from 'node:fs'
import { chmod, copyFile, mkdtemp, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
// SQLite as WebAssembly: a package of 1.3 MB without dependencies that reads the file page by page. node:sqlite needs Node 22,
// native modules must be compiled, and sql.js (30 MB) loads the whole file into memory.
import sqlite from 'node-sqlite3-wasm'
import { OperatorError } from '../domain/operator-error.ts'
import type { OldDatabase, OldRow } from './old-database.ts'

/**
 * Opens a copy of a SQLite file. The library locks with a directory beside the file; other programs ignore this lock, and it
 * cannot be created in a read-only folder. Throws an OperatorError.
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
    // Needed to open a file in WAL mode, because WebAssembly has no shared memory for it.
    database.exec('PRAGMA locking_mode = EXCLUSIVE')
    database.get('SELECT count(*) FROM sqlite_master')
    return database
  } catch (error) {
    database.close()
    throw new OperatorError(`${file} cannot be read as a SQLite database: ${(error as Error).message}.`, { cause: error })
  }
}

/** A copy has the mode of its file. The library writes to it, so it must not be read-only, and it is nobody else's to read. */
async function copyOf (file: string, copy: string): Promise<void> {
  await copyFile(file, copy, constants.COPYFILE_FICLONE)
  await chmod(copy, 0o600)
}

/** Copies the file and its write-ahead log. Throws an OperatorError if the file is being written. */
async function copyWhole (file: string, folder: string): Promise<string> {
  const copy = path.join(folder, 'source.sqlite3')
  const before = await stampOf(file)
  if (before === null) throw new OperatorError(`The file ${file} does not exist.`)
  if (before.size > 0 && (await stampOf(`${file}-journal`))?.size) {
    throw new OperatorError(`${file} is being written, or its writer was killed: stop the old system, and let SQLite recover the file with ` +
      `\`python3 -c "import sqlite3; sqlite3.connect('${path.basename(file)}').execute('SELECT count(*) FROM sqlite_master').fetchall()"\` in its folder.`)
  }
  try {
    await copyOf(file, copy)
    if (await stampOf(`${file}-wal`) !== null) await copyOf(`${file}-wal`, `${copy}-wal`)
  } catch (error) {
    throw new OperatorError(`${file} cannot be copied to ${folder}: ${(error as Error).message}.`, { cause: error })
  }
  const after = await stampOf(file)
  if (after?.size !== before.size || after.changed !== before.changed) {
    throw new OperatorError(`${file} was changed during the copy: stop the old system for the import, or import a copy of the file.`)
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
  // Rows are flat unless nested rows are requested.
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
