import { Worker } from 'node:worker_threads'
import { problem } from '../../contract/problems.ts'
import type { YamlAnswer } from './yaml-to-json.ts'

const maxSeconds = 20
const maxMemoryMiB = 768

let previous: Promise<unknown> = Promise.resolve()

/** Converts YAML to JSON in a thread, because a large file takes seconds. One file at a time, because each needs much memory. */
export async function readYamlInThread (text: string): Promise<YamlAnswer> {
  const result = previous.then(async () => await runThread(text))
  previous = result.catch(() => {})
  return await result
}

async function runThread (text: string): Promise<YamlAnswer> {
  return await new Promise((resolve, reject) => {
    const thread = new Worker(new URL('./yaml-thread.js', import.meta.url), { workerData: text, resourceLimits: { maxOldGenerationSizeMb: maxMemoryMiB } })
    const stop = (): void => {
      clearTimeout(timer)
      void thread.terminate()
    }
    const refuse = (): void => {
      stop()
      reject(problem('body-too-large', 'The YAML takes too much time or memory to read. Send it as JSON.'))
    }
    const timer = setTimeout(refuse, maxSeconds * 1000)
    thread.once('message', (answer: YamlAnswer) => {
      stop()
      resolve(answer)
    })
    thread.once('error', (error: Error & { code?: string }) => {
      if (error.code === 'ERR_WORKER_OUT_OF_MEMORY') return refuse()
      stop()
      reject(error)
    })
  })
}
