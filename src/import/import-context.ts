import type { AuditContext } from '../store/commands.ts'
import type { ImportStore } from '../store/imports.ts'

// What every part of an import is given, and what it counts.

export type ImportOptions = { dry_run: boolean, timezone: string, keep_simulation: boolean }

/** `store` is null for a dry run against a database that is not there yet; `tell` shows how far something is; `signal` ends it. */
export type ImportContext = { store: ImportStore | null, audit: AuditContext, tell: StartProgress, signal: AbortSignal }
export type StartProgress = (what: string, total: number) => { step (count?: number): void, done (): void }

/** Rows in the old database; things that are new here, or would be; things that were here before. */
export type ImportCount = { read: number, added: number, known: number }
