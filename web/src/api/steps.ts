import { useQuery } from '@tanstack/react-query'
import { answered, api, read } from './client.ts'
import { type Guards, guarded, revisionOf, type Signed } from './commands.ts'
import type { Step, StepFinish, StepPatch, StepStatus } from './generated/schema.d.ts'
import { usePaged } from './paged.ts'

/** The step log, newest first. */
export function useSteps (filters: { device?: string, fct?: string, status?: StepStatus }) {
  return usePaged(['steps', 'list', filters], async (cursor) => await read(api.GET('/api/steps', { params: { query: { limit: 100, sort: '-start', ...filters, ...cursor } } })))
}

/** One step, with its ETag. */
export function useStep (id: string) {
  return useQuery({
    queryKey: ['steps', id],
    queryFn: async () => {
      const { data, response } = await answered(api.GET('/api/steps/{id}', { params: { path: { id } } }))
      return { step: data, etag: response.headers.get('etag') ?? '' }
    }
  })
}

export function useStepHistory (id: string) {
  return usePaged(['steps', 'history', id], async (cursor) => await read(api.GET('/api/steps/{id}/history', { params: { path: { id }, query: { limit: 100, ...cursor } } })))
}

/** How long such a step is estimated to take today, and from which steps. */
export function useEstimateOf (step: Step) {
  const { id, kind, name, device, data, origin, destination, lidded_before, lidded_after, barcode_read, containers, experiment_id } = step
  return useQuery({
    queryKey: ['steps', 'estimate', id, step.version],
    queryFn: async () => await read(api.POST('/api/estimates', {
      params: { query: { samples: true } },
      body: { step: {
        kind, name, device, data, origin, destination, lidded_before, lidded_after, barcode_read,
        experiment_id, containers: containers.map(({ id, named }) => id ?? named)
      } }
    }))
  })
}

export async function correctStep (id: string, body: StepPatch, guards: Guards): Promise<number> {
  return revisionOf(await answered(api.PATCH('/api/steps/{id}', { params: { path: { id } }, headers: guarded(guards), body })))
}

/** Says how a step ended of which nobody told the end. */
export async function finishStep (id: string, body: StepFinish, signed: Signed): Promise<number> {
  return revisionOf(await answered(api.POST('/api/steps/{id}/finish', { params: { path: { id } }, headers: guarded(signed), body })))
}
