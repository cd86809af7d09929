import type { AuditContext } from '../store/commands.ts'
import type { ImportStore } from '../store/imports.ts'

// Types that all parts of an import use.

export type ImportOptions = { dry_run: boolean, timezone: string, keep_simulation: boolean }

/** `store` is null for a dry run without an existing database. `startProgress` shows progress. `signal` stops the import. */
export type ImportContext = { store: ImportStore | null, audit: AuditContext, startProgress: StartProgress, signal: AbortSignal }
export type StartProgress = (what: string, total: number) => { step (count?: number): void, done (): void }

/** Rows in the old database, things that were (or would be) added, and things that already existed. */
export type ImportCount = { read: number, added: number, known: number }
