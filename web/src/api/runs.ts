import { useQuery } from '@tanstack/react-query'
import { answered, api, read } from './client.ts'
import { guarded, revisionOf, type Signed } from './commands.ts'
import type { ExperimentStatus } from './generated/schema.d.ts'
import { usePaged } from './paged.ts'

/** The runs, newest first. */
export function useRuns (status: ExperimentStatus | null) {
  return usePaged(['runs', 'list', status], async (cursor) => await read(api.GET('/api/experiments', { params: { query: { limit: 100, ...status === null ? {} : { status }, ...cursor } } })))
}

export function useRun (id: string) {
  return useQuery({ queryKey: ['runs', id], queryFn: async () => await read(api.GET('/api/experiments/{id}', { params: { path: { id } } })) })
}

/** The steps of a run against what was promised when it began. */
export function useTimeline (id: string) {
  return useQuery({
    // The end of a run moves also while nothing happens.
    queryKey: ['runs', 'timeline', id], refetchInterval: 30_000,
    queryFn: async () => await read(api.GET('/api/experiments/{id}/timeline', { params: { path: { id } } }))
  })
}

export async function pauseRun (id: string, reason: string, signed: Signed): Promise<number> {
  return revisionOf(await answered(api.POST('/api/experiments/{id}/pause', { params: { path: { id } }, headers: guarded(signed), body: { reason } })))
}

export async function resumeRun (id: string, reason: string, signed: Signed): Promise<number> {
  return revisionOf(await answered(api.POST('/api/experiments/{id}/resume', { params: { path: { id } }, headers: guarded(signed), body: { reason } })))
}
