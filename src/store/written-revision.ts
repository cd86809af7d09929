/** The revision of what a request has written. Null as long as no command has said it. */
export type WrittenRevision = { revision: number | null }

/**
 * The member of an audit context in which a command says its revision. It is a symbol, which JSON leaves out, so PostgreSQL does not get it.
 */
export const written = Symbol('written')

/** A command has left the lab at this revision. Null: what it said before is undone. */
export function writeRevision (audit: { readonly [written]?: WrittenRevision }, revision: number | null): void {
  const note = audit[written]
  if (note !== undefined) note.revision = revision
}
