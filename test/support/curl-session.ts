import type { Test } from 'tap'
import { execFile } from 'node:child_process'
import { projectRoot } from '../../src/project-root.ts'
import { aService } from './service.ts'

/** Runs a shell line as a reader would, and returns what it printed. */
export async function shell (line: string): Promise<string> {
  return await new Promise((resolve, reject) => {
    execFile('bash', ['-c', line], { cwd: projectRoot }, (error, stdout, stderr) => error ? reject(new Error(`${line}: ${stderr}`)) : resolve(stdout))
  })
}

/** False, or why sessions cannot be run here: an option of a test. */
export const withoutCurl = await shell('curl --version').then(() => false as const, () => 'curl is needed')

/** The commands of the `sh` blocks of a text, in order. A command may go on over several lines. */
function commandsOf (text: string): string[] {
  const blocks = [...text.matchAll(/```sh\n([\s\S]*?)```/g)].map((match) => match[1]!)
  return blocks.flatMap((block) => block.split(/\n(?=curl )/)).map((line) => line.trim())
}

/** Runs the commands of a text on a new service, from the first to the last, and returns the responses. */
export async function curlSession (t: Test, text: string): Promise<any[]> {
  const { app } = await aService(t)
  const address = await app.listen({ host: '127.0.0.1', port: 0 })
  const responses = []
  for (const line of commandsOf(text)) {
    responses.push(JSON.parse(await shell(line.replaceAll(/curl /g, 'curl -s ').replaceAll('localhost:8000', address))))
  }
  return responses
}
