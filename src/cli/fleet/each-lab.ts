import { type Client, serviceClient } from '../client.ts'
import { CommandError, exitCodes } from '../exit-codes.ts'
import type { CommandIo } from '../io.ts'
import type { Outcome } from '../outcome.ts'
import type { FleetLab } from './labs-file.ts'

const inFile = { address: 'the url of the lab in the file of labs', key: 'the key_file of the lab' }

/** What a lab answered, or why it did not. */
export type OfLab<T> = { lab: string, answer: T, error: null } | { lab: string, answer: null, error: string }

/**
 * Asks all labs at the same time; one that fails does not stop the others. Each failure is told, and sets the exit code: a lab that does not answer
 * counts more than one that refuses, because nobody knows what it would have said.
 */
export async function askLabs<T> (
  labs: readonly FleetLab[], io: CommandIo, outcome: Outcome, ask: (lab: FleetLab, client: Client) => Promise<T>
): Promise<OfLab<T>[]> {
  const answers = await Promise.all(labs.map(async (lab): Promise<OfLab<T> & { exitCode: number }> => {
    const own = { ...io, env: { ...io.env, PLATFORM_STATUS_KEY: lab.key ?? undefined } }
    try {
      return { lab: lab.name, answer: await ask(lab, serviceClient(own, lab.url, inFile)), error: null, exitCode: exitCodes.ok }
    } catch (error) {
      if (io.signal.aborted) throw error
      return { lab: lab.name, answer: null, error: (error as Error).message, exitCode: error instanceof CommandError ? error.exitCode : exitCodes.finding }
    }
  }))
  for (const { lab, error } of answers) if (error !== null) io.err.write(`${lab}: ${error}\n`)
  outcome.exitCode = Math.max(outcome.exitCode, ...answers.map(({ exitCode }) => exitCode))
  return answers.map(({ exitCode: _, ...answer }) => answer)
}
