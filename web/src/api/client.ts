import createClient from 'openapi-fetch'
import type { paths, Problem } from './generated/schema.d.ts'

/** The calls of the service, typed by its own document. Lists can also be files; the page reads JSON. */
export const api = createClient<paths, 'application/json' | 'application/problem+json'>({ baseUrl: location.origin })

/** A refusal in the words of the service. */
export class Refusal extends Error {
  readonly problem: Problem

  constructor (problem: Problem) {
    super(problem.detail)
    this.problem = problem
  }
}

type Answer<T> = { data?: T, error?: unknown, response: Response }

/** What the service answered. Throws what it refused. */
export async function answered<T> (asked: Promise<Answer<T>>): Promise<{ data: T, response: Response }> {
  const { data, error, response } = await asked
  if (response.ok) return { data: data as T, response }
  if (isProblem(error)) throw new Refusal(error)
  throw new Error(`The service answers ${response.status}. Try again.`)
}

/** The data of a read. */
export async function read<T> (asked: Promise<Answer<T>>): Promise<T> {
  return (await answered(asked)).data
}

function isProblem (error: unknown): error is Problem {
  return typeof error === 'object' && error !== null && 'code' in error && 'detail' in error
}

/** A key for a request that must not be done twice. Not `crypto.randomUUID`: browsers have it only over https, and labs serve plain http. */
export function newKey (): string {
  return [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, '0')).join('')
}

/** What the page says about something that failed. */
export function wordsOf (error: unknown): string {
  if (error instanceof Refusal) return error.problem.detail
  return error instanceof TypeError ? 'The service does not answer. Nothing is known to have changed. Try again.' : String(error instanceof Error ? error.message : error)
}
