import { answered, api, read } from './client.ts'
import { guarded, revisionOf, signedBy, type Signed } from './commands.ts'
import type { Stocktake, StocktakeResult } from './generated/schema.d.ts'

/** What differs between what was seen and what is tracked. Changes nothing. */
export async function compareStock (body: Stocktake, signed: Pick<Signed, 'badge'>): Promise<StocktakeResult> {
  return await read(api.POST('/api/stocktakes', { params: { query: { dry_run: true } }, headers: signedBy(signed), body }))
}

/** Makes the lab as it was seen. */
export async function applyStock (body: Stocktake, signed: Signed): Promise<number> {
  return revisionOf(await answered(api.POST('/api/stocktakes', { headers: guarded(signed), body })))
}
